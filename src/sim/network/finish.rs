//! How services end: the message goes on, fails or is void, and its server is free or waits for room.

use super::job::{JobState, NONE};
use super::parts::Phase;
use super::{Network, NetworkEvent};
use crate::message::{Outcome, Recorder};
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// A server has done its work.
    #[inline(always)]
    pub(super) fn done<R: Recorder>(&mut self, server: u32, recorder: &mut R) {
        if self.stations[self.servers[server as usize].queue as usize].plain {
            self.done_plain(server, recorder);
        } else {
            self.done_special(server, recorder);
        }
    }

    /// The same where more can happen than waiting and service.
    #[inline(never)]
    fn done_special<R: Recorder>(&mut self, server: u32, recorder: &mut R) {
        self.ends.clear(server);
        let s = &mut self.servers[server as usize];
        debug_assert!(s.phase == Phase::Busy, "what is broken off has no end");
        let group = &mut self.groups[s.group as usize];
        group.busy.down(self.now);
        group.end_together(server, self.now);
        group.handled += 1;
        group.batches += 1;
        if s.until_break != u64::MAX {
            s.until_break -= self.now - s.start;
        }
        if group.tells {
            let (group, deliveries, worked) = (s.group, s.more.len() + 1, self.worked(server));
            (0..deliveries).for_each(|_| recorder.delivery(group, self.now, worked));
        }
        let s = &mut self.servers[server as usize];
        let (slot, stamp, resource) = (s.job, s.stamp, self.groups[s.group as usize].slot_of);
        s.job = NONE;
        let alone = s.more.is_empty();
        if let Some(resource) = resource {
            self.give_slot_back(resource);
        }
        if alone {
            let queue = self.servers[server as usize].queue;
            let back = self.stations[queue as usize]
                .transits
                .then(|| self.way_back(slot, self.servers[server as usize].group));
            let outcome = self.finish(slot, stamp, server, recorder);
            if let Some(back) = back {
                // After the word of a failure, which may be the next that it is sent.
                self.timer(self.now.saturating_add(back), NetworkEvent::Acknowledged { server });
            }
            self.go_on(server, slot, outcome, recorder);
            if let Some(resource) = resource {
                self.hand_out(resource);
            }
        } else {
            self.batch_done(server, (slot, stamp), recorder);
        }
    }

    /// Whether a delivery is under way at a server: the message's latest, and not timed out.
    #[inline(always)]
    pub(super) fn is_under_way(&self, slot: u32, stamp: u32) -> bool {
        let job = &self.jobs[slot];
        job.stamp == stamp && job.state == JobState::InService
    }

    /// A delivery ends. Says whether the message now goes on; otherwise it went back, was lost, or the
    /// delivery was void.
    #[inline(always)]
    pub(super) fn finish<R: Recorder>(
        &mut self,
        slot: u32,
        stamp: u32,
        server: u32,
        recorder: &mut R,
    ) -> bool {
        if !self.is_under_way(slot, stamp) {
            // Nobody hears of a success or a failure after the timeout, but where that is said.
            return self.acknowledged_late(slot, stamp, server, recorder);
        }
        let (number, g) = (self.servers[server as usize].number, self.servers[server as usize].group);
        let group = &self.groups[g as usize];
        let fails = group.fails && self.handler_fails(slot, g);
        self.uncount(slot);
        if fails {
            if self.stations[self.jobs[slot].queue as usize].transits {
                self.fails_far_away(slot, g);
            } else if self.groups[g as usize].in_place {
                self.failed_in_place(slot, server, recorder);
            } else {
                self.failed_at_queue(slot, g, recorder);
            }
            return false;
        }
        self.tell(slot, g, number, Outcome::Served, recorder);
        true
    }

    /// Whether the handler fails at this delivery.
    pub(super) fn handler_fails(&self, slot: u32, group: u32) -> bool {
        self.fails_at(slot, group, self.jobs[slot].deliveries)
    }

    /// Whether the handler fails at a delivery, 1 being the first.
    pub(super) fn fails_at(&self, slot: u32, group: u32, delivery: u32) -> bool {
        let (job, group) = (&self.jobs[slot], &self.groups[group as usize]);
        let own = self.senders.get(job.producer as usize).and_then(|sender| sender.policy.failure);
        group.policy.fails(job.identity, delivery, own)
    }

    /// After its work a server takes another message, and its own, if it was served, goes on to where it is
    /// sent.
    #[inline(always)]
    fn go_on<R: Recorder>(&mut self, server: u32, slot: u32, served: bool, recorder: &mut R) {
        let group = self.servers[server as usize].group;
        let to = if served { self.route(slot, group) } else { None };
        if let Some(to) = to
            && self.groups[group as usize].may_wait
        {
            let pending = self.forward(slot, to, server, recorder);
            return self.wait_for_room(server, pending, recorder);
        }
        if served && to.is_none() {
            self.leaves(slot, Outcome::Served, recorder);
        }
        if !served && self.servers[server as usize].phase == Phase::Blocked {
            // It keeps what failed.
            return;
        }
        self.free(server, recorder);
        if let Some(to) = to {
            self.forward(slot, to, NONE, recorder);
        }
    }

    /// A server waits until so many messages of its have found room.
    pub(super) fn wait_for_room<R: Recorder>(&mut self, server: u32, pending: u32, recorder: &mut R) {
        if pending == 0 {
            return self.set_free(server, recorder);
        }
        let s = &mut self.servers[server as usize];
        (s.phase, s.pending) = (Phase::Blocked, pending);
    }

    /// One of the messages that a server waited with has found room.
    pub(super) fn release<R: Recorder>(&mut self, server: u32, recorder: &mut R) {
        let s = &mut self.servers[server as usize];
        s.pending -= 1;
        if s.pending == 0 {
            self.set_free(server, recorder);
        }
    }
}

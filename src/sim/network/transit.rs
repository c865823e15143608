//! Messages on their way to a server, and acknowledgements on their way back to the queue.
//!
//! The queue sends a message to the next server in turn of which it has to hear of fewer messages than the
//! server may hold. The server works on those that have reached it in the order in which they did. What
//! becomes of a message the queue knows when its acknowledgement is back, and then sends the server the first
//! of those that wait, which leaves the turn as it was.
//!
//! A server that holds messages whose time has not come yet is one that they have not reached.

use super::job::JobState;
use super::parts::{Phase, PrefetchedDelivery};
use super::{Network, NetworkEvent};
use crate::message::Recorder;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// Whether a server may be sent another message.
    pub(super) fn has_window(&self, server: u32) -> bool {
        let s = &self.servers[server as usize];
        s.unacknowledged < self.groups[s.group as usize].prefetch
    }

    /// Sends a message to the next server in turn that may have it, if there is one.
    pub(super) fn send_in_turn(&mut self, slot: u32) -> bool {
        let queue = self.jobs[slot].queue;
        let Some(server) = self.take_turn(queue) else { return false };
        self.send_to_server(server, slot);
        true
    }

    fn send_to_server(&mut self, server: u32, slot: u32) {
        self.deliver(slot);
        let s = &mut self.servers[server as usize];
        s.unacknowledged += 1;
        let group = s.group as usize;
        let job = &mut self.jobs[slot];
        job.state = JobState::Held;
        let mut time = self.groups[group].policy.transit(job.identity, job.deliveries);
        let station = &mut self.stations[job.queue as usize];
        if job.deliveries == 1 {
            // Its server has it at once, and cannot begin before its time has come.
            let from = job.sent.saturating_add(station.policy.held_by_server(job.identity));
            time = time.max(from.saturating_sub(self.now));
        }
        station.waiting.up(self.now);
        self.timer(self.now.saturating_add(time), NetworkEvent::Received { server, slot });
    }

    /// A message reaches the server that it was sent to.
    pub(super) fn received(&mut self, server: u32, slot: u32) {
        if self.servers[server as usize].phase == Phase::Idle {
            self.uncount(slot);
            return self.begin_work(server, slot);
        }
        let held = PrefetchedDelivery { slot, stamp: self.jobs[slot].stamp, work: 0 };
        self.servers[server as usize].buffer.push_back(held);
    }

    /// A server that messages travel to has nothing to do: it begins with the next that has reached it, if
    /// one has.
    pub(super) fn free_with_window(&mut self, server: u32) {
        match self.servers[server as usize].buffer.pop_front() {
            Some(held) => {
                self.uncount(held.slot);
                self.begin_work(server, held.slot);
            }
            None => self.servers[server as usize].sleeps = Some(self.now),
        }
    }

    /// How long the acknowledgement of a delivery is on its way.
    pub(super) fn way_back(&self, slot: u32, group: u32) -> u64 {
        let job = &self.jobs[slot];
        self.groups[group as usize].policy.transit_back(job.identity, job.deliveries)
    }

    /// The queue hears of a delivery at last: its server may be sent another message.
    pub(super) fn acknowledged(&mut self, server: u32) {
        let s = &mut self.servers[server as usize];
        s.unacknowledged -= 1;
        let queue = s.queue;
        while self.has_window(server)
            && let Some(slot) = self.pull_from(queue, 0)
        {
            self.send_to_server(server, slot);
        }
    }

    /// A handler failed, of which the queue hears later.
    pub(super) fn fails_far_away(&mut self, slot: u32, group: u32) {
        let back = self.way_back(slot, group);
        let queue = self.jobs[slot].queue as usize;
        self.jobs[slot].state = JobState::Delayed;
        self.stations[queue].waiting.up(self.now);
        self.stations[queue].note_peak();
        self.timer(self.now.saturating_add(back), NetworkEvent::Refused { slot, group });
    }

    /// The queue hears of a failure.
    pub(super) fn refused<R: Recorder>(&mut self, slot: u32, group: u32, recorder: &mut R) {
        self.uncount(slot);
        self.failed_at_queue(slot, group, recorder);
    }
}

//! How servers take messages and begin work on them.

use super::dispatch::Dispatch;
use super::job::{FRESH, JobState, Jobs};
use super::parts::{Phase, QueueState, SimServer};
use super::sender::{Sender, turn_of};
use super::{Network, NetworkEvent};
use crate::discipline::{ServiceOrder as _, Ticket};
use crate::message::Recorder;
use crate::scenario::{Discipline, LateAck};
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// Where a message stands in its queue's order.
    #[inline(always)]
    pub(super) fn ticket(&self, slot: u32) -> Ticket {
        self.stations[self.jobs[slot].queue as usize].ticket(slot, &self.jobs, &self.senders, self.nobody)
    }

    /// Takes an idle server for a message, if one may have it: the one that has been idle longest, unless the
    /// queue has another rule.
    #[inline(always)]
    pub(super) fn idle_server(&mut self, slot: u32, queue: u32) -> Option<u32> {
        let station = &mut self.stations[queue as usize];
        if !matches!(station.dispatch, Dispatch::LongestIdle) {
            return self.chosen_server(slot, queue);
        }
        if let Some(server) = station.idle.pop() {
            return Some(server);
        }
        let group = station.unlimited?;
        Some(self.another_server(queue, group))
    }

    /// A server more of a group that never runs out of them.
    #[cold]
    pub(super) fn another_server(&mut self, queue: u32, group: u32) -> u32 {
        let station = &mut self.stations[queue as usize];
        let server = self.servers.len() as u32;
        let column = self.groups[group as usize].column;
        self.servers.push(SimServer::new((group, column), queue, station.servers.len() as u32, Phase::Idle));
        station.servers.push(server);
        self.ends.grow(self.servers.len());
        self.groups[group as usize].count.up(self.now);
        server
    }

    /// Whether a message that comes now would be taken without a place in the line.
    pub(super) fn hands_over_at_once(&mut self, slot: u32) -> bool {
        let station = &self.stations[self.jobs[slot].queue as usize];
        let (at_once, gathers) = (!station.admits_later, station.gathers);
        at_once && !(gathers && self.awaits_more()) && self.is_wanted(slot)
    }

    /// Whether a message that may be taken now would be at once.
    pub(super) fn is_wanted(&self, slot: u32) -> bool {
        let (queue, lane) = (self.jobs[slot].queue, self.jobs[slot].lane);
        let station = &self.stations[queue as usize];
        if station.transits {
            return self.may_deal(queue);
        }
        if station.several {
            return self.finds_several(slot, queue);
        }
        if station.slots {
            return self.finds_slot(queue);
        }
        let idle = match station.dispatch {
            Dispatch::ByPartition => {
                self.servers[station.servers[lane as usize] as usize].phase == Phase::Idle
                    && !station.members.as_ref().is_some_and(|members| members.pause_at(self.now))
            }
            Dispatch::ByKey if !station.is_free(slot) => return false,
            Dispatch::Limited => return self.has_token(queue),
            Dispatch::Shared(home) => !self.stations[home as usize].idle.is_empty(),
            _ => !station.idle.is_empty(),
        };
        let shared = station.discipline == Discipline::ProcessorSharing;
        let at_once =
            idle || shared || station.unlimited.is_some() || station.prefetching && self.may_deal(queue);
        at_once && (!station.batching || station.ready == 0 && self.no_linger(queue))
    }

    /// A message is handed to a consumer: this is a delivery, which can time out from now on.
    #[inline(always)]
    pub(super) fn deliver(&mut self, slot: u32) {
        self.stamps = self.stamps.wrapping_add(1);
        let (job, stamp) = (&mut self.jobs[slot], self.stamps);
        (job.deliveries, job.stamp) = (job.deliveries + 1, stamp);
        let station = &self.stations[job.queue as usize];
        if let Some(timeout) = station.visibility {
            if station.late_ack != LateAck::Void {
                self.note_delivery(slot);
            }
            self.timer(self.now.saturating_add(timeout), NetworkEvent::Visible { slot, stamp });
        }
    }

    /// A server takes a message and begins with it, or goes on where one was broken off.
    #[inline(always)]
    pub(super) fn start(&mut self, server: u32, slot: u32) {
        if self.jobs[slot].left == FRESH {
            self.deliver(slot);
        }
        self.begin_work(server, slot);
    }

    /// A server begins with a message that it has been handed.
    #[inline(always)]
    pub(super) fn begin_work(&mut self, server: u32, slot: u32) {
        let now = self.now;
        let s = &mut self.servers[server as usize];
        let group = &mut self.groups[s.group as usize];
        let column = group.column;
        let job = &mut self.jobs[slot];
        debug_assert!(job.state == JobState::Away, "a message is taken from one place");
        (job.state, job.began) = (JobState::InService, now);
        let (left, left_of) = (job.left, job.left_of);
        job.left = FRESH;
        (s.job, s.place, s.start, s.phase) = (slot, job.place, now, Phase::Busy);
        if group.auto_ack {
            // Acknowledged before its work: nothing can time out any more.
            self.stamps = self.stamps.wrapping_add(1);
            job.stamp = self.stamps;
        }
        s.stamp = job.stamp;
        let queue = job.queue;
        group.busy.up(now);
        let station = &mut self.stations[queue as usize];
        station.serving.up(now);
        let work = if left != FRESH {
            self.rest_of(slot, left, left_of, column)
        } else {
            self.jobs.demands(slot)[column as usize]
        };
        let work = if self.as_planned { work } else { self.really(server, slot, work) };
        self.work_until(server, now.saturating_add(work));
    }

    /// What is left of a service that another server may have begun, which would take another time for the
    /// whole.
    #[cold]
    fn rest_of(&mut self, slot: u32, left: u64, left_of: u32, column: u32) -> u64 {
        if left_of == column {
            return left;
        }
        let demands = self.jobs.demands(slot);
        let (was, is) = (demands[left_of as usize].max(1) as f64, demands[column as usize] as f64);
        (left as f64 / was * is).round() as u64
    }

    /// Plans a server's end of work, or its breaking before.
    #[inline(always)]
    pub(super) fn work_until(&mut self, server: u32, end: u64) {
        let s = &mut self.servers[server as usize];
        s.end = end;
        let epoch = s.epoch;
        if s.until_break < end - s.start {
            let at = s.start + s.until_break;
            self.timer(at, NetworkEvent::Break { server, epoch });
        } else {
            self.ends.set(server, end);
        }
    }

    /// For how long a server has been at work on what it has, repairs meanwhile included; until it is awake
    /// it is not.
    pub(super) fn worked(&self, server: u32) -> u64 {
        let s = &self.servers[server as usize];
        self.now - s.start.max(s.awake).min(self.now)
    }

    /// A server has nothing to do: it takes a message, or waits for one.
    #[inline(always)]
    pub(super) fn free<R: Recorder>(&mut self, server: u32, recorder: &mut R) {
        let s = &mut self.servers[server as usize];
        s.phase = Phase::Idle;
        let queue = s.queue;
        if s.retire {
            return self.stop(server, recorder);
        }
        let station = &self.stations[queue as usize];
        if station.takes_otherwise {
            return self.free_otherwise(server);
        }
        if station.prefetching && self.begin_own(server) {
            return;
        }
        match self.pull(server) {
            Some(slot) => {
                self.start(server, slot);
                if self.stations[queue as usize].prefetching {
                    self.fill_buffer(server);
                }
            }
            None => self.rest(server),
        }
    }

    /// The same where servers take batches, or at a limited rate, or from afar, or several together, or from
    /// several queues.
    fn free_otherwise(&mut self, server: u32) {
        let (queue, group) = (self.servers[server as usize].queue, self.servers[server as usize].group);
        if self.groups[group as usize].shared.is_some() {
            return self.free_for_all(server);
        }
        if self.stations[queue as usize].transits {
            return self.free_with_window(server);
        }
        if self.stations[queue as usize].requests.is_some() {
            return self.free_to_ask(server);
        }
        if self.stations[queue as usize].several {
            return self.free_together(server);
        }
        if self.stations[queue as usize].slots {
            return self.free_for_slot(server);
        }
        if self.stations[queue as usize].members.is_some() {
            return self.free_as_member(server);
        }
        if !self.stations[queue as usize].batching {
            return self.free_if_it_may(server);
        }
        self.rest(server);
        self.take_batches(queue);
    }

    /// The same from where it is rare.
    #[cold]
    pub(super) fn set_free<R: Recorder>(&mut self, server: u32, recorder: &mut R) {
        self.free(server, recorder);
    }

    /// A server waits for work.
    #[inline(always)]
    pub(super) fn rest(&mut self, server: u32) {
        let s = &mut self.servers[server as usize];
        s.sleeps = Some(self.now);
        let station = &mut self.stations[s.queue as usize];
        if station.lanes.len() == 1 {
            station.idle.push(self.now, server);
        }
    }

    /// The next message of a server's line.
    #[inline(always)]
    pub(super) fn pull(&mut self, server: u32) -> Option<u32> {
        let s = &self.servers[server as usize];
        let (queue, number) = (s.queue, s.number);
        let lane = if self.stations[queue as usize].lanes.len() > 1 { number as usize } else { 0 };
        self.pull_from(queue, lane)
    }

    /// The next message of one of a queue's lines.
    #[inline(always)]
    pub(super) fn pull_from(&mut self, queue: u32, lane: usize) -> Option<u32> {
        let slot = self.pull_any(queue, lane)?;
        if self.stations[queue as usize].policy.at_head {
            return self.first_alive(slot, queue, lane);
        }
        Some(slot)
    }

    /// The same, however old it is.
    #[inline(always)]
    pub(super) fn pull_any(&mut self, queue: u32, lane: usize) -> Option<u32> {
        let station = &mut self.stations[queue as usize];
        if station.ready > 0 && lane < station.lanes.len() {
            while let Some(ticket) = station.lanes[lane].pop() {
                let job = &mut self.jobs[ticket.slot];
                if job.place == ticket.place && job.state == JobState::Ready {
                    job.state = JobState::Away;
                    station.ready -= 1;
                    station.less(self.now);
                    if !station.blocked.is_empty() {
                        self.let_in(queue);
                    }
                    return Some(ticket.slot);
                }
                station.lanes[lane].pass_over();
            }
        }
        if station.blocked.is_empty() || station.commit.is_some() {
            None
        } else {
            self.take_blocked(queue, lane as u32)
        }
    }
}

impl QueueState {
    /// Where a message stands in the queue's order, `nobody` being the level of one that no producer sent.
    #[inline(always)]
    pub(super) fn ticket(&self, slot: u32, jobs: &Jobs, senders: &[Sender], nobody: u64) -> Ticket {
        let job = &jobs[slot];
        let left = || if job.left != FRESH { job.left } else { jobs.demand(slot, self.ahead) };
        let key = key_of(self.discipline, job.producer, senders, nobody, left, job.expires);
        Ticket { key, place: job.place, slot }
    }
}

/// What an order sorts a message by, of which so much work is left and whose time ends at an instant.
#[inline(always)]
pub(in crate::sim) fn key_of(
    discipline: Discipline,
    producer: u32,
    senders: &[Sender],
    nobody: u64,
    left: impl FnOnce() -> u64,
    expires: u64,
) -> u64 {
    match discipline {
        Discipline::Priority => senders.get(producer as usize).map_or(nobody, |s| s.level),
        Discipline::Shortest => left(),
        Discipline::Deadline => expires,
        Discipline::RoundRobin => turn_of(producer, senders.len()),
        _ => 0,
    }
}

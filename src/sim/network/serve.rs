//! How servers take messages and finish them.

use super::job::{FRESH, Jobs, NONE, State};
use super::parts::{Phase, Sender, Server, Station};
use super::{Event, Network, turn_of};
use crate::discipline::{Discipline as _, Ticket};
use crate::message::{Outcome, Recorder};
use crate::scenario::Discipline;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// Where a message stands in its queue's order.
    #[inline(always)]
    pub(super) fn ticket(&self, slot: u32) -> Ticket {
        self.stations[self.jobs[slot].queue as usize].ticket(slot, &self.jobs, &self.senders, self.nobody)
    }

    /// Takes an idle server for a message, if one may have it: the one that has been idle longest.
    #[inline(always)]
    pub(super) fn idle_server(&mut self, queue: u32, lane: u32) -> Option<u32> {
        let station = &mut self.stations[queue as usize];
        if station.lanes.len() > 1 {
            let server = station.servers[lane as usize];
            return (self.servers[server as usize].phase == Phase::Idle).then_some(server);
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
        self.servers.push(Server::new((group, column), queue, station.servers.len() as u32, Phase::Idle));
        station.servers.push(server);
        self.ends.grow(self.servers.len());
        self.groups[group as usize].count.up(self.now);
        server
    }

    /// Whether a message that comes now would be taken without a place in the line.
    pub(super) fn hands_over_at_once(&mut self, queue: u32, lane: u32) -> bool {
        let station = &self.stations[queue as usize];
        let (at_once, gathers) = (station.commit.is_none(), station.gathers);
        at_once && !(gathers && self.awaits_more()) && self.is_wanted(queue, lane)
    }

    /// Whether a message that may be taken now would be at once.
    pub(super) fn is_wanted(&self, queue: u32, lane: u32) -> bool {
        let station = &self.stations[queue as usize];
        let idle = match station.lanes.len() {
            1 => !station.idle.is_empty(),
            _ => self.servers[station.servers[lane as usize] as usize].phase == Phase::Idle,
        };
        let shared = station.discipline == Discipline::ProcessorSharing;
        let at_once = idle || shared || station.unlimited.is_some() || station.prefetching && self.may_deal(queue);
        at_once && (!station.batching || station.ready == 0 && self.no_linger(queue))
    }

    /// A message is handed to a consumer: this is a delivery, which can time out from now on.
    #[inline(always)]
    pub(super) fn deliver(&mut self, slot: u32) {
        self.stamps = self.stamps.wrapping_add(1);
        let (job, stamp) = (&mut self.jobs[slot], self.stamps);
        (job.deliveries, job.stamp) = (job.deliveries + 1, stamp);
        if let Some(timeout) = self.stations[job.queue as usize].visibility {
            self.timer(self.now.saturating_add(timeout), Event::Visible { slot, stamp });
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
        debug_assert!(job.state == State::Away, "a message is taken from one place");
        (job.state, job.began) = (State::InService, now);
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
        let work = if left != FRESH { self.rest_of(slot, left, left_of, column) } else { self.jobs.demands(slot)[column as usize] };
        let work = if self.host.is_ideal() { work } else { self.really(server, slot, work) };
        self.work_until(server, now.saturating_add(work));
    }

    /// What is left of a service that another server may have begun, which would take another time for the whole.
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
            self.timer(at, Event::Break { server, epoch });
        } else {
            self.ends.set(server, end);
        }
    }

    /// For how long a server has been at work on what it has, repairs meanwhile included; until it is awake it is not.
    pub(super) fn worked(&self, server: u32) -> u64 {
        let s = &self.servers[server as usize];
        self.now - s.start.max(s.awake).min(self.now)
    }

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
        let (slot, stamp) = (s.job, s.stamp);
        s.job = NONE;
        if s.more.is_empty() {
            let outcome = self.finish(slot, stamp, server, recorder);
            self.go_on(server, slot, outcome, recorder);
        } else {
            self.batch_done(server, (slot, stamp), recorder);
        }
    }

    /// Whether a delivery is under way at a server: the message's latest, and not timed out.
    #[inline(always)]
    pub(super) fn is_under_way(&self, slot: u32, stamp: u32) -> bool {
        let job = &self.jobs[slot];
        job.stamp == stamp && job.state == State::InService
    }

    /// A delivery ends. Says whether the message now goes on; otherwise it went back, was lost, or the delivery was void.
    #[inline(always)]
    pub(super) fn finish<R: Recorder>(&mut self, slot: u32, stamp: u32, server: u32, recorder: &mut R) -> bool {
        if !self.is_under_way(slot, stamp) {
            // Nobody hears of a success or a failure after the timeout.
            return false;
        }
        let (number, g) = (self.servers[server as usize].number, self.servers[server as usize].group);
        let group = &self.groups[g as usize];
        let fails = group.fails && self.handler_fails(slot, g);
        self.uncount(slot);
        if fails {
            self.failed(slot, g, recorder);
            return false;
        }
        self.tell(slot, g, number, Outcome::Served, recorder);
        true
    }

    /// Whether the handler fails at this delivery.
    pub(super) fn handler_fails(&self, slot: u32, group: u32) -> bool {
        let (job, group) = (&self.jobs[slot], &self.groups[group as usize]);
        let own = self.senders.get(job.producer as usize).and_then(|sender| sender.policy.failure);
        group.policy.fails(job.identity, job.deliveries, own)
    }

    /// After its work a server takes another message, and its own, if it was served, goes on to where it is sent.
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
        if station.batching {
            self.rest(server);
            return self.take_batches(queue);
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
        let station = &mut self.stations[queue as usize];
        let lane = if station.lanes.len() > 1 { number as usize } else { 0 };
        if station.ready > 0 && lane < station.lanes.len() {
            while let Some(ticket) = station.lanes[lane].pop() {
                let job = &mut self.jobs[ticket.slot];
                if job.place == ticket.place && job.state == State::Ready {
                    job.state = State::Away;
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
        if station.blocked.is_empty() || station.commit.is_some() { None } else { self.take_blocked(queue, lane as u32) }
    }

    /// A message whose sender waits for room, where a server is free and nobody is in line before it.
    #[cold]
    fn take_blocked(&mut self, queue: u32, lane: u32) -> Option<u32> {
        let station = &mut self.stations[queue as usize];
        let one_line = station.lanes.len() == 1;
        let at = station.blocked.iter().position(|&(slot, _)| one_line || self.jobs[slot].lane == lane)?;
        let (slot, holder) = station.blocked.remove(at)?;
        self.uncount(slot);
        if holder != NONE {
            self.released.push_back(holder);
        }
        Some(slot)
    }

    /// Lets senders that wait for room have what there is.
    #[cold]
    pub(super) fn let_in(&mut self, queue: u32) {
        loop {
            let station = &mut self.stations[queue as usize];
            if station.room.is_some_and(|room| station.ready >= room) {
                return;
            }
            let Some((slot, holder)) = station.blocked.pop_front() else { return };
            self.uncount(slot);
            if holder != NONE {
                self.released.push_back(holder);
            }
            if self.stations[queue as usize].commit.is_some() {
                let station = &mut self.stations[queue as usize];
                station.waiting.up(self.now);
                station.ready += 1;
                self.jobs[slot].state = State::Committing;
                self.write(slot);
            } else {
                self.line_up(slot);
            }
        }
    }

    /// Clears the tickets of messages that are gone out of an order.
    #[cold]
    pub(super) fn sweep(&mut self, slot: u32) {
        let job = &self.jobs[slot];
        let (lane, jobs) = (job.lane as usize, &self.jobs);
        let order = &mut self.stations[job.queue as usize].lanes[lane];
        order.retain(&mut |t| jobs[t.slot].place == t.place && jobs[t.slot].state == State::Ready);
    }

    /// The oldest message in line goes to make room; false if there is none.
    pub(super) fn drop_oldest<R: Recorder>(&mut self, queue: u32, recorder: &mut R) -> bool {
        let station = &mut self.stations[queue as usize];
        let jobs = &self.jobs;
        let mut oldest: Option<(u64, u32)> = None;
        let fifo = station.lanes.len() == 1 && station.discipline == Discipline::Fifo;
        if fifo {
            while let Some(t) = station.lanes[0].pop() {
                if jobs[t.slot].place == t.place && jobs[t.slot].state == State::Ready {
                    oldest = Some((t.place, t.slot));
                    break;
                }
            }
        } else {
            for lane in &mut station.lanes {
                lane.retain(&mut |t| {
                    let here = jobs[t.slot].place == t.place && jobs[t.slot].state == State::Ready;
                    if here && oldest.is_none_or(|(place, _)| t.place < place) {
                        oldest = Some((t.place, t.slot));
                    }
                    here
                });
            }
        }
        let Some((_, slot)) = oldest else { return false };
        self.uncount(slot);
        self.lose(slot, Outcome::Dropped, recorder);
        true
    }
}

impl Station {
    /// Where a message stands in the queue's order, `nobody` being the level of one that no producer sent.
    #[inline(always)]
    pub(super) fn ticket(&self, slot: u32, jobs: &Jobs, senders: &[Sender], nobody: u64) -> Ticket {
        let job = &jobs[slot];
        let key = match self.discipline {
            Discipline::Priority => senders.get(job.producer as usize).map_or(nobody, |s| s.level),
            Discipline::Shortest if job.left != FRESH => job.left,
            Discipline::Shortest => jobs.demand(slot, self.ahead),
            Discipline::Deadline => job.expires,
            Discipline::RoundRobin => turn_of(job.producer, senders.len()),
            _ => 0,
        };
        Ticket { key, place: job.place, slot }
    }
}

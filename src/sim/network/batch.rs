//! Batches: a consumer takes several messages at once and is done with all of them at the same time.

use super::job::{JobState, NONE};
use super::parts::Phase;
use super::{Network, NetworkEvent};
use crate::message::{Outcome, Recorder};
use crate::scenario::Batching;
use crate::units::nanos;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    fn batching_of(&self, server: u32) -> Batching {
        self.groups[self.servers[server as usize].group as usize]
            .batch
            .unwrap_or(Batching { max: 1, linger: 0.0 })
    }

    /// Whether a server takes what there is without waiting for more.
    pub(super) fn no_linger(&self, queue: u32) -> bool {
        let at_once = |batch: Batching| batch.max == 1 || batch.linger == 0.0;
        let another = self.stations[queue as usize].unlimited.map(|group| self.groups[group as usize].batch);
        another.is_some_and(|batch| batch.is_none_or(at_once))
            || self.first_by_group(queue).any(|server| at_once(self.batching_of(server)))
    }

    /// Where servers have no end, one is always idle.
    fn another_to_take(&mut self, queue: u32) {
        let station = &self.stations[queue as usize];
        let Some(group) = station.unlimited else { return };
        if !station.idle.iter().any(|server| self.servers[server as usize].group == group) {
            let server = self.another_server(queue, group);
            self.rest(server);
        }
    }

    /// The idle servers that may have to be asked: all of one group would say the same.
    fn first_by_group(&self, queue: u32) -> impl Iterator<Item = u32> {
        let station = &self.stations[queue as usize];
        let most = if station.groups.len() == 1 { 1 } else { usize::MAX };
        station.idle.iter().take(most)
    }

    /// Idle servers take batches: full ones at once, others when the oldest message has waited for the
    /// linger. Who does not linger any more goes before those who do.
    pub(super) fn take_batches(&mut self, queue: u32) {
        loop {
            let station = &self.stations[queue as usize];
            // What is not on disk yet cannot be taken, nor can those who wait to be written.
            let there = if station.commit.is_some() {
                self.on_disk(queue)
            } else {
                station.ready + station.blocked.len() as u64
            };
            if there == 0 {
                return;
            }
            self.another_to_take(queue);
            let since = self.oldest_since(queue);
            let more = self.stations[queue as usize].gathers && self.awaits_more();
            let from = |server: u32| match self.batching_of(server) {
                Batching { max, .. } if there >= u64::from(max) => 0,
                _ if more => u64::MAX,
                Batching { linger: 0.0, .. } => 0,
                Batching { linger, .. } => since.saturating_add(nanos(linger).unwrap_or(u64::MAX)),
            };
            let from_when = |server| (from(server).max(self.now), server);
            let Some((at, server)) = self.first_by_group(queue).map(from_when).min_by_key(|(at, _)| *at)
            else {
                return;
            };
            if at > self.now {
                return if more { self.gather(queue) } else { self.linger(queue, at) };
            }
            self.stations[queue as usize].idle.remove(server);
            self.take_batch(server, self.batching_of(server).max);
        }
    }

    /// Whether more happens at this very instant: the rest of a batch is sent or sent on, or comes back, or a
    /// server is done.
    pub(super) fn awaits_more(&mut self) -> bool {
        self.forwarding || self.planned.min(self.ends.first()).min(self.calendar.next_at()) == self.now
    }

    fn gather(&mut self, queue: u32) {
        if !self.gathering.contains(&queue) {
            self.gathering.push(queue);
        }
    }

    /// All that come at this instant are there.
    #[cold]
    pub(super) fn take_gathered(&mut self) {
        for queue in std::mem::take(&mut self.gathering) {
            self.take_batches(queue);
        }
    }

    /// Messages in line that have been written.
    fn on_disk(&self, queue: u32) -> u64 {
        let station = &self.stations[queue as usize];
        let written = station.committing.iter().chain(&station.uncommitted);
        station.ready - written.filter(|one| self.is_committing(**one, queue)).count() as u64
    }

    /// Since when the message that would be taken first waits: since it came to the queue, however often it
    /// was delivered.
    fn oldest_since(&self, queue: u32) -> u64 {
        let waits = |job: &&super::job::Job| job.queue == queue && job.state == JobState::Ready;
        self.stations[queue as usize]
            .lanes
            .first()
            .and_then(|lane| match lane {
                crate::discipline::Waiting::Fifo(fifo) => fifo
                    .iter()
                    .find(|t| {
                        self.jobs[t.slot].place == t.place && self.jobs[t.slot].state == JobState::Ready
                    })
                    .map(|t| self.jobs[t.slot].sent),
                _ => self.jobs.inside().map(|(_, job)| job).filter(waits).map(|job| job.sent).min(),
            })
            // Where nothing may wait in line, it is at its sender's.
            .or_else(|| self.stations[queue as usize].blocked.front().map(|(slot, _)| self.jobs[*slot].sent))
            .unwrap_or(self.now)
    }

    fn linger(&mut self, queue: u32, until: u64) {
        let station = &mut self.stations[queue as usize];
        if station.lingering.is_some_and(|(at, _)| at == until) {
            return;
        }
        let timer = station.lingering.map_or(0, |(_, timer)| timer.wrapping_add(1));
        station.lingering = Some((until, timer));
        self.timer(until, NetworkEvent::Linger { queue, timer });
    }

    pub(super) fn lingered(&mut self, queue: u32, timer: u32) {
        if self.stations[queue as usize].lingering.is_some_and(|(at, t)| t == timer && at == self.now) {
            self.take_batches(queue);
        }
    }

    /// A server takes as many messages as there are, up to a number, and works for the time of one batch and
    /// of each of them.
    fn take_batch(&mut self, server: u32, max: u32) {
        let Some(first) = self.pull(server) else { return self.rest(server) };
        let mut more = std::mem::take(&mut self.servers[server as usize].more);
        while more.len() as u32 + 1 < max {
            let Some(slot) = self.pull(server) else { break };
            more.push((slot, 0));
        }
        let wakes = self.wakes(server, first);
        let work = self.at_pace(server, self.batch_work(server, first, &more)).saturating_add(wakes);
        let auto_ack = self.groups[self.servers[server as usize].group as usize].auto_ack;
        let stamp = self.take_up(first, auto_ack);
        self.begins_after(first, wakes);
        for (slot, stamp) in &mut more {
            *stamp = self.take_up(*slot, auto_ack);
            self.begins_after(*slot, wakes);
        }
        let s = &mut self.servers[server as usize];
        (s.job, s.place, s.stamp) = (first, self.jobs[first].place, stamp);
        (s.start, s.phase, s.more) = (self.now, Phase::Busy, more);
        self.groups[s.group as usize].busy.up(self.now);
        self.work_until(server, self.now.saturating_add(work));
    }

    /// One of a batch is handed over. Says which delivery it is.
    fn take_up(&mut self, slot: u32, auto_ack: bool) -> u32 {
        self.deliver(slot);
        // What is acknowledged before its work cannot time out.
        self.stamps = self.stamps.wrapping_add(u32::from(auto_ack));
        let job = &mut self.jobs[slot];
        (job.state, job.began, job.stamp) = (JobState::InService, self.now, self.stamps);
        self.stations[job.queue as usize].serving.up(self.now);
        self.stamps
    }

    /// The work of a batch.
    fn batch_work(&self, server: u32, first: u32, more: &[(u32, u32)]) -> u64 {
        let s = &self.servers[server as usize];
        let slots = std::iter::once(first).chain(more.iter().map(|m| m.0));
        let items = slots.map(|slot| self.item(slot, s.queue, self.jobs[slot].deliveries));
        let planned = self.at_speed(server, self.groups[s.group as usize].policy.work.of_batch(items));
        let job = &self.jobs[first];
        self.host.add_to(planned, s.group, job.identity, job.deliveries)
    }

    /// A batch is done: each of its messages fails or goes on by itself.
    #[cold]
    pub(super) fn batch_done<R: Recorder>(&mut self, server: u32, first: (u32, u32), recorder: &mut R) {
        let s = &mut self.servers[server as usize];
        let group = s.group;
        let mut batch = std::mem::take(&mut s.more);
        let mut served = std::mem::take(&mut self.hand);
        self.groups[group as usize].handled += batch.len() as u64;
        served.clear();
        self.forwarding = true;
        for one in std::iter::once(first).chain(batch.iter().copied()) {
            if self.finish(one.0, one.1, server, recorder) {
                served.push(one);
            }
        }
        self.forwarding = false;
        batch.clear();
        self.servers[server as usize].more = batch;
        if self.groups[group as usize].may_wait {
            let pending = self.send_on(&served, server, server, recorder);
            self.hand = served;
            return self.wait_for_room(server, pending, recorder);
        }
        self.set_free(server, recorder);
        self.send_on(&served, server, NONE, recorder);
        self.hand = served;
    }

    /// The messages of a batch that were served go on. Says how many of them wait for room, for which their
    /// holder, if there is one, waits.
    fn send_on<R: Recorder>(
        &mut self,
        served: &[(u32, u32)],
        server: u32,
        holder: u32,
        recorder: &mut R,
    ) -> u32 {
        let group = self.servers[server as usize].group;
        let mut pending = 0;
        self.forwarding = true;
        for (slot, ..) in served {
            match self.route(*slot, group) {
                Some(to) => pending += self.forward(*slot, to, holder, recorder),
                None => self.leaves(*slot, Outcome::Served, recorder),
            }
        }
        self.forwarding = false;
        pending
    }

    /// A batch that is broken off with the server.
    pub(super) fn batch_of(&mut self, server: u32) -> Vec<(u32, u32)> {
        let s = &mut self.servers[server as usize];
        let first = (s.job, s.stamp);
        std::iter::once(first).chain(s.more.drain(..)).collect()
    }
}

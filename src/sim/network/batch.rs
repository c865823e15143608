//! Batches: a consumer takes several messages at once and is done with all of them at the same time.

use super::arrive::draw;
use super::job::State;
use super::parts::Phase;
use super::{Event, Network};
use crate::message::{Outcome, Recorder};
use crate::scenario::Batching;
use crate::units::nanos;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    fn batching_of(&self, server: u32) -> Batching {
        self.groups[self.servers[server as usize].group as usize].batch.unwrap_or(Batching { max: 1, linger: 0.0 })
    }

    /// Whether the server that would take next takes what there is.
    pub(super) fn no_linger(&self, queue: u32) -> bool {
        let next = self.stations[queue as usize].idle.first();
        next.is_some_and(|server| self.batching_of(server).max == 1 || self.batching_of(server).linger == 0.0)
    }

    /// Idle servers take batches: full ones at once, others when the oldest message has waited for the linger.
    pub(super) fn take_batches(&mut self, queue: u32) {
        while let Some(server) = self.stations[queue as usize].idle.first() {
            let batching = self.batching_of(server);
            let station = &self.stations[queue as usize];
            let there = station.ready + station.blocked.len() as u64;
            if there == 0 {
                return;
            }
            if there < u64::from(batching.max) && batching.linger > 0.0 {
                let linger = nanos(batching.linger).unwrap_or(u64::MAX);
                let oldest = self.oldest_since(queue).saturating_add(linger);
                if oldest > self.now {
                    return self.linger(queue, oldest);
                }
            }
            self.stations[queue as usize].idle.pop();
            self.take_batch(server, batching.max);
        }
    }

    /// Since when the message that would be taken first waits.
    fn oldest_since(&self, queue: u32) -> u64 {
        let waits = |job: &&super::job::Job| job.queue == queue && job.state == State::Ready;
        self.stations[queue as usize]
            .lanes
            .first()
            .and_then(|lane| match lane {
                crate::discipline::Waiting::Fifo(fifo) => fifo
                    .iter()
                    .find(|t| self.jobs[t.slot].place == t.place && self.jobs[t.slot].state == State::Ready)
                    .map(|t| self.jobs[t.slot].sent),
                _ => self.jobs.inside().map(|(_, job)| job).filter(waits).map(|job| job.sent).min(),
            })
            .unwrap_or(self.now)
    }

    fn linger(&mut self, queue: u32, until: u64) {
        let station = &mut self.stations[queue as usize];
        if station.lingering.is_some_and(|(at, _)| at == until) {
            return;
        }
        let timer = station.lingering.map_or(0, |(_, timer)| timer.wrapping_add(1));
        station.lingering = Some((until, timer));
        self.timer(until, Event::Linger { queue, timer });
    }

    pub(super) fn lingered(&mut self, queue: u32, timer: u32) {
        if self.stations[queue as usize].lingering.is_some_and(|(at, t)| t == timer && at == self.now) {
            self.take_batches(queue);
        }
    }

    /// A server takes as many messages as there are, up to a number, and works for the time of one batch and of each of them.
    fn take_batch(&mut self, server: u32, max: u32) {
        let Some(first) = self.pull(server) else { return self.rest(server) };
        let mut more = std::mem::take(&mut self.servers[server as usize].more);
        while more.len() as u32 + 1 < max {
            let Some(slot) = self.pull(server) else { break };
            more.push((slot, self.jobs[slot].place, 0));
        }
        let work = self.batch_work(server, first, &more).saturating_add(self.wakes(server));
        self.take_up(first);
        for (slot, _, stamp) in &mut more {
            self.take_up(*slot);
            *stamp = self.jobs[*slot].stamp;
        }
        let s = &mut self.servers[server as usize];
        (s.job, s.place, s.stamp) = (first, self.jobs[first].place, self.jobs[first].stamp);
        (s.start, s.phase, s.more) = (self.now, Phase::Busy, more);
        self.groups[s.group as usize].busy.up(self.now);
        self.work_until(server, self.now.saturating_add(work));
    }

    fn take_up(&mut self, slot: u32) {
        self.stamps = self.stamps.wrapping_add(1);
        let job = &mut self.jobs[slot];
        (job.state, job.began, job.stamp) = (State::InService, self.now, self.stamps);
        job.deliveries += 1;
        let (queue, stamp) = (job.queue, job.stamp);
        self.stations[queue as usize].serving.up(self.now);
        if let Some(timeout) = self.stations[queue as usize].visibility {
            self.timer(self.now.saturating_add(timeout), Event::Visible { slot, stamp });
        }
    }

    /// The work of a batch: the group's time once and its time for each message; work that producers give adds up instead.
    fn batch_work(&self, server: u32, first: u32, more: &[(u32, u64, u32)]) -> u64 {
        let s = &self.servers[server as usize];
        let group = &self.groups[s.group as usize];
        let (mut own, mut once) = (0_u64, false);
        for slot in std::iter::once(first).chain(more.iter().map(|m| m.0)) {
            let job = &self.jobs[slot];
            let count = job.path.wrapping_add(u64::from(job.deliveries));
            match self.senders.get(job.producer as usize).filter(|sender| sender.feeds[s.queue as usize]).and_then(|s| s.own.as_ref()) {
                Some((law, key)) => own = own.saturating_add(draw(law, *key, job.chance, count)),
                None => once = true,
            }
            if !group.per_message.is_zero() {
                own = own.saturating_add(draw(&group.per_message, group.keys.per_message, job.chance, count));
            }
        }
        let job = &self.jobs[first];
        let count = job.path.wrapping_add(u64::from(job.deliveries));
        let planned = own.saturating_add(if once { draw(&group.service, group.keys.service, job.chance, count) } else { 0 });
        self.host.add_to(planned, s.group, job.chance, count)
    }

    /// A batch is done: each of its messages fails or goes on by itself.
    #[cold]
    pub(super) fn batch_done<R: Recorder>(&mut self, server: u32, first: (u32, u64, u32), recorder: &mut R) {
        let s = &mut self.servers[server as usize];
        let group = s.group;
        let mut batch = std::mem::take(&mut s.more);
        let mut served = std::mem::take(&mut self.hand);
        self.groups[group as usize].handled += batch.len() as u64;
        served.clear();
        for one in std::iter::once(first).chain(batch.iter().copied()) {
            if self.finish(one.0, one.1, one.2, server, recorder) {
                served.push(one);
            }
        }
        batch.clear();
        self.servers[server as usize].more = batch;
        let mut pending = 0;
        for (slot, ..) in &served {
            match self.route(*slot, group) {
                Some(to) => {
                    pending +=
                        self.forward(*slot, to, if self.groups[group as usize].may_wait { server } else { super::job::NONE }, recorder)
                }
                None => self.leaves(*slot, Outcome::Served, recorder),
            }
        }
        self.hand = served;
        let waits = self.groups[group as usize].may_wait;
        self.wait_for_room(server, if waits { pending } else { 0 }, recorder);
    }

    /// A batch that is broken off with the server.
    pub(super) fn batch_of(&mut self, server: u32) -> Vec<(u32, u64, u32)> {
        let s = &mut self.servers[server as usize];
        let first = (s.job, s.place, s.stamp);
        std::iter::once(first).chain(s.more.drain(..)).collect()
    }
}

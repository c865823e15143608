//! Processor sharing: everybody is served at once, each by its share of the servers and by one at most.

use super::job::JobState;
use super::{Network, NetworkEvent};
use crate::message::{Outcome, Recorder};
use crate::workload::Blocks;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Who shares, by how much work each must have got to be done.
///
/// All get work at the same rate, so one clock of attained work serves for all: a message that joins at a
/// reading of v with work x is done when the clock reads v + x.
#[derive(Debug, Clone, Default)]
pub(super) struct ProcessorSharing {
    /// Reading in nanoseconds of work at the instant `read`, since it was last empty.
    attained: f64,
    read: u64,
    /// Bits of the reading at which each is done (positive numbers sort by their bits), its place, and its
    /// slot.
    heap: BinaryHeap<Reverse<(u64, u64, u32)>>,
    epoch: u32,
    /// `None` is without limit.
    servers: Option<u32>,
}

/// Readings closer than this are the same instant.
const SAME: f64 = 0.5;

impl ProcessorSharing {
    pub(super) fn new(servers: Option<u32>) -> Self {
        ProcessorSharing { servers, ..ProcessorSharing::default() }
    }

    fn rate(&self) -> f64 {
        let inside = self.heap.len() as f64;
        self.servers.map_or(1.0, |c| (f64::from(c) / inside).min(1.0))
    }

    fn read_at(&mut self, now: u64) {
        if self.heap.is_empty() {
            self.attained = 0.0;
        } else {
            self.attained += (now - self.read) as f64 * self.rate();
        }
        self.read = now;
    }

    /// When the first will be done.
    fn next(&self) -> Option<u64> {
        let Reverse((done, ..)) = self.heap.peek()?;
        let left = (f64::from_bits(*done) - self.attained).max(0.0);
        Some(self.read + (left / self.rate()).round() as u64)
    }
}

impl<S: Blocks> Network<S> {
    /// A message joins those that share.
    pub(super) fn join(&mut self, slot: u32) {
        let (now, queue) = (self.now, self.jobs[slot].queue);
        let group = self.stations[queue as usize].groups[0];
        let work = self.jobs.demands(slot)[0];
        let job = &mut self.jobs[slot];
        (job.state, job.began) = (JobState::InService, now);
        job.deliveries += 1;
        let place = job.place;
        let station = &mut self.stations[queue as usize];
        station.serving.up(now);
        station.shared.read_at(now);
        let done = (station.shared.attained + work as f64).to_bits();
        station.shared.heap.push(Reverse((done, place, slot)));
        if station.shared.servers.is_none_or(|c| station.serving.level() <= u64::from(c)) {
            self.groups[group as usize].busy.up(now);
        }
        self.plan_share(queue);
    }

    fn plan_share(&mut self, queue: u32) {
        let shared = &mut self.stations[queue as usize].shared;
        shared.epoch = shared.epoch.wrapping_add(1);
        if let Some(at) = shared.next() {
            let epoch = shared.epoch;
            self.sequence += 1;
            self.calendar.plan(at.max(self.now), self.sequence, NetworkEvent::Share { queue, epoch });
        }
    }

    pub(super) fn shares_done<R: Recorder>(&mut self, queue: u32, epoch: u32, recorder: &mut R) {
        let now = self.now;
        let station = &mut self.stations[queue as usize];
        if station.shared.epoch != epoch {
            return;
        }
        station.shared.read_at(now);
        let group = station.groups[0];
        let mut done = std::mem::take(&mut self.hand);
        done.clear();
        while let Some(Reverse((reading, _, slot))) = station.shared.heap.peek().copied()
            && (f64::from_bits(reading) <= station.shared.attained + SAME || done.is_empty())
        {
            station.shared.heap.pop();
            done.push((slot, 0));
        }
        for (slot, ..) in &done {
            self.uncount(*slot);
            let station = &self.stations[queue as usize];
            self.groups[group as usize].handled += 1;
            self.groups[group as usize].batches += 1;
            if station.shared.servers.is_none_or(|c| station.serving.level() < u64::from(c)) {
                self.groups[group as usize].busy.down(now);
            }
        }
        self.plan_share(queue);
        for (slot, ..) in &done {
            self.share_done(*slot, group, recorder);
        }
        self.hand = done;
    }

    fn share_done<R: Recorder>(&mut self, slot: u32, group: u32, recorder: &mut R) {
        if self.groups[group as usize].fails && self.handler_fails(slot, group) {
            return self.failed_at_queue(slot, group, recorder);
        }
        self.tell(slot, group, 0, Outcome::Served, recorder);
        match self.route(slot, group) {
            Some(to) => {
                self.forward(slot, to, super::job::NONE, recorder);
            }
            None => self.leaves(slot, Outcome::Served, recorder),
        }
    }
}

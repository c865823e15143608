//! Durability: a message can be taken when the disk has it.

use super::arrive::draw;
use super::parts::Station;
use super::{Event, Network};
use crate::workload::Blocks;

/// Nanoseconds that a group commit is taken to need where nothing says how fast the disk is.
pub const FSYNC: u64 = 1_000_000;

impl<S: Blocks> Network<S> {
    /// A message is written. One commit is under way at a time; who comes during it is in the next, all together.
    pub(super) fn write(&mut self, slot: u32) {
        let queue = self.jobs[slot].queue;
        let station = &mut self.stations[queue as usize];
        station.uncommitted.push(slot);
        if station.committing.is_empty() {
            self.commit(queue);
        }
    }

    fn commit(&mut self, queue: u32) {
        let station = &mut self.stations[queue as usize];
        std::mem::swap(&mut station.committing, &mut station.uncommitted);
        station.committed += 1;
        let drawn = |station: &Station| station.sync.as_ref().map(|(law, key)| draw(law, *key, station.committed, 0));
        let takes = station.commits.pop_front().or_else(|| drawn(station)).or(station.commit).unwrap_or(FSYNC);
        self.timer(self.now.saturating_add(takes), Event::Commit { queue });
    }

    pub(super) fn committed(&mut self, queue: u32) {
        let mut batch = std::mem::take(&mut self.stations[queue as usize].committing);
        for &slot in &batch {
            // Some may have expired meanwhile, and their slots be others' by now.
            if self.jobs[slot].queue == queue && self.jobs[slot].state == super::job::State::Committing {
                self.uncount(slot);
                self.offer(slot);
            }
        }
        batch.clear();
        let station = &mut self.stations[queue as usize];
        station.committing = batch;
        if !station.uncommitted.is_empty() {
            self.commit(queue);
        }
        self.let_in(queue);
    }
}

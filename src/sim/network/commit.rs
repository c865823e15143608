//! Durability: a message can be taken when the disk has it.

use super::job::JobState;
use super::parts::{QueueState, WrittenMessage};
use super::{Network, NetworkEvent};
use crate::workload::Blocks;

/// Nanoseconds that a group commit is taken to need where nothing says how fast the disk is.
pub(super) const FSYNC: u64 = 1_000_000;

impl<S: Blocks> Network<S> {
    /// A message is written. One commit is under way at a time; who comes during it is in the next, all
    /// together.
    pub(super) fn write(&mut self, slot: u32) {
        let (queue, place) = (self.jobs[slot].queue, self.jobs[slot].place);
        let station = &mut self.stations[queue as usize];
        station.uncommitted.push(WrittenMessage { slot, place, syncs: station.syncs });
        if station.committing.is_empty() {
            self.commit(queue);
        }
    }

    fn commit(&mut self, queue: u32) {
        let station = &mut self.stations[queue as usize];
        std::mem::swap(&mut station.committing, &mut station.uncommitted);
        station.committed += 1;
        let drawn = |station: &QueueState| station.sync.as_ref().map(|times| times.at(station.committed, 0));
        let takes =
            station.commits.pop_front().or_else(|| drawn(station)).or(station.commit).unwrap_or(FSYNC);
        self.timer(self.now.saturating_add(takes), NetworkEvent::Commit { queue });
    }

    /// Whether a message that was written is still there: some expire meanwhile, and their slots may be
    /// others' by now.
    pub(super) fn is_committing(&self, one: WrittenMessage, queue: u32) -> bool {
        let job = &self.jobs[one.slot];
        job.queue == queue && job.place == one.place && job.state == JobState::Committing
    }

    pub(super) fn committed(&mut self, queue: u32) {
        // As long as not all of them are in line, what is written meanwhile is for the next commit.
        let mut again = Vec::new();
        for i in 0..self.stations[queue as usize].committing.len() {
            let one = self.stations[queue as usize].committing[i];
            if !self.is_committing(one, queue) {
                continue;
            }
            if one.syncs > 1 {
                again.push(WrittenMessage { syncs: one.syncs - 1, ..one });
            } else {
                self.uncount(one.slot);
                self.hold_back(one.slot);
            }
        }
        let station = &mut self.stations[queue as usize];
        station.committing.clear();
        station.uncommitted.append(&mut again);
        if !station.uncommitted.is_empty() {
            self.commit(queue);
        }
        self.let_in(queue);
    }
}

//! The work of messages that are delivered again: what it was, or drawn anew.

use super::Network;
use crate::behaviour::RandomTime;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// The work that a message brings to a queue, if it does.
    pub(super) fn brings(&self, slot: u32, queue: u32) -> Option<&RandomTime> {
        self.senders.get(self.jobs[slot].producer as usize)?.policy.brings_to(queue as usize)
    }

    /// Whether a message is the same work for a group at each of its deliveries.
    pub(super) fn repeats_work(&self, slot: u32, group: u32, queue: u32) -> bool {
        self.groups[group as usize].policy.work.repeats(self.brings(slot, queue).is_some())
    }

    /// A message that is to be delivered again: what it will be is known from now on, so that it is lined up
    /// by that.
    pub(super) fn draw_again(&mut self, slot: u32) {
        let (queue, earlier) = (self.jobs[slot].queue, self.jobs[slot].deliveries);
        for i in 0..self.stations[queue as usize].groups.len() {
            let group = self.stations[queue as usize].groups[i];
            if !self.repeats_work(slot, group, queue) {
                self.jobs.demands(slot)[i] = self.work(slot, group, queue, earlier);
            }
        }
    }

    /// A message leaves its queue as a dead letter: the work that it brought there it brings again if it
    /// comes back.
    pub(super) fn keep_work(&mut self, slot: u32) {
        let station = &self.stations[self.jobs[slot].queue as usize];
        let queue = self.jobs[slot].queue;
        if let Some(&group) = station.groups.first()
            && !station.batching
            && self.brings(slot, queue).is_some()
            && self.repeats_work(slot, group, queue)
        {
            self.brought.insert(slot, (self.jobs[slot].id, self.jobs.demand(slot, 0)));
        }
    }

    /// The work of a message that comes back after it was a dead letter.
    pub(super) fn brought_again(&self, slot: u32, group: u32, queue: u32) -> Option<u64> {
        let &(id, work) = self.brought.get(&slot)?;
        let same = id == self.jobs[slot].id
            && self.brings(slot, queue).is_some()
            && self.repeats_work(slot, group, queue);
        same.then_some(work)
    }
}

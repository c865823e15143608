//! The work of messages that are delivered again: what it was, or drawn anew.

use super::Network;
use super::arrive::draw;
use super::parts::Sender;
use crate::scenario::RedeliveryWork;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// The producer of a message, if it brings work to a queue.
    fn brings(&self, slot: u32, queue: u32) -> Option<&Sender> {
        let sender = self.senders.get(self.jobs[slot].producer as usize)?;
        (sender.own.is_some() && sender.feeds[queue as usize]).then_some(sender)
    }

    /// Whether a message is the same work for a group at each of its deliveries.
    pub(super) fn repeats_work(&self, slot: u32, group: u32, queue: u32) -> bool {
        let brought = || self.brings(slot, queue).is_some();
        self.groups[group as usize].redelivery.map_or_else(brought, |work| work == RedeliveryWork::Same)
    }

    /// The work that a message's producer gave it, where the plan does not know: by the message alone, or by its way and delivery.
    pub(super) fn own_work(&self, slot: u32, group: u32, queue: u32, delivery: u64) -> Option<u64> {
        let (law, key) = self.brings(slot, queue)?.own.as_ref()?;
        let job = &self.jobs[slot];
        let count = if self.repeats_work(slot, group, queue) { 0 } else { job.path.wrapping_add(delivery) };
        Some(draw(law, *key, job.chance, count))
    }

    /// A message that is to be delivered again: what it will be is known from now on, so that it is lined up by that.
    pub(super) fn draw_again(&mut self, slot: u32) {
        let (queue, delivery) = (self.jobs[slot].queue, u64::from(self.jobs[slot].deliveries));
        for i in 0..self.stations[queue as usize].groups.len() {
            let group = self.stations[queue as usize].groups[i];
            if !self.repeats_work(slot, group, queue) {
                self.jobs.demands(slot)[i] = self.work(slot, group, queue, delivery);
            }
        }
    }

    /// A message leaves its queue as a dead letter: the work that it brought there it brings again if it comes back.
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
        let same = id == self.jobs[slot].id && self.brings(slot, queue).is_some() && self.repeats_work(slot, group, queue);
        same.then_some(work)
    }
}

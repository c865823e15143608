//! Which messages of a partition have been taken and not settled: an offset is committed for all before it.

use crate::load::targets::Delivery;
use std::collections::{BTreeMap, BTreeSet};

/// The offsets of one partition.
#[derive(Debug, Default)]
pub(super) struct PartitionOffsets {
    /// Behind the last one that was taken.
    next: u64,
    /// Taken and not settled.
    unsettled: BTreeSet<u64>,
    /// Of those: given back, to be delivered again.
    again: BTreeMap<u64, Delivery>,
    /// Something was settled since the last commit.
    uncommitted: bool,
}

impl PartitionOffsets {
    pub(super) fn starting_at(next: u64) -> Self {
        PartitionOffsets { next, ..PartitionOffsets::default() }
    }

    /// A message was taken.
    pub(super) fn take(&mut self, offset: u64) {
        self.unsettled.insert(offset);
        self.next = self.next.max(offset + 1);
    }

    /// A message is done. False if nobody has it.
    pub(super) fn settle(&mut self, offset: u64) -> bool {
        let known = self.unsettled.remove(&offset);
        self.uncommitted |= known;
        known
    }

    /// A message is to be delivered again. False if nobody has it.
    pub(super) fn give_back(&mut self, delivery: &Delivery) -> bool {
        let known = self.unsettled.contains(&delivery.tag);
        if known {
            let deliveries = delivery.deliveries + 1;
            self.again.insert(delivery.tag, Delivery { deliveries, ..*delivery });
        }
        known
    }

    /// The first of those that are to be delivered again.
    pub(super) fn take_again(&mut self) -> Option<Delivery> {
        self.again.pop_first().map(|(_, delivery)| delivery)
    }

    /// What is to be committed, if something is.
    pub(super) fn take_commit(&mut self) -> Option<u64> {
        let whole = self.unsettled.first().copied().unwrap_or(self.next);
        std::mem::take(&mut self.uncommitted).then_some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_committed_ends_before_the_first_that_is_not_settled() {
        let mut offsets = PartitionOffsets::starting_at(5);
        assert_eq!(offsets.take_commit(), None);
        (5..8).for_each(|offset| offsets.take(offset));
        assert!(offsets.settle(6) && !offsets.settle(6));
        assert_eq!((offsets.take_commit(), offsets.take_commit()), (Some(5), None));
        let delivery = Delivery { message: 9, deliveries: 1, tag: 5, part: 0, until: u64::MAX };
        assert!(offsets.give_back(&delivery));
        assert_eq!(offsets.take_again().map(|again| (again.tag, again.deliveries)), Some((5, 2)));
        assert!(offsets.settle(5) && offsets.settle(7) && !offsets.give_back(&delivery));
        assert_eq!(offsets.take_commit(), Some(8));
    }
}

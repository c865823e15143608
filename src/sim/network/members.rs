//! Which servers have the partitions of a queue whose servers come and go.

use crate::scenario::{Consumer, Queue};

/// Which servers of a queue have partitions, where they come and go.
#[derive(Debug, Clone)]
pub(super) struct Members {
    /// Their numbers: partition p is that of the (p mod n)-th of n.
    numbers: Vec<u32>,
    /// Nanoseconds that dealing takes, in which nobody takes a message.
    pause: u64,
    /// Until when they pause.
    until: u64,
}

impl Members {
    /// Those of a queue; `None` if its servers are always there, or it has no partitions, or one server at
    /// most.
    pub(super) fn of(queue: &Queue, groups: &[&Consumer], time: impl Fn(f64) -> u64) -> Option<Self> {
        let changes = |c: &&Consumer| c.autoscale.is_some() || !c.shifts.is_empty();
        let pause = groups.iter().filter_map(|c| c.rebalance).fold(0.0, f64::max);
        let most: u32 = groups.iter().filter_map(|c| c.most_servers()).fold(0, u32::saturating_add);
        (queue.partitions.is_some() && most > 1 && groups.iter().any(changes)).then(|| Members {
            numbers: Vec::new(),
            pause: time(pause),
            until: 0,
        })
    }

    /// The number of the server that a partition belongs to.
    pub(super) fn owner(&self, partition: usize) -> u32 {
        if self.numbers.is_empty() { 0 } else { self.numbers[partition % self.numbers.len()] }
    }

    /// Deals the partitions to servers of these numbers.
    pub(super) fn deal(&mut self, numbers: Vec<u32>) {
        self.numbers = numbers;
    }

    /// Partitions are dealt from an instant on: until when.
    pub(super) fn pause_from(&mut self, now: u64) -> u64 {
        self.until = now.saturating_add(self.pause);
        self.until
    }

    /// Whether nobody takes a message at an instant.
    pub(super) fn pause_at(&self, now: u64) -> bool {
        now < self.until
    }
}

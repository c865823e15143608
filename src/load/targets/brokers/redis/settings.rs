//! A queue of the scenario as a stream and its group.

use crate::scenario::{Ack, Scenario};
use parking_lot::Mutex;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The name of a stream's group.
pub(super) const GROUP: &[u8] = b"servers";

/// The name of the field that has a message's body.
pub(super) const FIELD: &[u8] = b"b";

/// How a queue is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RedisQueue {
    /// Entries beyond which nothing is added: those that wait and those that are being worked on.
    pub bound: Option<u64>,
    /// Nanoseconds within which a delivery is to be settled, if there is such a time.
    pub lease: Option<u64>,
    pub delivery_limit: Option<u32>,
    pub dead_letter: Option<usize>,
    /// Whether a delivered message may come again.
    pub comes_again: bool,
    /// Whether a server may ask for its next message while it settles one.
    pub asks_ahead: bool,
}

impl RedisQueue {
    pub(super) fn of(scenario: &Scenario, queue: usize) -> Self {
        let of = &scenario.queues[queue];
        let groups = || scenario.consumers_of(queue).map(|(_, consumer)| consumer);
        let nanos = |seconds: f64| (seconds * 1e9 / scenario.measurement.speed) as u64;
        let held: u64 = groups()
            .map(|c| {
                let each = c.batch.map_or(c.prefetch, |batch| batch.max).max(1);
                u64::from(c.most_servers().unwrap_or(0)) * u64::from(each)
            })
            .sum();
        RedisQueue {
            bound: of.max_length.map(|length| length + held),
            lease: of.visibility_timeout.map(nanos),
            delivery_limit: of.delivery_limit,
            dead_letter: of.dead_letter,
            comes_again: of.visibility_timeout.is_some()
                || groups().any(|consumer| scenario.may_fail(consumer) || consumer.outages.is_some()),
            asks_ahead: groups().all(|consumer| consumer.batch.is_none() && consumer.ack != Ack::Auto),
        }
    }
}

/// A message that was given back and is to come again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReturnedEntry {
    /// When, by the run's clock.
    pub due: u64,
    /// The stream's name for it.
    pub id: String,
    /// Deliveries so far.
    pub deliveries: u32,
}

/// What was given back to a stream: Redis itself does not deliver it again.
#[derive(Debug, Default)]
pub(super) struct ReturnedEntries(Mutex<BinaryHeap<Reverse<ReturnedEntry>>>);

impl ReturnedEntries {
    pub(super) fn push(&self, entry: ReturnedEntry) {
        self.0.lock().push(Reverse(entry));
    }

    /// The one whose time came first, if it has come.
    pub(super) fn pop(&self, now: u64) -> Option<ReturnedEntry> {
        let mut all = self.0.lock();
        let due = all.peek().is_some_and(|Reverse(first)| first.due <= now);
        if due { all.pop().map(|Reverse(first)| first) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_back_comes_when_it_is_due() {
        let all = ReturnedEntries::default();
        let entry = |due, id: &str| ReturnedEntry { due, id: id.into(), deliveries: 1 };
        all.push(entry(30, "b"));
        all.push(entry(20, "a"));
        assert_eq!(
            (all.pop(10), all.pop(40), all.pop(29), all.pop(30)),
            (None, Some(entry(20, "a")), None, Some(entry(30, "b")))
        );
    }
}

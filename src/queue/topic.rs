//! Publish and subscribe: a topic says which of its subscriptions, each a queue with a state of its own, get
//! a message.

use crate::discipline::Deliver;
use crate::rng::Key;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// The random bits of messages and keys, the same in every run.
pub(super) fn bits(number: u64, count: u64) -> u64 {
    Key::new(0, 0).bits_at(number, count)
}

/// A topic of so many subscriptions, shared by the threads that publish to it.
///
/// ```
/// use queuelab::queue::{Deliver, Queue, Settings, Topic};
///
/// let queues: Vec<Queue<u32>> = (0..3).map(|_| Queue::new(Settings::default(), || 0, |_| {})).collect();
/// let topic = Topic::new(queues.len(), Deliver::ShortestQueue);
/// for message in 0..6 {
///     for subscription in topic.route(u64::from(message), |at| queues[at].counts().inside()) {
///         queues[subscription].publish(message)?;
///     }
/// }
/// assert!(queues.iter().all(|queue| queue.counts().ready == 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Topic {
    subscriptions: usize,
    deliver: Deliver,
    /// Messages of which one subscription got each.
    sent: AtomicU64,
}

impl Topic {
    /// # Panics
    /// Without subscriptions: nobody would ever get a message.
    pub fn new(subscriptions: usize, deliver: Deliver) -> Self {
        assert!(subscriptions > 0, "a topic has a subscription");
        Topic { subscriptions, deliver, sent: 0.into() }
    }

    /// The subscriptions that get a message of a key: all or one. `inside` says how many messages the queue
    /// of a subscription has.
    pub fn route(&self, key: u64, inside: impl Fn(usize) -> u64) -> Range<usize> {
        self.route_by(bits, || (bits(key, 0) % self.subscriptions as u64) as usize, inside)
    }

    /// The same with the random bits of a message, by its turn and the number of the pick, and the
    /// subscription of its key from elsewhere.
    pub(crate) fn route_by(
        &self,
        bits: impl Fn(u64, u64) -> u64,
        by_key: impl FnOnce() -> usize,
        inside: impl Fn(usize) -> u64,
    ) -> Range<usize> {
        if self.deliver == Deliver::All {
            return 0..self.subscriptions;
        }
        let turn = self.sent.fetch_add(1, Ordering::Relaxed);
        let bits = |count| bits(turn, count);
        let one = self.deliver.choose(self.subscriptions, inside, bits, || turn, by_key);
        one..one + 1
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Queue, Settings};
    use super::*;

    fn published(deliver: Deliver, messages: u64) -> Vec<u64> {
        let queues: Vec<_> = (0..4).map(|_| Queue::new(Settings::default(), || 0, |_| {})).collect();
        let topic = Topic::new(queues.len(), deliver);
        for key in 0..messages {
            for at in topic.route(key, |at| queues[at].counts().inside()) {
                queues[at].publish(key).expect("there is no bound");
            }
        }
        queues.iter().map(|q| q.counts().published).collect()
    }

    #[test]
    fn policies_deal_messages_out_as_they_say() {
        assert_eq!(published(Deliver::All, 10), [10; 4]);
        assert_eq!(published(Deliver::RoundRobin, 10), [3, 3, 2, 2]);
        let mut shortest = published(Deliver::ShortestQueue, 10);
        shortest.sort_unstable();
        assert_eq!(shortest, [2, 2, 3, 3]);
        for deliver in [Deliver::Random, Deliver::ByKey] {
            let all = published(deliver, 4_000);
            // Binomial with a quarter of 4000: five standard deviations are 137.
            assert!(
                all.iter().sum::<u64>() == 4_000 && all.iter().all(|n| n.abs_diff(1_000) < 137),
                "{deliver:?} {all:?}"
            );
        }
        let two = published(Deliver::PowerOfTwo, 4_000);
        assert!(two.iter().all(|n| n.abs_diff(1_000) < 20), "two choices keep lines nearly level: {two:?}");
    }
}

//! Publish and subscribe: a topic hands each message to one or to all of its subscriptions, each a queue with
//! a state of its own; and partitions, which keep the messages of a key in order for one member of a consumer
//! group.

use super::Settings;
use super::delivery::{Lost, Refused};
use super::shell::Queue;
use crate::discipline::Deliver;
use crate::rng::Key;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The random bits of messages and keys, the same in every run.
fn bits(number: u64, count: u64) -> u64 {
    Key::new(0, 0).bits_at(number, count)
}

/// A topic with its subscriptions.
pub struct Topic<T> {
    subscriptions: Vec<Arc<Queue<T>>>,
    deliver: Deliver,
    sent: AtomicU64,
}

impl<T: Clone> Topic<T> {
    /// # Panics
    /// Without subscriptions: nobody would ever get a message.
    pub fn new(subscriptions: Vec<Arc<Queue<T>>>, deliver: Deliver) -> Self {
        assert!(!subscriptions.is_empty(), "a topic has a subscription");
        Topic { subscriptions, deliver, sent: 0.into() }
    }

    /// Publishes a message under a key, and says how many copies were accepted.
    ///
    /// # Errors
    /// The first copy that was refused; others may have been accepted.
    pub fn publish(&self, key: u64, body: T) -> Result<usize, Refused<T>> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        if self.deliver == Deliver::All {
            let outcomes: Vec<_> =
                self.subscriptions.iter().map(|queue| queue.publish(body.clone())).collect();
            return outcomes.into_iter().try_fold(0, |accepted, outcome| outcome.map(|_| accepted + 1));
        }
        self.subscriptions[self.choose(number, key)].publish(body).map(|_| 1)
    }

    fn choose(&self, number: u64, key: u64) -> usize {
        let among = self.subscriptions.len();
        let inside = |at: usize| self.subscriptions[at].counts().inside();
        self.deliver.choose(
            among,
            inside,
            |count| bits(number, count),
            || number,
            || (bits(key, 0) % among as u64) as usize,
        )
    }
}

/// A queue in parts for the members of a consumer group: messages of a key go to one partition, a partition
/// to one member, so that what belongs together stays in order.
pub struct Partitioned<T> {
    /// By member: the partitions that are his, in one line.
    members: Vec<Queue<T>>,
    partitions: u64,
}

/// A member that a consumer group does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no member {member}; the group has {members}, counted from 0")]
pub struct UnknownMember {
    /// The member that was asked for.
    pub member: u32,
    /// How many there are.
    pub members: usize,
}

impl<T: Clone> Partitioned<T> {
    /// Partitions for so many members, dealt out in turn; members beyond the partitions have none. The
    /// settings are each member's. Clock and listener as in [`Queue::new`].
    ///
    /// # Panics
    /// Without partitions or members.
    pub fn new(
        partitions: u32,
        members: u32,
        settings: &Settings,
        now: impl Fn() -> u64 + Send + Sync + Clone + 'static,
        on_loss: impl Fn(Lost<T>) + Send + Sync + Clone + 'static,
    ) -> Self {
        assert!(partitions > 0 && members > 0, "there is a partition and a member");
        let members = (0..members).map(|_| Queue::new(settings.clone(), now.clone(), on_loss.clone()));
        Partitioned { members: members.collect(), partitions: partitions.into() }
    }

    /// Publishes a message under a key.
    ///
    /// # Errors
    /// As [`Queue::publish`] of the member whose partition it is.
    pub fn publish(&self, key: u64, body: T) -> Result<u64, Refused<T>> {
        let partition = bits(key, 0) % self.partitions;
        self.members[(partition % self.members.len() as u64) as usize].publish(body)
    }

    /// What a member consumes.
    ///
    /// # Errors
    /// A member that the group does not have.
    pub fn member(&self, member: u32) -> Result<&Queue<T>, UnknownMember> {
        self.members.get(member as usize).ok_or(UnknownMember { member, members: self.members.len() })
    }

    /// Accepts no more messages.
    pub fn close(&self) {
        self.members.iter().for_each(Queue::close);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(deliver: Deliver, messages: u64) -> Vec<u64> {
        let queues: Vec<_> =
            (0..4).map(|_| Arc::new(Queue::new(Settings::default(), || 0, |_| {}))).collect();
        let topic = Topic::new(queues.clone(), deliver);
        for key in 0..messages {
            topic.publish(key, key).expect("there is no bound");
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

    #[test]
    fn a_key_stays_with_one_member_and_in_order() {
        let queue = Partitioned::new(8, 3, &Settings::default(), || 0, |_| {});
        for n in 0..600_u64 {
            queue.publish(n % 20, n).expect("there is no bound");
        }
        assert_eq!(queue.member(3).map(|_| ()), Err(UnknownMember { member: 3, members: 3 }));
        let mut owner = [None; 20];
        for member in 0..3 {
            let mut hand = Vec::new();
            queue.member(member).expect("there are three").try_consume(usize::MAX, &mut hand);
            assert!(!hand.is_empty());
            let mut last = [None; 20];
            for n in hand.iter().map(|d| d.body) {
                let key = (n % 20) as usize;
                assert!(owner[key].is_none_or(|m| m == member) && last[key] < Some(n));
                (owner[key], last[key]) = (Some(member), Some(n));
            }
        }
    }
}

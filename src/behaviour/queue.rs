//! What a queue decides about a message that comes to it.

use super::{Draws, MessageIdentity, RandomTime, Role};
use crate::rng::Key;
use crate::scenario::{Expiry, HeldBy, KeyChoice, Scenario};
use crate::workload::laws::Law;

/// The rules for the messages of a queue.
#[derive(Debug, Clone)]
pub(crate) struct QueuePolicy {
    /// Of the random order.
    pub order: Key,
    /// Whether what is too old is thrown out only at the head of the line.
    pub at_head: bool,
    time_to_live: Option<RandomTime>,
    deliver_after: Option<RandomTime>,
    /// Whether servers hold what is held back.
    held_by_servers: bool,
    partitions: u64,
    /// Which partition a key leads to.
    by_key: KeyChoice,
}

impl QueuePolicy {
    pub(crate) fn new(scenario: &Scenario, index: usize, draws: Draws) -> Self {
        let queue = &scenario.queues[index];
        let times = |law: &Option<Law>, role| law.as_ref().map(|law| draws.times(law, role, &queue.name));
        QueuePolicy {
            order: draws.key(Role::Order, &queue.name),
            at_head: queue.expiry == Expiry::Head,
            time_to_live: times(&queue.message_ttl, Role::TimeToLive),
            deliver_after: times(&queue.deliver_after, Role::DeliverAfter),
            held_by_servers: queue.held_by == HeldBy::Consumer,
            partitions: queue.partitions.unwrap_or(1).max(1).into(),
            by_key: scenario.choice_of_partition(index),
        }
    }

    /// How long a message may wait.
    #[inline]
    pub(crate) fn time_to_live(&self, message: MessageIdentity) -> Option<u64> {
        self.time_to_live.as_ref().map(|times| times.at(message.number, message.path))
    }

    /// How long the queue holds a message back.
    pub(crate) fn deliver_after(&self, message: MessageIdentity) -> Option<u64> {
        self.held(message).filter(|_| !self.held_by_servers)
    }

    /// How long after it came to the queue a server may work on a message for the first time, where servers
    /// hold what is held back; what waits from the start is not.
    pub(crate) fn held_by_server(&self, message: MessageIdentity) -> u64 {
        let held = self.held(message).filter(|_| self.held_by_servers);
        held.filter(|_| message.position_in_backlog().is_none()).unwrap_or(0)
    }

    fn held(&self, message: MessageIdentity) -> Option<u64> {
        self.deliver_after.as_ref().map(|times| times.at(message.number, message.path))
    }

    /// The partition that a message belongs to: by its key, or in turn if it is there from the start.
    pub(crate) fn partition(&self, message: MessageIdentity, key: impl FnOnce() -> u32) -> usize {
        match message.position_in_backlog() {
            Some(position) => (position % self.partitions) as usize,
            None => self.by_key.of(key().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::TimeScale;
    use super::*;
    use crate::workload::laws::Law;

    #[test]
    fn keys_and_the_backlog_are_spread_over_partitions() {
        let mut scenario = Scenario::mgc(1.0, Law::deterministic(1.0), 1);
        scenario.queues[0].partitions = Some(3);
        let queue = QueuePolicy::new(&scenario, 0, Draws::new(Key::new(1, 0), TimeScale::REAL));
        assert_eq!(queue.partition(MessageIdentity::of_backlog(0, 4), || 0), 1);
        assert_eq!(queue.partition(MessageIdentity::of_backlog(0, 4).dead_lettered(), || 5), 2);
        assert_eq!(queue.partition(MessageIdentity::planned(4), || 5), 2);
        assert_eq!(queue.time_to_live(MessageIdentity::planned(4)), None);
    }
}

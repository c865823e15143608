//! The rules of behaviour as a measurement follows them: those of the simulation, by a clock that may go
//! faster.

use super::message_copy::MessageCopy;
use super::shared_queues::SharedQueues;
use crate::behaviour::{
    ConsumerPolicy, Draws, MessageKeys, ProducerPolicy, QueuePolicy, TimeScale, TopicPolicy,
};
use crate::rng::Key;
use crate::scenario::{Discipline, Queue, Scenario};

/// The rules of a run.
#[derive(Debug)]
pub(super) struct Rules {
    pub producers: Vec<ProducerPolicy>,
    pub queues: Vec<QueuePolicy>,
    pub consumers: Vec<ConsumerPolicy>,
    pub topics: Vec<TopicPolicy>,
    pub scale: TimeScale,
    keys: MessageKeys,
    /// Of groups that have several queues.
    pub shared: Vec<SharedQueues>,
}

impl Rules {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let scale = TimeScale::faster(scenario.measurement.speed);
        let draws = Draws::new(Key::new(scenario.seed, 0), scale);
        Rules {
            producers: scenario.producers.iter().map(|p| ProducerPolicy::new(scenario, p, draws)).collect(),
            queues: (0..scenario.queues.len())
                .map(|queue| QueuePolicy::new(scenario, queue, draws))
                .collect(),
            consumers: scenario.consumers.iter().map(|c| ConsumerPolicy::new(scenario, c, draws)).collect(),
            topics: (0..scenario.topics.len())
                .map(|topic| TopicPolicy::new(scenario, topic, draws))
                .collect(),
            scale,
            keys: MessageKeys::new(scenario, draws),
            shared: SharedQueues::all(scenario, draws),
        }
    }

    pub(super) fn key_of(&self, copy: MessageCopy) -> u32 {
        self.keys.of(copy.identity, copy.producer)
    }

    /// The rules for a message's producer, if it has one.
    pub(super) fn producer_of(&self, copy: MessageCopy) -> Option<&ProducerPolicy> {
        self.producers.get(copy.producer as usize)
    }

    /// Whether the handler of a group fails at a delivery.
    pub(super) fn fails(&self, group: usize, copy: MessageCopy, deliveries: u32) -> bool {
        let own = self.producer_of(copy).and_then(|producer| producer.failure);
        self.consumers[group].fails(copy.identity, deliveries, own)
    }

    /// A message's place in a line that is not in the order of arrival: smaller is sooner.
    pub(super) fn rank(&self, queue: &Queue, index: usize, copy: MessageCopy, facts: &Facts) -> i64 {
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        match queue.discipline {
            Discipline::Priority => -i64::from(facts.priority),
            Discipline::Shortest => number(facts.demand),
            Discipline::Deadline => number(facts.sent.saturating_add(facts.ttl.unwrap_or(0))),
            Discipline::Random => {
                (self.queues[index].order.bits_at(copy.identity.number, copy.identity.path) >> 1) as i64
            }
            Discipline::Fifo | Discipline::Lifo | Discipline::RoundRobin | Discipline::ProcessorSharing => 0,
        }
    }
}

/// What a message's rank can follow from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub priority: i32,
    pub demand: u64,
    /// When it is sent to the queue.
    pub sent: u64,
    pub ttl: Option<u64>,
}

//! Who sends: what a producer gives its messages.

use crate::behaviour::{Draws, ProducerPolicy};
use crate::scenario::{Destination, Producer, Scenario};

/// A producer.
pub(super) struct Sender {
    pub to: Destination,
    pub size: u32,
    pub priority: i32,
    /// Its priority's position among all, the highest being 0.
    pub level: u64,
    pub policy: ProducerPolicy,
}

/// The priorities that there are, the highest first; what waits from the start has 0.
pub(super) fn levels(scenario: &Scenario) -> Vec<i32> {
    let backlog = scenario.queues.iter().any(|q| q.initial_backlog > 0);
    let mut all: Vec<i32> =
        scenario.producers.iter().map(|p| p.priority).chain(backlog.then_some(0)).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    all.dedup();
    all
}

pub(super) fn level(scenario: &Scenario, priority: i32) -> u64 {
    levels(scenario).iter().position(|p| *p == priority).unwrap_or(0) as u64
}

pub(super) fn sender(scenario: &Scenario, producer: &Producer, draws: Draws) -> Sender {
    Sender {
        to: producer.to,
        size: producer.size,
        priority: producer.priority,
        level: level(scenario, producer.priority),
        policy: ProducerPolicy::new(scenario, producer, draws),
    }
}

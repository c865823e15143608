//! Who sends: what a producer gives its messages.

use super::Network;
use crate::behaviour::{Draws, ProducerPolicy};
use crate::scenario::{Destination, Producer, Scenario};

/// A producer.
pub(in crate::sim) struct Sender {
    pub to: Destination,
    pub size: u32,
    pub priority: i32,
    /// Its priority's position among all, the highest being 0.
    pub level: u64,
    pub policy: ProducerPolicy,
}

impl<S> Network<S> {
    /// How long a message may wait in a queue: by what the queue says, or its producer, the shorter of the
    /// two.
    pub(super) fn time_to_live(&self, slot: u32, queue: u32) -> Option<u64> {
        let job = &self.jobs[slot];
        let station = &self.stations[queue as usize];
        let of_queue = station.policy.time_to_live(job.identity);
        if !station.some_expire {
            return of_queue;
        }
        let sender = self.senders.get(job.producer as usize);
        let own = sender.and_then(|sender| sender.policy.time_to_live(job.identity, queue as usize));
        of_queue.into_iter().chain(own).min()
    }
}

/// The line, of those that take turns, of a producer's messages; those of nobody have one of their own.
pub(super) fn turn_of(producer: u32, producers: usize) -> u64 {
    u64::from(producer).min(producers as u64)
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

pub(in crate::sim) fn sender(scenario: &Scenario, producer: &Producer, draws: Draws) -> Sender {
    Sender {
        to: producer.to,
        size: producer.size,
        priority: producer.priority,
        level: level(scenario, producer.priority),
        policy: ProducerPolicy::new(scenario, producer, draws),
    }
}

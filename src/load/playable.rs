//! What of a scenario can be played here, and what to write instead of the rest.

use super::LoadError;
use super::score::share_of;
use crate::scenario::{
    Ack, Complete, Consumer, Deliver, Destination, Discipline, Durability, Overflow, Preemption, Queue, Scenario, Servers, Topic,
};
use crate::workload::Block;

/// Servers beyond this would measure the scheduler.
const MAX_SERVERS: u64 = 512;

/// Messages (times queues that they may visit) beyond this would fill the memory of a small machine: about 120 bytes each.
const MAX_MESSAGES: u64 = 5_000_000;

/// # Errors
/// The first thing that cannot be played.
pub fn check(scenario: &Scenario, plan: &Block) -> Result<(), LoadError> {
    if plan.is_empty() {
        return Err(LoadError::EmptyPlan);
    }
    let messages = plan.len() as u64 * scenario.queues.len() as u64;
    if messages > MAX_MESSAGES {
        return Err(LoadError::TooManyMessages { messages, limit: MAX_MESSAGES });
    }
    (0..scenario.queues.len()).try_for_each(|queue| check_queue(scenario, queue))?;
    scenario.topics.iter().try_for_each(check_topic)?;
    if let Some(producer) = scenario.producers.iter().find(|p| p.failure.is_some()) {
        return unsupported(format!("producers.{} has failure", producer.name), "write it for the consumers, or leave it out");
    }
    scenario.consumers.iter().try_for_each(|consumer| check_group(scenario, consumer))?;
    let servers = scenario.consumers.iter().map(|c| share_of(c) as u64).sum();
    if servers > MAX_SERVERS {
        return Err(LoadError::TooManyServers { servers, limit: MAX_SERVERS });
    }
    scenario.producers.iter().try_for_each(|producer| visit(scenario, producer.to, &mut vec![false; scenario.queues.len()]))
}

/// Whether messages come to a queue from producers alone, in the order of the plan, and none from a topic that may choose.
pub fn fed_by_producers_alone(scenario: &Scenario, queue: usize) -> bool {
    let forwards = |c: &Consumer| c.to.iter().any(|route| queues_of(scenario, route.to).contains(&queue));
    !scenario.consumers.iter().any(forwards) && !scenario.queues.iter().any(|q| q.dead_letter == Some(queue))
}

fn unsupported<T>(what: String, instead: &str) -> Result<T, LoadError> {
    Err(LoadError::Unsupported { what, instead: format!("{instead}; the simulation answers it as it is") })
}

fn queues_of(scenario: &Scenario, to: Destination) -> Vec<usize> {
    match to {
        Destination::Queue(queue) => vec![queue],
        Destination::Topic(topic) => scenario.topics[topic].subscriptions.clone(),
    }
}

/// Follows every way that a message can go. Each queue holds one life of each message.
fn visit(scenario: &Scenario, to: Destination, seen: &mut Vec<bool>) -> Result<(), LoadError> {
    for queue in queues_of(scenario, to) {
        let name = &scenario.queues[queue].name;
        if std::mem::replace(&mut seen[queue], true) {
            return unsupported(format!("a message may come to queues.{name} twice"), "let every message visit a queue once");
        }
        if let Some(dead) = scenario.queues[queue].dead_letter {
            visit(scenario, Destination::Queue(dead), seen)?;
        }
        for (_, consumer) in scenario.consumers_of(queue) {
            consumer.to.iter().try_for_each(|route| visit(scenario, route.to, seen))?;
        }
    }
    Ok(())
}

fn check_queue(scenario: &Scenario, index: usize) -> Result<(), LoadError> {
    let queue = &scenario.queues[index];
    let groups = scenario.consumers_of(index).count();
    let dead_end = |q: &Queue| q.dead_letter == Some(index) && queue.overflow == Overflow::Block && queue.max_length.is_some();
    let odd = [
        (queue.durability == Durability::Fsync && queue.max_length.is_some(), "durability = \"fsync\" with max_length"),
        (queue.durability == Durability::Fsync && queue.partitions.is_some(), "durability = \"fsync\" with partitions"),
        (queue.initial_backlog > 0, "initial_backlog"),
        (queue.preemption != Preemption::None, "preemption"),
        (queue.discipline == Discipline::ProcessorSharing, "discipline = \"processor-sharing\""),
        (queue.discipline == Discipline::RoundRobin, "discipline = \"round-robin\""),
        (queue.partitions.is_some() && groups != 1, "partitions with other than one consumer group"),
        (queue.partitions.is_some() && queue.max_length.is_some(), "partitions with max_length"),
        (scenario.queues.iter().any(dead_end), "overflow = \"block\" for dead letters"),
    ];
    match odd.iter().find(|(set, _)| *set) {
        Some((_, key)) => unsupported(format!("queues.{} has {key}", queue.name), "leave it out"),
        None => Ok(()),
    }
}

fn check_topic(topic: &Topic) -> Result<(), LoadError> {
    if topic.deliver == Deliver::All && topic.complete_when != Complete::Each {
        return unsupported(format!("topics.{} has complete_when", topic.name), "write complete_when = \"each\"");
    }
    Ok(())
}

fn check_group(scenario: &Scenario, consumer: &Consumer) -> Result<(), LoadError> {
    let partitioned = scenario.queues[consumer.from].partitions.is_some();
    let odd = [
        (consumer.count == Servers::Unlimited, "count = \"unlimited\"", "write a number"),
        (consumer.outages.is_some(), "outages", "leave it out"),
        (consumer.autoscale.is_some(), "autoscale", "leave it out"),
        (consumer.batch.is_some() && consumer.prefetch > 1, "batch and prefetch", "leave one of them out"),
        (consumer.batch.is_some() && partitioned, "batches from partitions", "leave one of them out"),
        (consumer.ack == Ack::Auto && consumer.failure > 0.0, "failure with ack = \"auto\"", "write ack = \"manual\""),
    ];
    match odd.iter().find(|(set, ..)| *set) {
        Some((_, key, instead)) => unsupported(format!("consumers.{} has {key}", consumer.name), instead),
        None => Ok(()),
    }
}

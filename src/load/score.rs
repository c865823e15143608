//! The plan as the threads read it, with each message's queue.

use super::LoadError;
use crate::scenario::{Destination, Overflow, Scenario, Servers};
use crate::workload::Block;

/// Servers beyond this would measure the scheduler.
const MAX_SERVERS: u64 = 512;

/// Messages beyond this would fill the memory of a small machine with their records (about 120 bytes each).
const MAX_MESSAGES: u64 = 5_000_000;

/// A scenario's plan, checked to be playable.
#[derive(Debug)]
pub struct Score<'a> {
    pub plan: &'a Block,
    pub groups: Vec<Group>,
    /// By producer.
    queue: Vec<usize>,
    /// By queue: whether a sender waits for room.
    blocks: Vec<bool>,
}

/// A consumer group: from which queue and with how many servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    pub queue: usize,
    pub servers: u32,
}

impl<'a> Score<'a> {
    /// # Errors
    /// What of the scenario cannot be played.
    pub fn new(scenario: &Scenario, plan: &'a Block) -> Result<Self, LoadError> {
        let messages = plan.len() as u64;
        if messages == 0 {
            return Err(LoadError::EmptyPlan);
        }
        if messages > MAX_MESSAGES {
            return Err(LoadError::TooManyMessages { messages, limit: MAX_MESSAGES });
        }
        let queue = scenario.producers.iter().map(queue_of).collect::<Result<_, _>>()?;
        scenario.queues.iter().try_for_each(check_queue)?;
        let groups: Vec<Group> = scenario.consumers.iter().map(group).collect::<Result<_, _>>()?;
        let servers = groups.iter().map(|g| u64::from(g.servers)).sum();
        if servers > MAX_SERVERS {
            return Err(LoadError::TooManyServers { servers, limit: MAX_SERVERS });
        }
        let blocks = scenario.queues.iter().map(|q| q.max_length.is_some() && q.overflow == Overflow::Block).collect();
        assert_eq!(plan.demand.len(), groups.len(), "a plan has a column of demands for every consumer group");
        Ok(Score { plan, groups, queue, blocks })
    }

    pub fn len(&self) -> usize {
        self.plan.len()
    }

    /// When a message was due, in nanoseconds from the start.
    pub fn due(&self, message: usize) -> u64 {
        self.plan.due[message]
    }

    /// When a message is to be sent, in nanoseconds from the start.
    pub fn sent(&self, message: usize) -> u64 {
        self.plan.sent[message]
    }

    /// What a message costs a server of a group, in nanoseconds.
    pub fn demand(&self, group: usize, message: usize) -> u64 {
        self.plan.demand[group][message]
    }

    pub fn queue_of(&self, message: usize) -> usize {
        self.queue[self.plan.producer_of(message) as usize]
    }

    /// The servers of all groups.
    pub fn servers(&self) -> u64 {
        self.groups.iter().map(|g| u64::from(g.servers)).sum()
    }

    pub fn queues(&self) -> usize {
        self.blocks.len()
    }

    /// The first consumer group of a queue.
    pub fn first_group(&self, queue: usize) -> usize {
        self.groups.iter().position(|g| g.queue == queue).unwrap_or(0)
    }

    pub fn blocks(&self, queue: usize) -> bool {
        self.blocks[queue]
    }

    /// How long after the last send the servers may still be busy if all goes well, in nanoseconds: the work
    /// brought to the busiest queue, shared by its servers, beyond the time in which it was brought.
    pub fn backlog(&self) -> u64 {
        let span = self.sent(self.len() - 1);
        (0..self.blocks.len()).map(|queue| self.work_of(queue)).max().unwrap_or(0).saturating_sub(span)
    }

    fn work_of(&self, queue: usize) -> u64 {
        let groups = || self.groups.iter().enumerate().filter(|(_, g)| g.queue == queue);
        let servers: u64 = groups().map(|(_, g)| u64::from(g.servers)).sum();
        let all = (0..self.len()).filter(|&i| self.queue_of(i) == queue);
        let work: u128 = all.map(|i| groups().map(|(g, _)| u128::from(self.demand(g, i))).max().unwrap_or(0)).sum();
        u64::try_from(work / u128::from(servers.max(1))).unwrap_or(u64::MAX)
    }
}

fn unsupported<T>(what: String, instead: &str) -> Result<T, LoadError> {
    Err(LoadError::Unsupported { what, instead: format!("{instead}; the simulation answers it as it is") })
}

fn queue_of(producer: &crate::scenario::Producer) -> Result<usize, LoadError> {
    match producer.to {
        Destination::Queue(queue) => Ok(queue),
        Destination::Topic(_) => unsupported(format!("producers.{} sends to a topic", producer.name), "send to a queue"),
    }
}

fn check_queue(queue: &crate::scenario::Queue) -> Result<(), LoadError> {
    let odd = [
        (queue.message_ttl.is_some(), "message_ttl"),
        (queue.delivery_limit.is_some(), "delivery_limit"),
        (queue.visibility_timeout.is_some(), "visibility_timeout"),
        (queue.partitions.is_some(), "partitions"),
        (queue.durability != crate::scenario::Durability::None, "durability"),
        (queue.initial_backlog > 0, "initial_backlog"),
        (queue.preemption != crate::scenario::Preemption::None, "preemption"),
    ];
    match odd.iter().find(|(set, _)| *set) {
        Some((_, key)) => unsupported(format!("queues.{}.{key} is set", queue.name), "leave it out"),
        None => Ok(()),
    }
}

fn group(consumer: &crate::scenario::Consumer) -> Result<Group, LoadError> {
    let odd = [
        (consumer.batch.is_some(), "batch"),
        (consumer.prefetch != 1, "prefetch"),
        (consumer.failure > 0.0, "failure"),
        (consumer.outages.is_some(), "outages"),
        (consumer.autoscale.is_some(), "autoscale"),
        (!consumer.to.is_empty(), "to"),
    ];
    if let Some((_, key)) = odd.iter().find(|(set, _)| *set) {
        return unsupported(format!("consumers.{}.{key} is set", consumer.name), "leave it out");
    }
    match consumer.count {
        Servers::Count(servers) => Ok(Group { queue: consumer.from, servers }),
        Servers::Unlimited => unsupported(format!("consumers.{}.count is unlimited", consumer.name), "write a number"),
    }
}

//! The plan as the threads read it: what each message brings, where it goes and how it is treated there.

use super::LoadError;
use super::chance::{Chance, Facts};
use super::playable;
use super::targets::{Offer, Target};
use crate::scenario::{Consumer, Deliver, Destination, Discipline, Overflow, Scenario, Servers};
use crate::workload::Block;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A scenario's plan, checked to be playable.
#[derive(Debug)]
pub struct Score<'a> {
    pub scenario: &'a Scenario,
    pub plan: &'a Block,
    pub chance: Chance,
    pub groups: Vec<Group>,
    /// By topic: whose turn it is.
    turns: Vec<AtomicUsize>,
}

/// A consumer group: from which queue and with how many servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    pub queue: usize,
    pub servers: u32,
    /// Whether first deliveries come in the order of the plan.
    pub ordered: bool,
    /// Whether a delivery may be taken from a server that is slow.
    pub leased: bool,
}

/// The servers of a group, 0 where there is no number.
pub fn share_of(consumer: &Consumer) -> usize {
    match consumer.count {
        Servers::Count(servers) => servers as usize,
        Servers::Unlimited => 0,
    }
}

impl<'a> Score<'a> {
    /// # Errors
    /// What of the scenario cannot be played.
    pub fn new(scenario: &'a Scenario, plan: &'a Block) -> Result<Self, LoadError> {
        playable::check(scenario, plan)?;
        assert_eq!(plan.demand.len(), scenario.consumers.len(), "a plan has a column of demands for every consumer group");
        let groups = scenario.consumers.iter().map(|consumer| {
            let queue = &scenario.queues[consumer.from];
            Group {
                queue: consumer.from,
                servers: share_of(consumer) as u32,
                ordered: queue.discipline == Discipline::Fifo && playable::fed_by_producers_alone(scenario, consumer.from),
                leased: queue.visibility_timeout.is_some(),
            }
        });
        let turns = scenario.topics.iter().map(|_| AtomicUsize::new(0)).collect();
        Ok(Score { scenario, plan, chance: Chance::new(scenario), groups: groups.collect(), turns })
    }

    /// Messages of the plan.
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

    /// What a message alone costs a server of a group at one of its deliveries, in nanoseconds.
    pub fn demand(&self, group: usize, message: usize, deliveries: u32) -> u64 {
        match self.plan.demand[group].get(message) {
            Some(&planned) if deliveries <= 1 => planned,
            _ => self.chance.service(&self.scenario.consumers[group], group, message, deliveries, 1),
        }
    }

    pub fn producer_of(&self, message: usize) -> usize {
        self.plan.producer_of(message) as usize
    }

    /// Where the producer of a message sends it.
    pub fn destination(&self, message: usize) -> Destination {
        self.scenario.producers[self.producer_of(message)].to
    }

    /// Calls `send` for each queue to which a message goes that is sent to a destination now.
    pub fn deliver(&self, to: Destination, message: usize, target: &dyn Target, mut send: impl FnMut(usize)) {
        let topic = match to {
            Destination::Queue(queue) => return send(queue),
            Destination::Topic(topic) => topic,
        };
        let turn = &self.turns[topic];
        let topic = &self.scenario.topics[topic];
        let all = &topic.subscriptions;
        let pick = |count| all[self.chance.pick(&topic.name, message, count, all.len())];
        let length = |queue: &usize| target.in_system(*queue).unwrap_or(0);
        match topic.deliver {
            Deliver::All => all.iter().for_each(|&queue| send(queue)),
            Deliver::RoundRobin => send(all[turn.fetch_add(1, Ordering::Relaxed) % all.len()]),
            Deliver::Random => send(pick(0)),
            Deliver::ShortestQueue => all.iter().copied().min_by_key(length).into_iter().for_each(send),
            Deliver::PowerOfTwo => {
                let one = pick(0);
                let other = (1..).map(pick).find(|&queue| queue != one || all.len() == 1).unwrap_or(one);
                send(if length(&other) < length(&one) { other } else { one });
            }
            Deliver::ByKey => send(all[self.chance.key_of(self.producer_of(message), message) as usize % all.len()]),
        }
    }

    /// A message as a queue wants it.
    pub fn offer(&self, queue: usize, message: usize) -> Offer {
        let (index, of) = (queue, &self.scenario.queues[queue]);
        let plain = of.discipline == Discipline::Fifo && of.message_ttl.is_none() && of.partitions.is_none();
        if plain {
            return Offer { message: message as u64, ..Offer::default() };
        }
        let producer = self.producer_of(message);
        let group = self.first_group(queue);
        let facts = Facts {
            priority: self.scenario.producers[producer].priority,
            demand: group.map_or(0, |g| self.demand(g, message, 1)),
            due: self.due(message),
        };
        let servers = group.map_or(1, |g| self.groups[g].servers as usize);
        Offer {
            message: message as u64,
            rank: self.chance.rank(of, index, message, &facts),
            ttl: self.chance.ttl(of, index, message),
            // Partitions are dealt to servers in turn.
            part: of.partitions.map_or(0, |n| (self.chance.key_of(producer, message) % u64::from(n)) as usize % servers),
        }
    }

    /// The servers of all groups.
    pub fn servers(&self) -> u64 {
        self.groups.iter().map(|g| u64::from(g.servers)).sum()
    }

    pub fn queues(&self) -> usize {
        self.scenario.queues.len()
    }

    /// The first consumer group of a queue.
    pub fn first_group(&self, queue: usize) -> Option<usize> {
        self.groups.iter().position(|g| g.queue == queue)
    }

    /// Whether a sender waits for room.
    pub fn blocks(&self, queue: usize) -> bool {
        let queue = &self.scenario.queues[queue];
        queue.max_length.is_some() && queue.overflow == Overflow::Block
    }

    /// How long after the last send the servers may still be busy if all goes well, in nanoseconds: the work
    /// brought to the busiest queue, shared by its servers, beyond the time in which it was brought.
    pub fn backlog(&self) -> u64 {
        let span = self.sent(self.len() - 1);
        (0..self.queues()).map(|queue| self.work_of(queue)).max().unwrap_or(0).saturating_sub(span)
    }

    fn work_of(&self, queue: usize) -> u64 {
        let groups = || self.groups.iter().enumerate().filter(|(_, g)| g.queue == queue);
        let servers: u64 = groups().map(|(_, g)| u64::from(g.servers)).sum();
        let planned = groups().map(|(g, _)| {
            let batch = self.scenario.consumers[g].batch.map_or(1, |b| b.max.max(1));
            self.plan.demand[g].iter().map(|&d| u128::from(d)).sum::<u128>() / u128::from(batch)
        });
        u64::try_from(planned.max().unwrap_or(0) / u128::from(servers.max(1))).unwrap_or(u64::MAX)
    }
}

//! The plan as the threads of a run read it, with routing: what each message brings, where it goes and how it
//! is treated there.

use super::LoadError;
use super::key_locks::KeyLocks;
use super::message_copy::MessageCopy;
use super::playable;
use super::rules::{Facts, Rules};
use super::shared_queues::SharedQueues;
use super::targets::{self, PublishRequest, Subscription, Target};
use crate::behaviour::{self, TokenBucket, WorkItem};
use crate::queue::Topic;
use crate::scenario::{Consumer, Destination, Discipline, Durability, LimitScope, Locks, Queue, Scenario};
use crate::workload::Block;
use parking_lot::{Mutex, MutexGuard};
use std::ops::Range;

/// A scenario's plan, checked to be playable.
#[derive(Debug)]
pub(super) struct RunPlan<'a> {
    pub scenario: &'a Scenario,
    pub block: &'a Block,
    pub rules: Rules,
    pub groups: Vec<PlannedGroup>,
    topics: Vec<Topic>,
    /// By queue: held while a batch that lingers is assembled, or a message taken and its key locked.
    take_locks: Vec<Mutex<()>>,
    /// By queue: which keys are locked, where they are.
    key_locks: Vec<Option<KeyLocks>>,
    /// By group: the bucket that its servers share, where their rate is limited together.
    buckets: Vec<Option<Mutex<TokenBucket>>>,
    /// Whether it is played on a message broker.
    pub on_broker: bool,
}

/// A consumer group: from which queue and with how many servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlannedGroup {
    pub queue: usize,
    pub servers: u32,
    /// Whether first deliveries come in the order of the plan.
    pub ordered: bool,
    /// Nanoseconds after which a delivery is taken from a server that is slow, if it is.
    pub lease: Option<u64>,
}

/// A server: its consumer group and its number in that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ServerId {
    pub group: usize,
    pub server: u32,
}

impl<'a> RunPlan<'a> {
    /// # Errors
    /// What of the scenario cannot be played.
    pub(super) fn new(scenario: &'a Scenario, plan: &'a Block) -> Result<Self, LoadError> {
        playable::check(scenario, plan)?;
        assert_eq!(plan.groups(), scenario.consumers.len(), "a plan knows of every consumer group");
        let rules = Rules::new(scenario);
        // What was pushed to a consumer that goes comes back after later messages.
        let on_broker = targets::is_broker(scenario);
        let groups = scenario.consumers.iter().map(|consumer| {
            let queue = &scenario.queues[consumer.from];
            PlannedGroup {
                queue: consumer.from,
                servers: consumer.most_servers().unwrap_or(0),
                ordered: queue.discipline == Discipline::Fifo
                    && queue.locks == Locks::None
                    && consumer.also.is_empty()
                    && playable::fed_by_producers_alone(scenario, consumer.from)
                    && !(on_broker
                        && (consumer.autoscale.is_some()
                            || !consumer.shifts.is_empty()
                            || consumer.outages.is_some())),
                lease: queue.visibility_timeout.map(|timeout| rules.scale.nanos(timeout)),
            }
        });
        let groups = groups.collect();
        let take_locks = scenario.queues.iter().map(|_| Mutex::default()).collect();
        let by_key = |queue: &Queue| (queue.locks == Locks::ByKey).then(KeyLocks::default);
        let key_locks = scenario.queues.iter().map(by_key).collect();
        let shared = |c: &Consumer| c.rate_limit.filter(|limit| limit.by == LimitScope::Group);
        let bucket = |c| shared(c).map(|limit| Mutex::new(behaviour::bucket(limit, rules.scale)));
        let buckets = scenario.consumers.iter().map(bucket).collect();
        let topics = scenario.topics.iter().map(|t| Topic::new(t.subscriptions.len(), t.deliver)).collect();
        Ok(RunPlan {
            scenario,
            block: plan,
            rules,
            groups,
            topics,
            take_locks,
            key_locks,
            buckets,
            on_broker,
        })
    }

    /// The lock that is held while a server takes from a group's queue: so that two servers do not split a
    /// batch that lingers, nor overtake one another on the way to the lock of a key or to a token. `None`
    /// where there is no such thing.
    pub(super) fn take_lock(&self, group: usize) -> Option<MutexGuard<'_, ()>> {
        let waits = self.scenario.consumers[group].batch.is_some_and(|b| b.linger > 0.0);
        let queue = self.groups[group].queue;
        let in_turn = waits || self.key_locks[queue].is_some() || self.buckets[group].is_some();
        in_turn.then(|| self.take_locks[queue].lock())
    }

    /// The bucket of tokens that a group's servers share, if they do. Who looks at it holds the lock to take.
    pub(super) fn bucket(&self, group: usize) -> Option<MutexGuard<'_, TokenBucket>> {
        self.buckets[group].as_ref().map(|bucket| bucket.lock())
    }

    /// The locks of the keys of a group's queue, where keys are locked.
    pub(super) fn key_locks(&self, group: usize) -> Option<&KeyLocks> {
        self.key_locks[self.groups[group].queue].as_ref()
    }

    /// The queues of a group that has several.
    pub(super) fn shared(&self, group: usize) -> Option<&SharedQueues> {
        self.rules.shared.iter().find(|shared| shared.group == group)
    }

    /// A server's number among those of all queues, as chance knows it.
    pub(super) fn number_of(&self, group: usize, server: u32) -> u64 {
        let queue = self.groups[group].queue;
        let before =
            |(g, other): (usize, &PlannedGroup)| other.queue < queue || other.queue == queue && g < group;
        let servers: u32 =
            self.groups.iter().enumerate().filter(|&g| before(g)).map(|(_, g)| g.servers).sum();
        u64::from(servers + server)
    }

    /// The index of a server's prefetch window among those of its queue, if the queue's messages are
    /// dispatched to windows.
    pub(super) fn window(&self, group: usize, server: u32) -> Option<usize> {
        let queue = self.groups[group].queue;
        let mut groups = self.scenario.consumers_of(queue);
        if self.scenario.queues[queue].partitions.is_some() || groups.all(|(_, c)| c.prefetch <= 1) {
            return None;
        }
        let before: u32 = self.groups[..group].iter().filter(|g| g.queue == queue).map(|g| g.servers).sum();
        Some((before + server) as usize)
    }

    /// Which messages a server takes: those of its window or of its partition, where there are such.
    pub(super) fn subscription_of(&self, group: usize, server: u32) -> Subscription {
        let queue = self.groups[group].queue;
        let part = match self.window(group, server) {
            Some(window) => window,
            None if self.scenario.queues[queue].partitions.is_some() => server as usize,
            None => 0,
        };
        let consumer = &self.scenario.consumers[group];
        let hold = consumer.batch.map_or(consumer.prefetch, |batch| batch.max).max(1);
        Subscription { queue, part, hold }
    }

    /// Whether a group's free servers take what is there at once, each message once, so that only a hand-off
    /// delays them.
    pub(super) fn takes_at_once(&self, group: usize) -> bool {
        let (c, queue) = (&self.scenario.consumers[group], &self.scenario.queues[self.groups[group].queue]);
        let once = !self.scenario.may_fail(c)
            && !self.scenario.may_wait(c)
            && queue.visibility_timeout.is_none()
            && queue.durability != Durability::Fsync
            && queue.locks == Locks::None;
        once && c.batch.is_none()
            && self.window(group, 0).is_none()
            && c.outages.is_none()
            && c.autoscale.is_none()
            && c.shifts.is_empty()
            && c.rate_limit.is_none()
    }

    /// Messages of the plan.
    pub(super) fn len(&self) -> usize {
        self.block.len()
    }

    /// When a message was due, in nanoseconds from the start.
    pub(super) fn due(&self, message: usize) -> u64 {
        self.block.due[message]
    }

    /// When a message is to be sent, in nanoseconds from the start.
    pub(super) fn sent(&self, message: usize) -> u64 {
        self.block.sent[message]
    }

    /// What a message alone costs a server of a group at one of its deliveries, in nanoseconds: as planned
    /// where the plan knows.
    pub(super) fn demand(&self, group: usize, copy: MessageCopy, deliveries: u32) -> u64 {
        let (item, work) = (self.item(group, copy, deliveries), &self.rules.consumers[group].work);
        let brought = item.brought.is_some();
        match self.block.work_for(group).get(copy.identity.number as usize) {
            // What a message brings it brings again, even if it has been a dead letter meanwhile.
            Some(&planned)
                if work.repeats(brought) && (brought || copy.planned) || deliveries <= 1 && copy.planned =>
            {
                planned
            }
            _ => work.of_message(item),
        }
    }

    fn item(&self, group: usize, copy: MessageCopy, deliveries: u32) -> WorkItem<'_> {
        let brought =
            self.rules.producer_of(copy).and_then(|producer| producer.brings_to(self.groups[group].queue));
        WorkItem { message: copy.identity, earlier: deliveries.saturating_sub(1), brought }
    }

    /// What messages that are served together cost a server of a group.
    pub(super) fn work(&self, group: usize, batch: impl Iterator<Item = (MessageCopy, u32)>) -> u64 {
        self.rules.consumers[group]
            .work
            .of_batch(batch.map(|(copy, deliveries)| self.item(group, copy, deliveries)))
    }

    /// A planned message as its producer sends it.
    pub(super) fn copy_of(&self, message: usize) -> MessageCopy {
        MessageCopy::planned(message as u64, self.block.producer_of(message))
    }

    /// Where the producer of a message sends it.
    pub(super) fn destination(&self, message: usize) -> Destination {
        self.scenario.producers[self.block.producer_of(message) as usize].to
    }

    /// Calls `send` for each queue to which a message goes that is sent to a destination now, with its way
    /// there and the topic of which it is a copy, if it is.
    pub(super) fn deliver(
        &self,
        to: Destination,
        copy: MessageCopy,
        target: &dyn Target,
        mut send: impl FnMut(usize, MessageCopy, Option<u32>),
    ) {
        match to {
            Destination::Queue(queue) => send(queue, copy, None),
            Destination::Topic(topic) => {
                let policy = &self.rules.topics[topic];
                for number in self.route(topic, copy, target) {
                    let queue = policy.subscriptions[number];
                    match policy.copies() {
                        true => send(queue, copy.copy(number), Some(topic as u32)),
                        false => send(queue, copy, None),
                    }
                }
            }
        }
    }

    /// Calls `with` for each queue that a destination may mean: the copies, or one that is as good as
    /// another.
    pub(super) fn each_copy(&self, to: Destination, mut with: impl FnMut(usize)) {
        match to {
            Destination::Queue(queue) => with(queue),
            Destination::Topic(topic) => {
                let copies = self.copies(to) as usize;
                self.scenario.topics[topic].subscriptions.iter().take(copies).for_each(|&queue| with(queue));
            }
        }
    }

    /// How many queues a message reaches that is sent to a destination.
    pub(super) fn copies(&self, to: Destination) -> u64 {
        match to {
            Destination::Topic(topic) if self.rules.topics[topic].copies() => {
                self.rules.topics[topic].subscriptions.len() as u64
            }
            _ => 1,
        }
    }

    /// The subscriptions of a topic that get a message.
    fn route(&self, topic: usize, copy: MessageCopy, target: &dyn Target) -> Range<usize> {
        let policy = &self.rules.topics[topic];
        self.topics[topic].route_by(
            |_, count| policy.bits(copy.identity, count),
            || policy.by_key(self.rules.key_of(copy)),
            |at| target.in_system(policy.subscriptions[at]).unwrap_or(0),
        )
    }

    /// A message as a queue wants it; `visit` is the number by which it is known again, `sent` when it is
    /// sent.
    pub(super) fn request(&self, queue: usize, copy: MessageCopy, visit: usize, sent: u64) -> PublishRequest {
        let (index, of) = (queue, &self.scenario.queues[queue]);
        let producer = self.scenario.producers.get(copy.producer as usize);
        let (message, size) = (visit as u64, producer.map_or(0, |p| p.size));
        let plain = of.discipline == Discipline::Fifo && of.message_ttl.is_none() && of.partitions.is_none();
        if plain {
            return PublishRequest { message, size, ..PublishRequest::default() };
        }
        let group = self.first_group(queue);
        let ttl = self.rules.queues[index].time_to_live(copy.identity);
        let facts = Facts {
            priority: producer.map_or(0, |p| p.priority),
            demand: group.map_or(0, |g| self.demand(g, copy, 1)),
            sent,
            ttl,
        };
        PublishRequest {
            message,
            rank: self.rules.rank(of, index, copy, &facts),
            ttl,
            part: of.partitions.map_or(0, |n| self.part(queue, copy, n)),
            size,
        }
    }

    /// Which server's part of a partitioned queue a message belongs to: partitions are dealt to servers in
    /// turn; servers beyond them have none.
    fn part(&self, queue: usize, copy: MessageCopy, partitions: u32) -> usize {
        let servers = self.first_group(queue).map_or(1, |g| self.groups[g].servers as usize);
        let partition = self.rules.queues[queue].partition(copy.identity, || self.rules.key_of(copy));
        partition % servers.min(partitions as usize)
    }

    /// The servers of all groups.
    pub(super) fn servers(&self) -> u64 {
        self.groups.iter().map(|g| u64::from(g.servers)).sum()
    }

    pub(super) fn queues(&self) -> usize {
        self.scenario.queues.len()
    }

    /// The first consumer group of a queue.
    pub(super) fn first_group(&self, queue: usize) -> Option<usize> {
        self.scenario.consumers_of(queue).next().map(|(group, _)| group)
    }

    /// Whether a sender waits for room.
    pub(super) fn blocks(&self, queue: usize) -> bool {
        self.scenario.queues[queue].blocks()
    }
}

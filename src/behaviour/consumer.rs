//! What a consumer group decides about a delivery.

use super::{Draws, MessageIdentity, RandomTime, Role, Routes, TimeScale, WorkPolicy, retry};
use crate::rng::Key;
use crate::scenario::{Consumer, Destination, RetryDelay, Scenario};

/// The rules for the deliveries and servers of a group.
#[derive(Debug, Clone)]
pub(crate) struct ConsumerPolicy {
    pub work: WorkPolicy,
    pub breakdowns: Option<Breakdowns>,
    pub routes: Routes,
    route: Key,
    failure: (f64, Key),
    retry: Option<(RetryDelay, Key)>,
    scale: TimeScale,
}

impl ConsumerPolicy {
    pub(crate) fn new(scenario: &Scenario, consumer: &Consumer, draws: Draws) -> Self {
        let key = |role| draws.key(role, &consumer.name);
        ConsumerPolicy {
            work: WorkPolicy::new(consumer, draws),
            breakdowns: Breakdowns::of(consumer, draws),
            routes: Routes::new(consumer, scenario.producers.len()),
            route: key(Role::Route),
            failure: (consumer.failure, key(Role::Failure)),
            retry: consumer.retry_delay.map(|retry| (retry, key(Role::RetryDelay))),
            scale: draws.scale,
        }
    }

    /// Whether the handler fails at a delivery: by the producer's own probability, if it has one, or by the group's.
    pub(crate) fn fails(&self, message: MessageIdentity, deliveries: u32, own: Option<f64>) -> bool {
        let (group, key) = self.failure;
        let probability = own.unwrap_or(group);
        probability > 0.0 && key.uniform_at(message.number, message.count(deliveries)) <= probability
    }

    /// How long a message stays away whose delivery failed.
    pub(crate) fn retry_delay(&self, message: MessageIdentity, deliveries: u32) -> u64 {
        let Some((retry, key)) = &self.retry else { return 0 };
        let delay = retry::delay(retry.min, retry.max, deliveries);
        let uniform = || key.uniform_at(message.number, message.count(deliveries));
        self.scale.nanos(if retry.jitter { retry::jittered(delay, uniform()) } else { delay })
    }

    /// Where a producer's message goes that was processed at a delivery.
    pub(crate) fn route(&self, message: MessageIdentity, deliveries: u32, producer: u32) -> Option<Destination> {
        self.routes.next(producer, || self.route.uniform_at(message.number, message.count(deliveries)))
    }
}

/// When servers break and for how long they are down, each by itself.
#[derive(Debug, Clone)]
pub(crate) struct Breakdowns {
    /// Whether a server breaks only while it works.
    pub only_busy: bool,
    /// Whether the message in progress is delivered again; else the server goes on with it after the repair.
    pub redeliver: bool,
    up: RandomTime,
    down: RandomTime,
}

impl Breakdowns {
    fn of(consumer: &Consumer, draws: Draws) -> Option<Self> {
        let outages = consumer.outages.as_ref()?;
        Some(Breakdowns {
            only_busy: outages.only_busy,
            redeliver: outages.redeliver,
            up: draws.times(&outages.up, Role::TimeUp, &consumer.name),
            down: draws.times(&outages.down, Role::TimeDown, &consumer.name),
        })
    }

    /// How long a server, by its number among those of all queues, is up before its nth breakdown, counted from 1.
    pub(crate) fn time_up(&self, server: u64, nth: u64) -> u64 {
        self.up.at(server, nth)
    }

    /// How long it is then down.
    pub(crate) fn time_down(&self, server: u64, nth: u64) -> u64 {
        self.down.at(server, nth)
    }
}

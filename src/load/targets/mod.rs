//! What can be measured here: one file per target, one line each in [`TARGETS`].

mod brokers;
mod channels;
mod condvar;
#[cfg(test)]
mod conformance_tests;
mod in_process;
mod leftovers;
mod listener;
mod null;
mod shared;
mod support;
mod target;

pub(crate) use leftovers::leftovers;
pub(crate) use listener::{Listener, LostMessage, Trouble, TroubleKind};
pub(crate) use shared::{Direct, SharedQueue};
pub(super) use support::other;
pub(crate) use support::{Support, told};
pub(crate) use target::{Delivery, PublishRequest, Publisher, Receiver, Sent, Subscription, Target};

use super::{LoadError, UnmeasurableSetting};
use crate::scenario::{Feature, PrefetchBy, Scenario};
use leftovers::Clearing;
use std::sync::Arc;

/// In tests, a position whose body is written as somebody else would write it.
#[cfg(test)]
const FOREIGN: u64 = 1_999;

/// What a target is opened for.
#[derive(Clone)]
pub(crate) struct Opening<'a> {
    pub scenario: &'a Scenario,
    /// How many messages are planned.
    pub messages: usize,
    pub listener: Arc<dyn Listener>,
    /// Whose session with a broker it is, where another may follow it.
    #[cfg_attr(not(feature = "brokers-wire"), allow(dead_code, reason = "only brokers have sessions"))]
    pub session: Option<SessionName<'a>>,
}

/// A session with a broker: one of several of a run.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "brokers-wire"), allow(dead_code, reason = "only brokers have sessions"))]
pub(crate) struct SessionName<'a> {
    /// The run's own part of the names.
    pub run: &'a str,
    /// Whether there has been one before.
    pub anew: bool,
}

type Open = fn(&Opening<'_>) -> Result<Box<dyn Target>, LoadError>;

/// An entry of the registry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TargetEntry {
    /// Its name in `measurement.target`.
    pub name: &'static str,
    /// What it is, in a phrase.
    pub meaning: &'static str,
    /// The cargo feature that brings it; `None` if every program has it.
    pub feature: Option<&'static str>,
    /// How it is opened; `None` in a program that was built without its feature.
    open: Option<Open>,
    /// How it plays each feature that the harness can play.
    plays: fn(Feature) -> Support,
    /// What is to be known of it, if it is a message broker.
    pub broker: Option<BrokerEntry>,
    /// What it does not play although it plays the features.
    limits: fn(&Scenario) -> Vec<UnmeasurableSetting>,
}

/// A message broker among the targets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BrokerEntry {
    /// A command that starts one on this machine.
    start: &'static str,
    /// Where a broker answers that no scenario names; `None` in a program that was built without its client.
    probe: Option<fn() -> Result<String, LoadError>>,
    /// How what earlier runs left there goes away.
    clearing: Clearing,
}

/// What only a program built with a feature has.
macro_rules! with {
    ($feature:tt, $function:path) => {{
        #[cfg(feature = $feature)]
        {
            Some($function)
        }
        #[cfg(not(feature = $feature))]
        {
            None
        }
    }};
}

/// A channel of another crate.
macro_rules! channel {
    ($name:literal, $meaning:literal, $open:path) => {
        TargetEntry {
            name: $name,
            meaning: $meaning,
            feature: Some("channels"),
            open: with!("channels", $open),
            plays: support::channel,
            broker: None,
            limits: support::no_limits,
        }
    };
}

/// Every target, in the order of [`TARGET_NAMES`](crate::scenario::TARGET_NAMES), which a scenario is checked
/// against.
pub(crate) const TARGETS: &[TargetEntry] = &[
    TargetEntry {
        name: "in-process",
        meaning: "this crate's own queue: one lock, acknowledgements, bounds, broker semantics",
        feature: None,
        open: Some(in_process::open),
        plays: support::in_process,
        broker: None,
        limits: support::no_limits,
    },
    channel!(
        "crossbeam-channel",
        "crossbeam's channel; knows no acknowledgement",
        channels::crates::crossbeam
    ),
    channel!("flume", "flume's channel; knows no acknowledgement", channels::crates::flume),
    channel!("kanal", "kanal's channel; knows no acknowledgement", channels::crates::kanal),
    TargetEntry {
        name: "std-mpsc",
        meaning: "the standard library's channel, its one receiver behind a lock",
        feature: None,
        open: Some(channels::std_mpsc),
        plays: support::channel,
        broker: None,
        limits: support::no_limits,
    },
    TargetEntry {
        name: "mutex-condvar",
        meaning: "the queue that everybody writes first: a deque, a lock, a condition",
        feature: None,
        open: Some(condvar::open),
        plays: support::channel,
        broker: None,
        limits: support::no_limits,
    },
    TargetEntry {
        name: "null",
        meaning: "two counters instead of a queue: what the harness itself costs, and its highest rate",
        feature: None,
        open: Some(null::open),
        plays: support::null,
        broker: None,
        limits: support::null_limits,
    },
    TargetEntry {
        name: "rabbitmq",
        meaning: "RabbitMQ by AMQP 0-9-1: publisher confirms, acknowledgements, prefetch, dead letters",
        feature: Some("rabbitmq"),
        open: with!("rabbitmq", brokers::rabbitmq::open),
        plays: brokers::capabilities::rabbitmq::plays,
        broker: Some(BrokerEntry {
            start: brokers::capabilities::rabbitmq::START,
            probe: with!("rabbitmq", brokers::rabbitmq::probe),
            clearing: Clearing::ByItself(brokers::capabilities::rabbitmq::CLEARING),
        }),
        limits: brokers::capabilities::rabbitmq::limits,
    },
    TargetEntry {
        name: "nats",
        meaning: "NATS JetStream: a stream and a pull consumer in the place of each queue",
        feature: Some("nats"),
        open: with!("nats", brokers::nats::open),
        plays: brokers::capabilities::nats::plays,
        limits: brokers::capabilities::nats::limits,
        broker: Some(BrokerEntry {
            start: brokers::capabilities::nats::START,
            probe: with!("nats", brokers::nats::probe),
            clearing: Clearing::ByUs(with!("nats", brokers::nats::leftovers)),
        }),
    },
    TargetEntry {
        name: "redis",
        meaning: "Redis Streams: a stream and a group in the place of each queue",
        feature: Some("redis"),
        open: with!("redis", brokers::redis::open),
        plays: brokers::capabilities::redis::plays,
        limits: brokers::capabilities::redis::limits,
        broker: Some(BrokerEntry {
            start: brokers::capabilities::redis::START,
            probe: with!("redis", brokers::redis::probe),
            clearing: Clearing::ByUs(with!("redis", brokers::redis::leftovers)),
        }),
    },
    TargetEntry {
        name: "activemq",
        meaning: "ActiveMQ Classic by STOMP: a queue in the place of each queue",
        feature: Some("activemq"),
        open: with!("activemq", brokers::activemq::open),
        plays: brokers::capabilities::activemq::plays,
        limits: brokers::capabilities::activemq::limits,
        broker: Some(BrokerEntry {
            start: brokers::capabilities::activemq::START,
            probe: with!("activemq", brokers::activemq::probe),
            clearing: Clearing::ByItself(brokers::capabilities::activemq::CLEARING),
        }),
    },
    TargetEntry {
        name: "kafka",
        meaning: "Apache Kafka, by librdkafka: a topic for each queue, a consumer for each partition",
        feature: Some("kafka"),
        open: with!("kafka", brokers::kafka::open),
        plays: brokers::capabilities::kafka::plays,
        broker: Some(BrokerEntry {
            start: brokers::capabilities::kafka::START,
            probe: with!("kafka", brokers::kafka::probe),
            clearing: Clearing::ByUs(with!("kafka", brokers::kafka::leftovers)),
        }),
        limits: brokers::capabilities::kafka::limits,
    },
    TargetEntry {
        name: "rocketmq",
        meaning: "Apache RocketMQ 5 by its remoting protocol: messages are popped and settled one by one",
        feature: Some("rocketmq"),
        open: with!("rocketmq", brokers::rocketmq::open),
        plays: brokers::capabilities::rocketmq::plays,
        broker: Some(BrokerEntry {
            start: brokers::capabilities::rocketmq::START,
            probe: with!("rocketmq", brokers::rocketmq::probe),
            clearing: Clearing::ByUs(with!("rocketmq", brokers::rocketmq::leftovers)),
        }),
        limits: brokers::capabilities::rocketmq::limits,
    },
    TargetEntry {
        name: "zeromq",
        meaning: "ZeroMQ's PUSH and PULL sockets over TCP, within this process; no broker, no acknowledgement",
        feature: Some("zeromq"),
        open: with!("zeromq", brokers::zeromq::open),
        plays: brokers::capabilities::zeromq::plays,
        broker: None,
        limits: brokers::capabilities::zeromq::limits,
    },
];

/// Opens the target that a scenario names.
pub(super) fn open(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    let entry = entry(opening.scenario)?;
    match entry.open {
        Some(open) => open(opening),
        None => Err(LoadError::NotBuiltIn {
            target: entry.name.into(),
            feature: entry.feature.unwrap_or(entry.name),
        }),
    }
}

impl TargetEntry {
    /// Whether this program has it.
    #[cfg(test)]
    pub(crate) fn is_built_in(&self) -> bool {
        self.open.is_some()
    }

    /// Whether a broker answers, and how to come by one, in a sentence; `None` of a target within this
    /// process.
    pub(crate) fn presence(&self) -> Option<String> {
        let broker = self.broker?;
        Some(match broker.probe.map(|probe| probe()) {
            None => format!(
                "not in this program: build it with --features {}; then start a broker, such as `{}`",
                self.feature.unwrap_or(self.name),
                broker.start
            ),
            Some(Ok(place)) => format!("answers at {place}"),
            Some(Err(LoadError::Broker { why, .. })) => format!("does not answer: {why}"),
            Some(Err(other)) => format!("does not answer: {other}"),
        })
    }
}

/// The target that a scenario names.
pub(super) fn entry(scenario: &Scenario) -> Result<&'static TargetEntry, LoadError> {
    let name = scenario.measurement.target.as_str();
    TARGETS.iter().find(|t| t.name == name).ok_or_else(|| LoadError::UnknownTarget { name: name.into() })
}

/// How the target of a scenario gives its servers messages to hold, whatever is written; `None` if it does
/// not.
pub(crate) fn prefetches_by(scenario: &Scenario) -> Option<PrefetchBy> {
    let target = entry(scenario).ok()?;
    let ways = [
        (Feature::Prefetch, PrefetchBy::Turn),
        (Feature::PrefetchOnDemand, PrefetchBy::Demand),
        (Feature::PrefetchOnRequest, PrefetchBy::Request),
    ];
    ways.into_iter().find(|(feature, _)| target.support(*feature) == Support::Played).map(|(_, by)| by)
}

/// Whether a scenario is measured on a message broker.
pub(crate) fn is_broker(scenario: &Scenario) -> bool {
    entry(scenario).is_ok_and(|target| target.broker.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::TARGET_NAMES;

    #[test]
    fn scenarios_know_every_target() {
        assert_eq!(TARGETS.iter().map(|t| t.name).collect::<Vec<_>>(), TARGET_NAMES);
    }
}

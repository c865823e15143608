//! What can be measured here: one file per target, one line each in [`TARGETS`].

mod brokers;
mod channels;
mod condvar;
#[cfg(test)]
mod conformance_tests;
mod in_process;
mod listener;
mod null;
mod shared;
mod support;

pub(crate) use listener::{Listener, LostMessage, Trouble, TroubleKind};
pub(crate) use shared::{Direct, SharedQueue};
pub(super) use support::other;
pub(crate) use support::{Support, told};

use super::{LoadError, UnmeasurableSetting};
use crate::scenario::{Feature, Scenario};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A message queue as the harness sees it. Messages are positions in the run's log of visits.
///
/// Every thread of a run has a handle of its own: the generator and the servers that forward a [`Publisher`],
/// each server a
/// [`Receiver`]. A target may make a caller wait, but must let everybody go once it is halted.
pub(crate) trait Target: Sync {
    /// A handle for a thread that sends.
    ///
    /// # Errors
    /// The target has none to give.
    fn publisher(&self) -> Result<Box<dyn Publisher + '_>, LoadError>;

    /// A handle for a server's thread.
    ///
    /// # Errors
    /// The target has none to give.
    fn receiver(&self, of: Subscription) -> Result<Box<dyn Receiver + '_>, LoadError>;

    /// No more messages are sent to a queue: its consumers drain what there is and go.
    fn close(&self, queue: usize);

    /// Everybody is to go at once. What is inside may be taken still.
    fn halt(&self);

    /// Messages inside, waiting or taken but not settled, by the target's own count, where it has one. Asked
    /// a hundred times a second.
    fn in_system(&self, queue: usize) -> Option<u64>;

    /// Waits until every publish has its verdict, or until an instant. Asked once, when all is served.
    fn await_verdicts(&self, _until: u64) {}

    /// How many messages go through each queue before a run, so that all that is on the way has been used, and
    /// what the way takes is known; 0 where there is no way but memory.
    fn warm_up(&self) -> u64 {
        0
    }

    /// Whether it can confirm what is published to it.
    fn confirms(&self) -> bool {
        true
    }

    /// Nanoseconds that each group commit of a queue took, in order. Asked once, at the end.
    fn commits(&self, _queue: usize) -> Vec<u64> {
        Vec::new()
    }

    /// What the result says of it: product, version, client, settings. Never an address with credentials.
    fn facts(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

/// What sends messages for one thread.
pub(crate) trait Publisher: Send {
    /// Sends a message into a queue of the scenario. Waits only for room, where the queue makes senders wait.
    fn publish(&mut self, queue: usize, request: &PublishRequest) -> Sent;
}

/// What takes messages for one server, and settles them.
pub(crate) trait Receiver: Send {
    /// Takes up to `most` messages onto the end of `out`. Waits until there is one, or until an instant of
    /// the run's clock: 0 is not at all, `u64::MAX` for as long as it takes. False once the queue is closed
    /// and all is settled, or the target halted.
    fn take(&mut self, most: usize, until: u64, out: &mut Vec<Delivery>) -> bool;

    /// Says that a message is done. False if the target will not have it.
    fn ack(&mut self, delivery: &Delivery) -> bool;

    /// Gives a message back, to be delivered again after so many nanoseconds. Never called where deliveries
    /// do not fail.
    fn nack(&mut self, delivery: &Delivery, delay: u64) -> bool;

    /// Lets the time in which a message is to be settled begin anew. False if it is over. Never called
    /// without visibility timeouts.
    fn extend(&mut self, _delivery: &mut Delivery) -> bool {
        true
    }

    /// Cancels the subscription, where the target pushes messages to who does not ask: the server is to be
    /// without any until it takes again.
    fn cancel(&mut self) {}
}

/// Which messages a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub queue: usize,
    /// Which part of a partitioned queue; of one whose consumers have windows, whose.
    pub part: usize,
    /// How many messages it may hold that are not settled.
    pub hold: u32,
}

/// A message to publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PublishRequest {
    /// Its position in the plan.
    pub message: u64,
    /// Smaller is sooner, where the queue's discipline looks at it.
    pub rank: i64,
    /// How long it may wait, in nanoseconds.
    pub ttl: Option<u64>,
    /// Which part of a partitioned queue it belongs to.
    pub part: usize,
    /// Bytes of content.
    pub size: u32,
}

/// What a target said to a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    Accepted,
    /// On its way: the [`Listener`] is told what becomes of it.
    #[cfg_attr(not(feature = "brokers-common"), expect(dead_code, reason = "only brokers confirm"))]
    Pending,
    Rejected,
    /// The target was closed while the sender waited.
    Closed,
}

/// A message delivered to a consumer and not yet settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Its position in the plan.
    pub message: u64,
    /// How often it has been delivered, 1 at first.
    pub deliveries: u32,
    /// Whatever the target needs to know it again.
    pub tag: u64,
    /// Which part of a partitioned queue it came from; of one with windows, out of whose.
    pub part: usize,
    /// When it is taken away again unless it is settled, by the run's clock; `u64::MAX` if it is not.
    pub until: u64,
}

/// What a target is opened for.
#[derive(Clone)]
pub(crate) struct Opening<'a> {
    pub scenario: &'a Scenario,
    /// How many messages are planned.
    pub messages: usize,
    pub listener: Arc<dyn Listener>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::TARGET_NAMES;

    #[test]
    fn scenarios_know_every_target() {
        assert_eq!(TARGETS.iter().map(|t| t.name).collect::<Vec<_>>(), TARGET_NAMES);
    }
}

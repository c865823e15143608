//! How a scenario is simulated and how it is measured.

use super::super::compound::{Maybe, TableOf, Unspoken};
use super::super::declare::declare;
use super::super::notation::{BrokerUrl, Flag, NameOf, Positive, Text, Timespan, Whole, Word};
use super::super::setting::{Takes, choice};
use super::queues::MOST_MESSAGES;
use crate::workload::laws::Law;
use std::ops::Bound;

/// How long to simulate.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Length {
    /// As the precision asks for: nothing but that was stated.
    Auto,
    /// So many messages.
    Messages(u64),
    /// Seconds.
    Duration(f64),
}

/// How much of a replication's beginning is left out.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Warmup {
    /// MSER-5 on a pilot run.
    Auto,
    /// So many messages.
    Messages(u64),
    /// Seconds.
    Duration(f64),
}

declare! {
    /// How a scenario is simulated.
    pub struct Simulation {
        /// A replication, after the warm-up.
        length: Length = Length::Messages(1_000_000) => {
            messages: Takes::Whole(1, MOST_MESSAGES as i64),
                "per replication, after the warm-up; default 1000000; whole cycles of what repeats";
            duration: Takes::Duration, "of a replication after its warm-up, instead of messages; with \
                warmup = \"0s\" figures are of just this time from an empty start"
        };
        /// What is left out at the beginning.
        warmup: Warmup = Warmup::Auto => {
            warmup: Takes::Any, "auto, a duration or a number of messages; default auto"
        };
        /// Independent runs.
        replications: u32 = 10, Whole(1, 100_000), "independent runs";
        /// Of the intervals, below 1.
        confidence: f64 = 0.95 => {
            confidence: Takes::Number(Bound::Included(0.5), Bound::Excluded(1.0)), "of the intervals; default 0.95"
        };
        /// When there are enough replications.
        precision: Precision = Precision::None => {
            precision: Takes::Any, "half-width as a share of the value: for every mean, or by metric path"
        };
        /// What a real host adds; nothing unless it is stated.
        overheads: Overheads = Overheads::default() => {
            hand_off: Takes::Law,
                "until a message reaches a consumer that sleeps; default 0, as on an ideal host";
            turnaround: Takes::Law, "from the end of a service until a consumer has the next message \
                that waits; default 0; with a broker and prefetch 1 the way there and back";
            sync: Takes::Law, "how long a group commit takes (durability = \"fsync\"); default 1ms"
        };
    }
}

/// What a host needs for things that an ideal one does in no time.
#[derive(Debug, Clone, PartialEq)]
pub struct Overheads {
    /// Time until a message reaches a consumer that sleeps.
    pub hand_off: Law,
    /// Time from the end of a service until the consumer has the next message, if one waits.
    pub turnaround: Law,
    /// How long a group commit takes; a millisecond if nothing says so.
    pub sync: Option<Law>,
}

impl Overheads {
    /// Whether messages are with a consumer as soon as it is free.
    pub fn delivers_at_once(&self) -> bool {
        self.hand_off.is_zero() && self.turnaround.is_zero()
    }
}

impl Default for Overheads {
    fn default() -> Self {
        let none = Law::deterministic(0.0);
        Overheads { hand_off: none.clone(), turnaround: none, sync: None }
    }
}

/// How narrow intervals must be before the simulation stops.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Precision {
    /// As they come.
    #[default]
    None,
    /// Every mean within this share of its value.
    Means(f64),
    /// Metric paths and the share of the value.
    Paths(Vec<(String, f64)>),
}

/// What can be measured, by name: each is a file of `load/targets`.
pub const TARGET_NAMES: &[&str] = &[
    "in-process",
    "crossbeam-channel",
    "flume",
    "kanal",
    "std-mpsc",
    "mutex-condvar",
    "null",
    "rabbitmq",
    "nats",
    "redis",
    "activemq",
    "kafka",
    "rocketmq",
    "zeromq",
];

declare! {
    /// How a scenario is measured.
    pub struct Measurement {
        /// The name of what is measured.
        target: String = "in-process".into(), NameOf(TARGET_NAMES), "what is measured";
        /// Seconds of the real clock.
        duration: f64 = 10.0, Timespan::AboveZero, "of the real clock, whatever the speed";
        /// How threads spend a service time.
        work: Work = Work::Auto, Word, "how a consumer spends its demand";
        /// All times are divided by this while measuring, and scaled back.
        speed: f64 = 1.0, Positive(1e9), "60 plays an hour of the scenario in a minute of the real clock";
        /// How a message broker is reached and used.
        broker: BrokerSettings = BrokerSettings::default(), Unspoken(TableOf("the measurement's")),
            "how a message broker is reached and used";
    }
}

declare! {
    /// How a message broker is reached and used.
    pub struct BrokerSettings {
        /// Where it is, without credentials; where the environment says if nothing is stated.
        url: Option<String> = None, Maybe(BrokerUrl),
            "without user and password; default QUEUELAB_<TARGET>_URL, then this machine's usual port";
        /// Whether publishes are confirmed.
        confirm: bool = true, Flag, "publishes are confirmed";
        /// Which connections there are.
        connections: Connections = Connections::Shared, Word, "one for all threads, or one for each";
        /// Of which kind the queues are, where the broker has several.
        queue_type: QueueType = QueueType::Classic, Word, "of RabbitMQ's queues";
        /// A file with the certificates of the authorities that are trusted besides the system's.
        ca: Option<String> = None, Maybe(Text),
            "a file of the authorities' certificates to trust besides the system's";
        /// A file with the client's certificate.
        certificate: Option<String> = None, Maybe(Text), "a file with the client's certificate";
        /// A file with the client's key.
        key: Option<String> = None, Maybe(Text), "a file with the client's key";
        /// Seconds for which an answer is waited for.
        wait: f64 = 10.0, Timespan::AboveZero, "how long an answer of the broker is waited for";
        /// Whether connections that are lost in mid-run are made anew.
        reconnect: bool = false, Flag,
            "a connection lost in mid-run is made anew within the wait and the run goes on, where else it ends";
        /// Whose queues are used.
        queue: BrokerQueue = BrokerQueue::Own, Word,
            "the run's own queues, or existing ones of the same names";
    }
}

choice!(Connections: "shared" => Shared, "each" => Each);
choice!(QueueType: "classic" => Classic, "quorum" => Quorum);
choice!(BrokerQueue: "own" => Own, "existing" => Existing);

choice!(Work: "auto" => Auto, "sleep" => Sleep, "spin" => Spin);

/// Which connections to a broker there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Connections {
    /// One for all.
    #[default]
    Shared,
    /// One for each thread.
    Each,
}

/// Of which kind a broker's queues are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum QueueType {
    /// On one node.
    #[default]
    Classic,
    /// Replicated, with a log.
    Quorum,
}

/// Whose queues of a broker are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BrokerQueue {
    /// The run's own, made before it and deleted after it.
    #[default]
    Own,
    /// Those that are there already, by their names, if they are empty and unused.
    Existing,
}

/// How threads spend a service time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Work {
    /// By sleeping as long as that is precise, else by computing.
    #[default]
    Auto,
    /// By sleeping.
    Sleep,
    /// By computing.
    Spin,
}

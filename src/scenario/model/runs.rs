//! How a scenario is simulated and how it is measured.

use crate::workload::laws::Law;

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

/// How a scenario is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// A replication, after the warm-up.
    pub length: Length,
    /// What is left out at the beginning.
    pub warmup: Warmup,
    /// Independent runs.
    pub replications: u32,
    /// Of the intervals, below 1.
    pub confidence: f64,
    /// When there are enough replications.
    pub precision: Precision,
    /// What a real host adds; nothing unless it is stated.
    pub overheads: Overheads,
}

impl Default for Simulation {
    fn default() -> Self {
        Simulation {
            length: Length::Messages(1_000_000),
            warmup: Warmup::Auto,
            replications: 10,
            confidence: 0.95,
            precision: Precision::None,
            overheads: Overheads::default(),
        }
    }
}

/// What a host needs for things that an ideal one does in no time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overheads {
    /// Seconds until a message reaches a consumer that sleeps.
    pub hand_off: f64,
    /// How long a group commit takes; a millisecond if nothing says so.
    pub sync: Option<Law>,
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
pub const TARGET_NAMES: &[&str] =
    &["in-process", "crossbeam-channel", "flume", "kanal", "std-mpsc", "mutex-condvar", "null"];

/// How a scenario is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// The name of what is measured.
    pub target: String,
    /// Seconds of the real clock.
    pub duration: f64,
    /// How threads spend a service time.
    pub work: Work,
    /// All times are divided by this while measuring, and scaled back.
    pub speed: f64,
    /// How a message broker is reached and used.
    pub broker: BrokerSettings,
}

impl Default for Measurement {
    fn default() -> Self {
        Measurement {
            target: "in-process".into(),
            duration: 10.0,
            work: Work::Auto,
            speed: 1.0,
            broker: BrokerSettings::default(),
        }
    }
}

/// How a message broker is reached and used.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerSettings {
    /// Where it is, without credentials; where the environment says if nothing is stated.
    pub url: Option<String>,
    /// Whether publishes are confirmed.
    pub confirm: bool,
    /// Which connections there are.
    pub connections: Connections,
    /// Of which kind the queues are, where the broker has several.
    pub queue_type: QueueType,
    /// A file with the certificates of the authorities that are trusted, instead of the system's.
    pub ca: Option<String>,
    /// A file with the client's certificate.
    pub certificate: Option<String>,
    /// A file with the client's key.
    pub key: Option<String>,
    /// Seconds for which an answer is waited for.
    pub wait: f64,
    /// Whether a run goes on after a lost connection.
    pub reconnect: bool,
    /// Whose queues are used.
    pub queue: BrokerQueue,
}

impl Default for BrokerSettings {
    fn default() -> Self {
        BrokerSettings {
            url: None,
            confirm: true,
            connections: Connections::default(),
            queue_type: QueueType::default(),
            ca: None,
            certificate: None,
            key: None,
            wait: 10.0,
            reconnect: false,
            queue: BrokerQueue::default(),
        }
    }
}

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

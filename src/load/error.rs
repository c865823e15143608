//! Why a scenario cannot be measured here, and what to write instead.

use std::time::Duration;

/// A refusal to measure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("{target} does not support {}; {}", settings(refusals), instead(*other))]
    Unsupported {
        target: String,
        /// All of what is not supported.
        refusals: Vec<UnmeasurableSetting>,
        /// A target that supports all of it.
        other: Option<&'static str>,
    },
    #[error(
        "{target} needs a part that this program was built without: build it with --features {feature}, or \
            measure with target = \"in-process\""
    )]
    NotBuiltIn { target: String, feature: &'static str },
    #[error(
        "{target} is no message broker, and hands messages over in this program: leave --target out to \
            calibrate this host"
    )]
    NoBroker { target: String },
    #[error("there is no target `{name}`; write one of {}", names())]
    UnknownTarget { name: String },
    #[error(
        "{servers} consumers are more threads than can be scheduled without disturbing the measurement; \
            measure at most {limit}, or scale the scenario down: \
         a tenth of the consumers at a tenth of the rate"
    )]
    TooManyServers { servers: u64, limit: u64 },
    #[error(
        "the plan has {messages} messages; measure at most {limit}: shorten measurement.duration or lower \
            the rate"
    )]
    TooManyMessages { messages: u64, limit: u64 },
    #[error("the plan is empty; lengthen measurement.duration until some messages are due")]
    EmptyPlan,
    #[error(
        "durable messages cannot be written: {why}; give TMPDIR a folder on a disk with room, or leave \
            durability out"
    )]
    NoDisk { why: String },
    #[error("{target}: {why}")]
    Broker {
        target: String,
        /// Why it cannot be used, as a clause, and what to do about it; without credentials.
        why: String,
    },
    #[error(
        "the broker did not hand out message {messages} of a warm-up within {wait:?} (measurement.broker.wait); \
            look at its log, or give it less to do"
    )]
    WarmUp { messages: u64, wait: Duration },
    #[error("no thread could be started: {why}; measure fewer consumers")]
    NoThread { why: String },
}

/// A setting of a scenario that cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnmeasurableSetting {
    /// As it can be written.
    pub setting: String,
    /// Why, and what to write instead.
    pub why: &'static str,
}

/// What is refused, the settings of one reason together.
fn settings(refusals: &[UnmeasurableSetting]) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for refusal in refusals {
        match reasons.iter_mut().find(|(why, _)| *why == refusal.why) {
            Some((_, settings)) => settings.push(&refusal.setting),
            None => reasons.push((refusal.why, vec![&refusal.setting])),
        }
    }
    let one = |(why, settings): &(&str, Vec<&str>)| format!("{} ({why})", settings.join(", "));
    reasons.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn instead(other: Option<&str>) -> String {
    match other {
        Some(other) => format!("leave that out, or measure with target = \"{other}\""),
        None => "the simulation answers it as it is".into(),
    }
}

fn names() -> String {
    super::TARGETS.iter().map(|t| format!("\"{}\"", t.name)).collect::<Vec<_>>().join(", ")
}

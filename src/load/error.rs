//! Why a scenario cannot be measured here, and what to write instead.

/// A refusal to measure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("cannot be measured: {what}; {instead}")]
    Unsupported { what: String, instead: String },
    #[error("there is no target `{name}`; write one of {}", names())]
    UnknownTarget { name: String },
    #[error(
        "{servers} consumers are more threads than can be scheduled honestly; measure at most {limit}, or scale the scenario down: \
         a tenth of the consumers at a tenth of the rate"
    )]
    TooManyServers { servers: u64, limit: u64 },
    #[error("the plan has {messages} messages; measure at most {limit}: shorten measurement.duration or lower the rate")]
    TooManyMessages { messages: u64, limit: u64 },
    #[error("the plan is empty; lengthen measurement.duration until some messages are due")]
    EmptyPlan,
    #[error("durable messages cannot be written: {why}; give TMPDIR a folder on a disk with room, or leave durability out")]
    NoDisk { why: String },
    #[error("no thread could be started: {why}; measure fewer consumers")]
    NoThread { why: String },
}

fn names() -> String {
    super::TARGETS.iter().map(|t| format!("\"{}\"", t.name)).collect::<Vec<_>>().join(", ")
}

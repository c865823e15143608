//! What no engine plays, or would play for ever.

use crate::units::Time;

/// Why a scenario cannot be simulated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unplayable {
    /// Settings that exclude one another, as a sentence.
    #[error("{0}")]
    Clash(String),
    /// Every delivery to a consumer group fails, without a limit of deliveries.
    #[error(
        "every delivery to `{consumers}` fails and is tried again for ever; give its queue a delivery_limit"
    )]
    FailsForEver {
        /// The group's name.
        consumers: String,
    },
    /// Every delivery of a producer's messages fails, without a limit of deliveries.
    #[error(
        "every delivery of the messages of `{producer}` fails and is tried again for ever; give every queue \
            a delivery_limit"
    )]
    ProducerFailsForEver {
        /// The producer's name.
        producer: String,
    },
    /// No message ever leaves.
    #[error("messages go round for ever from queue `{queue}`: let some leave, or send them elsewhere")]
    NeverLeaves {
        /// The queue's name.
        queue: String,
    },
    /// Some work is never acknowledged in time, and delivered again without end.
    #[error(
        "work from queue `{queue}`{} may take longer than its visibility_timeout of {timeout} at each \
            delivery: none is acknowledged in time, \
         and the message is delivered for ever; write a longer one, or a delivery_limit",
        .hand_off.map_or(String::new(), |time| format!(" and the {time} until a message reaches a consumer"))
    )]
    NeverInTime {
        /// The queue's name.
        queue: String,
        /// Its visibility timeout.
        timeout: Time,
        /// What it takes until a message reaches a consumer that has nothing to do, if it takes anything.
        hand_off: Option<Time>,
    },
    /// Clients send without end at one instant.
    #[error(
        "the clients of `{producer}` do not think, and {why}: time would stand still; give them a think_time"
    )]
    TimeStandsStill {
        /// The producer's name.
        producer: String,
        /// What else takes no time.
        why: &'static str,
    },
    /// Queues whose consumers wait for room in one another could all be full at once.
    #[error(
        "deadlock: {waits}, in a circle, and once all are full nobody would ever go on; use another \
            overflow than \"block\" in it"
    )]
    Deadlock {
        /// Who waits for whom.
        waits: String,
    },
}

//! What partitions, back-offs and outages mean here, where a reader may take them for something else.

use crate::units::plain;
use serde::Serialize;

/// What a setting means here; as text, a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ScenarioCaveat {
    /// What is delivered again is overtaken in its partition.
    #[error(
        "in `{queue}`, what is delivered again comes after those that follow it in its partition, which are \
         served meanwhile; a consumer that tries again in place (retry_order = \"blocking\") holds all of them up"
    )]
    RedeliveriesOvertaken {
        /// The queue in partitions.
        queue: String,
    },
    /// Every partition belongs to one server for good.
    #[error(
        "each of the {} partitions of `{queue}` belongs to one of {} servers for good, as in a consumer \
         group; where a key is locked only while a message of its is in flight (message groups, \
         sessions: locks = \"by-key\"), a free server takes what another's line would hold, and waits are shorter",
        plain(f64::from(*partitions), 7),
        plain(f64::from(*servers), 7)
    )]
    PartitionsAssigned {
        /// The queue in partitions.
        queue: String,
        /// How many it has.
        partitions: u32,
        /// Servers, fewer than these.
        servers: u32,
    },
    /// What is put aside until its back-off ends is one of the messages of its queue.
    #[error(
        "the queue length of `{queue}` and the waits in it count messages that wait for their back-off to \
         end{}",
        if *bounded { ", though they take no room of its max_length" } else { "" }
    )]
    BackOffCounted {
        /// The queue.
        queue: String,
        /// Whether it has a `max_length`.
        bounded: bool,
    },
    /// Servers stop at times of their own, where an outage of all at once would be another question.
    #[error(
        "each server of `{group}` breaks down by itself; where one cause stops all at once (a rebalance, a \
         lost node, a shared database), waits are longer"
    )]
    OutagesIndependent {
        /// The consumer group.
        group: String,
    },
    /// Servers whose outages are constant stop together for ever.
    #[error(
        "the servers of `{group}` begin at the same instant, and up and down times are constant: they all stop \
         at the same instants, as with together = true; write up = \"exponential(…)\" for servers that stop \
         one by one"
    )]
    OutagesInStep {
        /// The consumer group.
        group: String,
    },
    /// Several producers send in constant gaps, whose distances stay what they are.
    #[error(
        "the periodic sends of {} begin at the same instant and keep their distances for ever: how long \
         messages wait hangs on them, and with other starts it would be something else",
        producers.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    )]
    PeriodicInStep {
        /// The producers, at most as many as are named.
        producers: Vec<String>,
    },
    /// A message whose server is repaired keeps it.
    #[error("the time in service at `{group}` counts repairs meanwhile; the utilization does not")]
    RepairsInService {
        /// The consumer group.
        group: String,
    },
}

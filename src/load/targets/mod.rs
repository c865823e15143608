//! What can be measured here: one file per target, one line each in [`TARGETS`].

mod channels;
mod condvar;
mod in_process;
mod null;
mod shared;
mod support;

pub(crate) use shared::{Direct, SharedQueue};
pub(super) use support::other;
pub(crate) use support::{Support, told};

use super::LoadError;
use crate::message::Outcome;
use crate::scenario::{Feature, Scenario};
use std::collections::BTreeMap;

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

    /// Messages that left without being served. Asked once, at the end.
    fn lost(&self) -> Vec<LostMessage>;

    /// Nanoseconds that each group commit of a queue took, in order. Asked once, at the end.
    fn commits(&self, _queue: usize) -> Vec<u64> {
        Vec::new()
    }

    /// What the result says of it: product, version, client, settings.
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
}

/// Which messages a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub queue: usize,
    /// Which part of a partitioned queue; of one whose consumers have windows, whose.
    pub part: usize,
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

/// A message that left a queue without being served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LostMessage {
    pub queue: usize,
    pub message: u64,
    /// By the run's clock.
    pub at: u64,
    /// Dropped, expired or dead-lettered.
    pub outcome: Outcome,
    pub deliveries: u32,
}

/// Makes a target for a scenario in which so many messages are planned.
type Open = fn(&Scenario, usize) -> Result<Box<dyn Target>, LoadError>;

/// An entry of the registry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TargetEntry {
    /// Its name in `measurement.target`.
    pub name: &'static str,
    /// What it is, in a phrase.
    pub meaning: &'static str,
    pub open: Open,
    /// How it plays each feature that the harness can play.
    plays: fn(Feature) -> Support,
}

/// Every target, in the order of [`TARGET_NAMES`](crate::scenario::TARGET_NAMES), which a scenario is checked
/// against.
pub(crate) const TARGETS: &[TargetEntry] = &[
    TargetEntry {
        name: "in-process",
        meaning: "this crate's own queue: one lock, acknowledgements, bounds, broker semantics",
        open: in_process::open,
        plays: support::in_process,
    },
    TargetEntry {
        name: "crossbeam-channel",
        meaning: "crossbeam's channel; knows no acknowledgement",
        open: channels::crossbeam,
        plays: support::channel,
    },
    TargetEntry {
        name: "flume",
        meaning: "flume's channel; knows no acknowledgement",
        open: channels::flume,
        plays: support::channel,
    },
    TargetEntry {
        name: "kanal",
        meaning: "kanal's channel; knows no acknowledgement",
        open: channels::kanal,
        plays: support::channel,
    },
    TargetEntry {
        name: "std-mpsc",
        meaning: "the standard library's channel, its one receiver behind a lock",
        open: channels::std_mpsc,
        plays: support::channel,
    },
    TargetEntry {
        name: "mutex-condvar",
        meaning: "the queue that everybody writes first: a deque, a lock, a condition",
        open: condvar::open,
        plays: support::channel,
    },
    TargetEntry {
        name: "null",
        meaning: "two counters instead of a queue: the floor and the harness's own limit",
        open: null::open,
        plays: support::null,
    },
];

/// Opens the target that a scenario names.
pub(super) fn open(scenario: &Scenario, messages: usize) -> Result<Box<dyn Target>, LoadError> {
    (entry(scenario)?.open)(scenario, messages)
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

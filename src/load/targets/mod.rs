//! What can be measured here: one file per target, one line each in [`TARGETS`].

mod channels;
mod commits;
mod condvar;
mod dealer;
mod in_process;
mod null;

use super::LoadError;
use crate::message::Outcome;
use crate::scenario::Scenario;

/// A message queue as the harness sees it: messages are positions in the plan.
///
/// The generator publishes; every consumer thread takes, settles and forwards. All calls come from within the run; a
/// target may make a caller wait, but must let everybody go once it is halted.
pub(crate) trait Target: Sync {
    /// Sends a message into a queue of the scenario.
    fn publish(&self, queue: usize, offer: &Offer) -> Sent;

    /// Takes up to `want.max` messages of a queue onto the end of `out`, waiting until there is one.
    /// False once the queue is closed and all is settled, or the target halted.
    fn consume(&self, queue: usize, want: &Want, out: &mut Vec<Taken>) -> bool;

    /// Takes what is there, or comes until an instant of the run's clock: the rest of a batch or a window. Never called where `open`
    /// refuses both.
    fn refill(&self, queue: usize, want: &Want, until: u64, out: &mut Vec<Taken>);

    /// Says that a message is done. Called by the thread that took it. False if the target will not have it.
    fn ack(&self, queue: usize, taken: &Taken) -> bool;

    /// Gives a message back, to be delivered again after so many nanoseconds. Never called where `open` refuses failing handlers.
    fn nack(&self, queue: usize, taken: &Taken, delay: u64) -> bool;

    /// Lets the time in which a message is to be settled begin anew. False if it is over. Never called where `open` refuses visibility timeouts.
    fn extend(&self, _queue: usize, _taken: &mut Taken) -> bool {
        true
    }

    /// No more messages are sent to a queue: its consumers drain what there is and go.
    fn close(&self, queue: usize);

    /// Everybody is to go at once. What is inside may be taken still.
    fn halt(&self);

    /// Messages inside, waiting or taken but not settled, by the target's own count, where it has one.
    fn in_system(&self, queue: usize) -> Option<u64>;

    /// Messages that left without being served. Asked once, at the end.
    fn lost(&self) -> Vec<Lost>;

    /// Nanoseconds that each group commit of a queue took, in order. Asked once, at the end.
    fn commits(&self, _queue: usize) -> Vec<u64> {
        Vec::new()
    }
}

/// A message to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Offer {
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

/// What a consumer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Want {
    pub max: usize,
    /// Which part of a partitioned queue; of one with windows, whose.
    pub part: usize,
}

/// What a target said to a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    Accepted,
    Rejected,
    /// The target was closed while the sender waited.
    Closed,
}

/// A message in a consumer's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
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
pub(crate) struct Lost {
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
pub(crate) struct Entry {
    /// Its name in `measurement.target`.
    pub name: &'static str,
    /// What it is, in a phrase.
    pub meaning: &'static str,
    pub open: Open,
}

/// Every target, in the order of [`TARGET_NAMES`](crate::scenario::TARGET_NAMES), which a scenario is checked against.
pub(crate) const TARGETS: &[Entry] = &[
    Entry {
        name: "in-process",
        meaning: "this crate's own queue: one lock, acknowledgements, bounds, broker semantics",
        open: in_process::open,
    },
    Entry { name: "crossbeam-channel", meaning: "crossbeam's channel; knows no acknowledgement", open: channels::crossbeam },
    Entry { name: "flume", meaning: "flume's channel; knows no acknowledgement", open: channels::flume },
    Entry { name: "kanal", meaning: "kanal's channel; knows no acknowledgement", open: channels::kanal },
    Entry { name: "std-mpsc", meaning: "the standard library's channel, its one receiver behind a lock", open: channels::std_mpsc },
    Entry { name: "mutex-condvar", meaning: "the queue that everybody writes first: a deque, a lock, a condition", open: condvar::open },
    Entry { name: "null", meaning: "two counters instead of a queue: the floor and the harness's own limit", open: null::open },
];

/// Opens the target that a scenario names.
pub(super) fn open(scenario: &Scenario, messages: usize) -> Result<Box<dyn Target>, LoadError> {
    let name = scenario.measurement.target.as_str();
    let entry = TARGETS.iter().find(|t| t.name == name).ok_or_else(|| LoadError::UnknownTarget { name: name.into() })?;
    (entry.open)(scenario, messages)
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

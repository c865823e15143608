//! What can be measured here: one file per target, one line each in [`TARGETS`].

mod in_process;
mod null;

use super::LoadError;
use crate::scenario::Scenario;

/// A message queue as the harness sees it: messages are positions in the plan.
///
/// One generator thread publishes; every consumer thread takes and acknowledges. All calls come from within the run; a
/// target may make a caller wait, but must let everybody go once it is closed.
pub trait Target: Sync {
    /// Sends a message into a queue of the scenario. Called by the generator alone.
    fn publish(&self, queue: usize, message: u64) -> Sent;

    /// Waits for a message of a queue; `None` once the target is closed and the queue is empty.
    fn consume(&self, queue: usize) -> Option<Taken>;

    /// Says that a message is done. Called once for each taken one, by the thread that took it. False if the target will not have it.
    fn ack(&self, queue: usize, taken: &Taken) -> bool;

    /// No more messages are sent: consumers drain what there is and go.
    fn close(&self);

    /// Messages inside, waiting or taken but not acknowledged, by the target's own count, where it has one.
    fn in_system(&self, queue: usize) -> Option<u64>;

    /// Messages that were thrown out while they waited, with the instant of the run's clock. Asked once, at the end.
    fn dropped(&self) -> Vec<(u64, u64)>;
}

/// What a target said to a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    Accepted,
    Rejected,
    /// The target was closed while the sender waited.
    Closed,
}

/// A message in a consumer's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Its position in the plan.
    pub message: u64,
    /// How often it has been delivered, 1 at first.
    pub deliveries: u32,
    /// Whatever the target needs to know it again.
    pub tag: u64,
}

/// Makes a target for a scenario in which so many messages are planned.
type Open = fn(&Scenario, usize) -> Result<Box<dyn Target>, LoadError>;

/// An entry of the registry.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Its name in `measurement.target`.
    pub name: &'static str,
    /// What it is, in a phrase.
    pub meaning: &'static str,
    pub open: Open,
}

/// Every target.
pub const TARGETS: &[Entry] = &[
    Entry { name: "in-process", meaning: "this crate's own queue: one lock, acknowledgements, bounds", open: in_process::open },
    Entry { name: "null", meaning: "two counters instead of a queue: the floor and the harness's own limit", open: null::open },
];

/// Opens the target that a scenario names.
pub(super) fn open(scenario: &Scenario, messages: usize) -> Result<Box<dyn Target>, LoadError> {
    let name = scenario.measurement.target.as_str();
    let entry = TARGETS.iter().find(|t| t.name == name).ok_or_else(|| LoadError::UnknownTarget { name: name.into() })?;
    (entry.open)(scenario, messages)
}

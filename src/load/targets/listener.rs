//! What targets tell outside of calls: their own threads learn of it when they do.

use crate::message::Outcome;

/// Hears what a target's own threads learn. Called from any of them; never blocks. Instants are by the run's
/// clock.
#[cfg_attr(not(feature = "brokers-common"), expect(dead_code, reason = "only brokers tell of it"))]
pub(crate) trait Listener: Send + Sync {
    /// A broker has confirmed a message that was published: it has it.
    fn confirmed(&self, message: u64, at: u64);

    /// A message that was [`Pending`](super::Sent::Pending) did not get into a queue after all.
    fn refused(&self, queue: usize, message: u64, at: u64);

    /// A message has left without being served.
    fn lost(&self, lost: LostMessage);

    /// Something that a run without faults does not have.
    fn trouble(&self, trouble: Trouble);
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

/// Something that a run without faults does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// By the run's clock.
    pub at: u64,
    pub kind: TroubleKind,
}

/// What kind of trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "rabbitmq"), allow(dead_code, reason = "not every broker tells of all of it"))]
pub(crate) enum TroubleKind {
    /// A connection was lost, and why, as a clause: the run ends.
    Disconnected { why: String },
    /// Connections were lost and made anew, so many nanoseconds later: so many messages were published again.
    Reconnected { away: u64, republished: u64 },
    /// A message was delivered again because the connection was lost that had it, or its acknowledgement.
    DeliveredAgain,
    /// The broker did not take a message for which the scenario has room, and why, as it says.
    Refused { why: String },
    /// The broker gave a message back because no queue would have it.
    Returned,
    /// A message that this run has not sent: somebody else uses the queue.
    Foreign,
    /// The broker did not read for so many nanoseconds: an alarm of its memory or its disk.
    Blocked { nanos: u64 },
}

//! What the harness needs of a message queue.

use crate::answer::Facts;
use crate::load::LoadError;
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

    /// The same by what a broker itself says when it is asked, which takes as long as it takes; `None` where
    /// there is no broker or it does not say. Asked a few times a second by a thread that does nothing else.
    fn counted_by_broker(&self, _queue: usize) -> Option<u64> {
        None
    }

    /// Waits until every publish has its verdict, or until an instant. Asked once, when all is served.
    fn await_verdicts(&self, _until: u64) {}

    /// How many messages go through each queue before a run, so that all that is on the way has been used,
    /// and what the way takes is known; 0 where there is no way but memory.
    fn warm_up(&self) -> u64 {
        0
    }

    /// Whether it can confirm what is published to it.
    fn confirms(&self) -> bool {
        true
    }

    /// How many threads of its own it has in this program.
    fn threads(&self) -> usize {
        0
    }

    /// Nanoseconds that each group commit of a queue took, in order. Asked once, at the end.
    fn commits(&self, _queue: usize) -> Vec<u64> {
        Vec::new()
    }

    /// What the result says of it: product, version, client, settings. Never an address with credentials.
    fn facts(&self) -> Facts {
        BTreeMap::new()
    }
}

/// What sends messages for one thread.
pub(crate) trait Publisher: Send {
    /// Sends a message into a queue of the scenario. Waits only for room, where the queue makes senders wait.
    fn publish(&mut self, queue: usize, request: &PublishRequest) -> Sent;

    /// Says before a send whether the next one is due already and follows at once, so that one packet may carry
    /// both, as clients do that write through a buffer.
    fn next_is_due(&mut self, _due: bool) {}

    /// Sends what was kept for a next one that does not come.
    fn flush(&mut self) {}
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

    /// Cancels the subscription, where the target pushes messages to who does not ask: the server is to be
    /// without any until it takes again.
    fn cancel(&mut self) {}
}

/// Which messages a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub queue: usize,
    /// Which part of a partitioned queue; of one whose consumers have windows, whose.
    pub part: usize,
    /// How many messages it may hold that are not settled.
    pub hold: u32,
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
    /// On its way: the [`Listener`](super::Listener) is told what becomes of it.
    #[cfg_attr(not(feature = "brokers-common"), expect(dead_code, reason = "only brokers confirm"))]
    Pending,
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

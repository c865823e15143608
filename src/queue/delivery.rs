//! What a queue hands out and gives back: deliveries, losses, refusals.

use super::slots::Tag;

/// A message handed to a consumer, to be settled by its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery<T> {
    /// What settles it.
    pub tag: Tag,
    /// Its number among the published, from 0.
    pub id: u64,
    /// How often it has been delivered, this time included.
    pub deliveries: u32,
    /// When it is given to somebody else unless it is settled, by the queue's source of time; `u64::MAX` if
    /// it is not.
    pub until: u64,
    /// The content.
    pub body: T,
}

impl<T> Delivery<T> {
    /// Whether somebody has had it before, so that its work may be done or half done already.
    pub fn redelivered(&self) -> bool {
        self.deliveries > 1
    }
}

/// A message that left without being acknowledged: what a dead-letter queue is fed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost<T> {
    /// Its number among the published, from 0.
    pub id: u64,
    /// When it left.
    pub at: u64,
    /// The reason.
    pub why: Loss,
    /// How often it had been delivered.
    pub deliveries: u32,
    /// The content.
    pub body: T,
}

/// Why a message was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Loss {
    /// Thrown out to make room for a newer one.
    Dropped,
    /// Its time to live was over before it was delivered.
    Expired,
    /// A consumer would not have it.
    Rejected,
    /// It came back after as many deliveries as are allowed.
    TooOften,
}

/// A message that was not accepted, given back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refused<T> {
    /// The content, given back.
    pub body: T,
    /// The reason.
    pub why: PublishError,
}

/// Why a message was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// There is no room, and the queue rejects what does not fit.
    #[error(
        "the queue is full; consume faster, raise max_length, or let publishers wait with overflow = \
            \"block\""
    )]
    Full,
    /// There is no room yet, and the publisher is to wait.
    #[error("the queue is full; publish again when there is room")]
    Wait,
    /// The queue accepts nothing more.
    #[error("the queue is closed; publish before closing it")]
    Closed,
}

/// A settlement that names no delivery under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this delivery has been settled before, or its visibility timeout is over; settle each delivery once, \
        in time, with the tag it came with"
)]
pub struct Misuse(pub Tag);

//! A copy of a message, as the rules of behaviour and the plan know it.

use crate::behaviour::MessageIdentity;

/// The producer of a message that was there from the start.
pub(super) const NOBODY: u32 = u32::MAX;

/// One copy of a message: what its draws depend on, and whether the plan knows its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MessageCopy {
    pub identity: MessageIdentity,
    /// Index of its producer; [`NOBODY`] if it has none.
    pub producer: u32,
    /// Whether it comes as the plan has it, which knows its first work.
    pub planned: bool,
}

impl MessageCopy {
    /// As a producer sends it.
    pub(super) fn planned(position: u64, producer: u32) -> Self {
        MessageCopy { identity: MessageIdentity::planned(position), producer, planned: true }
    }

    /// As a client of a closed loop sends it in a round.
    pub(super) fn of_client(number: u64, round: u64, producer: u32) -> Self {
        MessageCopy { identity: MessageIdentity::of_client(number, round), producer, planned: false }
    }

    /// One that waits in a queue from the start.
    pub(super) fn of_backlog(queue: usize, number: u64) -> Self {
        MessageCopy { identity: MessageIdentity::of_backlog(queue, number), producer: NOBODY, planned: false }
    }

    /// On from a consumer, after so many deliveries.
    pub(super) fn forwarded(self, deliveries: u32) -> Self {
        MessageCopy { identity: self.identity.forwarded(deliveries), planned: false, ..self }
    }

    /// One of its copies in a topic's subscriptions.
    pub(super) fn copy(self, copy: usize) -> Self {
        MessageCopy { identity: self.identity.copy(copy), ..self }
    }

    /// As a dead letter.
    pub(super) fn dead_lettered(self) -> Self {
        MessageCopy { identity: self.identity.dead_lettered(), planned: false, ..self }
    }
}

//! What has become of a queue's messages, in numbers that always add up.

use super::delivery::Loss;

/// Counters of one queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Accepted.
    pub published: u64,
    /// Waiting.
    pub ready: u64,
    /// Delivered and not yet settled.
    pub unacked: u64,
    /// Given back and kept away for a while.
    pub delayed: u64,
    /// Messages that were acknowledged.
    pub acked: u64,
    /// Thrown out to make room.
    pub dropped: u64,
    /// Thrown out because they had waited too long.
    pub expired: u64,
    /// Rejected by a consumer, or delivered too often.
    pub dead: u64,
    /// Never accepted: not among the published.
    pub rejected: u64,
    /// Handed to consumers, again and again included.
    pub delivered: u64,
    /// Come back: given back, or not settled in time.
    pub returned: u64,
}

impl Counts {
    /// Whether every published message is in one place.
    pub fn balanced(&self) -> bool {
        self.published == self.inside() + self.acked + self.dropped + self.expired + self.dead
    }

    /// Messages that are not settled.
    pub fn inside(&self) -> u64 {
        self.ready + self.unacked + self.delayed
    }

    pub(super) fn lose(&mut self, why: Loss) {
        match why {
            Loss::Dropped => self.dropped += 1,
            Loss::Expired => self.expired += 1,
            Loss::Rejected | Loss::TooOften => self.dead += 1,
        }
    }
}

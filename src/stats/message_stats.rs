//! What became of messages from when they were due until they left: their times, and how many were lost.

use super::moments::TimeMoments;
use crate::message::Outcome;
use std::collections::BTreeMap;

/// Times and losses of some messages, each counted once on its whole way.
#[derive(Debug, Clone, Default)]
pub(super) struct MessageStats {
    pub wait: TimeMoments,
    pub latency: TimeMoments,
    pub service: TimeMoments,
    pub send: TimeMoments,
    /// Of those whose senders had to wait for room.
    pub blocked: TimeMoments,
    pub lost: BTreeMap<Outcome, u64>,
    pub unfinished: u64,
}

impl MessageStats {
    pub(super) fn offered(&self) -> u64 {
        self.wait.moments.count + self.unfinished + self.lost.values().sum::<u64>()
    }

    pub(super) fn dead_lettered(&self) -> u64 {
        self.lost.get(&Outcome::DeadLettered).copied().unwrap_or(0)
    }

    pub(super) fn merge(&mut self, other: &MessageStats) {
        self.wait.merge(&other.wait);
        self.latency.merge(&other.latency);
        self.service.merge(&other.service);
        self.send.merge(&other.send);
        self.blocked.merge(&other.blocked);
        for (&outcome, &n) in &other.lost {
            *self.lost.entry(outcome).or_default() += n;
        }
        self.unfinished += other.unfinished;
    }
}

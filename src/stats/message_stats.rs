//! What became of messages from when they were due until they left: their times, and how many were lost.

use super::moments::{SharedTimes, TimeMoments};
use crate::message::Outcome;
use std::collections::BTreeMap;

/// Times and losses of some messages, each counted once on its whole way.
#[derive(Debug, Clone, Default)]
pub(super) struct MessageStats<T = TimeMoments> {
    pub wait: T,
    pub latency: T,
    pub service: T,
    pub send: T,
    /// Of those whose senders had to wait for room.
    pub blocked: T,
    pub lost: BTreeMap<Outcome, u64>,
    pub unfinished: u64,
}

impl MessageStats {
    pub(super) fn shared(self) -> MessageStats<SharedTimes> {
        MessageStats {
            wait: self.wait.into(),
            latency: self.latency.into(),
            service: self.service.into(),
            send: self.send.into(),
            blocked: self.blocked.into(),
            lost: self.lost,
            unfinished: self.unfinished,
        }
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

impl MessageStats<SharedTimes> {
    pub(super) fn offered(&self) -> u64 {
        self.wait.moments.count + self.unfinished + self.lost.values().sum::<u64>()
    }

    pub(super) fn dead_lettered(&self) -> u64 {
        self.lost.get(&Outcome::DeadLettered).copied().unwrap_or(0)
    }

    /// Adds another's; what is added to nothing is shared.
    pub(super) fn join(&mut self, other: &Self) {
        self.wait.join(&other.wait);
        self.latency.join(&other.latency);
        self.service.join(&other.service);
        self.send.join(&other.send);
        self.blocked.join(&other.blocked);
        for (&outcome, &n) in &other.lost {
            *self.lost.entry(outcome).or_default() += n;
        }
        self.unfinished += other.unfinished;
    }
}

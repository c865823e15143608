//! Messages that are too old, where a queue throws them out only at the head of its line.

use super::Network;
use super::job::JobState;
use crate::message::{Outcome, Recorder};
use crate::scenario::{Expiry, Scenario};
use crate::workload::Blocks;

/// The queues that do so, and messages that were met in front of one that was taken.
#[derive(Debug, Clone, Default)]
pub(super) struct LineHeads {
    queues: Vec<u32>,
    overdue: Vec<u32>,
}

impl LineHeads {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let at_head = |queue: &usize| scenario.queues[*queue].expiry == Expiry::Head;
        let queues = (0..scenario.queues.len()).filter(at_head).map(|queue| queue as u32);
        LineHeads { queues: queues.collect(), overdue: Vec::new() }
    }

    /// Whether there is nothing to look at.
    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }
}

impl<S: Blocks> Network<S> {
    /// Whether a message stays although its time is over, for others are before it.
    pub(super) fn outlives(&self, slot: u32) -> bool {
        let queue = self.jobs[slot].queue;
        self.stations[queue as usize].policy.at_head && self.first_in_line(queue) != Some(slot)
    }

    /// The first message that is not too old, of which one was just taken from the line.
    #[cold]
    pub(super) fn first_alive(&mut self, mut slot: u32, queue: u32, lane: usize) -> Option<u32> {
        while self.jobs[slot].expires < self.now {
            self.heads.overdue.push(slot);
            slot = self.pull_any(queue, lane)?;
        }
        Some(slot)
    }

    /// Those that were met are lost, and so are those that have come to the head of their line too late.
    #[cold]
    pub(super) fn throw_out<R: Recorder>(&mut self, recorder: &mut R) {
        loop {
            for slot in std::mem::take(&mut self.heads.overdue) {
                self.lose(slot, Outcome::Expired, recorder);
            }
            for at in 0..self.heads.queues.len() {
                self.throw_out_of(self.heads.queues[at], recorder);
            }
            if self.heads.overdue.is_empty() {
                return;
            }
        }
    }

    fn throw_out_of<R: Recorder>(&mut self, queue: u32, recorder: &mut R) {
        while let Some(slot) = self.first_in_line(queue) {
            let job = &self.jobs[slot];
            if job.state != JobState::Ready || job.expires >= self.now {
                return;
            }
            self.uncount(slot);
            self.lose(slot, Outcome::Expired, recorder);
            self.let_in(queue);
        }
    }
}

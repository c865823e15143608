//! What became of one producer's messages.

use super::message_stats::MessageStats;
use super::moments::TimeMoments;
use super::queue_stats::{GroupStats, QueueStats};
use super::rows::{InstantColumns, ROWS};
use crate::message::Outcome;

/// What became of one producer's messages, and those that are still to be counted: due, sent, sent and
/// worked, finished.
#[derive(Debug, Clone, Default)]
pub(super) struct ProducerStats {
    pub messages: MessageStats,
    /// Messages, whether the window's or not, that were done within the window of time.
    pub done: u64,
    rows: InstantColumns<4>,
    /// Whether the rows are of messages whose only stay was not counted elsewhere.
    only_stays: bool,
    /// Times of messages whose only stay was not counted elsewhere: they are their queue's and group's, too.
    pub wait: TimeMoments,
    pub service: TimeMoments,
}

impl ProducerStats {
    #[inline(always)]
    pub(super) fn push(&mut self, row: [u64; 4], only_stay: bool) {
        if self.only_stays != only_stay {
            self.count();
            self.only_stays = only_stay;
        }
        if self.rows.push(row) {
            self.count();
        }
    }

    /// Adds messages whose only stay this is, as if they had come one after the other: when they were due,
    /// sent, taken and finished.
    pub(super) fn push_all(&mut self, [due, sent, taken, finished]: [&[u64]; 4]) {
        if !self.only_stays {
            self.count();
            self.only_stays = true;
        }
        let (mut from, mut worked) = (0, [0; ROWS]);
        while from < due.len() {
            let next = from..due.len().min(from + ROWS);
            let (due, sent) = (&due[next.clone()], &sent[next.clone()]);
            let (taken, finished) = (&taken[next.clone()], &finished[next]);
            for (i, worked) in worked[..due.len()].iter_mut().enumerate() {
                *worked = sent[i] + (finished[i] - taken[i]);
            }
            let (count, full) = self.rows.fill([due, sent, &worked[..due.len()], finished]);
            from += count;
            if full {
                self.count();
            }
        }
    }

    /// Counts the rows.
    #[inline(never)]
    pub(super) fn count(&mut self) {
        let [due, sent, worked, finished] = self.rows.take();
        let own = &mut self.messages;
        let (wait, service) = if self.only_stays {
            (&mut self.wait, &mut self.service)
        } else {
            (&mut own.wait, &mut own.service)
        };
        wait.add_between(worked, finished);
        service.add_between(sent, worked);
        own.latency.add_between(due, finished);
        own.send.add_lags(due, sent);
    }

    #[cold]
    pub(super) fn lose(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Unfinished => self.messages.unfinished += 1,
            other => *self.messages.lost.entry(other).or_default() += 1,
        }
    }

    pub(super) fn merge(&mut self, next: &ProducerStats) {
        self.messages.merge(&next.messages);
        self.done += next.done;
    }

    /// Gives the times of the messages that had one stay only to their queue and group, too.
    pub(super) fn share(&mut self, queue: &mut QueueStats, group: &mut GroupStats) {
        let (wait, service) = (std::mem::take(&mut self.wait), std::mem::take(&mut self.service));
        queue.wait.merge(&wait);
        group.times.merge(&service);
        self.messages.wait.merge(&wait);
        self.messages.service.merge(&service);
    }
}

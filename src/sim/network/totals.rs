//! What the event engine knows of itself at an instant.

use super::Network;
use super::job::JobState;
use super::parts::{GroupState, QueueState};
use crate::behaviour::ServerScaler;
use crate::message::{Level, Recorder};
use crate::sim::{BlockedSenders, GroupTotals, QueueCounts, QueueTotals, Totals};
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    pub(super) fn totals_now(&self) -> Totals {
        let (messages_asleep, servers_asleep) = self.still_asleep();
        let queue = |((index, s), asleep): ((usize, &QueueState), u128)| QueueTotals {
            waiting: s.waiting.level(),
            serving: s.serving.level(),
            waiting_area: s.waiting.area(self.now) + (s.woken - asleep),
            serving_area: s.serving.area(self.now) - (s.woken - asleep),
            peak: s.peak,
            counts: self.counts_of(s),
            held: BlockedSenders {
                level: s.held_up.level(),
                area: s.held_up.area(self.now),
                peak: s.held_peak,
            },
            drained: s.drained,
            to_stay: 0,
            to_serve: 0,
            squares: self.squares_of(index),
        };
        let group = |(g, asleep): (&GroupState, u128)| GroupTotals {
            busy_area: g.busy.area(self.now) - (g.woken - asleep) - g.absent.area(self.now),
            absent_area: g.absent.area(self.now),
            count_area: g.count.area(self.now),
            handled: g.handled,
            batches: if self.stations[g.queue as usize].plain { g.handled } else { g.batches },
            scalings: g.scaler.as_ref().and_then(ServerScaler::scalings),
        };
        Totals {
            at: self.now,
            offered: self.offered,
            done: None,
            queues: self.stations.iter().enumerate().zip(messages_asleep).map(queue).collect(),
            groups: self.groups.iter().zip(servers_asleep).map(group).collect(),
        }
    }

    /// What happened in a queue so far. Where every message that comes is delivered once and served, its
    /// groups have counted it.
    fn counts_of(&self, station: &QueueState) -> QueueCounts {
        if !station.plain {
            return station.counts;
        }
        let served = station.groups.iter().map(|&g| self.groups[g as usize].handled).sum();
        QueueCounts { served, deliveries: served, delivered: served, ..station.counts }
    }

    /// Looks at all queues whenever it is time before an instant.
    #[cold]
    pub(super) fn look_until<R: Recorder>(&mut self, instant: u64, recorder: &mut R) {
        while self.sampler.next < instant {
            let at = self.sampler.next;
            let ages = self.ages(at);
            for (queue, station) in self.stations.iter().enumerate() {
                recorder.level(&Level {
                    at,
                    queue: queue as u32,
                    waiting: station.waiting.level(),
                    busy: station.serving.level(),
                    oldest: ages.as_ref().map(|ages| ages[queue]),
                    servers: self.servers_there(queue),
                });
            }
            self.sampler.pass();
        }
    }

    /// For how long the oldest message that waits in each queue has waited at an instant, 0 where none does;
    /// `None` if nobody asks.
    pub fn ages(&self, at: u64) -> Option<Vec<u64>> {
        let age = |sent: u64| at - sent.min(at);
        self.tells_age.then(|| self.oldest_waiting().into_iter().map(age).collect())
    }

    /// When the oldest message that waits in each queue came; that of none is in the future.
    fn oldest_waiting(&self) -> Vec<u64> {
        let mut oldest = vec![u64::MAX; self.stations.len()];
        for (_, job) in self.jobs.inside() {
            if matches!(
                job.state,
                JobState::Ready | JobState::Committing | JobState::Held | JobState::Delayed
            ) {
                let oldest = &mut oldest[job.queue as usize];
                *oldest = job.sent.min(*oldest);
            }
        }
        oldest
    }

    /// Looks for the first instant, not before this one, at which nobody waits in a queue.
    pub fn watch_drain(&mut self, queue: usize, from: u64) {
        let station = &mut self.stations[queue];
        station.drain_from = from;
        station.drained =
            (self.now >= from && station.waiting.level() + station.held_up.level() == 0).then_some(self.now);
    }

    /// Whether it stopped because things went on for ever at one instant.
    pub fn is_stuck(&self) -> bool {
        self.at_once.1 > super::MOST_AT_ONCE
    }

    /// The instant up to which it has played.
    pub fn now(&self) -> u64 {
        self.now
    }
}

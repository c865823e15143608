//! What became of the stays in one queue, and of the services of one group.

use super::checks::Across;
use super::histogram::BucketCounts;
use super::moments::TimeMoments;
use super::rows::{InstantColumns, ROWS};
use super::trail::Trail;
use crate::message::{Level, Outcome, Record, Served};
use std::collections::BTreeMap;
use std::ops::Range;

/// What became of the stays in one queue.
#[derive(Debug, Clone)]
pub(super) struct QueueStats {
    pub wait: TimeMoments,
    /// The queue's group if there is one only: its services are counted with the stays.
    pub only: Option<usize>,
    /// Of those still to be counted: sent, taken, finished.
    pub rows: InstantColumns<3>,
    pub deliveries: u64,
    pub lost: BTreeMap<Outcome, u64>,
    /// Those that were lost after they had been accepted.
    pub accepted_lost: u64,
    /// Of those, how many had to wait.
    pub delayed_lost: u64,
    /// Nanoseconds that the lost stayed, and were worked on.
    pub lost_stay: u64,
    pub lost_service: u64,
    pub across: Across,
    pub waiting: BucketCounts,
    pub in_system: BucketCounts,
    /// For how long the oldest message had waited, at the instants that were looked at, if anybody asks.
    pub age: Option<Box<TimeMoments>>,
    /// If it is wanted.
    pub trail: Option<Trail>,
}

/// A group's services, and those that are still to be counted where there are other groups at its queue:
/// taken, finished.
#[derive(Debug, Clone, Default)]
pub(super) struct GroupStats {
    pub times: TimeMoments,
    /// Of the deliveries that ended within the window of time, where they are told of.
    pub deliveries: TimeMoments,
    pub rows: InstantColumns<2>,
}

impl QueueStats {
    /// Of a queue, and its group if it has one only.
    pub(super) fn new(only: Option<usize>, watched: bool) -> Self {
        QueueStats {
            wait: TimeMoments::default(),
            only,
            rows: InstantColumns::default(),
            deliveries: 0,
            lost: BTreeMap::new(),
            accepted_lost: 0,
            delayed_lost: 0,
            lost_stay: 0,
            lost_service: 0,
            across: Across::default(),
            waiting: BucketCounts::of_levels(),
            in_system: BucketCounts::of_levels(),
            age: None,
            trail: watched.then(Trail::new),
        }
    }

    /// The level at all of these instants.
    pub(super) fn level(&mut self, level: &Level, instants: &[u64]) {
        let times = instants.len() as u64;
        self.waiting.record_times(level.waiting, times);
        self.in_system.record_times(level.waiting + level.busy, times);
        // Whoever knows it looks at one instant at a time.
        if let Some(oldest) = level.oldest {
            self.age.get_or_insert_default().add(oldest);
        }
        if let Some(trail) = &mut self.trail {
            trail.add(level, instants);
        }
    }

    /// Counts the rows, and the services of its group if it has one only.
    pub(super) fn count(&mut self, services: Option<&mut TimeMoments>) {
        let [sent, taken, finished] = self.rows.take();
        self.wait.add_between(sent, taken);
        if let Some(services) = services {
            services.add_between(taken, finished);
        }
    }

    /// Adds stays of the window, with the services of its only group, as if they had come one after the
    /// other.
    pub(super) fn add_all(&mut self, run: &Served<'_>, services: &mut TimeMoments) {
        self.deliveries += run.due.len() as u64;
        let mut from = 0;
        while from < run.due.len() {
            if self.rows.is_empty() && run.due.len() - from >= ROWS {
                let next = from..from + ROWS;
                let (taken, finished) = (&run.taken[next.clone()], &run.finished[next.clone()]);
                from = next.end;
                self.wait.add_between(&run.sent[next], taken);
                services.add_between(taken, finished);
                continue;
            }
            let (count, full) =
                self.rows.fill([&run.sent[from..], &run.taken[from..], &run.finished[from..]]);
            from += count;
            if full {
                self.count(Some(services));
            }
        }
    }

    /// A stay that is not one of the window's, or did not end with service.
    #[cold]
    pub(super) fn other(&mut self, r: &Record, counts: bool, time: &Range<u64>) {
        if counts && r.outcome != Outcome::Unfinished { self.lose(r) } else { self.across.other(r, time) }
    }

    fn lose(&mut self, r: &Record) {
        self.lost_stay += r.finished - r.sent;
        self.lost_service += r.finished - r.taken;
        *self.lost.entry(r.outcome).or_default() += 1;
        let accepted = r.outcome != Outcome::Rejected;
        self.accepted_lost += u64::from(accepted);
        // Who was never taken had to wait, however briefly.
        self.delayed_lost += u64::from(accepted && (r.deliveries == 0 || r.taken > r.sent));
        self.deliveries += u64::from(r.deliveries);
    }

    pub(super) fn merge(&mut self, next: &QueueStats) {
        self.wait.merge(&next.wait);
        self.deliveries += next.deliveries;
        for (&outcome, &n) in &next.lost {
            *self.lost.entry(outcome).or_default() += n;
        }
        self.accepted_lost += next.accepted_lost;
        self.delayed_lost += next.delayed_lost;
        self.lost_stay += next.lost_stay;
        self.lost_service += next.lost_service;
        self.across.merge(&next.across);
        self.waiting.merge(&next.waiting);
        self.in_system.merge(&next.in_system);
        if let Some(age) = &next.age {
            self.age.get_or_insert_default().merge(age);
        }
        if let (Some(trail), Some(next)) = (&mut self.trail, &next.trail) {
            trail.merge(next);
        }
    }
}

impl GroupStats {
    #[inline(never)]
    pub(super) fn count(&mut self) {
        let [taken, finished] = self.rows.take();
        self.times.add_between(taken, finished);
    }

    pub(super) fn merge(&mut self, next: &GroupStats) {
        self.times.merge(&next.times);
        self.deliveries.merge(&next.deliveries);
    }
}

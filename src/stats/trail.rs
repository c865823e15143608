//! A queue's levels over time, for a plot.

use crate::answer::Moment;
use crate::message::Level;
use crate::units::seconds;

/// Levels at ever wider distances, so that there are never more than a few hundred.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    levels: Vec<Level>,
    stride: u64,
    seen: u64,
}

impl Trail {
    const MOST: usize = 1024;

    pub(super) fn new() -> Self {
        Trail { levels: Vec::new(), stride: 1, seen: 0 }
    }

    /// Adds a level that was the same at several instants.
    pub(super) fn add(&mut self, level: &Level, instants: &[u64]) {
        let mut left = instants;
        loop {
            let passed_over = self.seen.next_multiple_of(self.stride) - self.seen;
            let Some((&at, rest)) = left.get(passed_over as usize..).and_then(<[u64]>::split_first) else {
                self.seen += left.len() as u64;
                return;
            };
            self.seen += passed_over;
            self.add_one(&Level { at, ..*level });
            left = rest;
        }
    }

    fn add_one(&mut self, level: &Level) {
        if self.seen.is_multiple_of(self.stride) {
            if self.levels.len() == Self::MOST {
                let mut keep = false;
                self.levels.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.stride *= 2;
            }
            if self.seen.is_multiple_of(self.stride) {
                self.levels.push(*level);
            }
        }
        self.seen += 1;
    }

    /// Adds the levels of the time that follows.
    pub(super) fn merge(&mut self, next: &Trail) {
        next.levels.iter().for_each(|level| self.add_one(level));
    }

    /// As moments of an answer.
    pub(super) fn points(&self) -> Vec<Moment> {
        let moment = |level: &Level| Moment {
            servers: level.servers.map(|servers| servers as f64),
            oldest: level.oldest.map(seconds),
            ..Moment::new(seconds(level.at), level.waiting as f64, (level.waiting + level.busy) as f64)
        };
        self.levels.iter().map(moment).collect()
    }
}

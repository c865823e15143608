//! Sums of times, alone and with their counts in buckets.

use super::histogram::BucketCounts;
use super::pass::Pass;
use super::rows::ROWS;
use crate::rng::BLOCK;
use crate::units::NANOS_PER_SECOND;
use std::sync::Arc;

/// Sum, sum of squares and maximum of times, in nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    pub count: u64,
    pub sum: u128,
    square: f64,
    pub max: u64,
}

/// Moments with counts in buckets.
#[derive(Debug, Clone, Default)]
pub(super) struct TimeMoments {
    pub moments: Moments,
    pub counts: BucketCounts,
}

/// The same where the counts may be those of several places at once.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedTimes {
    pub moments: Moments,
    pub counts: Arc<BucketCounts>,
}

impl From<TimeMoments> for SharedTimes {
    fn from(mut times: TimeMoments) -> Self {
        times.counts.put_in_order();
        SharedTimes { moments: times.moments, counts: Arc::new(times.counts) }
    }
}

impl SharedTimes {
    /// Adds another's; what is added to nothing is shared.
    pub(super) fn join(&mut self, other: &SharedTimes) {
        if self.moments.count == 0 {
            *self = other.clone();
        } else if other.moments.count > 0 {
            self.moments.merge(&other.moments);
            Arc::make_mut(&mut self.counts).merge(&other.counts);
        }
    }

    /// Adds so many times of zero.
    pub(super) fn add_zeros(&mut self, times: u64) {
        self.moments.count += times;
        Arc::make_mut(&mut self.counts).record_times(0, times);
    }
}

impl Moments {
    #[inline(always)]
    pub(super) fn add(&mut self, value: u64) {
        self.count += 1;
        self.sum += u128::from(value);
        self.square += value as f64 * value as f64;
        self.max = self.max.max(value);
    }

    fn add_pass<const N: usize>(&mut self, pass: &Pass<N>) {
        self.count += pass.count;
        self.sum += pass.sum;
        self.square += pass.square;
        self.max = self.max.max(pass.max);
    }

    pub(super) fn merge(&mut self, other: &Moments) {
        self.count += other.count;
        self.sum += other.sum;
        self.square += other.square;
        self.max = self.max.max(other.max);
    }

    /// In seconds; `None` if nothing was counted.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64 / NANOS_PER_SECOND)
    }

    pub(super) fn sd(&self) -> Option<f64> {
        let n = self.count as f64;
        let mean = self.mean()? * NANOS_PER_SECOND;
        (self.count > 1)
            .then(|| ((self.square / n - mean * mean).max(0.0) * n / (n - 1.0)).sqrt() / NANOS_PER_SECOND)
    }
}

impl TimeMoments {
    pub(super) fn add(&mut self, value: u64) {
        self.moments.add(value);
        self.counts.record(value);
    }

    /// Adds the differences `to` − `from`.
    pub(super) fn add_between(&mut self, from: &[u64], to: &[u64]) {
        if self.counts.keeps_values() {
            from.iter().zip(to).for_each(|(from, to)| self.counts.keep(to - from, 1));
        }
        // Room for few is cleared sooner.
        if from.len() <= ROWS {
            self.add_blocks::<ROWS>(from, to)
        } else {
            self.add_blocks::<BLOCK>(from, to)
        }
    }

    fn add_blocks<const N: usize>(&mut self, from: &[u64], to: &[u64]) {
        Pass::<N>::each(from, to, |pass| {
            self.moments.add_pass(pass);
            self.counts.record_all(pass.buckets(), pass.max);
        });
    }

    /// The same where there often is none, as between due and sent.
    pub(super) fn add_lags(&mut self, from: &[u64], to: &[u64]) {
        if from == to {
            self.moments.count += from.len() as u64;
            self.counts.record_times(0, from.len() as u64);
        } else {
            self.add_between(from, to);
        }
    }

    pub(super) fn merge(&mut self, other: &TimeMoments) {
        self.moments.merge(&other.moments);
        self.counts.merge(&other.counts);
    }
}

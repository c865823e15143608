//! What lies at a rank or below a value, found by one sum over all buckets.

use super::*;

impl Ranks<'_> {
    /// How many values there are.
    pub fn total(&self) -> u64 {
        self.counts.total
    }

    /// The time below or at which a share of the values lies, in seconds, interpolated within its bucket;
    /// `None` if empty.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        if let Some(value) = self.kept_at(share) {
            return Some(value as f64 / crate::units::NANOS_PER_SECOND);
        }
        let (low, width, inside) = self.at_rank(share)?;
        let within = if width > 1 { inside * width as f64 } else { 0.0 };
        Some((low as f64 + within).min(self.counts.max as f64) / crate::units::NANOS_PER_SECOND)
    }

    /// The value at which a share ends, if all are kept.
    fn kept_at(&self, share: f64) -> Option<u64> {
        let (rank, mut below) = (self.rank(share), 0);
        self.counts.few.iter().find_map(|(value, times)| {
            below += times;
            (below >= rank).then_some(*value)
        })
    }

    /// The position, from 1, of the value at which a share ends.
    fn rank(&self, share: f64) -> u64 {
        let total = self.counts.total;
        ((share * total as f64).ceil() as u64).clamp(1, total.max(1))
    }

    /// The same of whole numbers, such as lengths of a queue: the smallest that at least this share does not
    /// exceed.
    pub fn level(&self, share: f64) -> Option<u64> {
        self.at_rank(share).map(|(low, _, _)| low)
    }

    /// Start and width of the bucket in which a share of the values ends, and how far into the bucket's
    /// values that is.
    fn at_rank(&self, share: f64) -> Option<(u64, u64, f64)> {
        let rank = self.rank(share);
        let at = self.cells.partition_point(|(_, upto)| *upto < rank);
        let (bucket, upto) = *self.cells.get(at)?;
        let below = self.upto(at);
        let (low, width) = bounds(usize::from(bucket));
        Some((low, width, (rank - below) as f64 / (upto - below) as f64))
    }

    /// How many values lie in so many of the first buckets that are not empty.
    fn upto(&self, cells: usize) -> u64 {
        cells.checked_sub(1).map_or(0, |last| self.cells[last].1)
    }

    /// How many values lie in buckets before one.
    pub(super) fn below(&self, bucket: usize) -> u64 {
        self.upto(self.cells.partition_point(|(other, _)| usize::from(*other) < bucket))
    }

    /// How many values lie in a bucket.
    fn within(&self, bucket: usize) -> u64 {
        self.below(bucket.saturating_add(1)) - self.below(bucket)
    }

    /// The share of the values up to a time in seconds, interpolated within its bucket; 0 if empty.
    pub fn share_up_to(&self, time: f64) -> f64 {
        let (total, few) = (self.counts.total, &self.counts.few);
        // Out of range it is cut to the ends.
        let value = (time * crate::units::NANOS_PER_SECOND) as u64;
        if self.counts.keeps_values() && time >= 0.0 && total > 0 {
            // A time that came of whole nanoseconds may be a rounding less than they were.
            let value = (time * crate::units::NANOS_PER_SECOND + 1e-3) as u64;
            let upto: u64 = few.iter().take_while(|kept| kept.0 <= value).map(|kept| kept.1).sum();
            return upto as f64 / total as f64;
        }
        let last = bucket(value);
        let (low, width) = bounds(last);
        let inside = self.within(last) as f64 * ((value - low + 1) as f64 / width as f64);
        let below = self.below(last) as f64;
        if time < 0.0 || total == 0 { 0.0 } else { (below + inside) / total as f64 }
    }

    /// The share of the values that are no longer than a time in seconds. Where its bucket has far more
    /// values than those beside it, many are of one length, and none is taken to be a thousandth longer than
    /// the time.
    pub fn share_within(&self, time: f64) -> f64 {
        let total = self.counts.total;
        let at = bucket((time * crate::units::NANOS_PER_SECOND + 1e-3) as u64);
        let beside = self.within(at.wrapping_sub(1)).max(self.within(at + 1));
        let usual = self.within(at) <= ATOM * (beside + 1);
        if self.counts.keeps_values() || time < 0.0 || total == 0 || usual {
            return self.share_up_to(time);
        }
        self.below(at + 1) as f64 / total as f64
    }
}

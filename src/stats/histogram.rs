//! Counts of times in buckets of three significant digits, fast enough to keep every one.

use hdrhistogram::Histogram;

/// Buckets an octave is split into, as a power of two: HdrHistogram's for three significant digits.
const HALF_BITS: u32 = 10;
/// Values below this are counted exactly.
const LINEAR: u64 = 2 << HALF_BITS;

/// So many different values are kept as they are, besides their buckets: what has no chance in it, or little,
/// has exact percentiles.
const FEW: usize = 32;

/// Buckets that are merged, or passed over, together.
const STRETCH: usize = 512;
/// Values up to this are their own bucket.
pub(super) const LAST_EXACT: u64 = LINEAR - 1;
/// What is left of a larger value as a floating-point number, its exponent and the first bits of its
/// fraction, less an offset is its bucket too.
pub(super) const FLOAT_SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - HALF_BITS;
pub(super) const FLOAT_OFFSET: u64 = (1023 + HALF_BITS as u64 - 1) << HALF_BITS;

/// How many times as many values as its neighbours a bucket has that holds many of one length.
const ATOM: u64 = 4;

/// A histogram of nanoseconds with HdrHistogram's buckets: exact below 2 048, within 0.1 % above.
///
/// It is an array and an index computed from the leading zeros, about half the cost of the library's own
/// record; everything that is not counting (files, merging with others' data) is left to the library, see
/// [`BucketCounts::to_hdr`].
#[derive(Debug, PartialEq, Eq)]
pub struct BucketCounts {
    /// As far as the largest value's bucket, in whole stretches: many short runs would else spend their time
    /// on clean memory.
    counts: Vec<u64>,
    total: u64,
    max: u64,
    /// Every value with how often it came, in increasing order, while there are few.
    few: Vec<(u64, u64)>,
    /// Whether there were more.
    many: bool,
}

impl Default for BucketCounts {
    fn default() -> Self {
        Self::new()
    }
}

/// Empty stretches are left alone, so that memory which nothing was counted in is never touched.
impl Clone for BucketCounts {
    fn clone(&self) -> Self {
        let mut out = Self::new();
        out.merge(self);
        out
    }
}

/// The bucket of a value.
#[inline(always)]
pub(super) fn bucket(value: u64) -> usize {
    let shift = (u64::BITS - 1 - HALF_BITS) - (value | (LINEAR - 1)).leading_zeros();
    ((shift as usize) << HALF_BITS) + (value >> shift) as usize
}

/// The smallest value of a bucket and how many values it holds.
fn bounds(bucket: usize) -> (u64, u64) {
    let shift = (bucket >> HALF_BITS).saturating_sub(1) as u32;
    let part = (bucket as u64) - (u64::from(shift) << HALF_BITS);
    (part << shift, 1 << shift)
}

impl BucketCounts {
    /// No values.
    pub fn new() -> Self {
        BucketCounts { counts: Vec::new(), total: 0, max: 0, few: Vec::new(), many: false }
    }

    /// Makes room for a bucket. The room follows from the largest value alone, so that equal counts are
    /// equal.
    #[cold]
    fn reach(&mut self, bucket: usize) {
        self.counts.resize((bucket + 1).next_multiple_of(STRETCH), 0);
    }

    /// Whether every value is still kept as it is.
    #[inline(always)]
    pub(super) fn keeps_values(&self) -> bool {
        !self.many
    }

    /// Keeps a value that came so many times, or none any more if there are too many.
    #[cold]
    pub(super) fn keep(&mut self, value: u64, times: u64) {
        if self.many || times == 0 {
            return;
        }
        match self.few.binary_search_by_key(&value, |kept| kept.0) {
            Ok(at) => self.few[at].1 += times,
            Err(at) if self.few.len() < FEW => self.few.insert(at, (value, times)),
            Err(_) => (self.many, self.few) = (true, Vec::new()),
        }
    }

    /// Counts a value.
    #[inline(always)]
    pub fn record(&mut self, value: u64) {
        if self.keeps_values() {
            self.keep(value, 1);
        }
        let bucket = bucket(value);
        if bucket >= self.counts.len() {
            self.reach(bucket);
        }
        self.counts[bucket] += 1;
        self.total += 1;
        self.max = self.max.max(value);
    }

    /// Counts so many zeros.
    pub(super) fn record_zeros(&mut self, times: u64) {
        self.keep(0, times);
        if self.counts.is_empty() && times > 0 {
            self.reach(0);
        }
        if let Some(zeros) = self.counts.first_mut() {
            *zeros += times;
        }
        self.total += times;
    }

    /// Counts values whose buckets are known, and the largest of them. While values are kept,
    /// [`BucketCounts::keep`] takes each besides.
    pub(super) fn record_all(&mut self, buckets: &[u16], max: u64) {
        if !buckets.is_empty() && bucket(max) >= self.counts.len() {
            self.reach(bucket(max));
        }
        for &bucket in buckets {
            self.counts[usize::from(bucket)] += 1;
        }
        (self.max, self.total) = (self.max.max(max), self.total + buckets.len() as u64);
    }

    /// How many values were counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The largest value, to the bucket's width.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &BucketCounts) {
        other.few.iter().for_each(|&(value, times)| self.keep(value, times));
        if other.many {
            (self.many, self.few) = (true, Vec::new());
        }
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.chunks_mut(STRETCH).zip(other.counts.chunks(STRETCH)) {
            if theirs.iter().any(|&count| count > 0) {
                mine.iter_mut().zip(theirs).for_each(|(a, b)| *a += b);
            }
        }
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    /// The time below or at which a share of the values lies, in seconds, interpolated within its bucket;
    /// `None` if empty.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        if let Some(value) = self.kept_at(share) {
            return Some(value as f64 / crate::units::NANOS_PER_SECOND);
        }
        let (low, width, inside) = self.at_rank(share)?;
        let within = if width > 1 { inside * width as f64 } else { 0.0 };
        Some((low as f64 + within).min(self.max as f64) / crate::units::NANOS_PER_SECOND)
    }

    /// The value at which a share ends, if all are kept.
    fn kept_at(&self, share: f64) -> Option<u64> {
        let (rank, mut below) = (self.rank(share), 0);
        self.few.iter().find_map(|(value, times)| {
            below += times;
            (below >= rank).then_some(*value)
        })
    }

    /// The position, from 1, of the value at which a share ends.
    fn rank(&self, share: f64) -> u64 {
        ((share * self.total as f64).ceil() as u64).clamp(1, self.total.max(1))
    }

    /// The same of whole numbers, such as lengths of a queue: the smallest that at least this share does not
    /// exceed.
    pub fn level(&self, share: f64) -> Option<u64> {
        self.at_rank(share).map(|(low, _, _)| low)
    }

    /// Start and width of the bucket in which a share of the values ends, and how far into the bucket's
    /// values that is.
    fn at_rank(&self, share: f64) -> Option<(u64, u64, f64)> {
        let (rank, mut below) = (self.rank(share), 0);
        for (i, &count) in self.counts.iter().enumerate() {
            if below + count >= rank {
                let (low, width) = bounds(i);
                return Some((low, width, (rank - below) as f64 / count as f64));
            }
            below += count;
        }
        None
    }

    /// How many values lie in buckets above that of a value: for zero, those that are larger.
    pub fn above(&self, value: u64) -> u64 {
        self.total - self.counts.iter().take(bucket(value) + 1).sum::<u64>()
    }

    /// The share of the values up to a time in seconds, interpolated within its bucket; 0 if empty.
    pub fn share_up_to(&self, time: f64) -> f64 {
        // Out of range it is cut to the ends.
        let value = (time * crate::units::NANOS_PER_SECOND) as u64;
        if self.keeps_values() && time >= 0.0 && self.total > 0 {
            // A time that came of whole nanoseconds may be a rounding less than they were.
            let value = (time * crate::units::NANOS_PER_SECOND + 1e-3) as u64;
            let upto: u64 = self.few.iter().take_while(|kept| kept.0 <= value).map(|kept| kept.1).sum();
            return upto as f64 / self.total as f64;
        }
        let last = bucket(value);
        let (low, width) = bounds(last);
        let here = self.counts.get(last).copied().unwrap_or_default();
        let inside = here as f64 * ((value - low + 1) as f64 / width as f64);
        let below = self.counts.iter().take(last).sum::<u64>() as f64;
        if time < 0.0 || self.total == 0 { 0.0 } else { (below + inside) / self.total as f64 }
    }

    /// The share of the values that are no longer than a time in seconds. Where its bucket has far more values
    /// than those beside it, many are of one length, and none is taken to be a thousandth longer than the time.
    pub fn share_within(&self, time: f64) -> f64 {
        let at = bucket((time * crate::units::NANOS_PER_SECOND + 1e-3) as u64);
        let count = |at: usize| self.counts.get(at).copied().unwrap_or_default();
        let beside = count(at.wrapping_sub(1)).max(count(at + 1));
        if self.keeps_values() || time < 0.0 || self.total == 0 || count(at) <= ATOM * (beside + 1) {
            return self.share_up_to(time);
        }
        self.counts.iter().take(at + 1).sum::<u64>() as f64 / self.total as f64
    }

    /// The same as the library's histogram, of nanoseconds.
    pub fn to_hdr(&self) -> Histogram<u64> {
        let mut out = Histogram::new(3).expect("three digits are a valid precision");
        out.auto(true);
        for (i, &count) in self.counts.iter().enumerate().filter(|(_, c)| **c > 0) {
            let (low, width) = bounds(i);
            out.record_n((low + width / 2).min(self.max), count).expect("an automatic histogram grows");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_buckets_are_fine() {
        for value in (0..5000)
            .chain((0..64).map(|s| 1_u64 << s))
            .chain((3..64).map(|s| (1_u64 << s) - 1))
            .chain([u64::MAX])
        {
            let (low, width) = bounds(bucket(value));
            assert!(low <= value && value - low < width, "{value}: {low} + {width}");
            assert!(width == 1 || width * 1000 <= low, "{value}: {low} + {width}");
        }
    }

    #[test]
    fn quantiles_agree_with_the_library() {
        let mut counts = BucketCounts::new();
        for i in 1..=100_000_u64 {
            counts.record(i * i);
        }
        let hdr = counts.to_hdr();
        for share in [0.5, 0.9, 0.99, 0.999] {
            let (ours, theirs) =
                (counts.quantile(share).expect("not empty"), hdr.value_at_quantile(share) as f64 * 1e-9);
            assert!((ours / theirs - 1.0).abs() < 2e-3, "{share}: {ours} {theirs}");
        }
        assert_eq!(counts.quantile(1.0), Some(10.0));
    }

    #[test]
    fn merged_equals_one() {
        let (mut a, mut b, mut both) = (BucketCounts::new(), BucketCounts::new(), BucketCounts::new());
        for i in 0..10_000_u64 {
            if i % 3 == 0 {
                a.record(i * 77)
            } else {
                b.record(i * 77)
            }
            both.record(i * 77);
        }
        a.merge(&b);
        assert_eq!(a, both);
    }

    /// 77.8 ms lies within a bucket from 77.79 to 77.86; of two values the median is one of them.
    #[test]
    fn few_values_have_exact_percentiles_in_whatever_way_they_are_counted() {
        let (mut one, mut other) = (BucketCounts::new(), BucketCounts::new());
        for _ in 0..600 {
            one.record(77_800_000);
        }
        for _ in 0..400 {
            other.record(120_000_001);
        }
        assert_eq!((one.quantile(0.5), one.quantile(0.999)), (Some(0.0778), Some(0.0778)));
        one.merge(&other);
        assert_eq!(
            [0.5, 0.6, 0.601, 0.99].map(|share| one.quantile(share)),
            [0.0778, 0.0778, 0.120_000_001, 0.120_000_001].map(Some)
        );
        assert_eq!((one.share_up_to(0.0778), one.share_up_to(0.0777)), (0.6, 0.0));
        (0..FEW as u64).for_each(|i| one.record(i));
        assert!(!one.keeps_values() && (one.quantile(0.5).expect("not empty") / 0.0778 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn an_empty_histogram_has_no_quantile() {
        assert_eq!(BucketCounts::new().quantile(0.5), None);
    }
}

//! What lies at a rank or below a value, found by one sum over all stretches of buckets and another within one
//! of them.

use super::*;
use std::borrow::Cow;
use std::iter::Sum;

/// The values of a histogram in their order: counted once, asked for as many percentiles as are wanted.
#[derive(Debug)]
pub struct Ranks<'a> {
    counts: &'a BucketCounts,
    cells: RankedCells<'a>,
}

/// The buckets of the values in the order of their stretches, or their counts with how many values lie in
/// each stretch and those before.
#[derive(Debug)]
enum RankedCells<'a> {
    List(Cow<'a, [u16]>),
    Small(&'a [u16], Vec<u64>),
    Usual(&'a [u32], Vec<u64>),
    Large(&'a [u64], Vec<u64>),
}

/// How many values lie in each stretch and those before. All of them together have room in a count.
fn sums<T: Copy + Sum + Into<u64>>(counts: &[T]) -> Vec<u64> {
    let mut upto = 0;
    let sum = |counts: &[T]| {
        upto += counts.iter().copied().sum::<T>().into();
        upto
    };
    counts.chunks(STRETCH).map(sum).collect()
}

/// A bucket that is not empty: how many values lie before it, and up to its end.
struct RankedBucket {
    bucket: usize,
    below: u64,
    upto: u64,
}

/// The bucket at a rank, from counts of which the first is that of bucket `first` with `below` values before.
fn walk<T: Copy + Into<u64>>(counts: &[T], first: usize, mut below: u64, rank: u64) -> Option<RankedBucket> {
    for (bucket, &count) in (first..).zip(counts) {
        let upto = below + count.into();
        if upto >= rank {
            return Some(RankedBucket { bucket, below, upto });
        }
        below = upto;
    }
    None
}

/// The bucket at a rank.
fn counted_at<T: Copy + Into<u64>>(counts: &[T], sums: &[u64], rank: u64) -> Option<RankedBucket> {
    let at = sums.partition_point(|upto| *upto < rank);
    let below = at.checked_sub(1).map_or(0, |before| sums[before]);
    walk(counts.get(at * STRETCH..)?, at * STRETCH, below, rank)
}

/// How many values lie in buckets before one.
fn counted_below<T: Copy + Into<u64>>(counts: &[T], sums: &[u64], bucket: usize) -> u64 {
    let at = (bucket / STRETCH).min(sums.len());
    let before = at.checked_sub(1).map_or(0, |before| sums[before]);
    let within = &counts[at * STRETCH..bucket.min(counts.len())];
    before + within.iter().map(|count| (*count).into()).sum::<u64>()
}

/// Where a stretch begins in a list, and what of the list lies in it.
fn part(list: &[u16], of: usize) -> (usize, &[u16]) {
    let from = list.partition_point(|bucket| stretch(*bucket) < of);
    let rest = &list[from..];
    (from, &rest[..rest.partition_point(|bucket| stretch(*bucket) == of)])
}

impl RankedCells<'_> {
    /// The bucket of the value at a position, from 1.
    fn at(&self, rank: u64) -> Option<RankedBucket> {
        match self {
            RankedCells::List(list) => {
                let of = stretch(*list.get(usize::try_from(rank).ok()?.checked_sub(1)?)?);
                let ((from, part), mut counts) = (part(list, of), [0_u32; STRETCH]);
                part.iter().for_each(|bucket| counts[usize::from(*bucket) % STRETCH] += 1);
                walk(&counts, of * STRETCH, from as u64, rank)
            }
            RankedCells::Small(counts, sums) => counted_at(counts, sums, rank),
            RankedCells::Usual(counts, sums) => counted_at(counts, sums, rank),
            RankedCells::Large(counts, sums) => counted_at(counts, sums, rank),
        }
    }

    /// How many values lie in buckets before one.
    fn below(&self, bucket: usize) -> u64 {
        match self {
            RankedCells::List(list) => {
                let (from, part) = part(list, bucket / STRETCH);
                (from + part.iter().filter(|other| usize::from(**other) < bucket).count()) as u64
            }
            RankedCells::Small(counts, sums) => counted_below(counts, sums, bucket),
            RankedCells::Usual(counts, sums) => counted_below(counts, sums, bucket),
            RankedCells::Large(counts, sums) => counted_below(counts, sums, bucket),
        }
    }
}

impl BucketCounts {
    /// What is asked of the values in their order.
    pub fn ranks(&self) -> Ranks<'_> {
        let cells = match &self.cells {
            Cells::List(buckets) if buckets.is_sorted_by_key(|bucket| stretch(*bucket)) => {
                RankedCells::List(Cow::Borrowed(buckets))
            }
            Cells::List(buckets) => RankedCells::List(Cow::Owned(in_order(buckets))),
            Cells::Small(counts) => RankedCells::Small(counts, sums(counts)),
            Cells::Usual(counts) => RankedCells::Usual(counts, sums(counts)),
            Cells::Large(counts) => RankedCells::Large(counts, sums(counts)),
        };
        Ranks { counts: self, cells }
    }
}

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
        let RankedBucket { bucket, below, upto } = self.cells.at(rank)?;
        let (low, width) = bounds(bucket);
        Some((low, width, (rank - below) as f64 / (upto - below) as f64))
    }

    /// How many values lie in buckets before one.
    pub(super) fn below(&self, bucket: usize) -> u64 {
        self.cells.below(bucket)
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

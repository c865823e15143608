//! Counts of times in buckets of three significant digits, fast enough to keep every one.

mod packed;
mod ranks;

use hdrhistogram::Histogram;
pub(super) use packed::PackedCounts;
pub(super) use ranks::Ranks;

/// Buckets an octave is split into, as a power of two: HdrHistogram's for three significant digits.
const HALF_BITS: u32 = 10;
/// Values below this are counted exactly.
const LINEAR: u64 = 2 << HALF_BITS;

/// So many different values are kept as they are, besides their buckets: what has no chance in it, or little,
/// has exact percentiles.
const FEW: usize = 32;

/// Buckets that are looked at together; counts reach as far as a multiple of this.
const STRETCH: usize = 64;
/// Values up to this are their own bucket.
pub(super) const LAST_EXACT: u64 = LINEAR - 1;
/// What is left of a larger value as a floating-point number, its exponent and the first bits of its
/// fraction, less an offset is its bucket too.
pub(super) const FLOAT_SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - HALF_BITS;
pub(super) const FLOAT_OFFSET: u64 = (1023 + HALF_BITS as u64 - 1) << HALF_BITS;

/// How many times as many values as its neighbours a bucket has that holds many of one length.
const ATOM: u64 = 4;

/// Buckets that are passed over together if all of them are empty.
const EMPTY: usize = 32;

/// So few values at most stay a list of their buckets: fewer than there are buckets, whose counts would take
/// more room.
const LIST: usize = 1 << 14;

/// A histogram of nanoseconds with HdrHistogram's buckets: exact below 2 048, within 0.1 % above.
///
/// It is an array and an index computed from the leading zeros, about half the cost of the library's own
/// record; everything that is not counting (files, merging with others' data) is left to the library, see
/// [`BucketCounts::to_hdr`]. Whoever asks for several percentiles asks its [`BucketCounts::ranks`].
#[derive(Debug, Clone)]
pub struct BucketCounts {
    cells: Cells,
    /// As many values as the cells have room for as they are.
    room: u64,
    total: u64,
    max: u64,
    /// Every value with how often it came, in increasing order, while there are few.
    few: Vec<(u64, u64)>,
    /// Whether there were more.
    many: bool,
}

/// How often values fell into each bucket, in as little room as their number allows. Counts reach as far as
/// the largest value's bucket, in whole stretches.
#[derive(Debug, Clone)]
enum Cells {
    /// The bucket of each value.
    List(Vec<u16>),
    /// A count for each bucket.
    Small(Vec<u16>),
    Usual(Vec<u32>),
    Large(Vec<u64>),
}

impl Default for BucketCounts {
    fn default() -> Self {
        Self::new()
    }
}

/// The stretch of a bucket.
fn stretch(bucket: u16) -> usize {
    usize::from(bucket) / STRETCH
}

/// Buckets in the order of their stretches: each is counted, and then put into its place.
fn in_order(buckets: &[u16]) -> Vec<u16> {
    let last = buckets.iter().copied().max().map_or(0, stretch);
    let (mut next, mut out) = (vec![0_u32; last + 2], vec![0; buckets.len()]);
    buckets.iter().for_each(|bucket| next[stretch(*bucket) + 1] += 1);
    for of in 1..next.len() {
        next[of] += next[of - 1];
    }
    for &bucket in buckets {
        let at = &mut next[stretch(bucket)];
        out[*at as usize] = bucket;
        *at += 1;
    }
    out
}

/// Adds counts to those of the same buckets, which are within reach.
fn add<A: From<B> + std::ops::AddAssign, B: Copy>(own: &mut [A], counts: &[B]) {
    own.iter_mut().zip(counts).for_each(|(own, count)| *own += A::from(*count));
}

/// The same values were counted, in whatever cells.
impl PartialEq for BucketCounts {
    fn eq(&self, other: &Self) -> bool {
        (self.total, self.max, &self.few, self.many) == (other.total, other.max, &other.few, other.many)
            && self.filled() == other.filled()
    }
}

impl Eq for BucketCounts {}

/// The bucket of a value.
#[inline(always)]
pub(super) fn bucket(value: u64) -> usize {
    let shift = (u64::BITS - 1 - HALF_BITS) - (value | (LINEAR - 1)).leading_zeros();
    ((shift as usize) << HALF_BITS) + (value >> shift) as usize
}

/// The smallest value of a bucket and how many values it holds.
pub(super) fn bounds(bucket: usize) -> (u64, u64) {
    let shift = (bucket >> HALF_BITS).saturating_sub(1) as u32;
    let part = (bucket as u64) - (u64::from(shift) << HALF_BITS);
    (part << shift, 1 << shift)
}

impl BucketCounts {
    /// No values.
    pub fn new() -> Self {
        BucketCounts {
            cells: Cells::List(Vec::new()),
            room: 0,
            total: 0,
            max: 0,
            few: Vec::new(),
            many: false,
        }
    }

    /// No values, of what is asked for its levels alone: no value is kept besides its bucket.
    pub(super) fn of_levels() -> Self {
        BucketCounts {
            cells: Cells::Small(vec![0; STRETCH]),
            room: u16::MAX.into(),
            many: true,
            ..BucketCounts::new()
        }
    }

    /// Makes room for so many values as long as they are a list.
    pub(super) fn make_room(&mut self, values: usize) {
        if let Cells::List(buckets) = &mut self.cells
            && values <= LIST
        {
            buckets.reserve_exact(values);
        }
    }

    /// Puts a list in the order of its stretches: whoever asks for ranks, or adds them to counts, then finds
    /// side by side what lies side by side.
    pub(super) fn put_in_order(&mut self) {
        if let Cells::List(buckets) = &mut self.cells
            && buckets.len() > 1
        {
            *buckets = in_order(buckets);
        }
    }

    /// The same counts with room for those of so many runs, as long as they are a list: what grows step by
    /// step leaves holes behind that are as large as itself.
    pub(super) fn with_room(&self, runs: usize) -> Self {
        let Cells::List(buckets) = &self.cells else { return self.clone() };
        let room = Some(buckets.len().saturating_mul(runs)).filter(|room| *room <= LIST);
        let mut list = Vec::with_capacity(room.unwrap_or(buckets.len()).max(buckets.len()));
        list.extend_from_slice(buckets);
        BucketCounts { cells: Cells::List(list), few: self.few.clone(), ..*self }
    }

    /// Sees to it that there is room for so many values in all, the largest of them in a bucket.
    #[inline(always)]
    fn reach(&mut self, total: u64, bucket: usize) {
        let length = match &self.cells {
            Cells::List(_) => usize::MAX,
            Cells::Small(counts) => counts.len(),
            Cells::Usual(counts) => counts.len(),
            Cells::Large(counts) => counts.len(),
        };
        if total > self.room || bucket >= length {
            self.grow(total, bucket);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, total: u64, bucket: usize) {
        let length = (bucket.max(self::bucket(self.max)) + 1).next_multiple_of(STRETCH);
        let listed = length.min(LIST) as u64;
        if matches!(self.cells, Cells::List(_)) && total <= listed {
            return self.room = listed;
        }
        let wide = |counts: &[u32]| -> Vec<u64> { counts.iter().map(|count| u64::from(*count)).collect() };
        self.cells = match std::mem::replace(&mut self.cells, Cells::List(Vec::new())) {
            Cells::List(buckets) => {
                let mut counts = vec![0; length];
                buckets.iter().for_each(|bucket| counts[usize::from(*bucket)] += 1);
                Cells::Small(counts)
            }
            cells => cells,
        };
        if let Cells::Small(counts) = &self.cells
            && total > u64::from(u16::MAX)
        {
            self.cells = Cells::Usual(counts.iter().map(|count| u32::from(*count)).collect());
        }
        if let Cells::Usual(counts) = &self.cells
            && total > u64::from(u32::MAX)
        {
            self.cells = Cells::Large(wide(counts));
        }
        // No bucket has more values than there are in all.
        self.room = match &mut self.cells {
            Cells::List(_) => listed,
            Cells::Small(counts) => {
                counts.resize(counts.len().max(length), 0);
                u64::from(u16::MAX)
            }
            Cells::Usual(counts) => {
                counts.resize(counts.len().max(length), 0);
                u64::from(u32::MAX)
            }
            Cells::Large(counts) => {
                counts.resize(counts.len().max(length), 0);
                u64::MAX
            }
        };
    }

    /// Counts a bucket that is within reach so many times.
    #[inline(always)]
    fn count(&mut self, bucket: usize, times: u64) {
        match &mut self.cells {
            Cells::List(buckets) => (0..times).for_each(|_| buckets.push(bucket as u16)),
            Cells::Small(counts) => counts[bucket] += times as u16,
            Cells::Usual(counts) => counts[bucket] += times as u32,
            Cells::Large(counts) => counts[bucket] += times,
        }
    }

    /// The buckets that are not empty, in increasing order, with their counts.
    fn filled(&self) -> Vec<(u16, u64)> {
        fn of<T: Copy + Default + PartialEq + Into<u64>>(counts: &[T]) -> Vec<(u16, u64)> {
            let none = T::default();
            let filled = counts.iter().filter(|count| **count != none).count();
            let (mut out, mut at) = (vec![(0, 0); filled + 1], 0);
            for (stretch, counts) in counts.chunks(EMPTY).enumerate() {
                if counts.iter().all(|count| *count == none) {
                    continue;
                }
                // Which of them are empty is chance: no branch depends on it.
                for (bucket, &count) in (stretch * EMPTY..).zip(counts) {
                    out[at] = (bucket as u16, count.into());
                    at += usize::from(count != none);
                }
            }
            out.truncate(filled);
            out
        }
        match &self.cells {
            Cells::List(buckets) => {
                let mut sorted = buckets.clone();
                sorted.sort_unstable();
                sorted.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64)).collect()
            }
            Cells::Small(counts) => of(counts),
            Cells::Usual(counts) => of(counts),
            Cells::Large(counts) => of(counts),
        }
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
        self.record_times(value, 1);
    }

    /// Counts a value that came so many times.
    #[inline(always)]
    pub fn record_times(&mut self, value: u64, times: u64) {
        if self.keeps_values() {
            self.keep(value, times);
        }
        let (bucket, total) = (bucket(value), self.total + times);
        self.reach(total, bucket);
        self.count(bucket, times);
        (self.total, self.max) = (total, self.max.max(value));
    }

    /// Counts values whose buckets are known, and the largest of them. While values are kept,
    /// [`BucketCounts::keep`] takes each besides.
    pub(super) fn record_all(&mut self, buckets: &[u16], max: u64) {
        let total = self.total + buckets.len() as u64;
        self.reach(total, bucket(max));
        self.count_each(buckets);
        (self.max, self.total) = (self.max.max(max), total);
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
        let total = self.total + other.total;
        self.reach(total, bucket(other.max));
        match (&mut self.cells, &other.cells) {
            (_, Cells::List(buckets)) => self.count_each(buckets),
            (Cells::Small(own), Cells::Small(counts)) => add(own, counts),
            (Cells::Usual(own), Cells::Small(counts)) => add(own, counts),
            (Cells::Usual(own), Cells::Usual(counts)) => add(own, counts),
            (Cells::Large(own), Cells::Large(counts)) => add(own, counts),
            _ => other.filled().iter().for_each(|(bucket, times)| self.count((*bucket).into(), *times)),
        }
        (self.total, self.max) = (total, self.max.max(other.max));
    }

    /// Counts buckets that are within reach, one after the other.
    #[inline(always)]
    fn count_each(&mut self, buckets: &[u16]) {
        match &mut self.cells {
            Cells::List(list) => list.extend_from_slice(buckets),
            Cells::Small(counts) => buckets.iter().for_each(|bucket| counts[usize::from(*bucket)] += 1),
            Cells::Usual(counts) => buckets.iter().for_each(|bucket| counts[usize::from(*bucket)] += 1),
            Cells::Large(counts) => buckets.iter().for_each(|bucket| counts[usize::from(*bucket)] += 1),
        }
    }

    /// The time below or at which a share of the values lies, in seconds, interpolated within its bucket;
    /// `None` if empty.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        self.ranks().quantile(share)
    }

    /// How many values lie in buckets above that of a value: for zero, those that are larger.
    pub fn above(&self, value: u64) -> u64 {
        fn from<T: Copy + Into<u64>>(counts: &[T], first: usize) -> u64 {
            counts.get(first..).unwrap_or_default().iter().map(|count| (*count).into()).sum()
        }
        let first = bucket(value) + 1;
        match &self.cells {
            Cells::List(buckets) => {
                buckets.iter().filter(|bucket| usize::from(**bucket) >= first).count() as u64
            }
            Cells::Small(counts) => from(counts, first),
            Cells::Usual(counts) => from(counts, first),
            Cells::Large(counts) => from(counts, first),
        }
    }

    /// The same as the library's histogram, of nanoseconds.
    pub fn to_hdr(&self) -> Histogram<u64> {
        let mut out = Histogram::new(3).expect("three digits are a valid precision");
        out.auto(true);
        for (bucket, count) in self.filled() {
            let (low, width) = bounds(usize::from(bucket));
            out.record_n((low + width / 2).min(self.max), count).expect("an automatic histogram grows");
        }
        out
    }
}

#[cfg(test)]
mod tests;

//! A histogram as what is written of it.

use super::{BucketCounts, bucket};
use serde::{Deserialize, Serialize};

/// What is written of a histogram: its buckets that are not empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::stats) struct PackedCounts {
    max: u64,
    few: Vec<(u64, u64)>,
    many: bool,
    /// Of each bucket that is not empty how far it is from the one before, and its count.
    cells: String,
}

/// Binary digits of a number that go into a letter; letters are none that JSON writes otherwise.
const DIGITS: u32 = 5;
/// The letters of numbers' last digits begin here, those of the others there.
const LAST: u8 = b'0';
const MORE: u8 = b']';

fn write(mut number: u64, out: &mut String) {
    while number >> DIGITS > 0 {
        out.push(char::from(MORE + (number & ((1 << DIGITS) - 1)) as u8));
        number >>= DIGITS;
    }
    out.push(char::from(LAST + number as u8));
}

/// The next number; `None` if there is none.
fn read(letters: &mut impl Iterator<Item = u8>) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let letter = letters.next()?;
        let (digits, last) = match letter.checked_sub(MORE) {
            Some(digits) => (digits, false),
            None => (letter.checked_sub(LAST)?, true),
        };
        (u32::from(digits) < 1 << DIGITS && shift < u64::BITS).then_some(())?;
        number |= u64::from(digits) << shift;
        shift += DIGITS;
        if last {
            return Some(number);
        }
    }
}

impl BucketCounts {
    pub(in crate::stats) fn packed(&self) -> PackedCounts {
        let (mut cells, mut before) = (String::new(), 0);
        for (bucket, count) in self.filled() {
            write(u64::from(bucket - before), &mut cells);
            write(count, &mut cells);
            before = bucket;
        }
        PackedCounts { max: self.max, few: self.few.clone(), many: self.many, cells }
    }
}

impl PackedCounts {
    /// The histogram; `None` if none is written so.
    pub(in crate::stats) fn unpacked(self) -> Option<BucketCounts> {
        let (mut cells, mut total, mut at) = (Vec::new(), 0_u64, 0_u64);
        let (last, mut letters) = (bucket(self.max), self.cells.bytes());
        while letters.len() > 0 {
            at = at.checked_add(read(&mut letters)?)?;
            let count = read(&mut letters)?;
            total = total.checked_add(count)?;
            cells.push((usize::try_from(at).ok().filter(|bucket| *bucket <= last)?, count));
        }
        let mut out = BucketCounts::new();
        out.reach(total, last);
        cells.into_iter().for_each(|(bucket, count)| out.count(bucket, count));
        (out.total, out.max, out.few, out.many) = (total, self.max, self.few, self.many);
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_comes_back_as_it_was() {
        for values in [0_u64, 1, 20, 40, 1000, 100_000] {
            let mut counts = BucketCounts::new();
            (0..values).for_each(|i| counts.record_times(i * i * 977 % 1_000_003, 1 + i % 3));
            let packed = serde_json::to_vec(&counts.packed()).expect("written");
            let read: PackedCounts = serde_json::from_slice(&packed).expect("read");
            let mut back = read.unpacked().expect("a histogram");
            assert_eq!(back, counts, "{values}");
            for counts in [&mut back, &mut counts] {
                (0..100_000).for_each(|i| counts.record(i));
            }
            assert_eq!(back, counts, "{values} and more");
        }
        // A bucket beyond the largest value's, half a cell, half a number, no letter of ours.
        for wrong in ["91", "0", "0]", "0 ", "0~", "0\u{fffd}"] {
            let packed = PackedCounts { cells: wrong.into(), ..BucketCounts::new().packed() };
            assert_eq!(packed.unpacked(), None, "{wrong}");
        }
        for number in [0, 31, 32, 12_345_678, u64::MAX] {
            let mut written = String::new();
            write(number, &mut written);
            let mut letters = written.bytes();
            assert_eq!((read(&mut letters), letters.len()), (Some(number), 0));
            assert!(!written.contains(['"', '\\']));
        }
    }
}

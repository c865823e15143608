//! One pass over the differences of two columns: their sums and buckets, eight at a time.

use super::histogram::{FLOAT_OFFSET, FLOAT_SHIFT, LAST_EXACT, bucket};
use multiversion::multiversion;

/// Differences that are added up side by side; their number is part of the result's rounding, whatever the
/// CPU.
const LANES: usize = 8;
/// Whole numbers below this are floating-point numbers too, and adding it shows them in the low bits.
const EXACT: u64 = 1 << 52;

/// What up to `N` differences come to.
pub(super) struct Pass<const N: usize> {
    pub count: u64,
    pub sum: u128,
    pub square: f64,
    pub max: u64,
    buckets: [u16; N],
}

impl<const N: usize> Pass<N> {
    /// Shows what the differences `to` − `from` come to, `N` at a time.
    pub(super) fn each(from: &[u64], to: &[u64], mut show: impl FnMut(&Self)) {
        let mut pass = Pass { count: 0, sum: 0, square: 0.0, max: 0, buckets: [0; N] };
        for (from, to) in from.chunks(N).zip(to.chunks(N)) {
            pass.over(from, to);
            show(&pass);
        }
    }

    /// The bucket of each difference.
    pub(super) fn buckets(&self) -> &[u16] {
        &self.buckets[..self.count as usize]
    }

    fn over(&mut self, from: &[u64], to: &[u64]) {
        let (sum, square, max) = small(from, to, &mut self.buckets);
        (self.count, self.sum, self.square, self.max) = (from.len() as u64, u128::from(sum), square, max);
        if max >= EXACT {
            self.over_large(from, to);
        }
    }

    /// The same for differences of which some are longer than 52 days.
    fn over_large(&mut self, from: &[u64], to: &[u64]) {
        (self.sum, self.square, self.max) = (0, 0.0, 0);
        for ((a, b), slot) in from.iter().zip(to).zip(&mut self.buckets) {
            let value = b - a;
            self.sum += u128::from(value);
            self.square += value as f64 * value as f64;
            self.max = self.max.max(value);
            *slot = bucket(value) as u16;
        }
    }
}

/// Sum, sum of squares and maximum; a maximum of at least [`EXACT`] only says that the rest is meaningless.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn small(from: &[u64], to: &[u64], buckets: &mut [u16]) -> (u64, f64, u64) {
    let mut lanes = LaneSums::NONE;
    let ((from, from_rest), (to, to_rest)) = (from.as_chunks(), to.as_chunks());
    for ((from, to), out) in from.iter().zip(to).zip(buckets.as_chunks_mut().0) {
        (lanes, *out) = lanes.with(from, to);
    }
    if !from_rest.is_empty() {
        // Differences of zero change nothing but the rest's buckets, which are not copied.
        let (mut a, mut b) = ([0; LANES], [0; LANES]);
        a[..from_rest.len()].copy_from_slice(from_rest);
        b[..to_rest.len()].copy_from_slice(to_rest);
        let (more, out) = lanes.with(&a, &b);
        lanes = more;
        buckets[from.len() * LANES..][..from_rest.len()].copy_from_slice(&out[..from_rest.len()]);
    }
    lanes.across()
}

/// Sums side by side. They stay in registers as long as nobody asks for their address: hence no
/// `default`, iterator or closure here, which the compiler may not inline.
#[derive(Clone, Copy)]
struct LaneSums {
    sum: [u64; LANES],
    square: [f64; LANES],
    max: [f64; LANES],
    /// Every bit that any difference has.
    any: [u64; LANES],
}

impl LaneSums {
    const NONE: Self = LaneSums { sum: [0; LANES], square: [0.0; LANES], max: [0.0; LANES], any: [0; LANES] };

    /// The sums of all lanes, and the maximum or what shows that it is too large.
    #[inline(always)]
    fn across(self) -> (u64, f64, u64) {
        let (mut sum, mut square, mut max, mut any) = (0_u64, 0.0, 0.0_f64, 0);
        for i in 0..LANES {
            sum = sum.wrapping_add(self.sum[i]);
            square += self.square[i];
            max = if self.max[i] > max { self.max[i] } else { max };
            any |= self.any[i];
        }
        (sum, square, if any >= EXACT { any } else { max as u64 })
    }

    /// The sums with eight differences more, and the buckets of these.
    #[inline(always)]
    fn with(mut self, from: &[u64; LANES], to: &[u64; LANES]) -> (Self, [u16; LANES]) {
        let mut buckets = [0; LANES];
        for i in 0..LANES {
            let value = to[i].wrapping_sub(from[i]);
            let float = f64::from_bits(value | EXACT_BITS) - EXACT as f64;
            self.sum[i] = self.sum[i].wrapping_add(value);
            self.any[i] |= value;
            self.square[i] += float * float;
            self.max[i] = if float > self.max[i] { float } else { self.max[i] };
            // The exponent and the first bits of the fraction are the bucket's number, but for its origin.
            let upper = (float.to_bits() >> FLOAT_SHIFT).wrapping_sub(FLOAT_OFFSET);
            buckets[i] = if value <= LAST_EXACT { value } else { upper } as u16;
        }
        (self, buckets)
    }
}

/// The bits of 2⁵² as a floating-point number.
const EXACT_BITS: u64 = 0x4330_0000_0000_0000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::BLOCK;

    fn passes(values: &[u64]) -> (u64, u128, u64, Vec<u16>) {
        let from: Vec<u64> = (0..values.len() as u64).collect();
        let to: Vec<u64> = values.iter().zip(&from).map(|(v, f)| v + f).collect();
        let mut out = (0, 0, 0, Vec::new());
        Pass::<BLOCK>::each(&from, &to, |p| {
            out.0 += p.count;
            out.1 += p.sum;
            out.2 = out.2.max(p.max);
            out.3.extend_from_slice(p.buckets());
        });
        out
    }

    #[test]
    fn differences_of_any_size_and_number_fall_where_they_do_one_by_one() {
        let small: Vec<u64> =
            (0..52).flat_map(|s| [1_u64 << s, (1 << s) - 1, (1 << s) / 3 * 2]).chain(0..5000).collect();
        let large: Vec<u64> = small.iter().copied().chain([EXACT, EXACT + 1, 1 << 62]).collect();
        for values in [&small[..], &large[..], &small[..7], &small[..8], &large[large.len() - 3..], &[]] {
            let (count, sum, max, buckets) = passes(values);
            assert_eq!((count, sum), (values.len() as u64, values.iter().map(|&v| u128::from(v)).sum()));
            assert_eq!(max, values.iter().copied().max().unwrap_or(0));
            assert_eq!(buckets, values.iter().map(|&v| bucket(v) as u16).collect::<Vec<_>>());
        }
    }
}

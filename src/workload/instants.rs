//! From real-valued times to whole nanoseconds, in blocks: rounded to nearest, and without drift when they
//! add up.

use super::math::ROUND;
use crate::rng::BLOCK;
use crate::units::MAX_NANOS;
use multiversion::multiversion;

/// Below this, adding [`ROUND`] rounds a number to a whole one in its low bits.
pub(super) const SMALL: f64 = 2_251_799_813_685_248.0;

/// Rounds times in nanoseconds to whole ones; those beyond 292 years become 292 years.
pub(super) fn round(times: &[f64; BLOCK], out: &mut Vec<u64>) {
    out.resize(BLOCK, 0);
    if !round_small(times, out) {
        for (whole, time) in out.iter_mut().zip(times) {
            // A cast takes what is too large to the largest whole number.
            *whole = (time.round() as u64).min(MAX_NANOS);
        }
    }
}

/// Says whether all were small enough to be rounded so.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn round_small(times: &[f64; BLOCK], out: &mut [u64]) -> bool {
    let mut small = true;
    for (whole, time) in out.iter_mut().zip(times) {
        small &= *time < SMALL;
        *whole = (time + ROUND).to_bits() & 0x0007_ffff_ffff_ffff;
    }
    small
}

/// An instant that moves on by gaps: whole nanoseconds and the part of one that rounding left over.
#[derive(Debug, Clone, Default)]
pub(super) struct Instants {
    whole: u64,
    rest: f64,
}

impl Instants {
    /// Replaces `out` by the instants after each of these gaps (nanoseconds, none negative). It falls short
    /// of a block where an instant would be beyond 292 years.
    pub(super) fn after(&mut self, gaps: &mut [f64; BLOCK], out: &mut Vec<u64>) {
        out.resize(BLOCK, 0);
        let end = sum_up(self.rest, gaps);
        if end < SMALL && self.whole < MAX_NANOS / 2 {
            add_rounded(self.whole, gaps, out);
            let rounded = (end + ROUND) - ROUND;
            self.whole = out[BLOCK - 1];
            self.rest = end - rounded;
            return;
        }
        let base = self.whole as f64;
        let fitting = gaps.iter().take_while(|sum| base + **sum < MAX_NANOS as f64).count();
        out.truncate(fitting);
        for (instant, sum) in out.iter_mut().zip(gaps.iter()) {
            *instant = self.whole + sum.round().max(0.0) as u64;
        }
        self.whole = out.last().copied().unwrap_or(self.whole);
        self.rest = 0.0;
    }
}

/// Replaces gaps by their sums from the start of the block, beginning at `sum`; returns the last.
///
/// Within eight, upper halves add the total of lower halves (Sklansky 1960): short chains of additions, and
/// sums that never decrease however they are rounded.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn sum_up(mut sum: f64, gaps: &mut [f64; BLOCK]) -> f64 {
    for g in gaps.as_chunks_mut::<8>().0 {
        let pairs = [g[0], g[0] + g[1], g[2], g[2] + g[3], g[4], g[4] + g[5], g[6], g[6] + g[7]];
        let low = [pairs[0], pairs[1], pairs[1] + pairs[2], pairs[1] + pairs[3]];
        let high = [pairs[4], pairs[5], pairs[5] + pairs[6], pairs[5] + pairs[7]];
        for i in 0..4 {
            g[i] = sum + low[i];
            g[i + 4] = sum + (low[3] + high[i]);
        }
        sum = g[7];
    }
    sum
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn add_rounded(base: u64, sums: &[f64; BLOCK], out: &mut [u64]) {
    let base = base.wrapping_sub(ROUND.to_bits());
    for (instant, sum) in out.iter_mut().zip(sums) {
        *instant = base.wrapping_add((sum + ROUND).to_bits());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_round_to_nearest_at_any_size() {
        let mut times = [0.4; BLOCK];
        times[1] = 1.6;
        times[2] = SMALL - 1.0;
        let mut out = Vec::new();
        round(&times, &mut out);
        assert_eq!(out[..3], [0, 2, SMALL as u64 - 1]);
        times[3] = 9e18;
        times[4] = f64::INFINITY;
        round(&times, &mut out);
        assert_eq!(out[..5], [0, 2, SMALL as u64 - 1, 9_000_000_000_000_000_000, MAX_NANOS]);
    }

    #[test]
    fn thirds_do_not_drift() {
        let (mut clock, mut out) = (Instants::default(), Vec::new());
        let blocks = 10_000;
        for _ in 0..blocks {
            clock.after(&mut [1e6 / 3.0; BLOCK], &mut out);
        }
        let exact = blocks as u64 * BLOCK as u64 * 1_000_000 / 3;
        assert!(out[BLOCK - 1].abs_diff(exact) <= 1, "{} {exact}", out[BLOCK - 1]);
    }

    #[test]
    fn instants_never_decrease() {
        let (mut clock, mut out, mut last) = (Instants::default(), Vec::new(), 0);
        for round in 0..200 {
            let mut gaps =
                std::array::from_fn(|i| if (i * 7 + round) % 3 == 0 { 0.1 + i as f64 * 0.3 } else { 0.0 });
            clock.after(&mut gaps, &mut out);
            assert!(last <= out[0] && out.is_sorted());
            last = out[BLOCK - 1];
        }
    }

    #[test]
    fn instants_end_with_the_clock() {
        let (mut clock, mut out) = (Instants::default(), Vec::new());
        clock.after(&mut [1e16; BLOCK], &mut out);
        assert_eq!((out.len(), out[0], out.is_sorted()), (922, 10_000_000_000_000_000, true));
        clock.after(&mut [f64::INFINITY; BLOCK], &mut out);
        assert!(out.is_empty());
    }
}

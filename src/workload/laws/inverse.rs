//! Single variates by inversion, for what is not planned: redeliveries, outages, think times.

use super::Law;
use crate::rng::Key;
use crate::units::{MAX_NANOS, NANOS_PER_SECOND, nanos};
use crate::workload::instants::SMALL;
use crate::workload::math::{ROUND, ln};
use multiversion::multiversion;

impl Law {
    /// A variate in seconds that depends on a key, a message and a count alone, never on the order of events.
    #[inline]
    pub fn draw_at(&self, key: Key, message: u64, count: u64) -> f64 {
        match self {
            Law::Exponential(law) => exponential(law.mean, key, message, count),
            law => law.inverse(middle(key, message, count)),
        }
    }

    /// The same of messages that follow one another, in whole nanoseconds; those beyond 292 years become 292
    /// years.
    pub fn draw_all_at(&self, key: Key, first: u64, count: u64, out: &mut [u64]) {
        match self {
            Law::Exponential(law) if exponentials(law.mean, key, first, count, out) => {}
            law => {
                for (message, time) in (first..).zip(out) {
                    *time = whole(law.draw_at(key, message, count));
                }
            }
        }
    }

    /// The time below which a share `u` of (0, 1) lies: in closed form, or else to some thirteen digits.
    pub fn inverse(&self, u: f64) -> f64 {
        self.quantile(u).unwrap_or_else(|| self.search(u))
    }

    /// A bracket by doubling and halving, then regula falsi with Illinois' halving (Dowell & Jarratt 1971).
    fn search(&self, u: f64) -> f64 {
        let above = |x: f64| self.cdf(x) - u;
        let (mut high, mut low) = (self.mean(), 0.0);
        if above(0.0) >= 0.0 || !(high > 0.0 && high.is_finite()) {
            return 0.0;
        }
        while above(high) < 0.0 && high < f64::MAX / 2.0 {
            (low, high) = (high, 2.0 * high);
        }
        while low == 0.0 && high > f64::MIN_POSITIVE {
            if above(0.5 * high) < 0.0 { low = 0.5 * high } else { high *= 0.5 }
        }
        let (mut f_low, mut f_high) = (above(low), above(high));
        let mut last = None;
        for _ in 0..100 {
            if high - low <= 1e-13 * high || f_high == 0.0 {
                break;
            }
            let x = (low * f_high - high * f_low) / (f_high - f_low);
            let f = above(x);
            // An end that stays for a second time counts half, or it would stay for good.
            let again = last == Some(f < 0.0);
            last = Some(f < 0.0);
            if f < 0.0 {
                (low, f_low) = (x, f);
                f_high *= if again { 0.5 } else { 1.0 };
            } else {
                (high, f_high) = (x, f);
                f_low *= if again { 0.5 } else { 1.0 };
            }
        }
        high
    }
}

/// The middle of the uniform number's cell of width 2⁻⁵²: neither 0 nor 1, so that the time is finite.
#[inline(always)]
fn middle(key: Key, message: u64, count: u64) -> f64 {
    key.uniform_at(message, count) - 0.5 * f64::EPSILON
}

/// Of such a number the distance to 1 is exact, and its logarithm as good as `ln_1p`.
#[inline(always)]
fn exponential(mean: f64, key: Key, message: u64, count: u64) -> f64 {
    -mean * ln(1.0 - middle(key, message, count))
}

#[inline(always)]
fn whole(seconds: f64) -> u64 {
    nanos(seconds).unwrap_or(MAX_NANOS)
}

/// Says whether all were small enough to be rounded so, without a conversion that vector units lack.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn exponentials(mean: f64, key: Key, first: u64, count: u64, out: &mut [u64]) -> bool {
    let mut small = true;
    for (i, time) in out.iter_mut().enumerate() {
        let nanos = exponential(mean, key, first.wrapping_add(i as u64), count) * NANOS_PER_SECOND;
        small &= nanos < SMALL;
        // To nearest, halves to even; of these the ones that went down go up.
        let sum = nanos + ROUND;
        let went_down = nanos - (sum - ROUND) == 0.5;
        *time = (sum.to_bits() & 0x0007_ffff_ffff_ffff) + u64::from(went_down);
    }
    small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_at_once_are_the_same_as_one_by_one() {
        for law in [
            Law::exponential(0.004),
            Law::exponential(1e12),
            Law::pareto(0.004, 2.2),
            Law::deterministic(0.1),
        ] {
            let (key, mut many) = (Key::new(3, 0), [0; 1000]);
            law.draw_all_at(key, 77, 5, &mut many);
            for (i, time) in many.into_iter().enumerate() {
                assert_eq!(time, nanos(law.draw_at(key, 77 + i as u64, 5)).unwrap_or(MAX_NANOS), "{law:?}");
            }
        }
    }

    #[test]
    fn searches_find_what_the_distribution_function_tells() {
        for law in [
            Law::erlang(0.004, 3),
            Law::gamma(2.0, 0.1),
            Law::gamma(1.0, 20.0),
            Law::hyperexponential(1.0, 9.0),
        ] {
            for u in [1e-9, 1e-3, 0.1, 0.5, 0.99, 1.0 - 1e-9] {
                let x = law.inverse(u);
                assert!((law.cdf(x) / u - 1.0).abs() < 1e-10, "{law:?} at {u}: {x} {}", law.cdf(x));
            }
            assert!(law.inverse(1.0 - 0.5 * f64::EPSILON).is_finite());
        }
        // Exponential as an Erlang of one stage.
        assert!((Law::erlang(1.0, 1).inverse(0.5) - std::f64::consts::LN_2).abs() < 1e-12);
    }

    #[test]
    fn single_draws_have_the_mean_of_their_law() {
        let key = Key::new(1, 0).role("service", "workers");
        for law in
            [Law::exponential(1.0), Law::erlang(1.0, 4), Law::lognormal(1.0, 1.0), Law::deterministic(1.0)]
        {
            let sum: f64 = (0..20_000).map(|i| law.draw_at(key, i, 1)).sum();
            // Five standard errors: one false alarm in 1.7 million.
            assert!((sum / 20_000.0 - 1.0).abs() <= 5.0 * (law.scv() / 20_000.0).sqrt(), "{law:?}");
        }
    }
}

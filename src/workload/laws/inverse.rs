//! Single variates by inversion, for what is not planned: redeliveries, outages, think times.

use super::Law;
use crate::rng::Key;

impl Law {
    /// A variate in seconds that depends on a key, a message and a count alone, never on the order of events.
    pub fn draw_at(&self, key: Key, message: u64, count: u64) -> f64 {
        // The middle of the uniform number's cell of width 2⁻⁵²: neither 0 nor 1, so that the time is finite.
        self.inverse(key.uniform_at(message, count) - 0.5 * f64::EPSILON)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_find_what_the_distribution_function_tells() {
        for law in [Law::erlang(0.004, 3), Law::gamma(2.0, 0.1), Law::gamma(1.0, 20.0), Law::hyperexponential(1.0, 9.0)] {
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
        for law in [Law::exponential(1.0), Law::erlang(1.0, 4), Law::lognormal(1.0, 1.0), Law::deterministic(1.0)] {
            let sum: f64 = (0..20_000).map(|i| law.draw_at(key, i, 1)).sum();
            // Five standard errors: one false alarm in 1.7 million.
            assert!((sum / 20_000.0 - 1.0).abs() <= 5.0 * (law.scv() / 20_000.0).sqrt(), "{law:?}");
        }
    }
}

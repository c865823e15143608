//! Whether arrivals are Poisson: a test with a stated error.

use statrs::function::{erf::erfc, gamma::gamma_lr};

/// Arrivals that are Poisson are called something else with this probability.
pub const SIGNIFICANCE: f64 = 0.01;
/// Fewer gaps than this decide nothing.
pub const FEWEST: usize = 10;
/// So many of its units a clock must have run to show whether the rate changes.
const TICKS: f64 = 10.0;
/// Messages a window that a dispersion is tested over, on average, and how many windows there are at least.
const MESSAGES: f64 = 10.0;
const WINDOWS: usize = 30;
/// So many standard errors of a gamma law of this shape are those of a normal law.
const NORMAL: f64 = 2000.0;

/// What the test found.
#[derive(Debug, Clone, PartialEq)]
pub struct PoissonTest {
    /// How likely Poisson arrivals would be as far off as these, by the worst of the tests, times their
    /// number (Bonferroni).
    pub p_value: f64,
    /// In which way they are farthest off.
    pub by: Deviation,
}

/// A way in which arrivals may differ from Poisson ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Deviation {
    /// The rate changes: instants are not uniform over the file.
    Rate,
    /// Gaps are not exponential.
    Gaps,
    /// Counts in windows of so many seconds vary more, or less, than Poisson ones.
    Dispersion {
        /// Seconds.
        window: f64,
        /// Variance by mean of the counts.
        index: f64,
    },
}

impl PoissonTest {
    /// Whether the arrivals are not Poisson.
    pub fn rejects(&self) -> bool {
        self.p_value < SIGNIFICANCE
    }
}

/// Tests ascending instants; gaps shorter than the clock's unit (in seconds) are not looked at.
///
/// # Source
/// Given their number, Poisson arrivals are uniform over the time (Cox & Lewis 1966, section 6.2); the sorted
/// gaps, normalised, are too (Durbin 1961, Lewis 1965): both by Kolmogorov's test. Counts in windows: (n − 1)
/// variance/mean is χ² with n − 1 degrees.
pub(super) fn test(instants: &[f64], unit: f64) -> Option<PoissonTest> {
    let (first, last) = (*instants.first()?, *instants.last()?);
    let (gaps, lasted) = (instants.len() - 1, last - first);
    if gaps < FEWEST || lasted <= 0.0 || lasted < TICKS * unit {
        return None;
    }
    let mut found = vec![(
        kolmogorov(instants[1..gaps].iter().map(|at| (at - first) / lasted), gaps - 1),
        Deviation::Rate,
    )];
    let mean = lasted / gaps as f64;
    if unit < 0.1 * mean {
        found.push((gaps_test(instants), Deviation::Gaps));
    }
    let short = (MESSAGES * mean).max(10.0 * unit);
    for window in [short, (lasted / (2.0 * WINDOWS as f64)).max(short)] {
        if let Some((p, index)) = dispersion_test(instants, window) {
            found.push((p, Deviation::Dispersion { window, index }));
        }
    }
    let tests = found.len() as f64;
    let (p, by) = found.into_iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(PoissonTest { p_value: (p * tests).min(1.0), by })
}

/// The p-value of numbers in ascending order against the uniform law on (0, 1).
///
/// # Source
/// Stephens (1970): √n + 0.12 + 0.11/√n times the distance follows Kolmogorov's limit for n ≥ 5.
fn kolmogorov(ascending: impl Iterator<Item = f64>, n: usize) -> f64 {
    let n = n as f64;
    let off = |(i, u): (usize, f64)| (u - i as f64 / n).abs().max((u - (i + 1) as f64 / n).abs());
    let distance = ascending.enumerate().map(off).fold(0.0, f64::max);
    let x = (n.sqrt() + 0.12 + 0.11 / n.sqrt()) * distance;
    if x < 0.2 {
        return 1.0;
    }
    let term = |k: i32| f64::from(1 - 2 * ((k + 1) % 2)) * (-2.0 * f64::from(k * k) * x * x).exp();
    (2.0 * (1..=100).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

/// Gaps against exponential ones of the same mean.
fn gaps_test(instants: &[f64]) -> f64 {
    let mut gaps: Vec<f64> = instants.windows(2).map(|w| w[1] - w[0]).collect();
    gaps.sort_by(f64::total_cmp);
    let (n, total) = (gaps.len(), gaps.iter().sum::<f64>());
    let mut before = 0.0;
    let spacings = gaps.iter().enumerate().map(|(i, gap)| {
        let spacing = (n - i) as f64 * (gap - before);
        before = *gap;
        spacing
    });
    let sums: Vec<f64> =
        spacings.scan(0.0, |sum, spacing| Some((*sum += spacing, *sum / total).1)).take(n - 1).collect();
    kolmogorov(sums.into_iter(), n - 1)
}

/// Both sides of the index of dispersion; the p-value and the index.
fn dispersion_test(instants: &[f64], window: f64) -> Option<(f64, f64)> {
    let found = super::arrivals::dispersion(instants, window).filter(|d| d.windows >= WINDOWS)?;
    let degrees = (found.windows - 1) as f64;
    let below = if degrees > NORMAL {
        // Wilson & Hilferty (1931): the cube root is nearly normal.
        let z = (found.index.cbrt() - (1.0 - 2.0 / (9.0 * degrees))) / (2.0 / (9.0 * degrees)).sqrt();
        if z > 0.0 {
            return Some((erfc(z / std::f64::consts::SQRT_2).min(1.0), found.index));
        }
        0.5 * erfc(-z / std::f64::consts::SQRT_2)
    } else {
        gamma_lr(0.5 * degrees, 0.5 * degrees * found.index)
    };
    Some(((2.0 * below.min(1.0 - below)).clamp(0.0, 1.0), found.index))
}

#[cfg(test)]
mod tests {
    use super::super::traffic::Traffic;
    use super::*;
    use crate::scenario::{Arrivals, Step};
    use crate::workload::laws::Law;

    fn p(arrivals: &Arrivals, replication: u64, messages: usize) -> PoissonTest {
        test(&Traffic::drawn(arrivals, 10.0, &Law::ZERO, replication, messages).at, 0.0).expect("long enough")
    }

    /// The stated error: of 400 Poisson files at most 1 % in the mean are rejected; 11 or more have
    /// probability 0.3 %.
    #[test]
    fn poisson_arrivals_are_rejected_as_seldom_as_is_said() {
        for messages in [40, 2000] {
            let rejected = (0..400).filter(|r| p(&Arrivals::Poisson, *r, messages).rejects()).count();
            assert!(rejected <= 10, "{rejected} of 400 with {messages}");
        }
    }

    #[test]
    fn other_arrivals_are_rejected_and_it_says_why() {
        let regular = Arrivals::Renewal { gap: Law::erlang(0.1, 3) };
        assert!(p(&regular, 0, 1000).rejects());
        let bursty = Arrivals::Mmpp { rates: vec![2.0, 50.0], dwell: vec![10.0, 2.0] };
        assert!(p(&bursty, 0, 2000).rejects());
        let steps = vec![Step { lasts: 100.0, rate: 8.0 }, Step { lasts: 1.0, rate: 12.0 }];
        let found = p(&Arrivals::Schedule { steps, repeat: false, ramp: false }, 0, 2000);
        assert!(found.rejects() && found.by == Deviation::Rate, "{found:?}");
        let found = p(&Arrivals::Periodic, 0, 30);
        assert!(found.rejects() && found.by == Deviation::Gaps, "{found:?}");
    }

    /// Published critical values of Kolmogorov's limit: 1.3581 at 5 %, 1.6276 at 1 %.
    #[test]
    fn the_limit_is_kolmogorovs() {
        let n = 1_000_000;
        for (x, p) in [(1.3581, 0.05), (1.6276, 0.01)] {
            let shift = x / 1000.12011;
            let found = kolmogorov((0..n).map(|i| i as f64 / n as f64 + shift - 1e-6), n);
            assert!((found - p).abs() < 1e-3 * 0.1 + p * 0.01, "{x}: {found}");
        }
    }

    #[test]
    fn a_few_instants_decide_nothing() {
        // Nor do many that were all spread within a second.
        let spread: Vec<f64> = (0..400).map(|i| f64::from(i) / 400.0).collect();
        assert_eq!(test(&spread, 1.0), None);
        assert_eq!((test(&[], 0.0), test(&[1.0; 3], 0.0), test(&[2.0; 50], 0.0)), (None, None, None));
    }
}

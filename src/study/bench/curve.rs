//! Mean latency by rate as one server makes it, fitted to points and judged on those that are left out.

/// Mean latency at a rate: the time on the way through an idle target, and a wait of the form of Pollaczek
/// and Khinchine, which grows with ρ / (1 − ρ), where ρ is the rate as a share of that which saturates the
/// target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyCurve {
    /// Seconds through an idle target.
    pub idle: f64,
    /// Seconds of waiting for each ρ / (1 − ρ): E\[S²\] / (2 E\[S\]) of an M/G/1.
    pub waiting: f64,
    /// Messages a second that saturate it.
    pub saturation: f64,
}

/// A curve and how far it is off where it was not told.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedCurve {
    /// By all points.
    pub curve: LatencyCurve,
    /// Of each point: its rate, and by how much it lies above the curve through the others, as a share of
    /// that.
    pub left_out: Vec<(f64, f64)>,
}

/// The fewest points that say something: three figures are fitted, and one is left out.
const FEWEST: usize = 5;
/// Rates of saturation that are tried, on a scale of logarithms of what is left above the highest rate.
const TRIED: usize = 400;
/// What is left above the highest rate, as a share of it: the least and the most that is tried.
const LEFT: (f64, f64) = (1e-3, 20.0);

impl LatencyCurve {
    /// Mean latency in seconds at a rate below saturation.
    pub fn at(&self, rate: f64) -> f64 {
        self.idle + self.waiting * crowding(rate, self.saturation)
    }

    /// By least squares of the relative errors of (rate, mean latency); rates are positive and finite.
    fn of(points: &[(f64, f64)]) -> Option<Self> {
        let highest = points.iter().map(|p| p.0).fold(0.0, f64::max);
        let tried = (0..TRIED).map(|i| {
            let left = LEFT.0 * (LEFT.1 / LEFT.0).powf(i as f64 / (TRIED - 1) as f64);
            let saturation = highest * (1.0 + left);
            let (idle, waiting) = straight(points, saturation);
            let curve = LatencyCurve { idle, waiting, saturation };
            (points.iter().map(|&(rate, mean)| (curve.at(rate) / mean - 1.0).powi(2)).sum::<f64>(), curve)
        });
        tried.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, curve)| curve)
    }
}

impl FittedCurve {
    /// Through points of (rate, mean latency); `None` with fewer than five of them.
    pub(super) fn of(points: &[(f64, f64)]) -> Option<Self> {
        if points.len() < FEWEST {
            return None;
        }
        let without = |left: usize| {
            let others: Vec<_> =
                points.iter().enumerate().filter(|(i, _)| *i != left).map(|(_, p)| *p).collect();
            let (rate, mean) = points[left];
            let curve = LatencyCurve::of(&others)?;
            // Beyond the saturation that the others tell of it says nothing but that there is no latency.
            let said = if curve.waiting == 0.0 {
                curve.idle
            } else if rate < curve.saturation {
                curve.at(rate)
            } else {
                f64::INFINITY
            };
            Some((rate, mean / said - 1.0))
        };
        let left_out = (0..points.len()).filter_map(without).collect();
        Some(FittedCurve { curve: LatencyCurve::of(points)?, left_out })
    }

    /// The median and the largest of what the left out points are off, as shares without sign.
    pub fn errors(&self) -> (f64, f64) {
        let mut off: Vec<f64> = self.left_out.iter().map(|(_, off)| off.abs()).collect();
        off.sort_by(f64::total_cmp);
        let last = off.last().copied().unwrap_or(0.0);
        (off.get(off.len() / 2).copied().unwrap_or(0.0), last)
    }
}

/// ρ / (1 − ρ).
fn crowding(rate: f64, saturation: f64) -> f64 {
    rate / (saturation - rate)
}

/// The two times, neither negative, that are nearest to the points for a saturation.
fn straight(points: &[(f64, f64)], saturation: f64) -> (f64, f64) {
    // Of (a + b x) / y = 1: a and b by the normal equations.
    let mut sums = [0.0; 5];
    for &(rate, mean) in points {
        let (one, x) = (1.0 / mean, crowding(rate, saturation) / mean);
        for (sum, term) in sums.iter_mut().zip([one * one, one * x, x * x, one, x]) {
            *sum += term;
        }
    }
    let [oo, ox, xx, o, x] = sums;
    let determinant = oo * xx - ox * ox;
    let both = ((o * xx - x * ox) / determinant, (x * oo - o * ox) / determinant);
    if determinant > 0.0 && both.0 >= 0.0 && both.1 >= 0.0 {
        both
    } else if both.0 < 0.0 {
        (0.0, x / xx)
    } else {
        (o / oo, 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use crate::workload::laws::Law;

    const SHARES: [f64; 7] = [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95];

    #[test]
    fn the_curve_of_an_m_d_1_is_found_again() {
        // E[S] = 1 ms, and 0.2 ms on the way: waiting 0.5 ms, saturated at 1,000/s.
        let mean = |rate: f64| 0.0012 + 0.001 * (rate / 1000.0) / (2.0 * (1.0 - rate / 1000.0));
        let points = SHARES.map(|share| (1000.0 * share, mean(1000.0 * share)));
        let found = FittedCurve::of(&points).expect("seven points");
        let LatencyCurve { idle, waiting, saturation } = found.curve;
        assert!((idle / 0.0012 - 1.0).abs() < 0.01, "{idle}");
        assert!((waiting / 0.0005 - 1.0).abs() < 0.05, "{waiting}");
        assert!((saturation / 1000.0 - 1.0).abs() < 0.01, "{saturation}");
        let (median, worst) = found.errors();
        assert!(median < 0.01 && worst < 0.1, "{median} {worst}");
    }

    #[test]
    fn a_latency_that_does_not_grow_waits_for_nothing() {
        let found = FittedCurve::of(&SHARES.map(|share| (share, 0.001))).expect("seven points");
        assert!((found.curve.idle - 0.001).abs() < 1e-9 && found.curve.waiting < 1e-9, "{found:?}");
        assert!(found.errors().1 < 1e-6, "{found:?}");
        assert_eq!(FittedCurve::of(&[(1.0, 0.1); 4]), None);
    }

    #[test]
    fn it_is_the_mean_of_the_theory_of_one_server() {
        let law = Law::exponential(0.001);
        let points = SHARES.map(|share| {
            let scenario = Scenario::mgc(1000.0 * share, law.clone(), 1);
            let answer = crate::theory::answer(&scenario).expect("an M/M/1");
            (1000.0 * share, answer.get("total.latency.mean").and_then(|e| e.value).expect("a mean"))
        });
        let found = FittedCurve::of(&points).expect("seven points").curve;
        assert!((found.saturation / 1000.0 - 1.0).abs() < 0.01, "{found:?}");
        assert!((found.at(500.0) / 0.002 - 1.0).abs() < 0.01, "{found:?}");
    }
}

//! A time whose law theory knows, wholly or in part.

use super::invert::{Transform, TransformCost};
use super::phase_type::is_constant;
use super::transform::{effort, transform};
use crate::answer::PERCENTILES;
use crate::workload::laws::Law;
use std::sync::{Arc, OnceLock};

/// P(T > t) for t ≥ 0.
type Tail = Arc<dyn Fn(f64) -> f64 + Send + Sync>;

/// A wait, a service or a latency in seconds: its mean always, its spread and its law where they are known.
#[derive(Clone)]
pub struct TimeDistribution {
    /// Infinite if it does not exist.
    pub mean: f64,
    /// Standard deviation; infinite if it does not exist, `None` if it is not known.
    pub sd: Option<f64>,
    tail: Option<Tail>,
    /// Where it is known, sums of independent times have a law too.
    transform: Option<Transform>,
    /// A law with jumps or kinks, which sums are better made with than with its transform.
    rough: Option<Law>,
    /// The percentiles of the registry, found once for all places that a time is told at.
    percentiles: Arc<OnceLock<Vec<f64>>>,
}

impl TimeDistribution {
    /// A time of which only moments are known.
    pub fn moments(mean: f64, sd: Option<f64>) -> Self {
        TimeDistribution { mean, sd, tail: None, transform: None, rough: None, percentiles: Arc::default() }
    }

    /// A time of a known law; `tail` is P(T > t), which never increases.
    pub fn law(mean: f64, sd: f64, tail: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Self {
        TimeDistribution { tail: Some(Arc::new(tail)), ..TimeDistribution::moments(mean, Some(sd)) }
    }

    /// A time of which the transform is known, and P(T > 0).
    pub fn transformed(mean: f64, sd: f64, positive: f64, transform: Transform) -> Self {
        let transform = transform.remembered();
        if transform.effort == TransformCost::Endless {
            // A long table of times: its many kinks would take seconds.
            return TimeDistribution {
                transform: Some(transform),
                ..TimeDistribution::moments(mean, Some(sd))
            };
        }
        let inverse = transform.inverse();
        let tail: Tail = Arc::new(move |t| if t > 0.0 { inverse.tail(t) } else { positive });
        TimeDistribution {
            tail: Some(tail),
            transform: Some(transform),
            ..TimeDistribution::moments(mean, Some(sd))
        }
    }

    /// Zero but for a share `delayed`, which is exponential of a rate: the wait of M/M/c and GI/M/c.
    pub fn delayed_exponential(delayed: f64, rate: f64) -> Self {
        let (mean, sd) = (delayed / rate, (delayed * (2.0 - delayed)).sqrt() / rate);
        let transform = Transform::new(move |s| 1.0 - delayed * s / (rate + s));
        TimeDistribution::law(mean, sd, move |t| delayed * (-rate * t).exp()).with(transform)
    }

    /// The same time, with its transform made known too.
    #[must_use]
    pub fn with(self, transform: Transform) -> Self {
        TimeDistribution { transform: Some(transform), ..self }
    }

    /// The same time, with a better way to its tail.
    #[must_use]
    pub fn told_by(self, tail: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Self {
        TimeDistribution { tail: Some(Arc::new(tail)), ..self }
    }

    /// Always the same time.
    pub fn constant(value: f64) -> Self {
        let transform = Transform::new(move |s| (-s * value).exp());
        TimeDistribution::law(value, 0.0, move |t| if t < value { 1.0 } else { 0.0 }).with(transform)
    }

    /// A time of one of the workload's laws.
    pub fn of(law: &Law) -> Self {
        if is_constant(law) {
            return TimeDistribution::constant(law.mean());
        }
        let (mean, scv, own, other) = (law.mean(), law.scv(), law.clone(), law.clone());
        let sd = if mean.is_finite() { mean * scv.sqrt() } else { f64::INFINITY };
        let transform = Transform::new(move |s| transform(&other, s)).costing(effort(law)).remembered();
        let rough = match law {
            Law::Uniform(_) => true,
            Law::Shifted(_) => effort(law) < TransformCost::Endless,
            Law::Empirical(table) => table.points().count() <= 200,
            _ => false,
        };
        TimeDistribution {
            rough: rough.then(|| law.clone()),
            ..TimeDistribution::law(mean, sd, move |t| 1.0 - own.cdf(t)).with(transform)
        }
    }

    /// P(T > t).
    pub fn tail(&self, t: f64) -> Option<f64> {
        self.tail.as_ref().map(|tail| tail(t))
    }

    /// The time below which a share of the messages lies. An atom at zero gives zero.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let tail = self.tail.as_ref()?;
        Some(quantile_from(&**tail, share, 0.0, 0.25 * self.scale(), EXACT))
    }

    /// Whether just this share lies at or below a time and nobody within a while above it, so that every time
    /// between is that percentile: which one a run shows is chance.
    pub fn is_open_at(&self, share: f64, time: f64) -> bool {
        let Some(tail) = &self.tail else { return false };
        let beyond = |at: f64| (tail(at) - (1.0 - share)).abs() < 1e-9;
        beyond(time) && beyond(time + GAP * self.scale().max(time))
    }

    /// The percentiles of the registry, in its order.
    pub fn percentiles(&self) -> Option<&[f64]> {
        let tail = self.tail.as_ref()?;
        let search = || {
            let mut from = 0.0;
            let mut next = |share: f64| {
                from = quantile_from(&**tail, share, from, 0.25 * self.scale(), EXACT);
                from
            };
            PERCENTILES.iter().map(|(_, share)| next(*share)).collect()
        };
        Some(self.percentiles.get_or_init(search))
    }

    /// Quantiles of many increasing shares to six digits: each search starts where the last ended, with the
    /// last step.
    pub fn table(&self, shares: &[f64]) -> Option<Vec<f64>> {
        let tail = self.tail.as_ref()?;
        let (mut from, mut step) = (0.0, self.scale() / 16.0);
        let next = |&share: &f64| {
            let found = quantile_from(&**tail, share, from, step, 1e-7);
            step = if found > from { found - from } else { step };
            from = found;
            found
        };
        Some(shares.iter().map(next).collect())
    }

    /// The sum with an independent time. Its law is known where one of the two is constant, or both have
    /// transforms.
    pub fn plus(&self, other: &TimeDistribution) -> TimeDistribution {
        let sd = self.sd.zip(other.sd).map(|(a, b)| a.hypot(b));
        let shifted = |by: f64, tail: &Option<Tail>| {
            tail.clone().map(|tail| Arc::new(move |t: f64| if t < by { 1.0 } else { tail(t - by) }) as Tail)
        };
        let mean = self.mean + other.mean;
        let transform = self.transform.as_ref().zip(other.transform.as_ref()).map(|(a, b)| a.times(b));
        let tail = match (self.sd, other.sd, &transform) {
            (_, Some(0.0), _) => shifted(other.mean, &self.tail),
            (Some(0.0), _, _) => shifted(self.mean, &other.tail),
            (_, _, Some(_)) if self.rough.is_none() && other.rough.is_some() => self.with_rough(other),
            (_, _, Some(_)) if self.rough.is_some() && other.rough.is_none() => other.with_rough(self),
            (_, _, Some(transform)) => {
                // Where the sum is zero, both are.
                let at_zero = |times: &TimeDistribution| times.tail(0.0).unwrap_or(1.0);
                let positive = 1.0 - (1.0 - at_zero(self)) * (1.0 - at_zero(other));
                return TimeDistribution {
                    sd,
                    ..TimeDistribution::transformed(mean, f64::NAN, positive, transform.clone())
                };
            }
            _ => None,
        };
        TimeDistribution { tail, transform, ..TimeDistribution::moments(mean, sd) }
    }

    /// The tail of the sum with an independent time of a rough law, from this one's tail or its integral.
    fn with_rough(&self, other: &TimeDistribution) -> Option<Tail> {
        let tail = self.tail.clone()?;
        match other.rough.as_ref()? {
            Law::Empirical(table) => {
                let points: Vec<(f64, f64)> = table.points().collect();
                Some(Arc::new(move |t| {
                    points.iter().map(|(x, p)| p * if t < *x { 1.0 } else { tail(t - x) }).sum()
                }))
            }
            Law::Shifted(law) => {
                let (offset, rest) = (law.offset, self.plus(&TimeDistribution::of(&law.of)).tail?);
                Some(Arc::new(move |t| if t < offset { 1.0 } else { rest(t - offset) }))
            }
            Law::Uniform(law) => {
                let (low, high, sums) = (law.min, law.max, self.transform.as_ref()?.integral());
                // ∫ P(T > u) du from −∞, as it were: time that has not come yet counts in full.
                let upto = move |t: f64| if t <= 0.0 { t } else { sums.tail(t) };
                Some(Arc::new(move |t| (upto(t - low) - upto(t - high)) / (high - low)))
            }
            _ => None,
        }
    }

    /// What a message of one of several kinds sees; weights need not sum to one.
    pub fn mixture(kinds: &[(f64, TimeDistribution)]) -> TimeDistribution {
        if let [(_, only)] = kinds {
            return only.clone();
        }
        let total: f64 = kinds.iter().map(|(w, _)| w).sum();
        let parts: Vec<(f64, TimeDistribution)> =
            kinds.iter().filter(|(w, _)| *w > 0.0).map(|(w, t)| (w / total, t.clone())).collect();
        let mean: f64 = parts.iter().map(|(w, t)| w * t.mean).sum();
        let sd = parts
            .iter()
            .map(|(w, t)| t.sd.map(|sd| w * (sd * sd + (t.mean - mean).powi(2))))
            .sum::<Option<f64>>()
            .map(|variance| if variance.is_nan() { f64::INFINITY } else { variance.sqrt() });
        let tails: Option<Vec<(f64, Tail)>> =
            parts.iter().map(|(w, t)| Some((*w, t.tail.clone()?))).collect();
        let tail = tails
            .map(|tails| Arc::new(move |t: f64| tails.iter().map(|(w, tail)| w * tail(t)).sum()) as Tail);
        let transforms: Option<Vec<(f64, Transform)>> =
            parts.iter().map(|(w, t)| Some((*w, t.transform.clone()?))).collect();
        let transform = transforms.map(|list| {
            let all = list.clone();
            let sum = Transform::new(move |s| all.iter().map(|(w, t)| t.at(s) * *w).sum());
            list.iter().fold(sum, |sum, (_, t)| sum.like(t))
        });
        TimeDistribution { tail, transform, ..TimeDistribution::moments(mean, sd) }
    }

    /// E\[e^(−sT)\], where it is known.
    pub fn transform(&self) -> Option<&Transform> {
        self.transform.as_ref()
    }

    /// A first step for searches.
    fn scale(&self) -> f64 {
        if self.mean.is_finite() && self.mean > 0.0 { self.mean } else { 1.0 }
    }
}

/// A gap in a law of times that matters, as a share of their scale.
const GAP: f64 = 0.1;
/// As exact as numbers are.
const EXACT: f64 = 4.0 * f64::EPSILON;

/// The smallest t ≥ `from` with P(T > t) ≤ 1 − `share`: bracketed by doubling `step`, then found by
/// [`root`]'s method on the tail's logarithm, which is nearly straight for most laws.
fn quantile_from(tail: &dyn Fn(f64) -> f64, share: f64, from: f64, step: f64, tolerance: f64) -> f64 {
    let left = 1.0 - share;
    let excess = |t: f64| (tail(t).max(1e-300) / left.max(1e-300)).ln();
    let mut low = (from, excess(from));
    // To the rounding of the tail: where just half wait, the median is the atom.
    if low.1 <= 1e-14 {
        return from;
    }
    let mut step = step;
    loop {
        let high = (low.0 + step, excess(low.0 + step));
        if high.1 <= 0.0 {
            return root_between(excess, low, high, tolerance);
        }
        (low, step) = (high, 2.0 * step);
        if !step.is_finite() {
            return f64::INFINITY;
        }
    }
}

/// The root of a function that falls through zero between `low` and `high`, to about 1e-13 of its size.
///
/// # Source
/// T. R. Chandrupatla, *A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear
/// function without using derivatives*, Advances in Engineering Software 28 (1997). A jump through zero is
/// found by bisection, as its upper side, so that a quantile at an atom is the atom.
pub fn root(f: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let ends = ((low, f(low)), (high, f(high)));
    root_between(f, ends.0, ends.1, EXACT)
}

/// Likewise from known values at both ends, within a share of the root.
fn root_between(f: impl Fn(f64) -> f64, low: (f64, f64), high: (f64, f64), share: f64) -> f64 {
    let ((mut a, mut fa), (mut b, mut fb)) = (high, low);
    // The first step goes where a straight line would, the quickest for tails.
    let straight = fa / (fa - fb);
    let mut t = if straight.is_finite() { straight.clamp(0.01, 0.99) } else { 0.5 };
    for _ in 0..200 {
        let x = a + t * (b - a);
        let fx = f(x);
        let (c, fc);
        if (fx > 0.0) == (fa > 0.0) {
            (c, fc) = (a, fa);
        } else {
            (c, b) = (b, a);
            (fc, fb) = (fb, fa);
        }
        (a, fa) = (x, fx);
        let best = if fa.abs() < fb.abs() { a } else { b };
        let tolerance = (share * best.abs() + f64::MIN_POSITIVE) / (b - a).abs();
        if tolerance > 0.5 || fa == 0.0 {
            return if fa == 0.0 {
                a
            } else if (fa - fb).abs() > 1e-3 {
                a.max(b)
            } else {
                best
            };
        }
        let (xi, phi) = ((a - b) / (c - b), (fa - fb) / (fc - fb));
        let quadratic = phi * phi < xi && (1.0 - phi).powi(2) < 1.0 - xi;
        t = if quadratic {
            fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        } else {
            0.5
        };
        t = t.clamp(tolerance, 1.0 - tolerance);
    }
    0.5 * (a + b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_an_exponential_are_logarithms() {
        let times = TimeDistribution::of(&Law::exponential(2.0));
        for share in [0.5, 0.9, 0.999, 0.99999] {
            let exact = -2.0 * (1.0f64 - share).ln();
            assert!((times.quantile(share).expect("known") / exact - 1.0).abs() < 1e-10);
        }
    }

    #[test]
    fn a_percentile_in_a_gap_is_any_time_in_it() {
        let of = |atom: f64| {
            TimeDistribution::mixture(&[
                (1.0, TimeDistribution::of(&Law::deterministic(0.0))),
                (atom, TimeDistribution::of(&Law::deterministic(0.003))),
            ])
        };
        let half = |times: &TimeDistribution| times.is_open_at(0.5, times.quantile(0.5).expect("a law"));
        assert!(
            half(&of(1.0))
                && !half(&of(0.9))
                && !half(&of(1.1))
                && !half(&TimeDistribution::of(&Law::exponential(1.0)))
        );
    }

    #[test]
    fn an_atom_at_zero_gives_zero_and_a_jump_is_found_from_above() {
        let wait = TimeDistribution::law(0.3, 1.0, |t: f64| 0.3 * (-t).exp());
        assert_eq!(wait.quantile(0.5), Some(0.0));
        let shifted = TimeDistribution::constant(3.0).plus(&TimeDistribution::constant(0.5));
        assert!((shifted.quantile(0.5).expect("known") - 3.5).abs() < 1e-12);
        assert!(shifted.tail(shifted.quantile(0.99).expect("known")).expect("known") <= 0.01);
    }

    #[test]
    fn a_mixture_has_the_moments_of_its_parts() {
        let both = TimeDistribution::mixture(&[
            (1.0, TimeDistribution::constant(1.0)),
            (3.0, TimeDistribution::constant(5.0)),
        ]);
        assert!((both.mean - 4.0).abs() < 1e-15 && (both.sd.expect("known") - 3f64.sqrt()).abs() < 1e-15);
        assert_eq!(both.tail(2.0), Some(0.75));
    }
}

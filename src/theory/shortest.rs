//! M/G/1, the shortest first: by the work that a message brings, or by what is left of it.

use super::Mismatch;
use super::quadrature::{HALVES, integrals};
use super::{Feature, ModelError, QueueModel, Station, SteadyState, TimeDistribution, priority, stable};
use crate::answer::TheoryCaveat;
use crate::scenario::{Discipline, Preemption};
use crate::workload::laws::Law;

/// Mean wait when the shortest message is taken first and nobody is interrupted.
///
/// # Formula
/// W = λE\[S²\]/2 · E\[(1 − λ E\[S; S < x\])⁻²\] at x = S.
/// # Domain
/// Laws without atoms; ρ < 1.
/// # Source
/// Phipps, *Machine repair as a priority waiting-line problem*, Operations Research 4 (1956).
///
/// ```
/// use queuelab::{theory::shortest::shortest_first, workload::laws::Law};
/// // Constant times leave no choice.
/// let nearly_constant = Law::uniform(0.999999, 1.000001);
/// assert!((shortest_first(1e-6, &nearly_constant) / 0.5e-6 - 1.0).abs() < 1e-5);
/// ```
pub fn shortest_first(lambda: f64, law: &Law) -> f64 {
    lambda * law.moment(2) / 2.0 * over_quantiles(law, |at| (1.0 - lambda * at.first).powi(-2))
}

/// Mean time in the system when the server always works on the message with the least left to do.
///
/// # Formula
/// E\[T; S = x\] = λ(E\[S²; S < x\] + x² P(S > x)) / (2(1 − ρ(x))²) + ∫₀ˣ dt/(1 − ρ(t)), ρ(x) = λ E\[S; S <
/// x\]; the mean of the last part is E\[x/(1 − ρ(x)) − λx² P(S > x)/(1 − ρ(x))²\] by parts.
/// # Domain
/// Laws without atoms; ρ < 1.
/// # Source
/// Schrage & Miller, *The queue M/G/1 with the shortest remaining processing time discipline*, Operations
/// Research 14 (1966).
///
/// ```
/// use queuelab::{theory::shortest::shortest_remaining, workload::laws::Law};
/// // ρ = 0.8: less than half of the 5 s in order of arrival.
/// assert!((shortest_remaining(0.8, &Law::exponential(1.0)) - 2.3527732703).abs() < 1e-9);
/// ```
pub fn shortest_remaining(lambda: f64, law: &Law) -> f64 {
    over_quantiles(law, |at| {
        let free = 1.0 - lambda * at.first;
        lambda * (at.second - at.time * at.time * at.above) / (2.0 * free * free) + at.time / free
    })
}

/// A quantile x of a law.
struct QuantilePoint {
    time: f64,
    /// P(S > x).
    above: f64,
    /// E\[S; S < x\] and E\[S²; S < x\].
    first: f64,
    second: f64,
}

/// E\[f\] over a law's quantiles.
///
/// # Numerics
/// Gauss–Legendre on pieces that halve towards both ends; the partial moments by the same nodes' polynomial.
fn over_quantiles(law: &Law, f: impl Fn(&QuantilePoint) -> f64) -> f64 {
    let (mut first, mut second, mut sum) = (0.0, 0.0, 0.0);
    let mut piece = |from: f64, to: f64, upper: bool| {
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        // The lower half by u, the upper by 1 − u, which keeps the digits of the tail.
        let nodes = HALVES.map(|x| middle + half * x);
        let times = nodes.map(|u| if upper { quantile(law, 1.0 - u, u) } else { quantile(law, u, 1.0 - u) });
        let (ones, squares) = (integrals(half.abs(), times), integrals(half.abs(), times.map(|x| x * x)));
        let values: [f64; 10] = std::array::from_fn(|i| {
            let above = if upper { nodes[i] } else { 1.0 - nodes[i] };
            f(&QuantilePoint {
                time: times[i],
                above,
                first: first + ones.0[i],
                second: second + squares.0[i],
            })
        });
        sum += integrals(half.abs(), values).1;
        first += ones.1;
        second += squares.1;
    };
    piece(0.0, 0.5f64.powi(50), false);
    (1..50).rev().for_each(|k| piece(0.5f64.powi(k + 1), 0.5f64.powi(k), false));
    (1..50).for_each(|k| piece(0.5f64.powi(k), 0.5f64.powi(k + 1), true));
    sum
}

/// The time below which a share `u` = 1 − `v` lies.
fn quantile(law: &Law, u: f64, v: f64) -> f64 {
    match law {
        Law::Exponential(e) => -e.mean * if u < 0.5 { (-u).ln_1p() } else { v.ln() },
        _ => law.quantile(u).unwrap_or_else(|| TimeDistribution::of(law).quantile(u).unwrap_or(f64::NAN)),
    }
}

/// The adapter for `shortest`, without interruption or with resume.
#[derive(Debug)]
pub struct Shortest;

impl QueueModel for Shortest {
    const NAME: &'static str = "M/G/1, shortest (remaining) first";
    const KNOWS: &'static [Feature] = &[Feature::Order];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        super::requires::poisson(station)?;
        if (station.queue.discipline, station.servers) != (Discipline::Shortest, Some(1)) {
            return Err("needs one server that takes the shortest message next".into());
        }
        match (station.service.law(), station.queue.preemption) {
            (_, Preemption::Restart) => Err("interrupted services start again".into()),
            (None, _) => Err("producers bring work of different laws".into()),
            (Some(Law::Empirical(_)), Preemption::Resume) => {
                Err("several messages may have the same work left".into())
            }
            (Some(_), _) => Ok(()),
        }
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let (lambda, m1) = (station.lambda(), station.service.mean());
        let law = station
            .service
            .law()
            .ok_or_else(|| ModelError::Other("producers bring work of different laws".into()))?;
        let interrupts = station.queue.preemption != Preemption::None;
        let mean = match law {
            // Every time that occurs is a class of its own.
            Law::Empirical(table) => {
                let classes: Vec<(f64, f64, f64)> =
                    table.points().map(|(v, p)| (lambda * p, v, v * v)).collect();
                priority::cobham(&classes)
                    .iter()
                    .zip(&classes)
                    .map(|(wait, class)| wait * class.0 / lambda)
                    .sum()
            }
            _ if interrupts => shortest_remaining(lambda, law) - m1,
            _ => shortest_first(lambda, law),
        };
        let mut figures = SteadyState::lossless(
            station,
            (!interrupts).then(|| station.rho()),
            TimeDistribution::moments(mean, None),
        );
        // The wait depends on the message's own work, so that only means add up.
        figures.sojourn = Some(TimeDistribution::moments(mean + m1, None));
        if interrupts {
            figures.caveats.push(TheoryCaveat::InterruptionsInWait.into());
        }
        Ok(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_first_beats_the_order_of_arrival() {
        // Two uniform classes in the limit; for exponential times at ρ = 0.8 the mean is well below 4.
        let mean = shortest_first(0.8, &Law::exponential(1.0));
        assert!(mean < 4.0 && mean > 1.0);
        let fine: Vec<f64> = (0..20_000).map(|i| -(1.0 - (f64::from(i) + 0.5) / 20_000.0f64).ln()).collect();
        let classes: Vec<(f64, f64, f64)> = fine.iter().map(|v| (0.8 / 20_000.0, *v, v * v)).collect();
        let stepped: f64 = priority::cobham(&classes).iter().sum::<f64>() / 20_000.0;
        assert!((mean / stepped - 1.0).abs() < 1e-3, "{mean} {stepped}");
    }

    #[test]
    fn the_shortest_remaining_time_is_the_least_of_all_orders() {
        for law in
            [Law::uniform(0.2, 1.8), Law::lognormal(1.0, 2.0), Law::erlang(1.0, 3), Law::pareto(1.0, 2.5)]
        {
            for rho in [1e-6, 0.5, 0.9] {
                let (remaining, first) = (shortest_remaining(rho, &law), shortest_first(rho, &law) + 1.0);
                assert!(remaining < first && remaining > 1.0, "{law:?} {rho}: {remaining} {first}");
            }
        }
        // Without a second moment too, where the order of arrival waits for ever.
        let heavy = shortest_remaining(0.5, &Law::pareto(1.0, 1.8));
        assert!(heavy > 1.0 && heavy < 3.0, "{heavy}");
    }
}

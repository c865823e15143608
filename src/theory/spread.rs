//! How the number of messages in a queue spreads over time: its standard deviation.

use super::Feature;
use super::station::Station;
use super::times::TimeDistribution;

/// Standard deviation of the number in a line, or behind one server of the number in the system, from mean
/// and standard deviation of the time that messages spend there.
///
/// # Formula
/// What is left behind by a message that goes is what came during its stay: Var(N) = λ E\[T\] + λ² Var(T).
/// # Domain
/// Poisson arrivals that are served in order and not lost. The line of any number of servers, the system of
/// one.
/// # Source
/// Keilson & Servi, *A distributional form of Little's law*, Operations Research Letters 7 (1988); for M/G/1
/// it is the law of Pollaczek and Khinchine.
///
/// ```
/// use queuelab::theory::{mg1, spread::by_time};
/// // M/M/1 at 0.8: Var(N) = ρ/(1 − ρ)² = 20, Var(N_q) = ρ²(1 + ρ − ρ²)/(1 − ρ)² = 18.56.
/// assert!((by_time(0.8, 5.0, 5.0).powi(2) - 20.0).abs() < 1e-12);
/// let wait = (mg1::wait_mean(0.8, 1.0, 2.0), mg1::wait_variance(0.8, 1.0, 2.0, 6.0).sqrt());
/// assert!((by_time(0.8, wait.0, wait.1).powi(2) - 18.56).abs() < 1e-12);
/// // M/D/1 at 0.5: E[W] = 0.5, Var(W) = λ/(3(1 − ρ)) + 0.25 = 7/12.
/// assert!((by_time(0.5, 0.5, (7.0f64 / 12.0).sqrt()).powi(2) - (0.25 + 7.0 / 48.0)).abs() < 1e-12);
/// ```
pub fn by_time(lambda: f64, mean: f64, sd: f64) -> f64 {
    (lambda * mean).sqrt().hypot(lambda * sd)
}

/// Standard deviations of the numbers waiting and in the system of a birth-and-death chain whose lower part
/// is that of a load of `a` erlangs: P(N < c) is `idle`, and P(N = c + j) is `upper` of j.
///
/// # Formula
/// n pₙ = a pₙ₋₁ up to c, so that Σ n pₙ and Σ n² pₙ below it are closed.
pub(super) fn of_chain(c: u32, a: f64, idle: f64, upper: impl Iterator<Item = f64>) -> [f64; 2] {
    let c = f64::from(c);
    let (mut all, mut first, mut second, mut p_c) = (0.0, 0.0, 0.0, None);
    for (j, p) in upper.enumerate() {
        p_c.get_or_insert(p);
        let j = j as f64;
        (all, first, second) = (all + p, first + j * p, second + j * j * p);
    }
    let p_c = p_c.unwrap_or(0.0);
    let below = a * (idle - p_c * c / a);
    let squares_below = a * (below + idle) - c * c * p_c;
    let mean = below + c * all + first;
    let square = squares_below + c * c * all + 2.0 * c * first + second;
    [(second - first * first).max(0.0).sqrt(), (square - mean * mean).max(0.0).sqrt()]
}

/// Those of a queue whose figures are known exactly: as its model says, else by the wait, and by wait and
/// service together. `None` where they are not known.
pub(super) fn of(
    station: &Station<'_>,
    known: Option<[f64; 2]>,
    wait: &TimeDistribution,
    whole: impl FnOnce() -> TimeDistribution,
) -> [Option<f64>; 2] {
    let ideal = station.scenario.simulation.overheads.delivers_at_once();
    if !(ideal && station.is_poisson()) || station.only(&[Feature::Room]).is_err() {
        return [None, None];
    }
    if let Some(known) = known {
        return known.map(Some);
    }
    if station.servers.is_none() || station.only(&[]).is_err() {
        return [None, None];
    }
    let by = |times: &TimeDistribution| {
        times.sd.map(|sd| by_time(station.lambda(), times.mean, sd)).filter(|sd| !sd.is_nan())
    };
    [by(wait), (station.servers == Some(1)).then(whole).and_then(|times| by(&times))]
}

/// The terms of a geometric tail from `first` on, as far as they matter.
pub(super) fn geometric(first: f64, ratio: f64) -> impl Iterator<Item = f64> {
    std::iter::successors(Some(first), move |p| Some(p * ratio)).take_while(move |p| *p > 1e-20 * first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::erlang::{erlang_b, erlang_c};

    /// By adding up all states.
    fn summed(c: u32, a: f64, states: u32) -> [f64; 2] {
        let mut weights = vec![1.0];
        for n in 1..=states {
            weights.push(weights[n as usize - 1] * a / f64::from(n.min(c)));
        }
        let total: f64 = weights.iter().sum();
        let sd = |level: &dyn Fn(f64) -> f64| {
            let all = || weights.iter().enumerate().map(|(n, w)| (level(n as f64), w / total));
            let mean: f64 = all().map(|(n, p)| n * p).sum();
            all().map(|(n, p)| (n - mean).powi(2) * p).sum::<f64>().sqrt()
        };
        [sd(&|n| (n - f64::from(c)).max(0.0)), sd(&|n| n)]
    }

    fn close(found: [f64; 2], exact: [f64; 2], what: &str) {
        for (found, exact) in found.into_iter().zip(exact) {
            assert!((found - exact).abs() <= 1e-9 * (exact + 1e-6), "{what}: {found} is not {exact}");
        }
    }

    #[test]
    fn a_chain_s_spread_is_that_of_its_states() {
        for (c, a) in [(1, 0.8), (4, 3.6), (20, 12.0), (3, 0.01)] {
            let (delayed, rho) = (erlang_c(c, a), a / f64::from(c));
            let found = of_chain(c, a, 1.0 - delayed, geometric(delayed * (1.0 - rho), rho));
            close(found, summed(c, a, 2000), &format!("M/M/{c} at {a}"));
        }
        // No room to wait: Erlang's loss.
        let loss = erlang_b(5, 4.0);
        close(of_chain(5, 4.0, 1.0 - loss, std::iter::once(loss)), summed(5, 4.0, 5), "M/M/5/5");
    }
}

//! One message in a crowd from which chance picks: the wait in random order, and the time under processor
//! sharing.

use super::phph::Ticks;
use super::times::TimeDistribution;

/// States times steps that are still quick.
const MOST: usize = 40_000_000;

/// How long a message stays that finds itself one of k with probability `start[k − 1]`, while others come at
/// rate `lambda` and somebody leaves at rate `leaves(k)`, each of the k as likely. `None` if that takes too
/// long to follow.
///
/// # Formula
/// From k to k + 1 at rate λ, to k − 1 at rate l(k)(k − 1)/k, away at rate l(k)/k: by uniformisation.
/// # Source
/// As a chain: Carter & Cooper, *Queues with service in random order*, Operations Research 20 (1972); for
/// processor sharing Coffman, Muntz & Trotter, *Waiting time distributions for processor-sharing systems*,
/// Journal of the ACM 17 (1970).
/// # Numerics
/// All terms are positive; k ends where less than 1e-13 starts beyond, time where less than 1e-8 is left.
pub(super) fn stay(start: &[f64], lambda: f64, leaves: impl Fn(usize) -> f64) -> Option<(Ticks, f64)> {
    let states = start.len();
    let rates: Vec<f64> = (1..=states).map(&leaves).collect();
    let clock = lambda + rates.iter().copied().fold(0.0, f64::max);
    let up = lambda / clock;
    let others: Vec<f64> =
        rates.iter().zip(1..).map(|(rate, k)| rate / clock * (k - 1) as f64 / k as f64).collect();
    let keep: Vec<f64> = rates
        .iter()
        .enumerate()
        .map(|(i, rate)| 1.0 - rate / clock - if i + 1 < states { up } else { 0.0 })
        .collect();
    let (mut now, mut next) = (start.to_vec(), vec![0.0; states]);
    let mut list = vec![now.iter().sum::<f64>()];
    for _ in 0..MOST / states {
        for k in 0..states {
            let from_below = if k > 0 { now[k - 1] * up } else { 0.0 };
            let from_above = if k + 1 < states { now[k + 1] * others[k + 1] } else { 0.0 };
            next[k] = now[k] * keep[k] + from_below + from_above;
        }
        std::mem::swap(&mut now, &mut next);
        let left: f64 = now.iter().sum();
        list.push(left);
        if left < 1e-8 {
            return Some((Ticks::new(list), clock));
        }
    }
    None
}

/// P(k there), k = 1, 2, …, up to where nothing is left, of a geometric number.
pub fn geometric(rho: f64) -> Vec<f64> {
    let most = (30.0 / -rho.ln()).ceil().clamp(4.0, 1e6) as usize;
    (0..most).map(|k| (1.0 - rho) * rho.powf(k as f64)).collect()
}

/// The wait in M/M/c in random order: `delayed` is Erlang's C, `full` the rate of all servers. Moments are
/// given.
pub fn random_order(lambda: f64, full: f64, delayed: f64, mean: f64, sd: f64) -> TimeDistribution {
    let known = stay(&geometric(lambda / full), lambda, |_| full);
    let Some((ticks, clock)) = known else { return TimeDistribution::moments(mean, Some(sd)) };
    let tail = ticks.tail(clock);
    TimeDistribution::law(mean, sd, move |t| delayed * tail(t))
}

/// The time in an M/M/c queue that is shared, from P(N = n), n = 0, 1, … that an arrival finds.
pub fn shared(
    found: &[f64],
    lambda: f64,
    mu: f64,
    servers: u32,
    mean: f64,
    sd: Option<f64>,
) -> TimeDistribution {
    let known = stay(found, lambda, |k| mu * f64::from(servers).min(k as f64));
    let Some((ticks, clock)) = known else { return TimeDistribution::moments(mean, sd) };
    let mut times = TimeDistribution::law(mean, f64::NAN, ticks.tail(clock));
    times.sd = sd;
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Σ P(left after n) / clock is the mean, which is Erlang's; and E\[W²\] is Takács'.
    #[test]
    fn random_order_has_the_known_moments() {
        for rho in [0.3, 0.8, 0.95] {
            let (ticks, clock) = stay(&geometric(rho), rho, |_| 1.0).expect("few states");
            let (first, second) = ticks.sums();
            assert!((first / clock * (1.0 - rho) - 1.0).abs() < 1e-6, "{rho}");
            let square = 2.0 * (1.0 / (1.0 - rho)).powi(2) * crate::theory::orders::random_factor(rho);
            assert!((2.0 * second / clock / clock / square - 1.0).abs() < 1e-5, "{rho}");
        }
    }

    /// Coffman, Muntz & Trotter: the variance is (2 + ρ)/((2 − ρ)(1 − ρ)²).
    #[test]
    fn sharing_has_the_known_moments() {
        for rho in [0.3, 0.8, 0.9] {
            let (ticks, clock) = stay(&geometric(rho), rho, |_| 1.0).expect("few states");
            let (first, second) = ticks.sums();
            let (mean, square) = (first / clock, 2.0 * second / clock / clock);
            assert!((mean * (1.0 - rho) - 1.0).abs() < 1e-6);
            assert!(
                ((square - mean * mean) * (2.0 - rho) * (1.0 - rho).powi(2) / (2.0 + rho) - 1.0).abs() < 1e-4,
                "{rho}"
            );
        }
    }

    /// With as many servers as there ever are messages nobody is in another's way.
    #[test]
    fn servers_for_all_leave_the_service_alone() {
        let found: Vec<f64> = vec![1.0, 0.0, 0.0, 0.0];
        let times = shared(&found, 1e-9, 1.0, 4, 1.0, None);
        assert!((times.quantile(0.99).expect("known") / 100f64.ln() - 1.0).abs() < 1e-6);
    }
}

//! M/M/1: Poisson arrivals, one exponential server. The queue that everything is compared with.

use super::Mismatch;
use super::levels::first_below;
use super::{Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, stable};

/// Mean time in the system.
///
/// # Formula
/// W = 1 / (μ − λ)
/// # Domain
/// λ < μ; infinite beyond.
/// # Source
/// Kleinrock, *Queueing Systems* I (1975), eq. 3.26.
///
/// ```
/// use queuelab::theory::mm1;
/// // Bronson, *Theory and Problems of Operations Research* (1982), example 23.3: 24 an hour, served at 30 an hour.
/// assert!((mm1::sojourn_mean(24.0, 30.0) - 1.0 / 6.0).abs() < 1e-15);
/// assert!((mm1::in_system_mean(24.0, 30.0) - 4.0).abs() < 1e-14);
/// ```
pub fn sojourn_mean(lambda: f64, mu: f64) -> f64 {
    if lambda < mu { 1.0 / (mu - lambda) } else { f64::INFINITY }
}

/// Mean wait, ρ / (μ − λ).
pub fn wait_mean(lambda: f64, mu: f64) -> f64 {
    if lambda < mu { lambda / mu / (mu - lambda) } else { f64::INFINITY }
}

/// Mean number in the system, ρ / (1 − ρ).
pub fn in_system_mean(lambda: f64, mu: f64) -> f64 {
    lambda * sojourn_mean(lambda, mu)
}

/// P(W > t) = e^{−(μ−λ)t}.
pub fn sojourn_tail(t: f64, lambda: f64, mu: f64) -> f64 {
    (-(mu - lambda) * t).exp()
}

/// P(W_q > t) = ρ e^{−(μ−λ)t}: an atom of 1 − ρ at zero.
pub fn wait_tail(t: f64, lambda: f64, mu: f64) -> f64 {
    lambda / mu * sojourn_tail(t, lambda, mu)
}

/// The adapter.
#[derive(Debug)]
pub struct Mm1;

impl QueueModel for Mm1 {
    const NAME: &'static str = "M/M/1";
    const KNOWS: &'static [Feature] = &[];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        super::requires::poisson_and_exponential(station)?;
        (station.servers == Some(1)).then_some(()).ok_or_else(|| "needs one server".into())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let (lambda, mu) = (station.lambda(), 1.0 / station.service.mean());
        let rho = lambda / mu;
        let mean = wait_mean(lambda, mu);
        let wait = TimeDistribution::delayed_exponential(rho, mu - lambda);
        let power = |k: u64| rho.powf(k as f64 + 1.0);
        let figures = SteadyState {
            queue_length: LevelSummary {
                mean: lambda * mean,
                p99: Some(first_below(0.01, |k| power(k + 1))),
            },
            in_system: LevelSummary { mean: in_system_mean(lambda, mu), p99: Some(first_below(0.01, power)) },
            sojourn: Some(TimeDistribution::delayed_exponential(1.0, 1.0 / sojourn_mean(lambda, mu))),
            ..SteadyState::lossless(station, Some(rho), wait)
        };
        Ok(super::room::apart(figures, station, rho))
    }
}

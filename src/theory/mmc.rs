//! M/M/c: Poisson arrivals, c exponential servers, one queue.

use super::Mismatch;
use super::erlang::erlang_c;
use super::invert::Transform;
use super::levels::first_below;
use super::requires::poisson_and_exponential;
use super::{
    LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, levels, spread, stable,
};

/// Mean wait.
///
/// # Formula
/// W_q = C(c, λ/μ) / (cμ − λ), with Erlang's C.
/// # Domain
/// λ < cμ; infinite beyond.
/// # Source
/// Gross & Harris, *Fundamentals of Queueing Theory* (3rd ed.), eq. 2.34.
///
/// ```
/// use queuelab::theory::mmc;
/// // ETH Zürich, Advanced Systems Lab (2017): λ = 9, μ = 5, two servers.
/// assert!((9.0 * mmc::wait_mean(9.0, 5.0, 2) - 7.674).abs() < 1e-3);
/// assert!((mmc::wait_mean(9.0, 5.0, 2) + 0.2 - 1.053).abs() < 1e-3);
/// ```
pub fn wait_mean(lambda: f64, mu: f64, c: u32) -> f64 {
    let spare = f64::from(c) * mu - lambda;
    if spare > 0.0 { erlang_c(c, lambda / mu) / spare } else { f64::INFINITY }
}

/// Standard deviation of the wait, √(C(2 − C)) / (cμ − λ).
pub fn wait_sd(lambda: f64, mu: f64, c: u32) -> f64 {
    let spare = f64::from(c) * mu - lambda;
    let delayed = erlang_c(c, lambda / mu);
    if spare > 0.0 { (delayed * (2.0 - delayed)).sqrt() / spare } else { f64::INFINITY }
}

/// P(W_q > t) = C e^{−(cμ−λ)t}, where `delayed` is Erlang's C.
pub fn wait_tail(t: f64, delayed: f64, lambda: f64, mu: f64, c: u32) -> f64 {
    delayed * (-(f64::from(c) * mu - lambda) * t).exp()
}

/// P(W > t), time in the system, where `delayed` is Erlang's C.
///
/// # Formula
/// e^{−μt} [1 + C (1 − e^{−μ(c−1−a)t}) / (c−1−a)], a = λ/μ; its limit e^{−μt} (1 + C μt) at a = c − 1.
/// # Source
/// Gross & Harris, section 2.3; Kleinrock I, problem 3.
/// # Numerics
/// `expm1` keeps the digits near a = c − 1, and the sign of c − 1 − a decides which exponential is taken out,
/// so that nothing overflows.
pub fn sojourn_tail(t: f64, delayed: f64, lambda: f64, mu: f64, c: u32) -> f64 {
    let gap = f64::from(c) - 1.0 - lambda / mu;
    let (alone, slower) = ((-mu * t).exp(), (-mu * t * (1.0 + gap.min(0.0))).exp());
    let size = gap.abs();
    let ratio = if size * mu * t < 1e-300 { mu * t } else { -(-mu * size * t).exp_m1() / size };
    alone + delayed * slower * ratio
}

/// The adapter.
#[derive(Debug)]
pub struct Mmc;

impl QueueModel for Mmc {
    const NAME: &'static str = "M/M/c";

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        poisson_and_exponential(station)?;
        station.servers.map(|_| ()).ok_or_else(|| "needs a limited number of servers".into())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let (lambda, mu, a, rho) =
            (station.lambda(), 1.0 / station.service.mean(), station.offered_load(), station.rho());
        let c = station.servers.unwrap_or(u32::MAX);
        let delayed = erlang_c(c, a);
        let (mean, sd) = (wait_mean(lambda, mu, c), wait_sd(lambda, mu, c));
        let rate = f64::from(c) * mu - lambda;
        let transform = Transform::new(move |s| (1.0 - delayed * s / (rate + s)) / (1.0 + s / mu));
        let wait = TimeDistribution::delayed_exponential(delayed, rate);
        // P(N > c + k) = C ρᵏ⁺¹.
        let above = |k: u64| delayed * rho.powf(k as f64 + 1.0);
        let in_system = levels::quantile(0.99, c, a, delayed * (1.0 - rho), above);
        let figures = SteadyState {
            queue_length: LevelSummary { mean: lambda * mean, p99: Some(first_below(0.01, above)) },
            in_system: LevelSummary { mean: lambda * mean + a, p99: Some(in_system) },
            sojourn: Some(
                TimeDistribution::law(mean + 1.0 / mu, sd.hypot(1.0 / mu), move |t| {
                    sojourn_tail(t, delayed, lambda, mu, c)
                })
                .with(transform),
            ),
            spread: Some(spread::of_chain(
                c,
                a,
                1.0 - delayed,
                spread::geometric(delayed * (1.0 - rho), rho),
            )),
            ..SteadyState::lossless(station, Some(delayed), wait)
        };
        Ok(super::room::apart(figures, station, delayed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::mm1;

    #[test]
    fn one_server_is_m_m_1() {
        for rho in [1e-9, 0.3, 0.9, 0.999] {
            assert!((wait_mean(rho, 1.0, 1) / mm1::wait_mean(rho, 1.0) - 1.0).abs() < 1e-12);
            for t in [0.1, 5.0, 900.0 / (1.0 - rho)] {
                let (general, special) = (sojourn_tail(t, rho, rho, 1.0, 1), mm1::sojourn_tail(t, rho, 1.0));
                assert!((general - special).abs() <= 1e-11 * special, "{rho} {t}: {general} {special}");
            }
        }
    }

    #[test]
    fn the_sojourn_tail_is_smooth_where_its_formula_is_0_over_0() {
        for c in [2u32, 3, 5, 10, 50] {
            let a = f64::from(c) - 1.0;
            let at = |a: f64| sojourn_tail(2.0, erlang_c(c, a), a, 1.0, c);
            let limit = (-2.0f64).exp() * (1.0 + 2.0 * erlang_c(c, a));
            assert!((at(a) / limit - 1.0).abs() < 1e-13, "c = {c}");
            for off in [1e-12, 1e-9, 1e-7] {
                assert!((at(a + off) / limit - 1.0).abs() < 10.0 * off + 1e-12);
                assert!((at(a - off) / limit - 1.0).abs() < 10.0 * off + 1e-12);
            }
        }
    }
}

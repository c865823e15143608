//! GI/M/1: independent gaps of any law, one exponential server.

use super::Mismatch;
use super::levels::first_below;
use super::times::root;
use super::transform::transform;
use super::{LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, stable};
use num_complex::Complex64;

/// The probability σ that an arrival has to wait.
///
/// # Formula
/// The root in (0, 1) of σ = A*(μ(1 − σ)), A* the transform of the gaps.
/// # Domain
/// ρ < 1.
/// # Source
/// Kendall (1953); Kleinrock I, eq. 6.28.
/// # Numerics
/// Solved for δ = 1 − σ, which keeps its digits near saturation. A*(μδ) − 1 + δ is convex and negative
/// between 0 and the root.
///
/// ```
/// use queuelab::theory::gim1::sigma;
/// // E2/M/1 at ρ = 1/2: (1 − σ) is the golden ratio's 0.618….
/// let erlang2 = |s: f64| (1.0 + s * 0.1).powi(-2);
/// assert!((sigma(erlang2, 10.0) - 0.38196601125010515).abs() < 1e-14);
/// ```
pub fn sigma(transform: impl Fn(f64) -> f64, mu: f64) -> f64 {
    let excess = |delta: f64| transform(mu * delta) - 1.0 + delta;
    let mut low = 0.5;
    while excess(low) > 0.0 && low > 1e-15 {
        low *= 0.5;
    }
    // `root` wants a function that falls.
    1.0 - root(|delta| -excess(delta), low, 1.0)
}

/// The adapter.
#[derive(Debug)]
pub struct GiM1;

impl QueueModel for GiM1 {
    const NAME: &'static str = "GI/M/1";

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        let gaps = station.gaps().ok_or("needs one stream of arrivals with independent gaps")?;
        if station.servers != Some(1) {
            return Err("needs one server".into());
        }
        if !station.service.is_exponential() {
            return Err("needs exponential service times of one mean".into());
        }
        (gaps.mean() > 0.0).then_some(()).ok_or_else(|| "there are no gaps between arrivals".into())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let gaps = station.gaps().ok_or_else(|| ModelError::Other("arrivals are not one stream".into()))?;
        let transform = |s: f64| transform(&gaps, Complex64::new(s, 0.0)).re;
        let (mu, rho) = (1.0 / station.service.mean(), station.rho());
        let sigma = sigma(transform, mu);
        let rate = mu * (1.0 - sigma);
        let wait = TimeDistribution::delayed_exponential(sigma, rate);
        // Over time, P(N > n) = ρ σⁿ.
        let above = |k: u64| rho * sigma.powf(k as f64);
        let plain = SteadyState::lossless(station, Some(sigma), wait);
        Ok(SteadyState {
            queue_length: LevelSummary {
                p99: Some(first_below(0.01, |k| above(k + 1))),
                ..plain.queue_length
            },
            in_system: LevelSummary { p99: Some(first_below(0.01, above)), ..plain.in_system },
            sojourn: Some(TimeDistribution::delayed_exponential(1.0, rate)),
            ..plain
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_arrivals_give_rho() {
        for rho in [0.01, 0.5, 0.99, 0.9999] {
            let s = sigma(|s| rho / (rho + s), 1.0);
            assert!((s / rho - 1.0).abs() < 1e-12, "{rho}: {s}");
        }
    }

    #[test]
    fn regular_arrivals_wait_less_often() {
        // D/M/1, ρ = 0.8, Kleinrock I: σ = 0.629.
        let s = sigma(|s| (-s / 0.8).exp(), 1.0);
        assert!((s - 0.6286).abs() < 1e-4 && (s - (-(1.0 - s) / 0.8f64).exp()).abs() < 1e-14);
    }
}

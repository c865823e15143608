//! GI/M/c: independent gaps of any law, c exponential servers.

use super::Mismatch;
use super::gim1::sigma;
use super::levels::first_below;
use super::transform::transform;
use super::{LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, stable};
use num_complex::Complex64;

/// The probability that an arrival has to wait, given σ.
///
/// # Formula
/// P = C/(1 − σ), 1/C = 1/(1 − σ) + Σⱼ (c over j) / (Dⱼ (1 − φⱼ)) · (c(1 − φⱼ) − j)/(c(1 − σ) − j), φⱼ =
/// A*(jμ), Dⱼ = Π_{i ≤ j} φᵢ/(1 − φᵢ).
/// # Source
/// Takács, *Introduction to the Theory of Queues* (1962), section 2.3; Gross & Harris, section 5.3.
/// # Numerics
/// A* is convex, so that both differences change their sign together and every term is positive; 0/0 is
/// replaced by the slope.
///
/// ```
/// use queuelab::theory::{erlang::erlang_c, gimc::delayed};
/// // With Poisson arrivals it is Erlang's C.
/// let poisson = |s: f64| 3.0 / (3.0 + s);
/// assert!((delayed(poisson, 1.0, 4, 0.75) - erlang_c(4, 3.0)).abs() < 1e-10);
/// ```
pub fn delayed(transform: impl Fn(f64) -> f64, mu: f64, servers: u32, sigma: f64) -> f64 {
    let c = f64::from(servers);
    let crossing = c * (1.0 - sigma);
    let mut weight = 1.0;
    let mut sum = 1.0 / (1.0 - sigma);
    for i in 1..=servers {
        let j = f64::from(i);
        let phi = transform(j * mu);
        weight *= (c - j + 1.0) / j * (1.0 - phi) / phi;
        let gap = crossing - j;
        let ratio = if gap.abs() > 1e-7 * c {
            (c * (1.0 - phi) - j) / gap
        } else {
            // The slope by five points: its error is of the fourth order in the step.
            let step = 1e-3 * j;
            let rise = |k: f64| transform((j + k * step) * mu) - transform((j - k * step) * mu);
            1.0 + c * (8.0 * rise(1.0) - rise(2.0)) / (12.0 * step)
        };
        sum += weight / (1.0 - phi) * ratio;
        if sum.is_infinite() {
            return 0.0;
        }
    }
    1.0 / (sum * (1.0 - sigma))
}

/// The adapter.
#[derive(Debug)]
pub struct GiMc;

impl QueueModel for GiMc {
    const NAME: &'static str = "GI/M/c";

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        let gaps = station.gaps().ok_or("needs one stream of arrivals with independent gaps")?;
        if !station.service.is_exponential() {
            return Err("needs exponential service times of one mean".into());
        }
        if gaps.mean() <= 0.0 {
            return Err("there are no gaps between arrivals".into());
        }
        match station.servers {
            Some(c) if c <= 5_000 => Ok(()),
            Some(_) => Err("there are more than 5000 servers".into()),
            None => Err("needs a limited number of servers".into()),
        }
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let gaps = station.gaps().ok_or_else(|| ModelError::Other("arrivals are not one stream".into()))?;
        let of_gaps = |s: f64| transform(&gaps, Complex64::new(s, 0.0)).re;
        let (c, mu, rho) = (station.servers.unwrap_or(1), 1.0 / station.service.mean(), station.rho());
        let full = f64::from(c) * mu;
        let sigma = sigma(of_gaps, full);
        let (delayed, rate) = (delayed(of_gaps, mu, c, sigma), full * (1.0 - sigma));
        let plain = SteadyState::lossless(
            station,
            Some(delayed),
            TimeDistribution::delayed_exponential(delayed, rate),
        );
        // Over time, P(N > c + k) = ρ · P(an arrival finds at least c + k).
        let above = |k: u64| rho * delayed * sigma.powf(k as f64);
        let inside = (above(0) > 0.01).then(|| f64::from(c) + first_below(0.01, above));
        Ok(SteadyState {
            queue_length: LevelSummary { p99: Some(first_below(0.01, above)), ..plain.queue_length },
            in_system: LevelSummary { p99: inside, ..plain.in_system },
            ..plain
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::erlang::erlang_c;

    #[test]
    fn one_server_waits_with_probability_sigma() {
        let regular = |s: f64| (-s / 0.8).exp();
        let sigma = sigma(regular, 1.0);
        assert!((delayed(regular, 1.0, 1, sigma) / sigma - 1.0).abs() < 1e-13);
    }

    #[test]
    fn many_servers_neither_overflow_nor_meet_0_over_0() {
        for c in [10u32, 100, 1000] {
            // c(1 − σ) is whole at ρ = 1/2.
            for rho in [0.1, 0.5, 0.95] {
                let lambda = rho * f64::from(c);
                let found = delayed(|s| lambda / (lambda + s), 1.0, c, rho);
                let erlang = erlang_c(c, lambda);
                assert!((found - erlang).abs() <= 1e-7 * erlang + 1e-300, "{c} {rho}: {found} {erlang}");
            }
        }
    }
}

//! G/G/c: approximations from two moments, and bounds. Squared coefficients of variation throughout, never
//! plain ones.

use super::Mismatch;
use super::erlang::erlang_c;
use super::{Exactness, Gaps, ModelError, QueueModel, Station, SteadyState, TimeDistribution, stable};
use crate::answer::TheoryCaveat;
use crate::workload::laws::Law;

/// Allen and Cunneen's mean wait; with one server, Kingman's.
///
/// # Formula
/// W_q ≈ C(c, a)/(cμ − λ) · (c_a² + c_s²)/2.
/// # Domain
/// λ < cμ. Exact for M/M/c and M/G/1; best at high load.
/// # Source
/// Allen, *Probability, Statistics and Queueing Theory* (2nd ed., 1990), eq. 5.76; Kingman (1961) for c = 1.
///
/// ```
/// use queuelab::theory::ggc::allen_cunneen;
/// assert!((allen_cunneen(0.8, 1.0, 1, 2.0, 0.5) - 5.0).abs() < 1e-14);
/// ```
pub fn allen_cunneen(lambda: f64, mu: f64, c: u32, arrivals_scv: f64, service_scv: f64) -> f64 {
    super::mmc::wait_mean(lambda, mu, c) * (arrivals_scv + service_scv) / 2.0
}

/// Sakasegawa's mean wait, without Erlang's C.
///
/// # Formula
/// W_q ≈ ρ^{√(2(c+1)) − 1} / (c(1 − ρ)μ) · (c_a² + c_s²)/2.
/// # Source
/// Sakasegawa, *An approximation formula L_q ≃ αρ^β/(1 − ρ)*, Annals of the Institute of Statistical
/// Mathematics 29 (1977).
pub fn sakasegawa(lambda: f64, mu: f64, c: u32, arrivals_scv: f64, service_scv: f64) -> f64 {
    let servers = f64::from(c);
    let rho = lambda / (servers * mu);
    if rho >= 1.0 {
        return f64::INFINITY;
    }
    rho.powf((2.0 * (servers + 1.0)).sqrt() - 1.0) / (servers * (1.0 - rho) * mu)
        * (arrivals_scv + service_scv)
        / 2.0
}

/// Kingman's upper bound on the mean wait of GI/G/1: a theorem.
///
/// # Formula
/// W_q ≤ λ(σ_a² + σ_s²) / (2(1 − ρ)).
/// # Source
/// Kingman, *Some inequalities for the queue GI/G/1*, Biometrika 49 (1962).
pub fn kingman_bound(lambda: f64, mu: f64, arrivals_scv: f64, service_scv: f64) -> f64 {
    let rho = lambda / mu;
    if rho >= 1.0 {
        return f64::INFINITY;
    }
    lambda * (arrivals_scv / lambda / lambda + service_scv / mu / mu) / (2.0 * (1.0 - rho))
}

/// Krämer and Langenbach-Belz's mean wait of GI/G/1: Kingman's with a factor for arrivals more or less
/// regular than Poisson.
///
/// # Source
/// Krämer & Langenbach-Belz, *Approximate formulae for the delay in the queueing system GI/G/1*, 8th ITC
/// (1976).
pub fn kraemer_langenbach_belz(lambda: f64, mu: f64, arrivals_scv: f64, service_scv: f64) -> f64 {
    let rho = lambda / mu;
    let exponent = if arrivals_scv <= 1.0 {
        -2.0 * (1.0 - rho) * (1.0 - arrivals_scv).powi(2) / (3.0 * rho * (arrivals_scv + service_scv))
    } else {
        -(1.0 - rho) * (arrivals_scv - 1.0) / (arrivals_scv + 4.0 * service_scv)
    };
    // No variability at all: 0 · e^(−∞).
    if arrivals_scv + service_scv == 0.0 {
        return 0.0;
    }
    allen_cunneen(lambda, mu, 1, arrivals_scv, service_scv) * exponent.exp()
}

/// The scv that stands for several streams together.
///
/// # Formula
/// c_a² = w Σ (λᵢ/λ) cᵢ² + 1 − w, w = 1/(1 + 4(1 − ρ)²(v − 1)), v = 1/Σ (λᵢ/λ)².
/// # Source
/// Whitt, *The Queueing Network Analyzer*, Bell System Technical Journal 62 (1983), eq. 25, 29, 30.
pub fn superposed_scv(streams: &[(f64, f64)], rho: f64) -> f64 {
    let lambda: f64 = streams.iter().map(|(rate, _)| rate).sum();
    let mean: f64 = streams.iter().map(|(rate, scv)| rate / lambda * scv).sum();
    let v = 1.0 / streams.iter().map(|(rate, _)| (rate / lambda).powi(2)).sum::<f64>();
    let w = 1.0 / (1.0 + 4.0 * (1.0 - rho).powi(2) * (v - 1.0));
    w * mean + 1.0 - w
}

/// The adapter.
#[derive(Debug)]
pub struct AllenCunneen;

impl QueueModel for AllenCunneen {
    const NAME: &'static str = "G/G/c (Allen–Cunneen)";
    const EXACTNESS: Exactness = Exactness::Approximate;

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        if station.servers.is_none() {
            return Err("needs a limited number of servers".into());
        }
        for stream in &station.streams {
            if let Gaps::Other(reason) = stream.gaps {
                return Err(reason.into());
            }
            if scv(&stream.gaps).is_infinite() {
                return Err(
                    "the variance of the gaps between arrivals is infinite, of which an approximation from \
                        two moments knows nothing"
                        .into(),
                );
            }
        }
        if station.service.scv().is_infinite() && !waits_without_end(station) {
            return Err("the variance of the service time is infinite, of which an approximation from two \
                moments knows nothing"
                .into());
        }
        Ok(())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let (lambda, mu, rho) = (station.lambda(), 1.0 / station.service.mean(), station.rho());
        let c = station.servers.unwrap_or(u32::MAX);
        let streams: Vec<(f64, f64)> = station.streams.iter().map(|s| (s.rate, scv(&s.gaps))).collect();
        let (arrivals, service) = (superposed_scv(&streams, rho), station.service.scv());
        let mean = if erlang_c(c, lambda / mu) > 0.0 {
            allen_cunneen(lambda, mu, c, arrivals, service)
        } else {
            0.0
        };
        let mut figures = SteadyState::lossless(station, None, TimeDistribution::moments(mean, None));
        figures.exact = false;
        if service.is_infinite() {
            figures.caveats.push(TheoryCaveat::HeavyTail.into());
            return Ok(figures);
        }
        figures.caveats.push(TheoryCaveat::TwoMoments { arrivals, service }.into());
        if let (1, 1) = (c, station.streams.len()) {
            let most = kingman_bound(lambda, mu, arrivals, service);
            let refined = kraemer_langenbach_belz(lambda, mu, arrivals, service);
            figures.caveats.push(TheoryCaveat::WaitBound { most, refined }.into());
        }
        Ok(figures)
    }
}

/// Whether the mean wait is infinite for service times with a heavy tail, P(S > t) ~ t^−α with α ≤ 2.
///
/// # Formula
/// With s = c − ⌊λE\[S\]⌋ servers to spare, E\[W_q\] is finite just if E\[S^((s + 1)/s)\] is: if α > 1 + 1/s.
/// # Source
/// Scheller-Wolf, *Necessary and sufficient conditions for delay moments in FIFO multiserver queues*,
/// Operations Research 51 (2003).
fn waits_without_end(station: &Station<'_>) -> bool {
    let spare = f64::from(station.servers.unwrap_or(u32::MAX)) - station.offered_load().floor();
    matches!(station.service.law(), Some(Law::Pareto(law)) if law.alpha <= 1.0 + 1.0 / spare)
}

fn scv(gaps: &Gaps) -> f64 {
    match gaps {
        Gaps::Renewal(law) => law.scv(),
        Gaps::Poisson | Gaps::Other(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a / b - 1.0).abs() < 1e-9, "{a} is not {b}");
    }

    /// Scheller-Wolf: four servers with 1.2 erlangs have three to spare, which need α > 4/3; two with 0.6
    /// need α > 3/2.
    #[test]
    fn heavy_tails_are_infinite_where_too_few_servers_are_to_spare() {
        use crate::scenario::Scenario;
        let of = |rate: f64, alpha: f64, servers: u32| {
            let scenario = Scenario::mgc(
                rate,
                Law::Pareto(crate::workload::laws::Pareto::of_mean(0.02, alpha)),
                servers,
            );
            crate::theory::answer(&scenario)
                .ok()
                .map(|answer| answer.get("total.wait.mean").is_some_and(|wait| wait.value.is_none()))
        };
        assert_eq!([of(60.0, 1.9, 4), of(30.0, 1.4, 2), of(60.0, 1.3, 4)], [None, Some(true), Some(true)]);
    }

    #[test]
    fn the_formulas_as_published() {
        close(sakasegawa(0.8, 1.0, 1, 2.0, 0.5), 5.0);
        close(kingman_bound(0.8, 1.0, 2.0, 0.5), 7.25);
        close(kraemer_langenbach_belz(0.8, 1.0, 2.0, 0.5), 4.756147122503571);
        close(allen_cunneen(8.0, 1.0, 10, 1.0, 4.0), 0.5114751884955546);
        close(sakasegawa(8.0, 1.0, 10, 1.0, 4.0), 0.5486201742142404);
    }

    #[test]
    fn poisson_streams_superpose_to_poisson_and_one_stream_is_itself() {
        close(superposed_scv(&[(1.0, 1.0), (5.0, 1.0)], 0.3), 1.0);
        close(superposed_scv(&[(2.0, 0.25)], 0.3), 0.25);
    }
}

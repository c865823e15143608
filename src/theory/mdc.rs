//! M/D/c: Poisson arrivals, c servers that always take the same time.

use super::Mismatch;
use super::levels::first_below;
use super::levels::poisson_average;
use super::requires::poisson;
use super::times::root;
use super::{LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, fft, stable};
use num_complex::Complex64;
use std::f64::consts::PI;

/// The stationary law of the number waiting in M/D/c, and with it that of the wait.
///
/// # Formula
/// After a service time everybody who was in service has gone: U' = (U + A − c)⁺ with A Poisson of mean a, so
/// E\[zᵁ\] = (c − a)(z − 1)/(zᶜ − e^(a(z−1))) Π (z − zₖ)/(1 − zₖ), zₖ the c − 1 roots of zᶜ = e^(a(z−1))
/// inside the unit circle.
/// # Domain
/// a < c.
/// # Source
/// Crommelin (1932); the wait by Franx, *A simple solution for the M/D/c waiting time distribution*,
/// Operations Research Letters 29 (2001): all terms are positive, so that nothing cancels in the tail.
/// # Numerics
/// The roots by Newton from zₖ = e^(2πik/c) e^(a(zₖ−1)/c), the probabilities by FFT; absolute errors about
/// 1e-14.
///
/// ```
/// use queuelab::theory::mdc::MdcWait;
/// // Tijms, A First Course in Stochastic Models, table 9.6.1 lists M/D/c; M/D/1 at ρ = 0.8 waits 2 service times.
/// assert!((MdcWait::new(0.8, 1).expect("not near saturation").wait_mean() - 2.0).abs() < 1e-12);
/// ```
#[derive(Debug, Clone)]
pub struct MdcWait {
    servers: u32,
    offered: f64,
    waiting_mean: f64,
    /// P(U > j).
    above: Vec<f64>,
}

/// Beyond this product of servers and states the answer would take too long.
const MOST: f64 = 5e6;

impl MdcWait {
    /// For an offered load of `a` erlangs; `None` if it is too near saturation, or has too many servers, to
    /// be tabulated.
    pub fn new(a: f64, servers: u32) -> Option<Self> {
        let c = f64::from(servers);
        if !(a > 0.0 && a < c && servers <= 1000) {
            return None;
        }
        let states = (40.0 / decay(a, c) + 2.0 * c + 64.0).max(64.0);
        if states * c.max(20.0) > MOST {
            return None;
        }
        let roots: Vec<Complex64> = (1..servers).map(|k| inner_root(a / c, f64::from(k) / c)).collect();
        let generating = |z: Complex64| {
            let start = (c - a) * (z - 1.0) / (z.powu(servers) - (a * (z - 1.0)).exp());
            roots.iter().fold(start, |product, root| product * ((z - root) / (1.0 - root)))
        };
        let mut above = fft::coefficients((states as usize).next_power_of_two(), generating);
        for j in (1..above.len()).rev() {
            above[j - 1] += above[j];
        }
        above.remove(0);
        let waiting_mean = roots.iter().map(|z| (1.0 / (1.0 - z)).re).sum::<f64>()
            + (a * a - c * (c - 1.0)) / (2.0 * (c - a));
        Some(MdcWait { servers, offered: a, waiting_mean: waiting_mean.max(0.0), above })
    }

    fn above(&self, j: u64) -> f64 {
        self.above.get(j as usize).copied().unwrap_or(0.0)
    }

    /// Mean number waiting.
    pub fn queue_length(&self) -> f64 {
        self.waiting_mean
    }

    /// Mean wait, in service times.
    pub fn wait_mean(&self) -> f64 {
        self.waiting_mean / self.offered
    }

    /// Its standard deviation, by E\[U(U − 1)\] = λ² E\[W²\] (Haji & Newell, 1971).
    pub fn wait_sd(&self) -> f64 {
        if self.servers == 1 {
            return super::mg1::wait_variance(self.offered, 1.0, 1.0, 1.0).sqrt();
        }
        let factorial: f64 = self.above.iter().enumerate().map(|(j, p)| 2.0 * j as f64 * p).sum();
        (factorial / self.offered.powi(2) - self.wait_mean().powi(2)).max(0.0).sqrt()
    }

    /// P(W_q > t), t in service times.
    pub fn wait_tail(&self, t: f64) -> f64 {
        let turn = t.floor() + 1.0;
        let places = turn as u64 * u64::from(self.servers);
        poisson_average(
            self.offered * (turn - t),
            |j| if j >= places { 1.0 } else { self.above(places - 1 - j) },
        )
    }

    /// P(N > n) for the number in the system, which is U plus the arrivals of a service time.
    pub fn in_system_tail(&self, n: u64) -> f64 {
        poisson_average(self.offered, |j| if j > n { 1.0 } else { self.above(n - j) })
    }
}

/// The decay of P(U > j) per message: ln τ for the root τ > 1 of τᶜ = e^(a(τ−1)).
fn decay(a: f64, c: f64) -> f64 {
    let excess = |x: f64| c * x - a * x.exp_m1();
    let mut high = 1.0 - (a / c).ln();
    while excess(high) > 0.0 {
        high *= 2.0;
    }
    // The excess falls from its top, at ln(c/a), through the root.
    root(excess, (c / a).ln(), high)
}

/// The root of z = e^(2πi·turn) e^(ρ(z−1)) inside the unit circle.
fn inner_root(rho: f64, turn: f64) -> Complex64 {
    let direction = Complex64::from_polar(1.0, 2.0 * PI * turn);
    let mut z = Complex64::ZERO;
    for _ in 0..80 {
        let image = direction * (rho * (z - 1.0)).exp();
        let step = (z - image) / (1.0 - rho * image);
        z -= step;
        if step.norm() < 1e-16 {
            break;
        }
    }
    z
}

/// The adapter.
#[derive(Debug)]
pub struct Mdc;

impl QueueModel for Mdc {
    const NAME: &'static str = "M/D/c";

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        poisson(station)?;
        if !station.service.is_constant() {
            return Err("needs constant service times".into());
        }
        let servers = station.servers.ok_or("needs a limited number of servers")?;
        let hard = station.rho() < 1.0 && MdcWait::new(station.offered_load(), servers).is_none();
        if hard { Err("so many servers, so near saturation, cannot be tabulated".into()) } else { Ok(()) }
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let (a, d) = (station.offered_load(), station.service.mean());
        let law = MdcWait::new(a, station.servers.unwrap_or(1))
            .ok_or_else(|| ModelError::Other("too near saturation".into()))?;
        let (mean, sd, tail) = (law.wait_mean() * d, law.wait_sd() * d, law.clone());
        let plain = SteadyState::lossless(
            station,
            Some(law.wait_tail(0.0)),
            TimeDistribution::law(mean, sd, move |t| tail.wait_tail(t / d)),
        );
        Ok(SteadyState {
            queue_length: LevelSummary {
                p99: Some(first_below(0.01, |j| law.above(j))),
                ..plain.queue_length
            },
            in_system: LevelSummary {
                p99: Some(first_below(0.01, |n| law.in_system_tail(n))),
                ..plain.in_system
            },
            ..plain
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::mg1;

    fn close(a: f64, b: f64, relative: f64) {
        assert!((a - b).abs() <= relative * b.abs(), "{a} is not {b}");
    }

    #[test]
    fn one_server_has_the_moments_of_pollaczek_and_khinchine() {
        for rho in [0.01, 0.3, 0.8, 0.99] {
            let law = MdcWait::new(rho, 1).expect("tabulated");
            let factorial: f64 = law.above.iter().enumerate().map(|(j, p)| 2.0 * j as f64 * p).sum();
            close(
                factorial / rho / rho - law.wait_mean().powi(2),
                mg1::wait_variance(rho, 1.0, 1.0, 1.0),
                1e-7,
            );
            close(law.wait_mean(), mg1::wait_mean(rho, 1.0, 1.0), 1e-11);
            close(law.wait_tail(0.0), rho, 1e-9);
        }
    }

    /// Inversion of the transform is another way to the same tail.
    #[test]
    fn one_server_agrees_with_the_transform() {
        let law = MdcWait::new(0.8, 1).expect("tabulated");
        let service = crate::theory::invert::Transform::new(|s: Complex64| (-s).exp());
        let other = mg1::wait_transform(0.8, 1.0, service).inverse();
        for t in [2.5, 5.2, 10.4, 15.7, 20.3] {
            close(law.wait_tail(t), other.tail(t), 1e-7);
        }
    }

    #[test]
    fn a_thousand_servers_and_light_loads() {
        let law = MdcWait::new(980.0, 1000).expect("tabulated");
        assert!(law.wait_mean() > 0.0 && law.wait_tail(0.0) < 1.0);
        close(law.queue_length(), law.above.iter().sum(), 1e-9);
        assert!(MdcWait::new(1e-9, 3).expect("tabulated").wait_mean() < 1e-15);
    }
}

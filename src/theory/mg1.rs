//! M/G/1: Poisson arrivals, one server, any law of the service time. Pollaczek, Khinchine, Takács.

use super::invert::Transform;
use super::{Figures, QueueModel, Refusal, Station, Times, stable};

/// Mean wait, from the first two moments of the service time.
///
/// # Formula
/// W_q = λ E\[S²\] / (2(1 − ρ)), ρ = λ E\[S\].
/// # Domain
/// ρ < 1; infinite where E\[S²\] is, however low the load.
/// # Source
/// Pollaczek (1930), Khinchine (1932); Kleinrock I, eq. 5.63.
///
/// ```
/// use queuelab::theory::mg1;
/// // M/D/1 waits half as long as M/M/1: 2 service times at ρ = 0.8.
/// assert!((mg1::wait_mean(0.8, 1.0, 1.0) - 2.0).abs() < 1e-14);
/// assert!((mg1::wait_mean(0.8, 1.0, 2.0) - 4.0).abs() < 1e-14);
/// ```
pub fn wait_mean(lambda: f64, m1: f64, m2: f64) -> f64 {
    let rho = lambda * m1;
    if rho < 1.0 { lambda * m2 / (2.0 * (1.0 - rho)) } else { f64::INFINITY }
}

/// Variance of the wait, from the first three moments of the service time.
///
/// # Formula
/// E\[W_q²\] = 2 W_q² + λ E\[S³\] / (3(1 − ρ)).
/// # Domain
/// ρ < 1; infinite where E\[S³\] is.
/// # Source
/// Takács, *A single-server queue with Poisson input*, Operations Research 10 (1962); Kleinrock I, eq. 5.113.
pub fn wait_variance(lambda: f64, m1: f64, m2: f64, m3: f64) -> f64 {
    let rho = lambda * m1;
    if rho >= 1.0 || m2.is_infinite() || m3.is_infinite() {
        return f64::INFINITY;
    }
    wait_mean(lambda, m1, m2).powi(2) + lambda * m3 / (3.0 * (1.0 - rho))
}

/// The transform of the wait, from that of the service time.
///
/// # Formula
/// W*(s) = (1 − ρ)s / (s − λ + λB*(s)).
/// # Source
/// Pollaczek & Khinchine; Kleinrock I, eq. 5.105.
pub fn wait_transform(lambda: f64, m1: f64, service: Transform) -> Transform {
    let own = service.clone();
    Transform::new(move |s| (1.0 - lambda * m1) / (1.0 - lambda * ((1.0 - own.at(s)) / s))).like(&service)
}

/// The adapter.
#[derive(Debug)]
pub struct Mg1;

impl QueueModel for Mg1 {
    const NAME: &'static str = "M/G/1";

    fn fits(&self, station: &Station<'_>) -> Result<(), String> {
        super::mginf::poisson(station)?;
        (station.servers == Some(1)).then_some(()).ok_or_else(|| "there is more than one server".into())
    }

    fn figures(&self, station: &Station<'_>) -> Result<Figures, Refusal> {
        stable(station)?;
        let (lambda, service) = (station.lambda(), &station.service);
        let (m1, m2, m3) = (service.moment(1), service.moment(2), service.moment(3));
        let (mean, sd) = (wait_mean(lambda, m1, m2), wait_variance(lambda, m1, m2, m3).sqrt());
        let wait = Times::transformed(mean, sd, station.rho(), wait_transform(lambda, m1, service.transform()));
        let mut figures = Figures::lossless(station, Some(station.rho()), wait);
        if m2.is_infinite() {
            figures.caveats.push(
                "the service time has no variance, so the mean wait is infinite: longer simulations and measurements give ever larger means"
                    .into(),
            );
        } else if m3.is_infinite() {
            figures.caveats.push("the wait has a mean but no variance: intervals of its simulated mean are too narrow".into());
        }
        Ok(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_service_gives_m_m_1() {
        let (lambda, mu) = (0.7, 1.0);
        assert!((wait_mean(lambda, 1.0, 2.0) - crate::theory::mm1::wait_mean(lambda, mu)).abs() < 1e-14);
        let variance = lambda * (2.0 - lambda) / (mu - lambda).powi(2);
        assert!((wait_variance(lambda, 1.0, 2.0, 6.0) - variance).abs() < 1e-12);
    }

    #[test]
    fn without_a_second_moment_the_mean_is_infinite() {
        assert_eq!(wait_mean(0.5, 1.0, f64::INFINITY), f64::INFINITY);
        assert_eq!(wait_variance(0.5, 1.0, 4.0, f64::INFINITY), f64::INFINITY);
    }
}

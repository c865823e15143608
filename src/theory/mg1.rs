//! M/G/1: Poisson arrivals, one server, any law of the service time. Pollaczek, Khinchine, Takács.

use super::Mismatch;
use super::invert::Transform;
use super::{ModelError, QueueModel, Station, SteadyState, TimeDistribution, stable};
use crate::answer::TheoryCaveat;
use crate::workload::laws::{Empirical, Law};

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

/// The tail of the wait for services of a table, whose jumps would blur the inversion.
///
/// # Formula
/// Beneš' series: with probability (1 − ρ)ρⁿ the wait is a sum of n residual services. The part of n = 1 is
/// told apart, with P(residual > t) = E\[(S − t)⁺\]/E\[S\]; the rest has kinks only in its second derivative.
fn tabulated(
    lambda: f64,
    m1: f64,
    table: &Empirical,
    service: Transform,
) -> impl Fn(f64) -> f64 + Send + Sync + 'static {
    let (rho, points) = (lambda * m1, table.points().collect::<Vec<_>>());
    let rest = Transform::new(move |s| {
        let part = lambda * ((1.0 - service.at(s)) / s);
        (1.0 - rho) * part * part / (1.0 - part)
    })
    .inverse_of(rho * rho);
    move |t| {
        if t <= 0.0 {
            return rho;
        }
        let residual: f64 = points.iter().map(|(x, p)| p * (x - t).max(0.0)).sum();
        (1.0 - rho) * lambda * residual + rest.tail(t)
    }
}

/// The adapter.
#[derive(Debug)]
pub struct Mg1;

impl QueueModel for Mg1 {
    const NAME: &'static str = "M/G/1";

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        super::requires::poisson(station)?;
        (station.servers == Some(1)).then_some(()).ok_or_else(|| "needs one server".into())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let (lambda, service) = (station.lambda(), &station.service);
        let (m1, m2, m3) = (service.moment(1), service.moment(2), service.moment(3));
        let (mean, sd) = (wait_mean(lambda, m1, m2), wait_variance(lambda, m1, m2, m3).sqrt());
        let wait = TimeDistribution::transformed(
            mean,
            sd,
            station.rho(),
            wait_transform(lambda, m1, service.transform()),
        );
        let wait = match service.law() {
            Some(Law::Empirical(table)) if table.points().count() <= 10 => {
                wait.told_by(tabulated(lambda, m1, table, service.transform()))
            }
            _ => wait,
        };
        let mut figures = SteadyState::lossless(station, Some(station.rho()), wait);
        if m2.is_infinite() {
            figures.caveats.push(TheoryCaveat::ServiceWithoutVariance.into());
        } else if m3.is_infinite() {
            figures.caveats.push(TheoryCaveat::WaitWithoutVariance.into());
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

    /// A table of one time is M/D/1, whose law is known by another hand; also at its kinks.
    #[test]
    fn a_table_of_one_time_is_a_constant() {
        let table = Empirical::new(&[1.0], &[1.0]).expect("a sound table");
        let tail = tabulated(0.8, 1.0, &table, Transform::new(|s| (-s).exp()));
        let other = crate::theory::mdc::MdcWait::new(0.8, 1).expect("tabulated");
        for t in [0.2, 0.99, 1.0, 1.001, 1.5, 2.0, 2.02, 3.3, 9.0, 17.0] {
            assert!((tail(t) - other.wait_tail(t)).abs() < 1e-8, "{t}: {} {}", tail(t), other.wait_tail(t));
        }
    }

    #[test]
    fn without_a_second_moment_the_mean_is_infinite() {
        assert_eq!(wait_mean(0.5, 1.0, f64::INFINITY), f64::INFINITY);
        assert_eq!(wait_variance(0.5, 1.0, 4.0, f64::INFINITY), f64::INFINITY);
    }
}

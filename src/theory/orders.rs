//! Other orders than first come, first served: the last first, any, and all at once.

use super::Mismatch;
use super::busy::busy_period;
use super::erlang::erlang_c;
use super::figures::StreamFigures;
use super::invert::Transform;
use super::{
    Feature, ModelError, QueueModel, Station, SteadyState, TimeDistribution, mg1, mmc, stable,
    tagged_customer,
};
use crate::answer::TheoryCaveat;
use crate::scenario::{Discipline, Preemption};

/// E\[W²\] grows against first come, first served by this factor when the order is random, and by 1/(1 − ρ)
/// when the last comes first.
///
/// # Source
/// Takács, *Delay distributions for one line with Poisson input, general holding times, and various orders of
/// service*, Bell System Technical Journal 42 (1963).
///
/// ```
/// assert_eq!(queuelab::theory::orders::random_factor(0.5), 4.0 / 3.0);
/// ```
pub fn random_factor(rho: f64) -> f64 {
    2.0 / (2.0 - rho)
}

/// The adapter for `lifo` and `random` without interruption.
#[derive(Debug)]
pub struct LastOrAny;

impl QueueModel for LastOrAny {
    const NAME: &'static str = "M/G/1 and M/M/c, last first or at random";
    const KNOWS: &'static [Feature] = &[Feature::Order];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        super::requires::poisson(station)?;
        match (station.queue.discipline, station.queue.preemption) {
            (Discipline::Lifo, Preemption::None) | (Discipline::Random, _) => {}
            _ => return Err("needs messages taken last first or at random".into()),
        }
        if station.servers != Some(1) {
            super::requires::poisson_and_exponential(station)?;
        }
        station.servers.map(|_| ()).ok_or_else(|| "needs a limited number of servers".into())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let (lambda, rho, c) = (station.lambda(), station.rho(), station.servers.unwrap_or(1));
        let [m1, m2, m3] = [1, 2, 3].map(|n| station.service.moment(n));
        let full = f64::from(c) / m1;
        let delayed = if c == 1 { rho } else { erlang_c(c, station.offered_load()) };
        // The mean is that of any order that does not look at service times.
        let (mean, variance) = if c == 1 {
            (mg1::wait_mean(lambda, m1, m2), mg1::wait_variance(lambda, m1, m2, m3))
        } else {
            (mmc::wait_mean(lambda, 1.0 / m1, c), mmc::wait_sd(lambda, 1.0 / m1, c).powi(2))
        };
        let last = station.queue.discipline == Discipline::Lifo;
        let square = (variance + mean * mean) * if last { 1.0 / (1.0 - rho) } else { random_factor(rho) };
        let sd = if square.is_finite() { (square - mean * mean).max(0.0).sqrt() } else { f64::INFINITY };
        let wait = if last {
            let service = if c == 1 {
                station.service.transform()
            } else {
                Transform::new(move |s| 1.0 / (1.0 + s / full))
            };
            TimeDistribution::transformed(mean, sd, delayed, last_first(lambda, delayed, m1, c, service))
        } else if station.service.is_exponential() {
            tagged_customer::random_order(lambda, full, delayed, mean, sd)
        } else {
            TimeDistribution::moments(mean, Some(sd))
        };
        let plain = if c == 1 { mg1::Mg1.figures(station)? } else { mmc::Mmc.figures(station)? };
        Ok(SteadyState {
            queue_length: plain.queue_length,
            in_system: plain.in_system,
            ..SteadyState::lossless(station, Some(delayed), wait)
        })
    }
}

/// Who waits when the last comes first waits for the service in progress, or the next end of one, and the
/// busy periods of all who come meanwhile (Wishart 1960, Takács 1963).
fn last_first(lambda: f64, delayed: f64, m1: f64, servers: u32, service: Transform) -> Transform {
    let own = service.clone();
    Transform::new(move |s| {
        let eta = busy_period(lambda, &own, s);
        if servers > 1 {
            return 1.0 - delayed + delayed * eta;
        }
        // The residual service, whose transform is (1 − S*(σ))/(σ E[S]), stretched.
        let stretched = s + lambda * (1.0 - eta);
        1.0 - delayed + delayed * (1.0 - eta) / (stretched * m1)
    })
    .like(&service)
}

/// The adapter for `processor-sharing`, and for `lifo` with preemptive resume and one server: the mean does
/// not depend on the law of the service time beyond its mean.
#[derive(Debug)]
pub struct Symmetric;

impl QueueModel for Symmetric {
    const NAME: &'static str = "M/G/c-PS, M/G/1-LIFO with resume";
    const KNOWS: &'static [Feature] = &[Feature::Order];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        super::requires::poisson(station)?;
        match (station.queue.discipline, station.queue.preemption, station.servers) {
            (_, _, None) => Err("needs a limited number of servers".into()),
            (Discipline::ProcessorSharing, _, _) => Ok(()),
            (Discipline::Lifo, Preemption::Resume, Some(1)) => Ok(()),
            _ => Err("needs shared servers, or the last to come first and to interrupt".into()),
        }
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let (lambda, c) = (station.lambda(), station.servers.unwrap_or(1));
        let m1 = station.service.mean();
        // Insensitive: as many are there as in M/M/c.
        let wait = mmc::wait_mean(lambda, 1.0 / m1, c);
        let slowdown = (wait + m1) / m1;
        let shared = station.queue.discipline == Discipline::ProcessorSharing;
        let stream = |i: usize| {
            let (own, square) = (station.service.moment_of(i, 1), station.service.moment_of(i, 2));
            let mean = own * slowdown;
            if shared {
                let sojourn = if station.service.is_exponential() {
                    sharing(lambda, m1, c, mean)
                } else {
                    TimeDistribution::moments(mean, None)
                };
                return StreamFigures {
                    wait: TimeDistribution::moments(mean - own, None),
                    sojourn: Some(sojourn),
                };
            }
            // One's own work, stretched by the busy periods of all who come meanwhile.
            let free = 1.0 - station.rho();
            let variance =
                (square - own * own) / free.powi(2) + own * lambda * station.service.moment(2) / free.powi(3);
            let (all, mine) = (station.service.transform(), station.service.transform_of(i));
            let marks = all.clone();
            let transform =
                Transform::new(move |s| mine.at(s + lambda * (1.0 - busy_period(lambda, &all, s))))
                    .like(&marks);
            StreamFigures {
                wait: TimeDistribution::moments(mean - own, None),
                sojourn: Some(TimeDistribution::transformed(mean, variance.sqrt(), 1.0, transform)),
            }
        };
        let mut figures =
            SteadyState::by_stream(station, None, (0..station.streams.len()).map(stream).collect());
        figures.shared = shared;
        if station.service.is_exponential() {
            figures.in_system = mmc::Mmc.figures(station)?.in_system;
        }
        if !shared {
            figures.caveats.push(TheoryCaveat::InterruptionsInWait.into());
        }
        Ok(figures)
    }
}

/// The time in a shared M/M/c queue.
fn sharing(lambda: f64, m1: f64, servers: u32, mean: f64) -> TimeDistribution {
    let (a, c) = (lambda * m1, servers as usize);
    let rho = a / f64::from(servers);
    // P(N = n) up to c from the top down, in units of P(N = c), then geometric.
    let mut found = vec![1.0; c + 1];
    (0..c).rev().for_each(|n| found[n] = found[n + 1] * (n + 1) as f64 / a);
    let upper: Vec<f64> = tagged_customer::geometric(rho).iter().map(|p| p / (1.0 - rho)).skip(1).collect();
    found.extend(upper);
    let total: f64 = found.iter().sum();
    found.iter_mut().for_each(|p| *p /= total);
    // Coffman, Muntz & Trotter's variance for one server.
    let sd = (servers == 1).then(|| m1 * ((2.0 + rho) / (2.0 - rho)).sqrt() / (1.0 - rho));
    tagged_customer::shared(&found, lambda, 1.0 / m1, servers, mean, sd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_does_not_change_the_mean_but_the_last_first_spreads() {
        let service = Transform::new(|s| 1.0 / (1.0 + s));
        let transform = last_first(0.8, 0.8, 1.0, 1, service.clone()).inverse();
        let many = last_first(0.8, 0.8, 1.0, 2, service).inverse();
        // Residual and whole exponential services are alike.
        for t in [0.5, 4.0, 30.0] {
            assert!((transform.tail(t) - many.tail(t)).abs() < 1e-11);
        }
    }
}

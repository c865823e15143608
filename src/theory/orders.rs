//! Other orders than first come, first served: the last first, any, the shortest first, and all at once.

use super::busy::busy_period;
use super::erlang::erlang_c;
use super::figures::Seen;
use super::invert::Transform;
use super::{Feature, Figures, QueueModel, Refusal, Station, Times, mg1, mmc, priority, stable};
use crate::scenario::{Discipline, Preemption};
use crate::workload::laws::Law;

/// E\[W²\] grows against first come, first served by this factor when the order is random, and by 1/(1 − ρ) when the last comes first.
///
/// # Source
/// Takács, *Delay distributions for one line with Poisson input, general holding times, and various orders of service*, Bell System
/// Technical Journal 42 (1963).
///
/// ```
/// assert_eq!(queuelab::theory::orders::random_factor(0.5), 4.0 / 3.0);
/// ```
pub fn random_factor(rho: f64) -> f64 {
    2.0 / (2.0 - rho)
}

/// Mean wait in M/G/1 when the shortest message is taken first and nobody is interrupted.
///
/// # Formula
/// W = λE\[S²\]/2 · E\[(1 − λ E\[S; S < x\])⁻²\] at x = S.
/// # Domain
/// Laws without atoms; ρ < 1.
/// # Source
/// Phipps, *Machine repair as a priority waiting-line problem*, Operations Research 4 (1956).
/// # Numerics
/// Gauss–Legendre in the law's quantiles, on pieces that halve towards both ends.
///
/// ```
/// use queuelab::{theory::orders::shortest_first, workload::laws::Law};
/// // Constant times leave no choice.
/// let nearly_constant = Law::uniform(0.999999, 1.000001);
/// assert!((shortest_first(1e-6, &nearly_constant) / 0.5e-6 - 1.0).abs() < 1e-5);
/// ```
pub fn shortest_first(lambda: f64, law: &Law) -> f64 {
    let mut edges: Vec<f64> = (1..50).rev().map(|k| 0.5f64.powi(k)).collect();
    edges.insert(0, 0.0);
    let upper: Vec<f64> = (2..50).map(|k| 0.5f64.powi(k)).collect();
    let (mut below, mut sum) = (0.0, 0.0);
    // The lower half by u, the upper by 1 − u, which keeps the digits of the tail.
    for pair in edges.windows(2) {
        let time = |u: f64| quantile(law, u, 1.0 - u);
        sum +=
            super::quadrature::gauss(pair[0], pair[1], |u| (1.0 - lambda * (below + super::quadrature::gauss(pair[0], u, time))).powi(-2));
        below += super::quadrature::gauss(pair[0], pair[1], time);
    }
    let mut from = 0.5;
    for to in upper {
        let time = |v: f64| quantile(law, 1.0 - v, v);
        sum += super::quadrature::gauss(to, from, |v| (1.0 - lambda * (below + super::quadrature::gauss(v, from, time))).powi(-2));
        below += super::quadrature::gauss(to, from, time);
        from = to;
    }
    lambda * law.moment(2) / 2.0 * sum
}

/// The time below which a share `u` = 1 − `v` lies.
fn quantile(law: &Law, u: f64, v: f64) -> f64 {
    match law {
        Law::Exponential(e) => -e.mean * if u < 0.5 { (-u).ln_1p() } else { v.ln() },
        _ => law.quantile(u).unwrap_or_else(|| Times::of(law).quantile(u).unwrap_or(f64::NAN)),
    }
}

/// The adapter for `lifo` and `random` without interruption.
#[derive(Debug)]
pub struct LastOrAny;

impl QueueModel for LastOrAny {
    const NAME: &'static str = "M/M/c and M/G/1, last first or any";
    const KNOWS: &'static [Feature] = &[Feature::Order];

    fn fits(&self, station: &Station<'_>) -> Result<(), String> {
        super::mginf::poisson(station)?;
        match (station.queue.discipline, station.queue.preemption) {
            (Discipline::Lifo, Preemption::None) | (Discipline::Random, _) => {}
            _ => return Err("messages are not taken last first, or in any order".into()),
        }
        if station.servers != Some(1) {
            mmc::poisson_and_exponential(station)?;
        }
        station.servers.map(|_| ()).ok_or_else(|| "servers are without limit".into())
    }

    fn figures(&self, station: &Station<'_>) -> Result<Figures, Refusal> {
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
            let service = if c == 1 { station.service.transform() } else { Transform::new(move |s| 1.0 / (1.0 + s / full)) };
            Times::transformed(mean, sd, delayed, last_first(lambda, delayed, m1, c, service))
        } else {
            Times::moments(mean, Some(sd))
        };
        let plain = if c == 1 { mg1::Mg1.figures(station)? } else { mmc::Mmc.figures(station)? };
        Ok(Figures { queue_length: plain.queue_length, in_system: plain.in_system, ..Figures::lossless(station, Some(delayed), wait) })
    }
}

/// Who waits when the last comes first waits for the service in progress, or the next end of one, and the busy periods of all who
/// come meanwhile (Wishart 1960, Takács 1963).
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

/// The adapter for `processor-sharing`, and for `lifo` with preemptive resume and one server: the mean does not depend on the law of the
/// service time beyond its mean.
#[derive(Debug)]
pub struct Symmetric;

impl QueueModel for Symmetric {
    const NAME: &'static str = "M/G/c shared, M/G/1 last first with resume";
    const KNOWS: &'static [Feature] = &[Feature::Order];

    fn fits(&self, station: &Station<'_>) -> Result<(), String> {
        super::mginf::poisson(station)?;
        match (station.queue.discipline, station.queue.preemption, station.servers) {
            (_, _, None) => Err("servers are without limit".into()),
            (Discipline::ProcessorSharing, _, _) => Ok(()),
            (Discipline::Lifo, Preemption::Resume, Some(1)) => Ok(()),
            _ => Err("servers are not shared, nor does the last come first with preemptive resume".into()),
        }
    }

    fn figures(&self, station: &Station<'_>) -> Result<Figures, Refusal> {
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
                return Seen { wait: Times::moments(mean - own, None), sojourn: Some(Times::moments(mean, None)) };
            }
            // One's own work, stretched by the busy periods of all who come meanwhile.
            let free = 1.0 - station.rho();
            let variance = (square - own * own) / free.powi(2) + own * lambda * station.service.moment(2) / free.powi(3);
            let (all, mine) = (station.service.transform(), station.service.transform_of(i));
            let marks = all.clone();
            let transform = Transform::new(move |s| mine.at(s + lambda * (1.0 - busy_period(lambda, &all, s)))).like(&marks);
            Seen { wait: Times::moments(mean - own, None), sojourn: Some(Times::transformed(mean, variance.sqrt(), 1.0, transform)) }
        };
        let mut figures = Figures::by_stream(station, None, (0..station.streams.len()).map(stream).collect());
        figures.shared = shared;
        if station.service.is_exponential() {
            figures.in_system = mmc::Mmc.figures(station)?.in_system;
        }
        if !shared {
            figures.caveats.push("the wait counts interruptions: it is the latency less the time in service".into());
        }
        Ok(figures)
    }
}

/// The adapter for `shortest` without interruption.
#[derive(Debug)]
pub struct Shortest;

impl QueueModel for Shortest {
    const NAME: &'static str = "M/G/1, shortest first";
    const KNOWS: &'static [Feature] = &[Feature::Order];

    fn fits(&self, station: &Station<'_>) -> Result<(), String> {
        super::mginf::poisson(station)?;
        if (station.queue.discipline, station.queue.preemption, station.servers) != (Discipline::Shortest, Preemption::None, Some(1)) {
            return Err("it is not one server that takes the shortest message next".into());
        }
        match station.service.law() {
            None => Err("producers bring work of different laws".into()),
            Some(_) => Ok(()),
        }
    }

    fn figures(&self, station: &Station<'_>) -> Result<Figures, Refusal> {
        stable(station)?;
        let lambda = station.lambda();
        let law = station.service.law().ok_or_else(|| Refusal::Other("producers bring work of different laws".into()))?;
        let mean = match law {
            // Every time that occurs is a class of its own.
            Law::Empirical(table) => {
                let classes: Vec<(f64, f64, f64)> = table.points().map(|(v, p)| (lambda * p, v, v * v)).collect();
                priority::cobham(&classes).iter().zip(&classes).map(|(wait, class)| wait * class.0 / lambda).sum()
            }
            _ => shortest_first(lambda, law),
        };
        let mut figures = Figures::lossless(station, Some(station.rho()), Times::moments(mean, None));
        // The wait depends on the message's own work, so that only means add up.
        figures.sojourn = Some(Times::moments(mean + station.service.mean(), None));
        Ok(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_does_not_change_the_mean_but_the_last_first_spreads() {
        let service = Transform::new(|s| 1.0 / (1.0 + s));
        let transform = last_first(0.8, 0.8, 1.0, 1, service.clone());
        let many = last_first(0.8, 0.8, 1.0, 2, service);
        // Residual and whole exponential services are alike.
        for t in [0.5, 4.0, 30.0] {
            assert!((transform.tail(t) - many.tail(t)).abs() < 1e-11);
        }
    }

    #[test]
    fn shortest_first_beats_the_order_of_arrival() {
        // Two uniform classes in the limit; for exponential times at ρ = 0.8 the mean is well below 4.
        let mean = shortest_first(0.8, &Law::exponential(1.0));
        assert!(mean < 4.0 && mean > 1.0);
        let fine: Vec<f64> = (0..20_000).map(|i| -(1.0 - (f64::from(i) + 0.5) / 20_000.0f64).ln()).collect();
        let classes: Vec<(f64, f64, f64)> = fine.iter().map(|v| (0.8 / 20_000.0, *v, v * v)).collect();
        let stepped: f64 = priority::cobham(&classes).iter().sum::<f64>() / 20_000.0;
        assert!((mean / stepped - 1.0).abs() < 1e-3, "{mean} {stepped}");
    }
}

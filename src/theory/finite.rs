//! Closed loops: so many clients that send, wait for the answer, and think. Finite source M/M/c//N, and
//! networks by convolution and mean value analysis.

mod closed;
mod networks;

pub use closed::Closed;
pub use networks::{NetworkSolution, Stop, many_classes, one_class};

use super::Mismatch;
use super::invert::{Transform, TransformCost};
use super::levels::poisson_average;
use super::{Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution};
use crate::scenario::{Arrivals, Consumer};
use num_complex::Complex64;

/// The number at the station of N clients, c servers, thinking at rate ν and being served at rate μ.
///
/// # Formula
/// pₙ₊₁/pₙ = (N − n)ν / (min(n + 1, c)μ).
/// # Source
/// Gross & Harris, section 2.7; think times may have any law of this mean (insensitivity: BCMP 1975).
/// # Numerics
/// Ratios outwards from the most likely state.
///
/// ```
/// use queuelab::theory::finite::levels;
/// let p = levels(50, 0.1, 1.0, 4);
/// let mean: f64 = p.iter().enumerate().map(|(n, p)| n as f64 * p).sum();
/// assert!((mean - 11.150176710262878).abs() < 1e-11);
/// ```
pub fn levels(clients: u32, think: f64, mu: f64, servers: u32) -> Vec<f64> {
    levels_at(clients, think, |n| f64::from(servers).min(n as f64) * mu)
}

/// The same where n messages at the station are served at a rate of their own.
fn levels_at(clients: u32, think: f64, rate: impl Fn(usize) -> f64) -> Vec<f64> {
    let n = clients as usize;
    let ratio = |k: usize| (n - k) as f64 * think / rate(k + 1);
    let (mut log, mut best, mut mode) = (0.0f64, 0.0f64, 0);
    for k in 0..n {
        log += ratio(k).ln();
        if log > best {
            (best, mode) = (log, k + 1);
        }
    }
    let mut p = vec![0.0; n + 1];
    p[mode] = 1.0;
    (mode..n).for_each(|k| p[k + 1] = p[k] * ratio(k));
    (0..mode).rev().for_each(|k| p[k] = p[k + 1] / ratio(k));
    let total: f64 = p.iter().sum();
    p.iter().map(|x| x / total).collect()
}

/// The adapter for one queue.
#[derive(Debug)]
pub struct FiniteSource;

impl FiniteSource {
    fn clients(station: &Station<'_>) -> Result<(u32, f64), Mismatch> {
        let [stream] = station.streams.as_slice() else { return Err("needs one producer".into()) };
        let Arrivals::Closed { concurrency, think_time } = &stream.producer.arrivals else {
            return Err("needs clients that wait for their answers".into());
        };
        let think = think_time.mean() + stream.producer.send_time.mean();
        if *concurrency > 1_000_000 {
            return Err("there are more than a million clients".into());
        }
        if !station.service.is_exponential() {
            return Err("needs exponential service times".into());
        }
        Ok((*concurrency, think))
    }
}

impl QueueModel for FiniteSource {
    const NAME: &'static str = "M/M/c//N (finite source)";
    const KNOWS: &'static [Feature] = &[Feature::LoadDependentService];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        Self::clients(station)?;
        if station.has(Feature::LoadDependentService) && station.groups.len() != 1 {
            return Err("needs one group of consumers".into());
        }
        let by_line = |c: &&Consumer| c.service_rate.as_ref().is_some_and(|r| !r.by_queue_length.is_empty());
        if station.queue.blocks() && station.groups.iter().any(by_line) {
            // Who waits for room is not in the line that the speed follows.
            return Err(Feature::Block.into());
        }
        station.servers.map(|_| ()).ok_or_else(|| "needs a limited number of servers".into())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let (clients, think) = Self::clients(station)?;
        let (mu, c) = (1.0 / station.service.mean(), station.servers.unwrap_or(1));
        let by_load = station.groups[0].service_rate.as_ref();
        let rate = |n: usize| {
            let busy = f64::from(c).min(n as f64);
            let waiting = n.saturating_sub(c as usize) as u64;
            busy * mu * by_load.map_or(1.0, |by_load| by_load.speed(busy as u32, waiting))
        };
        // Who does not think is always there.
        let all = |n: u32| (0..=n).map(|k| f64::from(u8::from(k == n))).collect();
        let law = |n: u32| if think > 0.0 { levels_at(n, 1.0 / think, rate) } else { all(n) };
        let p: Vec<f64> = law(clients);
        let mean =
            |from: usize| p.iter().enumerate().skip(from).map(|(n, p)| (n - from) as f64 * p).sum::<f64>();
        let (inside, waiting) = (mean(0), mean(c as usize));
        let throughput = match by_load {
            Some(_) => p.iter().enumerate().skip(1).map(|(n, p)| rate(n) * p).sum(),
            None => mu * (inside - waiting),
        };
        // Who sends sees the station as it is with one client less.
        let ahead: Vec<f64> = law(clients - 1).into_iter().skip(c as usize).collect();
        let steady = by_load.is_none_or(|by_load| by_load.by_queue_length.is_empty());
        let delayed = ahead.iter().sum();
        let wait = if steady {
            wait(ahead, rate(c as usize))
        } else {
            TimeDistribution::moments(waiting / throughput, None)
        };
        let mut figures = SteadyState::lossless(station, Some(delayed), wait);
        if by_load.is_some() {
            // A service is as long as the load makes it, and the wait before it tells of the load.
            let busy = inside - waiting;
            (figures.busy, figures.service) =
                (Some(busy), Some(TimeDistribution::moments(busy / throughput, None)));
            figures.sojourn = Some(TimeDistribution::moments(inside / throughput, None));
        }
        figures.throughput = throughput;
        figures.queue_length = LevelSummary { mean: waiting, p99: Some(quantile(&p, c as usize)) };
        figures.in_system = LevelSummary { mean: inside, p99: Some(quantile(&p, 0)) };
        Ok(figures)
    }
}

/// The 99th percentile of what exceeds `from`.
fn quantile(p: &[f64], from: usize) -> f64 {
    let mut tail = 0.0;
    let mut above = p.iter().enumerate().skip(from).rev();
    let found = above.find(|(_, x)| {
        tail += **x;
        tail > 0.01
    });
    found.map_or(0.0, |(n, _)| (n - from) as f64)
}

/// The wait of who finds c + j others with probability `ahead[j]`: j + 1 departures at rate `full`.
fn wait(ahead: Vec<f64>, full: f64) -> TimeDistribution {
    let moment = |f: fn(f64) -> f64| ahead.iter().enumerate().map(|(j, q)| q * f(j as f64)).sum::<f64>();
    let mean = moment(|j| j + 1.0) / full;
    let square = moment(|j| (j + 1.0) * (j + 2.0)) / full / full;
    let delayed: f64 = ahead.iter().sum();
    let parts = ahead.clone();
    let slow = parts.len() > 200;
    let transform = Transform::new(move |s: Complex64| {
        let z = full / (full + s);
        1.0 - delayed + parts.iter().rev().fold(Complex64::ZERO, |sum, q| (sum + q) * z)
    });
    let mut at_least = ahead;
    (1..at_least.len()).rev().for_each(|k| at_least[k - 1] += at_least[k]);
    let tail = move |t: f64| poisson_average(full * t, |m| at_least.get(m as usize).copied().unwrap_or(0.0));
    TimeDistribution::law(mean, (square - mean * mean).max(0.0).sqrt(), tail)
        .with(transform.costing(if slow { TransformCost::Slow } else { TransformCost::Quick }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The finite source and convolution are two ways to the same numbers, and so are convolution and mean
    /// value analysis.
    #[test]
    fn two_ways_agree() {
        for (clients, servers) in [(1, 1), (5, 2), (50, 4), (30, 40), (500, 40), (800, 79)] {
            let p = levels(clients, 0.1, 1.0, servers);
            let inside: f64 = p.iter().enumerate().map(|(n, p)| n as f64 * p).sum();
            let found = one_class(clients, 10.0, &[Stop { demand: vec![1.0], servers }]);
            assert!(
                (found.level[0][0] / inside - 1.0).abs() < 1e-9,
                "{clients} {servers}: {} {inside}",
                found.level[0][0]
            );
        }
        assert!(levels(100_000, 1.0, 1.0, 10).iter().sum::<f64>() > 0.999);
    }
}

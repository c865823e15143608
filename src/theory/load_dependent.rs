//! M/M/c whose servers' speed depends on how many of them are at work, or on how many messages wait.

use super::Mismatch;
use super::invert::{Transform, TransformCost};
use super::levels::first_below;
use super::requires::poisson_and_exponential;
use super::{Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution};
use crate::scenario::ServiceRate;
use num_complex::Complex64;
use std::f64::consts::TAU;

/// Servers from which on a chain takes too long, and levels of by_queue_length.
const MOST_LEVELS: usize = 5_000;

/// The birth–death chain of the number in the system.
///
/// # Formula
/// pₙ₊₁/pₙ = λ/rₙ₊₁ with rₙ the rate at which all servers together end work while n are in the system; from a
/// level m on, where the rates change no more, pₙ is geometric with ratio λ/rₘ.
/// # Domain
/// λ < rₘ.
/// # Source
/// Kleinrock, *Queueing Systems* I (1975), section 3.2; Gross & Harris, section 2.9.
/// # Numerics
/// Sums of logarithms of ratios, relative to the largest.
///
/// ```
/// use queuelab::theory::load_dependent::LoadChain;
/// // Two servers that together do 1.5 times what one does: λ = 1, rates 1, 1.5, 1.5, …, so that
/// // p₀ = 1/(1 + 1 · 3) = 1/4 and L = Σ n pₙ = 9/4.
/// let chain = LoadChain::new(1.0, vec![1.0, 1.5], 2);
/// assert!((chain.in_system() - 2.25).abs() < 1e-12 && (chain.delayed() - 0.5).abs() < 1e-12);
/// ```
#[derive(Debug, Clone)]
pub struct LoadChain {
    lambda: f64,
    servers: usize,
    /// Messages a second while 1, 2, … are in the system; while more are, as at the last.
    rates: Vec<f64>,
    /// Of 0, 1, …, m in the system; beyond, each is `ratio` times the one before.
    levels: Vec<f64>,
    ratio: f64,
}

impl LoadChain {
    /// Arrivals at a rate, the rates of all servers together while 1, 2, … messages are in the system (as at
    /// the last while more are), at least one for each of so many servers.
    pub fn new(lambda: f64, rates: Vec<f64>, servers: usize) -> Self {
        let ratio = rates.last().map_or(0.0, |last| lambda / last);
        let mut logs = vec![0.0];
        logs.extend(rates.iter().scan(0.0, |log, rate| {
            *log += (lambda / rate).ln();
            Some(*log)
        }));
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut levels: Vec<f64> = logs.iter().map(|log| (log - most).exp()).collect();
        let last = levels.len() - 1;
        let total = levels[..last].iter().sum::<f64>() + levels[last] / (1.0 - ratio);
        levels.iter_mut().for_each(|p| *p /= total);
        LoadChain { lambda, servers, rates, levels, ratio }
    }

    fn last(&self) -> usize {
        self.levels.len() - 1
    }

    /// Σ (n − from) pₙ over n > from, for a level of at most m.
    fn mean_above(&self, from: usize) -> f64 {
        let last = self.last();
        let below: f64 =
            self.levels[..last].iter().enumerate().skip(from).map(|(n, p)| (n - from) as f64 * p).sum();
        let left = 1.0 - self.ratio;
        below + self.levels[last] * ((last - from) as f64 / left + self.ratio / (left * left))
    }

    /// P(N > n).
    fn above(&self, n: u64) -> f64 {
        let last = self.last();
        let beyond = self.levels[last] / (1.0 - self.ratio);
        match usize::try_from(n).ok().filter(|n| *n < last) {
            Some(n) => self.levels[n + 1..last].iter().sum::<f64>() + beyond,
            None => beyond * self.ratio.powf((n + 1 - last as u64) as f64),
        }
    }

    /// Mean number in the system.
    pub fn in_system(&self) -> f64 {
        self.mean_above(0)
    }

    /// Mean number waiting.
    pub fn waiting(&self) -> f64 {
        self.mean_above(self.servers)
    }

    /// P(all servers are at work).
    pub fn delayed(&self) -> f64 {
        if self.servers == 0 { 1.0 } else { self.above(self.servers as u64 - 1) }
    }

    /// Wait and service together where the rate stays the same while messages wait, with the standard
    /// deviation.
    ///
    /// # Formula
    /// Who finds all servers at work waits an exponential time of rate δ = r − λ, and as many come behind it
    /// meanwhile as in a Poisson process. The transform of the service of one among n in the system solves
    /// (s + λ + rₙ)φₙ = λφₙ₊₁ + (rₙ − qₙ)φₙ₋₁ + qₙ, where qₙ = rₙ/min(n, c) is its own rate; for n ≥ c it is
    /// a + b xⁿ⁻ᶜ with a = q/(s + q) and x the root of λx² − (s + λ + r)x + r − q = 0 within the unit circle.
    /// # Numerics
    /// Elimination, forward and back. The second moment is read from the transform on a circle around 0 that
    /// is well within its domain, to about 1e-13.
    pub fn sojourn(&self) -> TimeDistribution {
        let mean = self.in_system() / self.lambda;
        let chain = self.clone();
        let cost = if self.servers > 20 { TransformCost::Slow } else { TransformCost::Quick };
        let transform = Transform::new(move |s| chain.transform(s)).costing(cost);
        let own = (1..=self.servers).map(|n| self.rates[n - 1] / n as f64).fold(f64::INFINITY, f64::min);
        let radius = 0.4 * own.min(self.rates[self.servers - 1] - self.lambda);
        let points = 64;
        let square: f64 = (0..points)
            .map(|k| Complex64::from_polar(1.0, TAU * f64::from(k) / f64::from(points)))
            .map(|turn| (self.transform(turn * radius) / (turn * turn)).re)
            .sum::<f64>()
            * 2.0
            / f64::from(points)
            / (radius * radius);
        TimeDistribution::transformed(mean, (square - mean * mean).max(0.0).sqrt(), 1.0, transform)
    }

    fn transform(&self, s: Complex64) -> Complex64 {
        let (c, lambda) = (self.servers, self.lambda);
        let rate = |n: usize| self.rates[n - 1];
        let others = |n: usize| rate(n) * (1.0 - 1.0 / n as f64);
        let (r, q) = (rate(c), rate(c) / c as f64);
        let sum = s + lambda + r;
        let mut root = (sum * sum - 4.0 * lambda * (r - q)).sqrt();
        if (root * sum.conj()).re < 0.0 {
            root = -root;
        }
        let (x, alone) = (2.0 * (r - q) / (sum + root), q / (s + q));
        // φₙ = g + h φₙ₊₁ for n below c.
        let (mut steps, mut g, mut h) = (Vec::with_capacity(c), Complex64::ZERO, Complex64::ZERO);
        for n in 1..c {
            let pivot = s + lambda + rate(n) - others(n) * h;
            (g, h) = ((rate(n) / n as f64 + others(n) * g) / pivot, lambda / pivot);
            steps.push((g, h));
        }
        let pivot = sum - lambda * x - others(c) * h;
        let full = (q + lambda * alone * (1.0 - x) + others(c) * g) / pivot;
        let (mut service, mut at_once) = (full, self.levels[c - 1] * full);
        for (n, (g, h)) in steps.into_iter().enumerate().rev() {
            service = g + h * service;
            at_once += self.levels[n] * service;
        }
        let spare = r - lambda;
        let later = alone / (spare + s) + (full - alone) / (spare + s + lambda * (1.0 - x));
        at_once + self.delayed() * spare * later
    }
}

/// The rates of all servers together while 1, 2, … messages are in the system, until they change no more.
fn rates(rate: &ServiceRate, servers: u32, mean: f64) -> Vec<f64> {
    let alone = (1..=servers).map(|n| f64::from(n) * rate.speed(n, 0) / mean);
    let waiting = 1..rate.by_queue_length.len() as u64;
    let full = waiting.map(|waiting| f64::from(servers) * rate.speed(servers, waiting) / mean);
    alone.chain(full).collect()
}

/// The adapter.
#[derive(Debug)]
pub struct LoadDependent;

impl LoadDependent {
    fn parts<'a>(station: &'a Station<'_>) -> Result<(&'a ServiceRate, u32), Mismatch> {
        let [group] = station.groups.as_slice() else { return Err("needs one group of consumers".into()) };
        let rate = group.service_rate.as_ref().ok_or("needs a service rate by load")?;
        poisson_and_exponential(station)?;
        if station.queue.blocks() {
            return Err("senders wait for room".into());
        }
        let servers = station.servers.ok_or("needs a limited number of servers")?;
        (servers as usize <= MOST_LEVELS && rate.by_queue_length.len() <= MOST_LEVELS)
            .then_some((rate, servers))
            .ok_or_else(|| "there are too many servers".into())
    }
}

impl QueueModel for LoadDependent {
    const NAME: &'static str = "M/M/c with service by load";
    const KNOWS: &'static [Feature] = &[Feature::LoadDependentService];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        Self::parts(station).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let (rate, servers) = Self::parts(station)?;
        let lambda = station.lambda();
        let rates = rates(rate, servers, station.service.mean());
        let full = rates[rates.len() - 1];
        super::enough(lambda, full)?;
        let chain = LoadChain::new(lambda, rates, servers as usize);
        let (inside, waiting) = (chain.in_system(), chain.waiting());
        let busy = inside - waiting;
        // While messages wait, what they are served by must not change with how many wait.
        let steady = rate.by_queue_length.is_empty();
        let wait = if steady {
            TimeDistribution::delayed_exponential(chain.delayed(), full - lambda)
        } else {
            TimeDistribution::moments(waiting / lambda, None)
        };
        let sojourn = if steady { chain.sojourn() } else { TimeDistribution::moments(inside / lambda, None) };
        let c = u64::from(servers);
        Ok(SteadyState {
            queue_length: LevelSummary {
                mean: waiting,
                p99: Some(first_below(0.01, |k| chain.above(c + k))),
            },
            in_system: LevelSummary { mean: inside, p99: Some(first_below(0.01, |n| chain.above(n))) },
            sojourn: Some(sojourn),
            service: Some(TimeDistribution::moments(busy / lambda, None)),
            busy: Some(busy),
            ..SteadyState::lossless(station, Some(chain.delayed()), wait)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::erlang::erlang_c;
    use crate::theory::levels::poisson_average;
    use crate::theory::mmc;

    fn close(a: f64, b: f64, relative: f64) {
        assert!((a - b).abs() <= relative * b.abs(), "{a} is not {b}");
    }

    #[test]
    fn servers_that_do_not_mind_one_another_are_m_m_c() {
        for (lambda, c) in [(0.9, 1), (3.2, 4), (95.0, 100)] {
            let chain = LoadChain::new(lambda, (1..=c).map(f64::from).collect(), c as usize);
            let delayed = erlang_c(c, lambda);
            close(chain.delayed(), delayed, 1e-11);
            close(chain.waiting(), lambda * mmc::wait_mean(lambda, 1.0, c), 1e-11);
            let sojourn = chain.sojourn();
            close(sojourn.sd.expect("known"), mmc::wait_sd(lambda, 1.0, c).hypot(1.0), 1e-9);
            for t in [0.5, 2.0, 9.0] {
                let tail = mmc::sojourn_tail(t, delayed, lambda, 1.0, c);
                assert!((sojourn.tail(t).expect("a law") - tail).abs() < 1e-9, "{c} {t}");
            }
        }
    }

    /// The tail of the time in the system by the chain of what is ahead of a message and of all that are
    /// there, looked at at the epochs of a Poisson process.
    fn by_epochs(lambda: f64, rates: &[f64], c: usize, times: &[f64]) -> Vec<f64> {
        let most = 120;
        let rate = |n: usize| rates[n.min(rates.len()) - 1];
        let top = lambda + rates.iter().copied().fold(0.0, f64::max);
        let chain = LoadChain::new(lambda, rates.to_vec(), c);
        // Place 0 is in service; place i has i − 1 others waiting ahead of it.
        let mut now = vec![vec![0.0; most + 1]; most + 1];
        for n in 0..most {
            let beyond = n.saturating_sub(chain.last());
            let p = chain.levels[n.min(chain.last())] * chain.ratio.powi(beyond as i32);
            now[if n < c { 0 } else { n + 1 - c }][n + 1] += p;
        }
        let mut left = vec![now.iter().flatten().sum::<f64>()];
        for _ in 0..3000 {
            let mut next = vec![vec![0.0; most + 1]; most + 1];
            for (place, row) in now.iter().enumerate() {
                for (n, p) in row.iter().copied().enumerate().filter(|(_, p)| *p > 0.0) {
                    let busy = n.min(c) as f64;
                    let own = if place == 0 { rate(n) / busy } else { 0.0 };
                    let other = rate(n) - own;
                    next[place][(n + 1).min(most)] += p * lambda / top;
                    next[place.saturating_sub(1)][n - 1] += p * other / top;
                    next[place][n] += p * (1.0 - (lambda + rate(n)) / top);
                }
            }
            now = next;
            left.push(now.iter().flatten().sum());
        }
        let at = |m: u64| left.get(m as usize).copied().unwrap_or(0.0);
        times.iter().map(|t| poisson_average(top * t, at)).collect()
    }

    #[test]
    fn the_transform_is_the_chain_s() {
        for (lambda, rates) in [(1.5, vec![1.0, 1.9, 2.6]), (1.2, vec![1.0, 1.6, 1.5]), (0.5, vec![1.0, 0.9])]
        {
            let chain = LoadChain::new(lambda, rates.clone(), rates.len());
            let times = [0.2, 1.0, 3.0, 8.0];
            let sojourn = chain.sojourn();
            for (t, tail) in times.iter().zip(by_epochs(lambda, &rates, rates.len(), &times)) {
                assert!((sojourn.tail(*t).expect("a law") - tail).abs() < 1e-7, "{rates:?} {t}: {tail}");
            }
        }
    }

    #[test]
    fn levels_follow_from_the_rates() {
        // One server that is twice as fast while others wait: p₁ = p₀/2 · …, by hand.
        let chain = LoadChain::new(1.0, vec![2.0, 4.0], 1);
        let p0 = 1.0 / (1.0 + 0.5 / 0.75);
        close(chain.levels[0], p0, 1e-14);
        close(chain.in_system(), p0 * 0.5 / 0.75 / 0.75, 1e-13);
        close(chain.above(3), p0 * 0.5 * 0.25_f64.powi(3) / 0.75, 1e-13);
        close(chain.above(0), 1.0 - p0, 1e-13);
    }
}

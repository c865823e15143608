//! MAP/PH/c: arrivals and services with phases, by matrix-analytic methods. M/E_k/c, M/H_k/c, PH/PH/c and
//! MMPP/M/c are of its kind.

use super::Mismatch;
use super::figures::StreamFigures;
use super::levels::poisson_average;
use super::matrix::Matrix;
use super::phases::{MarkovArrivals, PhaseType};
use super::qbd::{Qbd, Stationary};
use super::{LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, stable};
use std::collections::HashMap;

/// More states a level than this take too long.
const MOST_STATES: usize = 100;

/// So do more products of small numbers: the blocks of all levels are eliminated one by one.
const MOST_WORK: f64 = 1e8;

/// Whether a chain of so many states a level and so many servers takes too long.
fn too_many(states: usize, servers: u32) -> bool {
    states > MOST_STATES || (states as f64).powi(3) * (f64::from(servers) + 60.0) > MOST_WORK
}

/// In which phases so many busy servers are: counts by phase, in a fixed order.
#[derive(Debug, Clone)]
struct PhaseCounts {
    states: Vec<Vec<u32>>,
    index: HashMap<Vec<u32>, usize>,
}

impl PhaseCounts {
    fn new(busy: u32, phases: usize) -> Self {
        let mut states = Vec::new();
        fill(busy, phases, &mut Vec::new(), &mut states);
        let index = states.iter().cloned().enumerate().map(|(i, s)| (s, i)).collect();
        PhaseCounts { states, index }
    }

    fn len(&self) -> usize {
        self.states.len()
    }
}

fn fill(left: u32, phases: usize, prefix: &mut Vec<u32>, states: &mut Vec<Vec<u32>>) {
    if phases == 1 {
        let mut state = prefix.clone();
        state.push(left);
        states.push(state);
        return;
    }
    for here in 0..=left {
        prefix.push(here);
        fill(left - here, phases - 1, prefix, states);
        prefix.pop();
    }
}

/// The states of so many servers, or more than fit.
fn count_of(servers: u32, phases: usize) -> usize {
    (1..phases).fold(1.0, |n, k| n * (f64::from(servers) + k as f64) / k as f64).round().min(1e9) as usize
}

/// Adds to a matrix what happens from each state: for every phase with servers in it, `what(phase)` lists
/// changes and rates.
fn moves(from: &PhaseCounts, to: &PhaseCounts, what: impl Fn(usize) -> Vec<(Option<usize>, f64)>) -> Matrix {
    let mut rates = Matrix::zero(from.len(), to.len());
    for (row, state) in from.states.iter().enumerate() {
        for phase in (0..state.len()).filter(|p| state[*p] > 0) {
            for (next, rate) in what(phase) {
                let mut other = state.clone();
                other[phase] -= 1;
                if let Some(next) = next {
                    other[next] += 1;
                }
                rates[(row, to.index[&other])] += f64::from(state[phase]) * rate;
            }
        }
    }
    rates
}

/// The stationary law of MAP/PH/c, and the waits that follow from it.
pub struct PhaseQueue {
    law: Stationary,
    arrivals: MarkovArrivals,
    /// Messages a second of each stream.
    rates: Vec<f64>,
    /// Among all servers busy: changes without and with a departure, by uniformisation at rate `clock`.
    stay: Matrix,
    leave: Matrix,
    clock: f64,
}

impl PhaseQueue {
    /// `None` if it has too many states.
    pub fn new(arrivals: MarkovArrivals, service: &PhaseType, servers: u32) -> Option<Self> {
        let (width, phases) = (arrivals.silent.rows, service.size());
        if too_many(width * count_of(servers, phases), servers) || servers > 5_000 {
            return None;
        }
        let places: Vec<PhaseCounts> = (0..=servers).map(|n| PhaseCounts::new(n, phases)).collect();
        let full = &places[servers as usize];
        let (all, here) = (arrivals.all(), Matrix::identity(width));
        let ends = service.ends();
        let within = |p: usize| {
            (0..phases)
                .map(|q| (Some(q), service.rates[(p, q)]))
                .filter(|(q, rate)| *q != Some(p) && *rate > 0.0)
                .collect::<Vec<_>>()
        };
        let inside = |n: &PhaseCounts| {
            let off = moves(n, n, within);
            let total: Vec<f64> = n
                .states
                .iter()
                .map(|s| s.iter().zip(0..).map(|(k, p)| f64::from(*k) * service.rates[(p, p)]).sum())
                .collect();
            off.plus(&Matrix::diagonal(&total))
        };
        let local = |n: &PhaseCounts| {
            arrivals.silent.kronecker(&Matrix::identity(n.len())).plus(&here.kronecker(&inside(n)))
        };
        let begin = |n: usize| {
            let (from, to) = (&places[n], &places[n + 1]);
            let mut chances = Matrix::zero(from.len(), to.len());
            for (row, state) in from.states.iter().enumerate() {
                for (phase, chance) in service.start.iter().enumerate().filter(|(_, chance)| **chance > 0.0) {
                    let mut other = state.clone();
                    other[phase] += 1;
                    chances[(row, to.index[&other])] += chance;
                }
            }
            all.kronecker(&chances)
        };
        let finish = |n: usize| here.kronecker(&moves(&places[n + 1], &places[n], |p| vec![(None, ends[p])]));
        let replace = moves(full, full, |p| {
            service.start.iter().enumerate().map(|(q, chance)| (Some(q), ends[p] * chance)).collect()
        });
        let chain = Qbd {
            ups: (0..servers as usize).map(begin).collect(),
            locals: places[..servers as usize].iter().map(local).collect(),
            downs: (0..servers as usize).map(finish).collect(),
            up: all.kronecker(&Matrix::identity(full.len())),
            local: local(full),
            down: here.kronecker(&replace),
        };
        let clock = f64::from(servers) * (0..phases).map(|p| -service.rates[(p, p)]).fold(0.0, f64::max);
        let stay = Matrix::identity(full.len()).plus(&inside(full).scaled(1.0 / clock));
        let rates = arrivals.rates();
        Some(PhaseQueue {
            law: chain.stationary(),
            arrivals,
            rates,
            stay,
            leave: replace.scaled(1.0 / clock),
            clock,
        })
    }

    /// Mean number waiting.
    pub fn queue_length(&self) -> f64 {
        self.law.mean_above()
    }

    /// For each stream, the probability that a wait is not over after n ticks of the clock, n = 0, 1, …
    ///
    /// # Formula
    /// Let Fₙ be Σ_k (x_{c+k})ᵀ times the chance, by servers' phases, of at most k departures in n ticks:
    /// Fₙ₊₁ = Fₙ stayᵀ + Rᵀ Fₙ leaveᵀ.
    /// # Numerics
    /// All terms are positive. In the end the sequence is geometric; there it stops.
    fn waits(&self) -> Option<Vec<Ticks>> {
        let (m, n) = (self.law.rate.rows, self.stay.rows);
        let mut f = Matrix::zero(m, n);
        for (i, x) in self.law.upper().iter().enumerate() {
            (0..n).for_each(|j| f[(i, j)] = *x);
        }
        let (back, stay, leave) =
            (self.law.rate.transposed(), self.stay.transposed(), self.leave.transposed());
        let weights: Vec<Vec<f64>> = self.arrivals.arrivals.iter().map(Matrix::row_sums).collect();
        let read = |f: &Matrix, weights: &[f64], rate: f64| {
            (0..m).map(|i| weights[i / n] * f[(i, i % n)]).sum::<f64>() / rate
        };
        let mut lists: Vec<Vec<f64>> =
            weights.iter().zip(&self.rates).map(|(w, rate)| vec![read(&f, w, *rate)]).collect();
        let budget = 60_000_000 / (m * m * n + m * n * n).max(1) + 200;
        let mut settled = 0;
        for step in 0..budget.min(1_000_000) {
            f = f.times(&stay).plus(&back.times(&f).times(&leave));
            for ((list, w), rate) in lists.iter_mut().zip(&weights).zip(&self.rates) {
                list.push(read(&f, w, *rate));
            }
            let steady = lists.iter().all(|list| {
                let [.., a, b, c] = list.as_slice() else { return false };
                *b <= 1e-13 * list[0] || (c / b - b / a).abs() < 1e-13
            });
            settled = if steady { settled + 1 } else { 0 };
            if settled > 30 && step > 50 {
                return Some(lists.into_iter().map(Ticks::new).collect());
            }
        }
        // Not geometric yet, but nothing left to speak of.
        lists
            .iter()
            .all(|list| list.last().is_some_and(|last| *last < 1e-9))
            .then(|| lists.into_iter().map(Ticks::new).collect())
    }
}

/// P(not over after n ticks), and its ratio in the end.
#[derive(Debug, Clone)]
pub(super) struct Ticks {
    list: Vec<f64>,
    ratio: f64,
}

impl Ticks {
    pub(super) fn new(list: Vec<f64>) -> Self {
        let ratio = match list.as_slice() {
            [.., a, b] if *a > 0.0 => b / a,
            _ => 0.0,
        };
        Ticks { list, ratio }
    }

    fn at(&self, n: u64) -> f64 {
        let last = self.list.len() - 1;
        self.list
            .get(n as usize)
            .copied()
            .unwrap_or_else(|| self.list[last] * self.ratio.powf((n - last as u64) as f64))
    }

    /// Σ at(n) and Σ (n + 1) at(n).
    pub(super) fn sums(&self) -> (f64, f64) {
        let (mut first, mut second) = (0.0, 0.0);
        for (n, p) in self.list.iter().enumerate() {
            first += p;
            second += (n as f64 + 1.0) * p;
        }
        let (last, q) = (self.at(self.list.len() as u64), 1.0 - self.ratio);
        (first + last / q, second + last * ((self.list.len() as f64 + 1.0) / q + self.ratio / q / q))
    }

    /// As a time on a Poisson clock.
    fn times(self, clock: f64) -> TimeDistribution {
        let (first, second) = self.sums();
        let (mean, square) = (first / clock, 2.0 * second / clock / clock);
        TimeDistribution::law(mean, (square - mean * mean).max(0.0).sqrt(), self.tail(clock))
    }

    /// P(not over at t) on a Poisson clock.
    pub(super) fn tail(self, clock: f64) -> impl Fn(f64) -> f64 + Send + Sync + 'static {
        move |t| poisson_average(clock * t, |n| self.at(n))
    }

    /// With a service of phases after the wait, on the same clock.
    fn then(&self, service: &PhaseType, clock: f64) -> Ticks {
        let step = Matrix::identity(service.size()).plus(&service.rates.scaled(1.0 / clock));
        let mut left: Vec<f64> = service.start.iter().map(|p| p * (1.0 - self.at(0))).collect();
        let mut list = Vec::new();
        for n in 0..100_000_000u64 {
            list.push(self.at(n) + left.iter().sum::<f64>());
            let ended = self.at(n) - self.at(n + 1);
            left = step.left(&left);
            left.iter_mut().zip(&service.start).for_each(|(x, p)| *x += p * ended);
            let [.., a, b, c] = list.as_slice() else { continue };
            let steady = (c / b - b / a).abs() < 1e-14 || *c < 1e-13;
            if n as usize > self.list.len() + 50 && steady || n as usize > 20 * self.list.len() + 1_000_000 {
                break;
            }
        }
        Ticks::new(list)
    }
}

/// The adapter.
#[derive(Debug)]
pub struct Phases;

impl Phases {
    fn parts(station: &Station<'_>) -> Result<(MarkovArrivals, PhaseType, u32), Mismatch> {
        let servers = station.servers.ok_or("needs a limited number of servers")?;
        let service = station.service.phases().ok_or("service times have no phases")?;
        if !station.is_poisson() && !station.service.is_alike() {
            // In a burst of one producer most services are its own.
            return Err("producers bring work of different laws, and their arrivals are not Poisson".into());
        }
        let mut streams = station.streams.iter().map(MarkovArrivals::of);
        let first = streams.next().ok_or("nothing is produced")??;
        let arrivals = streams.try_fold(first, |all, next| {
            let next = next?;
            if all.silent.rows * next.silent.rows > MOST_STATES {
                Err(Mismatch::from("there are too many phases"))
            } else {
                Ok(all.and(&next))
            }
        })?;
        if too_many(arrivals.silent.rows * count_of(servers, service.size()), servers) {
            return Err("there are too many combinations of phases".into());
        }
        Ok((arrivals, service, servers))
    }
}

impl QueueModel for Phases {
    const NAME: &'static str = "MAP/PH/c";

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        Self::parts(station).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let (arrivals, service, servers) = Self::parts(station)?;
        let queue = PhaseQueue::new(arrivals, &service, servers)
            .ok_or_else(|| ModelError::Other("there are too many phases".into()))?;
        let waiting = queue.queue_length();
        let levels = [Some(queue.law.quantile(0.01, servers as usize)), Some(queue.law.quantile(0.01, 0))];
        let mut figures = match queue.waits() {
            Some(waits) => {
                let delayed = waits.iter().zip(&queue.rates).map(|(w, rate)| rate * w.at(0)).sum::<f64>()
                    / station.lambda();
                let seen = |(i, ticks): (usize, Ticks)| {
                    let own = station.service.phases_of(i);
                    let sojourn = own.map(|own| ticks.then(&own, queue.clock).times(queue.clock));
                    StreamFigures { wait: ticks.times(queue.clock), sojourn }
                };
                SteadyState::by_stream(
                    station,
                    Some(delayed),
                    waits.into_iter().enumerate().map(seen).collect(),
                )
            }
            None => SteadyState::lossless(
                station,
                None,
                TimeDistribution::moments(waiting / station.lambda(), None),
            ),
        };
        figures.queue_length = LevelSummary { mean: waiting, p99: levels[0] };
        figures.in_system = LevelSummary { mean: waiting + station.offered_load(), p99: levels[1] };
        Ok(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::{gimc, mg1, mmc};
    use crate::workload::laws::Law;

    fn poisson(rate: f64) -> MarkovArrivals {
        MarkovArrivals { silent: Matrix::diagonal(&[-rate]), arrivals: vec![Matrix::diagonal(&[rate])] }
    }

    fn close(a: f64, b: f64, relative: f64) {
        assert!((a - b).abs() <= relative * b.abs(), "{a} is not {b}");
    }

    /// Closed forms and chains are two ways to the same numbers.
    #[test]
    fn it_agrees_with_closed_forms() {
        let exponential = PhaseType::of(&Law::exponential(1.0)).expect("phases");
        let queue = PhaseQueue::new(poisson(3.2), &exponential, 4).expect("few states");
        close(queue.queue_length(), 3.2 * mmc::wait_mean(3.2, 1.0, 4), 1e-12);
        let wait = queue.waits().expect("settles").remove(0).times(queue.clock);
        close(
            wait.tail(5.0).expect("known"),
            crate::theory::erlang::erlang_c(4, 3.2) * f64::exp(-4.0),
            1e-11,
        );
        let erlang = PhaseType::of(&Law::erlang(1.0, 4)).expect("phases");
        let queue = PhaseQueue::new(poisson(0.8), &erlang, 1).expect("few states");
        close(queue.queue_length(), 2.0, 1e-12);
        let wait = queue.waits().expect("settles").remove(0).times(queue.clock);
        close(wait.mean, 2.5, 1e-12);
        close(wait.sd.expect("known").powi(2), mg1::wait_variance(0.8, 1.0, 1.25, 1.875), 1e-11);
        close(wait.tail(13.242206180447738).expect("known"), 0.01, 1e-10);
    }

    #[test]
    fn gaps_with_phases_agree_with_takacs() {
        let gaps = Law::hyperexponential(1.0 / 2.4, 3.0);
        let phases = PhaseType::of(&gaps).expect("phases");
        let arrivals = MarkovArrivals::of_gaps(&phases);
        let queue = PhaseQueue::new(arrivals, &PhaseType::of(&Law::exponential(1.0)).expect("phases"), 3)
            .expect("few states");
        let of_gaps = |s: f64| gaps.transform(num_complex::Complex64::new(s, 0.0)).expect("closed").re;
        let sigma = crate::theory::gim1::sigma(of_gaps, 3.0);
        close(queue.waits().expect("settles")[0].at(0), gimc::delayed(of_gaps, 1.0, 3, sigma), 1e-11);
    }
}

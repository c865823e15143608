//! Closed loops: so many clients that send, wait for the answer, and think. Finite source M/M/c//N, and networks by convolution and mean value analysis.

use super::Feature;
use super::Mismatch;
use super::invert::{Effort, Transform};
use super::levels::poisson_average;
use super::network::Network;
use super::station::{Gaps, Stream};
use super::{Answer, ClosedForm, End, Exactness, Figures, Level, QueueModel, Refusal, Station, Times, jackson};
use crate::scenario::{Arrivals, Destination, Discipline, Scenario};
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
    let n = clients as usize;
    let ratio = |k: usize| (n - k) as f64 * think / (f64::from(servers).min(k as f64 + 1.0) * mu);
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
        let [stream] = station.streams.as_slice() else { return Err("there are several producers".into()) };
        let Arrivals::Closed { concurrency, think_time } = &stream.producer.arrivals else {
            return Err("clients do not wait for their answers".into());
        };
        let think = think_time.mean() + stream.producer.send_time.mean();
        if *concurrency > 1_000_000 {
            return Err("there are more than a million clients".into());
        }
        if !station.service.is_exponential() {
            return Err("service times are not exponential".into());
        }
        Ok((*concurrency, think))
    }
}

impl QueueModel for FiniteSource {
    const NAME: &'static str = "M/M/c//N (finite source)";

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        Self::clients(station)?;
        station.servers.map(|_| ()).ok_or_else(|| "servers are without limit".into())
    }

    fn figures(&self, station: &Station<'_>) -> Result<Figures, Refusal> {
        let (clients, think) = Self::clients(station)?;
        let (mu, c) = (1.0 / station.service.mean(), station.servers.unwrap_or(1));
        // Who does not think is always there.
        let all = |n: u32| (0..=n).map(|k| f64::from(u8::from(k == n))).collect();
        let law = |n: u32| if think > 0.0 { levels(n, 1.0 / think, mu, c) } else { all(n) };
        let p: Vec<f64> = law(clients);
        let mean = |from: usize| p.iter().enumerate().skip(from).map(|(n, p)| (n - from) as f64 * p).sum::<f64>();
        let (inside, waiting) = (mean(0), mean(c as usize));
        let throughput = mu * (inside - waiting);
        // Who sends sees the station as it is with one client less.
        let ahead: Vec<f64> = law(clients - 1).into_iter().skip(c as usize).collect();
        let mut figures = Figures::lossless(station, Some(ahead.iter().sum()), wait(ahead, f64::from(c) * mu));
        figures.throughput = throughput;
        figures.queue_length = Level { mean: waiting, p99: Some(quantile(&p, c as usize)) };
        figures.in_system = Level { mean: inside, p99: Some(quantile(&p, 0)) };
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
fn wait(ahead: Vec<f64>, full: f64) -> Times {
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
    Times::law(mean, (square - mean * mean).max(0.0).sqrt(), tail).with(transform.costing(if slow { Effort::Slow } else { Effort::Quick }))
}

/// One station of a closed network.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// Mean work of a message of each class at a visit, times visits.
    pub demand: Vec<f64>,
    /// How many there are.
    pub servers: u32,
}

/// What is found of a closed network.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// Of each class, a second.
    pub throughput: Vec<f64>,
    /// Mean number of each class at each station: `[station][class]`.
    pub level: Vec<Vec<f64>>,
}

/// One class at stations of any number of servers: Buzen's convolution.
///
/// # Formula
/// G is the convolution of the stations' weights Dᵏ/∏ min(j, c) and of the thinkers' Zᵏ/k!; X = G(N − 1)/G(N), and a station holds k with
/// probability its weight(k) G₋(N − k)/G(N), G₋ that of all others.
/// # Source
/// Buzen, *Computational algorithms for closed queueing networks with exponential servers*, Communications of the ACM 16 (1973).
/// # Domain
/// Product form: exponential stations in order of arrival, think times of any law.
/// # Numerics
/// All terms are positive. (Mean value analysis is not so kind: its P(nobody there) is a difference that loses all digits at many busy
/// servers.) Weights are taken at about the throughput to come, where those that matter are near one.
///
/// ```
/// use queuelab::theory::finite::{Stop, one_class};
/// let found = one_class(20, 5.0, &[Stop { demand: vec![0.2], servers: 1 }]);
/// assert!((found.throughput[0] - 3.600549245051477).abs() < 1e-12);
/// // The second station is the bottleneck: 3 servers of 10/s.
/// let crowd = one_class(200, 0.0, &[Stop { demand: vec![1.0], servers: 40 }, Stop { demand: vec![0.1], servers: 3 }]);
/// assert!((crowd.throughput[0] - 30.0).abs() < 1e-12 && (crowd.level[0][0] - 30.16574354789153).abs() < 1e-9);
/// ```
pub fn one_class(clients: u32, think: f64, stops: &[Stop]) -> Balance {
    let n = clients as usize;
    let whole_round = think + stops.iter().map(|stop| stop.demand[0]).sum::<f64>();
    let busiest = stops.iter().map(|stop| f64::from(stop.servers) / stop.demand[0]).fold(f64::INFINITY, f64::min);
    let rate = busiest.min(f64::from(clients) / whole_round);
    let weights = |demand: f64, servers: f64| {
        let logs: Vec<f64> = std::iter::once(0.0)
            .chain((1..=n).scan(0.0, |log, k| {
                *log += (rate * demand / servers.min(k as f64)).ln();
                Some(*log)
            }))
            .collect();
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        logs.into_iter().map(|log| (log - most).exp()).collect::<Vec<f64>>()
    };
    let own: Vec<Vec<f64>> = stops.iter().map(|stop| weights(stop.demand[0], f64::from(stop.servers))).collect();
    let mut before = vec![weights(think, f64::INFINITY)];
    for weights in &own {
        before.push(convolved(&before[before.len() - 1], weights));
    }
    let all = &before[stops.len()];
    let throughput = rate * all[n - 1] / all[n];
    let mut after: Option<Vec<f64>> = None;
    let mut level = vec![Vec::new(); stops.len()];
    for i in (0..stops.len()).rev() {
        let others = after.as_ref().map_or_else(|| before[i].clone(), |after| convolved(&before[i], after));
        let here = |k: usize| own[i][k] * others[n - k];
        let total: f64 = (0..=n).map(here).sum();
        level[i].push((1..=n).map(|k| k as f64 * here(k)).sum::<f64>() / total);
        after = Some(after.map_or_else(|| own[i].clone(), |after| convolved(&after, &own[i])));
    }
    Balance { throughput: vec![throughput], level }
}

/// The sums over all ways to split up to so many, scaled to a largest of one.
fn convolved(a: &[f64], b: &[f64]) -> Vec<f64> {
    let sums: Vec<f64> = (0..a.len()).map(|n| a[..=n].iter().zip(b[..=n].iter().rev()).map(|(x, y)| x * y).sum()).collect();
    let most = sums.iter().copied().fold(0.0, f64::max);
    sums.into_iter().map(|sum| sum / most).collect()
}

/// Exact mean value analysis of several classes at stations of one server each, shared alike or in order of arrival with one mean.
///
/// # Numerics
/// Over all populations: the work is their number times stations times classes.
///
/// ```
/// use queuelab::theory::finite::{Stop, many_classes};
/// // Schwetman (1980): thinking 1 and 15 s, one processor.
/// let found = many_classes(&[15, 5], &[1.0, 15.0], &[Stop { demand: vec![0.025, 0.5], servers: 1 }]);
/// assert!((found.throughput[0] - 14.323).abs() < 1e-3 && (found.level[0][1] - 0.293).abs() < 1e-3);
/// ```
pub fn many_classes(clients: &[u32], think: &[f64], stops: &[Stop]) -> Balance {
    let classes = clients.len();
    let strides: Vec<usize> = (0..classes).map(|r| clients[..r].iter().map(|n| *n as usize + 1).product()).collect();
    let total: usize = clients.iter().map(|n| *n as usize + 1).product();
    let mut levels = vec![vec![0.0; stops.len()]; total];
    let mut last = Balance { throughput: vec![0.0; classes], level: vec![vec![0.0; classes]; stops.len()] };
    for at in 1..total {
        let here: Vec<usize> = (0..classes).map(|r| at / strides[r] % (clients[r] as usize + 1)).collect();
        let mut sums = vec![0.0; stops.len()];
        for r in (0..classes).filter(|r| here[*r] > 0) {
            let before = &levels[at - strides[r]];
            let times: Vec<f64> = stops.iter().zip(before).map(|(stop, level)| stop.demand[r] * (1.0 + level)).collect();
            last.throughput[r] = here[r] as f64 / (think[r] + times.iter().sum::<f64>());
            for (i, time) in times.iter().enumerate() {
                last.level[i][r] = last.throughput[r] * time;
                sums[i] += last.level[i][r];
            }
        }
        levels[at] = sums;
    }
    last
}

/// The adapter for networks, and for several classes that share one server.
#[derive(Debug)]
pub struct Closed;

/// Clients and think times of every producer.
fn loops(scenario: &Scenario) -> Result<Vec<(u32, f64)>, Mismatch> {
    scenario
        .producers
        .iter()
        .map(|p| match &p.arrivals {
            Arrivals::Closed { concurrency, think_time } => Ok((*concurrency, think_time.mean() + p.send_time.mean())),
            _ => Err("not all producers are closed loops".into()),
        })
        .collect()
}

/// Visits to each queue of a message that starts at one.
fn visits(scenario: &Scenario, entry: usize) -> Vec<f64> {
    (0..scenario.queues.len())
        .map(|queue| {
            let here: Vec<f64> = (0..scenario.queues.len()).map(|j| f64::from(u8::from(j == queue))).collect();
            jackson::onward_means(scenario, &here)[entry]
        })
        .collect()
}

impl Closed {
    /// Stations with the demand of each producer, if the network has product form.
    fn stops(scenario: &Scenario) -> Result<(Vec<Stop>, Vec<Vec<f64>>), Mismatch> {
        let loops = loops(scenario)?;
        if loops.is_empty() {
            return Err("nothing is produced".into());
        }
        let entries: Vec<usize> = scenario
            .producers
            .iter()
            .map(|p| match p.to {
                Destination::Queue(queue) => Ok(queue),
                Destination::Topic(_) => Err("messages pass through a topic".to_string()),
            })
            .collect::<Result<_, _>>()?;
        let visits: Vec<Vec<f64>> = entries.iter().map(|entry| visits(scenario, *entry)).collect();
        let several = loops.len() > 1;
        if scenario.queues.iter().any(|queue| queue.blocks()) {
            return Err("full queues make those wait who send or forward to them".into());
        }
        if scenario.consumers.iter().any(|c| c.to.iter().any(|r| matches!(r.to, Destination::Topic(_)))) {
            return Err("messages pass through a topic".into());
        }
        let forwards = scenario.consumers.iter().any(|c| !c.to.is_empty());
        if forwards && scenario.producers.iter().any(|p| p.service_time.is_some()) {
            return Err("producers bring their own work, which is the same at every queue that a message passes".into());
        }
        let mut stops = Vec::new();
        for queue in 0..scenario.queues.len() {
            let streams = scenario.producers.iter().map(|producer| Stream { producer, rate: 1.0, gaps: Gaps::Other("") }).collect();
            let station = Station::at(scenario, queue, streams)?;
            station.only(&[Feature::Forwarding, Feature::Order])?;
            if station.groups.iter().any(|group| group.to != station.groups[0].to) {
                return Err("consumer groups of a queue forward differently".into());
            }
            let shared = station.queue.discipline == Discipline::ProcessorSharing;
            let alike = station.service.is_exponential();
            if !(shared || alike && station.queue.discipline == Discipline::Fifo) {
                return Err(format!("the network has no product form at `{}`", station.queue.name).into());
            }
            let servers = station.servers.ok_or("servers are without limit")?;
            if several && servers > 1 {
                return Err("there are several classes and several servers".into());
            }
            let demand = visits.iter().enumerate().map(|(r, v)| v[queue] * station.service.moment_of(r, 1)).collect();
            stops.push(Stop { demand, servers });
        }
        let populations: f64 = loops.iter().map(|(n, _)| f64::from(*n) + 1.0).product();
        // All populations at all stations, or all pairs of populations.
        let work = populations * stops.len() as f64 * if several { 1.0 } else { populations };
        if work > 5e7 {
            return Err("there are too many clients".into());
        }
        Ok((stops, visits))
    }
}

impl ClosedForm for Closed {
    fn name(&self) -> &'static str {
        "closed network (convolution, mean value analysis)"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Exact
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        Self::stops(scenario).map(|_| ())
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, Refusal> {
        let (stops, visits) = Self::stops(scenario)?;
        let loops = loops(scenario)?;
        let found = match loops.as_slice() {
            [(clients, think)] => one_class(*clients, *think, &stops),
            _ => many_classes(&loops.iter().map(|l| l.0).collect::<Vec<_>>(), &loops.iter().map(|l| l.1).collect::<Vec<_>>(), &stops),
        };
        let mut nodes = Vec::new();
        for (queue, level) in found.level.iter().enumerate() {
            let rate = |r: usize| found.throughput[r] * visits[r][queue];
            let streams = scenario
                .producers
                .iter()
                .enumerate()
                .map(|(r, producer)| Stream { producer, rate: rate(r), gaps: Gaps::Other("closed loops") })
                .collect();
            let station = Station::at(scenario, queue, streams)?;
            let (inside, lambda) = (level.iter().sum::<f64>(), station.lambda());
            let wait = if lambda > 0.0 { (inside / lambda - station.service.mean()).max(0.0) } else { 0.0 };
            let mut figures = Figures::lossless(&station, None, Times::moments(wait, None));
            figures.shared = station.queue.discipline == Discipline::ProcessorSharing;
            nodes.push((station, figures));
        }
        let end = |(r, producer): (usize, &crate::scenario::Producer)| {
            let throughput = found.throughput[r];
            let inside: f64 = found.level.iter().map(|level| level[r]).sum();
            let service: f64 = stops.iter().map(|stop| stop.demand[r]).sum();
            let send = Times::of(&producer.send_time);
            let known = nodes.iter().all(|(_, f)| !f.shared);
            End {
                throughput,
                loss: 0.0,
                latency: send.plus(&Times::moments(inside / throughput, None)),
                send: Some(send),
                blocked: None,
                wait: known.then(|| Times::moments((inside / throughput - service).max(0.0), None)),
                service: known.then(|| Times::moments(service, None)),
            }
        };
        let ends = scenario.producers.iter().enumerate().map(end).collect();
        let name = format!("closed network of {} {}", nodes.len(), if nodes.len() == 1 { "queue" } else { "queues" });
        Ok(Network { nodes, ends, exact: true, caveats: Vec::new() }.answer(scenario, &name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The finite source and convolution are two ways to the same numbers, and so are convolution and mean value analysis.
    #[test]
    fn two_ways_agree() {
        for (clients, servers) in [(1, 1), (5, 2), (50, 4), (30, 40), (500, 40), (800, 79)] {
            let p = levels(clients, 0.1, 1.0, servers);
            let inside: f64 = p.iter().enumerate().map(|(n, p)| n as f64 * p).sum();
            let found = one_class(clients, 10.0, &[Stop { demand: vec![1.0], servers }]);
            assert!((found.level[0][0] / inside - 1.0).abs() < 1e-9, "{clients} {servers}: {} {inside}", found.level[0][0]);
        }
        assert!(levels(100_000, 1.0, 1.0, 10).iter().sum::<f64>() > 0.999);
    }

    #[test]
    fn convolution_is_mean_value_analysis_for_single_servers() {
        let stops = [0.5, 0.2, 0.45].map(|demand| Stop { demand: vec![demand], servers: 1 });
        for (clients, think) in [(1, 0.0), (7, 3.0), (300, 20.0), (1000, 0.0)] {
            let (one, other) = (one_class(clients, think, &stops), many_classes(&[clients], &[think], &stops));
            assert!((one.throughput[0] / other.throughput[0] - 1.0).abs() < 1e-11);
            assert!(one.level.iter().zip(&other.level).all(|(a, b)| (a[0] / b[0] - 1.0).abs() < 1e-9), "{one:?} {other:?}");
        }
    }

    #[test]
    fn balanced_stations_share() {
        let stop = || Stop { demand: vec![0.5], servers: 1 };
        let found = one_class(10, 0.0, &[stop(), stop()]);
        assert!((found.throughput[0] - 10.0 / 5.5).abs() < 1e-13 && (found.level[1][0] - 5.0).abs() < 1e-12);
        let split =
            many_classes(&[4, 6], &[0.0, 0.0], &[Stop { demand: vec![0.5; 2], servers: 1 }, Stop { demand: vec![0.5; 2], servers: 1 }]);
        assert!((split.throughput.iter().sum::<f64>() - 10.0 / 5.5).abs() < 1e-12);
    }
}

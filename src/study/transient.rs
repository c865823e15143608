//! The simulation's answer where there is no steady state to speak of: a timetable that ends, or a backlog at the start.
//!
//! Then a mean over time says nothing; what counts is how the queue grows and drains. Every replication plays the same
//! stretch of time from its start, levels are read on a common grid and averaged over replications.

use super::play::{Listener, Play, Snapshot, network_span};
use super::watch::Watch;
use crate::answer::{Answer, Distribution, Method, Moment, Unanswered, path};
use crate::message::Forget;
use crate::scenario::{Arrivals, Destination, Length, Producer, Scenario, Servers, Step};
use crate::stats::{Summary, combine, half_width};
use crate::units::{Time, nanos, seconds};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Points of a timeline.
const GRID: u64 = 500;
/// Points at which an overload is looked for before its end is searched between two of them.
const SCAN: u32 = 20_000;
/// A backlog is watched for so many times as long as it needs on average.
const PATIENCE: f64 = 3.0;

/// Whether a scenario has a beginning and an end rather than a steady state.
pub(super) fn applies(scenario: &Scenario) -> bool {
    scenario.queues.iter().any(|q| q.initial_backlog > 0) || scenario.producers.iter().any(|p| timetable(p).is_some())
}

/// A producer's timetable, if it changes and ends.
fn timetable(producer: &Producer) -> Option<(&[Step], bool)> {
    match &producer.arrivals {
        Arrivals::Schedule { steps, repeat: false, ramp } if steps.windows(2).any(|w| w[0].rate != w[1].rate) => Some((steps, *ramp)),
        _ => None,
    }
}

/// Messages a second that a producer sends at an instant, in seconds.
fn rate_at(producer: &Producer, at: f64) -> f64 {
    let Some((steps, ramp)) = timetable(producer) else { return producer.rate };
    let mut begin = 0.0;
    for (i, step) in steps.iter().enumerate() {
        if at < begin + step.lasts {
            let next = steps.get(i + 1).map_or(step.rate, |next| next.rate);
            return if ramp { step.rate + (next - step.rate) * (at - begin) / step.lasts } else { step.rate };
        }
        begin += step.lasts;
    }
    steps.last().map_or(0.0, |last| last.rate)
}

/// Messages a second that a queue's servers can do; `None` is without limit.
fn capacity(scenario: &Scenario, queue: usize) -> Option<f64> {
    let group = |c: &crate::scenario::Consumer| match (c.count, c.autoscale) {
        (_, Some(scale)) => Some(f64::from(scale.max) / c.mean_service()),
        (Servers::Count(n), None) => Some(f64::from(n) * c.batch.map_or(1.0, |b| f64::from(b.max)) / c.mean_service()),
        (Servers::Unlimited, None) => None,
    };
    scenario.consumers_of(queue).map(|(_, c)| group(c)).sum()
}

/// When the last overload of a queue by those who send to it directly ends, in seconds; 0 for one with a backlog that has none.
fn overload_ends(scenario: &Scenario, queue: usize, horizon: f64) -> Option<f64> {
    let capacity = capacity(scenario, queue)?;
    let direct: Vec<&Producer> = scenario.producers.iter().filter(|p| p.to == Destination::Queue(queue)).collect();
    let over = |at: f64| direct.iter().map(|p| rate_at(p, at)).sum::<f64>() > capacity;
    let instant = |i: u32| (f64::from(i) + 0.5) * horizon / f64::from(SCAN);
    match (0..SCAN).rev().find(|i| over(instant(*i))) {
        Some(last) => {
            let (mut low, mut high) = (instant(last), instant(last + 1).min(horizon));
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if over(middle) { low = middle } else { high = middle }
            }
            Some(high)
        }
        None => (scenario.queues[queue].initial_backlog > 0).then_some(0.0),
    }
}

/// How long to play, in seconds: as asked for, or the timetable, or until backlogs are gone and some time more.
pub(super) fn horizon(scenario: &Scenario) -> Result<f64, String> {
    if let Length::Duration(s) = scenario.simulation.length {
        return Ok(s);
    }
    let table = scenario.producers.iter().filter_map(timetable).map(|(steps, _)| steps.iter().map(|s| s.lasts).sum::<f64>());
    let drains = scenario.queues.iter().enumerate().filter(|(_, q)| q.initial_backlog > 0).map(|(i, q)| {
        let direct: f64 = scenario.producers.iter().filter(|p| p.to == Destination::Queue(i)).map(|p| rate_at(p, 0.0)).sum();
        let spare = capacity(scenario, i).map_or(f64::INFINITY, |c| c - direct);
        PATIENCE * (q.initial_backlog as f64 + 10.0) / spare
    });
    let longest = table.chain(drains).fold(0.0, f64::max);
    match longest > 0.0 && longest.is_finite() && nanos(longest).is_some() {
        true => Ok(longest),
        false => Err("the backlog never drains, and nothing says how long to watch; write [simulation] duration = \"1h\"".into()),
    }
}

/// What one replication gave.
struct Stretch {
    summary: Summary,
    /// Waiting and in system of each queue at each point of the grid.
    levels: Vec<Vec<(u64, u64)>>,
}

/// Every replication of one stretch of time.
struct Stretches {
    all: Vec<Stretch>,
    /// Seconds, and the same in nanoseconds.
    horizon: f64,
    end: u64,
}

/// Plays the replications.
///
/// # Errors
/// Why they cannot be played.
fn played(scenario: &Scenario, watch: &dyn Watch) -> Result<Stretches, String> {
    let horizon = horizon(scenario)?;
    let play = Play::by_events(scenario)?;
    let drains: Vec<Option<u64>> = (0..scenario.queues.len()).map(|q| overload_ends(scenario, q, horizon).and_then(nanos)).collect();
    let replications = scenario.simulation.replications;
    let end = nanos(horizon).ok_or("the stretch of time is longer than can be timed")?;
    let all: Vec<Stretch> = (0..replications)
        .into_par_iter()
        .filter(|_| !watch.stopped())
        .map(|replication| {
            watch.says("simulation", f64::from(replication) / f64::from(replications), "replications");
            stretch(scenario, &play, replication, end, &drains)
        })
        .collect();
    if all.is_empty() { Err("interrupted before a replication was finished".into()) } else { Ok(Stretches { all, horizon, end }) }
}

/// What every replication gave by metric path, in their order.
///
/// # Errors
/// A refusal that says why.
pub(super) fn replications(scenario: &Scenario, watch: &dyn Watch) -> Result<Vec<BTreeMap<String, f64>>, Unanswered> {
    let played = played(scenario, watch).map_err(|why| Unanswered { method: Method::Simulation, why })?;
    Ok(played.all.into_iter().map(|s| s.summary.values).collect())
}

/// Answers by replications of one stretch of time.
///
/// # Errors
/// A refusal that says why.
pub(super) fn answer(scenario: &Scenario, watch: &dyn Watch) -> Result<Answer, Unanswered> {
    let refuse = |why: String| Unanswered { method: Method::Simulation, why };
    let Stretches { all: stretches, horizon, end } = played(scenario, watch).map_err(refuse)?;
    let confidence = scenario.simulation.confidence;
    let summaries: Vec<Summary> = stretches.iter().map(|s| s.summary.clone()).collect();
    let combined = combine(&summaries, confidence);
    let by = format!("event calendar, {} replications of the first {}", stretches.len(), Time(horizon));
    let mut out = Answer::new(Method::Simulation, by);
    out.latency = combined.counts.get("total.latency").map(|c| Distribution::Histogram(c.to_hdr()));
    out.metrics = combined.metrics;
    out.caveats = combined.caveats;
    out.caveats.push("there is no steady state: figures are over the whole stretch of time, lengths are told over time".into());
    for (q, queue) in scenario.queues.iter().enumerate() {
        out.timelines.insert(queue.name.clone(), timeline(&stretches, q, end, confidence));
    }
    Ok(out)
}

fn timeline(stretches: &[Stretch], queue: usize, end: u64, confidence: f64) -> Vec<Moment> {
    let point = |i: usize| {
        let waiting: Vec<f64> = stretches.iter().map(|s| s.levels[queue][i].0 as f64).collect();
        let inside: Vec<f64> = stretches.iter().map(|s| s.levels[queue][i].1 as f64).collect();
        let (mean, half) = half_width(&waiting, confidence);
        Moment { at: seconds(grid(i as u64, end)), waiting: mean, in_system: half_width(&inside, confidence).0, half_width: half }
    };
    (0..=GRID as usize).map(point).collect()
}

fn grid(point: u64, end: u64) -> u64 {
    (u128::from(end) * u128::from(point) / u128::from(GRID)) as u64
}

fn stretch(scenario: &Scenario, play: &Play<'_>, replication: u32, end: u64, drains: &[Option<u64>]) -> Stretch {
    let mut network = play.network(replication, None).expect("the network of replication 0 was made");
    let mut listener = play.listener(0..u64::MAX);
    network.advance_until(0, &mut Forget);
    let before = network.network_totals();
    let mut levels = vec![Vec::with_capacity(GRID as usize + 1); scenario.queues.len()];
    let mut watched = vec![false; drains.len()];
    for point in 0..=GRID {
        let instant = grid(point, end);
        for (queue, drain) in drains.iter().enumerate() {
            if let Some(from) = drain.filter(|from| *from <= instant && !watched[queue]) {
                network.advance_until(from, &mut listener);
                network.watch_drain(queue, from);
                watched[queue] = true;
            }
        }
        network.advance_until(instant, &mut listener);
        for (levels, queue) in levels.iter_mut().zip(&network.network_totals().queues) {
            levels.push((queue.waiting, queue.waiting + queue.serving));
        }
    }
    let after = network.network_totals();
    let peaks: Vec<u64> = (0..levels.len()).map(|q| network.peak_of(q)).collect();
    let lasted = network_span(&before, &after, &peaks).lasted;
    debug_assert!(lasted > 0.0);
    network.settle(&mut listener);
    let drained = network.network_totals();
    let (before, after) = (Snapshot::Network(before, peaks.clone()), Snapshot::Network(after, peaks));
    let mut summary = stationary_left_out(&listener, &before, &after);
    for (queue, drain) in drains.iter().enumerate() {
        if let (Some(from), Some(at)) = (drain, drained.queues[queue].drained) {
            let place = format!("queues.{}", scenario.queues[queue].name);
            summary.values.insert(path(&place, "drain_time", ""), seconds(at - from));
        }
    }
    Stretch { summary, levels }
}

/// A summary without the figures that only mean something in a steady state.
fn stationary_left_out(listener: &Listener, before: &Snapshot, after: &Snapshot) -> Summary {
    let (mut summary, _) = listener.summary(before, after);
    let over_time = |path: &String| ["queue_length", "in_system"].iter().any(|key| path.contains(key)) && !path.ends_with(".max");
    let kept: BTreeMap<String, f64> = summary.values.into_iter().filter(|(path, _)| !over_time(path)).collect();
    summary.values = kept;
    summary.levels.clear();
    summary.little_gap = None;
    summary
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Consumer, Queue};
    use crate::study::Blind;
    use crate::workload::laws::Law;

    fn mm1(rate: f64, service: f64) -> Scenario {
        Scenario::single(Producer::poisson("p", 0, rate), Queue::default(), Consumer::group("c", 0, 1, Law::exponential(service)))
    }

    fn scheduled(steps: Vec<Step>, ramp: bool) -> Scenario {
        let mut scenario = mm1(1.0, 1.0);
        scenario.producers[0].arrivals = Arrivals::Schedule { steps, repeat: false, ramp };
        scenario
    }

    /// Each of n − 1 waiting messages takes 1 / (μ − λ) to be worked off: a random walk with drift to the left.
    #[test]
    fn a_backlog_drains_in_its_mean_time() {
        let mut scenario = mm1(0.5, 1.0);
        scenario.queues[0].initial_backlog = 100;
        scenario.simulation.replications = 400;
        let answer = super::answer(&scenario, &Blind).expect("an answer");
        let drain = answer.get("queues.queue.drain_time").expect("a drain time");
        let (value, half) = (drain.value.expect("finite"), drain.half_width.expect("many replications"));
        // Five standard errors, where 1.97 make the half-width: a right engine fails once in a million seeds.
        assert!((value - 198.0).abs() < 2.6 * half, "{value} ± {half}");
        assert!(answer.get("queues.queue.queue_length").is_none());
        assert_eq!(answer.timelines["queue"][0].in_system, 100.0);
    }

    /// E N(t) of M(t)/M/1 by uniformisation: 1.1/s for 100 s, then 0.5/s, from empty.
    #[test]
    fn an_overload_grows_and_shrinks_as_computed() {
        let mut scenario = scheduled(vec![Step { lasts: 100.0, rate: 1.1 }, Step { lasts: 100.0, rate: 0.5 }], false);
        scenario.simulation.replications = 1000;
        // So that every instant below is a point of the grid.
        scenario.simulation.length = Length::Duration(250.0);
        let answer = super::answer(&scenario, &Blind).expect("an answer");
        let line = &answer.timelines["queue"];
        for (at, expected) in
            [(50.0, 10.505174005234087), (100.0, 16.964397599045977), (125.0, 7.7025319607668425), (150.0, 3.2253615875320385)]
        {
            let point = line.iter().find(|m| (m.at - at).abs() < 1e-9).expect("a point of the grid");
            let half = point.half_width.expect("many replications");
            // The half-width is that of the number waiting, within a few per cent that of the number inside.
            assert!((point.in_system - expected).abs() < 2.8 * half, "{at}: {} ± {half}, not {expected}", point.in_system);
        }
        assert!(answer.get("queues.queue.drain_time").is_some());
    }

    #[test]
    fn the_end_of_an_overload_is_found_on_a_ramp() {
        let ramp = scheduled(vec![Step { lasts: 10.0, rate: 3.0 }, Step { lasts: 10.0, rate: 0.0 }], true);
        // 3 − 0.3 t falls to 1 at 6.67 s.
        let end = overload_ends(&ramp, 0, 20.0).expect("an overload");
        assert!((end - 20.0 / 3.0).abs() < 1e-6, "{end}");
        assert_eq!(overload_ends(&mm1(0.5, 1.0), 0, 20.0), None);
    }
}

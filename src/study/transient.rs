//! The simulation's answer where there is no steady state to speak of: a timetable that ends, or a backlog at
//! the start.
//!
//! Then a mean over time says nothing; what counts is how the queue grows and drains. Every replication plays
//! the same stretch of time from its start, levels are read on a common grid and averaged over replications.

use super::coverage;
use super::overload::{capacity, overloads_end, sent_to, timetable};
use super::play::Play;
use super::shares;
use super::span::span;
use super::stopping::{first, missing, still_needed};
use super::watch::Watch;
use crate::answer::{
    Answer, Caveat, Distribution, Estimate, Method, MetricId, Moment, PlaceId, Quantity, Reason,
    SimulationCaveat, Statistic, Unanswered,
};
use crate::message::Forget;
use crate::scenario::{Length, Queue, Scenario, Warmup};
use crate::sim::Engine;
use crate::stats::{
    AfterWindow, Collector, Combined, Gathered, Span, Summary, half_width, of_runs, runs_needed,
};
use crate::units::{Time, duration_text, nanos, seconds};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use stops::Stops;

/// Points of a timeline.
const GRID: u64 = 500;
/// Stretches whose counts are held at a time.
const MOST_AT_ONCE: u32 = 16;
/// A backlog is watched for so many times as long as it needs on average.
const PATIENCE: f64 = 3.0;

/// Whether a scenario has a beginning and an end rather than a steady state.
pub(super) fn applies(scenario: &Scenario) -> bool {
    scenario.queues.iter().any(|q| q.initial_backlog > 0)
        || scenario.producers.iter().any(|p| timetable(p).is_some())
}

/// How long to play, in seconds: as asked for, or the timetable, or until backlogs are gone and some time
/// more.
pub(super) fn horizon(scenario: &Scenario) -> Result<f64, Reason> {
    let asked = scenario.asked_instants().max_by(|a, b| a.1.total_cmp(&b.1));
    if let Length::Duration(s) = scenario.simulation.length {
        return match asked.filter(|(_, instant)| *instant > s) {
            Some((id, instant)) => Err(Reason::Unsupported(format!(
                "`{id}` lies beyond the {} that are played; write [simulation] duration = \"{}\", or longer",
                Time(s),
                duration_text(instant)
            ))),
            None => Ok(s),
        };
    }
    let table = scenario
        .producers
        .iter()
        .filter_map(timetable)
        .map(|(steps, _)| steps.iter().map(|s| s.lasts).sum::<f64>());
    let drains = scenario.queues.iter().enumerate().filter(|(_, q)| q.initial_backlog > 0).map(|(i, q)| {
        let spare = capacity(scenario, i).map_or(f64::INFINITY, |c| c - sent_to(scenario, i, 0.0));
        PATIENCE * (q.initial_backlog as f64 + 10.0) / spare
    });
    let longest = table.chain(drains).chain(asked.map(|(_, instant)| instant)).fold(0.0, f64::max);
    match longest > 0.0 && longest.is_finite() && nanos(longest).is_some() {
        true => Ok(longest),
        false => Err("the backlog never drains, and nothing says how long to watch; write [simulation] \
            duration = \"1h\""
            .into()),
    }
}

/// What one replication gave.
struct ReplicationLevels {
    summary: Summary,
    /// Waiting and in system of each queue at each point of the grid.
    levels: Levels,
}

/// The levels of each queue at each point of the grid, in one replication.
type Levels = Vec<Vec<QueueLevel>>;

/// A queue at an instant.
#[derive(Debug, Clone, Copy)]
struct QueueLevel {
    /// Messages that wait, and all that are there.
    waiting: u64,
    in_system: u64,
    /// Servers, where their number changes.
    servers: Option<u64>,
    /// Nanoseconds for which the oldest that waits has waited, if anybody asks.
    oldest: Option<u64>,
}

/// Answers by replications of one stretch of time.
///
/// # Errors
/// A refusal that says why.
pub(super) fn answer(
    scenario: &Scenario,
    told: Vec<Caveat>,
    watch: &dyn Watch,
) -> Result<Answer, Unanswered> {
    let stretches = Stretches::new(scenario).map_err(|why| why.by(Method::Simulation))?;
    let (levels, mut combined) =
        repeated(&stretches, watch).map_err(|reason| reason.by(Method::Simulation))?;
    let by = format!(
        "event calendar, {} replications of the first {}",
        levels.len(),
        Time(seconds(stretches.end))
    );
    let mut out = Answer::new(Method::Simulation, by);
    out.replications = Some(levels.len() as u32);
    out.latency = combined.counts.get("total.latency").map(|c| Distribution::Histogram(c.to_hdr()));
    out.caveats = told;
    out.caveats.extend(coverage::unseen(scenario, &combined, seconds(stretches.end), levels.len() as u32));
    out.caveats.extend(coverage::last_rates(scenario));
    out.caveats.append(&mut combined.caveats);
    let of_the_start = scenario.is_of_the_start();
    out.caveats.push(SimulationCaveat::WholeStretch { of_the_start }.into());
    if !matches!(scenario.simulation.warmup, Warmup::Auto | Warmup::Messages(0) | Warmup::Duration(0.0)) {
        out.caveats.push(SimulationCaveat::WarmUpUnused.into());
    }
    out.caveats.extend(super::redelivery::caveats(scenario, &combined.metrics));
    out.metrics = combined.metrics;
    let watched = |(q, _): &(usize, &Queue)| stretches.play.places.watched[*q];
    for (q, queue) in scenario.queues.iter().enumerate().filter(watched) {
        out.timelines
            .insert(queue.name.clone(), timeline(&levels, q, stretches.end, scenario.simulation.confidence));
    }
    Ok(out)
}

/// What every replication gave by metric path, in their order.
///
/// # Errors
/// A refusal that says why.
pub(super) fn replications(
    scenario: &Scenario,
    watch: &dyn Watch,
) -> Result<Vec<BTreeMap<String, f64>>, Unanswered> {
    let stretches = Stretches::new(scenario).map_err(|why| why.by(Method::Simulation))?;
    let all = scenario.simulation.replications;
    let some = |from: u32| {
        stretches
            .some(from..all.min(from + MOST_AT_ONCE), watch)
            .into_iter()
            .map(|stretch| stretch.summary.values)
    };
    let values: Vec<_> = (0..all).step_by(MOST_AT_ONCE as usize).flat_map(some).collect();
    if values.is_empty() {
        Err(Reason::Interrupted("a replication was finished".into()).by(Method::Simulation))
    } else {
        Ok(values)
    }
}

/// Replications until the precision is reached.
fn repeated(stretches: &Stretches<'_>, watch: &dyn Watch) -> Result<(Vec<Levels>, Combined), Reason> {
    let simulation = &stretches.scenario.simulation;
    let (mut all, mut levels, mut caveats) = (Gathered::default(), Vec::new(), Vec::new());
    let mut wanted = first(&simulation.precision, simulation.replications);
    loop {
        let made = levels.len() as u32;
        watch.says("simulation", f64::from(made) / f64::from(wanted), &format!("{wanted} replications"));
        for stretch in stretches.some(made..wanted.min(made + MOST_AT_ONCE), watch) {
            all.add(stretch.summary);
            levels.push(stretch.levels);
        }
        let made = levels.len() as u32;
        if watch.stopped() {
            caveats.push(SimulationCaveat::InterruptedBetween { finished: made, wanted }.into());
            break;
        }
        if made < wanted {
            continue;
        }
        let combined = told(stretches.scenario, &all);
        let Some(missing) = missing(&simulation.precision, &combined) else { break };
        let Some(more) = still_needed(&missing, made) else {
            caveats.push(missing.caveat(made));
            break;
        };
        wanted = made + more;
    }
    if levels.is_empty() {
        return Err(Reason::Interrupted("a replication was finished".into()));
    }
    let mut combined = told(stretches.scenario, &all);
    shares::certain(stretches.scenario, &mut combined);
    combined.caveats.append(&mut caveats);
    combined.caveats.extend(too_few_runs(&combined, levels.len() as u32, simulation.confidence));
    combined.caveats.extend(stretches.undrained(&all, levels.len(), &mut combined.metrics));
    combined.caveats.extend(combined.p99_withheld());
    Ok((levels, combined))
}

/// Estimates in which a maximum is the mean of every replication's own, with an interval: how bad the worst
/// is when this stretch of time is lived through once. And what is asked of the times to drain.
fn told(scenario: &Scenario, all: &Gathered) -> Combined {
    let confidence = scenario.simulation.confidence;
    let mut out = all.combined(confidence);
    let max = |path: &str| MetricId::parse(path).is_some_and(|id| id.statistic == Statistic::Max);
    for (path, estimate) in out.metrics.iter_mut().filter(|(path, _)| max(path)) {
        let (mean, half) = half_width(all.values(path), confidence);
        *estimate = Estimate::with(mean, half);
    }
    for queue in &scenario.queues {
        let drains = scenario.asked_of(&queue.name).filter(|id| id.quantity == Quantity::DrainTime);
        for id in drains.filter(|id| id.statistic != Statistic::Single) {
            match of_runs(all.values(&drain_time(&queue.name)), id.statistic, confidence) {
                Some((estimate, true)) => out.metrics.insert(id.to_string(), estimate),
                Some((estimate, false)) => out.withheld.insert(id.to_string(), estimate),
                None => None,
            };
        }
    }
    out
}

/// What is to be said of percentiles of times to drain that are withheld.
fn too_few_runs(combined: &Combined, made: u32, confidence: f64) -> Vec<Caveat> {
    let caveat = |path: &String| {
        let id = MetricId::parse(path).filter(|id| id.quantity == Quantity::DrainTime)?;
        let needed = runs_needed(id.statistic.share()?, confidence);
        Some(SimulationCaveat::TooFewRuns { path: path.clone(), replications: made, needed }.into())
    };
    combined.withheld.keys().filter_map(caveat).collect()
}

fn timeline(levels: &[Levels], queue: usize, end: u64, confidence: f64) -> Vec<Moment> {
    let point = |i: usize| {
        let waiting: Vec<f64> = levels.iter().map(|l| l[queue][i].waiting as f64).collect();
        let inside: Vec<f64> = levels.iter().map(|l| l[queue][i].in_system as f64).collect();
        let mean_of = |of: &dyn Fn(&QueueLevel) -> Option<f64>| {
            let known: Option<Vec<f64>> = levels.iter().map(|l| of(&l[queue][i])).collect();
            known.map(|known| known.iter().sum::<f64>() / known.len() as f64)
        };
        let (mean, half) = half_width(&waiting, confidence);
        Moment {
            at: seconds(grid(i as u64, end)),
            waiting: mean,
            in_system: half_width(&inside, confidence).0,
            half_width: half,
            servers: mean_of(&|level| level.servers.map(|servers| servers as f64)),
            oldest: mean_of(&|level| level.oldest.map(seconds)),
        }
    };
    (0..=GRID as usize).map(point).collect()
}

fn grid(point: u64, end: u64) -> u64 {
    (u128::from(end) * u128::from(point) / u128::from(GRID)) as u64
}

/// Messages that wait from the start, in all replications together that are played at once: of each, some 150
/// bytes are kept.
const MOST_WAITING: u64 = 1_000_000;

/// What all replications have in common.
struct Stretches<'a> {
    scenario: &'a Scenario,
    play: Play<'a>,
    /// Nanoseconds.
    end: u64,
    /// From when each queue's draining is watched.
    drains: Vec<Option<u64>>,
    /// Where else than on the grid a run stops.
    stops: Stops,
}

impl<'a> Stretches<'a> {
    fn new(scenario: &'a Scenario) -> Result<Self, Reason> {
        let horizon = horizon(scenario)?;
        let play = Play::by_events(scenario)?;
        let end = nanos(horizon).ok_or("the stretch of time is longer than can be timed")?;
        let drains: Vec<Option<u64>> =
            overloads_end(scenario, horizon).into_iter().map(|end| end.and_then(nanos)).collect();
        let stops = Stops::of(scenario, &drains, end);
        Ok(Stretches { scenario, play, end, drains, stops })
    }

    /// Some replications, in their order; those that were not begun when the person wanted it to end are left
    /// out.
    fn some(&self, which: Range<u32>, watch: &dyn Watch) -> Vec<ReplicationLevels> {
        let fit = MOST_WAITING / self.scenario.backlog().max(1);
        let at_once = fit.clamp(1, u64::from(MOST_AT_ONCE)) as u32;
        let several = |from: u32| {
            let these = (from..which.end.min(from + at_once)).into_par_iter();
            these.filter(|_| !watch.stopped()).map(|replication| self.play(replication)).collect::<Vec<_>>()
        };
        which.clone().step_by(at_once as usize).flat_map(several).collect()
    }

    /// Withholds the drain times of which some replication saw no end, and says so: the mean of the others
    /// would be too short.
    fn undrained(
        &self,
        all: &Gathered,
        made: usize,
        metrics: &mut BTreeMap<String, Estimate>,
    ) -> Vec<Caveat> {
        let watched = self
            .scenario
            .queues
            .iter()
            .zip(&self.drains)
            .filter(|(_, drain)| drain.is_some_and(|from| from <= self.end));
        let withheld = watched.filter_map(|(queue, _)| {
            let path = drain_time(&queue.name);
            let late = made - all.values(&path).len();
            (late > 0).then(|| {
                metrics.retain(|other, _| !(other == &path || other.starts_with(&format!("{path}."))));
                let (queue, replications) = (queue.name.clone(), made);
                SimulationCaveat::DrainWithheld { queue, late, replications }.into()
            })
        });
        withheld.collect()
    }

    fn play(&self, replication: u32) -> ReplicationLevels {
        let Stretches { scenario, play, end, drains, stops } = self;
        let mut network = play.network(replication, None).expect("the network of replication 0 was made");
        let mut collector = Collector::new(&play.places, 0..u64::MAX);
        collector.leave_out_trails();
        network.advance_before(0, &mut Forget);
        let before = network.totals();
        collector.begins(before.at);
        let mut levels = vec![Vec::with_capacity(GRID as usize + 1); scenario.queues.len()];
        let (mut stops, mut values) = (stops.along(), Vec::new());
        for point in 0..=GRID {
            let instant = grid(point, *end);
            while let Some((at, stop)) = stops.next_if(|(at, _)| *at <= instant) {
                network.advance_before(*at, &mut collector);
                values.extend(stop.at(&mut network));
            }
            network.advance_before(instant, &mut collector);
            let ages = network.ages(instant);
            for (index, (levels, queue)) in levels.iter_mut().zip(&network.totals().queues).enumerate() {
                levels.push(QueueLevel {
                    waiting: queue.waiting,
                    in_system: queue.waiting + queue.serving,
                    servers: network.servers_there(index),
                    oldest: ages.as_ref().map(|ages| ages[index]),
                });
            }
        }
        let after = network.totals();
        let span = span(&before, &after);
        debug_assert!(span.lasted > 0.0);
        // Who comes later is not of this stretch.
        collector.set_window(0..after.offered);
        collector.ends(after.at);
        network.settle(&mut AfterWindow(&mut collector));
        let drained = network.totals();
        let mut summary = stationary_left_out(collector, &span);
        summary.values.extend(values);
        for (queue, drain) in drains.iter().enumerate() {
            if let (Some(from), Some(at)) = (drain, drained.queues[queue].drained) {
                summary.values.insert(drain_time(&scenario.queues[queue].name), seconds(at - from));
            }
        }
        ReplicationLevels { summary, levels }
    }
}

fn drain_time(queue: &str) -> String {
    let (place, quantity) = (PlaceId::Queue(queue), Quantity::DrainTime);
    MetricId { place, quantity, statistic: Statistic::Single }.to_string()
}

/// A summary without the figures that only mean something in a steady state.
fn stationary_left_out(collector: Collector, span: &Span) -> Summary {
    let mut summary = collector.summary(span);
    let over_time = |path: &str| {
        MetricId::parse(path).is_some_and(|id| {
            matches!(id.quantity, Quantity::QueueLength | Quantity::InSystem)
                && id.statistic != Statistic::Max
        })
    };
    summary.values.retain(|path, _| !over_time(path));
    summary.levels.clear();
    summary
}

mod stops;
#[cfg(test)]
mod tests;

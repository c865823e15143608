//! The simulation's answer: replications of the scenario's plan through an ideal queue, until they are enough.

use super::stopping::{first, missing, planned, still_needed};
use super::watch::Watch;
use crate::answer::{Answer, Distribution, Method, Moment, Unanswered};
use crate::message::{Record, Recorder, Served};
use crate::rng::Key;
use crate::scenario::{Length, Precision, Scenario, Warmup};
use crate::sim::{Engine, Looks, Station, Totals};
use crate::stats::{BATCHES, Batches, Collector, Combined, Gathered, Places, Span, Summary, mser5};
use crate::units::{plain, seconds, significant};
use crate::workload::Plan;
use rayon::prelude::*;

/// A replication is looked at once for so many messages, on average.
const MESSAGES_A_LOOK: f64 = 64.0;
/// Messages played between two reports of progress.
const CHUNK: u64 = 1 << 16;
/// At least this share of a replication is left out at its start: what MSER-5 cannot see in the noise of few pilots.
const LEAST_WARMUP: f64 = 0.02;
/// Replications whose counts are held at a time.
const MOST_AT_ONCE: u32 = 16;
/// Confidence of the statement that a backlog grows.
const DRIFT_CONFIDENCE: f64 = 0.999;

/// Answers a scenario by simulation.
///
/// # Errors
/// A refusal that says why: what no engine plays, or a queue that grows without end.
pub fn simulate(scenario: &Scenario, watch: &dyn Watch) -> Result<Answer, Unanswered> {
    let refuse = |why: String| Unanswered { method: Method::Simulation, why };
    let run = Runs::new(scenario).map_err(refuse)?;
    let (warmup, mut caveats) = run.warmup(watch);
    let Outcome { combined, made, trail } = match scenario.simulation.replications {
        1 if run.messages >= BATCHES && scenario.simulation.precision == Precision::None => run.long(warmup, watch),
        _ => run.repeated(warmup, watch, &mut caveats),
    }
    .map_err(refuse)?;
    caveats.extend(run.caveats(&combined, made));
    let effort = format!(
        "{}, {made} replication{} of {} messages, the first {} left out",
        run.engine_name(),
        if made == 1 { "" } else { "s" },
        plain(run.messages as f64, 9),
        plain(warmup as f64, 9)
    );
    Ok(answer(scenario, effort, combined, &trail, caveats))
}

/// What all replications gave.
struct Outcome {
    combined: Combined,
    made: u32,
    /// Levels of the first over time.
    trail: Vec<(f64, f64, f64)>,
}

/// What one replication gave.
struct Replication {
    summary: Summary,
    span: Span,
}

/// Everything that the replications of a scenario share.
struct Runs<'a> {
    scenario: &'a Scenario,
    station: Station,
    places: Places,
    messages: u64,
    /// Messages a second, all producers.
    rate: f64,
}

impl<'a> Runs<'a> {
    fn new(scenario: &'a Scenario) -> Result<Self, String> {
        let station = Station::of(scenario).map_err(|what| format!("the simulator does not play this yet: {what}"))?;
        scenario.plan(scenario.seed, 0).map_err(|e| e.to_string())?;
        let rate = scenario.producers.iter().map(|p| p.rate).sum::<f64>();
        let messages = match scenario.simulation.length {
            Length::Messages(n) => n,
            Length::Auto => planned(scenario),
            Length::Duration(s) => (rate * s).ceil().max(1.0) as u64,
        };
        Ok(Runs { scenario, station, places: super::places(scenario), messages, rate })
    }

    fn plan(&self, replication: u32) -> Plan {
        self.scenario.plan(self.scenario.seed, u64::from(replication)).expect("the plan of replication 0 was made")
    }

    fn engine(&self, replication: u32) -> Engine<Plan> {
        let every = (MESSAGES_A_LOOK / self.rate * crate::units::NANOS_PER_SECOND) as u64;
        let key = Key::new(self.scenario.seed, u64::from(replication)).role("looks", &self.places.queue);
        Engine::new(&self.station, self.plan(replication), Some(Looks::new(every, key)))
    }

    fn engine_name(&self) -> &'static str {
        self.engine(0).name()
    }

    /// Messages to leave out at the start of every replication, and what is to be said about it.
    fn warmup(&self, watch: &dyn Watch) -> (u64, Vec<String>) {
        match self.scenario.simulation.warmup {
            Warmup::Messages(n) => (n, Vec::new()),
            Warmup::Duration(s) => ((self.rate * s).ceil() as u64, Vec::new()),
            Warmup::Auto => self.settled(watch),
        }
    }

    /// MSER-5 on the latencies of pilot runs, averaged over replications; longer pilots until they settle.
    fn settled(&self, watch: &dyn Watch) -> (u64, Vec<String>) {
        let mut length = (self.messages / 10).clamp(10_000.min(self.messages), 100_000);
        loop {
            if watch.stopped() {
                return (0, Vec::new());
            }
            watch.says("warm-up", 0.0, &format!("pilot of {length} messages"));
            let pilots: Vec<Pilot> = (0..self.scenario.simulation.replications)
                .into_par_iter()
                .map(|replication| {
                    let mut pilot = Pilot { latency: vec![0.0; length as usize] };
                    let mut engine = self.engine(replication);
                    engine.advance(length, &mut pilot);
                    engine.settle(&mut pilot);
                    pilot
                })
                .collect();
            let mut mean = vec![0.0; length as usize];
            for (i, m) in mean.iter_mut().enumerate() {
                *m = pilots.iter().map(|p| p.latency[i]).sum::<f64>() / pilots.len() as f64;
            }
            if let Some(cut) = mser5(&mean) {
                let least = (self.messages as f64 * LEAST_WARMUP) as u64;
                return ((cut as u64).max(least), Vec::new());
            }
            if length >= self.messages.min(1_000_000) {
                let why = format!("the start still shows after {length} messages; make [simulation] messages larger");
                return (self.messages / 2, vec![why]);
            }
            length = (length * 4).min(self.messages);
        }
    }

    /// Replications until the precision is reached.
    fn repeated(&self, warmup: u64, watch: &dyn Watch, caveats: &mut Vec<String>) -> Result<Outcome, String> {
        let simulation = &self.scenario.simulation;
        let mut all = Gathered::default();
        let (mut made, mut spans, mut trail) = (0, Vec::new(), Vec::new());
        let mut wanted = first(&simulation.precision, simulation.replications);
        loop {
            // A few at a time, for what they counted is put together at once.
            let next = made..wanted.min(made + MOST_AT_ONCE);
            let runs = self.replicate(next, wanted, warmup, watch);
            made += runs.len() as u32;
            for run in runs {
                all.add(&run.summary);
                spans.push(run.span);
                if trail.is_empty() {
                    trail = run.summary.trail;
                }
            }
            if watch.stopped() {
                break;
            }
            if made < wanted {
                continue;
            }
            if self.unstable(&spans).is_some() {
                break;
            }
            let combined = all.combined(simulation.confidence);
            let Some(missing) = missing(&simulation.precision, &combined) else { break };
            let Some(more) = still_needed(&missing, made) else {
                caveats.push(missing.caveat(made));
                break;
            };
            wanted = made + more;
        }
        if made == 0 {
            return Err("interrupted before a replication was finished".into());
        }
        if watch.stopped() && made < wanted {
            caveats.push(format!("interrupted: {made} of {wanted} replications were finished"));
        }
        if let Some(why) = self.unstable(&spans) {
            return Err(why);
        }
        Ok(Outcome { combined: all.combined(simulation.confidence), made, trail })
    }

    /// One long run, its intervals from batch means.
    fn long(&self, warmup: u64, watch: &dyn Watch) -> Result<Outcome, String> {
        let mut engine = self.engine(0);
        let mut batches = Batches::new(&self.places, warmup..warmup + self.messages);
        engine.advance(warmup, &mut crate::message::Forget);
        let mut spans = Vec::new();
        for length in batches.lengths() {
            engine.forget_peak();
            let before = engine.totals();
            let mut left = length;
            while left > 0 {
                if watch.stopped() {
                    return Err("interrupted before its one replication was finished".into());
                }
                let played = engine.advance(left.min(CHUNK), &mut batches);
                left -= played;
                if played == 0 {
                    break;
                }
            }
            spans.push(span(&before, &engine.totals(), engine.peak()));
            batches.next();
            watch.says("simulation", spans.len() as f64 / BATCHES as f64, "one long run");
        }
        engine.settle(&mut batches);
        if let Some(why) = self.unstable(&spans) {
            return Err(why);
        }
        let (combined, whole) = batches.combined(&spans, self.scenario.simulation.confidence);
        Ok(Outcome { combined, made: 1, trail: whole.trail })
    }

    /// Plays replications; those that were interrupted are left out.
    fn replicate(&self, which: std::ops::Range<u32>, of: u32, warmup: u64, watch: &dyn Watch) -> Vec<Replication> {
        let all = u64::from(of) * (warmup + self.messages);
        let done = std::sync::atomic::AtomicU64::new(u64::from(which.start) * (warmup + self.messages));
        let label = format!("replications {}–{} of {of}", which.start + 1, which.end);
        which
            .into_par_iter()
            .map(|replication| {
                let mut engine = self.engine(replication);
                let mut collector = Collector::new(&self.places, warmup..warmup + self.messages);
                engine.advance(warmup, &mut crate::message::Forget);
                engine.forget_peak();
                let before = engine.totals();
                let mut left = self.messages;
                while left > 0 {
                    if watch.stopped() {
                        return None;
                    }
                    let played = engine.advance(left.min(CHUNK), &mut collector);
                    left -= played;
                    let so_far = done.fetch_add(played, std::sync::atomic::Ordering::Relaxed);
                    watch.says("simulation", so_far as f64 / all as f64, &label);
                    if played == 0 {
                        break;
                    }
                }
                let after = engine.totals();
                let peak = engine.peak();
                engine.settle(&mut collector);
                let span = span(&before, &after, peak);
                Some(Replication { summary: collector.summary(&span), span })
            })
            .collect::<Vec<_>>()
            .into_iter()
            .flatten()
            .collect()
    }

    /// Why there is no steady state, if there is none: rho at least 1 without a bound, and how fast the backlog grows.
    fn unstable(&self, runs: &[Span]) -> Option<String> {
        let consecutive = self.scenario.simulation.replications == 1;
        let drift = || crate::stats::drift(runs, consecutive, DRIFT_CONFIDENCE);
        let Some(rho) = super::rho(self.scenario).filter(|rho| rho.is_finite()) else {
            let (rate, half) = drift()?;
            let (rate, half) = (significant(rate, 3), significant(half, 2));
            return Some(format!("unstable: the backlog grows by {rate} ± {half} messages/s, more than chance explains"));
        };
        let constant = self.scenario.producers.len() == 1
            && self.scenario.producers[0].arrivals == crate::scenario::Arrivals::Periodic
            && self.scenario.consumers.iter().all(|c| c.service_time.scv() == 0.0);
        if rho < 1.0 || self.station.room.is_some() || (constant && rho <= 1.0) {
            return None;
        }
        let growth: Vec<f64> = runs.iter().map(|r| r.grown / r.lasted).collect();
        let (mean, half) = crate::stats::half_width(&growth, DRIFT_CONFIDENCE);
        let spread = half.map_or(String::new(), |h| format!(" ± {}", significant(h, 2)));
        Some(format!("unstable: rho = {}, the backlog grows by {}{spread} messages/s", significant(rho, 4), significant(mean, 3)))
    }

    fn caveats(&self, combined: &Combined, replications: u32) -> Vec<String> {
        let mut out = combined.caveats.clone();
        for c in &self.scenario.consumers {
            if c.service_time.scv().is_infinite() {
                out.push(format!(
                    "the service time of `{}` has infinite variance: means converge slowly and their intervals are too narrow",
                    c.name
                ));
            }
        }
        if replications < 2 && self.messages < BATCHES {
            out.push(format!("one replication of fewer than {BATCHES} messages has no interval; use at least two, better ten"));
        }
        out
    }
}

fn span(before: &Totals, after: &Totals, peak: u64) -> Span {
    let lasted = seconds(after.at - before.at).max(1e-9);
    let mean = |from: u128, to: u128| (to - from) as f64 / crate::units::NANOS_PER_SECOND / lasted;
    Span {
        lasted,
        waiting: mean(before.waiting_area, after.waiting_area),
        busy: mean(before.busy_area, after.busy_area),
        grown: (after.waiting + after.busy) as f64 - (before.waiting + before.busy) as f64,
        peak,
    }
}

/// Keeps the latency of the first messages, in seconds.
struct Pilot {
    latency: Vec<f64>,
}

impl Recorder for Pilot {
    fn record(&mut self, r: &Record) {
        if let Some(latency) = self.latency.get_mut(r.message.id as usize) {
            *latency = seconds(r.finished - r.message.due);
        }
    }

    fn served(&mut self, run: &Served<'_>) {
        for i in 0..run.due.len() {
            if let Some(latency) = self.latency.get_mut(run.first as usize + i) {
                *latency = seconds(run.finished[i] - run.due[i]);
            }
        }
    }
}

fn answer(scenario: &Scenario, by: String, combined: Combined, trail: &[(f64, f64, f64)], caveats: Vec<String>) -> Answer {
    let mut out = Answer::new(Method::Simulation, by);
    out.latency = combined.counts.get("total.latency").map(|c| Distribution::Histogram(c.to_hdr()));
    out.metrics = combined.metrics;
    out.caveats = caveats;
    if let Some(queue) = scenario.queues.first() {
        let moments = trail.iter().map(|&(at, waiting, in_system)| Moment { at, waiting, in_system, half_width: None });
        out.timelines.insert(queue.name.clone(), moments.collect());
    }
    out
}

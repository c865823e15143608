//! The simulation's answer: replications of the scenario's plan through an ideal queue, until they are enough.

use super::drift::{overloaded, unstable};
use super::long::Long;
use super::play::{Drift, Play};
use super::settling::Settling;
use super::shares;
use super::stopping::{first, missing, planned, still_needed, without_interval};
use super::watch::Watch;
use super::window::{Window, cut_short};
use super::{coverage, transient};
use crate::answer::{Answer, Distribution, Method, Moment, Reason, Unanswered};
use crate::message::{Exit, Record, Recorder, Served};
use crate::scenario::{Length, Precision, Scenario, Warmup};
use crate::stats::{BATCHES, Combined, Gathered, Summary, mser5};
use crate::units::{Time, nanos, plain, seconds, significant};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Messages played between two reports of progress.
const CHUNK: u64 = 1 << 16;
/// At least this share of a replication is left out at its start: what MSER-5 cannot see in the noise of few pilots.
const LEAST_WARMUP: f64 = 0.02;
/// And at least so many mean service times, in which servers fill: a latency without waiting shows nothing of it.
const LEAST_SERVICES: f64 = 10.0;
/// A warm-up of more than this share of the time that is asked for is told of.
const MUCH_WARMUP: f64 = 0.05;
/// Pilots, at most.
const MOST_PILOTS: u32 = 20;
/// Replications whose counts are held at a time.
const MOST_AT_ONCE: u32 = 16;
/// Whole replications that make an interval, so that interrupted ones are left out.
const LEAST_WHOLE: usize = 2;
/// Batches of one long run that make an interval when it is interrupted.
const LEAST_BATCHES: usize = 16;

/// Answers a scenario by simulation.
///
/// # Errors
/// A refusal that says why: what no engine plays, or a queue that grows without end.
pub(super) fn simulate(scenario: &Scenario, watch: &dyn Watch) -> Result<Answer, Unanswered> {
    if let Some(faster) = super::clock::beyond(scenario) {
        return super::clock::slowed(&faster, simulate(&faster.scenario, watch));
    }
    if transient::applies(scenario) {
        return transient::answer(scenario, Vec::new(), watch);
    }
    if scenario.is_of_the_start() {
        let grows = overloaded(scenario).map(Reason::Unstable);
        let first = transient::answer(scenario, grows.iter().map(Reason::to_string).collect(), watch)?;
        return Ok(Answer { unstable: grows, ..first });
    }
    if let Some(cycle) = cut_short(scenario) {
        let stretch = Time(transient::horizon(scenario).unwrap_or_default());
        let why = format!(
            "{} takes {} to come round, and {stretch} do not cover it: figures are those of the first {stretch}, from an empty start, and \
             not of all times",
            cycle.what,
            Time(cycle.lasts)
        );
        return transient::answer(scenario, vec![why], watch);
    }
    let refuse = |reason: Reason| reason.by(Method::Simulation);
    let run = Runs::new(scenario).map_err(|why| refuse(why.into()))?;
    let (warmup, mut caveats) = run.warmup(watch);
    let outcome = match scenario.simulation.replications {
        1 if run.has_batches() => run.long(warmup, watch, &mut caveats),
        _ => run.repeated(warmup, watch, &mut caveats),
    };
    match outcome {
        Ok(Outcome { mut combined, made, trails, messages }) => {
            shares::certain(scenario, &mut combined);
            caveats.extend(run.warm_up_caveat(warmup));
            caveats.extend(run.caveats(&combined, made));
            caveats.extend(scenario.caveats());
            let effort = run.effort(made, messages, warmup);
            Ok(answer(scenario, effort, combined, trails, caveats))
        }
        // What grows has figures all the same where it is said how long it is watched.
        Err(grows) if grows.is_unstable() && matches!(scenario.simulation.length, Length::Duration(_)) => {
            let first = transient::answer(scenario, vec![grows.to_string()], watch)?;
            Ok(Answer { unstable: Some(grows), ..first })
        }
        Err(reason) => Err(refuse(reason)),
    }
}

/// Levels of queues over time by queue name: seconds, waiting, in system.
type Trails = BTreeMap<String, Vec<(f64, f64, f64)>>;

/// What all replications gave.
struct Outcome {
    combined: Combined,
    made: u32,
    /// Of the first.
    trails: Trails,
    /// Messages that counted, in all replications.
    messages: u64,
}

/// What every replication gave by metric path, in their order. Replication for replication, two scenarios that name their
/// producers and consumers alike draw the same numbers, so that their differences can be paired.
///
/// # Errors
/// As [`simulate`].
pub(super) fn replications(scenario: &Scenario, watch: &dyn Watch) -> Result<Vec<BTreeMap<String, f64>>, Unanswered> {
    if let Some(faster) = super::clock::beyond(scenario) {
        return Ok(replications(&faster.scenario, watch)?.into_iter().map(|values| faster.values(values)).collect());
    }
    if transient::applies(scenario) || scenario.is_of_the_start() || cut_short(scenario).is_some() {
        return transient::replications(scenario, watch);
    }
    let refuse = |reason: Reason| reason.by(Method::Simulation);
    let run = Runs::new(scenario).map_err(|why| refuse(why.into()))?;
    let (warmup, _) = run.warmup(watch);
    let all = scenario.simulation.replications;
    let (mut values, mut drifts) = (Vec::new(), Vec::new());
    for start in (0..all).step_by(MOST_AT_ONCE as usize) {
        let whole = |one: &Replication| !watch.stopped() || one.played == run.messages;
        for one in run.replicate(start..all.min(start + MOST_AT_ONCE), all, warmup, watch).into_iter().filter(whole) {
            values.push(one.summary.values);
            drifts.push(one.drifts);
        }
    }
    match run.unstable(&drifts) {
        Some(why) => Err(refuse(Reason::Unstable(why))),
        None => Ok(values),
    }
}

/// What is to be said where percentiles are taken of every replication of a scenario on its own.
pub(super) fn short_for_percentiles(scenario: &Scenario) -> Option<String> {
    let steady = !transient::applies(scenario) && !scenario.is_of_the_start() && cut_short(scenario).is_none();
    Runs::new(scenario).ok().filter(|_| steady)?.settling(scenario.simulation.replications).caveat_of_own()
}

/// What one replication gave.
struct Replication {
    summary: Summary,
    /// Of each queue.
    drifts: Vec<Drift>,
    /// Messages of its window that were played: fewer than planned if it was interrupted.
    played: u64,
}

/// Everything that the replications of a scenario share.
struct Runs<'a> {
    scenario: &'a Scenario,
    play: Play<'a>,
    messages: u64,
    /// Messages in all, warm-up included, where the arrivals end.
    all: Option<u64>,
    window: Window,
}

impl<'a> Runs<'a> {
    fn new(scenario: &'a Scenario) -> Result<Self, String> {
        let mut play = Play::new(scenario)?;
        let planned = match scenario.simulation.length {
            Length::Messages(n) => n,
            Length::Auto => planned(scenario),
            Length::Duration(s) => (play.rate * s).ceil().max(1.0) as u64,
        };
        let window = Window::of(scenario, &play, planned)?;
        if window != Window::Messages {
            play = play.ending_at_any_instant();
        }
        let messages = match window.seconds(scenario, play.rate, 0) {
            Some((from, to)) => (play.rate * (to - from)).ceil().max(1.0) as u64,
            None => planned,
        };
        let all = play.ends();
        let left_out = match scenario.simulation.warmup {
            Warmup::Auto => 0,
            Warmup::Messages(n) => n,
            Warmup::Duration(s) => (play.rate * s).ceil() as u64,
        };
        if let Some(all) = all.filter(|all| *all <= left_out) {
            return Err(format!("the arrivals end after {all} messages, all of them in the warm-up; write [simulation] warmup = 0"));
        }
        let messages = all.map_or(messages, |all| messages.min(all - left_out));
        Ok(Runs { scenario, play, messages, all, window })
    }

    /// Whether one long run has intervals, from batches of its messages.
    fn has_batches(&self) -> bool {
        self.window == Window::Messages && self.messages >= BATCHES && self.scenario.simulation.precision == Precision::None
    }

    /// What was played, `messages` being those that counted in all replications.
    fn effort(&self, made: u32, messages: u64, warmup: u64) -> String {
        let engine = self.engine_name();
        let replications = format!("{made} replication{}", if made == 1 { "" } else { "s" });
        let each = plain((messages as f64 / f64::from(made.max(1))).round(), 9);
        let first = match self.scenario.simulation.warmup {
            Warmup::Duration(s) => Time(s).to_string(),
            _ => plain(warmup as f64, 9),
        };
        match &self.window {
            Window::Messages => format!("{engine}, {replications} of {each} messages, the first {first} left out"),
            Window::Ended => format!("{engine}, {replications} of {each} messages, the first {first} left out, until the last is done"),
            Window::Duration(s) => format!("{engine}, {replications} of {} ({each} messages), the first {first} left out", Time(*s)),
            Window::Cycles(c) => {
                let left_out = if c.left_out == 1 { "cycle".into() } else { format!("{} cycles", c.left_out) };
                format!("{engine}, {replications} of {} ({each} messages), the first {left_out} left out", c.told())
            }
        }
    }

    fn engine_name(&self) -> &'static str {
        self.play.start(0).name()
    }

    /// Messages to leave out at the start of every replication, and what is to be said about it.
    fn warmup(&self, watch: &dyn Watch) -> (u64, Vec<String>) {
        if let Window::Cycles(c) = &self.window {
            return ((c.left_out as f64 * c.cycle.lasts * self.play.rate) as u64, Vec::new());
        }
        match self.scenario.simulation.warmup {
            Warmup::Messages(n) => (n, Vec::new()),
            Warmup::Duration(s) => ((self.play.rate * s).ceil() as u64, Vec::new()),
            // What a trace tells of begins with its first message.
            Warmup::Auto if self.all.is_some() => (0, Vec::new()),
            Warmup::Auto => self.settled(watch),
        }
    }

    /// What is left out whatever the pilots say.
    fn least_warmup(&self) -> u64 {
        let services = self.scenario.consumers.iter().map(|c| c.mean_service()).filter(|s| s.is_finite()).fold(0.0, f64::max);
        let filling = (self.play.rate * services * LEAST_SERVICES).min(u32::MAX.into());
        (self.messages as f64 * LEAST_WARMUP).max(filling) as u64
    }

    /// MSER-5 on the latencies of pilot runs, averaged over replications; longer pilots until they settle.
    fn settled(&self, watch: &dyn Watch) -> (u64, Vec<String>) {
        let mut length = (self.messages / 10).clamp(10_000.min(self.messages), 100_000);
        loop {
            if watch.stopped() {
                return (0, Vec::new());
            }
            watch.says("warm-up", 0.0, &format!("pilot of {length} messages"));
            let pilots: Vec<Pilot> = (0..self.scenario.simulation.replications.min(MOST_PILOTS))
                .into_par_iter()
                .map(|replication| {
                    let mut pilot = Pilot { latency: vec![0.0; length as usize], network: self.play.is_network() };
                    let mut engine = self.play.start(replication);
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
                return ((cut as u64).max(self.least_warmup()), Vec::new());
            }
            if length >= self.messages.min(1_000_000) {
                let why = format!("the start still shows after {length} messages; make [simulation] messages larger");
                return ((self.messages / 2).max(self.least_warmup()), vec![why]);
            }
            length = (length * 4).min(self.messages);
        }
    }

    /// Replications until the precision is reached.
    fn repeated(&self, warmup: u64, watch: &dyn Watch, caveats: &mut Vec<String>) -> Result<Outcome, Reason> {
        let simulation = &self.scenario.simulation;
        let mut all = Gathered::default();
        let (mut made, mut messages, mut drifts, mut trails) = (0, 0, Vec::new(), None);
        let mut wanted = first(&simulation.precision, simulation.replications);
        loop {
            // A few at a time, for what they counted is put together at once.
            let next = made..wanted.min(made + MOST_AT_ONCE);
            let mut runs = self.replicate(next, wanted, warmup, watch);
            if runs.iter().any(|run| run.played < self.messages) && watch.stopped() {
                let (kept, caveat) = self.salvaged(runs, made, wanted);
                caveats.push(caveat);
                runs = kept;
            }
            made += runs.len() as u32;
            for run in runs {
                all.add(&run.summary);
                messages += run.summary.offered;
                drifts.push(run.drifts);
                trails.get_or_insert_with(|| self.trails(run.summary));
            }
            if watch.stopped() {
                break;
            }
            if made < wanted {
                continue;
            }
            if self.unstable(&drifts).is_some() {
                break;
            }
            let combined = self.combined(&all, made);
            let Some(missing) = missing(&simulation.precision, &combined) else { break };
            let Some(more) = still_needed(&missing, made) else {
                caveats.push(missing.caveat(made));
                break;
            };
            wanted = made + more;
        }
        if made == 0 {
            return Err(Reason::Interrupted("anything was played after the warm-up"));
        }
        if let Some(why) = self.unstable(&drifts) {
            return Err(Reason::Unstable(why));
        }
        Ok(Outcome { combined: self.combined(&all, made), made, trails: trails.unwrap_or_default(), messages })
    }

    /// The estimates of some replications, held against what their load asks of their length.
    fn combined(&self, all: &Gathered, made: u32) -> Combined {
        let mut out = all.combined(self.scenario.simulation.confidence);
        self.settling(made).apply(&mut out);
        out
    }

    fn settling(&self, made: u32) -> Settling {
        if self.all.is_some() { Settling::default() } else { Settling::of(self.scenario, self.messages, self.play.rate, made) }
    }

    /// One long run, its intervals from batch means.
    fn long(&self, warmup: u64, watch: &dyn Watch, caveats: &mut Vec<String>) -> Result<Outcome, Reason> {
        let mut engine = self.play.start(0);
        let mut long = Long::warm_up(&self.play, &mut engine, warmup..warmup + self.messages);
        let mut drifts = Vec::new();
        'batches: for length in long.lengths() {
            let mut left = length;
            while left > 0 {
                if watch.stopped() {
                    break 'batches;
                }
                let played = engine.advance(left.min(CHUNK), &mut long);
                left -= played;
                if played == 0 {
                    break;
                }
            }
            drifts.push(long.next(&mut engine));
            watch.says("simulation", drifts.len() as f64 / BATCHES as f64, "one long run");
        }
        engine.settle(&mut long);
        if watch.stopped() && long.ended() < LEAST_BATCHES {
            return Err(Reason::Interrupted("enough of its one replication was played"));
        }
        if (long.ended() as u64) < BATCHES {
            let share = significant(long.ended() as f64 / BATCHES as f64 * 100.0, 2);
            caveats.push(format!("interrupted: the figures are those of the first {share} % of the one replication"));
        }
        if let Some(why) = self.unstable(&drifts) {
            return Err(Reason::Unstable(why));
        }
        let (mut combined, whole) = long.combined(self.scenario.simulation.confidence);
        self.settling(1).apply(&mut combined);
        Ok(Outcome { combined, made: 1, messages: whole.offered, trails: self.trails(whole) })
    }

    /// The levels over time that a replication's summary holds.
    fn trails(&self, summary: Summary) -> Trails {
        let mut out = summary.trails;
        if let Some(queue) = self.scenario.queues.first().filter(|_| !summary.trail.is_empty()) {
            out.insert(queue.name.clone(), summary.trail);
        }
        out
    }

    /// Plays replications, as far as they come until they are interrupted.
    fn replicate(&self, which: std::ops::Range<u32>, of: u32, warmup: u64, watch: &dyn Watch) -> Vec<Replication> {
        let all = u64::from(of) * (warmup + self.messages);
        let done = std::sync::atomic::AtomicU64::new(u64::from(which.start) * (warmup + self.messages));
        let label = format!("replications {}–{} of {of}", which.start + 1, which.end);
        let says = |played: u64| {
            let so_far = done.fetch_add(played, std::sync::atomic::Ordering::Relaxed);
            watch.says("simulation", so_far as f64 / all as f64, &label);
        };
        which
            .into_par_iter()
            .map(|replication| {
                if self.window != Window::Messages {
                    return self.timed(replication, warmup, watch, &|share| says((share * self.messages as f64) as u64));
                }
                let mut engine = self.play.start(replication);
                let mut collector = self.play.listener(warmup..warmup + self.messages);
                let before = engine.warm_up(warmup, &mut collector);
                let mut left = self.messages;
                while left > 0 && !watch.stopped() {
                    let played = engine.advance(left.min(CHUNK), &mut collector);
                    left -= played;
                    says(played);
                    if played == 0 {
                        break;
                    }
                }
                let after = engine.wind_up(&mut collector);
                let (summary, drifts) = collector.summary(&before, &after);
                Replication { summary, drifts, played: self.messages - left }
            })
            .collect()
    }

    /// Plays a replication that does not end with an arrival.
    fn timed(&self, replication: u32, warmup: u64, watch: &dyn Watch, says: &dyn Fn(f64)) -> Replication {
        let time = |(from, to): (f64, f64)| nanos(from).unwrap_or(u64::MAX)..nanos(to).unwrap_or(u64::MAX);
        let timed = match self.window.seconds(self.scenario, self.play.rate, warmup).map(time) {
            Some(time) => self.play.between(replication, &time, watch, says),
            None => self.play.until_done(replication, warmup, self.messages, watch, says),
        };
        let played = (self.messages as f64 * timed.share).floor() as u64;
        Replication { summary: timed.summary, drifts: timed.drifts, played }
    }

    /// Of replications that were interrupted, those that count: the whole ones if there are at least two of them with those
    /// of before, else all that have come as far as the others. Says what is to be said about it.
    fn salvaged(&self, mut runs: Vec<Replication>, made: u32, wanted: u32) -> (Vec<Replication>, String) {
        let whole = runs.iter().filter(|run| run.played == self.messages).count();
        if whole + made as usize >= LEAST_WHOLE {
            runs.retain(|run| run.played == self.messages);
            return (runs, format!("interrupted: {} of {wanted} replications were finished", whole + made as usize));
        }
        let furthest = runs.iter().map(|run| run.played).max().unwrap_or(0);
        runs.retain(|run| run.played > 0 && 2 * run.played >= furthest);
        let shortest = runs.iter().map(|run| run.played).min().unwrap_or(0);
        let caveat = format!(
            "interrupted: the figures are those of {} cut short after {} or more of {} messages",
            match runs.len() + made as usize {
                1 => "1 replication that was".into(),
                several => format!("{several} replications that were"),
            },
            plain(shortest as f64, 9),
            plain(self.messages as f64, 9)
        );
        (runs, caveat)
    }

    /// Why there is no steady state, if there is none.
    fn unstable(&self, runs: &[Vec<Drift>]) -> Option<String> {
        // Where the arrivals end none is asked for.
        if self.all.is_some() { None } else { unstable(self.scenario, &self.play, runs) }
    }

    /// That of a time which was asked for the start is left out.
    fn warm_up_caveat(&self, warmup: u64) -> Option<String> {
        let Window::Duration(asked) = self.window else { return None };
        let left_out = warmup as f64 / self.play.rate;
        let told = self.scenario.simulation.warmup == Warmup::Auto && left_out > MUCH_WARMUP * asked;
        told.then(|| {
            format!(
                "these are a steady state's figures, of {} after a warm-up of {}; warmup = \"0s\" gives those of the first {0} from an empty start",
                Time(asked),
                Time(left_out)
            )
        })
    }

    fn caveats(&self, combined: &Combined, replications: u32) -> Vec<String> {
        let mut out = combined.caveats.clone();
        out.extend(super::redelivery::caveats(self.scenario, &combined.metrics));
        out.extend(self.settling(replications).caveat());
        out.extend(combined.p99_withheld());
        for path in without_interval(&self.scenario.simulation.precision, combined) {
            out.push(format!("the precision of {path} is not kept: it has no interval here"));
        }
        if self.all.is_some() {
            out.push("the arrivals end: there is no steady state, and intervals say what chance does to these very arrivals".into());
        }
        for c in &self.scenario.consumers {
            if c.service_time.scv().is_infinite() {
                out.push(format!(
                    "the service time of `{}` has infinite variance: means converge slowly and their intervals are too narrow",
                    c.name
                ));
            }
        }
        let unstated = self.scenario.simulation.overheads.sync.is_none();
        if unstated && self.scenario.queues.iter().any(|q| q.durability == crate::scenario::Durability::Fsync) {
            out.push("a group commit is taken to need 1 ms; how fast the disk is only a measurement can say".into());
        }
        let lasted =
            self.window.seconds(self.scenario, self.play.rate, 0).map_or(self.messages as f64 / self.play.rate, |(from, to)| to - from);
        out.extend(coverage::unseen(self.scenario, combined, lasted, replications));
        if replications < 2 && !self.has_batches() {
            out.push("one replication has no interval; use at least two, better ten".into());
        }
        out
    }
}

/// Keeps the latency of the first messages, in seconds.
struct Pilot {
    latency: Vec<f64>,
    /// Then a message's latency ends when it leaves, not with its first stay.
    network: bool,
}

impl Recorder for Pilot {
    fn left(&mut self, exit: &Exit) {
        if let Some(latency) = self.latency.get_mut(exit.message.id as usize) {
            *latency = seconds(exit.finished - exit.message.due);
        }
    }

    fn record(&mut self, r: &Record) {
        if self.network {
            return;
        }
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

fn answer(scenario: &Scenario, by: String, combined: Combined, trails: Trails, caveats: Vec<String>) -> Answer {
    let mut out = Answer::new(Method::Simulation, by);
    out.latency = combined.counts.get("total.latency").map(|c| Distribution::Histogram(c.to_hdr()));
    out.metrics = combined.metrics;
    out.caveats = caveats;
    let moment = |(at, waiting, in_system)| Moment { at, waiting, in_system, half_width: None };
    let known = trails.into_iter().filter(|(name, _)| scenario.queues.iter().any(|q| q.name == *name));
    out.timelines = known.map(|(name, trail)| (name, trail.into_iter().map(moment).collect())).collect();
    out
}

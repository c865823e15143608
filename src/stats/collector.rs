//! Listens to one run and keeps what its statistics need: sums, counts in buckets, levels; no single message.

use super::checks::{Balance, Edges, Law};
use super::histogram::Counts;
use super::moments::{Moments, Times};
use crate::answer::{PERCENTILES, Percentile, path};
use crate::message::{Level, Outcome, Record, Recorder, Served};
use crate::units::{NANOS_PER_SECOND, seconds};
use std::collections::BTreeMap;
use std::ops::Range;

/// The names under which figures are reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Places {
    /// Names of the producers.
    pub producers: Vec<String>,
    /// Name of the queue.
    pub queue: String,
    /// Name and number of servers of each group of the scenario; `None` is unlimited.
    pub consumers: Vec<(String, Option<u32>)>,
    /// Nanoseconds up to which a message counts as taken at once: nothing in a simulation, a hand-off in a measurement.
    pub at_once: u64,
    /// What times and lengths are told at beside the usual percentiles.
    pub percentiles: Vec<Percentile>,
}

/// Listens to the messages of a window of the plan.
#[derive(Debug, Clone)]
pub struct Collector {
    places: Places,
    /// Positions in the plan of the messages that count.
    window: Range<u64>,
    producers: Vec<Tally>,
    consumers: Vec<Times>,
    /// One producer and one group: its services are the producer's too, and are counted once.
    alone: bool,
    waiting: Counts,
    in_system: Counts,
    trail: Trail,
    /// When the last of the messages before the window was gone.
    gone: u64,
}

/// Tells a collector of what comes before its window.
#[derive(Debug)]
pub struct Before<'a>(pub &'a mut Collector);

impl Recorder for Before<'_> {
    fn record(&mut self, r: &Record) {
        self.0.gone = self.0.gone.max(r.finished);
    }

    fn served(&mut self, run: &Served<'_>) {
        self.0.gone = run.finished.iter().fold(self.0.gone, |latest, &finished| latest.max(finished));
    }
}

/// What became of one producer's messages.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub wait: Times,
    pub latency: Times,
    pub service: Times,
    pub send: Times,
    /// Of those whose senders had to wait for room.
    pub blocked: Times,
    pub lost: BTreeMap<Outcome, u64>,
    /// Nanoseconds that those stayed in a single queue.
    pub lost_stay: u64,
    pub unfinished: u64,
}

/// A queue's levels at ever wider distances, never more than a few hundred.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    pub levels: Vec<Level>,
    stride: u64,
    seen: u64,
}

impl Trail {
    const MOST: usize = 1024;

    pub(super) fn new() -> Self {
        Trail { levels: Vec::new(), stride: 1, seen: 0 }
    }

    pub(super) fn add(&mut self, level: &Level) {
        if self.seen.is_multiple_of(self.stride) {
            if self.levels.len() == Self::MOST {
                let mut keep = false;
                self.levels.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.stride *= 2;
            }
            if self.seen.is_multiple_of(self.stride) {
                self.levels.push(*level);
            }
        }
        self.seen += 1;
    }
}

impl Trail {
    /// Seconds, waiting, in system.
    pub(super) fn points(&self) -> Vec<(f64, f64, f64)> {
        self.levels.iter().map(|l| (seconds(l.at), l.waiting as f64, (l.waiting + l.busy) as f64)).collect()
    }
}

impl Collector {
    /// Counts the messages of a window of the plan.
    pub fn new(places: &Places, window: Range<u64>) -> Self {
        Collector {
            producers: vec![Tally::default(); places.producers.len()],
            consumers: vec![Times::default(); places.consumers.len()],
            alone: places.producers.len() == 1 && places.consumers.len() == 1,
            places: places.clone(),
            window,
            waiting: Counts::new(),
            in_system: Counts::new(),
            trail: Trail::new(),
            gone: 0,
        }
    }

    /// Positions in the plan of the messages that count.
    pub fn window(&self) -> Range<u64> {
        self.window.clone()
    }

    /// Counts the messages of another window from now on.
    pub fn set_window(&mut self, window: Range<u64>) {
        self.window = window;
    }

    /// Adds what another of the same places heard of the window that follows.
    pub fn merge(&mut self, next: &Collector) {
        self.window.end = next.window.end;
        self.producers.iter_mut().zip(&next.producers).for_each(|(a, b)| a.merge(b));
        self.consumers.iter_mut().zip(&next.consumers).for_each(|(a, b)| a.merge(b));
        self.waiting.merge(&next.waiting);
        self.in_system.merge(&next.in_system);
        next.trail.levels.iter().for_each(|level| self.trail.add(level));
    }

    /// Messages of the window that were told of so far.
    pub fn heard(&self) -> u64 {
        self.producers.iter().map(|p| p.wait.moments.count + p.unfinished + p.lost.values().sum::<u64>()).sum()
    }
}

impl Recorder for Collector {
    fn record(&mut self, r: &Record) {
        if !self.window.contains(&r.message.id) {
            self.gone = self.gone.max(if r.message.id < self.window.start { r.finished } else { 0 });
            return;
        }
        let tally = &mut self.producers[r.message.producer as usize];
        match r.outcome {
            Outcome::Served => {
                tally.wait.add(r.taken - r.sent);
                tally.latency.add(r.finished - r.message.due);
                tally.send.add(r.sent - r.message.due);
                self.consumers[r.consumer as usize].add(r.finished - r.taken);
                if !self.alone {
                    tally.service.add(r.finished - r.taken);
                }
            }
            Outcome::Unfinished => tally.unfinished += 1,
            other => {
                *tally.lost.entry(other).or_default() += 1;
                tally.lost_stay += r.finished - r.sent;
            }
        }
    }

    fn served(&mut self, run: &Served<'_>) {
        let end = run.first + run.due.len() as u64;
        let whole = run.first >= self.window.start && end <= self.window.end;
        if !(whole && run.producer.is_empty() && run.consumer.is_empty()) {
            for i in 0..run.due.len() {
                self.record(&run.record(i));
            }
            return;
        }
        let tally = &mut self.producers[0];
        tally.wait.add_between(run.sent, run.taken);
        tally.latency.add_between(run.due, run.finished);
        tally.send.add_lags(run.due, run.sent);
        self.consumers[0].add_between(run.taken, run.finished);
        if !self.alone {
            tally.service.add_between(run.taken, run.finished);
        }
    }

    fn level(&mut self, level: &Level) {
        self.waiting.record(level.waiting);
        self.in_system.record(level.waiting + level.busy);
        self.trail.add(level);
    }
}

/// What an engine's totals say about the window of time in which the window's messages arrived.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Span {
    /// Seconds.
    pub lasted: f64,
    /// Mean number waiting and mean number of busy servers, over time.
    pub waiting: f64,
    /// See [`Span::waiting`].
    pub busy: f64,
    /// The instant at which it began, in seconds.
    pub began: f64,
    /// Messages waiting or in service at its start and at its end.
    pub before: f64,
    /// See [`Span::before`].
    pub after: f64,
    /// Messages that came meanwhile.
    pub offered: u64,
    /// The longest line.
    pub peak: u64,
}

impl Span {
    /// How many more messages are inside at its end than at its start.
    pub fn grown(&self) -> f64 {
        self.after - self.before
    }

    /// This one and the one that follows.
    #[must_use]
    pub fn and(&self, next: &Span) -> Span {
        let lasted = self.lasted + next.lasted;
        let mean = |a: f64, b: f64| (a * self.lasted + b * next.lasted) / lasted;
        Span {
            lasted,
            waiting: mean(self.waiting, next.waiting),
            busy: mean(self.busy, next.busy),
            began: self.began,
            before: self.before,
            after: next.after,
            offered: self.offered + next.offered,
            peak: self.peak.max(next.peak),
        }
    }
}

/// One run as numbers: by metric path, with the counts from which percentiles of several runs come.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Figures by metric path.
    pub values: BTreeMap<String, f64>,
    /// What times and lengths are told at beside the usual percentiles.
    pub percentiles: Vec<Percentile>,
    /// By path without statistic, as in `queues.orders.wait`.
    pub counts: BTreeMap<String, Counts>,
    /// Levels at the instants that were looked at, by path without statistic, as in `queues.orders.queue_length`.
    pub levels: BTreeMap<String, Counts>,
    /// Levels over time: seconds, waiting, in system.
    pub trail: Vec<(f64, f64, f64)>,
    /// The same of each queue of a network, by its name.
    pub trails: BTreeMap<String, Vec<(f64, f64, f64)>>,
    /// The two sides of laws that every run must keep.
    pub balances: BTreeMap<Law, Balance>,
    /// Messages of the window: all, served, still inside at the end.
    pub offered: u64,
    /// Messages that were served.
    pub served: u64,
    /// Messages that were still inside at the end.
    pub unfinished: u64,
}

impl Collector {
    /// The run as numbers.
    pub fn summary(&self, span: &Span) -> Summary {
        let mut out = Summary { percentiles: self.places.percentiles.clone(), ..Summary::default() };
        let mut all = Tally::default();
        for (name, tally) in self.places.producers.iter().zip(&self.producers) {
            if self.places.producers.len() > 1 {
                out.producer(&format!("producers.{name}"), tally, tally.wait.moments.count as f64 / span.lasted);
            }
            all.merge(tally);
        }
        if self.alone {
            all.service = self.consumers[0].clone();
        }
        if let [only] = self.places.producers.as_slice() {
            out.producer(&format!("producers.{only}"), &all, done(&all, span));
        }
        out.producer("total", &all, done(&all, span));
        out.offered = all.offered();
        out.served = all.wait.moments.count;
        out.unfinished = all.unfinished;
        self.queue(&mut out, &all, span);
        self.laws(&mut out, &all, span);
        for ((name, servers), times) in self.places.consumers.iter().zip(&self.consumers) {
            let place = format!("consumers.{name}");
            let busy = times.moments.sum as f64 / NANOS_PER_SECOND / span.lasted;
            // The window's messages count what reaches beyond it; with one group the engine's own figures are exact.
            let one = self.places.consumers.len() == 1;
            let rate = if one { done(&all, span) } else { times.moments.count as f64 / span.lasted };
            out.values.insert(path(&place, "throughput", ""), rate);
            let busy = if one { span.busy } else { busy };
            out.values.insert(path(&place, "busy", ""), busy);
            if times.moments.count > 0 {
                out.values.insert(path(&place, "batch_size", ""), 1.0);
            }
            if let Some(servers) = servers {
                out.values.insert(path(&place, "utilization", ""), busy / f64::from(*servers));
                out.values.insert(path(&place, "count", ""), f64::from(*servers));
            }
            out.times(&place, "service", times);
        }
        out.trail = self.trail.points();
        out
    }

    fn queue(&self, out: &mut Summary, all: &Tally, span: &Span) {
        let place = format!("queues.{}", self.places.queue);
        let mut set = |key: &str, statistic: &str, value: f64| out.values.insert(path(&place, key, statistic), value);
        let offered = all.offered() as f64;
        let lost = all.lost.values().sum::<u64>() as f64;
        let accepted = offered - all.lost.get(&Outcome::Rejected).copied().unwrap_or(0) as f64;
        set("arrival_rate", "", offered / span.lasted);
        set("throughput", "", done(all, span));
        set("loss", "", lost / offered.max(1.0));
        set("attempts", "", if accepted > 0.0 { (offered - lost) / accepted } else { 1.0 });
        set("queue_length", "mean", span.waiting);
        set("in_system", "mean", span.waiting + span.busy);
        set("queue_length", "max", span.peak as f64);
        for (key, counts) in [("queue_length", &self.waiting), ("in_system", &self.in_system)] {
            out.levels(&place, key, counts);
        }
        let mut set = |key: &str, statistic: &str, value: f64| out.values.insert(path(&place, key, statistic), value);
        let servers: Option<u32> = self.places.consumers.iter().map(|c| c.1).sum();
        if let Some(servers) = servers {
            set("utilization", "", span.busy / f64::from(servers));
        }
        let most = match servers.filter(|_| span.peak > 0) {
            Some(servers) => span.peak + u64::from(servers),
            None => self.in_system.max(),
        };
        set("in_system", "max", most as f64);
        if accepted > 0.0 {
            let dropped = lost - (offered - accepted);
            set("delayed", "", (all.wait.counts.above(self.places.at_once) as f64 + dropped) / accepted);
        }
        out.times(&place, "wait", &all.wait);
    }

    /// Checks the laws that hold in the queue and among its servers.
    fn laws(&self, out: &mut Summary, all: &Tally, span: &Span) {
        let longest = all.wait.moments.max + all.service.moments.max;
        let edges = |longest: u64| Edges {
            lasted: span.lasted,
            before: span.before,
            gone: (seconds(self.gone) - span.began).max(0.0),
            after: span.after,
            longest: seconds(longest),
            unfinished: all.unfinished,
        };
        let balance = |over_time: f64, sum: u128, longest: u64| {
            let of_messages = sum as f64 / NANOS_PER_SECOND / span.lasted;
            Balance { over_time, of_messages, edges: edges(longest).allow() }
        };
        let stayed = all.wait.moments.sum + all.service.moments.sum + u128::from(all.lost_stay);
        out.balances.insert(Law::Little(self.places.queue.clone()), balance(span.waiting + span.busy, stayed, longest));
        let groups: Vec<&str> = self.places.consumers.iter().map(|c| c.0.as_str()).collect();
        out.balances.insert(Law::Utilization(groups.join("`, `")), balance(span.busy, all.service.moments.sum, all.service.moments.max));
        let flow = Balance { over_time: span.offered as f64, of_messages: all.offered() as f64, edges: 0.0 };
        out.balances.insert(Law::Conservation(self.places.queue.clone()), flow);
    }
}

impl Tally {
    pub(super) fn offered(&self) -> u64 {
        self.wait.moments.count + self.unfinished + self.lost.values().sum::<u64>()
    }

    pub(super) fn dead_lettered(&self) -> u64 {
        self.lost.get(&Outcome::DeadLettered).copied().unwrap_or(0)
    }

    pub(super) fn merge(&mut self, other: &Tally) {
        self.wait.merge(&other.wait);
        self.latency.merge(&other.latency);
        self.service.merge(&other.service);
        self.send.merge(&other.send);
        self.blocked.merge(&other.blocked);
        for (&outcome, &n) in &other.lost {
            *self.lost.entry(outcome).or_default() += n;
        }
        self.unfinished += other.unfinished;
        self.lost_stay += other.lost_stay;
    }
}

/// Messages a second that are done within a window: those that come and neither are lost nor stay.
fn done(all: &Tally, span: &Span) -> f64 {
    let lost = all.lost.values().sum::<u64>() as f64;
    (all.offered() as f64 - lost - span.grown()).max(0.0) / span.lasted
}

impl Summary {
    pub(super) fn producer(&mut self, place: &str, tally: &Tally, throughput: f64) {
        let lost = tally.lost.values().sum::<u64>() - tally.dead_lettered();
        self.values.insert(path(place, "throughput", ""), throughput);
        self.values.insert(path(place, "loss", ""), lost as f64 / tally.offered().max(1) as f64);
        self.times(place, "latency", &tally.latency);
        self.times(place, "wait", &tally.wait);
        self.times(place, "service", &tally.service);
        self.times(place, "send", &tally.send);
    }

    /// For how long senders had to wait for room, those included who had not to.
    pub(super) fn blocked(&mut self, place: &str, tally: &Tally) {
        let mut all = tally.blocked.clone();
        (tally.blocked.moments.count..tally.latency.moments.count).for_each(|_| all.add(0));
        self.times(place, "blocked", &all);
    }

    /// The share of the messages that lie in dead-letter queues.
    pub(super) fn dead_letters(&mut self, place: &str, tally: &Tally) {
        self.values.insert(path(place, "dead_lettered", ""), tally.dead_lettered() as f64 / tally.offered().max(1) as f64);
    }

    fn moments(&mut self, place: &str, key: &str, moments: &Moments) {
        for (statistic, value) in [("mean", moments.mean()), ("sd", moments.sd()), ("max", moments.mean().map(|_| seconds(moments.max)))] {
            if let Some(value) = value {
                self.values.insert(path(place, key, statistic), value);
            }
        }
    }

    /// Percentiles of a length, from the levels at the instants that were looked at.
    pub(super) fn levels(&mut self, place: &str, key: &str, counts: &Counts) {
        let asked = self.percentiles.iter().map(|p| (p.name.as_str(), p.share));
        for (statistic, share) in std::iter::once(("p99", 0.99)).chain(asked) {
            if let Some(level) = counts.level(share) {
                self.values.insert(path(place, key, statistic), level as f64);
            }
        }
        self.levels.insert(path(place, key, ""), counts.clone());
    }

    pub(super) fn times(&mut self, place: &str, key: &str, times: &Times) {
        self.moments(place, key, &times.moments);
        let asked = self.percentiles.iter().map(|p| (p.name.as_str(), p.share));
        for (statistic, share) in PERCENTILES.iter().copied().chain(asked) {
            if let Some(value) = times.counts.quantile(share) {
                self.values.insert(path(place, key, statistic), value);
            }
        }
        self.counts.insert(path(place, key, ""), times.counts.clone());
    }
}

//! Listens to one run and keeps what its statistics need: sums, counts in buckets, levels; no single message.

use super::histogram::Counts;
use super::moments::{Moments, Times};
use crate::answer::{PERCENTILES, path};
use crate::message::{Level, Outcome, Record, Recorder, Served};
use crate::units::{NANOS_PER_SECOND, seconds};
use std::collections::BTreeMap;
use std::ops::Range;

/// The names under which figures are reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    pub producers: Vec<String>,
    pub queue: String,
    /// Name and number of servers of each group of the scenario; `None` is unlimited.
    pub consumers: Vec<(String, Option<u32>)>,
    /// Nanoseconds up to which a message counts as taken at once: nothing in a simulation, a hand-off in a measurement.
    pub at_once: u64,
}

/// Listens to the messages of a window of the plan.
#[derive(Debug, Clone)]
pub struct Collector {
    places: Places,
    /// Positions in the plan of the messages that count.
    window: Range<u64>,
    producers: Vec<Tally>,
    consumers: Vec<Times>,
    waiting: Counts,
    in_system: Counts,
    trail: Trail,
}

/// What became of one producer's messages.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub wait: Times,
    pub latency: Times,
    pub service: Moments,
    pub send: Moments,
    pub lost: BTreeMap<Outcome, u64>,
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

    pub fn new() -> Self {
        Trail { levels: Vec::new(), stride: 1, seen: 0 }
    }

    pub fn add(&mut self, level: &Level) {
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

impl Collector {
    /// Counts the messages of a window of the plan.
    pub fn new(places: &Places, window: Range<u64>) -> Self {
        Collector {
            producers: vec![Tally::default(); places.producers.len()],
            consumers: vec![Times::default(); places.consumers.len()],
            places: places.clone(),
            window,
            waiting: Counts::new(),
            in_system: Counts::new(),
            trail: Trail::new(),
        }
    }

    /// Positions in the plan of the messages that count.
    pub fn window(&self) -> Range<u64> {
        self.window.clone()
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
            return;
        }
        let tally = &mut self.producers[r.message.producer as usize];
        match r.outcome {
            Outcome::Served => {
                tally.wait.add(r.taken - r.sent);
                tally.latency.add(r.finished - r.message.due);
                tally.service.add(r.finished - r.taken);
                tally.send.add(r.sent - r.message.due);
                self.consumers[r.consumer as usize].add(r.finished - r.taken);
            }
            Outcome::Unfinished => tally.unfinished += 1,
            other => *tally.lost.entry(other).or_default() += 1,
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
        tally.wait.add_between(run.sent, run.taken, None);
        tally.latency.add_between(run.due, run.finished, None);
        tally.send.add_between(run.due, run.sent);
        self.consumers[0].add_between(run.taken, run.finished, Some(&mut tally.service));
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
    pub busy: f64,
    /// Messages waiting or in service at its end less those at its start.
    pub grown: f64,
    /// The longest line.
    pub peak: u64,
}

impl Span {
    /// This one and the one that follows.
    #[must_use]
    pub fn and(&self, next: &Span) -> Span {
        let lasted = self.lasted + next.lasted;
        let mean = |a: f64, b: f64| (a * self.lasted + b * next.lasted) / lasted;
        Span {
            lasted,
            waiting: mean(self.waiting, next.waiting),
            busy: mean(self.busy, next.busy),
            grown: self.grown + next.grown,
            peak: self.peak.max(next.peak),
        }
    }
}

/// One run as numbers: by metric path, with the counts from which percentiles of several runs come.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    pub values: BTreeMap<String, f64>,
    /// By path without statistic, as in `queues.orders.wait`.
    pub counts: BTreeMap<String, Counts>,
    /// Levels at the instants that were looked at, by path without statistic, as in `queues.orders.queue_length`.
    pub levels: BTreeMap<String, Counts>,
    /// Levels over time: seconds, waiting, in system.
    pub trail: Vec<(f64, f64, f64)>,
    /// The same of each queue of a network, by its name.
    pub trails: BTreeMap<String, Vec<(f64, f64, f64)>>,
    /// Laws that every run must keep and this one did not, in sentences.
    pub broken: Vec<String>,
    /// Messages of the window: all, served, still inside at the end.
    pub offered: u64,
    pub served: u64,
    pub unfinished: u64,
    /// L measured over time less λW: zero but for what is inside at the edges of the window.
    pub little_gap: Option<f64>,
}

impl Collector {
    /// The run as numbers.
    pub fn summary(&self, span: &Span) -> Summary {
        let mut out = Summary::default();
        let mut all = Tally::default();
        for (name, tally) in self.places.producers.iter().zip(&self.producers) {
            if self.places.producers.len() > 1 {
                out.producer(&format!("producers.{name}"), tally, span.lasted);
            }
            all.merge(tally);
        }
        if let [only] = self.places.producers.as_slice() {
            out.producer(&format!("producers.{only}"), &all, span.lasted);
        }
        out.producer("total", &all, span.lasted);
        out.offered = all.offered();
        out.served = all.wait.moments.count;
        out.unfinished = all.unfinished;
        self.queue(&mut out, &all, span);
        for ((name, servers), times) in self.places.consumers.iter().zip(&self.consumers) {
            let place = format!("consumers.{name}");
            let busy = times.moments.sum as f64 / NANOS_PER_SECOND / span.lasted;
            out.values.insert(path(&place, "throughput", ""), times.moments.count as f64 / span.lasted);
            // The sum of services counts what reaches beyond the window; with one group the engine's own area is exact.
            let busy = if self.places.consumers.len() == 1 { span.busy } else { busy };
            out.values.insert(path(&place, "busy", ""), busy);
            if let Some(servers) = servers {
                out.values.insert(path(&place, "utilization", ""), busy / f64::from(*servers));
                out.values.insert(path(&place, "count", ""), f64::from(*servers));
            }
            out.times(&place, "service", times);
        }
        out.trail = self.trail.levels.iter().map(|l| (seconds(l.at), l.waiting as f64, (l.waiting + l.busy) as f64)).collect();
        out
    }

    fn queue(&self, out: &mut Summary, all: &Tally, span: &Span) {
        let place = format!("queues.{}", self.places.queue);
        let values = &mut out.values;
        let mut set = |key: &str, statistic: &str, value: f64| values.insert(path(&place, key, statistic), value);
        let (offered, served) = (all.offered() as f64, all.wait.moments.count as f64);
        let lost = all.lost.values().sum::<u64>() as f64;
        set("arrival_rate", "", offered / span.lasted);
        set("throughput", "", (offered - lost - span.grown).max(0.0) / span.lasted);
        set("loss", "", lost / offered.max(1.0));
        set("attempts", "", 1.0);
        set("queue_length", "mean", span.waiting);
        set("in_system", "mean", span.waiting + span.busy);
        set("queue_length", "max", span.peak as f64);
        for (key, counts) in [("queue_length", &self.waiting), ("in_system", &self.in_system)] {
            if let Some(p99) = counts.level(0.99) {
                set(key, "p99", p99 as f64);
            }
            out.levels.insert(path(&place, key, ""), counts.clone());
        }
        let servers: Option<u32> = self.places.consumers.iter().map(|c| c.1).sum();
        if let Some(servers) = servers {
            set("utilization", "", span.busy / f64::from(servers));
            let most = if span.peak > 0 { span.peak + u64::from(servers) } else { self.in_system.max() };
            set("in_system", "max", most as f64);
        }
        let accepted = offered - all.lost.get(&Outcome::Rejected).copied().unwrap_or(0) as f64;
        if accepted > 0.0 {
            let dropped = lost - (offered - accepted);
            set("delayed", "", (all.wait.counts.above(self.places.at_once) as f64 + dropped) / accepted);
        }
        if lost == 0.0 && served > 0.0 {
            let sojourn = all.wait.moments.mean().unwrap_or(0.0) + all.service.mean().unwrap_or(0.0);
            out.little_gap = Some(span.waiting + span.busy - served / span.lasted * sojourn);
        }
        out.times(&place, "wait", &all.wait);
    }
}

impl Tally {
    pub fn offered(&self) -> u64 {
        self.wait.moments.count + self.unfinished + self.lost.values().sum::<u64>()
    }

    pub fn merge(&mut self, other: &Tally) {
        self.wait.merge(&other.wait);
        self.latency.merge(&other.latency);
        self.service.merge(&other.service);
        self.send.merge(&other.send);
        for (&outcome, &n) in &other.lost {
            *self.lost.entry(outcome).or_default() += n;
        }
        self.unfinished += other.unfinished;
    }
}

impl Summary {
    pub(super) fn producer(&mut self, place: &str, tally: &Tally, lasted: f64) {
        let (offered, lost) = (tally.offered() as f64, tally.lost.values().sum::<u64>() as f64);
        self.values.insert(path(place, "throughput", ""), tally.wait.moments.count as f64 / lasted);
        self.values.insert(path(place, "loss", ""), lost / offered.max(1.0));
        self.times(place, "latency", &tally.latency);
        self.times(place, "wait", &tally.wait);
        self.moments(place, "service", &tally.service);
        self.moments(place, "send", &tally.send);
    }

    fn moments(&mut self, place: &str, key: &str, moments: &Moments) {
        for (statistic, value) in [("mean", moments.mean()), ("sd", moments.sd()), ("max", moments.mean().map(|_| seconds(moments.max)))] {
            if let Some(value) = value {
                self.values.insert(path(place, key, statistic), value);
            }
        }
    }

    pub(super) fn times(&mut self, place: &str, key: &str, times: &Times) {
        self.moments(place, key, &times.moments);
        for (statistic, share) in PERCENTILES {
            if let Some(value) = times.counts.quantile(*share) {
                self.values.insert(path(place, key, statistic), value);
            }
        }
        self.counts.insert(path(place, key, ""), times.counts.clone());
    }
}

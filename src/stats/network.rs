//! Listens to one run of a network: stays queue by queue, and whole ways through it producer by producer.

use super::collector::{Summary, Tally, Trail};
use super::histogram::Counts;
use super::moments::Times;
use crate::answer::path;
use crate::message::{Exit, Level, Outcome, Record, Recorder};
use crate::units::{NANOS_PER_SECOND, seconds};
use std::collections::BTreeMap;
use std::ops::Range;

/// The names under which a network's figures are reported, in the scenario's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkPlaces {
    pub producers: Vec<String>,
    pub queues: Vec<String>,
    pub consumers: Vec<ConsumerPlace>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerPlace {
    pub name: String,
    /// Index of its queue.
    pub queue: usize,
    pub unlimited: bool,
    /// Whether messages are taken in batches.
    pub batches: bool,
}

/// Listens to the messages of a window, by the order in which they reached the network.
#[derive(Debug, Clone)]
pub struct NetworkCollector {
    places: NetworkPlaces,
    window: Range<u64>,
    producers: Vec<Tally>,
    /// Messages that were there from the start.
    nobody: Tally,
    queues: Vec<Stays>,
    consumers: Vec<Times>,
}

/// What became of the stays in one queue.
#[derive(Debug, Clone)]
struct Stays {
    wait: Times,
    service: u128,
    served: u64,
    deliveries: u64,
    lost: BTreeMap<Outcome, u64>,
    /// Those that were lost after they had been accepted.
    accepted_lost: u64,
    waiting: Counts,
    in_system: Counts,
    trail: Trail,
}

/// What an engine's totals say about the window of time in which the window's messages arrived.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NetworkSpan {
    /// Seconds.
    pub lasted: f64,
    pub queues: Vec<QueueSpan>,
    pub groups: Vec<GroupSpan>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct QueueSpan {
    /// Mean number waiting and in service, over time.
    pub waiting: f64,
    pub serving: f64,
    /// Messages inside at its end less those at its start.
    pub grown: f64,
    /// The longest line.
    pub peak: u64,
    /// Messages that came, and that were served.
    pub offered: u64,
    pub served: u64,
    /// Whether every message that came was served, lost or is inside.
    pub conserved: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GroupSpan {
    /// Mean busy servers and mean servers that there are, over time.
    pub busy: f64,
    pub count: f64,
    pub handled: u64,
    pub batches: u64,
}

impl NetworkCollector {
    /// Counts the messages of a window.
    pub fn new(places: &NetworkPlaces, window: Range<u64>) -> Self {
        let stays = Stays {
            wait: Times::default(),
            service: 0,
            served: 0,
            deliveries: 0,
            lost: BTreeMap::new(),
            accepted_lost: 0,
            waiting: Counts::new(),
            in_system: Counts::new(),
            trail: Trail::new(),
        };
        NetworkCollector {
            producers: vec![Tally::default(); places.producers.len()],
            nobody: Tally::default(),
            queues: vec![stays; places.queues.len()],
            consumers: vec![Times::default(); places.consumers.len()],
            places: places.clone(),
            window,
        }
    }
}

impl Recorder for NetworkCollector {
    #[inline]
    fn record(&mut self, r: &Record) {
        if !self.window.contains(&r.message.id) {
            return;
        }
        let stays = &mut self.queues[r.queue as usize];
        match r.outcome {
            Outcome::Served => {
                stays.wait.add(r.taken - r.sent);
                stays.service += u128::from(r.finished - r.taken);
                stays.served += 1;
                stays.deliveries += u64::from(r.deliveries);
                self.consumers[r.consumer as usize].add(r.finished - r.taken);
            }
            Outcome::Unfinished => {}
            other => {
                *stays.lost.entry(other).or_default() += 1;
                stays.accepted_lost += u64::from(other != Outcome::Rejected);
                stays.deliveries += u64::from(r.deliveries);
            }
        }
    }

    fn level(&mut self, level: &Level) {
        let stays = &mut self.queues[level.queue as usize];
        stays.waiting.record(level.waiting);
        stays.in_system.record(level.waiting + level.busy);
        stays.trail.add(level);
    }

    #[inline]
    fn left(&mut self, exit: &Exit) {
        if !self.window.contains(&exit.message.id) {
            return;
        }
        let tally = self.producers.get_mut(exit.message.producer as usize).unwrap_or(&mut self.nobody);
        match exit.outcome {
            Outcome::Served => {
                tally.wait.add(exit.finished - exit.sent - exit.worked);
                tally.latency.add(exit.finished - exit.message.due);
                tally.service.add(exit.worked);
                tally.send.add(exit.sent - exit.message.due);
            }
            Outcome::Unfinished => tally.unfinished += 1,
            other => *tally.lost.entry(other).or_default() += 1,
        }
    }
}

impl NetworkCollector {
    /// The run as numbers.
    pub fn summary(&self, span: &NetworkSpan) -> Summary {
        let mut out = Summary::default();
        let mut all = self.nobody.clone();
        for (name, tally) in self.places.producers.iter().zip(&self.producers) {
            out.producer(&format!("producers.{name}"), tally, span.lasted);
            all.merge(tally);
        }
        out.producer("total", &all, span.lasted);
        out.offered = all.offered();
        out.served = all.wait.moments.count;
        out.unfinished = all.unfinished;
        let mut gap = 0.0;
        for (index, name) in self.places.queues.iter().enumerate() {
            gap += self.queue(&mut out, index, name, span);
        }
        out.little_gap = Some(gap);
        for (index, place) in self.places.consumers.iter().enumerate() {
            self.consumer(&mut out, place, &self.consumers[index], &span.groups[index], span.lasted);
        }
        out
    }

    /// Fills in a queue's figures; returns L − λW.
    fn queue(&self, out: &mut Summary, index: usize, name: &str, span: &NetworkSpan) -> f64 {
        let (place, stays, levels) = (format!("queues.{name}"), &self.queues[index], &span.queues[index]);
        let mut set = |key: &str, statistic: &str, value: f64| out.values.insert(path(&place, key, statistic), value);
        let lost = stays.lost.values().sum::<u64>();
        let gone = (stays.served + lost).max(1) as f64;
        set("arrival_rate", "", levels.offered as f64 / span.lasted);
        set("throughput", "", levels.served as f64 / span.lasted);
        set("loss", "", lost as f64 / gone);
        set("queue_length", "mean", levels.waiting);
        set("in_system", "mean", levels.waiting + levels.serving);
        set("queue_length", "max", levels.peak as f64);
        set("in_system", "max", stays.in_system.max().max(levels.peak) as f64);
        let accepted = (stays.served + stays.accepted_lost) as f64;
        if accepted > 0.0 {
            set("attempts", "", stays.deliveries as f64 / accepted);
            set("delayed", "", (stays.wait.counts.above(0) + stays.accepted_lost) as f64 / accepted);
        }
        let (mut busy, mut count, mut unlimited) = (0.0, 0.0, false);
        for (group, _) in span.groups.iter().zip(&self.places.consumers).filter(|(_, c)| c.queue == index) {
            busy += group.busy;
            count += group.count;
        }
        unlimited |= self.places.consumers.iter().any(|c| c.queue == index && c.unlimited);
        if !unlimited && count > 0.0 {
            set("utilization", "", busy / count);
        }
        for (key, counts) in [("queue_length", &stays.waiting), ("in_system", &stays.in_system)] {
            if let Some(p99) = counts.level(0.99) {
                out.values.insert(path(&place, key, "p99"), p99 as f64);
            }
            out.levels.insert(path(&place, key, ""), counts.clone());
        }
        out.times(&place, "wait", &stays.wait);
        let trail = stays.trail.levels.iter().map(|l| (seconds(l.at), l.waiting as f64, (l.waiting + l.busy) as f64));
        out.trails.insert(name.to_string(), trail.collect());
        if !levels.conserved {
            out.broken.push(format!("messages of queue `{name}` are unaccounted for"));
        }
        if lost > 0 || stays.served == 0 {
            return 0.0;
        }
        let stayed = (stays.wait.moments.sum + stays.service) as f64 / NANOS_PER_SECOND;
        levels.waiting + levels.serving - stayed / span.lasted
    }

    fn consumer(&self, out: &mut Summary, place: &ConsumerPlace, times: &Times, group: &GroupSpan, lasted: f64) {
        let name = format!("consumers.{}", place.name);
        let mut set = |key: &str, value: f64| out.values.insert(path(&name, key, ""), value);
        set("throughput", group.handled as f64 / lasted);
        set("busy", group.busy);
        if !place.unlimited {
            set("count", group.count);
            if group.count > 0.0 {
                set("utilization", group.busy / group.count);
            }
        }
        if place.batches && group.batches > 0 {
            set("batch_size", group.handled as f64 / group.batches as f64);
        }
        out.times(&name, "service", times);
    }
}

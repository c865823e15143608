//! Listens to one run of a network: stays queue by queue, and whole ways through it producer by producer.

use super::checks::{Across, Balance, Law};
use super::collector::{Summary, Tally, Trail};
use super::histogram::Counts;
use super::moments::Times;
use super::rows::Rows;
use crate::answer::{Percentile, path};
use crate::message::{Exit, Level, Outcome, Record, Recorder};
use crate::units::NANOS_PER_SECOND;
use std::collections::BTreeMap;
use std::ops::Range;

/// The names under which a network's figures are reported, in the scenario's order.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkPlaces {
    /// Names of the producers.
    pub producers: Vec<String>,
    /// The queues.
    pub queues: Vec<QueuePlace>,
    /// The groups of consumers.
    pub consumers: Vec<ConsumerPlace>,
    /// What times and lengths are told at beside the usual percentiles.
    pub percentiles: Vec<Percentile>,
}

/// A queue, as its figures are reported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueuePlace {
    /// Its name.
    pub name: String,
    /// Whether what it does not serve goes on to a dead-letter queue.
    pub sends_on: bool,
    /// Whether its senders may have to wait for room.
    pub blocks: bool,
    /// Whether nothing ever leaves it.
    pub keeps_for_good: bool,
}

/// A group of consumers, as its figures are reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerPlace {
    /// Its name.
    pub name: String,
    /// Index of its queue.
    pub queue: usize,
    /// Whether it has a server for each message.
    pub unlimited: bool,
    /// Whether its servers' time is that of the services told of: no other group at its queue, one message at a time that
    /// has a server to itself, and none worked on twice at once.
    pub plain: bool,
    /// Whether its services are those of deliveries, each told by itself.
    pub by_delivery: bool,
}

/// Listens to the messages of a window, by the order in which they reached the network.
#[derive(Debug, Clone)]
pub struct NetworkCollector {
    places: NetworkPlaces,
    window: Range<u64>,
    producers: Vec<Ways>,
    /// Messages that were there from the start.
    nobody: Ways,
    queues: Vec<Stays>,
    consumers: Vec<Services>,
    /// The window of time, for stays that reach across its edges.
    time: Range<u64>,
}

/// What became of one producer's messages, and those that are still to be counted: due, sent, sent and worked, finished.
#[derive(Debug, Clone, Default)]
struct Ways {
    tally: Tally,
    /// Messages, whether the window's or not, that were done within the window of time.
    done: u64,
    rows: Rows<4>,
    /// Whether the rows are of messages whose only stay was not counted elsewhere, and the times of such ones.
    alone: bool,
    wait: Times,
    service: Times,
}

/// A group's services, and those that are still to be counted where there are other groups at its queue: taken, finished.
#[derive(Debug, Clone, Default)]
struct Services {
    times: Times,
    /// Of the deliveries that ended within the window of time, where they are told of.
    deliveries: Times,
    rows: Rows<2>,
}

/// What became of the stays in one queue.
#[derive(Debug, Clone)]
struct Stays {
    wait: Times,
    /// The queue's group if there is one only: its services are counted with the stays.
    only: Option<usize>,
    /// Of those still to be counted: sent, taken, finished.
    rows: Rows<3>,
    deliveries: u64,
    lost: BTreeMap<Outcome, u64>,
    /// Those that were lost after they had been accepted.
    accepted_lost: u64,
    /// Of those, how many had to wait.
    delayed_lost: u64,
    /// Nanoseconds that the lost stayed, and were worked on.
    lost_stay: u64,
    lost_service: u64,
    across: Across,
    waiting: Counts,
    in_system: Counts,
    trail: Trail,
}

/// Tells a collector of what ends after its window of time.
#[derive(Debug)]
pub struct Late<'a>(pub &'a mut NetworkCollector);

impl Late<'_> {
    fn late(&mut self, r: &Record) {
        if self.0.window.contains(&r.message.id) && r.outcome != Outcome::Unfinished {
            self.0.queues[r.queue as usize].across.late(r, self.0.time.end);
        }
    }
}

impl Recorder for Late<'_> {
    fn record(&mut self, r: &Record) {
        self.late(r);
        self.0.record(r);
    }

    fn passed(&mut self, stay: &Record) {
        self.late(stay);
        self.0.passed(stay);
    }

    fn delivery(&mut self, group: u32, ended: u64, worked: u64) {
        self.0.delivery(group, ended, worked);
    }

    fn level(&mut self, level: &Level) {
        self.0.level(level);
    }

    fn left(&mut self, exit: &Exit) {
        self.0.left(exit);
    }
}

/// What an engine's totals say about the window of time in which the window's messages arrived.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NetworkSpan {
    /// Seconds.
    pub lasted: f64,
    /// Of each queue, in the scenario's order.
    pub queues: Vec<QueueSpan>,
    /// Of each group, in the scenario's order.
    pub groups: Vec<GroupSpan>,
}

/// What an engine's totals say about one queue in a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct QueueSpan {
    /// Mean number waiting and in service, over time.
    pub waiting: f64,
    /// Mean number in service.
    pub serving: f64,
    /// Messages inside at its start and at its end.
    pub before: f64,
    /// See [`QueueSpan::before`].
    pub after: f64,
    /// Senders that waited for room: how many over time, at its start, at its end and at most.
    pub held: f64,
    /// Senders that waited for room at its start.
    pub held_before: f64,
    /// Senders that waited for room at its end.
    pub held_after: f64,
    /// The most senders that waited for room at once.
    pub held_peak: u64,
    /// The longest line.
    pub peak: u64,
    /// Messages that came, and that were served.
    pub offered: u64,
    /// Messages that were served.
    pub served: u64,
    /// Messages that ever came, and those of them that were served, lost in one way or other, or are inside.
    pub came: u64,
    /// Messages that are served, lost or inside.
    pub accounted: u64,
}

/// What an engine's totals say about one group of consumers in a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GroupSpan {
    /// Mean servers at work, that are down and keep their messages, and that there are, over time.
    pub busy: f64,
    /// Mean number of servers that are down and keep their messages.
    pub absent: f64,
    /// Mean number of servers that there are.
    pub count: f64,
    /// Messages whose handling ended, failed ones included.
    pub handled: u64,
    /// The batches that they came in.
    pub batches: u64,
}

impl NetworkSpan {
    /// This one and the one that follows.
    #[must_use]
    pub fn and(&self, next: &NetworkSpan) -> NetworkSpan {
        let lasted = self.lasted + next.lasted;
        let mean = |a: f64, b: f64| (a * self.lasted + b * next.lasted) / lasted;
        let queue = |(a, b): (&QueueSpan, &QueueSpan)| QueueSpan {
            waiting: mean(a.waiting, b.waiting),
            serving: mean(a.serving, b.serving),
            before: a.before,
            held: mean(a.held, b.held),
            held_before: a.held_before,
            held_peak: a.held_peak.max(b.held_peak),
            peak: a.peak.max(b.peak),
            offered: a.offered + b.offered,
            served: a.served + b.served,
            ..*b
        };
        let group = |(a, b): (&GroupSpan, &GroupSpan)| GroupSpan {
            busy: mean(a.busy, b.busy),
            absent: mean(a.absent, b.absent),
            count: mean(a.count, b.count),
            handled: a.handled + b.handled,
            batches: a.batches + b.batches,
        };
        NetworkSpan {
            lasted,
            queues: self.queues.iter().zip(&next.queues).map(queue).collect(),
            groups: self.groups.iter().zip(&next.groups).map(group).collect(),
        }
    }
}

impl NetworkCollector {
    /// Counts the messages of a window.
    pub fn new(places: &NetworkPlaces, window: Range<u64>) -> Self {
        let stays = Stays {
            wait: Times::default(),
            only: None,
            rows: Rows::default(),
            deliveries: 0,
            lost: BTreeMap::new(),
            accepted_lost: 0,
            delayed_lost: 0,
            lost_stay: 0,
            lost_service: 0,
            across: Across::default(),
            waiting: Counts::new(),
            in_system: Counts::new(),
            trail: Trail::new(),
        };
        let only = |queue: usize| {
            let mut groups = (0..places.consumers.len()).filter(|&g| places.consumers[g].queue == queue);
            groups.next().filter(|_| groups.next().is_none())
        };
        NetworkCollector {
            producers: vec![Ways::default(); places.producers.len()],
            nobody: Ways::default(),
            queues: (0..places.queues.len()).map(|queue| Stays { only: only(queue), ..stays.clone() }).collect(),
            consumers: vec![Services::default(); places.consumers.len()],
            places: places.clone(),
            window,
            time: 0..u64::MAX,
        }
    }

    /// Positions of the messages that count.
    pub fn window(&self) -> Range<u64> {
        self.window.clone()
    }

    /// Counts the messages of another window from now on.
    pub fn set_window(&mut self, window: Range<u64>) {
        self.window = window;
    }

    /// Adds what another of the same places heard of the window that follows.
    pub fn merge(&mut self, next: &NetworkCollector) {
        let next = next.counted();
        *self = self.counted();
        self.window.end = next.window.end;
        self.time.end = next.time.end;
        self.producers.iter_mut().zip(&next.producers).for_each(|(a, b)| a.merge(b));
        self.nobody.merge(&next.nobody);
        self.queues.iter_mut().zip(&next.queues).for_each(|(a, b)| a.merge(b));
        self.consumers.iter_mut().zip(&next.consumers).for_each(|(a, b)| {
            a.times.merge(&b.times);
            a.deliveries.merge(&b.deliveries);
        });
    }

    /// The window of time begins, at an instant in nanoseconds.
    pub fn begins(&mut self, at: u64) {
        self.time.start = at;
    }

    /// What stays in a queue that were told of before the window spend after its start, and how much of it is service, in nanoseconds.
    pub fn told_before(&mut self, queue: usize, stay: u64, service: u64) {
        self.queues[queue].across.told_before(stay, service);
    }

    /// What stays in a queue that were told of before the window's end spend after it.
    pub fn told_ahead(&mut self, queue: usize, stay: u64, service: u64) {
        self.queues[queue].across.told_ahead(stay, service);
    }

    /// A message's only stay, in two parts.
    #[inline(never)]
    fn passed_on(&mut self, r: &Record) {
        self.record(r);
        self.left(&r.exit());
    }

    /// Counts the stays in a queue whose rows are full, or all of them.
    #[inline(never)]
    fn count_stays(&mut self, queue: usize) {
        let stays = &mut self.queues[queue];
        let [sent, taken, finished] = stays.rows.take();
        stays.wait.add_between(sent, taken);
        if let Some(group) = stays.only {
            self.consumers[group].times.add_between(taken, finished);
        }
    }

    /// It ends; who is told of what ends later is [`Late`].
    pub fn ends(&mut self, at: u64) {
        self.time.end = at;
    }
}

impl Recorder for NetworkCollector {
    #[inline(always)]
    fn record(&mut self, r: &Record) {
        let stays = &mut self.queues[r.queue as usize];
        // What is rare is shown a copy, so that what is usual can stay in registers.
        if r.outcome != Outcome::Served || !self.window.contains(&r.message.id) {
            return stays.other(&Record { ..*r }, self.window.contains(&r.message.id), &self.time);
        }
        stays.deliveries += u64::from(r.deliveries);
        let (full, shared) = (stays.rows.push([r.sent, r.taken, r.finished]), stays.only.is_none());
        if full {
            self.count_stays(r.queue as usize);
        }
        if shared {
            let services = &mut self.consumers[r.consumer as usize];
            if services.rows.push([r.taken, r.finished]) {
                services.count();
            }
        }
    }

    /// Where there is one group only, what its queue sees of a message alone and what its producer sees are the same times.
    #[inline(always)]
    fn passed(&mut self, r: &Record) {
        if self.consumers.len() != 1 || !self.window.contains(&r.message.id) {
            return self.passed_on(&Record { ..*r });
        }
        let Some(ways) = self.producers.get_mut(r.message.producer as usize) else { return self.passed_on(&Record { ..*r }) };
        ways.done += u64::from(self.time.contains(&r.finished));
        self.queues[r.queue as usize].deliveries += u64::from(r.deliveries);
        ways.push([r.message.due, r.sent, r.sent + (r.finished - r.taken), r.finished], true);
    }

    fn delivery(&mut self, group: u32, ended: u64, worked: u64) {
        if self.time.contains(&ended) {
            self.consumers[group as usize].deliveries.add(worked);
        }
    }

    fn level(&mut self, level: &Level) {
        let stays = &mut self.queues[level.queue as usize];
        stays.waiting.record(level.waiting);
        stays.in_system.record(level.waiting + level.busy);
        stays.trail.add(level);
    }

    #[inline(always)]
    fn left(&mut self, exit: &Exit) {
        let ways = self.producers.get_mut(exit.message.producer as usize).unwrap_or(&mut self.nobody);
        ways.done += u64::from(exit.outcome == Outcome::Served && self.time.contains(&exit.finished));
        if !self.window.contains(&exit.message.id) {
            return;
        }
        if exit.outcome != Outcome::Served {
            return ways.lose(exit.outcome);
        }
        if exit.held > 0 {
            ways.tally.blocked.add(exit.held);
        }
        ways.push([exit.message.due, exit.sent, exit.sent + exit.worked, exit.finished], false);
    }
}

impl Ways {
    #[inline(always)]
    fn push(&mut self, row: [u64; 4], alone: bool) {
        if self.alone != alone {
            self.count();
            self.alone = alone;
        }
        if self.rows.push(row) {
            self.count();
        }
    }

    fn merge(&mut self, next: &Ways) {
        self.tally.merge(&next.tally);
        self.done += next.done;
    }

    /// Gives the times of the messages that were alone to their queue and group, too.
    fn share(&mut self, stays: &mut Stays, services: &mut Services) {
        let (wait, service) = (std::mem::take(&mut self.wait), std::mem::take(&mut self.service));
        stays.wait.merge(&wait);
        services.times.merge(&service);
        self.tally.wait.merge(&wait);
        self.tally.service.merge(&service);
    }

    #[cold]
    fn lose(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Unfinished => self.tally.unfinished += 1,
            other => *self.tally.lost.entry(other).or_default() += 1,
        }
    }

    #[inline(never)]
    fn count(&mut self) {
        let [due, sent, worked, finished] = self.rows.take();
        let tally = &mut self.tally;
        let (wait, service) = if self.alone { (&mut self.wait, &mut self.service) } else { (&mut tally.wait, &mut tally.service) };
        wait.add_between(worked, finished);
        service.add_between(sent, worked);
        tally.latency.add_between(due, finished);
        tally.send.add_lags(due, sent);
    }
}

impl Stays {
    /// A stay that is not one of the window's, or did not end with service.
    #[cold]
    fn other(&mut self, r: &Record, counts: bool, time: &Range<u64>) {
        if counts && r.outcome != Outcome::Unfinished { self.lose(r) } else { self.across.other(r, time) }
    }

    fn lose(&mut self, r: &Record) {
        self.lost_stay += r.finished - r.sent;
        self.lost_service += r.finished - r.taken;
        *self.lost.entry(r.outcome).or_default() += 1;
        let accepted = r.outcome != Outcome::Rejected;
        self.accepted_lost += u64::from(accepted);
        // Who was never taken had to wait, however briefly.
        self.delayed_lost += u64::from(accepted && (r.deliveries == 0 || r.taken > r.sent));
        self.deliveries += u64::from(r.deliveries);
    }

    fn merge(&mut self, next: &Stays) {
        self.wait.merge(&next.wait);
        self.deliveries += next.deliveries;
        for (&outcome, &n) in &next.lost {
            *self.lost.entry(outcome).or_default() += n;
        }
        self.accepted_lost += next.accepted_lost;
        self.delayed_lost += next.delayed_lost;
        self.lost_stay += next.lost_stay;
        self.lost_service += next.lost_service;
        self.across.merge(&next.across);
        self.waiting.merge(&next.waiting);
        self.in_system.merge(&next.in_system);
        next.trail.levels.iter().for_each(|level| self.trail.add(level));
    }
}

impl Services {
    #[inline(never)]
    fn count(&mut self) {
        let [taken, finished] = self.rows.take();
        self.times.add_between(taken, finished);
    }
}

impl NetworkCollector {
    /// The run as numbers.
    pub fn summary(&self, span: &NetworkSpan) -> Summary {
        self.counted().figures(span)
    }

    /// The same with all rows counted.
    fn counted(&self) -> Self {
        let mut whole = self.clone();
        whole.producers.iter_mut().for_each(Ways::count);
        whole.nobody.count();
        (0..whole.queues.len()).for_each(|queue| whole.count_stays(queue));
        whole.consumers.iter_mut().for_each(Services::count);
        if let ([group], [place]) = (&mut whole.consumers[..], &whole.places.consumers[..]) {
            let queue = &mut whole.queues[place.queue];
            whole.producers.iter_mut().for_each(|ways| ways.share(queue, group));
        }
        whole
    }

    /// The same when all rows have been counted.
    fn figures(&self, span: &NetworkSpan) -> Summary {
        let mut out = Summary { percentiles: self.places.percentiles.clone(), ..Summary::default() };
        let mut all = self.nobody.tally.clone();
        for (name, ways) in self.places.producers.iter().zip(&self.producers) {
            out.producer(&format!("producers.{name}"), &ways.tally, ways.done as f64 / span.lasted);
            all.merge(&ways.tally);
        }
        let done = self.nobody.done + self.producers.iter().map(|ways| ways.done).sum::<u64>();
        out.producer("total", &all, done as f64 / span.lasted);
        out.offered = all.offered();
        out.served = all.wait.moments.count;
        out.unfinished = all.unfinished;
        for (index, place) in self.places.queues.iter().enumerate() {
            self.queue(&mut out, index, place, span);
            self.laws(&mut out, index, place, span);
        }
        let names = self.places.producers.iter().map(|name| format!("producers.{name}"));
        let tallies = self.producers.iter().map(|ways| &ways.tally);
        let (dies, blocks) = (self.places.queues.iter().any(|q| q.sends_on), self.places.queues.iter().any(|q| q.blocks));
        for (place, tally) in names.zip(tallies).chain([("total".into(), &all)]) {
            if dies {
                out.dead_letters(&place, tally);
            }
            if blocks {
                out.blocked(&place, tally);
            }
        }
        for (index, place) in self.places.consumers.iter().enumerate() {
            let services = &self.consumers[index];
            let times = if place.by_delivery { &services.deliveries } else { &services.times };
            self.consumer(&mut out, place, times, &span.groups[index], span.lasted);
        }
        out
    }

    fn queue(&self, out: &mut Summary, index: usize, queue: &QueuePlace, span: &NetworkSpan) {
        let (place, stays, levels) = (format!("queues.{}", queue.name), &self.queues[index], &span.queues[index]);
        let mut set = |key: &str, statistic: &str, value: f64| out.values.insert(path(&place, key, statistic), value);
        let (served, unserved) = (stays.wait.moments.count, stays.lost.values().sum::<u64>());
        let dead = stays.lost.get(&Outcome::DeadLettered).copied().unwrap_or(0);
        let gone = (served + unserved).max(1) as f64;
        set("arrival_rate", "", levels.offered as f64 / span.lasted);
        set("throughput", "", levels.served as f64 / span.lasted);
        if queue.keeps_for_good {
            // What lies there becomes more and more: a mean would only say how long the run was.
            set("growth", "", (levels.after - levels.before) / span.lasted);
            out.trails.insert(queue.name.clone(), stays.trail.points());
            return;
        }
        set("loss", "", (unserved - dead) as f64 / gone);
        if queue.sends_on {
            set("dead_lettered", "", dead as f64 / gone);
        }
        if queue.blocks {
            set("blocked", "mean", levels.held);
            set("blocked", "max", levels.held_peak as f64);
        }
        set("queue_length", "mean", levels.waiting);
        set("in_system", "mean", levels.waiting + levels.serving);
        set("queue_length", "max", levels.peak as f64);
        set("in_system", "max", stays.in_system.max().max(levels.peak) as f64);
        let accepted = (served + stays.accepted_lost) as f64;
        if accepted > 0.0 {
            set("attempts", "", stays.deliveries as f64 / accepted);
            set("delayed", "", (stays.wait.counts.above(0) + stays.delayed_lost) as f64 / accepted);
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
            out.levels(&place, key, counts);
        }
        out.times(&place, "wait", &stays.wait);
        out.trails.insert(queue.name.clone(), stays.trail.points());
    }

    /// Checks the laws that hold in a queue and among its servers.
    fn laws(&self, out: &mut Summary, index: usize, queue: &QueuePlace, span: &NetworkSpan) {
        let (name, stays, levels) = (queue.name.as_str(), &self.queues[index], &span.queues[index]);
        let groups = || self.consumers.iter().zip(&self.places.consumers).zip(&span.groups).filter(|((_, c), _)| c.queue == index);
        let second = |nanos: u128| nanos as f64 / NANOS_PER_SECOND;
        let served: u128 = groups().map(|((services, _), _)| services.times.moments.sum).sum();
        let worked = second(served + u128::from(stays.lost_service));
        let stayed = second(stays.wait.moments.sum + served + u128::from(stays.lost_stay));
        let little = stays.across.stays(levels.waiting + levels.serving, stayed, span.lasted);
        if !queue.keeps_for_good {
            // Stays that never end are in no sum.
            out.balances.insert(Law::Little(name.into()), little);
        }
        let flow = Balance { over_time: levels.came as f64, of_messages: levels.accounted as f64, edges: 0.0 };
        out.balances.insert(Law::Conservation(name.into()), flow);
        for ((_, place), group) in groups().filter(|((_, place), _)| place.plain) {
            let balance = stays.across.services(group.busy + group.absent, worked, span.lasted);
            out.balances.insert(Law::Utilization(place.name.clone()), balance);
        }
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
        if group.batches > 0 {
            set("batch_size", group.handled as f64 / group.batches as f64);
        }
        out.times(&name, "service", times);
    }
}

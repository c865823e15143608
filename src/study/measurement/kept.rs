//! Runs that were kept whole, measured or simulated, as numbers: both by the same arithmetic.

use crate::answer::{LatencyMap, MetricId, PlaceId, Quantity, Reason, path};
use crate::message::{Exit, Happened, Outcome, Record, Recorder};
use crate::rng::Key;
use crate::scenario::{Consumer, Scenario, Servers};
use crate::sim::{Engine, Network};
use crate::stats::{
    AfterWindow, Collector, GroupSpan, LatencyCells, Levels, Places, QueueSpan, Span, Summary, levels_of,
};
use crate::study::rulers::MessageTiming;
use crate::study::transient;
use crate::units::{nanos, seconds};
use crate::workload::{Block, Kept};
use std::collections::BTreeSet;
use std::ops::Range;

/// What a run left: every stay in a queue, every message's end, and of groups by number when an autoscaler
/// started servers or let some go.
#[derive(Debug, Default)]
pub(super) struct KeptRun {
    pub stays: Vec<Record>,
    exits: Vec<Exit>,
    pub scaled: Vec<(u32, u64)>,
}

impl Recorder for KeptRun {
    fn record(&mut self, record: &Record) {
        self.stays.push(*record);
    }

    fn left(&mut self, exit: &Exit) {
        self.exits.push(*exit);
    }

    fn scaled(&mut self, group: u32, at: u64) {
        self.scaled.push((group, at));
    }
}

/// Instants with the messages waiting and in system, of each queue by name.
pub(super) type Grids = Vec<(String, Vec<(u64, u64, u64)>)>;

impl KeptRun {
    /// So many messages of a plan played by events, with what a host adds to them.
    ///
    /// # Errors
    /// What cannot be simulated, in words.
    pub(super) fn replay(
        scenario: &Scenario,
        plan: &Block,
        happened: &Happened,
        messages: u64,
    ) -> Result<Self, Reason> {
        let mut run = KeptRun::default();
        let mut network =
            Network::new(scenario, Kept::new(plan), Key::new(scenario.seed, 0), None)?.replay(happened);
        // What waits from the start is counted, too.
        network.advance(messages.saturating_sub(scenario.backlog()), &mut run);
        network.settle(&mut run);
        Ok(run)
    }

    /// What was measured.
    pub(super) fn measured(stays: Vec<Record>, exits: Vec<Exit>) -> Self {
        KeptRun { stays, exits, scaled: Vec::new() }
    }

    /// All times multiplied.
    pub(super) fn stretch(&mut self, factor: f64) {
        if factor == 1.0 {
            return;
        }
        let stretch = |t: &mut u64| *t = (*t as f64 * factor).round() as u64;
        for r in &mut self.stays {
            [&mut r.message.due, &mut r.sent, &mut r.taken, &mut r.finished].into_iter().for_each(stretch);
        }
        for e in &mut self.exits {
            [&mut e.message.due, &mut e.sent, &mut e.held, &mut e.finished, &mut e.worked]
                .into_iter()
                .for_each(stretch);
        }
        self.scaled.iter_mut().for_each(|(_, at)| stretch(at));
    }

    /// Messages up to the first that is still inside.
    pub(super) fn finished(&self) -> u64 {
        let open = |(outcome, id): (Outcome, u64)| (outcome == Outcome::Unfinished).then_some(id);
        let stays = self.stays.iter().filter_map(|r| open((r.outcome, r.message.id)));
        let exits = self.exits.iter().filter_map(|e| open((e.outcome, e.message.id)));
        stays.chain(exits).min().unwrap_or_else(|| self.messages())
    }

    /// Forgets all messages from one on.
    pub(super) fn retain_below(&mut self, id: u64) {
        self.stays.retain(|r| r.message.id < id);
        self.exits.retain(|e| e.message.id < id);
    }

    /// How many messages reached the network.
    pub(super) fn messages(&self) -> u64 {
        self.exits.iter().map(|e| e.message.id + 1).max().unwrap_or(0)
    }

    /// When each message was sent: it reached the network then, or began to wait for room there.
    pub(super) fn arrivals(&self) -> Vec<u64> {
        let mut first = vec![u64::MAX; self.messages() as usize];
        for e in &self.exits {
            let at = &mut first[e.message.id as usize];
            *at = e.sent.saturating_sub(e.held).min(*at);
        }
        // Every message has an end; one that had none would have come with the next.
        for i in (1..first.len()).rev() {
            first[i - 1] = first[i - 1].min(first[i]);
        }
        first
    }

    /// When the messages of a window that were served were due, begun and done.
    pub(super) fn timings(&self, window: &Range<u64>) -> Vec<MessageTiming> {
        let served = |e: &&Exit| e.outcome == Outcome::Served && window.contains(&e.message.id);
        let timing =
            |e: &Exit| MessageTiming { due: e.message.due, begun: e.sent - e.held, done: e.finished };
        self.exits.iter().filter(served).map(timing).collect()
    }

    /// How slow messages were by when they were due.
    pub(super) fn latency_map(&self) -> Option<LatencyMap> {
        let mut cells = LatencyCells::default();
        self.exits.iter().for_each(|exit| cells.left(exit));
        cells.map()
    }

    /// The messages of a window as numbers, over the time in which the plan sends them.
    pub(super) fn summary(
        &self,
        scenario: &Scenario,
        places: &Places,
        window: Range<u64>,
        grid: usize,
    ) -> (Summary, Grids) {
        let arrivals = self.arrivals();
        let sent = |id: u64| arrivals.get(id as usize).copied().unwrap_or(0);
        let time = window.start.checked_sub(1).map_or(0, sent)..sent(window.end - 1);
        let mut collector = Collector::new(places, window);
        collector.begins(time.start);
        collector.ends(time.end);
        self.stays.iter().for_each(|r| AfterWindow(&mut collector).record(r));
        self.exits.iter().for_each(|e| collector.left(e));
        let levels: Vec<Levels> = (0..scenario.queues.len())
            .map(|q| levels_of(&self.stays, q as u32, time.clone(), grid))
            .collect();
        let span = Span {
            lasted: seconds(time.end - time.start).max(1e-9),
            done: None,
            queues: levels
                .iter()
                .enumerate()
                .map(|(q, levels)| self.queue(q as u32, levels, &time))
                .collect(),
            groups: scenario
                .consumers
                .iter()
                .enumerate()
                .map(|(g, c)| self.group(scenario, g as u32, c, &time))
                .collect(),
        };
        let mut out = collector.summary(&span);
        out.values.extend(self.instants(scenario, time.end));
        for (q, queue) in scenario.queues.iter().enumerate().filter(|(q, _)| scenario.keeps_for_good(*q)) {
            let place = format!("queues.{}", queue.name);
            let came = self.dead_letters(scenario, q, &time).map(|came| came as f64 / span.lasted);
            for key in ["arrival_rate", "growth"] {
                // No record tells of what only lies there.
                match came {
                    Some(rate) => out.values.insert(path(&place, key, ""), rate),
                    None => out.values.remove(&path(&place, key, "")),
                };
            }
        }
        let seen = || {
            scenario
                .queues
                .iter()
                .zip(&levels)
                .enumerate()
                .filter(|(q, _)| !scenario.keeps_for_good(*q))
                .map(|(_, pair)| pair)
        };
        for (queue, levels) in seen() {
            let place = format!("queues.{}", queue.name);
            let mut set = |key: &str, statistic: &str, value: f64| {
                out.values.insert(path(&place, key, statistic), value)
            };
            set("queue_length", "p99", Levels::mean_p99_max(&levels.waiting).unwrap_or_default().1);
            let (_, p99, most) = Levels::mean_p99_max(&levels.in_system).unwrap_or_default();
            set("in_system", "p99", p99);
            set("in_system", "max", most);
            if scenario.asks_spread(queue) {
                set("queue_length", "sd", Levels::sd(&levels.waiting).unwrap_or_default());
                set("in_system", "sd", Levels::sd(&levels.in_system).unwrap_or_default());
            }
        }
        for (g, c) in scenario.consumers.iter().enumerate().filter(|(_, c)| scenario.counts_deliveries(c)) {
            if let Some(mean) = self.service_of_a_delivery(scenario, g as u32, c, &time) {
                out.values.insert(path(&format!("consumers.{}", c.name), "service", "mean"), mean);
            }
        }
        let grids = seen().map(|(queue, levels)| (queue.name.clone(), levels.grid.clone()));
        (out, grids.collect())
    }

    /// The values that are asked for at instants until one, of a scenario that begins and ends: what is there
    /// before anything happens then. Nobody writes down how many servers there were.
    fn instants(&self, scenario: &Scenario, end: u64) -> Vec<(String, f64)> {
        let from_the_start = scenario.backlog();
        let value = |(id, instant): (MetricId<'_>, f64)| {
            let at = nanos(instant).filter(|at| *at <= end)?;
            let queue = scenario.queues.iter().position(|queue| id.place == PlaceId::Queue(&queue.name))?;
            let came = |r: &&Record| {
                let accepted = r.queue == queue as u32 && r.outcome != Outcome::Rejected;
                accepted && (r.sent < at || r.message.id < from_the_start)
            };
            let all = || self.stays.iter().filter(came);
            let waiting = || all().filter(|r| r.taken >= at);
            let value = match id.quantity {
                Quantity::QueueLength => waiting().count() as f64,
                Quantity::InSystem => all().filter(|r| r.finished >= at).count() as f64,
                Quantity::Age => {
                    waiting().map(|r| r.sent).min().map_or(0.0, |first| seconds(at - first.min(at)))
                }
                _ => return None,
            };
            Some((id.to_string(), value))
        };
        scenario.asked_instants().filter(|_| transient::applies(scenario)).filter_map(value).collect()
    }

    /// Messages that came to a queue as dead letters, if others do not.
    fn dead_letters(&self, scenario: &Scenario, queue: usize, time: &Range<u64>) -> Option<u64> {
        let forwards = |c: &Consumer| c.to.iter().any(|route| scenario.queues_of(route.to).contains(&queue));
        if scenario.consumers.iter().any(forwards) {
            return None;
        }
        let sends = |r: &Record| scenario.queues[r.queue as usize].dead_letter == Some(queue);
        let came = |r: &&Record| r.outcome == Outcome::DeadLettered && time.contains(&r.finished) && sends(r);
        Some(self.stays.iter().filter(came).count() as u64)
    }

    fn queue(&self, queue: u32, levels: &Levels, time: &Range<u64>) -> QueueSpan {
        let (waiting, _, peak) = Levels::mean_p99_max(&levels.waiting).unwrap_or_default();
        let (in_system, ..) = Levels::mean_p99_max(&levels.in_system).unwrap_or_default();
        let mut span =
            QueueSpan { waiting, serving: in_system - waiting, peak: peak as u64, ..QueueSpan::default() };
        for r in self.stays.iter().filter(|r| r.queue == queue) {
            span.offered += u64::from(time.contains(&r.sent));
            span.served += u64::from(r.outcome == Outcome::Served && time.contains(&r.finished));
            let inside = |at: u64| {
                f64::from(u8::from(r.outcome != Outcome::Rejected && r.sent <= at && r.finished > at))
            };
            span.before += inside(time.start);
            span.after += inside(time.end);
            span.came += 1;
            span.accounted += 1;
        }
        span
    }

    /// The stays on which a group worked, whatever came of it; of a queue's only group all.
    fn worked_on<'t>(
        &'t self,
        scenario: &Scenario,
        group: u32,
        consumer: &Consumer,
    ) -> impl Iterator<Item = &'t Record> {
        let (alone, queue) = (scenario.consumers_of(consumer.from).count() == 1, consumer.from as u32);
        let by = move |r: &&Record| {
            r.consumer == group && r.outcome == Outcome::Served || alone && r.queue == queue
        };
        self.stays.iter().filter(by).filter(|r| r.deliveries > 0 && r.outcome != Outcome::Unfinished)
    }

    /// The mean time that a delivery takes a server, in seconds.
    fn service_of_a_delivery(
        &self,
        scenario: &Scenario,
        group: u32,
        consumer: &Consumer,
        time: &Range<u64>,
    ) -> Option<f64> {
        let ended = self.worked_on(scenario, group, consumer).filter(|r| time.contains(&r.finished));
        let (worked, deliveries) = ended
            .fold((0_u64, 0_u64), |sum, r| (sum.0 + (r.finished - r.taken), sum.1 + u64::from(r.deliveries)));
        (deliveries > 0).then(|| seconds(worked) / deliveries as f64)
    }

    /// How often servers of a group were started or let go.
    fn scalings(&self, group: u32, time: &Range<u64>) -> u64 {
        self.scaled.iter().filter(|(of, at)| *of == group && time.contains(at)).count() as u64
    }

    fn group(&self, scenario: &Scenario, group: u32, consumer: &Consumer, time: &Range<u64>) -> GroupSpan {
        let mut batches = BTreeSet::new();
        let mut span = GroupSpan {
            count: if let Servers::Count(n) = consumer.count { f64::from(n) } else { 0.0 },
            scalings: consumer.autoscale.map(|_| self.scalings(group, time)),
            ..GroupSpan::default()
        };
        let mut busy = 0_u64;
        for r in self.worked_on(scenario, group, consumer) {
            // Of batches that failed no record tells.
            let deliveries = if consumer.batch.is_some() { 1 } else { u64::from(r.deliveries) };
            span.handled += if time.contains(&r.finished) { deliveries } else { 0 };
            // Messages that one server ends at one instant were one batch.
            if consumer.batch.is_none() || batches.insert((r.server, r.finished)) {
                busy += r.finished.min(time.end).saturating_sub(r.taken.max(time.start));
                span.batches += u64::from(time.contains(&r.finished));
            }
        }
        span.busy = seconds(busy) / seconds(time.end - time.start).max(1e-9);
        span
    }
}

#[cfg(test)]
mod tests;

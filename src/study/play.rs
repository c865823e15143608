//! How a scenario is played: by recursion where it is one first-in-first-out queue or several in a fixed order, by events otherwise.

use crate::message::{Exit, Forget, Level, Record, Recorder, Served};
use crate::rng::Key;
use crate::scenario::{Arrivals, Consumer, Discipline, Producer, Queue, Scenario, Servers};
use crate::sim::{Chain, Engine, GroupTotals, Looks, Network, NetworkTotals, QueueTotals, Station, Totals};
use crate::stats::{
    Before, Collector, ConsumerPlace, GroupSpan, Late, NetworkCollector, NetworkPlaces, NetworkSpan, Places, QueuePlace, QueueSpan, Span,
    Summary,
};
use crate::units::{NANOS_PER_SECOND, seconds};
use crate::workload::Plan;
use std::ops::Range;

/// A replication is looked at once for so many messages, on average.
const MESSAGES_A_LOOK: f64 = 64.0;
/// Messages from which the rate of closed loops is guessed.
const GUESS: u64 = 2000;

/// What the replications of a scenario have in common.
pub(super) struct Play<'a> {
    scenario: &'a Scenario,
    way: Way,
    /// Whether runs end with an arrival, so that several queues in a row may be played one after the other.
    by_arrivals: bool,
    /// Messages a second that reach the network.
    pub rate: f64,
}

enum Way {
    Single(Station, Places),
    Network(NetworkPlaces),
}

/// A replication under way.
pub(super) enum Running {
    Single(Box<Engine<Plan>>),
    Chain(Box<Chain<Plan>>),
    Network(Box<Network<Plan>>),
}

/// The state of a replication at an instant.
pub(super) enum Snapshot {
    Single(Totals, u64),
    Network(NetworkTotals, Vec<u64>),
}

impl Snapshot {
    /// Messages that had come by then.
    pub(super) fn offered(&self) -> u64 {
        match self {
            Snapshot::Single(totals, _) => totals.offered,
            Snapshot::Network(totals, _) => totals.offered,
        }
    }
}

/// Listens to a replication.
pub(super) enum Listener {
    Single(Box<Collector>),
    Network(Box<NetworkCollector>),
}

impl<'a> Play<'a> {
    pub(super) fn new(scenario: &'a Scenario) -> Result<Self, String> {
        scenario.open_plan(scenario.seed, 0).map_err(|e| e.to_string())?;
        let closed = scenario.producers.iter().any(|p| matches!(p.arrivals, Arrivals::Closed { .. }));
        let way = match Station::of(scenario) {
            Ok(station) if !closed => Way::Single(station, super::places(scenario)),
            _ => Way::Network(network_places(scenario)),
        };
        let rate = scenario.producers.iter().map(|p| p.rate).sum::<f64>();
        let mut play = Play { scenario, way, by_arrivals: true, rate };
        if matches!(play.way, Way::Network(_)) {
            let mut network = play.network(0, None)?;
            if closed || rate <= 0.0 {
                let played = network.advance(GUESS, &mut Forget);
                play.rate = played as f64 / seconds(network.now()).max(1e-9);
            }
        }
        Ok(play)
    }

    /// The same, played so that a run can end at any instant.
    pub(super) fn ending_at_any_instant(mut self) -> Self {
        self.by_arrivals = false;
        if matches!(&self.way, Way::Single(station, _) if !station.ends_at_any_instant()) {
            self.way = Way::Network(network_places(self.scenario));
        }
        self
    }

    /// How many messages there are in all, where producers follow traces; if others go on without end, as many as come meanwhile.
    pub(super) fn ends(&self) -> Option<u64> {
        let last = |p: &Producer| if let Arrivals::Trace { instants, .. } = &p.arrivals { instants.last().copied() } else { None };
        let end = self.scenario.producers.iter().filter_map(last).reduce(f64::max)?;
        if !self.scenario.producers.iter().all(|p| last(p).is_some()) {
            return Some((self.rate * end).ceil().max(1.0) as u64);
        }
        let (mut plan, mut all) = (self.plan(0), 0);
        while let Some(block) = plan.next_block() {
            all += block.len() as u64;
        }
        Some(all)
    }

    /// Plays by events whatever it is.
    pub(super) fn by_events(scenario: &'a Scenario) -> Result<Self, String> {
        scenario.open_plan(scenario.seed, 0).map_err(|e| e.to_string())?;
        let rate = scenario.producers.iter().map(|p| p.rate).sum::<f64>();
        let play = Play { scenario, way: Way::Network(network_places(scenario)), by_arrivals: false, rate };
        play.network(0, None)?;
        Ok(play)
    }

    pub(super) fn is_network(&self) -> bool {
        matches!(self.way, Way::Network(_))
    }

    /// The names under which a network reports, if it is one.
    pub(super) fn network_places(&self) -> Option<&NetworkPlaces> {
        match &self.way {
            Way::Single(..) => None,
            Way::Network(places) => Some(places),
        }
    }

    /// The names under which a single queue reports.
    pub(super) fn places(&self) -> Places {
        super::places(self.scenario)
    }

    fn plan(&self, replication: u32) -> Plan {
        self.scenario.open_plan(self.scenario.seed, u64::from(replication)).expect("the plan of replication 0 was made")
    }

    pub(super) fn network(&self, replication: u32, looks: Option<Looks>) -> Result<Network<Plan>, String> {
        let key = Key::new(self.scenario.seed, u64::from(replication));
        Network::new(self.scenario, self.plan(replication), key, looks)
    }

    pub(super) fn start(&self, replication: u32) -> Running {
        let every = (MESSAGES_A_LOOK / self.rate * NANOS_PER_SECOND) as u64;
        let first = self.scenario.queues.first().map_or("", |q| q.name.as_str());
        let key = Key::new(self.scenario.seed, u64::from(replication)).role("looks", first);
        let looks = Some(Looks::new(every, key));
        match &self.way {
            Way::Single(station, _) => Running::Single(Box::new(Engine::new(station, self.plan(replication), looks))),
            Way::Network(_) => {
                let run = Key::new(self.scenario.seed, u64::from(replication));
                let chain = || Chain::new(self.scenario, self.plan(replication), run, looks);
                match self.by_arrivals.then(chain).flatten() {
                    Some(chain) => Running::Chain(Box::new(chain)),
                    None => Running::Network(Box::new(self.network(replication, looks).expect("the network of replication 0 was made"))),
                }
            }
        }
    }

    pub(super) fn listener(&self, window: Range<u64>) -> Listener {
        match &self.way {
            Way::Single(_, places) => Listener::Single(Box::new(Collector::new(places, window))),
            Way::Network(places) => Listener::Network(Box::new(NetworkCollector::new(places, window))),
        }
    }
}

pub(super) fn network_places(scenario: &Scenario) -> NetworkPlaces {
    let plain = |c: &Consumer| {
        let queue = &scenario.queues[c.from];
        let alone = scenario.consumers_of(c.from).count() == 1 && queue.discipline != Discipline::ProcessorSharing;
        alone && c.batch.is_none() && queue.visibility_timeout.is_none()
    };
    let consumer = |c: &Consumer| ConsumerPlace {
        name: c.name.clone(),
        queue: c.from,
        unlimited: c.count == Servers::Unlimited,
        plain: plain(c),
        by_delivery: scenario.counts_deliveries(c),
    };
    let queue = |(index, q): (usize, &Queue)| QueuePlace {
        name: q.name.clone(),
        sends_on: q.dead_letter.is_some(),
        blocks: q.blocks(),
        keeps_for_good: scenario.keeps_for_good(index),
    };
    NetworkPlaces {
        producers: scenario.producers.iter().map(|p| p.name.clone()).collect(),
        queues: scenario.queues.iter().enumerate().map(queue).collect(),
        consumers: scenario.consumers.iter().map(consumer).collect(),
        percentiles: scenario.percentiles(),
    }
}

impl Running {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Running::Single(engine) => engine.name(),
            Running::Chain(_) => "recursion, queue by queue",
            Running::Network(_) => "event calendar",
        }
    }

    pub(super) fn advance(&mut self, messages: u64, recorder: &mut impl Recorder) -> u64 {
        match self {
            Running::Single(engine) => engine.advance(messages, recorder),
            Running::Chain(chain) => chain.advance(messages, recorder),
            Running::Network(network) => network.advance(messages, recorder),
        }
    }

    /// Plays what comes before a window, and lets those who listen to the window know of what reaches into it.
    pub(super) fn warm_up(&mut self, messages: u64, listener: &mut Listener) -> Snapshot {
        match listener {
            Listener::Single(collector) => _ = self.advance(messages, &mut Before(collector)),
            Listener::Network(_) => _ = self.advance(messages, &mut Forget),
        }
        self.forget_peak();
        let begin = self.snapshot();
        if let (Listener::Network(collector), Snapshot::Network(totals, _)) = (listener, &begin) {
            collector.begins(totals.at);
            to_come(totals, |queue, stay, service| collector.told_before(queue, stay, service));
        }
        begin
    }

    /// Ends a window of time and plays until its messages are gone.
    pub(super) fn wind_up(&mut self, listener: &mut Listener) -> Snapshot {
        let end = self.snapshot();
        match (listener, &end) {
            (Listener::Network(collector), Snapshot::Network(totals, _)) => {
                collector.ends(totals.at);
                to_come(totals, |queue, stay, service| collector.told_ahead(queue, stay, service));
                self.settle(&mut Late(collector));
            }
            (listener, _) => self.settle(listener),
        }
        end
    }

    pub(super) fn settle(&mut self, recorder: &mut impl Recorder) {
        match self {
            Running::Single(engine) => engine.settle(recorder),
            Running::Chain(chain) => chain.settle(recorder),
            Running::Network(network) => network.settle(recorder),
        }
    }

    pub(super) fn forget_peak(&mut self) {
        match self {
            Running::Single(engine) => engine.forget_peak(),
            Running::Chain(chain) => chain.forget_peaks(),
            Running::Network(network) => network.forget_peaks(),
        }
    }

    pub(super) fn snapshot(&mut self) -> Snapshot {
        match self {
            Running::Single(engine) => Snapshot::Single(engine.totals(), engine.peak()),
            Running::Chain(chain) => {
                let totals = chain.network_totals();
                let peaks = (0..totals.queues.len()).map(|q| chain.peak_of(q)).collect();
                Snapshot::Network(totals, peaks)
            }
            Running::Network(network) => {
                let totals = network.network_totals();
                let peaks = (0..totals.queues.len()).map(|q| network.peak_of(q)).collect();
                Snapshot::Network(totals, peaks)
            }
        }
    }
}

impl Listener {
    /// What was heard between two instants, as numbers, and each queue's levels meanwhile.
    pub(super) fn summary(&self, before: &Snapshot, after: &Snapshot) -> (Summary, Vec<Drift>) {
        match (self, before, after) {
            (Listener::Single(collector), Snapshot::Single(..), Snapshot::Single(..)) => {
                let (span, drift) = single(before, after);
                (collector.summary(&span), vec![drift])
            }
            (Listener::Network(collector), Snapshot::Network(from, _), Snapshot::Network(to, peaks)) => {
                let span = network_span(from, to, peaks);
                (collector.summary(&span), network_drifts(&span))
            }
            _ => unreachable!("a replication, its listener and its snapshots are of one way"),
        }
    }
}

/// How fast messages became more in a queue, and how fast they came, a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Drift {
    pub grown: f64,
    /// How far their mean number over time lay above that at the start, over the same time: half of what they grew by
    /// where they grow evenly, all of it where they have filled up.
    pub risen: f64,
    pub came: f64,
}

/// What happened to a single queue between two instants.
pub(super) fn single(before: &Snapshot, after: &Snapshot) -> (Span, Drift) {
    let (Snapshot::Single(from, _), Snapshot::Single(to, peak)) = (before, after) else {
        unreachable!("a single queue's snapshots are of its own kind")
    };
    let span = single_span(from, to, *peak);
    let risen = (span.waiting + span.busy - span.before) / span.lasted;
    (span, Drift { grown: span.grown() / span.lasted, risen, came: span.offered as f64 / span.lasted })
}

fn single_span(before: &Totals, after: &Totals, peak: u64) -> Span {
    let lasted = seconds(after.at - before.at).max(1e-9);
    Span {
        lasted,
        waiting: mean(before.waiting_area, after.waiting_area, lasted),
        busy: mean(before.busy_area, after.busy_area, lasted),
        began: seconds(before.at),
        before: (before.waiting + before.busy) as f64,
        after: (after.waiting + after.busy) as f64,
        offered: after.offered - before.offered,
        peak,
    }
}

fn mean(from: u128, to: u128, lasted: f64) -> f64 {
    (to - from) as f64 / NANOS_PER_SECOND / lasted
}

/// What happened to each queue of a network.
pub(super) fn network_drifts(span: &NetworkSpan) -> Vec<Drift> {
    let drift = |q: &QueueSpan| Drift {
        // Those who wait for room are a backlog, too.
        grown: (q.after + q.held_after - q.before - q.held_before) / span.lasted,
        risen: (q.waiting + q.serving + q.held - q.before - q.held_before) / span.lasted,
        came: q.offered as f64 / span.lasted,
    };
    span.queues.iter().map(drift).collect()
}

/// Tells of each queue what stays that recorders know of spend after an instant, and how much of it is service, in nanoseconds.
pub(super) fn to_come(totals: &NetworkTotals, mut tell: impl FnMut(usize, u64, u64)) {
    let nanos = |area: u128| u64::try_from(area).unwrap_or(u64::MAX);
    totals.queues.iter().enumerate().for_each(|(queue, q)| tell(queue, nanos(q.to_stay), nanos(q.to_serve)));
}

pub(super) fn network_span(before: &NetworkTotals, after: &NetworkTotals, peaks: &[u64]) -> NetworkSpan {
    let lasted = seconds(after.at - before.at).max(1e-9);
    let queue = |((from, to), peak): ((&QueueTotals, &QueueTotals), &u64)| QueueSpan {
        waiting: mean(from.waiting_area, to.waiting_area, lasted),
        serving: mean(from.serving_area, to.serving_area, lasted),
        before: (from.waiting + from.serving) as f64,
        after: (to.waiting + to.serving) as f64,
        held: mean(from.held.area, to.held.area, lasted),
        held_before: from.held.level as f64,
        held_after: to.held.level as f64,
        held_peak: to.held.peak,
        peak: *peak,
        offered: to.counts.offered - from.counts.offered,
        served: to.counts.served - from.counts.served,
        came: to.counts.offered,
        accounted: to.accounted(),
    };
    let group = |(from, to): (&GroupTotals, &GroupTotals)| GroupSpan {
        busy: mean(from.busy_area, to.busy_area, lasted),
        absent: mean(from.absent_area, to.absent_area, lasted),
        count: mean(from.count_area, to.count_area, lasted),
        handled: to.handled - from.handled,
        batches: to.batches - from.batches,
    };
    NetworkSpan {
        lasted,
        queues: before.queues.iter().zip(&after.queues).zip(peaks).map(queue).collect(),
        groups: before.groups.iter().zip(&after.groups).map(group).collect(),
    }
}

impl Recorder for Listener {
    #[inline]
    fn record(&mut self, record: &Record) {
        match self {
            Listener::Single(c) => c.record(record),
            Listener::Network(c) => c.record(record),
        }
    }

    #[inline]
    fn served(&mut self, run: &Served<'_>) {
        match self {
            Listener::Single(c) => c.served(run),
            Listener::Network(c) => c.served(run),
        }
    }

    #[inline]
    fn passed(&mut self, stay: &Record) {
        match self {
            Listener::Single(c) => c.passed(stay),
            Listener::Network(c) => c.passed(stay),
        }
    }

    fn delivery(&mut self, group: u32, ended: u64, worked: u64) {
        if let Listener::Network(c) = self {
            c.delivery(group, ended, worked);
        }
    }

    fn level(&mut self, level: &Level) {
        match self {
            Listener::Single(c) => c.level(level),
            Listener::Network(c) => c.level(level),
        }
    }

    #[inline]
    fn left(&mut self, exit: &Exit) {
        if let Listener::Network(c) = self {
            c.left(exit);
        }
    }
}

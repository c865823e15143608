//! How a scenario is played: by recursion where it is one first-in-first-out queue or several in a fixed
//! order, by events otherwise.

use super::places::{places, places_of};
use super::span::{Drift, drifts, span, to_come};
use crate::answer::Reason;
use crate::message::Forget;
use crate::rng::Key;
use crate::scenario::{Arrivals, Producer, Scenario};
use crate::sim::{
    Chain, Engine, FifoStation, LevelSampler, Network, OneStage, Recursion, Simulator, Tandem, Totals,
    playable,
};
use crate::stats::{AfterWindow, Collector, Places, Span, Summary};
use crate::units::{NANOS_PER_SECOND, seconds};
use crate::workload::Plan;

/// Queue levels are sampled once for so many messages, on average.
const MESSAGES_A_SAMPLE: f64 = 64.0;
/// Messages of each producer that are played one after the other where queues do not wait for one another.
const MESSAGES_AT_A_TIME: usize = 64;
/// Messages from which the rate of closed loops is guessed.
const GUESS: u64 = 2000;

/// What the replications of a scenario have in common.
pub(super) struct Play<'a> {
    scenario: &'a Scenario,
    /// The queue, if a single one is played by recursion.
    station: Option<FifoStation>,
    /// Whether it is one first-in-first-out queue, whatever plays it.
    pub is_one_queue: bool,
    /// Whether runs end with an arrival, so that several queues in a row may be played one after the other.
    by_arrivals: bool,
    /// The names under which it reports.
    pub places: Places,
    /// Messages a second that come.
    pub rate: f64,
}

impl<'a> Play<'a> {
    pub(super) fn new(scenario: &'a Scenario) -> Result<Self, Reason> {
        scenario.open_plan(scenario.seed, 0)?;
        let closed = scenario.is_closed();
        let one = FifoStation::of(scenario).filter(|_| !closed);
        let is_one_queue = one.is_some();
        // How long the oldest message has waited and how levels spread are known to events alone.
        let needs_events =
            scenario.asks_age() || scenario.queues.iter().any(|queue| scenario.asks_spread(queue));
        let station = one.filter(FifoStation::is_recursive).filter(|_| !needs_events);
        let places =
            station.as_ref().map_or_else(|| places(scenario), |station| places_of(station, scenario));
        let rate = scenario.producers.iter().map(Producer::played_rate).sum::<f64>();
        let mut play = Play { scenario, station, is_one_queue, by_arrivals: !needs_events, places, rate };
        if play.is_by_events() {
            playable(scenario)?;
            if closed || rate <= 0.0 {
                let mut network = play.network(0, None)?;
                let played = network.advance(GUESS, &mut Forget);
                play.rate = played as f64 / seconds(network.now()).max(1e-9);
            }
        }
        Ok(play)
    }

    /// The same, played so that a run can end at any instant.
    pub(super) fn ending_at_any_instant(self) -> Self {
        Play { by_arrivals: false, ..self }
    }

    /// How many messages there are in all, where producers follow traces; if others go on without end, as
    /// many as come meanwhile.
    pub(super) fn ends(&self) -> Option<u64> {
        let last = |p: &Producer| {
            if let Arrivals::Trace { instants, .. } = &p.arrivals { instants.last().copied() } else { None }
        };
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
    pub(super) fn by_events(scenario: &'a Scenario) -> Result<Self, Reason> {
        scenario.open_plan(scenario.seed, 0)?;
        let rate = scenario.producers.iter().map(Producer::played_rate).sum::<f64>();
        let play = Play {
            scenario,
            station: None,
            is_one_queue: false,
            by_arrivals: false,
            places: places(scenario),
            rate,
        };
        playable(scenario)?;
        Ok(play)
    }

    /// Whether runs end with an arrival.
    pub(super) fn is_by_arrivals(&self) -> bool {
        self.by_arrivals
    }

    /// Whether messages are played by events, or by recursion from queue to queue.
    pub(super) fn is_by_events(&self) -> bool {
        self.station.is_none()
    }

    fn plan(&self, replication: u32) -> Plan {
        self.scenario
            .open_plan(self.scenario.seed, u64::from(replication))
            .expect("the plan of replication 0 was made")
    }

    pub(super) fn network(
        &self,
        replication: u32,
        sampler: Option<LevelSampler>,
    ) -> Result<Network<Plan>, Reason> {
        let key = Key::new(self.scenario.seed, u64::from(replication));
        Ok(Network::new(self.scenario, self.plan(replication), key, sampler)?)
    }

    pub(super) fn sampler(&self, replication: u32) -> Option<LevelSampler> {
        let every = (MESSAGES_A_SAMPLE / self.rate * NANOS_PER_SECOND) as u64;
        let first = self.scenario.queues.first().map_or("", |q| q.name.as_str());
        Some(LevelSampler::new(
            every,
            Key::new(self.scenario.seed, u64::from(replication)).role("looks", first),
        ))
    }

    /// The recursion of a single queue, if it is played by one.
    pub(super) fn recursion(&self, replication: u32) -> Option<Recursion<Plan>> {
        self.station
            .as_ref()
            .map(|station| Recursion::new(station, self.plan(replication), self.sampler(replication)))
    }

    /// The event engine, with levels sampled.
    pub(super) fn events(&self, replication: u32) -> Network<Plan> {
        self.network(replication, self.sampler(replication)).expect("the network of replication 0 was made")
    }

    pub(super) fn start(&self, replication: u32) -> Simulator<Plan> {
        if let Some(recursion) = self.recursion(replication) {
            return Simulator::Recursion(Box::new(recursion));
        }
        let run = Key::new(self.scenario.seed, u64::from(replication));
        let plan = || self.plan(replication).in_large_blocks(MESSAGES_AT_A_TIME);
        let tandem = || Tandem::new(self.scenario, plan, run, self.sampler(replication));
        if let Some(tandem) = self.by_arrivals.then(tandem).flatten() {
            return Simulator::Tandem(Box::new(tandem));
        }
        let chain = || Chain::new(self.scenario, plan(), run, self.sampler(replication));
        if let Some(chain) = self.by_arrivals.then(chain).flatten() {
            return Simulator::Chain(Box::new(chain));
        }
        let plan = || self.plan(replication);
        let one = || OneStage::new(self.scenario, plan, run, self.sampler(replication));
        match self.by_arrivals.then(one).flatten() {
            Some(one) => Simulator::OneStage(Box::new(one)),
            None => Simulator::Network(Box::new(self.events(replication))),
        }
    }
}

/// Begins a window of time now, and tells a collector of what reaches into it.
pub(super) fn begin(engine: &mut impl Engine, collector: &mut Collector) -> Totals {
    engine.forget_peaks();
    let before = engine.totals();
    collector.begins(before.at);
    to_come(&before, |queue, stay, service| collector.told_before(queue, stay, service));
    before
}

/// Ends a window of time and plays until its messages are gone: what was heard since `before`, as numbers,
/// and how levels changed.
pub(super) fn end(
    engine: &mut impl Engine,
    mut collector: Collector,
    before: &Totals,
) -> (Summary, Vec<Drift>) {
    let span = end_heard(engine, &mut collector, before);
    (collector.summary(&span), drifts(&span))
}

/// The same, with what was heard left in the collector.
pub(super) fn end_heard(engine: &mut impl Engine, collector: &mut Collector, before: &Totals) -> Span {
    let after = engine.totals();
    collector.ends(after.at);
    to_come(&after, |queue, stay, service| collector.told_ahead(queue, stay, service));
    engine.settle(&mut AfterWindow(collector));
    span(before, &after)
}

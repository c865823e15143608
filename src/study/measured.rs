//! Runs of a network that were kept whole, measured or simulated, as numbers: both by the same arithmetic.

use super::play::network_places;
use crate::answer::path;
use crate::message::{Exit, Outcome, Record, Recorder};
use crate::rng::Key;
use crate::scenario::{Consumer, Destination, Scenario, Servers};
use crate::sim::Network;
use crate::stats::{GroupSpan, Late, Levels, NetworkCollector, NetworkSpan, QueueSpan, Summary, levels_of};
use crate::units::seconds;
use crate::workload::{Block, Kept};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// What a run left: every stay in a queue, and every message's end.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub stays: Vec<Record>,
    exits: Vec<Exit>,
}

impl Recorder for Told {
    fn record(&mut self, record: &Record) {
        self.stays.push(*record);
    }

    fn left(&mut self, exit: &Exit) {
        self.exits.push(*exit);
    }
}

/// Instants with the messages waiting and in system, of each queue by name.
pub(super) type Grids = Vec<(String, Vec<(u64, u64, u64)>)>;

impl Told {
    /// An ideal host plays the plan.
    ///
    /// # Errors
    /// What cannot be simulated, in words.
    pub fn rehearse(scenario: &Scenario, plan: &Block) -> Result<Self, String> {
        let mut told = Told::default();
        let mut network = Network::new(scenario, Kept::new(plan), Key::new(scenario.seed, 0), None)?;
        network.advance(plan.len() as u64, &mut told);
        network.settle(&mut told);
        Ok(told)
    }

    /// What was measured.
    pub fn measured(scenario: &Scenario, stays: Vec<Record>) -> Self {
        let exits = exits(scenario, &stays);
        Told { stays, exits }
    }

    /// The messages of a window as numbers, over the time in which the plan sends them.
    pub fn summary(&self, scenario: &Scenario, plan: &Block, window: Range<u64>, grid: usize) -> (Summary, Grids) {
        let sent = |id: u64| plan.sent[id as usize];
        let time = sent(window.start.saturating_sub(1))..sent(window.end - 1);
        let mut collector = NetworkCollector::new(&network_places(scenario), window);
        collector.begins(time.start);
        collector.ends(time.end);
        self.stays.iter().for_each(|r| Late(&mut collector).record(r));
        self.exits.iter().for_each(|e| collector.left(e));
        let levels: Vec<Levels> = (0..scenario.queues.len()).map(|q| levels_of(&self.stays, q as u32, time.clone(), grid)).collect();
        let span = NetworkSpan {
            lasted: seconds(time.end - time.start).max(1e-9),
            queues: levels.iter().enumerate().map(|(q, levels)| self.queue(q as u32, levels, &time)).collect(),
            groups: scenario.consumers.iter().enumerate().map(|(g, c)| self.group(g as u32, c, &time)).collect(),
        };
        let mut out = collector.summary(&span);
        for (queue, levels) in scenario.queues.iter().zip(&levels) {
            let place = format!("queues.{}", queue.name);
            let mut set = |key: &str, statistic: &str, value: f64| out.values.insert(path(&place, key, statistic), value);
            set("queue_length", "p99", Levels::mean_p99_max(&levels.waiting).unwrap_or_default().1);
            let (_, p99, most) = Levels::mean_p99_max(&levels.in_system).unwrap_or_default();
            set("in_system", "p99", p99);
            set("in_system", "max", most);
        }
        let grids = scenario.queues.iter().zip(levels).map(|(queue, levels)| (queue.name.clone(), levels.grid));
        (out, grids.collect())
    }

    fn queue(&self, queue: u32, levels: &Levels, time: &Range<u64>) -> QueueSpan {
        let (waiting, _, peak) = Levels::mean_p99_max(&levels.waiting).unwrap_or_default();
        let (in_system, ..) = Levels::mean_p99_max(&levels.in_system).unwrap_or_default();
        let mut span = QueueSpan { waiting, serving: in_system - waiting, peak: peak as u64, ..QueueSpan::default() };
        for r in self.stays.iter().filter(|r| r.queue == queue) {
            span.offered += u64::from(time.contains(&r.sent));
            span.served += u64::from(r.outcome == Outcome::Served && time.contains(&r.finished));
            let inside = |at: u64| f64::from(u8::from(r.outcome != Outcome::Rejected && r.sent <= at && r.finished > at));
            span.before += inside(time.start);
            span.after += inside(time.end);
            span.came += 1;
            span.accounted += 1;
        }
        span
    }

    fn group(&self, group: u32, consumer: &Consumer, time: &Range<u64>) -> GroupSpan {
        let mut batches = BTreeSet::new();
        let mut span = GroupSpan { count: if let Servers::Count(n) = consumer.count { f64::from(n) } else { 0.0 }, ..GroupSpan::default() };
        let mut busy = 0_u64;
        for r in self.stays.iter().filter(|r| r.consumer == group && r.outcome == Outcome::Served) {
            span.handled += u64::from(time.contains(&r.finished));
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

/// Every message's ends, from its stays: where a way through the network begins with a producer and nobody sends it on. What
/// became of a dead letter after its loss was told is another story.
fn exits(scenario: &Scenario, stays: &[Record]) -> Vec<Exit> {
    let feeders: Vec<Vec<usize>> = (0..scenario.queues.len()).map(|queue| feeders(scenario, queue)).collect();
    let at: HashMap<(u32, u64), &Record> = stays.iter().map(|r| ((r.queue, r.message.id), r)).collect();
    let before = |r: &Record| feeders[r.queue as usize].iter().find_map(|&q| at.get(&(q as u32, r.message.id)).copied());
    let sent_on: BTreeSet<(u32, u64)> = stays.iter().filter_map(before).map(|r| (r.queue, r.message.id)).collect();
    let mut exits = Vec::new();
    for last in stays.iter().filter(|r| !sent_on.contains(&(r.queue, r.message.id))) {
        let (mut first, mut worked) = (last, last.finished - last.taken);
        while let Some(earlier) = before(first) {
            worked += earlier.finished - earlier.taken;
            first = earlier;
        }
        let direct = scenario.producers.iter().any(|p| queues_of(scenario, p.to).contains(&(first.queue as usize)));
        if direct {
            exits.push(Exit { message: last.message, sent: first.sent, finished: last.finished, worked, outcome: last.outcome });
        }
    }
    exits
}

/// Queues whose consumers send messages on to a queue.
fn feeders(scenario: &Scenario, queue: usize) -> Vec<usize> {
    let sends = |c: &&Consumer| c.to.iter().any(|route| queues_of(scenario, route.to).contains(&queue));
    scenario.consumers.iter().filter(sends).map(|c| c.from).collect()
}

fn queues_of(scenario: &Scenario, to: Destination) -> Vec<usize> {
    match to {
        Destination::Queue(queue) => vec![queue],
        Destination::Topic(topic) => scenario.topics[topic].subscriptions.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Deliver, Producer, Queue, Route, Topic};
    use crate::workload::laws::Law;

    /// A topic with two copies, one of which goes on half the time; failures, and a queue for dead letters.
    fn network() -> Scenario {
        let work = || Law::exponential(0.002);
        let queue = |name: &str| Queue { name: name.into(), ..Queue::default() };
        let mut scenario = Scenario::single(Producer::poisson("web", 0, 200.0), queue("left"), Consumer::group("l", 0, 1, work()));
        scenario.queues.extend([queue("right"), queue("next"), queue("dead")]);
        scenario.topics.push(Topic {
            name: "t".into(),
            subscriptions: vec![0, 1],
            deliver: Deliver::All,
            complete_when: Default::default(),
        });
        scenario.producers[0].to = Destination::Topic(0);
        scenario.consumers[0].to = vec![Route { to: Destination::Queue(2), probability: 0.5 }];
        scenario.consumers.extend([
            Consumer::group("r", 1, 1, work()),
            Consumer::group("n", 2, 1, work()),
            Consumer::group("d", 3, 1, work()),
        ]);
        (scenario.queues[1].delivery_limit, scenario.queues[1].dead_letter) = (Some(2), Some(3));
        scenario.consumers[1].failure = 0.3;
        scenario
    }

    #[test]
    fn ends_that_are_found_from_stays_are_those_that_an_engine_tells() {
        let scenario = network();
        let plan = scenario.plan(1, 0).expect("an open plan").take_messages(2_000);
        let told = Told::rehearse(&scenario, &plan).expect("it can be played");
        let key = |e: &Exit| (e.message.id, e.finished, e.sent, e.worked, e.outcome);
        let mut simulated: Vec<_> = told.exits.iter().map(key).collect();
        let mut found: Vec<_> = exits(&scenario, &told.stays).iter().map(key).collect();
        simulated.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, simulated);
    }
}

//! Queues that have nothing to do with one another: each can be played by itself, whole, as soon as it is
//! known which of its messages belong to a window of all queues' messages.
//!
//! Every producer draws from streams of its own, so that what is drawn is the same either way.

use super::play::Play;
use crate::scenario::{Arrivals, Consumer, Destination, Producer, Scenario};
use crate::sim::is_lone_queue;
use crate::stats::{ConsumerPlace, Places};
use crate::workload::Plan;

/// Half of the stretch of time in which the end of a window is looked for, in standard deviations of a
/// Poisson process: one attempt after the other.
const SPREADS: [f64; 3] = [6.0, 60.0, 600.0];
/// More messages than this are not put in order to find it.
const MOST_LOOKED_AT: f64 = 4e6;

/// A scenario's queues, if each has a producer and a group of its own and nothing else.
pub(super) struct Apart {
    /// The group of each producer.
    groups: Vec<usize>,
}

/// Where a window of all messages ends: with the message that is sent at this instant, and after so many
/// messages of each producer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cut {
    pub at: u64,
    pub of: Vec<u64>,
}

impl Apart {
    /// The queues of a scenario; `None` where they are played together.
    pub(super) fn of(scenario: &Scenario, play: &Play<'_>) -> Option<Apart> {
        let count = scenario.producers.len();
        let one_each = count > 1
            && (scenario.queues.len(), scenario.consumers.len()) == (count, count)
            && scenario.topics.is_empty();
        if !one_each || !play.is_by_arrivals() {
            return None;
        }
        let traced = |p: &Producer| matches!(p.arrivals, Arrivals::Trace { .. });
        let groups = play.places.alone.iter().copied().collect::<Option<Vec<usize>>>()?;
        let apart = Apart { groups };
        let plain = |producer: usize| is_lone_queue(&apart.alone(scenario, producer));
        let all = !scenario.producers.iter().any(traced) && (0..count).all(plain);
        all.then_some(apart)
    }

    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The queue of a producer.
    pub(super) fn queue(&self, scenario: &Scenario, producer: usize) -> usize {
        scenario.consumers[self.groups[producer]].from
    }

    /// A producer's queue as a scenario of its own.
    pub(super) fn alone(&self, scenario: &Scenario, producer: usize) -> Scenario {
        let group = &scenario.consumers[self.groups[producer]];
        let sender = Producer { to: Destination::Queue(0), ..scenario.producers[producer].clone() };
        let queue = scenario.queues[group.from].clone();
        Scenario {
            seed: scenario.seed,
            simulation: scenario.simulation.clone(),
            ..Scenario::single(sender, queue, Consumer { from: 0, ..group.clone() })
        }
    }

    /// The names under which a producer's queue reports, out of those of all.
    pub(super) fn places(&self, all: &Places, producer: usize) -> Places {
        let group = self.groups[producer];
        let queue = all.consumers[group].queue;
        Places {
            producers: vec![all.producers[producer].clone()],
            alone: vec![Some(0)],
            queues: vec![all.queues[queue].clone()],
            watched: vec![all.watched[queue]],
            consumers: vec![ConsumerPlace { queue: 0, ..all.consumers[group].clone() }],
            at_once: all.at_once,
            asked: all.asked.clone(),
        }
    }

    /// Where so many messages of all producers together have been sent; `None` where that is not found, or
    /// they send fewer.
    pub(super) fn cuts(
        &self,
        scenario: &Scenario,
        replication: u32,
        rate: f64,
        counts: &[u64],
    ) -> Option<Vec<Cut>> {
        let sends = |producer| scenario.sends_of(producer, u64::from(replication)).ok();
        SPREADS.iter().find_map(|spread| cuts(&sends, self.len(), rate, counts, *spread))
    }
}

fn cuts(
    sends: &dyn Fn(usize) -> Option<Plan>,
    producers: usize,
    rate: f64,
    counts: &[u64],
    spread: f64,
) -> Option<Vec<Cut>> {
    let mut searches = Vec::new();
    for &count in counts {
        searches.push(CutSearch::new(count, producers, rate, spread)?);
    }
    let end = searches.iter().map(|search| search.to).max()?;
    for producer in 0..producers {
        let mut plan = sends(producer)?;
        while let Some(block) = plan.next_block() {
            searches.iter_mut().for_each(|search| search.see(producer, &block.sent));
            if block.sent.last().is_some_and(|last| *last >= end) {
                break;
            }
        }
    }
    searches.into_iter().map(CutSearch::found).collect()
}

/// Looks for the instant at which so many messages have been sent, in a stretch of time where it should be.
struct CutSearch {
    count: u64,
    from: u64,
    to: u64,
    /// Messages of each producer before the stretch.
    before: Vec<u64>,
    /// Those within it: when they are sent, and whose they are.
    within: Vec<(u64, u32)>,
}

impl CutSearch {
    fn new(count: u64, producers: usize, rate: f64, spread: f64) -> Option<Self> {
        let (middle, half) = (count as f64, spread * (count as f64).sqrt() + spread);
        let instant = |messages: f64| (messages / rate * crate::units::NANOS_PER_SECOND) as u64;
        let before = vec![0; producers];
        let (from, to) = match count {
            0 => (0, 0),
            _ => (instant((middle - half).max(0.0)), instant(middle + half)),
        };
        let found = CutSearch { count, from, to, before, within: Vec::new() };
        (half.min(middle) <= MOST_LOOKED_AT && rate > 0.0).then_some(found)
    }

    /// Sees messages of a producer in their order.
    fn see(&mut self, producer: usize, sent: &[u64]) {
        let first = sent.partition_point(|at| *at < self.from);
        let within = &sent[first..];
        let within = &within[..within.partition_point(|at| *at < self.to)];
        self.before[producer] += first as u64;
        self.within.extend(within.iter().map(|at| (*at, producer as u32)));
    }

    fn found(mut self) -> Option<Cut> {
        let mut of = self.before;
        let Some(last) = self.count.checked_sub(1) else { return Some(Cut { at: 0, of }) };
        let index = usize::try_from(last.checked_sub(of.iter().sum())?).ok()?;
        if index >= self.within.len() {
            return None;
        }
        let (earlier, at, _) = self.within.select_nth_unstable(index);
        earlier.iter().chain([&*at]).for_each(|(_, producer)| of[*producer as usize] += 1);
        Some(Cut { at: at.0, of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Queue;
    use crate::workload::laws::Law;

    /// Queues of different load.
    pub(super) fn scenario(queues: usize) -> Scenario {
        let mut out = Scenario::mgc(40.0, Law::exponential(0.01), 1);
        for q in 1..queues {
            out.producers.push(Producer::poisson(&format!("p{q}"), q, 20.0 * q as f64));
            out.queues.push(Queue { name: format!("q{q}"), ..Queue::default() });
            out.consumers.push(Consumer::group(&format!("c{q}"), q, q as u32, Law::exponential(0.03)));
        }
        out
    }

    #[test]
    fn a_window_ends_where_the_plan_of_all_says() {
        let scenario = scenario(5);
        let play = Play::new(&scenario).expect("it can be played");
        let apart = Apart::of(&scenario, &play).expect("they have nothing to do with one another");
        let plan = scenario.plan(scenario.seed, 3).expect("a plan").take_messages(20_000);
        let counts = [0, 1, 777, 20_000];
        let cuts = apart.cuts(&scenario, 3, play.rate, &counts).expect("they are found");
        for (cut, count) in cuts.iter().zip(counts) {
            let mut of = vec![0; 5];
            (0..count as usize).for_each(|row| of[plan.producer_of(row) as usize] += 1);
            let at = (count as usize).checked_sub(1).map_or(0, |last| plan.sent[last]);
            assert_eq!(*cut, Cut { at, of });
        }
    }

    #[test]
    fn queues_that_share_anything_are_played_together() {
        let alike = |change: &dyn Fn(&mut Scenario)| {
            let mut scenario = scenario(3);
            change(&mut scenario);
            let play = Play::new(&scenario).expect("it can be played");
            Apart::of(&scenario, &play).is_some()
        };
        assert!(alike(&|_| {}));
        assert!(!alike(&|s| s.producers[1].to = Destination::Queue(0)));
        assert!(!alike(&|s| {
            s.consumers[1].to = vec![crate::scenario::Route { to: Destination::Queue(2), probability: 0.5 }];
        }));
        assert!(!alike(&|s| s.queues[1].max_length = Some(3)));
        assert!(!alike(&|s| s.consumers[2].failure = 0.1));
        assert!(!alike(&|s| s.queues[2].initial_backlog = 7));
    }
}

//! Replications of queues that have nothing to do with one another, queue by queue: what a message costs and
//! what is held at a time is that of one queue, however many there are.

use super::replicate::Replication;
use super::runs::Runs;
use crate::message::{Exit, Forget, Record, Recorder};
use crate::sim::{Engine, LoneQueue};
use crate::stats::{Collector, Summary, SummaryOfParts};
use crate::study::apart::{Apart, Cut};
use crate::study::play::{begin, end_heard};
use crate::study::span::Drift;
use crate::study::watch::Watch;
use crate::units::seconds;
use crate::workload::Plan;

impl Runs<'_> {
    /// A replication; `None` where the queues are played together. One that is interrupted has played
    /// nothing.
    pub(super) fn queue_by_queue(
        &self,
        replication: u32,
        warmup: u64,
        watch: &dyn Watch,
        says: &(dyn Fn(u64) + Sync),
    ) -> Option<Replication> {
        let (apart, counts) = (self.apart.as_ref()?, [warmup, warmup + self.messages]);
        let cuts = apart.cuts(self.scenario, replication, self.play.rate, &counts)?;
        let [before, after] = &cuts[..] else { return None };
        let looks = self.play.sampler(replication)?.before(after.at);
        let mut parts = SummaryOfParts::default();
        let mut drifts = vec![Drift::default(); apart.len()];
        for producer in 0..apart.len() {
            if watch.stopped() {
                return Some(Replication { summary: Summary::default(), drifts: Vec::new(), played: 0 });
            }
            let scenario = apart.alone(self.scenario, producer);
            let mut queue = self.lone(&scenario, replication, &looks)?;
            let (first, last) = (before.of[producer], after.of[producer]);
            let places = apart.places(&self.play.places, producer);
            let mut collector = Collector::new(&places, first..last);
            if replication > 0 {
                collector.leave_out_trails();
            }
            collector.make_room();
            queue.advance(first, &mut Forget);
            queue.wait_until(before.at, &mut Forget);
            let totals = begin(&mut queue, &mut collector);
            queue.advance(last - first, &mut collector);
            queue.wait_until(after.at, &mut collector);
            let span = end_heard(&mut queue, &mut collector, &totals);
            drifts[apart.queue(self.scenario, producer)] = crate::study::span::drifts(&span)[0];
            parts.add(collector, &span);
            says(last - first);
        }
        let lasted = seconds(after.at - before.at).max(1e-9);
        Some(Replication { summary: parts.finish(lasted), drifts, played: self.messages })
    }

    /// The latencies of the first messages, in seconds, in the order in which they are sent; `None` where the
    /// queues are played together.
    pub(super) fn first_latencies(&self, replication: u32, count: u64) -> Option<Vec<f64>> {
        let apart = self.apart.as_ref()?;
        let cut = apart.cuts(self.scenario, replication, self.play.rate, &[count])?.pop()?;
        let mut all = FirstLatencies { producer: 0, all: Vec::new() };
        self.hear(apart, replication, &cut, &mut all)?;
        all.all.sort_by_key(|(sent, producer, _)| (*sent, *producer));
        Some(all.all.into_iter().map(|(_, _, latency)| latency).collect())
    }

    fn hear(&self, apart: &Apart, replication: u32, cut: &Cut, all: &mut FirstLatencies) -> Option<()> {
        for producer in 0..apart.len() {
            let scenario = apart.alone(self.scenario, producer);
            all.producer = producer;
            self.lone(&scenario, replication, &[])?.advance(cut.of[producer], all);
        }
        Some(())
    }

    fn lone<'a>(
        &self,
        scenario: &crate::scenario::Scenario,
        replication: u32,
        looks: &'a [u64],
    ) -> Option<LoneQueue<'a, Plan>> {
        let plan = scenario.plan(scenario.seed, u64::from(replication)).ok()?;
        LoneQueue::new(scenario, plan, looks)
    }
}

/// Keeps when messages are sent, whose they are, and their latencies in seconds.
struct FirstLatencies {
    producer: usize,
    all: Vec<(u64, usize, f64)>,
}

impl Recorder for FirstLatencies {
    fn record(&mut self, _: &Record) {}

    fn left(&mut self, exit: &Exit) {
        self.all.push((exit.sent, self.producer, seconds(exit.finished - exit.message.due)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Level, Served};
    use crate::scenario::{Consumer, Length, Producer, Queue, Scenario, Warmup};
    use crate::study::watch::NoProgress;
    use crate::workload::laws::Law;

    /// Queues of different load, with several servers each but the first.
    fn scenario() -> Scenario {
        let mut out = Scenario::mgc(40.0, Law::exponential(0.01), 1);
        for q in 1..9 {
            out.producers.push(Producer::poisson(&format!("p{q}"), q, 20.0 * q as f64));
            out.queues.push(Queue { name: format!("q{q}"), ..Queue::default() });
            out.consumers.push(Consumer::group(&format!("c{q}"), q, q as u32, Law::erlang(0.03, 2)));
        }
        out.simulation.length = Length::Messages(30_000);
        out.simulation.warmup = Warmup::Messages(1234);
        out
    }

    /// To the last bit: figures, histograms, balances, levels over time and drifts.
    #[test]
    fn queue_by_queue_is_what_all_at_once_is() {
        let scenario = scenario();
        let apart = Runs::new(&scenario).expect("it can be played");
        assert!(apart.apart.is_some());
        let together = Runs { apart: None, ..Runs::new(&scenario).expect("it can be played") };
        for replication in [0, 1] {
            let mut all = [&apart, &together].map(|runs| {
                let mut all = Vec::new();
                runs.replicate(replication..replication + 1, 2, 1234, &NoProgress, |one| all.push(one));
                all.pop().expect("one replication")
            });
            let [a, b] = &mut all;
            assert_eq!((a.played, &a.drifts), (b.played, &b.drifts));
            let [a, b] = [a, b].map(|one| std::mem::take(&mut one.summary).whole());
            assert_eq!((a.offered, a.served, a.unfinished), (b.offered, b.served, b.unfinished));
            assert_eq!((&a.trails, &a.counts, &a.levels), (&b.trails, &b.counts, &b.levels));
            assert_eq!(a.values, b.values);
            assert_eq!(format!("{:?}", a.balances), format!("{:?}", b.balances));
        }
    }

    #[test]
    fn pilots_hear_the_same_latencies() {
        struct ById(Vec<f64>);
        impl Recorder for ById {
            fn record(&mut self, _: &Record) {}
            fn served(&mut self, _: &Served<'_>) {}
            fn level(&mut self, _: &Level) {}
            fn left(&mut self, exit: &Exit) {
                self.0[exit.message.id as usize] = seconds(exit.finished - exit.message.due);
            }
        }
        let scenario = scenario();
        let runs = Runs::new(&scenario).expect("it can be played");
        let mut all = ById(vec![0.0; 5000]);
        runs.play.start(1).advance(5000, &mut all);
        assert_eq!(runs.first_latencies(1, 5000), Some(all.0));
    }
}

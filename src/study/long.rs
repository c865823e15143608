//! One long run of a scenario, heard batch by batch.

use super::play::{Drift, Play, Running, Snapshot, network_drifts, network_span, single, to_come};
use crate::message::{Exit, Forget, Level, Record, Recorder, Served};
use crate::stats::{Batches, Before, Collector, Combined, NetworkCollector, NetworkSpan, Span, Summary};
use std::ops::Range;

/// Listens to a run, whatever plays it, and keeps what its batches' time was like.
pub(super) struct Long {
    heard: Heard,
    /// The state at the start of the batch.
    before: Snapshot,
}

enum Heard {
    Single(Box<Batches<Collector>>, Vec<Span>),
    Network(Box<Batches<NetworkCollector>>, Vec<NetworkSpan>),
}

impl Long {
    /// Plays what comes before a window of the plan and begins its first batch.
    pub(super) fn warm_up(play: &Play<'_>, engine: &mut Running, window: Range<u64>) -> Self {
        let mut heard = play.batches(window.clone());
        match &mut heard {
            Heard::Single(batches, _) => {
                let first = batches.now().expect("no batch has ended");
                engine.advance(window.start, &mut Before(first));
            }
            Heard::Network(..) => _ = engine.advance(window.start, &mut Forget),
        }
        engine.forget_peak();
        let mut long = Long { heard, before: engine.snapshot() };
        long.begins();
        long
    }

    /// How many messages belong to each batch, in order.
    pub(super) fn lengths(&self) -> Vec<u64> {
        match &self.heard {
            Heard::Single(batches, _) => batches.lengths(),
            Heard::Network(batches, _) => batches.lengths(),
        }
    }

    /// How many batches have ended.
    pub(super) fn ended(&self) -> usize {
        match &self.heard {
            Heard::Single(_, spans) => spans.len(),
            Heard::Network(_, spans) => spans.len(),
        }
    }

    /// A batch has been played: says how each queue's level changed in it.
    pub(super) fn next(&mut self, engine: &mut Running) -> Vec<Drift> {
        let after = engine.snapshot();
        engine.forget_peak();
        let drifts = match (&mut self.heard, &self.before, &after) {
            (Heard::Single(batches, spans), before, after) => {
                let (span, drift) = single(before, after);
                spans.push(span);
                batches.next();
                vec![drift]
            }
            (Heard::Network(batches, spans), Snapshot::Network(from, _), Snapshot::Network(to, peaks)) => {
                let span = network_span(from, to, peaks);
                let drifts = network_drifts(&span);
                spans.push(span);
                if let Some(part) = batches.now() {
                    part.ends(to.at);
                    to_come(to, |queue, stay, service| part.told_ahead(queue, stay, service));
                }
                batches.next();
                drifts
            }
            _ => unreachable!("a run and its snapshots are of one way"),
        };
        self.before = after;
        self.begins();
        drifts
    }

    /// Time comes to a batch.
    fn begins(&mut self) {
        if let (Heard::Network(batches, _), Snapshot::Network(totals, _)) = (&mut self.heard, &self.before)
            && let Some(part) = batches.now()
        {
            part.begins(totals.at);
            to_come(totals, |queue, stay, service| part.told_before(queue, stay, service));
        }
    }

    /// The run's figures with intervals from its batches, and the run as a whole.
    pub(super) fn combined(self, confidence: f64) -> (Combined, Summary) {
        match self.heard {
            Heard::Single(batches, spans) => batches.combined(&spans, confidence),
            Heard::Network(batches, spans) => batches.combined(&spans, confidence),
        }
    }
}

impl Play<'_> {
    fn batches(&self, window: Range<u64>) -> Heard {
        match self.network_places() {
            Some(places) => Heard::Network(Box::new(Batches::new(window, |part| NetworkCollector::new(places, part))), Vec::new()),
            None => {
                let places = self.places();
                Heard::Single(Box::new(Batches::new(window, |part| Collector::new(&places, part))), Vec::new())
            }
        }
    }
}

impl Recorder for Long {
    #[inline]
    fn record(&mut self, record: &Record) {
        match &mut self.heard {
            Heard::Single(batches, _) => batches.record(record),
            Heard::Network(batches, _) => batches.record(record),
        }
    }

    #[inline]
    fn served(&mut self, run: &Served<'_>) {
        match &mut self.heard {
            Heard::Single(batches, _) => batches.served(run),
            Heard::Network(batches, _) => batches.served(run),
        }
    }

    #[inline]
    fn passed(&mut self, stay: &Record) {
        match &mut self.heard {
            Heard::Single(batches, _) => batches.passed(stay),
            Heard::Network(batches, _) => batches.passed(stay),
        }
    }

    fn delivery(&mut self, group: u32, ended: u64, worked: u64) {
        if let Heard::Network(batches, _) = &mut self.heard {
            batches.delivery(group, ended, worked);
        }
    }

    fn level(&mut self, level: &Level) {
        match &mut self.heard {
            Heard::Single(batches, _) => batches.level(level),
            Heard::Network(batches, _) => batches.level(level),
        }
    }

    #[inline]
    fn left(&mut self, exit: &Exit) {
        if let Heard::Network(batches, _) = &mut self.heard {
            batches.left(exit);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::answer::Method;
    use crate::scenario::{NoFiles, Scenario, Source, parse};
    use crate::study::simulation::{replications, simulate};
    use crate::study::watch::Blind;

    /// Two queues, of which the first gives some messages back to itself and loses some, so that stays of all kinds reach from
    /// batch to batch.
    const TEXT: &str = r#"
        producers.web = { to = "first", rate = "75/s" }
        queues.first = { discipline = "priority", message_ttl = "200ms" }
        queues.second = {}
        consumers.a = { from = "first", count = 1, service_time = "10ms", failure = { probability = 0.1 }, retry_delay = "30ms", to = "second" }
        consumers.b = { from = "second", count = 2, service_time = { law = "exponential", mean = "20ms" } }
        simulation = { replications = 1, messages = 10_000, warmup = 500 }
    "#;

    fn scenario() -> Scenario {
        parse(&Source::new("two.toml", TEXT), &NoFiles).expect("it is right").scenario
    }

    #[test]
    fn the_batches_together_are_the_run_as_one_ear_hears_it() {
        let scenario = scenario();
        let long = simulate(&scenario, &Blind).expect("it is played");
        assert_eq!(long.method, Method::Simulation);
        let whole = replications(&scenario, &Blind).expect("it is played").pop().expect("one");
        assert!(long.caveats.iter().all(|c| !c.contains("broken")), "{:?}", long.caveats);
        let mut compared = 0;
        for (path, estimate) in &long.metrics {
            let Some(value) = estimate.value else { continue };
            let known = whole[path];
            assert!((value - known).abs() <= 1e-9 * (1.0 + known.abs()), "{path}: {value} in batches, {known} as one");
            compared += 1;
        }
        assert!(compared > 60, "{compared}");
        let half = long.metrics["total.latency.mean"].half_width.expect("an interval from the batches");
        assert!(half > 0.0 && half < 0.1 * whole["total.latency.mean"], "{half}");
    }
}

//! One long run of a scenario, heard batch by batch.

use super::runs::Runs;
use super::{CHUNK, Simulated};
use crate::answer::{Caveat, Reason, SimulationCaveat};
use crate::message::{Exit, Forget, Level, Record, Recorder, Served};
use crate::sim::{Engine, Totals};
use crate::stats::{BATCHES, Batches, Combined, Span, Summary};
use crate::study::play::Play;
use crate::study::span::{Drift, drifts, span, to_come};
use crate::study::watch::Watch;
use std::ops::Range;

/// Batches of one long run that make an interval when it is interrupted.
const LEAST_BATCHES: usize = 16;

/// Collects the batch means of one run, with what each batch's time was like.
struct BatchedRun {
    batches: Batches,
    spans: Vec<Span>,
    /// The state at the start of the batch.
    before: Totals,
}

impl BatchedRun {
    /// Plays what comes before a window of the plan and begins its first batch.
    fn warm_up(play: &Play<'_>, engine: &mut impl Engine, window: Range<u64>) -> Self {
        engine.advance(window.start, &mut Forget);
        engine.forget_peaks();
        let mut long = BatchedRun {
            batches: Batches::new(&play.places, window),
            spans: Vec::new(),
            before: engine.totals(),
        };
        long.begins();
        long
    }

    /// How many messages belong to each batch, in order.
    fn lengths(&self) -> Vec<u64> {
        self.batches.lengths()
    }

    /// How many batches have ended.
    fn ended(&self) -> usize {
        self.spans.len()
    }

    /// A batch has been played: says how each queue's level changed in it.
    fn next(&mut self, engine: &mut impl Engine) -> Vec<Drift> {
        let after = engine.totals();
        engine.forget_peaks();
        let span = span(&self.before, &after);
        let drifts = drifts(&span);
        self.spans.push(span);
        if let Some(part) = self.batches.now() {
            part.ends(after.at);
            to_come(&after, |queue, stay, service| part.told_ahead(queue, stay, service));
        }
        self.batches.next();
        self.before = after;
        self.begins();
        drifts
    }

    /// Time comes to a batch.
    fn begins(&mut self) {
        if let Some(part) = self.batches.now() {
            part.begins(self.before.at);
            to_come(&self.before, |queue, stay, service| part.told_before(queue, stay, service));
        }
    }

    /// The run's figures with intervals from its batches, and the run as a whole.
    fn combined(self, confidence: f64) -> (Combined, Summary) {
        self.batches.combined(&self.spans, confidence)
    }
}

impl Runs<'_> {
    /// One long run, its intervals from batch means.
    pub(super) fn long(
        &self,
        warmup: u64,
        watch: &dyn Watch,
        caveats: &mut Vec<Caveat>,
    ) -> Result<Simulated, Reason> {
        let mut engine = self.play.start(0);
        let mut long = BatchedRun::warm_up(&self.play, &mut engine, warmup..warmup + self.messages);
        let mut drifts = Vec::new();
        'batches: for length in long.lengths() {
            let mut left = length;
            while left > 0 {
                if watch.stopped() {
                    break 'batches;
                }
                let played = engine.advance(left.min(CHUNK), &mut long);
                left -= played;
                if played == 0 {
                    break;
                }
            }
            drifts.push(long.next(&mut engine));
            watch.says("simulation", drifts.len() as f64 / BATCHES as f64, "one long run");
        }
        engine.settle(&mut long);
        if watch.stopped() && long.ended() < LEAST_BATCHES {
            return Err(Reason::Interrupted("enough of its one replication was played".into()));
        }
        if (long.ended() as u64) < BATCHES {
            let share = long.ended() as f64 / BATCHES as f64;
            caveats.push(SimulationCaveat::InterruptedRun { share }.into());
        }
        if let Some(growth) = self.unstable(&drifts) {
            return Err(growth.into());
        }
        let (mut combined, whole) = long.combined(self.scenario.simulation.confidence);
        self.settling(1).apply(&mut combined);
        Ok(Simulated { combined, made: 1, messages: whole.offered, trails: whole.trails })
    }
}

impl Recorder for BatchedRun {
    #[inline]
    fn record(&mut self, record: &Record) {
        self.batches.record(record);
    }

    #[inline]
    fn served(&mut self, run: &Served<'_>) {
        self.batches.served(run);
    }

    #[inline]
    fn stays(&mut self, run: &Served<'_>) {
        self.batches.stays(run);
    }

    #[inline]
    fn passed(&mut self, stay: &Record) {
        self.batches.passed(stay);
    }

    fn delivery(&mut self, group: u32, ended: u64, worked: u64) {
        self.batches.delivery(group, ended, worked);
    }

    fn level(&mut self, level: &Level) {
        self.batches.level(level);
    }

    fn level_held(&mut self, level: &Level, instants: &[u64]) {
        self.batches.level_held(level, instants);
    }

    #[inline]
    fn left(&mut self, exit: &Exit) {
        self.batches.left(exit);
    }
}

#[cfg(test)]
mod tests {
    use crate::answer::Method;
    use crate::scenario::{NoFiles, Scenario, Source, parse};
    use crate::study::simulation::{replications, simulate};
    use crate::study::watch::NoProgress;

    /// Two queues, of which the first gives some messages back to itself and loses some, so that stays of all
    /// kinds reach from batch to batch.
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
        let long = simulate(&scenario, &NoProgress).expect("it is played");
        assert_eq!(long.method, Method::Simulation);
        let whole = replications(&scenario, &NoProgress).expect("it is played").pop().expect("one");
        assert!(long.caveats.iter().all(|c| !c.to_string().contains("broken")), "{:?}", long.caveats);
        let mut compared = 0;
        for (path, estimate) in &long.metrics {
            let Some(value) = estimate.value else { continue };
            let known = whole[path];
            assert!(
                (value - known).abs() <= 1e-9 * (1.0 + known.abs()),
                "{path}: {value} in batches, {known} as one"
            );
            compared += 1;
        }
        assert!(compared > 60, "{compared}");
        let half = long.metrics["total.latency.mean"].half_width.expect("an interval from the batches");
        assert!(half > 0.0 && half < 0.1 * whole["total.latency.mean"], "{half}");
    }
}

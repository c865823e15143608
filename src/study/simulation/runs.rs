//! What all replications of a scenario have in common, and what is to be said about them.

use crate::answer::{Caveat, Growth, Reason, SimulationCaveat};
use crate::scenario::{Durability, Length, Precision, Scenario, Warmup};
use crate::sim::{Engine, QUEUE_BY_QUEUE};
use crate::stats::{BATCHES, Combined, Gathered};
use crate::study::apart::Apart;
use crate::study::drift::unstable;
use crate::study::play::Play;
use crate::study::settling::Settling;
use crate::study::span::Drift;
use crate::study::stopping::{planned, without_interval};
use crate::study::window::Window;
use crate::study::{coverage, redelivery};
use crate::theory::{Load, loads};
use crate::units::{Time, plain};

/// Replications of more messages are played all queues at a time, so that one that is interrupted counts as
/// far as it has come.
const MOST_WHOLE: u64 = 1 << 25;

/// Everything that the replications of a scenario share.
pub(super) struct Runs<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) play: Play<'a>,
    pub(super) messages: u64,
    /// Messages in all, warm-up included, where the arrivals end.
    pub(super) all: Option<u64>,
    pub(super) window: Window,
    /// Where the queues are played one after the other, whole.
    pub(super) apart: Option<Apart>,
    /// Of the queues, in the scenario's order.
    pub(super) loads: Vec<Load>,
}

impl<'a> Runs<'a> {
    pub(super) fn new(scenario: &'a Scenario) -> Result<Self, Reason> {
        let mut play = Play::new(scenario)?;
        let planned = match scenario.simulation.length {
            Length::Messages(n) => n,
            Length::Auto => planned(scenario),
            Length::Duration(s) => (play.rate * s).ceil().max(1.0) as u64,
        };
        let window = Window::of(scenario, &play, planned)?;
        if window != Window::Messages {
            play = play.ending_at_any_instant();
        }
        let messages = match window.seconds(scenario, play.rate, 0) {
            Some((from, to)) => (play.rate * (to - from)).ceil().max(1.0) as u64,
            None => planned,
        };
        let all = play.ends();
        let left_out = match scenario.simulation.warmup {
            Warmup::Auto => 0,
            Warmup::Messages(n) => n,
            Warmup::Duration(s) => (play.rate * s).ceil() as u64,
        };
        if let Some(all) = all.filter(|all| *all <= left_out) {
            return Err(format!(
                "the arrivals end after {all} messages, all of them in the warm-up; write \
                [simulation] warmup = 0"
            )
            .into());
        }
        let messages = all.map_or(messages, |all| messages.min(all - left_out));
        let whole = window == Window::Messages && messages <= MOST_WHOLE && all.is_none();
        let apart = whole.then(|| Apart::of(scenario, &play)).flatten();
        Ok(Runs { scenario, play, messages, all, window, apart, loads: loads(scenario) })
    }

    /// Whether one long run has intervals, from batches of its messages.
    pub(super) fn has_batches(&self) -> bool {
        self.window == Window::Messages
            && self.messages >= BATCHES
            && self.scenario.simulation.precision == Precision::None
    }

    /// What was played, `messages` being those that counted in all replications.
    pub(super) fn effort(&self, made: u32, messages: u64, warmup: u64) -> String {
        let engine = self.apart.as_ref().map_or_else(|| self.play.start(0).name(), |_| QUEUE_BY_QUEUE);
        let replications = format!("{made} replication{}", if made == 1 { "" } else { "s" });
        let each = plain((messages as f64 / f64::from(made.max(1))).round(), 9);
        let first = match self.scenario.simulation.warmup {
            Warmup::Duration(s) => Time(s).to_string(),
            _ => plain(warmup as f64, 9),
        };
        match &self.window {
            Window::Messages => {
                format!("{engine}, {replications} of {each} messages, the first {first} left out")
            }
            Window::Ended => format!(
                "{engine}, {replications} of {each} messages, the first {first} left out, until the last is \
                    done"
            ),
            Window::Duration(s) => format!(
                "{engine}, {replications} of {} ({each} messages), the first {first} left out",
                Time(*s)
            ),
            Window::Cycles(c) => {
                let left_out =
                    if c.left_out == 1 { "cycle".into() } else { format!("{} cycles", c.left_out) };
                format!(
                    "{engine}, {replications} of {} ({each} messages), the first {left_out} left out",
                    c.told()
                )
            }
        }
    }

    /// The estimates of some replications, held against what their load asks of their length.
    pub(super) fn combined(&self, all: &Gathered, made: u32) -> Combined {
        let mut out = all.combined(self.scenario.simulation.confidence);
        self.settling(made).apply(&mut out);
        out
    }

    pub(super) fn settling(&self, made: u32) -> Settling {
        if self.all.is_some() {
            Settling::default()
        } else {
            Settling::of(self.scenario, &self.loads, self.messages, self.play.rate, made)
        }
    }

    /// Why there is no steady state, if there is none.
    pub(super) fn unstable(&self, runs: &[Vec<Drift>]) -> Option<Growth> {
        // Where the arrivals end none is asked for.
        if self.all.is_some() { None } else { unstable(self.scenario, &self.loads, &self.play, runs) }
    }

    /// What is to be said of their figures.
    pub(super) fn caveats(&self, combined: &Combined, replications: u32) -> Vec<Caveat> {
        use SimulationCaveat::{ArrivalsEnd, CommitAssumed, InfiniteVariance, NoInterval, OneReplication};
        let simulation = &self.scenario.simulation;
        let mut out = combined.caveats.clone();
        out.extend(redelivery::caveats(self.scenario, &combined.metrics));
        out.extend(self.settling(replications).caveat());
        out.extend(combined.p99_withheld());
        for path in without_interval(&simulation.precision, combined) {
            out.push(NoInterval { path: path.into() }.into());
        }
        if self.all.is_some() {
            out.push(ArrivalsEnd.into());
        }
        for c in self.scenario.consumers.iter().filter(|c| c.service_time.scv().is_infinite()) {
            out.push(InfiniteVariance { group: c.name.clone() }.into());
        }
        let durable = self.scenario.queues.iter().any(|q| q.durability == Durability::Fsync);
        if durable && simulation.overheads.sync.is_none() {
            out.push(CommitAssumed.into());
        }
        let lasted = self
            .window
            .seconds(self.scenario, self.play.rate, 0)
            .map_or(self.messages as f64 / self.play.rate, |(from, to)| to - from);
        out.extend(coverage::unseen(self.scenario, combined, lasted, replications));
        if replications < 2 && !self.has_batches() {
            out.push(OneReplication.into());
        }
        out
    }
}

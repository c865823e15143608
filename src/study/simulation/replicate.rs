//! Independent replications, until their number gives the precision that is asked for.

use super::runs::Runs;
use super::{CHUNK, MOST_AT_ONCE, Simulated};
use crate::answer::{Caveat, Reason, SimulationCaveat};
use crate::message::Forget;
use crate::sim::Engine;
use crate::stats::{Collector, Gathered, Summary};
use crate::study::play::{begin, end};
use crate::study::span::Drift;
use crate::study::stopping::{first, missing, still_needed};
use crate::study::timed::CountedTime;
use crate::study::watch::Watch;
use crate::study::window::Window;
use crate::units::nanos;
use rayon::prelude::*;

/// Whole replications that make an interval, so that interrupted ones are left out.
const LEAST_WHOLE: usize = 2;

/// What one replication gave.
pub(super) struct Replication {
    pub summary: Summary,
    /// Of each queue.
    pub drifts: Vec<Drift>,
    /// Messages of its window that were played: fewer than planned if it was interrupted.
    pub played: u64,
}

impl Runs<'_> {
    /// Replications until the precision is reached.
    pub(super) fn repeated(
        &self,
        warmup: u64,
        watch: &dyn Watch,
        caveats: &mut Vec<Caveat>,
    ) -> Result<Simulated, Reason> {
        let simulation = &self.scenario.simulation;
        let mut all = Gathered::default();
        let (mut made, mut messages, mut drifts, mut trails) = (0, 0, Vec::new(), None);
        let mut wanted = first(&simulation.precision, simulation.replications);
        loop {
            // A few at a time, for what they counted is put together at once.
            let next = made..wanted.min(made + MOST_AT_ONCE);
            let mut runs = self.replicate(next, wanted, warmup, watch);
            if runs.iter().any(|run| run.played < self.messages) && watch.stopped() {
                let (kept, caveat) = self.salvaged(runs, made, wanted);
                caveats.push(caveat);
                runs = kept;
            }
            made += runs.len() as u32;
            for run in runs {
                all.add(&run.summary);
                messages += run.summary.offered;
                drifts.push(run.drifts);
                trails.get_or_insert(run.summary.trails);
            }
            if watch.stopped() {
                break;
            }
            if made < wanted {
                continue;
            }
            if self.unstable(&drifts).is_some() {
                break;
            }
            let combined = self.combined(&all, made);
            let Some(missing) = missing(&simulation.precision, &combined) else { break };
            let Some(more) = still_needed(&missing, made) else {
                caveats.push(missing.caveat(made));
                break;
            };
            wanted = made + more;
        }
        if made == 0 {
            return Err(Reason::Interrupted("anything was played after the warm-up".into()));
        }
        if let Some(growth) = self.unstable(&drifts) {
            return Err(growth.into());
        }
        Ok(Simulated {
            combined: self.combined(&all, made),
            made,
            trails: trails.unwrap_or_default(),
            messages,
        })
    }

    /// Plays replications, as far as they come until they are interrupted.
    pub(super) fn replicate(
        &self,
        which: std::ops::Range<u32>,
        of: u32,
        warmup: u64,
        watch: &dyn Watch,
    ) -> Vec<Replication> {
        let all = u64::from(of) * (warmup + self.messages);
        let done = std::sync::atomic::AtomicU64::new(u64::from(which.start) * (warmup + self.messages));
        let label = format!("replications {}–{} of {of}", which.start + 1, which.end);
        let says = |played: u64| {
            let so_far = done.fetch_add(played, std::sync::atomic::Ordering::Relaxed);
            watch.says("simulation", so_far as f64 / all as f64, &label);
        };
        which
            .into_par_iter()
            .map(|replication| {
                if self.window != Window::Messages {
                    return self.timed(replication, warmup, watch, &|share| {
                        says((share * self.messages as f64) as u64)
                    });
                }
                let mut engine = self.play.start(replication);
                let mut collector = Collector::new(&self.play.places, warmup..warmup + self.messages);
                engine.advance(warmup, &mut Forget);
                let before = begin(&mut engine, &mut collector);
                let mut left = self.messages;
                while left > 0 && !watch.stopped() {
                    let played = engine.advance(left.min(CHUNK), &mut collector);
                    left -= played;
                    says(played);
                    if played == 0 {
                        break;
                    }
                }
                let (summary, drifts) = end(&mut engine, &mut collector, &before);
                Replication { summary, drifts, played: self.messages - left }
            })
            .collect()
    }

    /// Plays a replication that does not end with an arrival.
    pub(super) fn timed(
        &self,
        replication: u32,
        warmup: u64,
        watch: &dyn Watch,
        says: &dyn Fn(f64),
    ) -> Replication {
        let instant = |seconds: f64| nanos(seconds).unwrap_or(u64::MAX);
        let time = match self.window.seconds(self.scenario, self.play.rate, warmup) {
            Some((from, to)) => CountedTime::Between(instant(from)..instant(to)),
            None => CountedTime::UntilDone { left_out: warmup, messages: self.messages },
        };
        let timed = self.play.timed(replication, &time, watch, says);
        let played = (self.messages as f64 * timed.share).floor() as u64;
        Replication { summary: timed.summary, drifts: timed.drifts, played }
    }

    /// Of replications that were interrupted, those that count: the whole ones if there are at least two of
    /// them with those of before, else all that have come as far as the others. Says what is to be said about
    /// it.
    pub(super) fn salvaged(
        &self,
        mut runs: Vec<Replication>,
        made: u32,
        wanted: u32,
    ) -> (Vec<Replication>, Caveat) {
        let whole = runs.iter().filter(|run| run.played == self.messages).count();
        if whole + made as usize >= LEAST_WHOLE {
            runs.retain(|run| run.played == self.messages);
            let finished = whole as u32 + made;
            return (runs, SimulationCaveat::InterruptedBetween { finished, wanted }.into());
        }
        let furthest = runs.iter().map(|run| run.played).max().unwrap_or(0);
        runs.retain(|run| run.played > 0 && 2 * run.played >= furthest);
        let caveat = SimulationCaveat::InterruptedWithin {
            replications: runs.len() + made as usize,
            played: runs.iter().map(|run| run.played).min().unwrap_or(0),
            messages: self.messages,
        };
        (runs, caveat.into())
    }
}

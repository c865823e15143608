//! Independent replications, until their number gives the precision that is asked for.

use super::runs::Runs;
use super::{CHUNK, Simulated, Trails};
use crate::answer::{Caveat, Reason, SimulationCaveat};
use crate::message::Forget;
use crate::sim::Engine;
use crate::stats::{Collector, Gathered, Summary};
use crate::study::play::{begin, end};
use crate::study::span::Drift;
use crate::study::stopping::{first, missing, still_needed};
use crate::study::timed::CountedTime;
use crate::study::watch::{WantedRuns, Watch};
use crate::study::window::Window;
use crate::units::nanos;
use parking_lot::Mutex;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

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

/// What replications gave so far.
#[derive(Default)]
struct Made {
    gathered: Gathered,
    replications: u32,
    messages: u64,
    drifts: Vec<Vec<Drift>>,
    /// Of the first.
    trails: Option<Trails>,
}

impl Made {
    fn add(&mut self, mut run: Replication) {
        self.replications += 1;
        self.messages += run.summary.offered;
        self.drifts.push(run.drifts);
        self.trails.get_or_insert_with(|| std::mem::take(&mut run.summary.trails));
        self.gathered.add(run.summary);
    }
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
        let mut made = Made::default();
        let mut wanted = first(&simulation.precision, simulation.replications);
        let combined = loop {
            let mut cut_short = Vec::new();
            made.gathered.expect(wanted as usize);
            self.replicate(made.replications..wanted, wanted, warmup, watch, |run| {
                if run.played < self.messages && watch.stopped() {
                    cut_short.push(run)
                } else {
                    made.add(run)
                }
            });
            if !cut_short.is_empty() {
                caveats.push(self.salvage(cut_short, &mut made, wanted));
            }
            if watch.stopped() || self.unstable(&made.drifts).is_some() {
                break None;
            }
            let combined = self.combined(&made.gathered, made.replications);
            let Some(missing) = missing(&simulation.precision, &combined) else { break Some(combined) };
            let Some(more) = still_needed(&missing, made.replications) else {
                caveats.push(missing.caveat(made.replications));
                break Some(combined);
            };
            wanted = made.replications + more;
        };
        if made.replications == 0 {
            return Err(Reason::Interrupted("anything was played after the warm-up".into()));
        }
        if let Some(growth) = self.unstable(&made.drifts) {
            return Err(growth.into());
        }
        Ok(Simulated {
            combined: combined.unwrap_or_else(|| self.combined(&made.gathered, made.replications)),
            made: made.replications,
            trails: made.trails.unwrap_or_default(),
            messages: made.messages,
        })
    }

    /// Plays replications, as far as they come until they are interrupted. `take` gets one after the other in
    /// their order, each as soon as those before it have ended, so that few are held at a time.
    pub(super) fn replicate(
        &self,
        which: std::ops::Range<u32>,
        of: u32,
        warmup: u64,
        watch: &dyn Watch,
        take: impl FnMut(Replication) + Send,
    ) {
        let all = u64::from(of) * (warmup + self.messages);
        let done = AtomicU64::new(u64::from(which.start) * (warmup + self.messages));
        let label = format!("replications {}–{} of {of}", which.start + 1, which.end);
        let says = |played: u64| {
            let so_far = done.fetch_add(played, Ordering::Relaxed);
            watch.says("simulation", so_far as f64 / all as f64, &label);
        };
        let (from, to, messages) = (which.start, which.end, self.messages);
        // A sweep says of which point.
        let wanted = WantedRuns { point: 0, warmup, messages, from, to };
        watch.wants(&wanted);
        let play = |replication| {
            let taken = self.taken(&wanted, replication, watch);
            taken.unwrap_or_else(|| self.one(replication, warmup, watch, &says))
        };
        in_order(which, play, take);
    }

    /// Plays a replication.
    pub(super) fn one(
        &self,
        replication: u32,
        warmup: u64,
        watch: &dyn Watch,
        says: &(dyn Fn(u64) + Sync),
    ) -> Replication {
        if watch.stopped() {
            return Replication { summary: Summary::default(), drifts: Vec::new(), played: 0 };
        }
        if self.window != Window::Messages {
            return self
                .timed(replication, warmup, watch, &|share| says((share * self.messages as f64) as u64));
        }
        if let Some(one) = self.queue_by_queue(replication, warmup, watch, says) {
            return one;
        }
        let mut engine = self.play.start(replication);
        let mut collector = Collector::new(&self.play.places, warmup..warmup + self.messages);
        if replication > 0 {
            collector.leave_out_trails();
        }
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
        let (summary, drifts) = end(&mut engine, collector, &before);
        Replication { summary, drifts, played: self.messages - left }
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

    /// Adds those of the replications that were interrupted that count: none if at least two are whole, else
    /// all that have come as far as the others. Says what is to be said about it.
    fn salvage(&self, mut cut_short: Vec<Replication>, made: &mut Made, wanted: u32) -> Caveat {
        let finished = made.replications;
        if finished as usize >= LEAST_WHOLE {
            return SimulationCaveat::InterruptedBetween { finished, wanted }.into();
        }
        let whole = if finished > 0 { self.messages } else { 0 };
        let furthest = cut_short.iter().map(|run| run.played).max().unwrap_or(0).max(whole);
        cut_short.retain(|run| run.played > 0 && 2 * run.played >= furthest);
        let least = cut_short.iter().map(|run| run.played).min().unwrap_or(whole);
        cut_short.into_iter().for_each(|run| made.add(run));
        let (replications, messages) = (made.replications as usize, self.messages);
        SimulationCaveat::InterruptedWithin { replications, played: least, messages }.into()
    }
}

/// Does work of several numbers on all threads, those that come first first, and gives out what came of it in
/// their order, each as soon as it can be.
fn in_order<T: Send>(
    which: std::ops::Range<u32>,
    work: impl Fn(u32) -> T + Sync,
    take: impl FnMut(T) + Send,
) {
    let (next, given) = (AtomicU32::new(which.start), Mutex::new((which.start, BTreeMap::new(), take)));
    (0..rayon::current_num_threads()).into_par_iter().for_each(|_| {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= which.end {
                break;
            }
            let done = work(number);
            let (next, waiting, take) = &mut *given.lock();
            waiting.insert(number, done);
            while let Some(done) = waiting.remove(next) {
                take(done);
                *next += 1;
            }
        }
    });
}

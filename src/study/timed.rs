//! Replications that end at an instant, or when arrivals that end are done, and not with an arrival.

use super::play::{Play, begin, end};
use super::span::Drift;
use super::watch::Watch;
use crate::message::Forget;
use crate::sim::{AnyInstant, Totals};
use crate::stats::{Collector, Summary};
use std::ops::Range;

/// Parts after each of which it is looked whether to stop.
const PARTS: u64 = 64;

/// Which time of a replication counts.
pub(super) enum CountedTime {
    /// That between two instants, in nanoseconds.
    Between(Range<u64>),
    /// So many messages after some that are left out, until the last of them is done.
    UntilDone { left_out: u64, messages: u64 },
}

/// What a replication gave, and which share of it was played.
pub(super) struct Timed {
    pub summary: Summary,
    pub drifts: Vec<Drift>,
    pub share: f64,
}

impl Play<'_> {
    /// Plays a replication. `says` hears of each further share that has been played.
    pub(super) fn timed(
        &self,
        replication: u32,
        stretch: &CountedTime,
        watch: &dyn Watch,
        says: &dyn Fn(f64),
    ) -> Timed {
        match self.recursion(replication) {
            Some(engine) => self.timed_by(replication, engine, stretch, watch, says),
            None => self.timed_by(replication, self.events(replication), stretch, watch, says),
        }
    }

    fn timed_by(
        &self,
        replication: u32,
        engine: impl AnyInstant,
        stretch: &CountedTime,
        watch: &dyn Watch,
        says: &dyn Fn(f64),
    ) -> Timed {
        let mut collector = Collector::new(&self.places, u64::MAX..u64::MAX);
        if replication > 0 {
            collector.leave_out_trails();
        }
        match stretch {
            CountedTime::Between(time) => between(engine, collector, time, watch, says),
            CountedTime::UntilDone { left_out, messages } => {
                until_done(engine, collector, *left_out, *messages, watch, says)
            }
        }
    }
}

fn between(
    mut engine: impl AnyInstant,
    mut collector: Collector,
    time: &Range<u64>,
    watch: &dyn Watch,
    says: &dyn Fn(f64),
) -> Timed {
    engine.advance_to(time.start, &mut Forget);
    let before = begin_now(&mut engine, &mut collector);
    let mut part = 0;
    while part < PARTS && !watch.stopped() {
        part += 1;
        let lasts = u128::from(time.end - time.start) * u128::from(part) / u128::from(PARTS);
        engine.advance_to(time.start + lasts as u64, &mut collector);
        says(1.0 / PARTS as f64);
    }
    let came = engine.totals().offered;
    ended(engine, collector, &before, came, part as f64 / PARTS as f64)
}

fn until_done(
    mut engine: impl AnyInstant,
    mut collector: Collector,
    left_out: u64,
    messages: u64,
    watch: &dyn Watch,
    says: &dyn Fn(f64),
) -> Timed {
    engine.advance(left_out, &mut Forget);
    let before = begin_now(&mut engine, &mut collector);
    let mut left = messages;
    while left > 0 && !watch.stopped() {
        let played = engine.advance(left.min(messages.div_ceil(PARTS)), &mut collector);
        if played == 0 {
            break;
        }
        left -= played;
        says(played as f64 / messages as f64);
    }
    let came = engine.totals().offered;
    engine.work_off(&mut collector);
    let share = if watch.stopped() { 1.0 - left as f64 / messages as f64 } else { 1.0 };
    ended(engine, collector, &before, came, share)
}

/// Begins the window of a collector now, with all messages that come from now on.
fn begin_now(engine: &mut impl AnyInstant, collector: &mut Collector) -> Totals {
    let before = begin(engine, collector);
    collector.set_window(before.offered..u64::MAX);
    before
}

/// The window of time ends now. Its messages are those before number `came`: they are heard to the end,
/// others do not count.
fn ended(
    mut engine: impl AnyInstant,
    mut collector: Collector,
    before: &Totals,
    came: u64,
    share: f64,
) -> Timed {
    collector.set_window(before.offered..came);
    let (summary, drifts) = end(&mut engine, collector, before);
    Timed { summary, drifts, share }
}

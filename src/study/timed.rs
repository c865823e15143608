//! Replications that end at an instant, or when arrivals that end are done, and not with an arrival.

use super::play::{Drift, Listener, Play, Running, Snapshot};
use super::watch::Watch;
use crate::message::{Forget, Recorder};
use crate::stats::{Before, Summary};
use std::ops::Range;

/// Parts after each of which it is looked whether to stop.
const PARTS: u64 = 64;

/// What a replication gave, and which share of it was played.
pub(super) struct Timed {
    pub summary: Summary,
    pub drifts: Vec<Drift>,
    pub share: f64,
}

impl Play<'_> {
    /// What happens between two instants, in nanoseconds. `says` hears of each further share that has been played.
    pub(super) fn between(&self, replication: u32, time: &Range<u64>, watch: &dyn Watch, says: &dyn Fn(f64)) -> Timed {
        let mut engine = self.start(replication);
        let mut listener = self.listener(u64::MAX..u64::MAX);
        let before = engine.begin_at(time.start, &mut listener);
        let mut part = 0;
        while part < PARTS && !watch.stopped() {
            part += 1;
            let lasts = u128::from(time.end - time.start) * u128::from(part) / u128::from(PARTS);
            engine.advance_until(time.start + lasts as u64, &mut listener);
            says(1.0 / PARTS as f64);
        }
        let came = engine.snapshot().offered();
        engine.ended(listener, &before, came, part as f64 / PARTS as f64)
    }

    /// So many messages after some that are left out, until the last of them is done.
    pub(super) fn until_done(&self, replication: u32, left_out: u64, messages: u64, watch: &dyn Watch, says: &dyn Fn(f64)) -> Timed {
        let mut engine = self.start(replication);
        let mut listener = self.listener(u64::MAX..u64::MAX);
        match &mut listener {
            Listener::Single(collector) => _ = engine.advance(left_out, &mut Before(collector)),
            Listener::Network(_) => _ = engine.advance(left_out, &mut Forget),
        }
        let before = engine.begin_now(&mut listener);
        let mut left = messages;
        while left > 0 && !watch.stopped() {
            let played = engine.advance(left.min(messages.div_ceil(PARTS)), &mut listener);
            if played == 0 {
                break;
            }
            left -= played;
            says(played as f64 / messages as f64);
        }
        let came = engine.snapshot().offered();
        engine.work_off(&mut listener);
        let share = if watch.stopped() { 1.0 - left as f64 / messages as f64 } else { 1.0 };
        engine.ended(listener, &before, came, share)
    }
}

impl Running {
    /// Plays all that happens up to an instant and begins the window of a listener there.
    fn begin_at(&mut self, instant: u64, listener: &mut Listener) -> Snapshot {
        match listener {
            Listener::Single(collector) => self.advance_until(instant, &mut Before(collector)),
            Listener::Network(_) => self.advance_until(instant, &mut Forget),
        }
        self.begin_now(listener)
    }

    fn begin_now(&mut self, listener: &mut Listener) -> Snapshot {
        self.forget_peak();
        let before = self.snapshot();
        match (listener, &before) {
            (Listener::Single(collector), _) => collector.set_window(before.offered()..u64::MAX),
            (Listener::Network(collector), Snapshot::Network(totals, _)) => {
                collector.set_window(totals.offered..u64::MAX);
                collector.begins(totals.at);
            }
            _ => unreachable!("a replication, its listener and its snapshots are of one way"),
        }
        before
    }

    fn advance_until(&mut self, instant: u64, recorder: &mut impl Recorder) {
        match self {
            Running::Single(engine) => engine.advance_until(instant, recorder),
            Running::Network(network) => network.advance_past(instant, recorder),
            Running::Chain(_) => unreachable!("a chain ends with an arrival"),
        }
    }

    fn work_off(&mut self, recorder: &mut impl Recorder) {
        match self {
            Running::Single(engine) => engine.work_off(recorder),
            Running::Network(network) => network.work_off(recorder),
            Running::Chain(_) => unreachable!("a chain ends with an arrival"),
        }
    }

    /// The window of time ends now. Its messages are those before number `came`: they are heard to the end, others do not count.
    fn ended(mut self, mut listener: Listener, before: &Snapshot, came: u64, share: f64) -> Timed {
        match &mut listener {
            Listener::Single(collector) => collector.set_window(before.offered()..came),
            Listener::Network(collector) => collector.set_window(before.offered()..came),
        }
        let after = self.wind_up(&mut listener);
        let (summary, drifts) = listener.summary(before, &after);
        Timed { summary, drifts, share }
    }
}

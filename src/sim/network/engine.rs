//! The event engine as the other engines: played by messages, or up to an instant.

use super::Network;
use super::job::JobState;
use crate::message::{Outcome, Recorder};
use crate::sim::{AnyInstant, Engine, LevelSampler, Totals};
use crate::workload::Blocks;

impl<S: Blocks> Engine for Network<S> {
    fn name(&self) -> &'static str {
        "event calendar"
    }

    fn advance(&mut self, messages: u64, recorder: &mut impl Recorder) -> u64 {
        self.begin(recorder);
        let from = self.offered;
        let goal = from.saturating_add(messages);
        if self.paced.is_empty() && self.squares.is_empty() {
            while self.offered < goal && self.step(u64::MAX, recorder) {}
        } else {
            while self.offered < goal && self.one_step(u64::MAX, recorder) {}
        }
        self.offered - from
    }

    fn settle(&mut self, recorder: &mut impl Recorder) {
        self.sampler = LevelSampler::never();
        let mark = self.offered;
        self.work_off(recorder);
        let left: Vec<u32> =
            self.jobs.inside().filter(|(_, job)| job.id < mark).map(|(slot, _)| slot).collect();
        for slot in left {
            if !matches!(self.jobs[slot].state, JobState::Blocked | JobState::Awaited) {
                self.tell(slot, 0, 0, Outcome::Unfinished, recorder);
            }
            self.told(slot, Outcome::Unfinished, recorder);
        }
        self.tell_unmade(recorder);
    }

    fn totals(&mut self) -> Totals {
        self.totals_now()
    }

    fn forget_peaks(&mut self) {
        for station in &mut self.stations {
            station.peak = station.waiting.level();
            station.held_peak = station.held_up.level();
        }
    }
}

impl<S: Blocks> AnyInstant for Network<S> {
    fn advance_to(&mut self, instant: u64, recorder: &mut impl Recorder) {
        self.advance_before(instant, recorder);
        while self.ends.first() == instant && self.one_step(instant + 1, recorder) {}
    }

    /// At most as many further messages arrive meanwhile.
    fn work_off(&mut self, recorder: &mut impl Recorder) {
        let mark = self.offered;
        self.jobs.count_below(mark);
        let last = mark.saturating_mul(2).max(10_000);
        while self.jobs.below() > 0 && self.offered < last && self.one_step(u64::MAX, recorder) {}
    }
}

impl<S: Blocks> Network<S> {
    /// Plays everything that happens before an instant, but nothing at it.
    pub fn advance_before(&mut self, instant: u64, recorder: &mut impl Recorder) {
        self.begin(recorder);
        while self.one_step(instant, recorder) {}
        self.look_until(instant, recorder);
        self.now = self.now.max(instant);
    }
}

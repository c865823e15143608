//! How a consumer spends a message's demand.
//!
//! Real work keeps a processor; pretended work should not, or four consumers of 4 ms would need four
//! processors. So a demand is slept through, and only its last stretch is spun, since a sleep alone returns
//! tens of microseconds late.

use super::clock::Clock;
use super::pacing::Pacer;
use crate::scenario::Work;

/// A consumer's way of spending time.
#[derive(Debug)]
pub(super) struct Worker<'a, C> {
    pub pacer: Pacer<'a, C>,
    clock: &'a C,
    way: Work,
}

impl<'a, C: Clock> Worker<'a, C> {
    /// * `Auto`: sleep, then spin the last stretch of at most the pacer's margin; shorter demands are spun
    ///   whole.
    /// * `Sleep`: the same, but demands shorter than the margin are slept through, however late that ends.
    /// * `Spin`: keep the processor all the time.
    pub(super) fn new(mut pacer: Pacer<'a, C>, clock: &'a C, way: Work) -> Self {
        if way == Work::Spin {
            pacer.margin = u64::MAX;
        }
        Worker { pacer, clock, way }
    }

    /// Spends the time from `taken` until `demand` nanoseconds later; returns when it was over.
    pub(super) fn spend(&mut self, taken: u64, demand: u64) -> u64 {
        let end = taken.saturating_add(demand);
        if self.way == Work::Sleep && demand > 0 && demand <= self.pacer.margin {
            self.clock.sleep_until(end);
            return self.clock.now();
        }
        if demand == 0 { taken } else { self.pacer.wait_until(end) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::Fake;
    use super::super::pacing::MARGIN;
    use super::*;
    use std::sync::atomic::AtomicBool;

    fn overrun(way: Work, demand: u64) -> (u64, u64) {
        let (clock, stop) = (Fake { read: 30, oversleep: 40_000, ..Fake::default() }, AtomicBool::new(false));
        let mut worker = Worker::new(Pacer::new(&clock, &stop, MARGIN), &clock, way);
        let end = worker.spend(clock.now(), demand);
        (end - 30 - demand, worker.pacer.meter.spun)
    }

    #[test]
    fn long_work_is_slept_through_and_ends_in_time() {
        let (late, spun) = overrun(Work::Auto, 4_000_000);
        assert!(late <= 60 && spun <= MARGIN && spun > 0, "{late} {spun}");
    }

    #[test]
    fn short_work_is_spun_unless_sleep_is_asked_for() {
        assert!(overrun(Work::Auto, 10_000).0 <= 60);
        assert!(overrun(Work::Sleep, 10_000).0 >= 40_000);
        assert!(overrun(Work::Spin, 4_000_000).1 >= 3_999_000);
        assert_eq!(overrun(Work::Auto, 0), (0, 0));
    }
}

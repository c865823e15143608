//! Waiting for absolute instants: sleep to shortly before, then look at the clock until it is time.
//!
//! A sleep returns tens of microseconds late, a spin within 100 ns; a spin costs a processor. The margin
//! between the two is bounded, so that a thread which is mostly asleep stays mostly asleep, while one whose
//! deadlines lie closer than the margin (above some 10 000 a second) spins all the time. Where a broker on the
//! same machine may need that processor, such a thread gives way to who wants it, and does not count that as
//! disturbance. Deadlines are never skipped: whoever is late goes on at once.

use super::clock::Clock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The margin where nothing was calibrated: a sleep on an idle machine is seldom later.
pub(super) const MARGIN: u64 = 100_000;

/// A step of the clock between two looks beyond this is a stall: somebody else had the processor.
pub(super) const STALL: u64 = 5_000;

/// The longest time without a look at the stop flag.
const NAP: u64 = 50_000_000;

/// One thread's way of waiting, with a meter of what the host took from it.
#[derive(Debug)]
pub(super) struct Pacer<'a, C> {
    clock: &'a C,
    stop: &'a AtomicBool,
    /// The last part of a wait, in nanoseconds, that is spent looking at the clock.
    pub margin: u64,
    /// Whether waits without a sleep give way to others.
    pub gives_way: bool,
    pub meter: Meter,
}

/// What the looks at the clock showed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Meter {
    /// Nanoseconds spent looking.
    pub spun: u64,
    /// Nanoseconds of these that were lost in stalls.
    pub stalled: u64,
    pub stalls: u64,
    /// Looks at which the clock had gone backwards.
    pub inversions: u64,
}

impl<'a, C: Clock> Pacer<'a, C> {
    /// A pacer that cuts its waits short once `stop` is set.
    pub(super) fn new(clock: &'a C, stop: &'a AtomicBool, margin: u64) -> Self {
        Pacer { clock, stop, margin, gives_way: false, meter: Meter::default() }
    }

    /// Waits for an instant; returns the time at which it went on, at once if the instant has passed.
    pub(super) fn wait_until(&mut self, instant: u64) -> u64 {
        let (mut now, mut slept) = (self.clock.now(), false);
        while instant.saturating_sub(now) > self.margin && !self.stopped() {
            self.clock.sleep_until((instant - self.margin).min(now + NAP));
            (now, slept) = (self.clock.now(), true);
        }
        if self.gives_way && !slept {
            while now < instant && !self.stopped() {
                self.clock.give_way();
                now = self.clock.now();
            }
            return now;
        }
        self.spin(now, instant)
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now()
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn spin(&mut self, from: u64, until: u64) -> u64 {
        let mut now = from;
        while now < until && !self.stopped() {
            self.clock.relax();
            let next = self.clock.now();
            match next.checked_sub(now) {
                None => self.meter.inversions += 1,
                Some(step) if step > STALL => {
                    self.meter.stalls += 1;
                    self.meter.stalled += step;
                }
                Some(_) => {}
            }
            now = next;
        }
        self.meter.spun += now.saturating_sub(from);
        now
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::Fake;
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[test]
    fn an_instant_is_met_to_the_cost_of_a_look() {
        let (clock, stop) = (Fake { read: 30, oversleep: 40_000, ..Fake::default() }, AtomicBool::new(false));
        let mut pacer = Pacer::new(&clock, &stop, MARGIN);
        for instant in (0..50_000_000).step_by(1_000_000) {
            let now = pacer.wait_until(instant);
            assert!((instant..=instant + 30).contains(&now) || instant == 0, "{instant} {now}");
        }
        assert_eq!(pacer.meter.stalls, 0);
        assert!(pacer.meter.spun > 0 && pacer.meter.spun < 49 * MARGIN);
    }

    #[test]
    fn a_stall_inside_a_spin_is_seen() {
        let (clock, stop) =
            (Fake { read: 30, stall: Some((50_000, 700_000)), ..Fake::default() }, AtomicBool::new(false));
        let mut pacer = Pacer::new(&clock, &stop, MARGIN);
        assert!(pacer.wait_until(90_000) >= 750_000);
        assert_eq!(pacer.meter.stalls, 1);
        assert!((700_000..700_100).contains(&pacer.meter.stalled));
        // What has passed is not waited for, and the clock is not turned back.
        assert!(pacer.wait_until(100_000) >= 750_000);
    }

    /// Others had the processor for a while because they were let: that is no stall. A wait that began with a
    /// sleep holds the processor.
    #[test]
    fn who_gives_way_is_not_disturbed() {
        let (clock, stop) =
            (Fake { read: 30, stall: Some((50_000, 700_000)), ..Fake::default() }, AtomicBool::new(false));
        let mut pacer = Pacer { gives_way: true, ..Pacer::new(&clock, &stop, MARGIN) };
        assert!(pacer.wait_until(90_000) >= 750_000);
        assert_eq!(pacer.meter, Meter::default());
        pacer.wait_until(2_000_000);
        assert!(pacer.meter.spun > 0);
    }

    /// A clock that goes back once.
    struct Unsteady(AtomicU64);

    impl Clock for Unsteady {
        fn now(&self) -> u64 {
            let look = self.0.fetch_add(1, Ordering::Relaxed);
            if look == 3 { 50 } else { 100 * look }
        }

        fn sleep_until(&self, _: u64) {}

        fn relax(&self) {}

        fn give_way(&self) {}
    }

    #[test]
    fn a_clock_that_goes_back_is_told_and_not_followed() {
        let (clock, stop) = (Unsteady(AtomicU64::new(0)), AtomicBool::new(false));
        let mut pacer = Pacer::new(&clock, &stop, MARGIN);
        assert_eq!(pacer.wait_until(1_000), 1_000);
        assert_eq!((pacer.meter.inversions, pacer.meter.stalls), (1, 0));
    }

    #[test]
    fn a_stopped_pacer_waits_no_more() {
        let (clock, stop) = (Fake { read: 30, ..Fake::default() }, AtomicBool::new(true));
        assert!(Pacer::new(&clock, &stop, MARGIN).wait_until(u64::MAX) < 1_000);
    }
}

//! The one clock of a measurement, and a false one to test the harness by.

use super::system;

/// Monotonic time. Called by every thread of a run, between messages and inside spin loops, so reading must
/// be cheap.
pub(super) trait Clock: Sync {
    /// Nanoseconds from a fixed instant; never decreasing on one thread.
    fn now(&self) -> u64;

    /// Gives the processor away until an instant. May return late, never early.
    fn sleep_until(&self, instant: u64);

    /// Told once an iteration of a spin loop.
    fn relax(&self);

    /// Lets others have the processor who want it now.
    fn give_way(&self);
}

/// `CLOCK_MONOTONIC`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Monotonic;

impl Clock for Monotonic {
    #[inline]
    fn now(&self) -> u64 {
        system::monotonic()
    }

    fn sleep_until(&self, instant: u64) {
        system::sleep_until(instant);
    }

    #[inline]
    fn relax(&self) {
        std::hint::spin_loop();
    }

    fn give_way(&self) {
        std::thread::yield_now();
    }
}

/// How often a waiting thread looks in so many nanoseconds, if nobody disturbs it.
pub(super) fn looks(nanos: u64) -> u32 {
    const LOOKS: u32 = 10_000;
    let once = || {
        let from = Monotonic.now();
        (0..LOOKS).for_each(|_| std::hint::spin_loop());
        Monotonic.now().saturating_sub(from)
    };
    let took = (0..5).map(|_| once()).min().unwrap_or(0).max(1);
    u32::try_from(u128::from(nanos) * u128::from(LOOKS) / u128::from(took)).unwrap_or(u32::MAX)
}

#[cfg(test)]
pub(super) use fake::Fake;

#[cfg(test)]
mod fake {
    use super::Clock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Time that moves only when somebody looks or sleeps, and stands still for the program when told to.
    #[derive(Debug, Default)]
    pub(crate) struct Fake {
        pub now: AtomicU64,
        /// What one look costs.
        pub read: u64,
        /// How late every sleep returns.
        pub oversleep: u64,
        /// An instant and for how long the host then forgets the program.
        pub stall: Option<(u64, u64)>,
    }

    impl Fake {
        fn advance(&self, to: u64) -> u64 {
            let from = self.now.load(Ordering::Relaxed);
            let to = match self.stall {
                Some((at, lasts)) if from < at && to >= at => to.max(at + lasts),
                _ => to,
            };
            self.now.store(to, Ordering::Relaxed);
            to
        }
    }

    impl Clock for Fake {
        fn now(&self) -> u64 {
            self.advance(self.now.load(Ordering::Relaxed) + self.read)
        }

        fn sleep_until(&self, instant: u64) {
            let now = self.now.load(Ordering::Relaxed);
            self.advance(now.max(instant) + self.oversleep);
        }

        fn relax(&self) {}

        fn give_way(&self) {}
    }
}

//! How threads wait for the lock, for messages and for room, and who wakes them.
//!
//! On a machine with fewer processors than threads a waiter that only looks keeps away the very thread that
//! it waits for, and one that sleeps at once costs a wake-up for every batch. So a waiter looks, then lets
//! others run a few times, then sleeps.

use super::{Inner, NEVER, Queue};
use crate::queue::delivery::Delivery;
use crate::queue::sync::{MutexGuard, Ordering, Thread, park, park_timeout, spin_loop, yield_now};
use std::time::Duration;

/// How often a thread that finds the lock taken stays away, twice as long each time: half a hundred
/// microseconds in the end, which is what sleeping would cost. A hand-over of the lock between processors
/// costs as much as twenty messages, so the present holder is best left alone with what it has in its cache.
const ROUNDS: u32 = 11;
/// How often others may run instead before a waiter sleeps: a fraction of a microsecond where nobody wants
/// to.
const YIELDS: u32 = 4;

/// How a wait for messages ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    Taken,
    /// The patience was over.
    InVain,
    /// There will never be any again.
    Exhausted,
}

impl<T: Clone> Queue<T> {
    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.try_lock().unwrap_or_else(|| self.lock_slowly())
    }

    #[cold]
    fn lock_slowly(&self) -> MutexGuard<'_, Inner<T>> {
        for round in 0..ROUNDS {
            (0..1_u32 << round).for_each(|_| spin_loop());
            if !self.inner.is_locked()
                && let Some(inner) = self.inner.try_lock()
            {
                return inner;
            }
        }
        self.inner.lock()
    }

    /// Waits for messages until an instant and takes them: looking first, then asleep.
    pub(super) fn await_ready(
        &self,
        inner: &mut MutexGuard<'_, Inner<T>>,
        max: usize,
        out: &mut Vec<Delivery<T>>,
        until: u64,
    ) -> Waited {
        let now = self.now_if_needed(inner);
        if inner.state.consume(max, now, out) > 0 {
            return Waited::Taken;
        }
        inner.state.begin_wait();
        inner.bite = max.max(1) as u64;
        let mut looks = self.spins;
        let waited = loop {
            if inner.halted || inner.state.is_exhausted() {
                break Waited::Exhausted;
            }
            if inner.state.has_lost() {
                let lost = inner.state.take_lost();
                MutexGuard::unlocked(inner, || lost.into_iter().for_each(|l| (self.on_loss)(l)));
            } else if looks > 0 {
                inner.looking += 1;
                self.step_out(inner, || self.look(&mut looks));
                inner.looking -= 1;
            } else {
                self.sleep(inner, until);
            }
            let now = self.now_if_needed(inner);
            if inner.state.consume(max, now, out) > 0 {
                break Waited::Taken;
            }
            if until != NEVER && (self.now)() >= until {
                break Waited::InVain;
            }
        };
        inner.state.end_wait();
        waited
    }

    /// Looks at the hint until it says something or the patience is over.
    fn look(&self, looks: &mut u32) {
        // First of all somebody else: a publisher that has no processor has nothing to be seen.
        yield_now();
        while *looks > 0 && !self.hint.says() {
            spin_loop();
            *looks -= 1;
        }
        // A hint that somebody else used up costs a look, so that a busy queue cannot keep a consumer here
        // for ever.
        *looks = looks.saturating_sub(1);
        for _ in 0..YIELDS {
            if self.hint.says() {
                break;
            }
            yield_now();
        }
    }

    /// Sleeps until somebody publishes, something happens by itself, or the instant has come.
    fn sleep(&self, inner: &mut MutexGuard<'_, Inner<T>>, until: u64) {
        let until = until.min(inner.state.next_timer().unwrap_or(NEVER));
        inner.idle.lie_down();
        if until == NEVER {
            self.step_out(inner, park);
        } else {
            inner.armed = inner.armed.min(until);
            let left = until.saturating_sub((self.now)());
            self.step_out(inner, || park_timeout(Duration::from_nanos(left)));
            // Who else sleeps until when is not known: the next to leave wakes somebody to look.
            inner.armed = NEVER;
        }
        inner.idle.rise();
    }

    /// Waits until somebody makes room, having told consumers of what was published so far.
    pub(super) fn wait_for_room(&self, inner: &mut MutexGuard<'_, Inner<T>>) {
        for _ in 0..YIELDS {
            self.step_out(inner, yield_now);
            if inner.state.has_room_to_wake() || inner.state.is_closed() {
                return;
            }
        }
        inner.blocked.lie_down();
        self.step_out(inner, park);
        inner.blocked.rise();
    }

    /// Does something without the lock, having told those whom it concerns how things stand.
    fn step_out(&self, inner: &mut MutexGuard<'_, Inner<T>>, work: impl FnOnce()) {
        let called = self.tell(inner);
        MutexGuard::unlocked(inner, || {
            called.wake();
            work();
        });
    }

    /// Lets go of the lock, having told those whom it concerns how things stand, and reports what was lost.
    #[inline]
    pub(super) fn leave(&self, mut inner: MutexGuard<'_, Inner<T>>) {
        let called = self.tell(&mut inner);
        let lost = if inner.state.has_lost() { inner.state.take_lost() } else { Vec::new() };
        drop(inner);
        called.wake();
        lost.into_iter().for_each(|l| (self.on_loss)(l));
    }

    /// Tells those who look, and calls those who sleep and have something to come for.
    #[inline]
    fn tell(&self, inner: &mut Inner<T>) -> Called {
        self.hint.say(inner.state.counts().ready > 0 || inner.all_go());
        Called { consumer: inner.call_consumers(), publisher: inner.call_publisher() }
    }
}

/// Those who are to be woken as soon as the lock is free.
struct Called {
    consumer: Option<Thread>,
    publisher: Option<Thread>,
}

impl Called {
    #[inline]
    fn wake(&self) {
        for sleeper in [&self.consumer, &self.publisher].into_iter().flatten() {
            sleeper.unpark();
        }
    }
}

impl<T: Clone> Inner<T> {
    /// Whether nobody has anything to wait for.
    fn all_go(&self) -> bool {
        self.halted || self.state.is_exhausted()
    }

    /// Calls consumers for the ready messages beyond what those that are looking or on their way will take,
    /// for a timer that nobody waits for, or for good. Each looks under the lock and calls further ones as it
    /// leaves, so that too few are never too few for long.
    #[inline]
    fn call_consumers(&mut self) -> Option<Thread> {
        if self.idle.is_empty() {
            return None;
        }
        if self.all_go() {
            return self.idle.call_all();
        }
        let timer = self.state.next_timer().is_some_and(|at| at < self.armed);
        let awake = self.looking + self.idle.coming();
        let ready = self.state.counts().ready.div_ceil(self.bite).saturating_sub(awake);
        self.idle.call(ready.max(u64::from(timer && self.idle.coming() == 0)))
    }

    /// Calls a publisher if there is room enough, whoever stands waiting for a message being room, too; all
    /// of them if there will be none.
    #[inline]
    fn call_publisher(&mut self) -> Option<Thread> {
        if self.blocked.is_empty() {
            return None;
        }
        if self.state.is_closed() {
            return self.blocked.call_all();
        }
        if self.state.has_room_to_wake() { self.blocked.call(1) } else { None }
    }
}

impl super::WaitingFlag {
    fn says(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Written under the lock alone, and only where it changes.
    #[inline]
    fn say(&self, what: bool) {
        if self.0.load(Ordering::Relaxed) != what {
            self.0.store(what, Ordering::Release);
        }
    }
}

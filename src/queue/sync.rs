//! Everything that threads meet at, in one place, so that a test can put a scheduler of its own beneath it.

#[cfg(not(all(test, shuttle)))]
pub(super) use parking_lot::{Mutex, MutexGuard};
#[cfg(not(all(test, shuttle)))]
pub(super) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread::{Thread, current, park, park_timeout, yield_now},
};

#[cfg(all(test, shuttle))]
pub use scheduled::*;

/// The same under the scheduler of the crate `shuttle`, which tries one order of steps after the other.
#[cfg(all(test, shuttle))]
mod scheduled {
    pub use shuttle::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    pub use shuttle::thread::{Thread, current, park, park_timeout, yield_now};
    use std::ops::{Deref, DerefMut};

    /// Nothing passes while one looks: others have had their turn by then or not.
    pub fn spin_loop() {}

    pub struct Mutex<T>(shuttle::sync::Mutex<T>);

    pub struct MutexGuard<'a, T> {
        mutex: &'a Mutex<T>,
        guard: Option<shuttle::sync::MutexGuard<'a, T>>,
    }

    impl<T> Mutex<T> {
        pub fn new(inner: T) -> Self {
            Mutex(shuttle::sync::Mutex::new(inner))
        }

        pub fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard { mutex: self, guard: Some(self.0.lock().expect("no thread panics")) }
        }

        pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            self.0.try_lock().ok().map(|guard| MutexGuard { mutex: self, guard: Some(guard) })
        }

        pub fn is_locked(&self) -> bool {
            false
        }
    }

    impl<T> MutexGuard<'_, T> {
        pub fn unlocked<U>(this: &mut Self, work: impl FnOnce() -> U) -> U {
            this.guard = None;
            // Letting go is no step to this scheduler; here others may come before the work.
            shuttle::thread::yield_now();
            let done = work();
            this.guard = this.mutex.lock().guard;
            done
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            self.guard.as_ref().expect("it is held outside of `unlocked`")
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.guard.as_mut().expect("it is held outside of `unlocked`")
        }
    }
}

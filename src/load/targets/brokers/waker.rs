//! Futures that a plain thread waits for: their waker unparks it, so that nothing lies between a client and
//! the thread that waits for a delivery.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Wakes a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// A waker that unparks a thread.
pub(in crate::load::targets) fn waker_of(thread: Thread) -> Waker {
    Arc::new(Unpark(thread)).into()
}

/// Waits for a future's result in this thread, but no longer than so.
pub(in crate::load::targets) fn wait_for<T>(what: impl Future<Output = T>, limit: Duration) -> Option<T> {
    let (waker, until) = (waker_of(std::thread::current()), Instant::now() + limit);
    let mut what = pin!(what);
    loop {
        if let Poll::Ready(result) = what.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(result);
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        std::thread::park_timeout(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_is_waited_for_and_one_that_never_comes_is_given_up() {
        assert_eq!(wait_for(std::future::ready(7), Duration::ZERO), Some(7));
        assert_eq!(wait_for(std::future::pending::<()>(), Duration::from_millis(1)), None);
    }
}

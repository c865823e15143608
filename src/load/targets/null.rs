//! No queue at all: messages are numbers, so two counters pass them on. What it measures is the harness.

use super::{Delivery, Direct, Opening, PublishRequest, Sent, SharedQueue, Subscription, Target};
use crate::load::LoadError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

struct Null {
    published: AtomicU64,
    taken: AtomicU64,
    acked: AtomicU64,
    closed: AtomicBool,
}

pub(super) fn open(_: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    Ok(Box::new(Direct(Null { published: 0.into(), taken: 0.into(), acked: 0.into(), closed: false.into() })))
}

impl SharedQueue for Null {
    fn publish(&self, _queue: usize, request: &PublishRequest) -> Sent {
        self.published.store(request.message + 1, Ordering::Release);
        Sent::Accepted
    }

    fn consume(&self, _of: Subscription, _most: usize, out: &mut Vec<Delivery>) -> bool {
        let mut looks = 0_u32;
        loop {
            let message = self.taken.load(Ordering::Relaxed);
            if message < self.published.load(Ordering::Acquire) {
                if self
                    .taken
                    .compare_exchange_weak(message, message + 1, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok()
                {
                    out.push(Delivery { message, deliveries: 1, tag: 0, part: 0, until: u64::MAX });
                    return true;
                }
            } else if self.closed.load(Ordering::Acquire) && message >= self.published.load(Ordering::Acquire)
            {
                return false;
            } else if looks < 1_000 {
                looks += 1;
                std::hint::spin_loop();
            } else {
                // Others may need the processor, the generator first of all.
                std::thread::yield_now();
            }
        }
    }

    fn ack(&self, _queue: usize, _delivery: &Delivery) -> bool {
        self.acked.fetch_add(1, Ordering::Relaxed);
        true
    }

    fn close(&self, _queue: usize) {
        self.closed.store(true, Ordering::Release);
    }

    fn halt(&self) {
        self.close(0);
    }

    fn in_system(&self, _queue: usize) -> Option<u64> {
        let acked = self.acked.load(Ordering::Acquire);
        Some(self.published.load(Ordering::Acquire).saturating_sub(acked))
    }
}

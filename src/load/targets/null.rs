//! No queue at all: messages are numbers, so two counters pass them on. What it measures is the harness.

use super::{Sent, Taken, Target};
use crate::load::LoadError;
use crate::scenario::Scenario;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

struct Null {
    published: AtomicU64,
    taken: AtomicU64,
    acked: AtomicU64,
    closed: AtomicBool,
}

pub(super) fn open(scenario: &Scenario, _messages: usize) -> Result<Box<dyn Target>, LoadError> {
    if scenario.queues.len() != 1 || scenario.queues[0].max_length.is_some() {
        return Err(LoadError::Unsupported {
            what: "the null target has one queue without bound".into(),
            instead: "measure with target = \"in-process\"".into(),
        });
    }
    Ok(Box::new(Null { published: 0.into(), taken: 0.into(), acked: 0.into(), closed: false.into() }))
}

impl Target for Null {
    fn publish(&self, _queue: usize, message: u64) -> Sent {
        self.published.store(message + 1, Ordering::Release);
        Sent::Accepted
    }

    fn consume(&self, _queue: usize) -> Option<Taken> {
        let mut looks = 0_u32;
        loop {
            let message = self.taken.load(Ordering::Relaxed);
            if message < self.published.load(Ordering::Acquire) {
                if self.taken.compare_exchange_weak(message, message + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                    return Some(Taken { message, deliveries: 1, tag: 0 });
                }
            } else if self.closed.load(Ordering::Acquire) && message >= self.published.load(Ordering::Acquire) {
                return None;
            } else if looks < 1_000 {
                looks += 1;
                std::hint::spin_loop();
            } else {
                // Others may need the processor, the generator first of all.
                std::thread::yield_now();
            }
        }
    }

    fn ack(&self, _queue: usize, _taken: &Taken) -> bool {
        self.acked.fetch_add(1, Ordering::Relaxed);
        true
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    fn in_system(&self, _queue: usize) -> Option<u64> {
        let acked = self.acked.load(Ordering::Acquire);
        Some(self.published.load(Ordering::Acquire).saturating_sub(acked))
    }

    fn dropped(&self) -> Vec<(u64, u64)> {
        Vec::new()
    }
}

//! The queue that everybody writes first: a deque, the standard library's lock, a condition. Every send takes the lock and wakes somebody.

use super::{Direct, Offer, Sent, SharedQueue, Subscription, Taken, Target};
use crate::load::LoadError;
use crate::scenario::{Overflow, Scenario};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

struct Plain(Vec<Lane>);

struct Lane {
    inner: Mutex<Inner>,
    arrived: Condvar,
    freed: Condvar,
    room: Option<usize>,
    waits: bool,
}

#[derive(Default)]
struct Inner {
    ready: VecDeque<u64>,
    unacked: u64,
    closed: bool,
}

pub(super) fn open(scenario: &Scenario, messages: usize) -> Result<Box<dyn Target>, LoadError> {
    let lanes = scenario.queues.iter().map(|queue| Lane {
        inner: Mutex::new(Inner { ready: VecDeque::with_capacity(messages), ..Inner::default() }),
        arrived: Condvar::new(),
        freed: Condvar::new(),
        room: queue.max_length.map(|m| usize::try_from(m).unwrap_or(usize::MAX)),
        waits: queue.overflow == Overflow::Block,
    });
    Ok(Box::new(Direct(Plain(lanes.collect()))))
}

impl Lane {
    /// A thread that panicked leaves a deque that is whole.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedQueue for Plain {
    fn publish(&self, queue: usize, offer: &Offer) -> Sent {
        let lane = &self.0[queue];
        let mut inner = lane.lock();
        while !inner.closed && lane.room.is_some_and(|room| inner.ready.len() >= room) {
            if !lane.waits {
                return Sent::Rejected;
            }
            inner = lane.freed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        if inner.closed {
            return Sent::Closed;
        }
        inner.ready.push_back(offer.message);
        drop(inner);
        lane.arrived.notify_one();
        Sent::Accepted
    }

    fn consume(&self, Subscription { queue, .. }: Subscription, _most: usize, out: &mut Vec<Taken>) -> bool {
        let lane = &self.0[queue];
        let mut inner = lane.lock();
        loop {
            if let Some(message) = inner.ready.pop_front() {
                inner.unacked += 1;
                drop(inner);
                lane.freed.notify_one();
                out.push(Taken { message, deliveries: 1, tag: 0, part: 0, until: u64::MAX });
                return true;
            }
            if inner.closed {
                return false;
            }
            inner = lane.arrived.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn ack(&self, queue: usize, _taken: &Taken) -> bool {
        self.0[queue].lock().unacked -= 1;
        true
    }

    fn close(&self, queue: usize) {
        self.0[queue].lock().closed = true;
        self.0[queue].arrived.notify_all();
        self.0[queue].freed.notify_all();
    }

    fn halt(&self) {
        (0..self.0.len()).for_each(|queue| self.close(queue));
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        let inner = self.0[queue].lock();
        Some(inner.ready.len() as u64 + inner.unacked)
    }
}

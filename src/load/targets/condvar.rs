//! The queue that everybody writes first: a deque, the standard library's lock, a condition. Every send takes
//! the lock and wakes somebody.

use super::{Delivery, Direct, Opening, PublishRequest, Sent, SharedQueue, Subscription, Target};
use crate::load::LoadError;
use crate::scenario::Overflow;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

struct LockedQueues(Vec<LockedQueue>);

struct LockedQueue {
    inner: Mutex<CondvarState>,
    arrived: Condvar,
    freed: Condvar,
    room: Option<usize>,
    waits: bool,
}

#[derive(Default)]
struct CondvarState {
    ready: VecDeque<u64>,
    unacked: u64,
    closed: bool,
}

pub(super) fn open(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    let messages = opening.messages;
    let queues = opening.scenario.queues.iter().map(|queue| LockedQueue {
        inner: Mutex::new(CondvarState {
            ready: VecDeque::with_capacity(messages),
            ..CondvarState::default()
        }),
        arrived: Condvar::new(),
        freed: Condvar::new(),
        room: queue.max_length.map(|m| usize::try_from(m).unwrap_or(usize::MAX)),
        waits: queue.overflow == Overflow::Block,
    });
    Ok(Box::new(Direct(LockedQueues(queues.collect()))))
}

impl LockedQueue {
    /// A thread that panicked leaves a deque that is whole.
    fn lock(&self) -> MutexGuard<'_, CondvarState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedQueue for LockedQueues {
    fn publish(&self, queue: usize, request: &PublishRequest) -> Sent {
        let queue = &self.0[queue];
        let mut inner = queue.lock();
        while !inner.closed && queue.room.is_some_and(|room| inner.ready.len() >= room) {
            if !queue.waits {
                return Sent::Rejected;
            }
            inner = queue.freed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        if inner.closed {
            return Sent::Closed;
        }
        inner.ready.push_back(request.message);
        drop(inner);
        queue.arrived.notify_one();
        Sent::Accepted
    }

    fn consume(
        &self,
        Subscription { queue, .. }: Subscription,
        _most: usize,
        out: &mut Vec<Delivery>,
    ) -> bool {
        let queue = &self.0[queue];
        let mut inner = queue.lock();
        loop {
            if let Some(message) = inner.ready.pop_front() {
                inner.unacked += 1;
                drop(inner);
                queue.freed.notify_one();
                out.push(Delivery { message, deliveries: 1, tag: 0, part: 0, until: u64::MAX });
                return true;
            }
            if inner.closed {
                return false;
            }
            inner = queue.arrived.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn ack(&self, queue: usize, _delivery: &Delivery) -> bool {
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

//! Threads that sleep until they are called, the one that has slept longest first.

use crate::queue::sync::{Thread, current};
use std::collections::VecDeque;

#[derive(Debug, Default)]
pub(super) struct Sleepers {
    line: VecDeque<Thread>,
    /// Those who have been called and are not here yet.
    coming: u64,
}

impl Sleepers {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    pub(super) fn asleep(&self) -> u64 {
        self.line.len() as u64
    }

    pub(super) fn coming(&self) -> u64 {
        self.coming
    }

    /// The calling thread will sleep.
    pub(super) fn lie_down(&mut self) {
        self.line.push_back(current());
    }

    /// The calling thread is here again, called or not.
    pub(super) fn rise(&mut self) {
        let me = current().id();
        match self.line.iter().position(|sleeper| sleeper.id() == me) {
            Some(at) => drop(self.line.remove(at)),
            None => self.coming -= 1,
        }
    }

    /// Calls so many. The last is given back, to be woken when the lock is free: it would only run into it.
    pub(super) fn call(&mut self, count: u64) -> Option<Thread> {
        let mut last: Option<Thread> = None;
        for _ in 0..count {
            let Some(next) = self.line.pop_front() else { break };
            self.coming += 1;
            if let Some(before) = last.replace(next) {
                before.unpark();
            }
        }
        last
    }

    pub(super) fn call_all(&mut self) -> Option<Thread> {
        self.call(self.asleep())
    }
}

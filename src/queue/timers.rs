//! What will happen to messages by itself: a lease that ends, a delay that is over.

use super::slots::Tag;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A timer's message: which one, and in which of its deliveries. One that has moved on since makes the timer
/// void.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timer {
    pub at: u64,
    /// Its number among all that were ever set.
    pub number: u64,
    pub tag: Tag,
}

/// Timers, the earliest first, those of one instant as they were set. Void ones stay until their instant
/// comes.
#[derive(Debug, Clone, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<Timer>>,
    set: u64,
}

impl Timers {
    /// Sets a timer and returns its number.
    pub(super) fn set(&mut self, at: u64, tag: Tag) -> u64 {
        let number = self.set;
        self.heap.push(Reverse(Timer { at, number, tag }));
        self.set += 1;
        number
    }

    pub(super) fn next(&self) -> Option<u64> {
        self.heap.peek().map(|t| t.0.at)
    }

    /// The next timer whose instant has come.
    pub(super) fn due(&mut self, now: u64) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|t| t.0)
    }
}

//! Prefetch as brokers do it: messages are dispatched to the consumers in turn, as long as their windows have
//! room.
//!
//! A broker knows how many messages a consumer holds, not whether it is busy; so a message goes to the next
//! window in turn and waits there, behind that consumer's work alone.

use super::delivery::Delivery;
use super::shell::Queue;
use crate::discipline::in_turn;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::collections::VecDeque;

/// Dispatches a queue's messages to the prefetch windows of its consumers.
pub struct PrefetchDispatcher<T> {
    windows: Mutex<Windows<T>>,
    /// A window has room again.
    room: Condvar,
    /// By consumer: something is in its window.
    filled: Vec<Condvar>,
}

struct Windows<T> {
    each: Vec<Window<T>>,
    turn: usize,
    /// Nothing more will be dispatched.
    over: bool,
}

struct Window<T> {
    /// Messages that its consumer has not settled, and the most that it may hold.
    held: u32,
    most: u32,
    waiting: VecDeque<Delivery<T>>,
}

impl<T: Clone> PrefetchDispatcher<T> {
    /// Windows of so many messages, one for each consumer.
    pub fn new(windows: impl IntoIterator<Item = u32>) -> Self {
        let each: Vec<Window<T>> = windows
            .into_iter()
            .map(|most| Window {
                held: 0,
                most,
                waiting: VecDeque::with_capacity(most.min(1 << 16) as usize),
            })
            .collect();
        let filled = each.iter().map(|_| Condvar::new()).collect();
        PrefetchDispatcher {
            windows: Mutex::new(Windows { each, turn: 0, over: false }),
            room: Condvar::new(),
            filled,
        }
    }

    /// Dispatches a queue's messages until there will never be any again. The life of a thread.
    ///
    /// # Panics
    /// Never: it alone fills windows.
    pub fn dispatch(&self, queue: &Queue<T>) {
        let mut deliveries = Vec::with_capacity(1);
        loop {
            let waited = {
                let mut windows = self.windows.lock();
                let mut waited = false;
                while windows.in_turn().is_none() && !windows.over {
                    self.room.wait(&mut windows);
                    waited = true;
                }
                waited
            };
            let more = queue.consume(1, &mut deliveries);
            let mut windows = self.windows.lock();
            let Some(delivery) = deliveries.pop().filter(|_| more && !windows.over) else {
                windows.over = true;
                drop(windows);
                return self.filled.iter().for_each(|consumer| _ = consumer.notify_all());
            };
            let place = windows.in_turn().expect("only this thread fills windows, and one had room");
            // If a consumer freed the place that was waited for, the round-robin does not advance.
            windows.turn = if waited { windows.turn } else { place + 1 };
            windows.each[place].held += 1;
            windows.each[place].waiting.push_back(delivery);
            drop(windows);
            self.filled[place].notify_one();
        }
    }

    /// The next message of a consumer's window; `None` when there will never be one again.
    pub fn take(&self, consumer: usize) -> Option<Delivery<T>> {
        let mut windows = self.windows.lock();
        loop {
            let next = windows.each[consumer].waiting.pop_front();
            if next.is_some() || windows.over {
                return next;
            }
            self.filled[consumer].wait(&mut windows);
        }
    }

    /// A consumer has settled a message: there is room for another.
    pub fn settled(&self, consumer: usize) {
        let mut windows = self.windows.lock();
        let window = &mut windows.each[consumer];
        window.held = window.held.saturating_sub(1);
        MutexGuard::unlocked(&mut windows, || self.room.notify_one());
    }

    /// Stops dispatching.
    pub fn halt(&self) {
        self.windows.lock().over = true;
        self.room.notify_all();
        self.filled.iter().for_each(|consumer| _ = consumer.notify_all());
    }
}

impl<T> Windows<T> {
    /// Whose turn it is, among those that have room.
    fn in_turn(&self) -> Option<usize> {
        in_turn(self.turn, self.each.len(), |place| self.each[place].held < self.each[place].most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Settings;

    #[test]
    fn messages_are_dispatched_in_turn_and_a_full_window_gets_none() {
        let queue = Queue::new(Settings::default(), || 0, |_| {});
        let dispatcher = PrefetchDispatcher::new([2, 1]);
        (0..5).for_each(|n| _ = queue.publish(n).expect("there is no bound"));
        std::thread::scope(|scope| {
            scope.spawn(|| dispatcher.dispatch(&queue));
            let take = |consumer| dispatcher.take(consumer).map(|d| (d.body, d.tag)).expect("dispatched");
            let (first, second, third) = (take(0), take(1), take(0));
            // Windows of two and of one are full now: who settles gets the next of the line.
            assert_eq!((first.0, second.0, third.0), (0, 1, 2));
            let settle = |consumer, tag| {
                queue.ack(tag).expect("it was just delivered");
                dispatcher.settled(consumer);
            };
            settle(1, second.1);
            let fourth = take(1);
            settle(0, third.1);
            let fifth = take(0);
            assert_eq!((fourth.0, fifth.0), (3, 4));
            queue.close();
            [(0, first.1), (1, fourth.1), (0, fifth.1)]
                .into_iter()
                .for_each(|(consumer, tag)| settle(consumer, tag));
            assert!(dispatcher.take(0).is_none() && dispatcher.take(1).is_none());
        });
    }
}

//! What an adapter counts itself: brokers do not tell, or tell it late.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Messages inside, by queue of the scenario: accepted or on their way, and neither settled nor lost.
#[derive(Debug)]
pub(in crate::load::targets) struct MessagesInside {
    each: Vec<EnteredAndLeft>,
}

#[derive(Debug, Default)]
struct EnteredAndLeft {
    entered: AtomicU64,
    left: AtomicU64,
}

impl MessagesInside {
    pub(in crate::load::targets) fn new(queues: usize) -> Self {
        MessagesInside { each: (0..queues).map(|_| EnteredAndLeft::default()).collect() }
    }

    /// A message is on its way into a queue.
    pub(in crate::load::targets) fn enter(&self, queue: usize) {
        self.each[queue].entered.fetch_add(1, Ordering::SeqCst);
    }

    /// A message was settled, lost, or not accepted after all.
    pub(in crate::load::targets) fn leave(&self, queue: usize) {
        self.each[queue].left.fetch_add(1, Ordering::SeqCst);
    }

    /// Messages inside.
    pub(in crate::load::targets) fn inside(&self, queue: usize) -> u64 {
        // What has left had entered.
        let left = self.each[queue].left.load(Ordering::SeqCst);
        self.each[queue].entered.load(Ordering::SeqCst).saturating_sub(left)
    }
}

/// How often messages were given back, where the broker only says that a message comes again.
#[derive(Debug, Default)]
pub(in crate::load::targets) struct Redeliveries {
    returned: Mutex<HashMap<(usize, u64), u32>>,
}

impl Redeliveries {
    /// A message was given back to a queue.
    pub(in crate::load::targets) fn returned(&self, queue: usize, message: u64) {
        *self.returned.lock().entry((queue, message)).or_default() += 1;
    }

    /// A message went back to a queue that no server had had.
    pub(in crate::load::targets) fn untouched(&self, queue: usize, message: u64) {
        self.returned.lock().entry((queue, message)).or_default();
    }

    /// How often a message has been delivered, of which the broker says whether it was before.
    pub(in crate::load::targets) fn deliveries(&self, queue: usize, message: u64, redelivered: bool) -> u32 {
        // What comes again although nobody gave it back had been delivered once.
        1 + self.returned.lock().get(&(queue, message)).copied().unwrap_or(u32::from(redelivered))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_inside_until_they_leave() {
        let counts = MessagesInside::new(2);
        counts.enter(1);
        counts.enter(1);
        counts.leave(1);
        assert_eq!((counts.inside(0), counts.inside(1)), (0, 1));
        let redeliveries = Redeliveries::default();
        redeliveries.returned(0, 7);
        redeliveries.returned(0, 7);
        redeliveries.untouched(0, 8);
        let deliveries = |queue, message| redeliveries.deliveries(queue, message, true);
        assert_eq!((deliveries(0, 7), deliveries(1, 7), deliveries(0, 8)), (3, 2, 1));
        assert_eq!(redeliveries.deliveries(1, 7, false), 1);
    }
}

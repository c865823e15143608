//! Keys that are locked while a message of theirs is in progress: a server that takes another puts it aside,
//! and who is done with the first takes it up.
//!
//! What is put aside came before all that waits in the queue, so that a free server takes the oldest message
//! whose key is not locked, as in the simulation.

use super::targets::Delivery;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};

/// The locks of one queue.
#[derive(Debug, Default)]
pub(super) struct KeyLocks {
    lines: Mutex<HashMap<u32, LockedKey>>,
}

/// A key of which a message is in progress, or waits to be delivered again.
#[derive(Debug)]
struct LockedKey {
    held_by: u64,
    aside: BTreeMap<u64, Delivery>,
}

impl KeyLocks {
    /// Locks the key of a message that was taken, or puts the message aside if another has locked it. Says
    /// whether it is to be worked on now.
    pub(super) fn enter(&self, key: u32, delivery: &Delivery) -> bool {
        let mut lines = self.lines.lock();
        let line =
            lines.entry(key).or_insert(LockedKey { held_by: delivery.message, aside: BTreeMap::new() });
        let mine = line.held_by == delivery.message;
        if !mine {
            line.aside.insert(delivery.message, *delivery);
        }
        mine
    }

    /// A message has left its queue: gives the next of its key, which now holds the lock.
    pub(super) fn leave(&self, key: u32) -> Option<Delivery> {
        let mut lines = self.lines.lock();
        let line = lines.get_mut(&key)?;
        let next = line.aside.pop_first();
        match &next {
            Some((message, _)) => line.held_by = *message,
            None => _ = lines.remove(&key),
        }
        next.map(|(_, delivery)| delivery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_key_follow_one_another() {
        let locks = KeyLocks::default();
        let delivery = |message| Delivery { message, deliveries: 1, tag: 0, part: 0, until: u64::MAX };
        assert!(locks.enter(7, &delivery(0)) && locks.enter(8, &delivery(1)));
        assert!(!locks.enter(7, &delivery(5)) && !locks.enter(7, &delivery(3)));
        // It comes again.
        assert!(locks.enter(7, &delivery(0)));
        let next = |key| locks.leave(key).map(|delivery| delivery.message);
        assert_eq!([next(8), next(7), next(7), next(7)], [None, Some(3), Some(5), None]);
        assert!(locks.enter(7, &delivery(9)) && locks.lines.lock().len() == 1);
    }
}

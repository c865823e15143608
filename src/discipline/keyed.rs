//! One message of a key at a time: the oldest whose key is not locked.

use super::{ServiceOrder, Ticket};
use std::collections::{BTreeSet, HashMap};

/// A message of a queue, by its place and its slot: those of smaller places came before.
type Placed = (u64, u32);

/// In order of arrival, but for messages of a key of which another is in progress. The ticket's key is not
/// looked at: a message's key is told beforehand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keyed {
    /// By slot.
    keys: Vec<u32>,
    lines: HashMap<u32, KeyLine>,
    /// The first of each key that is not locked, with its key.
    ready: BTreeSet<(Placed, u32)>,
    tickets: usize,
    /// The key whose message was taken last.
    last: u32,
}

/// Messages of one key.
#[derive(Debug, Clone, Default)]
struct KeyLine {
    /// The message in progress.
    held_by: Option<u32>,
    waiting: BTreeSet<Placed>,
}

impl Keyed {
    /// A message of a key has come.
    pub(crate) fn meet(&mut self, slot: u32, key: u32) {
        if self.keys.len() <= slot as usize {
            self.keys.resize(slot as usize + 1, 0);
        }
        self.keys[slot as usize] = key;
    }

    /// Whether a message that has come may be taken before all that wait.
    pub(crate) fn is_free(&self, slot: u32) -> bool {
        self.lines.get(&self.keys[slot as usize]).is_none_or(|line| match line.held_by {
            Some(other) => other == slot,
            None => line.waiting.is_empty(),
        })
    }

    /// Locks the key of a message that is taken without a place in the line.
    pub(crate) fn lock(&mut self, slot: u32) {
        self.lines.entry(self.keys[slot as usize]).or_default().held_by = Some(slot);
    }

    /// A message has left: its key is free if it was the one that locked it. Who left the line, because it
    /// has expired, holds up nobody of its key that comes after it.
    pub(crate) fn leave(&mut self, place: u64, slot: u32) {
        let key = self.keys[slot as usize];
        let Some(line) = self.lines.get_mut(&key) else { return };
        if line.waiting.remove(&(place, slot)) {
            self.tickets -= 1;
            if line.held_by.is_none() {
                self.ready.remove(&((place, slot), key));
                self.release(key);
            }
        } else if line.held_by == Some(slot) {
            self.release(key);
        }
    }

    /// Whether somebody could be taken.
    pub(crate) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    fn release(&mut self, key: u32) {
        let Some(line) = self.lines.get_mut(&key) else { return };
        line.held_by = None;
        match line.waiting.first() {
            Some(first) => _ = self.ready.insert((*first, key)),
            None => _ = self.lines.remove(&key),
        }
    }
}

impl ServiceOrder for Keyed {
    fn push(&mut self, ticket: Ticket) {
        let key = self.keys[ticket.slot as usize];
        let line = self.lines.entry(key).or_default();
        // Who comes back undone does not hold its key any more, and is the first of it.
        line.held_by = line.held_by.filter(|slot| *slot != ticket.slot);
        let first = line.waiting.first().copied();
        line.waiting.insert((ticket.place, ticket.slot));
        self.tickets += 1;
        if line.held_by.is_none() && line.waiting.first().copied() != first {
            first.map(|first| self.ready.remove(&(first, key)));
            self.ready.insert(((ticket.place, ticket.slot), key));
        }
    }

    fn pop(&mut self) -> Option<Ticket> {
        let ((place, slot), key) = self.ready.pop_first()?;
        let line = self.lines.entry(key).or_default();
        line.waiting.remove(&(place, slot));
        line.held_by = Some(slot);
        self.tickets -= 1;
        self.last = key;
        Some(Ticket { key: 0, place, slot })
    }

    fn len(&self) -> usize {
        self.tickets
    }

    fn retain(&mut self, keep: &mut dyn FnMut(&Ticket) -> bool) {
        for line in self.lines.values_mut() {
            line.waiting.retain(|&(place, slot)| keep(&Ticket { key: 0, place, slot }));
        }
        self.lines.retain(|_, line| line.held_by.is_some() || !line.waiting.is_empty());
        let free = self.lines.iter().filter(|(_, line)| line.held_by.is_none());
        self.ready = free.filter_map(|(key, line)| Some((*line.waiting.first()?, *key))).collect();
        self.tickets = self.lines.values().map(|line| line.waiting.len()).sum();
    }

    fn pass_over(&mut self) {
        self.release(self.last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(order: &mut Keyed, place: u64, key: u32) {
        order.meet(place as u32, key);
        order.push(Ticket { key: 0, place, slot: place as u32 });
    }

    fn pop(order: &mut Keyed) -> Option<u64> {
        order.pop().map(|ticket| ticket.place)
    }

    #[test]
    fn a_key_is_locked_until_its_message_has_left() {
        let mut order = Keyed::default();
        [(0, 7), (1, 7), (2, 8), (3, 7)].into_iter().for_each(|(place, key)| push(&mut order, place, key));
        assert_eq!([pop(&mut order), pop(&mut order), pop(&mut order)], [Some(0), Some(2), None]);
        order.leave(2, 2);
        assert_eq!(pop(&mut order), None);
        order.leave(0, 0);
        assert_eq!((pop(&mut order), order.len()), (Some(1), 1));
    }

    #[test]
    fn who_comes_back_is_the_first_of_its_key_and_who_is_gone_holds_nobody_up() {
        let mut order = Keyed::default();
        [(0, 7), (1, 7), (2, 8)].into_iter().for_each(|(place, key)| push(&mut order, place, key));
        let first = order.pop().expect("a ticket");
        assert!(order.is_free(0) && !order.is_free(1));
        order.push(first);
        assert_eq!(pop(&mut order), Some(0));
        order.pass_over();
        assert_eq!([pop(&mut order), pop(&mut order)], [Some(1), Some(2)]);
        [1, 2].into_iter().for_each(|slot| order.leave(slot.into(), slot));
        assert!(order.is_empty() && order.lines.is_empty());
    }

    /// 0 is in progress, 1 and 2 wait for their key: 1 expires, 0 is done, 2 expires. A newcomer is free.
    #[test]
    fn who_expired_in_the_line_is_forgotten() {
        let mut order = Keyed::default();
        (0..3).for_each(|place| push(&mut order, place, 7));
        assert_eq!(pop(&mut order), Some(0));
        order.leave(1, 1);
        assert_eq!((order.len(), order.is_ready()), (1, false));
        order.leave(0, 0);
        assert!(order.is_ready());
        order.leave(2, 2);
        order.meet(3, 7);
        assert!(order.is_free(3) && order.is_empty() && !order.is_ready() && order.lines.is_empty());
    }

    #[test]
    fn retain_forgets_the_others_and_frees_who_stood_behind_them() {
        let mut order = Keyed::default();
        [(0, 7), (1, 7), (2, 8)].into_iter().for_each(|(place, key)| push(&mut order, place, key));
        order.retain(&mut |ticket| ticket.place == 1);
        assert_eq!((order.len(), pop(&mut order), pop(&mut order)), (1, Some(1), None));
    }
}

//! First in, first out.

use super::{ServiceOrder, Ticket};
use std::hint::select_unpredictable;

/// A line of tickets that all have the same key: the lowest place is taken next.
///
/// A ring whose length is a power of two: a ticket at the end and one at the head cost a mask and a copy
/// each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fifo {
    ring: Vec<FifoTicket>,
    /// Of all tickets.
    key: u64,
    /// Where the head is, before the mask.
    head: usize,
    len: usize,
    /// Places below this are not for the end: one beyond that of the ticket there, 0 if there is none.
    next: u64,
}

/// A ticket without its key.
#[derive(Debug, Clone, Copy, Default)]
struct FifoTicket {
    place: u64,
    slot: u32,
}

impl Fifo {
    /// Makes room for so many tickets at once.
    pub(crate) fn reserve(&mut self, tickets: usize) {
        if tickets > self.ring.len() {
            self.resize(tickets.next_power_of_two());
        }
    }

    /// The tickets in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Ticket> {
        (0..self.len).map(|i| self.ticket(self.ring[self.at(i)]))
    }

    #[inline(always)]
    fn ticket(&self, FifoTicket { place, slot }: FifoTicket) -> Ticket {
        Ticket { key: self.key, place, slot }
    }

    /// Where the ticket is that has so many before it.
    #[inline(always)]
    fn at(&self, i: usize) -> usize {
        self.head.wrapping_add(i) & (self.ring.len().wrapping_sub(1))
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.resize((2 * self.ring.len()).max(8));
    }

    /// A ring of another length, a power of two that all tickets fit into.
    fn resize(&mut self, room: usize) {
        let mut in_order = Vec::with_capacity(room);
        in_order.extend((0..self.len).map(|i| self.ring[self.at(i)]));
        (self.ring, self.head) = (in_order, 0);
        self.ring.resize(room, FifoTicket::default());
    }

    /// The last ticket came back. It is older than nearly all that wait: its place is near the head.
    #[cold]
    #[inline(never)]
    fn come_back(&mut self) {
        let ticket = self.ring[self.at(self.len - 1)];
        self.head = self.head.wrapping_sub(1);
        let mut i = 0;
        while i + 1 < self.len && self.ring[self.at(i + 1)].place < ticket.place {
            let (here, next) = (self.at(i), self.at(i + 1));
            self.ring[here] = self.ring[next];
            i += 1;
        }
        let here = self.at(i);
        self.ring[here] = ticket;
    }
}

impl ServiceOrder for Fifo {
    #[inline(always)]
    fn push(&mut self, ticket: Ticket) {
        if self.len == self.ring.len() {
            self.grow();
        }
        let end = self.at(self.len);
        self.ring[end] = FifoTicket { place: ticket.place, slot: ticket.slot };
        self.key = ticket.key;
        self.len += 1;
        if ticket.place < self.next {
            self.come_back();
        } else {
            self.next = ticket.place + 1;
        }
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<Ticket> {
        if self.len == 0 {
            return None;
        }
        let first = self.ring[self.at(0)];
        self.head = self.head.wrapping_add(1);
        self.len -= 1;
        // Whether others wait is chance: no branch depends on it.
        self.next = select_unpredictable(self.len == 0, 0, self.next);
        Some(self.ticket(first))
    }

    #[inline(always)]
    fn len(&self) -> usize {
        self.len
    }

    fn retain(&mut self, keep: &mut dyn FnMut(&Ticket) -> bool) {
        let mut kept = 0;
        self.next = 0;
        for i in 0..self.len {
            let place = self.ring[self.at(i)];
            if keep(&self.ticket(place)) {
                let here = self.at(kept);
                self.ring[here] = place;
                self.next = place.place + 1;
                kept += 1;
            }
        }
        self.len = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;
    use std::collections::BTreeSet;

    #[test]
    fn it_is_the_set_of_places_in_order_whatever_is_called() {
        let (mut line, mut model, mut gone, key) =
            (Fifo::default(), BTreeSet::new(), Vec::new(), Key::new(1, 0));
        for i in 0..20_000_u64 {
            let bits = key.bits_at(i, 0);
            match bits % 8 {
                // Busy and calm times take turns, so that the ring grows, empties and goes round.
                n if n < 3 + (i / 512) % 2 => {
                    line.push(Ticket { key: 0, place: i, slot: i as u32 });
                    model.insert(i);
                }
                5 if !gone.is_empty() => {
                    let place = gone.swap_remove((bits >> 8) as usize % gone.len());
                    line.push(Ticket { key: 0, place, slot: place as u32 });
                    model.insert(place);
                }
                6 if bits >> 56 == 0 => {
                    line.retain(&mut |t| t.place % 3 != 0);
                    model.retain(|place| place % 3 != 0);
                }
                _ => {
                    let first = line.pop().map(|t| t.place);
                    assert_eq!(first, model.pop_first());
                    gone.extend(first);
                }
            }
            assert_eq!(line.len(), model.len());
        }
        assert!(line.iter().map(|t| t.place).eq(model.iter().copied()));
    }
}

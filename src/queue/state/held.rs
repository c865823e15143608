//! The messages inside, what is rare about them kept apart: an ordinary one then takes half a cache line, and
//! lines that travel between processors are most of what a hand-over costs.

use crate::queue::line::LinePosition;
use crate::queue::slots::Slots;

/// "At no time."
pub(super) const NEVER: u64 = u64::MAX;

/// Every message that is ready, unacked or delayed.
#[derive(Debug, Clone)]
#[repr(C)]
pub(super) struct MessageStore<T> {
    pub slots: Slots<HeldMessage<T>>,
    /// By slot, as far as there are any.
    extras: Vec<Extra>,
}

/// A message in its slot.
#[derive(Debug, Clone)]
pub(super) struct HeldMessage<T> {
    pub id: u64,
    pub body: T,
    pub deliveries: u32,
    /// Whether all that it has beyond these follows from its number.
    pub plain: bool,
}

/// What a message has beyond its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extra {
    /// Its place in the order of arrival.
    pub turn: u64,
    pub rank: i64,
    /// When its time to live is over.
    pub expires: u64,
    /// The number of the timer that ends its present lease.
    pub lease: u64,
}

impl Extra {
    /// That of a message that came when no other had ever come back late, and for which nothing was said.
    fn of(id: u64) -> Self {
        Extra { turn: id, rank: 0, expires: NEVER, lease: NEVER }
    }

    pub(super) fn place(&self, slot: u32) -> LinePosition {
        LinePosition { rank: self.rank, turn: self.turn, slot }
    }
}

impl<T> MessageStore<T> {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        MessageStore { slots: Slots::with_capacity(capacity), extras: Vec::with_capacity(capacity) }
    }

    /// Puts a new message into a free slot.
    #[inline]
    pub(super) fn insert(&mut self, id: u64, body: T, extra: Extra) -> u32 {
        let plain = extra == Extra::of(id);
        let slot = self.slots.insert(HeldMessage { id, body, deliveries: 0, plain });
        if !plain {
            self.set_extra(slot, extra);
        }
        slot
    }

    #[inline]
    pub(super) fn extra(&self, slot: u32) -> Extra {
        let entry = self.slots.get(slot);
        if entry.plain { Extra::of(entry.id) } else { self.extras[slot as usize] }
    }

    /// Changes what a message has beyond its number.
    pub(super) fn change(&mut self, slot: u32, change: impl FnOnce(&mut Extra)) {
        let mut extra = self.extra(slot);
        change(&mut extra);
        self.slots.get_mut(slot).plain = false;
        self.set_extra(slot, extra);
    }

    #[cold]
    fn set_extra(&mut self, slot: u32, extra: Extra) {
        let at = slot as usize;
        if at >= self.extras.len() {
            self.extras.resize(at + 1, Extra::of(0));
        }
        self.extras[at] = extra;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_message_takes_half_a_cache_line() {
        assert_eq!(Slots::<HeldMessage<u64>>::BYTES, 32);
    }

    #[test]
    fn what_is_changed_stays_and_the_rest_follows_from_the_number() {
        let mut held = MessageStore::with_capacity(0);
        let slots: Vec<u32> = (0..3).map(|id| held.insert(id, (), Extra::of(id))).collect();
        held.change(slots[1], |extra| extra.lease = 7);
        assert_eq!(held.extra(slots[1]), Extra { lease: 7, ..Extra::of(1) });
        assert_eq!(held.extra(slots[2]), Extra::of(2));
    }
}

//! In random order: whoever waits has the same chance.

use super::{ServiceOrder, Ticket};
use crate::rng::Key;

/// A bag. The n-th pick depends on its key and n alone.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    bag: Vec<Ticket>,
    key: Key,
    picks: u64,
}

impl Random {
    pub(crate) fn new(key: Key) -> Self {
        Random { bag: Vec::new(), key, picks: 0 }
    }
}

impl ServiceOrder for Random {
    fn push(&mut self, ticket: Ticket) {
        self.bag.push(ticket);
    }

    fn pop(&mut self) -> Option<Ticket> {
        if self.bag.is_empty() {
            return None;
        }
        self.picks += 1;
        // A multiple of 2⁻⁶⁴ of the length: uneven by less than the length in 2⁶⁴.
        let at = (u128::from(self.key.bits_at(self.picks, 0)) * self.bag.len() as u128) >> 64;
        Some(self.bag.swap_remove(at as usize))
    }

    fn len(&self) -> usize {
        self.bag.len()
    }

    fn retain(&mut self, keep: &mut dyn FnMut(&Ticket) -> bool) {
        self.bag.retain(keep);
    }
}

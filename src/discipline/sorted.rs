//! By a key of each message: shortest work first, earliest deadline first.

use super::{ServiceOrder, Ticket};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The smallest key is taken next; first in, first out among equals.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sorted {
    heap: BinaryHeap<Reverse<Ticket>>,
}

impl ServiceOrder for Sorted {
    fn push(&mut self, ticket: Ticket) {
        self.heap.push(Reverse(ticket));
    }

    fn pop(&mut self) -> Option<Ticket> {
        self.heap.pop().map(|t| t.0)
    }

    fn len(&self) -> usize {
        self.heap.len()
    }

    fn retain(&mut self, keep: &mut dyn FnMut(&Ticket) -> bool) {
        self.heap.retain(|t| keep(&t.0));
    }
}

//! First in, first out.

use super::{Discipline, Ticket};
use std::collections::VecDeque;

/// A line: the lowest place is taken next.
#[derive(Debug, Clone, Default)]
pub struct Fifo {
    line: VecDeque<Ticket>,
}

impl Fifo {
    /// The tickets in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Ticket> {
        self.line.iter()
    }
}

impl Discipline for Fifo {
    #[inline(always)]
    fn push(&mut self, ticket: Ticket) {
        if self.line.back().is_none_or(|last| last.place < ticket.place) {
            self.line.push_back(ticket);
        } else {
            // Whoever comes back is older than nearly all that wait: its place is near the head.
            let at = self.line.iter().take_while(|t| t.place < ticket.place).count();
            self.line.insert(at, ticket);
        }
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<Ticket> {
        self.line.pop_front()
    }

    fn len(&self) -> usize {
        self.line.len()
    }

    fn retain(&mut self, keep: &mut dyn FnMut(&Ticket) -> bool) {
        self.line.retain(keep);
    }
}

//! Last in, first out.

use super::{ServiceOrder, Ticket};

/// A stack: the highest place is taken next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lifo {
    stack: Vec<Ticket>,
}

impl ServiceOrder for Lifo {
    fn push(&mut self, ticket: Ticket) {
        // Whoever comes back was taken as the newest: its place is near the top.
        let newer = self.stack.iter().rev().take_while(|t| t.place > ticket.place).count();
        self.stack.insert(self.stack.len() - newer, ticket);
    }

    fn pop(&mut self) -> Option<Ticket> {
        self.stack.pop()
    }

    fn len(&self) -> usize {
        self.stack.len()
    }

    fn retain(&mut self, keep: &mut dyn FnMut(&Ticket) -> bool) {
        self.stack.retain(keep);
    }
}

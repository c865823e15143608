//! By priority, and first in, first out within one.

use super::{Discipline, Fifo, Ticket};

/// A line for each level. The key is the level: 0 is taken first.
#[derive(Debug, Clone)]
pub struct Priority {
    levels: Vec<Fifo>,
}

impl Priority {
    /// Keys are below `levels`.
    pub fn new(levels: usize) -> Self {
        Priority { levels: vec![Fifo::default(); levels] }
    }
}

impl Discipline for Priority {
    #[inline]
    fn push(&mut self, ticket: Ticket) {
        self.levels[ticket.key as usize].push(ticket);
    }

    #[inline]
    fn pop(&mut self) -> Option<Ticket> {
        self.levels.iter_mut().find_map(Fifo::pop)
    }

    fn len(&self) -> usize {
        self.levels.iter().map(Fifo::len).sum()
    }

    fn retain(&mut self, keep: &mut dyn FnMut(&Ticket) -> bool) {
        self.levels.iter_mut().for_each(|level| level.retain(keep));
    }
}

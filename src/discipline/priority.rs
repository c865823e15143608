//! By priority, and first in, first out within one.

use super::{Fifo, ServiceOrder, Ticket};

/// A line for each level. The key is the level: 0 is taken first.
#[derive(Debug, Clone)]
pub(crate) struct Priority {
    levels: Vec<Fifo>,
    /// A bit for each level at which somebody waits, 64 levels a word: the first is found without a look at
    /// the others.
    waiting: Vec<u64>,
    len: usize,
}

impl Priority {
    /// Keys are below `levels`.
    pub(crate) fn new(levels: usize) -> Self {
        Priority { levels: vec![Fifo::default(); levels], waiting: vec![0; levels.div_ceil(64)], len: 0 }
    }
}

impl ServiceOrder for Priority {
    #[inline(always)]
    fn push(&mut self, ticket: Ticket) {
        let level = ticket.key as usize;
        self.levels[level].push(ticket);
        self.waiting[level / 64] |= 1 << (level % 64);
        self.len += 1;
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<Ticket> {
        let word = self.waiting.iter().position(|word| *word != 0)?;
        let bit = self.waiting[word].trailing_zeros() as usize;
        let line = &mut self.levels[64 * word + bit];
        let first = line.pop();
        self.waiting[word] &= !(u64::from(line.is_empty()) << bit);
        self.len -= 1;
        first
    }

    #[inline(always)]
    fn len(&self) -> usize {
        self.len
    }

    fn retain(&mut self, keep: &mut dyn FnMut(&Ticket) -> bool) {
        (self.len, self.waiting) = (0, vec![0; self.waiting.len()]);
        for (level, line) in self.levels.iter_mut().enumerate() {
            line.retain(keep);
            self.len += line.len();
            self.waiting[level / 64] |= u64::from(!line.is_empty()) << (level % 64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_levels_are_taken_in_order() {
        let mut order = Priority::new(100);
        for place in 0..1000 {
            order.push(Ticket { key: place * 37 % 100, place, slot: 0 });
        }
        order.retain(&mut |t| t.key % 10 != 3);
        let taken: Vec<(u64, u64)> = std::iter::from_fn(|| order.pop()).map(|t| (t.key, t.place)).collect();
        assert!(taken.is_sorted() && taken.len() == 900 && order.is_empty());
    }
}

//! Producers take turns: a flood from one does not keep the others waiting.

use super::{Fifo, ServiceOrder, Ticket};
use std::collections::VecDeque;

/// A line for each producer, in which the oldest comes first; lines that hold something take turns. The key
/// is the producer.
///
/// # Source
/// Nagle (1985), *On packet switches with infinite storage*, RFC 970: fair queuing by turns.
#[derive(Debug, Clone)]
pub(crate) struct RoundRobin {
    lines: Vec<Fifo>,
    /// Messages in each line that are not gone.
    there: Vec<u64>,
    /// The lines in which somebody is, the next one first.
    turns: VecDeque<usize>,
    /// The line that had its turn last.
    last: usize,
}

impl RoundRobin {
    /// Keys are below `producers`.
    pub(crate) fn new(producers: usize) -> Self {
        RoundRobin {
            lines: vec![Fifo::default(); producers],
            there: vec![0; producers],
            turns: VecDeque::new(),
            last: 0,
        }
    }
}

impl ServiceOrder for RoundRobin {
    fn push(&mut self, ticket: Ticket) {
        let line = ticket.key as usize;
        if self.there[line] == 0 {
            self.turns.push_back(line);
        }
        self.there[line] += 1;
        self.lines[line].push(ticket);
    }

    fn pop(&mut self) -> Option<Ticket> {
        let line = self.turns.pop_front()?;
        self.last = line;
        self.there[line] -= 1;
        if self.there[line] > 0 {
            self.turns.push_back(line);
        }
        self.lines[line].pop()
    }

    fn len(&self) -> usize {
        self.lines.iter().map(Fifo::len).sum()
    }

    fn retain(&mut self, keep: &mut dyn FnMut(&Ticket) -> bool) {
        for (line, there) in self.lines.iter_mut().zip(&mut self.there) {
            line.retain(keep);
            *there = line.len() as u64;
        }
        self.turns.retain(|line| self.there[*line] > 0);
    }

    fn gone(&mut self, key: u64) {
        let line = key as usize;
        self.there[line] -= 1;
        if self.there[line] == 0 {
            self.turns.retain(|other| *other != line);
        }
    }

    /// The line keeps its turn.
    fn pass_over(&mut self) {
        if self.there[self.last] > 0 {
            self.turns.pop_back();
        }
        self.there[self.last] += 1;
        self.turns.push_front(self.last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_take_turns_and_each_keeps_its_order() {
        let mut order = RoundRobin::new(3);
        for (key, place) in [(0, 0), (0, 1), (0, 2), (2, 3), (1, 4), (2, 5)] {
            order.push(Ticket { key, place, slot: 0 });
        }
        let taken: Vec<u64> = std::iter::from_fn(|| order.pop()).map(|t| t.place).collect();
        assert_eq!(taken, [0, 3, 4, 1, 5, 2]);
        assert!(order.is_empty() && order.turns.is_empty());
    }

    #[test]
    fn a_line_whose_first_is_gone_keeps_its_turn_and_one_that_is_empty_has_none() {
        let mut order = RoundRobin::new(2);
        for (key, place) in [(0, 0), (1, 1), (0, 2)] {
            order.push(Ticket { key, place, slot: 0 });
        }
        order.gone(0);
        assert_eq!(order.pop().map(|t| t.place), Some(0));
        order.pass_over();
        assert_eq!(order.pop().map(|t| t.place), Some(2));
        order.gone(1);
        order.push(Ticket { key: 0, place: 3, slot: 0 });
        order.push(Ticket { key: 1, place: 4, slot: 0 });
        assert_eq!(order.pop().map(|t| t.place), Some(3));
    }
}

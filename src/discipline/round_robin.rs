//! Producers take turns: a flood from one does not keep the others waiting.

use super::{Discipline, Fifo, Ticket};
use std::collections::VecDeque;

/// A line for each producer, in which the oldest comes first; lines that hold something take turns. The key is the producer.
///
/// # Source
/// Nagle (1985), *On packet switches with infinite storage*, RFC 970: fair queuing by turns.
#[derive(Debug, Clone)]
pub struct RoundRobin {
    lines: Vec<Fifo>,
    /// The lines that hold something, the next one first.
    turns: VecDeque<usize>,
}

impl RoundRobin {
    /// Keys are below `producers`.
    pub fn new(producers: usize) -> Self {
        RoundRobin { lines: vec![Fifo::default(); producers], turns: VecDeque::new() }
    }
}

impl Discipline for RoundRobin {
    fn push(&mut self, ticket: Ticket) {
        let line = ticket.key as usize;
        if self.lines[line].is_empty() {
            self.turns.push_back(line);
        }
        self.lines[line].push(ticket);
    }

    fn pop(&mut self) -> Option<Ticket> {
        let line = self.turns.pop_front()?;
        let ticket = self.lines[line].pop();
        if !self.lines[line].is_empty() {
            self.turns.push_back(line);
        }
        ticket
    }

    fn len(&self) -> usize {
        self.lines.iter().map(Fifo::len).sum()
    }

    fn retain(&mut self, keep: &mut dyn FnMut(&Ticket) -> bool) {
        self.lines.iter_mut().for_each(|line| line.retain(keep));
        self.turns.retain(|line| !self.lines[*line].is_empty());
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
}

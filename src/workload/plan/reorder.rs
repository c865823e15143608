//! Messages that overtake one another on their way to the queue.

use crate::rng::BLOCK;
use crate::workload::Block;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Puts messages that come in the order in which they are due into the order in which they are sent.
pub(super) struct Reorder {
    drawn: Block,
    /// The demands that are not empty.
    columns: Vec<usize>,
    /// On their way: when sent, position in the order of due, slot in `rows`.
    underway: BinaryHeap<Reverse<(u64, u64, u32)>>,
    /// Due and demands of those on their way, a row in each slot.
    rows: Vec<u64>,
    free: Vec<u32>,
    /// The next position in the order of due.
    next: u64,
    /// Everything that is sent by this instant is on its way already.
    seen: u64,
}

impl Reorder {
    /// For messages with so many columns of demand, of which only some are not empty.
    pub(super) fn new(width: usize, columns: Vec<usize>) -> Self {
        Reorder {
            drawn: Block::with_columns(width),
            columns,
            underway: BinaryHeap::new(),
            rows: Vec::new(),
            free: Vec::new(),
            next: 0,
            seen: 0,
        }
    }

    /// Replaces `out` by the next messages, drawing more as needed.
    pub(super) fn next(&mut self, mut draw: impl FnMut(&mut Block), out: &mut Block) {
        out.clear();
        loop {
            while out.len() < BLOCK
                && let Some(Reverse((sent, _, slot))) = self.underway.peek().copied()
                && sent <= self.seen
            {
                self.underway.pop();
                self.arrive(sent, slot, out);
            }
            if out.len() == BLOCK || self.seen == u64::MAX {
                return;
            }
            draw(&mut self.drawn);
            // Nobody is sent before they are due, so that the last one's due time is a bound for all to come.
            self.seen = if self.drawn.len() < BLOCK { u64::MAX } else { self.drawn.due[BLOCK - 1] };
            for i in 0..self.drawn.len() {
                self.depart(i);
            }
        }
    }

    fn depart(&mut self, i: usize) {
        let width = 1 + self.columns.len();
        let slot = self.free.pop().unwrap_or_else(|| {
            self.rows.resize(self.rows.len() + width, 0);
            (self.rows.len() / width - 1) as u32
        });
        let row = &mut self.rows[slot as usize * width..][..width];
        row[0] = self.drawn.due[i];
        for (place, &c) in row[1..].iter_mut().zip(&self.columns) {
            *place = self.drawn.demand[c][i];
        }
        self.underway.push(Reverse((self.drawn.sent[i], self.next, slot)));
        self.next += 1;
    }

    fn arrive(&mut self, sent: u64, slot: u32, out: &mut Block) {
        let width = 1 + self.columns.len();
        let row = &self.rows[slot as usize * width..][..width];
        out.due.push(row[0]);
        out.sent.push(sent);
        for (work, &c) in row[1..].iter().zip(&self.columns) {
            out.demand[c].push(*work);
        }
        self.free.push(slot);
    }
}

//! The plan: every message that producers will send, with its work, before anything happens.
//!
//! Simulator and load generator consume the same plan, so what differs between their answers is not chance.
//! Each producer draws from streams of its own name, arrivals, send times and demands alike: another
//! producer, consumer or order of events changes nothing of its messages.

mod columns;
mod pair;
mod reorder;
mod rows;
#[cfg(test)]
mod tests;

use super::arrivals::{Arrivals, Batch};
use super::laws::Law;
use super::plan_error::PlanError;
use super::{Block, Blocks};
use crate::rng::{BLOCK, Key};
use rows::PlanRows;
use std::ops::Range;

/// The most messages of a block.
const LARGEST: usize = 1 << 16;

/// What the plan must know of a producer.
#[derive(Debug, Clone, Copy)]
pub struct PlannedProducer<'a> {
    /// What its streams of random numbers are named by.
    pub name: &'a str,
    /// When its sends are due.
    pub arrivals: &'a Arrivals,
    /// Messages a second, all batches counted.
    pub rate: f64,
    /// How many messages a send has.
    pub batch: &'a Batch,
    /// Sends a second that a token bucket allows, and how many of them at once after a rest.
    pub limit: Option<(f64, u32)>,
    /// From when it may be sent to reaching the queue.
    pub send_time: &'a Law,
    /// The work that its messages bring, instead of the groups'.
    pub service_time: Option<&'a Law>,
    /// The groups at whose queues its messages may arrive without being forwarded, in increasing order.
    pub to: &'a [usize],
}

/// What the plan must know of a group of consumers.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// What its streams of random numbers are named by.
    pub name: &'a str,
    /// What a message takes.
    pub service_time: &'a Law,
    /// Added for each message.
    pub per_message: &'a Law,
    /// Whether the work of messages that come straight from a producer is planned. All other is for the
    /// engine to draw when a message gets there.
    pub direct: bool,
}

impl Blocks for Plan {
    fn draw(&mut self) -> bool {
        self.next_block().is_some()
    }

    #[inline]
    fn block(&self) -> &Block {
        &self.block
    }
}

/// A plan and how far it has been read.
pub struct Plan {
    producers: Vec<DrawnProducer>,
    /// The messages that come next, as far as their order is known, and how many of them are in blocks
    /// already.
    order: Vec<Next>,
    taken: usize,
    block: Block,
    /// Messages of a block where producers are several.
    rows: usize,
    first: u64,
}

/// One of the messages that are drawn: when it is sent, whose it is, and which of its producer's block.
#[derive(Debug, Clone, Copy)]
struct Next {
    sent: u64,
    producer: u32,
    row: u32,
}

/// A producer's messages, as far as they are drawn, and the next of them.
struct DrawnProducer {
    rows: PlanRows,
    block: Block,
    at: usize,
}

impl Plan {
    /// The plan of a run's key.
    ///
    /// # Errors
    /// A producer whose sends cannot be known beforehand, or never leave the first instant.
    pub fn new(key: Key, sources: &[PlannedProducer<'_>], groups: &[Group<'_>]) -> Result<Plan, PlanError> {
        let (columns, width) = columns::columns(sources, groups);
        let mut producers = Vec::with_capacity(sources.len());
        for source in sources {
            producers.push(DrawnProducer {
                rows: PlanRows::new(key, source, groups, &columns, width)?,
                block: Block::with_columns(width),
                at: 0,
            });
        }
        let block = Block { columns, ..Block::with_columns(width) };
        Ok(Plan { producers, order: Vec::new(), taken: 0, block, rows: BLOCK, first: 0 })
    }

    /// The same in blocks of so many messages for each producer, for who is better off with many of one
    /// producer at a time.
    #[must_use]
    pub fn in_large_blocks(self, of_each: usize) -> Plan {
        let rows = (of_each * self.producers.len()).clamp(BLOCK, LARGEST);
        Plan { rows, ..self }
    }

    /// The next messages in the order in which they are sent (ties: by producer, then in its own order); a
    /// full block of [`BLOCK`], or as many as were asked for, but for the last. `None` when every producer
    /// has ended.
    pub fn next_block(&mut self) -> Option<&Block> {
        match &mut self.producers[..] {
            [one] => one.rows.next(&mut self.block),
            [a, b] if a.rows.columns().eq(b.rows.columns()) => pair::merge(a, b, &mut self.block),
            _ => self.merge(),
        }
        self.block.first = self.first;
        self.first += self.block.len() as u64;
        (!self.block.is_empty()).then_some(&self.block)
    }

    /// The first `count` messages from here, as one block.
    pub fn take_messages(self, count: u64) -> Block {
        let mut left = count;
        self.take(|block| {
            let some = left.min(block.len() as u64);
            left -= some;
            some as usize
        })
    }

    /// The messages from here that are sent before an instant in nanoseconds, as one block.
    pub fn take_until(self, end: u64) -> Block {
        self.take(|block| block.sent.partition_point(|sent| *sent < end))
    }

    /// Puts blocks together as long as all of their rows are wanted.
    fn take(mut self, mut wanted: impl FnMut(&Block) -> usize) -> Block {
        let mut all = Block { first: self.first, ..self.block.empty_like() };
        while let Some(block) = self.next_block() {
            let some = wanted(block);
            all.append(block, some);
            if some < block.len() {
                break;
            }
        }
        all
    }

    fn merge(&mut self) {
        self.block.clear();
        while self.block.len() < self.rows {
            if self.taken == self.order.len() {
                self.find_order();
            }
            let from = self.taken;
            self.taken = (from + self.rows - self.block.len()).min(self.order.len());
            if self.taken == from {
                return;
            }
            self.put_in_order(from..self.taken);
        }
    }

    /// Finds the order of the messages that come next, as far as enough of every producer's are drawn.
    fn find_order(&mut self) {
        self.taken = 0;
        self.order.clear();
        self.producers.iter_mut().for_each(DrawnProducer::refill);
        let most = (4 * self.rows / self.producers.len().max(1)).max(16);
        let known = |(index, p): (usize, &DrawnProducer)| p.rest(most).last().map(|sent| (*sent, index));
        let Some(limit) = self.producers.iter().enumerate().filter_map(known).min() else { return };
        for (index, producer) in self.producers.iter_mut().enumerate() {
            let rest = producer.rest(most);
            let rows = rest.partition_point(|sent| (*sent, index) <= limit);
            self.order.extend(rest[..rows].iter().zip(producer.at..).map(|(sent, row)| Next {
                sent: *sent,
                producer: index as u32,
                row: row as u32,
            }));
            producer.at += rows;
        }
        // The sort is stable and takes what is in order already as it is: all that it does is to merge.
        self.order.sort_by_key(|next| next.sent);
    }

    /// Puts messages into columns, one column after the other: each is read and written in a straight line.
    fn put_in_order(&mut self, messages: Range<usize>) {
        let (order, all, block) = (&self.order[messages], &self.producers, &mut self.block);
        block.sent.extend(order.iter().map(|next| next.sent));
        block.producer.extend(order.iter().map(|next| next.producer));
        block.due.extend(order.iter().map(|next| all[next.producer as usize].block.due[next.row as usize]));
        for (c, demand) in block.demand.iter_mut().enumerate() {
            // Whose messages meet no group of this column has nothing in it.
            let work = |next: &Next| all[next.producer as usize].block.demand[c].get(next.row as usize);
            demand.extend(order.iter().map(|next| work(next).copied().unwrap_or(0)));
        }
    }
}

impl DrawnProducer {
    /// Draws its next block if all of the last one has been taken.
    fn refill(&mut self) {
        if self.at == self.block.len() {
            self.rows.next(&mut self.block);
            self.at = 0;
        }
    }

    /// When the next of those that are drawn are sent, so many at most.
    fn rest(&self, most: usize) -> &[u64] {
        let rest = &self.block.sent[self.at..];
        &rest[..most.min(rest.len())]
    }
}

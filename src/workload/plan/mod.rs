//! The plan: every message that producers will send, with its work, before anything happens.
//!
//! Simulator and load generator consume the same plan, so what differs between their answers is not chance. Each
//! producer draws from streams of its own name, arrivals, send times and demands alike: another producer, consumer or
//! order of events changes nothing of its messages.

mod reorder;
mod rows;
#[cfg(test)]
mod tests;

use super::arrivals::{Arrivals, Batch};
use super::laws::Law;
use super::{Block, Blocks, Tournament};
use crate::rng::{BLOCK, Key};
use rows::Rows;

/// What the plan must know of a producer.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub name: &'a str,
    pub arrivals: &'a Arrivals,
    /// Messages a second, all batches counted.
    pub rate: f64,
    pub batch: &'a Batch,
    pub send_time: &'a Law,
    /// The work that its messages bring, instead of the groups'.
    pub service_time: Option<&'a Law>,
}

/// What the plan must know of a group of consumers.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    pub name: &'a str,
    pub service_time: &'a Law,
    /// Added for each message.
    pub per_message: &'a Law,
    /// Whether messages come to its queue straight from a producer. The demand of all others stays empty: it is for
    /// the engine to draw when a message gets there.
    pub direct: bool,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("producers.{0} is a closed loop: it sends when answers come, so its sends cannot be planned; simulate it, or give it a rate")]
    Closed(String),
    #[error("producers.{0} has gaps of zero, messages without end at one instant; write a rate or a longer gap")]
    NoGap(String),
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
    producers: Vec<Producer>,
    /// When the next message of each producer is sent, if it has any; ties go by index.
    next: Tournament,
    /// Whose message comes next, and which of its block: what is to be put into columns.
    order: Vec<(u32, u32)>,
    block: Block,
    /// The columns of demand that are not empty.
    columns: Vec<usize>,
    first: u64,
}

/// A producer's messages, as far as they are drawn, and the next of them.
struct Producer {
    rows: Rows,
    block: Block,
    at: usize,
}

impl Plan {
    /// The plan of a run's key.
    ///
    /// # Errors
    /// A producer whose sends cannot be known beforehand, or never leave the first instant.
    pub fn new(key: Key, sources: &[Source<'_>], groups: &[Group<'_>]) -> Result<Plan, PlanError> {
        let columns: Vec<usize> = (0..groups.len()).filter(|g| groups[*g].direct).collect();
        let mut producers = Vec::with_capacity(sources.len());
        for source in sources {
            producers.push(Producer { rows: Rows::new(key, source, groups, &columns)?, block: Block::with_columns(groups.len()), at: 0 });
        }
        let mut plan =
            Plan { producers, next: Tournament::default(), order: Vec::new(), block: Block::with_columns(groups.len()), columns, first: 0 };
        if sources.len() > 1 {
            plan.next.grow(sources.len());
            for (i, producer) in plan.producers.iter_mut().enumerate() {
                plan.next.set(i as u32, producer.refill());
            }
        }
        Ok(plan)
    }

    /// The next messages in the order in which they are sent (ties: by producer, then in its own order); a full block
    /// of [`BLOCK`] but for the last. `None` when every producer has ended.
    pub fn next_block(&mut self) -> Option<&Block> {
        match &mut self.producers[..] {
            [one] => one.rows.next(&mut self.block),
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
        let mut all = Block { first: self.first, ..Block::with_columns(self.block.demand.len()) };
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
        while self.block.len() < BLOCK && self.next.first() < u64::MAX {
            let used_up = self.find_order(BLOCK - self.block.len());
            self.put_in_order();
            if let Some(index) = used_up {
                let next = self.producers[index as usize].refill();
                self.next.set(index, next);
            }
        }
    }

    /// Finds whose messages come next, so many or until a producer's block is used up, and says whose.
    fn find_order(&mut self, most: usize) -> Option<u32> {
        self.order.clear();
        while self.order.len() < most && self.next.first() < u64::MAX {
            let index = self.next.which();
            let producer = &mut self.producers[index as usize];
            self.order.push((index, producer.at as u32));
            producer.at += 1;
            match producer.block.sent.get(producer.at) {
                Some(&sent) => self.next.set(index, sent),
                None => return Some(index),
            }
        }
        None
    }

    /// Puts the messages that come next into columns, one after the other: each is read and written in a straight line.
    fn put_in_order(&mut self) {
        let (all, order) = (&self.producers, &self.order);
        self.block.due.extend(order.iter().map(|&(p, row)| all[p as usize].block.due[row as usize]));
        self.block.sent.extend(order.iter().map(|&(p, row)| all[p as usize].block.sent[row as usize]));
        self.block.producer.extend(order.iter().map(|&(p, _)| p));
        for &c in &self.columns {
            self.block.demand[c].extend(order.iter().map(|&(p, row)| all[p as usize].block.demand[c][row as usize]));
        }
    }
}

impl Producer {
    /// Draws its next block. Says when the first of it is sent; `u64::MAX` if there is none.
    fn refill(&mut self) -> u64 {
        self.rows.next(&mut self.block);
        self.at = 0;
        self.block.sent.first().copied().unwrap_or(u64::MAX)
    }
}

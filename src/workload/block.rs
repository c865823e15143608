//! Planned messages, a column for each thing that is fixed before anything happens.

/// A run of the plan: messages in the order in which they reach their queue. All columns are equally long,
/// but for [`Block::producer`], which is empty if all are of producer 0. Times are nanoseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// Position of the first message in the plan.
    pub first: u64,
    /// When each send was due, from the start of the run.
    pub due: Vec<u64>,
    /// When each reaches its queue: due plus the producer's send time. Never decreasing.
    pub sent: Vec<u64>,
    /// Index of each one's producer; empty if all are of producer 0.
    pub producer: Vec<u32>,
    /// The work of each, a column for every consumer group of the scenario: how long that group would take.
    pub demand: Vec<Vec<u64>>,
}

impl Block {
    pub fn len(&self) -> usize {
        self.due.len()
    }

    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    pub fn producer_of(&self, i: usize) -> u32 {
        self.producer.get(i).copied().unwrap_or(0)
    }
}

/// Where blocks come from: a plan that is drawn, or one that was kept.
pub trait Source {
    /// Brings the next block; false when there is none left.
    fn draw(&mut self) -> bool;

    /// The block that was brought last; empty before the first.
    fn block(&self) -> &Block;
}

/// A plan that is there already, as one block.
#[derive(Debug, Clone)]
pub struct Kept<'a> {
    block: &'a Block,
    drawn: bool,
}

impl<'a> Kept<'a> {
    pub fn new(block: &'a Block) -> Self {
        Kept { block, drawn: false }
    }
}

impl Source for Kept<'_> {
    fn draw(&mut self) -> bool {
        !std::mem::replace(&mut self.drawn, true) && !self.block.is_empty()
    }

    fn block(&self) -> &Block {
        self.block
    }
}

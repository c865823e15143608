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
    /// The work of each: how long a consumer group would take for it alone, in the group's column. Groups
    /// that no message meets both share a column, so that there are as many as one message has use for,
    /// however many groups there are.
    pub demand: Vec<Vec<u64>>,
    /// The column of each group; group n has column n if this is empty. None for groups whose queue no
    /// producer feeds directly: what a forwarded message brings is drawn when it gets there.
    pub columns: Vec<Option<u32>>,
}

impl Block {
    /// An empty block with so many columns of demand.
    pub fn with_columns(columns: usize) -> Self {
        Block { demand: vec![Vec::new(); columns], ..Block::default() }
    }

    /// An empty block for messages to the same groups.
    pub fn empty_like(&self) -> Self {
        Block { columns: self.columns.clone(), ..Block::with_columns(self.demand.len()) }
    }

    /// How many consumer groups it knows of.
    pub fn groups(&self) -> usize {
        if self.columns.is_empty() { self.demand.len() } else { self.columns.len() }
    }

    /// The work that messages bring to a group, a row for each; the rows of messages that do not come to it
    /// mean nothing. Empty if none is planned.
    #[inline]
    pub fn work_for(&self, group: usize) -> &[u64] {
        let column =
            if self.columns.is_empty() { Some(group) } else { self.columns[group].map(|c| c as usize) };
        column.map_or(&[], |column| &self.demand[column])
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.due.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// The producer of one of them.
    pub fn producer_of(&self, i: usize) -> u32 {
        self.producer.get(i).copied().unwrap_or(0)
    }

    /// Removes all rows and keeps the room for others.
    pub fn clear(&mut self) {
        self.due.clear();
        self.sent.clear();
        self.producer.clear();
        self.demand.iter_mut().for_each(Vec::clear);
    }

    /// Adds the first rows of a block that has the same columns.
    pub fn append(&mut self, other: &Block, rows: usize) {
        self.due.extend_from_slice(&other.due[..rows]);
        self.sent.extend_from_slice(&other.sent[..rows]);
        self.producer.extend(other.producer.iter().take(rows));
        for (mine, theirs) in self.demand.iter_mut().zip(&other.demand) {
            mine.extend(theirs.iter().take(rows));
        }
    }
}

/// Where blocks come from: a plan that is drawn, or one that was kept.
pub trait Blocks {
    /// Brings the next block; false when there is none left.
    fn draw(&mut self) -> bool;

    /// The block that was brought last, which stays when there is none left; empty before the first.
    fn block(&self) -> &Block;
}

/// A plan that is there already, as one block.
#[derive(Debug, Clone)]
pub struct Kept<'a> {
    block: &'a Block,
    /// What is there before it.
    empty: Block,
    drawn: bool,
}

impl<'a> Kept<'a> {
    /// Gives out a block and then ends.
    pub fn new(block: &'a Block) -> Self {
        Kept { block, empty: Block::default(), drawn: false }
    }
}

impl Blocks for Kept<'_> {
    fn draw(&mut self) -> bool {
        !std::mem::replace(&mut self.drawn, true) && !self.block.is_empty()
    }

    #[inline]
    fn block(&self) -> &Block {
        if self.drawn { self.block } else { &self.empty }
    }
}

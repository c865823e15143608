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

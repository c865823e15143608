//! Queues: where messages wait, in which order they are taken, and what becomes of those that find no room or
//! no time.

use crate::workload::laws::Law;

/// Where messages wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// As in the scenario.
    pub name: String,
    /// Which waiting message is taken next.
    pub discipline: Discipline,
    /// Whether a sooner message interrupts one in service.
    pub preemption: Preemption,
    /// Messages that may wait (ready ones, not those in service); `None` is without bound.
    pub max_length: Option<u64>,
    /// What happens to a message that finds it full.
    pub overflow: Overflow,
    /// How long a message may wait; `None` is for ever.
    pub message_ttl: Option<Law>,
    /// Deliveries before a message is dead-lettered.
    pub delivery_limit: Option<u32>,
    /// The queue that takes what is dead-lettered.
    pub dead_letter: Option<usize>,
    /// Seconds.
    pub visibility_timeout: Option<f64>,
    /// What a publish waits for.
    pub durability: Durability,
    /// How many parts it has by key, each with one consumer; `None` if it is whole.
    pub partitions: Option<u32>,
    /// Messages that wait at the start.
    pub initial_backlog: u64,
}

impl Queue {
    /// The partitions, where they decide which of the queue's servers may take a message: each has one
    /// consumer, even if it is the only one, so that a single server takes what it would have taken anyway.
    pub fn binding_partitions(&self, servers: Option<u32>) -> Option<u32> {
        self.partitions.filter(|_| servers != Some(1))
    }

    /// Whether senders wait for room, forwarding consumers among them.
    pub fn blocks(&self) -> bool {
        self.max_length.is_some() && self.overflow == Overflow::Block
    }
}

impl Default for Queue {
    fn default() -> Self {
        Queue {
            name: "queue".into(),
            discipline: Discipline::default(),
            preemption: Preemption::default(),
            max_length: None,
            overflow: Overflow::default(),
            message_ttl: None,
            delivery_limit: None,
            dead_letter: None,
            visibility_timeout: None,
            durability: Durability::default(),
            partitions: None,
            initial_backlog: 0,
        }
    }
}

/// Which waiting message is taken next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Discipline {
    /// First in, first out.
    #[default]
    Fifo,
    /// Last in, first out.
    Lifo,
    /// The highest priority first.
    Priority,
    /// Any, with equal probability.
    Random,
    /// The least work first.
    Shortest,
    /// The earliest end of the time to live first.
    Deadline,
    /// Producers take turns.
    RoundRobin,
    /// No order: all are served at once, each by a share of the server.
    ProcessorSharing,
}

/// Whether a sooner message interrupts one in service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Preemption {
    /// It waits until the service ends.
    #[default]
    None,
    /// It does, and the other goes on later where it was.
    Resume,
    /// It does, and the other begins again later.
    Restart,
}

/// What happens to a message that finds its queue full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// It is refused.
    #[default]
    RejectPublish,
    /// It takes the place of the one that waits longest, which is lost.
    DropHead,
    /// Its sender waits for room.
    Block,
}

/// What a publish waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// For nothing.
    #[default]
    None,
    /// Until the message is in the queue.
    Enqueued,
    /// Until the message is on the disk.
    Fsync,
}

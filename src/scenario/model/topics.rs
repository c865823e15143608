//! Topics: what hands messages on to queues, and where messages go.

use super::Deliver;

/// Where messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// A queue, by its index.
    Queue(usize),
    /// A topic, by its index.
    Topic(usize),
}

/// What hands messages on to queues.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// As in the scenario.
    pub name: String,
    /// Indices of queues.
    pub subscriptions: Vec<usize>,
    /// To which of them a message goes.
    pub deliver: Deliver,
    /// When a message with several copies is done.
    pub complete_when: Complete,
}

/// When a message with several copies is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Complete {
    /// Each copy counts as a message of its own.
    #[default]
    Each,
    /// When every copy is done.
    All,
    /// When so many copies are done.
    Some(u32),
}

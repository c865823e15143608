//! Topics: what hands messages on to queues, and where messages go.

use super::super::declare::declare;
use super::super::notation::Word;
use super::super::setting::{Takes, choice};
use super::Deliver;

/// Where messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Destination {
    /// A queue, by its index.
    Queue(usize),
    /// A topic, by its index.
    Topic(usize),
}

declare! {
    /// What hands messages on to queues.
    pub struct Topic {
        /// As in the scenario.
        name: String = "topic".into();
        /// Indices of queues.
        subscriptions: Vec<usize> = Vec::new() => { subscriptions: Takes::List, "queues" };
        /// To which of them a message goes.
        deliver: Deliver = Deliver::All, Word, "to which of them a message goes";
        /// When a message with several copies is done.
        complete_when: Complete = Complete::Each => {
            complete_when: Takes::Any, "each, all, or how many copies must be done; default each"
        };
    }
}

impl Topic {
    /// Copies that have to come together where they rejoin.
    pub(crate) fn copies_to_rejoin(&self) -> u32 {
        match self.complete_when {
            Complete::Some(needed) => needed,
            Complete::All | Complete::Each => self.subscriptions.len() as u32,
        }
    }
}

choice!(Deliver: "all" => All, "round-robin" => RoundRobin, "random" => Random,
    "shortest-queue" => ShortestQueue, "power-of-two" => PowerOfTwo, "by-key" => ByKey);

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

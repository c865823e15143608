//! The names under which figures are reported, with what decides which figures there are.

use crate::answer::AskedStatistic;

/// The places of a scenario, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Places {
    /// Names of the producers.
    pub producers: Vec<String>,
    /// The group that serves each producer's messages in the only queue on their way and nobody else's, if
    /// there is one.
    pub alone: Vec<Option<usize>>,
    /// The queues.
    pub queues: Vec<QueuePlace>,
    /// Whether each queue's levels over time are kept.
    pub watched: Vec<bool>,
    /// The groups of consumers.
    pub consumers: Vec<ConsumerPlace>,
    /// Nanoseconds up to which a message counts as taken at once: none in a simulation, those of a hand-off
    /// in a measurement.
    pub at_once: u64,
    /// What times and lengths are told at beside the usual percentiles.
    pub asked: Vec<AskedStatistic>,
}

/// A queue, and what can happen in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueuePlace {
    /// Its name.
    pub name: String,
    /// Whether what it does not serve goes on to a dead-letter queue.
    pub sends_on: bool,
    /// Whether its senders may have to wait for room.
    pub blocks: bool,
    /// Whether nothing ever leaves it.
    pub keeps_for_good: bool,
    /// Its group of consumers, if that has other queues, too.
    pub shares: Option<usize>,
    /// How many servers it has, if they are always there and none is idle while a message waits.
    pub servers: Option<u32>,
}

/// A group of consumers, and how its services are counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConsumerPlace {
    /// Its name.
    pub name: String,
    /// Index of its queue.
    pub queue: usize,
    /// Whether its servers are unlimited.
    pub unlimited: bool,
    /// How many servers it has, if that need not be averaged over time.
    pub servers: Option<u32>,
    /// Whether its servers' time is that of the services told of: no other group at its queue, one message at
    /// a time that has a server to itself, and none worked on twice at once.
    pub plain: bool,
    /// Whether its services are those of deliveries, each told by itself.
    pub by_delivery: bool,
}

impl Places {
    /// A single queue with consumers, each of so many servers (`None` is unlimited) that are always there.
    pub fn of_one_queue(producers: &[&str], queue: &str, consumers: &[(&str, Option<u32>)]) -> Self {
        let consumer = |&(name, servers): &(&str, Option<u32>)| ConsumerPlace {
            name: name.into(),
            unlimited: servers.is_none(),
            servers,
            plain: consumers.len() == 1,
            ..ConsumerPlace::default()
        };
        Places {
            producers: producers.iter().map(ToString::to_string).collect(),
            alone: vec![(producers.len() == 1 && consumers.len() == 1).then_some(0); producers.len()],
            queues: vec![QueuePlace {
                name: queue.into(),
                servers: consumers.iter().map(|c| c.1).sum(),
                ..QueuePlace::default()
            }],
            watched: vec![true],
            consumers: consumers.iter().map(consumer).collect(),
            at_once: 0,
            asked: Vec::new(),
        }
    }

    /// The group whose times those of a producer's messages are that have one stay only: where nobody is
    /// alone these are told of one queue, and of several groups each by itself.
    pub(super) fn group_of(&self, producer: usize) -> Option<usize> {
        self.alone[producer].or((!self.consumers.is_empty()).then_some(0))
    }
}

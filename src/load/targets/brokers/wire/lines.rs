//! The queues of a scenario as a broker has them: one for each queue, or for each part of a partitioned one.

use crate::load::targets::Subscription;
use crate::load::targets::brokers::common::RunNames;
use crate::scenario::{Queue, Scenario};

/// What a broker's queue is to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::load::targets) struct BrokerLine {
    /// Its name on the broker.
    pub name: String,
    /// The queue of the scenario.
    pub queue: usize,
}

/// All of a run's.
#[derive(Debug, Clone)]
pub(in crate::load::targets) struct BrokerLines {
    all: Vec<BrokerLine>,
    /// By queue: where its parts begin, and how many there are.
    parts: Vec<(usize, usize)>,
}

impl BrokerLines {
    pub(in crate::load::targets) fn new(scenario: &Scenario, names: &RunNames) -> Self {
        let (mut all, mut parts) = (Vec::new(), Vec::new());
        for (index, queue) in scenario.queues.iter().enumerate() {
            // Partitions are dealt to the servers: each has a part, and servers beyond them an empty one.
            let servers = || scenario.consumers_of(index).map(|(_, c)| c.most_servers().unwrap_or(1)).sum();
            let count: u32 = queue.partitions.map_or(1, |_| servers());
            parts.push((all.len(), count as usize));
            all.extend((0..count).map(|part| BrokerLine { name: name(names, queue, part), queue: index }));
        }
        BrokerLines { all, parts }
    }

    pub(in crate::load::targets) fn all(&self) -> &[BrokerLine] {
        &self.all
    }

    /// Those of a queue of the scenario.
    pub(in crate::load::targets) fn of(&self, queue: usize) -> impl Iterator<Item = &BrokerLine> {
        self.all.iter().filter(move |line| line.queue == queue)
    }

    /// The name of a queue's part; one that is not partitioned has one part, whoever asks.
    pub(in crate::load::targets) fn name(&self, queue: usize, part: usize) -> &str {
        let (begin, count) = self.parts[queue];
        &self.all[begin + part.min(count.saturating_sub(1))].name
    }
}

fn name(names: &RunNames, queue: &Queue, part: u32) -> String {
    match queue.partitions {
        Some(_) => names.of(&format!("{}.{part}", queue.name)),
        None => names.of(&queue.name),
    }
}

/// How many messages are handed to a server ahead of time: those of a batch are asked for when they are
/// taken.
pub(in crate::load::targets) fn window(scenario: &Scenario, of: Subscription) -> u32 {
    let batches = scenario.consumers_of(of.queue).any(|(_, consumer)| consumer.batch.is_some());
    if batches { 1 } else { of.hold.max(1) }
}

//! The names under which a scenario's figures are reported.

use crate::scenario::{Consumer, Discipline, Queue, Scenario, Servers};
use crate::sim::FifoStation;
use crate::stats::{ConsumerPlace, Places, QueuePlace};

/// The places of a scenario.
pub(super) fn places(scenario: &Scenario) -> Places {
    let plain = |c: &Consumer| {
        let queue = &scenario.queues[c.from];
        let alone =
            scenario.consumers_of(c.from).count() == 1 && queue.discipline != Discipline::ProcessorSharing;
        alone && c.also.is_empty() && c.batch.is_none() && queue.visibility_timeout.is_none()
    };
    let consumer = |c: &Consumer| ConsumerPlace {
        name: c.name.clone(),
        queue: c.from,
        unlimited: c.count == Servers::Unlimited,
        servers: None,
        plain: plain(c),
        by_delivery: scenario.counts_deliveries(c),
    };
    let queue = |(index, q): (usize, &Queue)| QueuePlace {
        name: q.name.clone(),
        sends_on: q.dead_letter.is_some(),
        blocks: q.blocks(),
        keeps_for_good: scenario.keeps_for_good(index),
        shares: scenario.consumers_of(index).find(|(_, c)| !c.also.is_empty()).map(|(group, _)| group),
        servers: None,
    };
    Places {
        producers: scenario.producers.iter().map(|p| p.name.clone()).collect(),
        queues: scenario.queues.iter().enumerate().map(queue).collect(),
        consumers: scenario.consumers.iter().map(consumer).collect(),
        at_once: 0,
        asked: scenario.asked_statistics(),
    }
}

/// Those of a single queue whose servers are always there and never idle while a message waits.
pub(super) fn places_of(station: &FifoStation, scenario: &Scenario) -> Places {
    let mut places = places(scenario);
    for &(group, servers) in &station.groups {
        places.consumers[group as usize].servers = servers;
    }
    places.queues[station.queue as usize].servers =
        station.servers().and_then(|servers| u32::try_from(servers).ok());
    places
}

//! The names under which a scenario's figures are reported.

use crate::scenario::{
    Consumer, Demand, Destination, Discipline, Producer, Queue, Scenario, Servers, demands,
};
use crate::sim::FifoStation;
use crate::stats::{ConsumerPlace, Places, QueuePlace};

/// The places of a scenario.
pub(super) fn places(scenario: &Scenario) -> Places {
    let groups = groups_of(scenario);
    let (served, producers_fail) = (scenario.consumers_by_queue(), scenario.producers_fail());
    let plain = |c: &Consumer| {
        let queue = &scenario.queues[c.from];
        let alone = groups[c.from].len() == 1 && queue.discipline != Discipline::ProcessorSharing;
        let one_each = c.also.is_empty() && c.batch.is_none() && !c.needs_several();
        alone && one_each && queue.visibility_timeout.is_none()
    };
    let consumer = |c: &Consumer| ConsumerPlace {
        name: c.name.clone(),
        queue: c.from,
        unlimited: c.count == Servers::Unlimited,
        servers: None,
        plain: plain(c),
        by_delivery: scenario.counts_deliveries_among(c, &served[c.from], producers_fail),
    };
    let queue = |(index, q): (usize, &Queue)| QueuePlace {
        name: q.name.clone(),
        sends_on: q.dead_letter.is_some(),
        blocks: q.blocks(),
        keeps_for_good: served[index].is_empty() && q.message_ttl.is_none(),
        shares: groups[index].iter().copied().find(|group| !scenario.consumers[*group].also.is_empty()),
        servers: None,
    };
    Places {
        producers: scenario.producers.iter().map(|p| p.name.clone()).collect(),
        alone: alone(scenario, &groups),
        watched: watched(scenario),
        queues: scenario.queues.iter().enumerate().map(queue).collect(),
        consumers: scenario.consumers.iter().map(consumer).collect(),
        at_once: 0,
        asked: scenario.asked_statistics(),
    }
}

/// More queues than this are not all watched over time.
const MOST_WATCHED: usize = 30;
/// Then so many are.
const BUSIEST: usize = 10;

/// Whether each queue's levels over time are kept: of very many only those of the highest load.
fn watched(scenario: &Scenario) -> Vec<bool> {
    let count = scenario.queues.len();
    if count <= MOST_WATCHED {
        return vec![true; count];
    }
    let loads = demands(scenario, &|_| None);
    let load = |demand: &Demand| demand.rho().map_or(0.0, |load| load.least);
    let loads: Vec<f64> = loads.iter().map(load).collect();
    let mut by_load: Vec<usize> = (0..count).collect();
    by_load.sort_by(|a, b| loads[*b].total_cmp(&loads[*a]).then(a.cmp(b)));
    let mut watched = vec![false; count];
    by_load.iter().take(BUSIEST).for_each(|queue| watched[*queue] = true);
    watched
}

/// The groups of each queue.
fn groups_of(scenario: &Scenario) -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new(); scenario.queues.len()];
    for (group, consumer) in scenario.consumers.iter().enumerate() {
        consumer.queues().for_each(|queue| groups[queue].push(group));
    }
    groups
}

/// The group of each producer whose messages come to a queue to which nothing else comes, and are served
/// there by a group that has no other and shares it with none.
fn alone(scenario: &Scenario, groups: &[Vec<usize>]) -> Vec<Option<usize>> {
    let mut ways = vec![0; scenario.queues.len()];
    let mut come = |to: Destination| scenario.queues_of(to).iter().for_each(|queue| ways[*queue] += 1);
    scenario.producers.iter().for_each(|p| come(p.to));
    for consumer in &scenario.consumers {
        let own = consumer.own_routes.iter().map(|own| &own.route);
        consumer.to.iter().chain(own).for_each(|route| come(route.to));
    }
    for queue in &scenario.queues {
        queue.dead_letter.into_iter().for_each(|dead| come(Destination::Queue(dead)));
    }
    let group = |p: &Producer| {
        let Destination::Queue(queue) = p.to else { return None };
        let [group] = groups[queue][..] else { return None };
        let only = ways[queue] == 1 && scenario.queues[queue].initial_backlog == 0;
        (only && scenario.consumers[group].also.is_empty()).then_some(group)
    };
    scenario.producers.iter().map(group).collect()
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

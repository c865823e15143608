//! Routes by producer: what of them the messages of all producers together see.

use super::capacity::shares;
use super::forwards::spread;
use super::model::{Consumer, Destination, Route, Scenario};
use crate::linear::{self, SparseRows};
use std::collections::BTreeMap;

impl Consumer {
    /// Where a producer's messages go on to, or, with `None`, those that no producer sent.
    pub fn routes_of(&self, producer: Option<usize>) -> Vec<Route> {
        if self.own_routes.is_empty() {
            return self.to.clone();
        }
        let meant =
            |producers: &[usize]| producers.is_empty() || producer.is_some_and(|p| producers.contains(&p));
        self.own_routes.iter().filter(|own| meant(&own.producers)).map(|own| own.route).collect()
    }
}

/// Sets the routes of consumers that tell producers apart to their mean over the messages that come there, so
/// that flows through the network are those of all producers together. Where nobody's failures and losses are
/// counted, the means are exact.
///
/// # Errors
/// The producer whose messages never end.
pub(super) fn average(scenario: &mut Scenario) -> Result<(), usize> {
    if scenario.consumers.iter().all(|c| c.own_routes.is_empty()) {
        return Ok(());
    }
    let flows: Vec<Vec<f64>> =
        (0..scenario.producers.len()).map(|p| flow(scenario, p).ok_or(p)).collect::<Result<_, _>>()?;
    for consumer in scenario.consumers.iter_mut().filter(|c| !c.own_routes.is_empty()) {
        let mut weights: Vec<f64> =
            flows.iter().map(|rates| consumer.queues().map(|queue| rates[queue]).sum()).collect();
        if weights.iter().sum::<f64>() <= 0.0 {
            weights.fill(1.0);
        }
        let all: f64 = weights.iter().sum();
        let mut mean: Vec<Route> = Vec::new();
        for (producer, weight) in weights.iter().enumerate() {
            for route in consumer.routes_of(Some(producer)) {
                let probability = route.probability * weight / all;
                match mean.iter_mut().find(|other| other.to == route.to) {
                    Some(other) => other.probability += probability,
                    None => mean.push(Route { probability, ..route }),
                }
            }
        }
        // What only messages of other producers do still leads there.
        consumer.to = mean;
    }
    Ok(())
}

/// Messages a second of one producer at each queue; `None` if they never end. A producer without a rate of
/// its own counts as one a second.
fn flow(scenario: &Scenario, producer: usize) -> Option<Vec<f64>> {
    let n = scenario.queues.len();
    let mut outside = vec![0.0; n];
    let rate = scenario.producers[producer].rate;
    let add = |queue: usize, flow: f64| outside[queue] += flow;
    spread(scenario, scenario.producers[producer].to, if rate > 0.0 { rate } else { 1.0 }, add);
    let mut into: SparseRows = vec![Vec::new(); n];
    for (from, groups) in scenario.consumers_by_queue().into_iter().enumerate() {
        let groups: Vec<&Consumer> = groups.into_iter().map(|(_, group)| group).collect();
        for (group, share) in groups.iter().zip(shares(&groups)) {
            let mut row: BTreeMap<usize, f64> = BTreeMap::new();
            for route in group.routes_of(Some(producer)) {
                let add = |queue, flow| *row.entry(queue).or_default() += flow;
                spread(scenario, route.to, share * route.probability, add);
            }
            row.into_iter().for_each(|(to, chance)| into[to].push((from, chance)));
        }
    }
    // Queues that none of them reach may send in circles.
    let reached = reached(&into, &outside);
    for (to, row) in into.iter_mut().enumerate() {
        row.retain(|(from, _)| reached[to] && reached[*from]);
    }
    linear::fixed_point(&into, &outside).filter(|rates| rates.iter().all(|rate| *rate > -1e-9))
}

/// The queues that messages reach, from those that they come to from outside.
fn reached(into: &SparseRows, outside: &[f64]) -> Vec<bool> {
    let mut onward: Vec<Vec<usize>> = vec![Vec::new(); into.len()];
    for (to, row) in into.iter().enumerate() {
        row.iter().filter(|(_, chance)| *chance > 0.0).for_each(|(from, _)| onward[*from].push(to));
    }
    let mut reached = vec![false; into.len()];
    let mut open: Vec<usize> = (0..into.len()).filter(|queue| outside[*queue] > 0.0).collect();
    while let Some(queue) = open.pop() {
        if !std::mem::replace(&mut reached[queue], true) {
            open.extend(&onward[queue]);
        }
    }
    reached
}

/// Whether two routes to the same place are meant for the same messages.
pub(super) fn overlap(a: (Destination, &[usize]), b: (Destination, &[usize])) -> bool {
    a.0 == b.0 && (a.1.is_empty() || b.1.is_empty() || a.1.iter().any(|producer| b.1.contains(producer)))
}

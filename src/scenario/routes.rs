//! Routes by producer: what of them the messages of all producers together see.

use super::capacity::shares;
use super::forwards::spread;
use super::model::{Consumer, Destination, Route, Scenario};
use crate::linear;

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
    spread(scenario, scenario.producers[producer].to, if rate > 0.0 { rate } else { 1.0 }, &mut outside);
    let mut into = vec![vec![0.0; n]; n];
    for from in 0..n {
        let groups: Vec<&Consumer> = scenario.consumers_of(from).map(|(_, c)| c).collect();
        for (group, share) in groups.iter().zip(shares(&groups)) {
            let mut row = vec![0.0; n];
            group
                .routes_of(Some(producer))
                .iter()
                .for_each(|route| spread(scenario, route.to, share * route.probability, &mut row));
            into.iter_mut().zip(row).for_each(|(into, chance)| into[from] += chance);
        }
    }
    // Queues that none of them reach may send in circles.
    let reached = reached(&into, &outside);
    let kept = |m: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let one = |(to, row): (usize, &Vec<f64>)| {
            row.iter()
                .enumerate()
                .map(|(from, x)| if reached[to] && reached[from] { *x } else { 0.0 })
                .collect()
        };
        m.iter().enumerate().map(one).collect()
    };
    linear::fixed_point(&kept(&into), &outside).filter(|rates| rates.iter().all(|rate| *rate > -1e-9))
}

/// The queues that messages reach, from those that they come to from outside.
fn reached(into: &[Vec<f64>], outside: &[f64]) -> Vec<bool> {
    let mut reached: Vec<bool> = outside.iter().map(|rate| *rate > 0.0).collect();
    for _ in 0..into.len() {
        for to in 0..into.len() {
            reached[to] = reached[to] || (0..into.len()).any(|from| reached[from] && into[to][from] > 0.0);
        }
    }
    reached
}

/// Whether two routes to the same place are meant for the same messages.
pub(super) fn overlap(a: (Destination, &[usize]), b: (Destination, &[usize])) -> bool {
    a.0 == b.0 && (a.1.is_empty() || b.1.is_empty() || a.1.iter().any(|producer| b.1.contains(producer)))
}

//! What can happen to messages at all: a share that is 0 because it must be is no estimate.

use crate::answer::{Estimate, MetricId, PlaceId, Quantity, Statistic};
use crate::scenario::{Ack, Arrivals, Overflow, Queue, Scenario, Servers};
use crate::stats::Combined;
use std::collections::HashMap;

/// Takes the interval from the shares that chance cannot change: what is never lost, and who never has to
/// wait.
pub(super) fn certain(scenario: &Scenario, combined: &mut Combined) {
    let by_chance = by_chance(scenario);
    let places: HashMap<&str, usize> =
        scenario.queues.iter().enumerate().map(|(queue, q)| (q.name.as_str(), queue)).collect();
    for (path, estimate) in &mut combined.metrics {
        if let (Some(value @ (0.0 | 1.0)), Some(_)) = (estimate.value, estimate.ends)
            && (!by_chance || value == 0.0 && never(scenario, &places, path))
        {
            *estimate = Estimate::exact(value);
        }
    }
}

fn never(scenario: &Scenario, places: &HashMap<&str, usize>, path: &str) -> bool {
    let single = |id: &MetricId<'_>| id.statistic == Statistic::Single;
    let Some(id) = MetricId::parse(path).filter(single) else { return false };
    let place = match id.place {
        PlaceId::Queue(name) => places.get(name).copied(),
        _ => None,
    };
    match (id.quantity, place) {
        (Quantity::Delayed, Some(queue)) => {
            scenario.consumers_of(queue).any(|(_, c)| c.count == Servers::Unlimited)
        }
        (Quantity::DeadLettered, Some(queue)) => scenario.queues[queue].dead_letter.is_none(),
        (Quantity::DeadLettered, None) => scenario.queues.iter().all(|queue| queue.dead_letter.is_none()),
        (_, Some(queue)) => !loses(scenario, queue),
        (_, None) => {
            // Who gives up loses what is served all the same.
            scenario.producers.iter().all(|p| p.resend.is_none())
                && (0..scenario.queues.len()).all(|queue| !loses(scenario, queue))
        }
    }
}

/// Whether a queue may turn a message away, drop it or give it up, with no dead-letter queue behind.
fn loses(scenario: &Scenario, queue: usize) -> bool {
    let Queue { max_length, overflow, message_ttl, delivery_limit, dead_letter, .. } =
        &scenario.queues[queue];
    let full = max_length.is_some() && *overflow != Overflow::Block;
    // What was acknowledged on delivery is not delivered again.
    let failing = scenario.producers.iter().any(|p| p.failure.is_some());
    let gone = scenario
        .consumers_of(queue)
        .any(|(_, c)| c.ack == Ack::Auto && (failing || c.failure > 0.0 || c.outages.is_some()));
    full || gone || dead_letter.is_none() && (message_ttl.is_some() || delivery_limit.is_some())
}

/// Whether anything is random.
fn by_chance(scenario: &Scenario) -> bool {
    let sends = scenario
        .producers
        .iter()
        .any(|p| p.arrivals != Arrivals::Periodic || p.batch.mean() != 1.0 || p.send_time.scv() > 0.0);
    let work = scenario.producers.iter().filter_map(|p| p.service_time.as_ref()).any(|law| law.scv() > 0.0);
    let serves = scenario
        .consumers
        .iter()
        .any(|c| c.service_time.scv() > 0.0 || c.failure > 0.0 || c.outages.is_some());
    sends || work || serves
}

//! What can happen to messages at all: a share that is 0 because it must be is no estimate.

use crate::answer::{Estimate, MetricId, PlaceId, Quantity, Statistic};
use crate::scenario::{Ack, Arrivals, Consumer, Overflow, Queue, Scenario, Servers};
use crate::stats::Combined;
use std::collections::HashMap;

/// Takes the interval from the shares that chance cannot change: what is never lost, and who never has to
/// wait.
pub(super) fn certain(scenario: &Scenario, combined: &mut Combined) {
    let by_chance = by_chance(scenario);
    let places: HashMap<&str, usize> =
        scenario.queues.iter().enumerate().map(|(queue, q)| (q.name.as_str(), queue)).collect();
    let loses = Losses::of(scenario);
    for (path, estimate) in &mut combined.metrics {
        if let (Some(value @ (0.0 | 1.0)), Some(_)) = (estimate.value, estimate.ends)
            && (!by_chance || value == 0.0 && never(scenario, &places, &loses, path))
        {
            *estimate = Estimate::exact(value);
        }
    }
}

fn never(scenario: &Scenario, places: &HashMap<&str, usize>, loses: &Losses, path: &str) -> bool {
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
        (_, Some(queue)) => !loses.queues[queue],
        (_, None) => !loses.any,
    }
}

/// Where messages may be lost.
struct Losses {
    /// Whether each queue may turn a message away, drop it or give it up, with no dead-letter queue behind.
    queues: Vec<bool>,
    /// Whether any may be lost at all: who gives up loses what is served all the same.
    any: bool,
}

impl Losses {
    fn of(scenario: &Scenario) -> Losses {
        let failing = scenario.producers.iter().any(|p| p.failure.is_some());
        let of_queue = |(queue, groups): (&Queue, Vec<(usize, &Consumer)>)| {
            let full = queue.max_length.is_some() && queue.overflow != Overflow::Block;
            // What was acknowledged on delivery is not delivered again.
            let gone = groups
                .iter()
                .any(|(_, c)| c.ack == Ack::Auto && (failing || c.failure > 0.0 || c.outages.is_some()));
            let given_up = queue.message_ttl.is_some() || queue.delivery_limit.is_some();
            full || gone || queue.dead_letter.is_none() && given_up
        };
        let queues: Vec<bool> =
            scenario.queues.iter().zip(scenario.consumers_by_queue()).map(of_queue).collect();
        let any = queues.contains(&true) || scenario.producers.iter().any(|p| p.resend.is_some());
        Losses { queues, any }
    }
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

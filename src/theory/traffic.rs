//! Traffic: the scenario's demands, with what theory knows about the messages that are lost on the way.

use crate::answer::path;
use crate::scenario::{Consumer, Demand, Destination, Fate, Producer, Queue, Scenario, Simulation};

/// The demand on every queue, in the scenario's order.
pub(super) fn demands(scenario: &Scenario) -> Vec<Demand> {
    crate::scenario::demands(scenario, &|queue| fate(scenario, queue))
}

/// What a queue loses, if an exact model of it alone says so.
fn fate(scenario: &Scenario, queue: usize) -> Option<Fate> {
    let own = alone(scenario, queue)?;
    let answer = super::answer(&own).ok().filter(|answer| answer.exact)?;
    let lost = answer.get(&path(&format!("queues.{}", own.queues[0].name), "loss", ""))?.value?;
    Some(Fate { lost })
}

/// A queue with its producers and consumers and nothing else, if all that reaches it comes straight from
/// producers and its consumers have no other queue and need nothing that others need.
pub(super) fn alone(scenario: &Scenario, queue: usize) -> Option<Scenario> {
    let routes = scenario.consumers.iter().flat_map(|c| c.to.iter().map(|route| route.to));
    let through_topic = scenario.topics.iter().any(|t| t.subscriptions.contains(&queue));
    let shared = scenario.consumers_of(queue).any(|(_, c)| !c.also.is_empty() || c.resource.is_some());
    if shared
        || through_topic
        || scenario.queues.iter().any(|q| q.dead_letter == Some(queue))
        || routes.into_iter().any(|to| to == Destination::Queue(queue))
    {
        return None;
    }
    let producers = scenario.producers.iter().filter(|p| p.to == Destination::Queue(queue));
    let consumers = scenario.consumers_of(queue).map(|(_, c)| Consumer {
        from: 0,
        to: Vec::new(),
        own_routes: Vec::new(),
        ..c.clone()
    });
    Some(Scenario {
        producers: producers.map(|p| Producer { to: Destination::Queue(0), ..p.clone() }).collect(),
        queues: vec![Queue { dead_letter: None, ..scenario.queues[queue].clone() }],
        consumers: consumers.collect(),
        topics: Vec::new(),
        resources: Vec::new(),
        simulation: Simulation::default(),
        title: scenario.title.clone(),
        seed: scenario.seed,
        measurement: scenario.measurement.clone(),
        objectives: scenario.objectives.clone(),
        sweep: scenario.sweep.clone(),
        found: scenario.found.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Overflow;
    use crate::theory::mmck::BoundedRoom;
    use crate::theory::patience::Patience;
    use crate::workload::laws::Law;

    /// 30 messages a second for two servers of 100 ms, what is lost going to another queue.
    fn lossy() -> Scenario {
        let mut s = Scenario::mgc(30.0, Law::exponential(0.1), 2);
        s.queues.push(Queue { name: "dead".into(), ..Queue::default() });
        s.consumers.push(Consumer::group("undertaker", 1, 1, Law::exponential(0.01)));
        s.queues[0].dead_letter = Some(1);
        s
    }

    #[test]
    fn what_a_model_knows_to_be_lost_is_traffic() {
        let mut s = lossy();
        (s.queues[0].max_length, s.queues[0].overflow) = (Some(4), Overflow::DropHead);
        let lost = BoundedRoom::new(3.0, 2, 4).loss();
        let dead = demands(&s)[1].arrivals.known().expect("M/M/c/K");
        assert!((dead - 30.0 * lost).abs() < 1e-9 && lost > 0.3, "{dead}");
        let mut s = lossy();
        let time = Law::deterministic(0.1);
        s.queues[0].message_ttl = Some(time.clone());
        let lost = Patience::new(30.0, 10.0, 2, &time).expect("they end").loss();
        let dead = demands(&s)[1].arrivals.known().expect("M/M/c+D");
        assert!((dead - 30.0 * lost).abs() < 1e-9 && lost > 0.3, "{dead}");
    }

    #[test]
    fn what_no_model_knows_stays_between_bounds() {
        let mut s = lossy();
        s.queues[0].message_ttl = Some(Law::deterministic(0.1));
        s.consumers[0].prefetch = 4;
        let dead = demands(&s)[1].arrivals;
        assert!(
            dead.known().is_none() && (dead.least - 10.0).abs() < 1e-9 && (dead.most - 30.0).abs() < 1e-9,
            "{dead:?}"
        );
    }
}

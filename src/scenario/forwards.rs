//! Forwarding: where served messages go on to, and whether they ever end.

use super::capacity::shares;
use super::model::{Consumer, Deliver, Destination, Scenario};
use crate::linear::{self, SparseRows};
use std::collections::BTreeMap;

/// Whether every message ends, if no handler fails and nothing is lost.
pub(super) fn ends(scenario: &Scenario) -> bool {
    let sent = forwarded(scenario);
    // I − P is an M-matrix, and every message ends, if and only if (I − P) x = 1 has a solution x > 0
    // (Berman & Plemmons 1994, theorem 6.2.3, condition I27).
    linear::fixed_point(&sent, &vec![1.0; sent.len()]).is_some_and(|x| x.iter().all(|visits| *visits > 0.0))
}

/// How many queues there are in the largest circle of them through which messages may come back.
pub(super) fn largest_circle(scenario: &Scenario) -> usize {
    linear::circles(&forwarded(scenario)).iter().map(Vec::len).max().unwrap_or(0)
}

/// A queue from which messages come back for ever.
pub(super) fn stuck(scenario: &Scenario) -> Option<usize> {
    let sent = forwarded(scenario);
    // A message's expected number of copies after many steps: it stays where a loop keeps it.
    let mut copies = vec![1.0; sent.len()];
    for _ in 0..4 * sent.len() + 64 {
        let next: Vec<f64> = sent.iter().map(|row| row.iter().map(|(to, p)| p * copies[*to]).sum()).collect();
        let largest = next.iter().copied().fold(0.0, f64::max);
        copies = if largest > 1e100 { next.iter().map(|c| c / largest).collect() } else { next };
    }
    copies.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i)
}

/// P(i, j), how many messages one that queue i serves sends to queue j, as if no handler failed.
fn forwarded(scenario: &Scenario) -> SparseRows {
    let row = |groups: Vec<(usize, &Consumer)>| {
        let groups: Vec<&Consumer> = groups.into_iter().map(|(_, group)| group).collect();
        let mut row: BTreeMap<usize, f64> = BTreeMap::new();
        for (group, share) in groups.iter().zip(shares(&groups)) {
            for route in &group.to {
                let add = |queue, flow| *row.entry(queue).or_default() += flow;
                spread(scenario, route.to, share * route.probability, add);
            }
        }
        row.into_iter().collect()
    };
    scenario.consumers_by_queue().into_iter().map(row).collect()
}

/// How many copies go on as one message from where they come together.
fn copies_rejoined(scenario: &Scenario, queue: usize) -> u32 {
    let copies = |topic: usize| scenario.topics[topic].subscriptions.len().max(1) as u32;
    scenario.queues[queue].join.map_or(1, copies)
}

/// Tells of the queues that a flow may reach, through a topic if need be, whose queues count as equals.
pub(super) fn spread(scenario: &Scenario, to: Destination, flow: f64, mut add: impl FnMut(usize, f64)) {
    match to {
        // As many messages as there would be if nothing is lost.
        Destination::Queue(q) => add(q, flow / f64::from(copies_rejoined(scenario, q))),
        Destination::Topic(t) => {
            let topic = &scenario.topics[t];
            let share =
                if topic.deliver == Deliver::All { 1.0 } else { 1.0 / topic.subscriptions.len() as f64 };
            topic.subscriptions.iter().for_each(|q| add(*q, flow * share));
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::scenario::{Producer, Queue, Route};
    use crate::workload::laws::Law;

    /// A queue whose consumers send a share of their messages back to it.
    pub(in crate::scenario) fn feedback(probability: f64) -> Scenario {
        let mut consumer = Consumer::group("c", 0, 2, Law::exponential(0.1));
        consumer.to = vec![Route { to: Destination::Queue(0), probability }];
        Scenario::single(Producer::poisson("p", 0, 6.0), Queue::default(), consumer)
    }

    #[test]
    fn a_loop_without_exit_is_found() {
        assert!(ends(&feedback(0.99)) && !ends(&feedback(1.0)));
        assert_eq!(stuck(&feedback(1.0)), Some(0));
        assert_eq!(largest_circle(&feedback(0.5)), 1);
    }
}

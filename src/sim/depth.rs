//! The depth of a queue: through how many others every message has been when it gets there, where that is the
//! same for all.

use crate::scenario::{Destination, Scenario};
use std::collections::BTreeSet;

/// The depth of each queue; `None` where chance or circumstances decide. In a queue that is `usual` nothing
/// happens to a message but waiting and one service.
///
/// The depth is 0 if only planned messages come to a queue, straight from producers. Else all of its messages
/// must come from usual queues of one depth, none of which sends any elsewhere.
pub(super) fn depths(scenario: &Scenario, usual: impl Fn(usize) -> bool) -> Vec<Option<u32>> {
    let count = scenario.queues.len();
    let mut direct = vec![false; count];
    let mut unsure = vec![false; count];
    for producer in &scenario.producers {
        let Destination::Queue(q) = producer.to else { continue };
        direct[q] = true;
        unsure[q] |= producer.is_closed();
    }
    scenario.topics.iter().flat_map(|t| &t.subscriptions).for_each(|&q| unsure[q] = true);
    scenario.queues.iter().filter_map(|q| q.dead_letter).for_each(|q| unsure[q] = true);
    for (q, queue) in scenario.queues.iter().enumerate() {
        unsure[q] |= queue.initial_backlog > 0;
    }
    // Who sends each queue its messages: from where, and whether all of that queue's.
    let mut before: Vec<Vec<(usize, bool)>> = vec![Vec::new(); count];
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count];
    for consumer in &scenario.consumers {
        let sure =
            consumer.to.len() == 1 && consumer.to[0].probability >= 1.0 && consumer.own_routes.is_empty();
        let to: BTreeSet<usize> = consumer
            .to
            .iter()
            .filter_map(|route| if let Destination::Queue(q) = route.to { Some(q) } else { None })
            .collect();
        for q in to {
            before[q].push((consumer.from, sure && usual(consumer.from)));
            after[consumer.from].push(q);
        }
    }
    // Each is looked at when all of those before it are known; what goes round never is.
    let mut unknown: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut next: Vec<usize> = (0..count).filter(|q| unknown[*q] == 0).collect();
    let mut out: Vec<Option<u32>> = vec![None; count];
    while let Some(q) = next.pop() {
        let mut depths =
            before[q].iter().map(|&(from, sure)| out[from].filter(|_| sure).map(|depth| depth + 1));
        out[q] = match depths.next() {
            _ if unsure[q] => None,
            None => direct[q].then_some(0),
            Some(first) => first.filter(|_| !direct[q] && depths.all(|depth| depth == first)),
        };
        for &to in after[q].iter().filter(|_| out[q].is_some()) {
            unknown[to] -= 1;
            if unknown[to] == 0 {
                next.push(to);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Consumer, Producer, Queue, Route};
    use crate::workload::laws::Law;

    /// Queues 0 … with a producer for queue 0 and a group for each that sends to the given ones.
    fn network(to: &[&[(usize, f64)]]) -> Scenario {
        let law = Law::exponential(0.001);
        let mut out = Scenario::single(
            Producer::poisson("web", 0, 100.0),
            Queue::default(),
            Consumer::group("consumers0", 0, 1, law.clone()),
        );
        for stage in 1..to.len() {
            out.queues.push(Queue { name: format!("queue{stage}"), ..Queue::default() });
            out.consumers.push(Consumer::group(&format!("consumers{stage}"), stage, 1, law.clone()));
        }
        for (consumer, routes) in out.consumers.iter_mut().zip(to) {
            consumer.to = routes
                .iter()
                .map(|&(q, probability)| Route { to: Destination::Queue(q), probability })
                .collect();
        }
        out
    }

    #[test]
    fn queues_in_a_row_have_a_depth_and_branches_have_none() {
        let line = network(&[&[(1, 1.0)], &[(2, 1.0)], &[]]);
        assert_eq!(depths(&line, |_| true), [Some(0), Some(1), Some(2)]);
        assert_eq!(depths(&line, |q| q != 1), [Some(0), Some(1), None]);
        let branch = network(&[&[(1, 0.5), (2, 0.5)], &[], &[]]);
        assert_eq!(depths(&branch, |_| true), [Some(0), None, None]);
        let back = network(&[&[(1, 1.0)], &[(1, 0.2)]]);
        assert_eq!(depths(&back, |_| true), [Some(0), None]);
    }

    #[test]
    fn ways_of_different_lengths_or_other_comers_leave_none() {
        let mut two = network(&[&[(2, 1.0)], &[(2, 1.0)], &[]]);
        two.producers.push(Producer::poisson("app", 1, 100.0));
        assert_eq!(depths(&two, |_| true), [Some(0), Some(0), Some(1)]);
        two.producers.push(Producer::poisson("other", 2, 100.0));
        assert_eq!(depths(&two, |_| true), [Some(0), Some(0), None]);
        let mut line = network(&[&[(1, 1.0)], &[]]);
        line.queues[0].initial_backlog = 1;
        assert_eq!(depths(&line, |_| true), [None, None]);
        line.queues[0].initial_backlog = 0;
        line.queues[0].dead_letter = Some(1);
        assert_eq!(depths(&line, |_| true), [Some(0), None]);
    }
}

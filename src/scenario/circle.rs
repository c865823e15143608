//! Circles of queues whose consumers wait for room in one another.

use super::Scenario;
use crate::answer::waits_in_circle;
use crate::linear::{self, SparseRows};
use std::collections::VecDeque;

/// Queues, each with consumers that may wait for room in the next one, and those of the last for room in the
/// first: all can be full at once, and nobody goes on then. Empty if there is no such circle.
pub(crate) fn circle(scenario: &Scenario) -> Vec<usize> {
    let n = scenario.queues.len();
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); n];
    for consumer in &scenario.consumers {
        for route in consumer.to.iter().filter(|route| route.probability > 0.0) {
            let blocking =
                || scenario.queues_of(route.to).into_iter().filter(|q| scenario.queues[*q].blocks());
            consumer.queues().for_each(|queue| next[queue].extend(blocking()));
        }
    }
    let ways: SparseRows = next.iter().map(|to| to.iter().map(|queue| (*queue, 1.0)).collect()).collect();
    // Of all others there is no way back, which would take long to find out one by one.
    let members = linear::circles(&ways).into_iter().filter(|c| c.len() > 1 || next[c[0]].contains(&c[0]));
    let mut queues: Vec<usize> = members.flatten().collect();
    queues.sort_unstable();
    queues.into_iter().filter_map(|queue| way_back(&next, queue)).min_by_key(Vec::len).unwrap_or_default()
}

/// The shortest way from a queue back to it.
fn way_back(next: &[Vec<usize>], queue: usize) -> Option<Vec<usize>> {
    let mut from: Vec<Option<usize>> = vec![None; next.len()];
    let mut reached = VecDeque::from([queue]);
    while let Some(at) = reached.pop_front() {
        for &to in &next[at] {
            if to == queue {
                let back = std::iter::successors(Some(at), |at| from[*at]);
                let mut way: Vec<usize> = back.collect();
                way.reverse();
                return Some(way);
            }
            if from[to].is_none() {
                from[to] = Some(at);
                reached.push_back(to);
            }
        }
    }
    None
}

/// Who waits for whom in a circle, in words.
pub(crate) fn waits(scenario: &Scenario, circle: &[usize]) -> String {
    waits_in_circle(&circle.iter().map(|&queue| scenario.queues[queue].name.clone()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Consumer, Destination, Overflow, Producer, Queue, Route};
    use crate::workload::laws::Law;

    #[test]
    fn a_circle_is_found_and_told() {
        let full = |name: &str| Queue {
            name: name.into(),
            max_length: Some(2),
            overflow: Overflow::Block,
            ..Queue::default()
        };
        let group = |from: usize, to: usize| Consumer {
            to: vec![Route { to: Destination::Queue(to), probability: 0.5 }],
            ..Consumer::group("c", from, 1, Law::exponential(0.1))
        };
        let mut s = Scenario::single(Producer::poisson("p", 0, 1.0), full("a"), group(0, 1));
        (s.queues, s.consumers) =
            (vec![full("a"), full("b"), full("c")], vec![group(0, 1), group(1, 2), group(2, 1)]);
        assert_eq!(circle(&s), [1, 2]);
        assert_eq!(
            waits(&s, &circle(&s)),
            "consumers of `b` wait for room in `c`, consumers of `c` wait for room in `b`"
        );
        s.consumers[2].to[0].to = Destination::Queue(2);
        assert_eq!(waits(&s, &circle(&s)), "consumers of `c` wait for room in `c`");
        s.queues[2].overflow = Overflow::RejectPublish;
        assert!(circle(&s).is_empty());
    }
}

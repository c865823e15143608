//! A stream dealt out to several queues: at random, in turn, by key, to all, to the shortest of two, by the
//! power of two choices.

mod shorter;
mod split;

pub use shorter::{PowerOfTwo, ShortestOfTwo, power_of_choices, shortest_of_two};
pub use split::Split;

use super::Mismatch;
use crate::scenario::{Deliver, Destination, Scenario, Topic};

/// The scenario's only topic, if all producers send there and nobody forwards.
fn topic(scenario: &Scenario) -> Result<&Topic, Mismatch> {
    let topic = match scenario.topics.as_slice() {
        [topic] => topic,
        [] => return Err("needs a topic".into()),
        _ => return Err("needs one topic".into()),
    };
    if scenario.producers.is_empty() || scenario.producers.iter().any(|p| p.to != Destination::Topic(0)) {
        return Err("needs producers that all send to the topic".into());
    }
    if scenario.consumers.iter().any(|c| c.to.iter().any(|r| r.probability > 0.0)) {
        return Err("consumers forward messages".into());
    }
    if topic.subscriptions.len() != scenario.queues.len() {
        return Err("needs queues that all subscribe to the topic".into());
    }
    if scenario.queues.iter().any(|q| q.dead_letter.is_some()) {
        return Err("what one queue gives up comes to another".into());
    }
    if scenario.producers.iter().any(|p| !p.batch.is_single()) {
        return Err("messages arrive in batches".into());
    }
    if scenario.queues.iter().any(|q| q.blocks()) {
        return Err("senders wait for room at full queues".into());
    }
    Ok(topic)
}

/// Far from a scenario without a topic, less far from a topic that deals otherwise.
fn lacks(scenario: &Scenario, deals: impl Fn(Deliver) -> bool) -> usize {
    match scenario.topics.as_slice() {
        [] => usize::MAX,
        topics => usize::from(!topics.iter().all(|topic| deals(topic.deliver))),
    }
}

//! What share of a topic's messages each of its queues gets: known, or between bounds where queues that are
//! not alike are looked at.

use super::capacity::EXACT;
use super::keys;
use super::model::{Consumer, Deliver, Destination, Keys, Producer, Queue, Scenario};
use super::range::Range;

/// What a queue that keeps up gets is less than what its servers can do, by this share at least.
const LESS: f64 = 1e-9;

pub(super) const ALL: Range = Range { least: 1.0, most: 1.0 };
const SOME: Range = Range { least: 0.0, most: 1.0 };

/// The share of a producer's messages that each subscription of a topic gets.
pub(super) fn of_producer(scenario: &Scenario, topic: usize, producer: &Producer) -> Vec<Range> {
    let exactly = |share: f64| Range { least: share, most: share };
    dealt(scenario, topic, || {
        keys::shares(producer.keys.as_ref(), scenario.choice_of_topic(topic))
            .into_iter()
            .map(exactly)
            .collect()
    })
}

/// The same of what is forwarded from a queue: its messages may have keys of several producers, some of which
/// a topic has chosen before.
pub(super) fn of_queue(scenario: &Scenario, topic: usize, from: usize) -> Vec<Range> {
    dealt(scenario, topic, || {
        let choice = scenario.choice_of_topic(topic);
        mixed(scenario, from, |keys| keys::shares(keys, choice))
            .unwrap_or_else(|| vec![SOME; scenario.topics[topic].subscriptions.len()])
    })
}

/// Shares by key of the messages that come to a queue, between those of its producers; `None` if a topic by
/// key has chosen some of the keys, whose weights are not alike.
pub(super) fn mixed(
    scenario: &Scenario,
    queue: usize,
    shares: impl Fn(Option<&Keys>) -> Vec<f64>,
) -> Option<Vec<Range>> {
    let mut all: Vec<Option<&Keys>> = Vec::new();
    for producer in scenario.producers_reaching(queue) {
        if !all.contains(&producer.keys.as_ref()) {
            all.push(producer.keys.as_ref());
        }
    }
    let unlike = all.iter().any(|keys| matches!(keys, Some(Keys::Zipf { .. })));
    if all.is_empty() || unlike && scenario.is_chosen_by_key(queue) {
        return None;
    }
    let each: Vec<Vec<f64>> = all.into_iter().map(shares).collect();
    let bounds = |i: usize| {
        each.iter().map(|s| s[i]).fold(Range { least: f64::INFINITY, most: 0.0 }, |r, share| r.with(share))
    };
    Some((0..each[0].len()).map(bounds).collect())
}

fn dealt(scenario: &Scenario, topic: usize, by_key: impl Fn() -> Vec<Range>) -> Vec<Range> {
    let all = &scenario.topics[topic].subscriptions;
    let evenly = || vec![ALL.times(1.0 / all.len() as f64); all.len()];
    match scenario.topics[topic].deliver {
        Deliver::All => vec![ALL; all.len()],
        Deliver::RoundRobin | Deliver::Random => evenly(),
        Deliver::ByKey => by_key(),
        Deliver::ShortestQueue | Deliver::PowerOfTwo if all.len() == 1 || are_alike(scenario, topic) => {
            evenly()
        }
        Deliver::ShortestQueue => balanced(scenario, topic).unwrap_or_else(|| vec![SOME; all.len()]),
        Deliver::PowerOfTwo if all.len() == 2 => balanced(scenario, topic).unwrap_or_else(|| vec![SOME; 2]),
        // A queue gets nothing of what it is not picked for.
        Deliver::PowerOfTwo => vec![Range { least: 0.0, most: 2.0 / all.len() as f64 }; all.len()],
    }
}

/// Whether some of a topic's queues share their servers with others.
fn shares_servers(scenario: &Scenario, topic: usize) -> bool {
    let shared = |queue: &usize| scenario.consumers_of(*queue).any(|(_, c)| !c.also.is_empty());
    scenario.topics[topic].subscriptions.iter().any(shared)
}

/// Whether a topic's queues are the same in all but their names.
fn are_alike(scenario: &Scenario, topic: usize) -> bool {
    let nameless = |queue: usize| {
        let groups =
            scenario.consumers_of(queue).map(|(_, c)| Consumer { name: String::new(), from: 0, ..c.clone() });
        (Queue { name: String::new(), ..scenario.queues[queue].clone() }, groups.collect::<Vec<_>>())
    };
    let all = &scenario.topics[topic].subscriptions;
    if shares_servers(scenario, topic) {
        return false;
    }
    let first = nameless(all[0]);
    (1..all.len()).all(|i| !all[..i].contains(&all[i]) && nameless(all[i]) == first)
        && are_fed_by_it_alone(scenario, topic)
}

/// Whether a topic's queues get messages from nowhere else.
fn are_fed_by_it_alone(scenario: &Scenario, topic: usize) -> bool {
    let all = &scenario.topics[topic].subscriptions;
    let elsewhere = |to: Destination| {
        to != Destination::Topic(topic) && scenario.queues_of(to).iter().any(|q| all.contains(q))
    };
    let routes = || scenario.consumers.iter().flat_map(|c| c.to.iter().map(|route| route.to));
    !scenario.producers.iter().map(|p| p.to).chain(routes()).any(elsewhere)
        && !scenario.queues.iter().any(|q| q.dead_letter.is_some_and(|dead| all.contains(&dead)))
}

/// Shares where every message of producers joins the shortest queue. If they can all be done, no queue gets
/// what it cannot do (Foley & McDonald 2001), and so none less than the others leave; if not, all queues grow
/// alike.
fn balanced(scenario: &Scenario, topic: usize) -> Option<Vec<Range>> {
    let all = &scenario.topics[topic].subscriptions;
    let producers: Vec<&Producer> =
        scenario.producers.iter().filter(|p| p.to == Destination::Topic(topic)).collect();
    let routes =
        scenario.consumers.iter().flat_map(|c| &c.to).any(|route| route.to == Destination::Topic(topic));
    let own = |p: &&Producer| p.service_time.is_some() || p.failure.is_some() || p.is_closed();
    let keeps = |q: &usize| {
        let queue = &scenario.queues[*q];
        queue.max_length.is_none() && queue.message_ttl.is_none() && queue.partitions.is_none()
    };
    if routes
        || shares_servers(scenario, topic)
        || producers.iter().any(own)
        || !all.iter().all(keeps)
        || !are_fed_by_it_alone(scenario, topic)
    {
        return None;
    }
    let capacity = |q: &usize| {
        scenario
            .consumers_of(*q)
            .map(|(_, c)| scenario.messages_done(c))
            .sum::<Option<f64>>()
            .filter(|c| *c > 0.0)
    };
    let capacities: Vec<f64> = all.iter().map(capacity).collect::<Option<_>>()?;
    let (rate, whole): (f64, f64) = (producers.iter().map(|p| p.rate).sum(), capacities.iter().sum());
    if !(rate > 0.0 && whole.is_finite())
        || all.iter().any(|q| all.iter().filter(|other| *other == q).count() > 1)
    {
        return None;
    }
    let share = |capacity: &f64| {
        if rate >= whole * (1.0 - EXACT) {
            let each = capacity + (rate - whole).max(0.0) / all.len() as f64;
            return Range { least: each / rate, most: each / rate };
        }
        let others = (whole - capacity) * (1.0 - LESS);
        Range { least: (rate - others).max(0.0) / rate, most: (capacity * (1.0 - LESS)).min(rate) / rate }
    };
    Some(capacities.iter().map(share).collect())
}

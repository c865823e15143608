//! Queues in front of which a topic's copies rejoin.

use super::deal;
use super::model::{Ack, Consumer, Deliver, Destination, Scenario};
use super::range::Range;
use std::collections::BTreeSet;

/// What is wrong with a join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrongJoin {
    /// The queue that joins.
    pub queue: String,
    pub what: String,
    /// What to write instead.
    pub instead: &'static str,
}

impl WrongJoin {
    /// The same as a sentence, with what to write instead.
    pub(crate) fn text(&self) -> String {
        format!("queue `{}` cannot join: {}; {}", self.queue, self.what, self.instead)
    }
}

/// What is wrong with each queue that joins.
pub(crate) fn wrong_joins(scenario: &Scenario) -> Vec<WrongJoin> {
    let wrong = |(index, queue): (usize, &super::model::Queue)| {
        let (what, instead) = wrong(scenario, index, queue.join?).err()?;
        Some(WrongJoin { queue: queue.name.clone(), what, instead })
    };
    scenario.queues.iter().enumerate().filter_map(wrong).collect()
}

type Wrong = (String, &'static str);

fn wrong(scenario: &Scenario, join: usize, topic: usize) -> Result<(), Wrong> {
    let from = &scenario.topics[topic];
    if from.deliver != Deliver::All {
        return Err((format!("topic `{}` makes no copies", from.name), "write deliver = \"all\" there"));
    }
    if scenario.queues.iter().filter(|queue| queue.join == Some(topic)).count() > 1 {
        let what = format!("another queue joins the copies of `{}`, too", from.name);
        return Err((what, "let them rejoin in front of one queue, and forward from there"));
    }
    let ways = ways(scenario, join, topic)?;
    let comes = |to: Destination| scenario.queues_of(to).into_iter().find(|q| *q == join || ways.contains(q));
    let only = "send it elsewhere: on the ways of copies that rejoin there is nothing else";
    let named = |who: &str, queue: usize| {
        (format!("{who} sends to `{}`, where copies are on their way", scenario.queues[queue].name), only)
    };
    for producer in &scenario.producers {
        if let Some(queue) = comes(producer.to).filter(|_| producer.to != Destination::Topic(topic)) {
            return Err(named(&format!("`{}`", producer.name), queue));
        }
    }
    for group in scenario.consumers.iter().filter(|c| c.queues().any(|q| !ways.contains(&q))) {
        let others = routes(group).filter(|to| *to != Destination::Topic(topic));
        if let Some(queue) = others.filter_map(comes).next() {
            return Err(named(&format!("`{}`", group.name), queue));
        }
    }
    let dead = scenario.queues.iter().filter_map(|queue| queue.dead_letter);
    if let Some(queue) = dead.filter_map(|queue| comes(Destination::Queue(queue))).next() {
        return Err(named("what is given up", queue));
    }
    let waits = |queue: &usize| scenario.queues[*queue].initial_backlog > 0;
    if let Some(queue) = ways.iter().copied().find(waits) {
        return Err(named("an initial_backlog", queue));
    }
    Ok(())
}

/// Where a group's messages may go on to.
fn routes(group: &Consumer) -> impl Iterator<Item = Destination> {
    group.to.iter().map(|route| route.to).chain(group.own_routes.iter().map(|own| own.route.to))
}

/// The queues through which the copies of a topic pass until they rejoin in front of a queue.
///
/// # Errors
/// Some would not come there.
fn ways(scenario: &Scenario, join: usize, topic: usize) -> Result<BTreeSet<usize>, Wrong> {
    let mut seen = BTreeSet::new();
    let mut open = scenario.topics[topic].subscriptions.clone();
    let all = "let all groups that serve the copies forward all of them to it";
    while let Some(queue) = open.pop() {
        let name = &scenario.queues[queue].name;
        if queue == join || !seen.insert(queue) {
            if queue == join && scenario.topics[topic].subscriptions.contains(&queue) {
                return Err(("the topic sends to it directly".into(), "subscribe another queue"));
            }
            continue;
        }
        for (_, group) in scenario.consumers_of(queue) {
            let sure = |sum: f64| (sum - 1.0).abs() < 1e-9;
            let own = |producer| group.routes_of(producer).iter().map(|route| route.probability).sum::<f64>();
            let apart = !group.own_routes.is_empty();
            let everyone = (0..scenario.producers.len()).map(Some).chain([None]);
            let whole = if apart {
                everyone.map(own).all(sure)
            } else {
                sure(group.to.iter().map(|r| r.probability).sum())
            };
            if !whole {
                return Err((format!("some copies end in `{name}`"), all));
            }
            for to in routes(group) {
                match to {
                    Destination::Queue(next) => open.push(next),
                    Destination::Topic(_) => {
                        let what = format!("copies go from `{name}` through another topic");
                        return Err((what, "forward them to queues"));
                    }
                }
            }
        }
        if scenario.consumers_of(queue).next().is_none() {
            return Err((format!("copies stay in `{name}`"), all));
        }
    }
    Ok(seen)
}

/// How many messages a copy that comes to a queue stands for: a share of one where copies rejoin, between
/// bounds where some may be lost before.
pub(super) fn share(scenario: &Scenario, queue: usize) -> Range {
    let Some(topic) = scenario.queues[queue].join else { return deal::ALL };
    let copies = scenario.topics[topic].subscriptions.len().max(1) as u32;
    let each = 1.0 / f64::from(copies);
    let needed = scenario.topics[topic].copies_to_rejoin();
    let lossy = ways(scenario, queue, topic).is_ok_and(|ways| ways.iter().any(|way| loses(scenario, *way)));
    if lossy {
        Range { least: 0.0, most: 1.0 / f64::from(needed) }
    } else {
        Range { least: each, most: each }
    }
}

/// Whether messages may be lost in a queue.
fn loses(scenario: &Scenario, queue: usize) -> bool {
    let q = &scenario.queues[queue];
    let fails = |c: &Consumer| scenario.may_fail(c) || c.outages.is_some() || q.visibility_timeout.is_some();
    let gives_up = |c: &Consumer| fails(c) && (q.delivery_limit.is_some() || c.ack == Ack::Auto);
    let waits = scenario.may_expire(queue) || q.max_length.is_some() && !q.blocks();
    waits || scenario.consumers_of(queue).any(|(_, c)| gives_up(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Complete, Producer, Queue, Route, Topic};
    use crate::workload::laws::Law;

    fn fork_and_join() -> Scenario {
        let group = |name: &str, queue, to: Option<usize>| Consumer {
            to: to.map(|q| Route { to: Destination::Queue(q), probability: 1.0 }).into_iter().collect(),
            ..Consumer::group(name, queue, 1, Law::exponential(0.01))
        };
        let queue = |name: &str| Queue { name: name.into(), ..Queue::default() };
        let mut s = Scenario::single(
            Producer { to: Destination::Topic(0), ..Producer::poisson("p", 0, 10.0) },
            queue("a"),
            group("a", 0, Some(2)),
        );
        s.queues.extend([queue("b"), Queue { join: Some(0), ..queue("ship") }]);
        s.consumers.extend([group("b", 1, Some(2)), group("ship", 2, None)]);
        let complete_when = Complete::Each;
        s.topics = vec![Topic {
            name: "order".into(),
            subscriptions: vec![0, 1],
            deliver: Deliver::All,
            complete_when,
        }];
        s
    }

    #[test]
    fn every_copy_has_to_come_to_the_join_and_nothing_else() {
        let s = fork_and_join();
        assert_eq!(wrong_joins(&s), []);
        assert_eq!(share(&s, 2), Range { least: 0.5, most: 0.5 });
        type Change = fn(&mut Scenario);
        let wrongs: [(Change, &str); 6] = [
            (|s| s.topics[0].deliver = Deliver::Random, "makes no copies"),
            (|s| s.consumers[1].to[0].probability = 0.5, "some copies end in `b`"),
            (|s| s.queues[1].join = Some(0), "another queue joins"),
            (|s| s.producers.push(Producer::poisson("late", 1, 1.0)), "`late` sends to `b`"),
            (|s| s.queues[2].dead_letter = Some(1), "what is given up sends to `b`"),
            (|s| s.topics[0].subscriptions.push(2), "sends to it directly"),
        ];
        for (change, told) in wrongs {
            let mut s = fork_and_join();
            change(&mut s);
            let wrong: Vec<String> = wrong_joins(&s).iter().map(WrongJoin::text).collect();
            assert!(wrong.iter().any(|wrong| wrong.contains(told)), "{told}: {wrong:?}");
        }
    }

    #[test]
    fn copies_that_may_be_lost_bound_what_rejoins() {
        let mut s = fork_and_join();
        (s.queues[0].max_length, s.topics[0].complete_when) = (Some(3), Complete::Some(1));
        assert_eq!(share(&s, 2), Range { least: 0.0, most: 1.0 });
    }
}

//! Traffic equations: how many messages a second reach each queue, over all topics, forwards and dead
//! letters.
//!
//! What handlers give up is known from their chance to fail. What expires or finds no room is not: it is a
//! matter of how long messages wait. Where nobody knows it, rates are known between two bounds. The upper one
//! has everything served and everything lost; the lower one has nothing served, and lost what the servers
//! cannot do (the fluid bound).

use super::bounds::{DepartureBounds, LEAST, LinearRate, MOST, bound};
use super::capacity::{capacity, per_message, shares};
use super::deal;
use super::deliveries::{given_up, timely};
use super::forwards::spread;
use super::joins;
use super::model::{
    Ack, Consumer, Destination, Discipline, Overflow, Preemption, Producer, Scenario, Servers,
};
use super::range::Range;
use std::collections::BTreeMap;

/// What becomes of the messages that reach a queue, if anybody knows it exactly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fate {
    /// The share that is rejected, dropped or expires.
    pub lost: f64,
}

/// Messages a second that reach each queue. `fate` is asked for queues that lose messages and lead on.
pub(crate) fn arrivals(scenario: &Scenario, fate: &dyn Fn(usize) -> Option<Fate>) -> Vec<Range> {
    let mut outside = [LEAST, MOST].map(|_| vec![0.0; scenario.queues.len()]);
    for producer in &scenario.producers {
        let shares = |topic| deal::of_producer(scenario, topic, producer);
        reach(scenario, producer.to, producer.rate, shares, |side, queue, flow| outside[side][queue] += flow);
        if let Some(copies) = producer.most_copies() {
            // Each may be sent as often as a client ever does.
            let again = producer.rate * f64::from(copies);
            reach(scenario, producer.to, again, shares, |side, queue, flow| {
                if side == MOST {
                    outside[MOST][queue] += flow;
                }
            });
        }
    }
    let groups = scenario.consumers_by_queue().into_iter().zip(scenario.producers_by_queue()).enumerate();
    let expiring = scenario.expiring();
    let leaving: Vec<DepartureBounds> = groups
        .map(|(queue, (groups, own))| leaving(scenario, queue, groups, &own, expiring[queue], fate))
        .collect();
    let [least, most] = [LEAST, MOST].map(|side| bound(&leaving, &outside[side], side));
    let clients = behind_clients(scenario, &leaving);
    let range = |((least, most), clients): ((f64, f64), bool)| Range {
        least,
        most: if clients { f64::INFINITY } else { most.max(least) },
    };
    least.into_iter().zip(most).zip(clients).map(range).collect()
}

/// Whether messages of closed loops reach a queue: their rate follows from the answers, which nothing here
/// knows.
fn behind_clients(scenario: &Scenario, leaving: &[DepartureBounds]) -> Vec<bool> {
    let mut reached = vec![0.0; leaving.len()];
    for producer in scenario.producers.iter().filter(|p| p.is_closed()) {
        spread(scenario, producer.to, 1.0, |queue, flow| reached[queue] += flow);
    }
    let mut open: Vec<usize> = (0..leaving.len()).filter(|&queue| reached[queue] > 0.0).collect();
    let mut seen = vec![false; leaving.len()];
    while let Some(queue) = open.pop() {
        if !std::mem::replace(&mut seen[queue], true) {
            open.extend(
                leaving[queue].onward[MOST].iter().filter(|(_, chance)| **chance > 0.0).map(|(to, _)| *to),
            );
            open.extend(leaving[queue].dead);
        }
    }
    seen
}

/// Whether a queue that leads on loses messages by something else than handlers that give up: by room, by
/// time, or by what cuts deliveries short.
pub(crate) fn leaks(scenario: &Scenario, queue: usize) -> bool {
    let groups: Vec<&Consumer> = scenario.consumers_of(queue).map(|(_, group)| group).collect();
    let leads_on =
        scenario.queues[queue].dead_letter.is_some() || groups.iter().any(|group| !group.to.is_empty());
    leads_on
        && (rejects(scenario, queue, &groups) || drops(scenario, queue, &groups, scenario.may_expire(queue)))
}

/// Whether what finds no room is refused, which is the end of it.
fn rejects(scenario: &Scenario, queue: usize, groups: &[&Consumer]) -> bool {
    let q = &scenario.queues[queue];
    let bounded =
        q.overflow == Overflow::RejectPublish || q.max_length == Some(0) && q.overflow != Overflow::Block;
    q.max_length.is_some() && bounded && !takes_all(groups)
}

/// Whether messages are lost that were accepted; `expire` says whether time takes some.
fn drops(scenario: &Scenario, queue: usize, groups: &[&Consumer], expire: bool) -> bool {
    let q = &scenario.queues[queue];
    let waiting = expire || q.overflow == Overflow::DropHead && q.max_length.is_some_and(|room| room > 0);
    // Deliveries that end for another reason than that their handler fails, and count or are the only one.
    let cut = |c: &Consumer| {
        let limited = scenario.deliveries_at_most(c).is_some();
        limited
            && (q.visibility_timeout.is_some() && !timely(scenario, c)
                || c.is_broken_off()
                || c.outages.is_some() && c.ack == Ack::Auto)
    };
    waiting && !takes_all(groups) || groups.iter().any(|c| cut(c))
}

/// Whether every message is taken at once.
fn takes_all(groups: &[&Consumer]) -> bool {
    groups.iter().any(|c| c.count == Servers::Unlimited && c.autoscale.is_none() && c.retry_delay.is_none())
}

fn leaving(
    scenario: &Scenario,
    queue: usize,
    groups: Vec<(usize, &Consumer)>,
    own: &[&Producer],
    expire: bool,
    fate: &dyn Fn(usize) -> Option<Fate>,
) -> DepartureBounds {
    let groups: Vec<&Consumer> = groups.into_iter().map(|(_, group)| group).collect();
    let dead = scenario.queues[queue].dead_letter;
    let (mut given, mut dying) = (0.0, 0.0);
    for (group, share) in groups.iter().zip(shares(&groups)) {
        let often = given_up(scenario, queue, group, own);
        given += share * often;
        // What was acknowledged beforehand is nobody's any more.
        dying += if group.ack == Ack::Auto { 0.0 } else { share * often };
    }
    let onward = onward(scenario, queue, &groups);
    let leads_on = dead.is_some() || onward[MOST].values().any(|chance| *chance > 0.0);
    let (rejects, drops) = (rejects(scenario, queue, &groups), drops(scenario, queue, &groups, expire));
    let both = |line: LinearRate| [vec![line], vec![line]];
    let (served, died) = if !(rejects || drops) {
        (both(LinearRate::share(1.0 - given)), both(LinearRate::share(dying)))
    } else if let Some(fate) = (leads_on && given == 0.0 && rejects != drops).then(|| fate(queue)).flatten() {
        (
            both(LinearRate::share(1.0 - fate.lost)),
            both(LinearRate::share(if drops { fate.lost } else { 0.0 })),
        )
    } else {
        let done = most_served(scenario, queue);
        let unserved = if rejects { LinearRate::NOTHING } else { LinearRate::share(dying) };
        let nobodys = dying < given || groups.iter().any(|c| c.ack == Ack::Auto && c.outages.is_some());
        let excess = done.filter(|_| !rejects && !nobodys).map(|done| LinearRate { slope: 1.0, rest: -done });
        let most = [Some(LinearRate::share(1.0 - given)), done.map(|rest| LinearRate { slope: 0.0, rest })];
        let most = most.into_iter().flatten().collect();
        (
            [vec![LinearRate::NOTHING], most],
            [
                [Some(unserved), excess].into_iter().flatten().collect(),
                vec![LinearRate::share(if drops { 1.0 } else { dying })],
            ],
        )
    };
    DepartureBounds { onward, dead, served, died }
}

/// Where a message goes that is served. Which of several groups serves it depends on who is free, so that it
/// is known only where they all send it on alike.
fn onward(scenario: &Scenario, queue: usize, groups: &[&Consumer]) -> [BTreeMap<usize, f64>; 2] {
    type Chances = BTreeMap<usize, f64>;
    let nowhere = || [LEAST, MOST].map(|_| Chances::new());
    let of_group = |group: &&Consumer| {
        let mut onward = nowhere();
        for route in &group.to {
            reach(
                scenario,
                route.to,
                route.probability,
                |topic| deal::of_queue(scenario, topic, queue),
                |side, queue, flow| *onward[side].entry(queue).or_default() += flow,
            );
        }
        onward
    };
    let between = |[a, b]: [Chances; 2], [c, d]: [Chances; 2]| {
        let each = |x: Chances, y: Chances, of: fn(f64, f64) -> f64| {
            let at = |chances: &Chances, queue: usize| chances.get(&queue).copied().unwrap_or(0.0);
            x.keys().chain(y.keys()).map(|&queue| (queue, of(at(&x, queue), at(&y, queue)))).collect()
        };
        [each(a, c, f64::min), each(b, d, f64::max)]
    };
    groups.iter().map(of_group).reduce(between).unwrap_or_else(nowhere)
}

/// Messages a second that a queue's servers can serve at most, whichever they are; `None` if that depends on
/// which are lost.
fn most_served(scenario: &Scenario, queue: usize) -> Option<f64> {
    let q = &scenario.queues[queue];
    // Where short work goes first, it is the long work that is lost.
    if q.discipline == Discipline::Shortest
        || q.discipline == Discipline::ProcessorSharing
        || q.preemption != Preemption::None
    {
        return None;
    }
    let groups = scenario.consumers_of(queue).map(|(_, c)| c);
    groups
        .map(|group| {
            if group.is_broken_off() {
                return None;
            }
            let own = scenario.producers.iter().filter_map(|p| p.service_time.as_ref());
            let least = own.map(|law| law.mean()).fold(per_message(group), f64::min);
            let sure = scenario.producers.iter().all(|p| p.failure.is_none());
            let succeed = if sure { 1.0 - group.failure } else { 1.0 };
            Some(capacity(group)? * per_message(group) / least * succeed).filter(|rate| rate.is_finite())
        })
        .sum()
}

/// Tells of the queues that a flow reaches, through a topic if need be: at least, and at most.
fn reach(
    scenario: &Scenario,
    to: Destination,
    flow: f64,
    shares: impl Fn(usize) -> Vec<Range>,
    mut add: impl FnMut(usize, usize, f64),
) {
    match to {
        Destination::Queue(queue) => {
            let share = joins::share(scenario, queue);
            add(LEAST, queue, flow * share.least);
            add(MOST, queue, flow * share.most);
        }
        Destination::Topic(topic) => {
            for (queue, share) in scenario.topics[topic].subscriptions.iter().zip(shares(topic)) {
                add(LEAST, *queue, flow * share.least);
                add(MOST, *queue, flow * share.most);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::forwards::tests::feedback;
    use super::*;
    use crate::scenario::{Arrivals, Queue, Route};
    use crate::workload::laws::Law;

    /// 30 messages a second for servers that do 20, what is lost going to a second queue.
    fn lossy(change: impl Fn(&mut Scenario)) -> Vec<Range> {
        let mut s = Scenario::mgc(30.0, Law::exponential(0.1), 2);
        s.queues.push(Queue { name: "dead".into(), ..Queue::default() });
        s.consumers.push(Consumer::group("undertaker", 1, 1, Law::exponential(0.01)));
        s.queues[0].dead_letter = Some(1);
        change(&mut s);
        arrivals(&s, &|_| None)
    }

    #[test]
    fn feedback_multiplies_the_rate() {
        assert!(
            (arrivals(&feedback(0.25), &|_| None)[0].known().expect("nothing is lost") - 8.0).abs() < 1e-12
        );
    }

    #[test]
    fn what_expires_is_between_what_cannot_be_served_and_everything() {
        let dead = lossy(|s| s.queues[0].message_ttl = Some(Law::deterministic(1.0)))[1];
        assert!(
            (dead.least - 10.0).abs() < 1e-9 && (dead.most - 30.0).abs() < 1e-9 && dead.known().is_none(),
            "{dead:?}"
        );
        // Servers that could do it all need not lose anything.
        let dead = lossy(|s| {
            s.queues[0].message_ttl = Some(Law::deterministic(1.0));
            s.producers[0].rate = 5.0;
        })[1];
        assert!(dead.least == 0.0 && (dead.most - 5.0).abs() < 1e-9, "{dead:?}");
        // Half of the deliveries fail: 10/s succeed at most.
        let dead = lossy(|s| {
            s.queues[0].message_ttl = Some(Law::deterministic(1.0));
            s.consumers[0].failure = 0.5;
        })[1];
        assert!((dead.least - 20.0).abs() < 1e-9, "{dead:?}");
        // Where the short go first, more are done than the mean says.
        let dead = lossy(|s| {
            s.queues[0].message_ttl = Some(Law::deterministic(1.0));
            s.queues[0].discipline = Discipline::Shortest;
        })[1];
        assert!(dead.least == 0.0, "{dead:?}");
    }

    #[test]
    fn what_nobody_consumes_expires() {
        let dead = lossy(|s| {
            s.queues[0].message_ttl = Some(Law::deterministic(1.0));
            s.consumers.remove(0);
        })[1];
        assert!((dead.known().expect("all of it") - 30.0).abs() < 1e-9, "{dead:?}");
    }

    #[test]
    fn what_is_refused_is_no_dead_letter_and_what_is_served_goes_on() {
        let change = |s: &mut Scenario| {
            (s.queues[0].max_length, s.queues[0].overflow) = (Some(5), Overflow::RejectPublish);
            s.consumers[0].to = vec![Route { to: Destination::Queue(1), probability: 1.0 }];
        };
        let next = lossy(change)[1];
        assert!(next.least == 0.0 && (next.most - 20.0).abs() < 1e-9, "{next:?}");
        let mut s = Scenario::mgc(30.0, Law::exponential(0.1), 2);
        s.queues.push(Queue { name: "next".into(), ..Queue::default() });
        s.consumers.push(Consumer::group("more", 1, 1, Law::exponential(0.01)));
        change(&mut s);
        let known = arrivals(&s, &|queue| (queue == 0).then_some(Fate { lost: 0.4 }))[1];
        assert!((known.known().expect("the share that is lost is") - 18.0).abs() < 1e-9, "{known:?}");
    }

    #[test]
    fn what_clients_send_who_wait_is_not_known() {
        let mut s = feedback(0.25);
        s.producers[0].rate = 0.0;
        s.producers[0].arrivals = Arrivals::Closed { concurrency: 3, think_time: Law::exponential(1.0) };
        s.queues.push(Queue { name: "other".into(), ..Queue::default() });
        s.producers.push(Producer::poisson("open", 1, 2.0));
        let rates = arrivals(&s, &|_| None);
        assert_eq!((rates[0].known(), rates[1].known()), (None, Some(2.0)));
    }

    #[test]
    fn what_comes_back_from_the_dead_may_circulate() {
        let back = lossy(|s| {
            s.queues[0].message_ttl = Some(Law::deterministic(1.0));
            s.consumers[1].to = vec![Route { to: Destination::Queue(0), probability: 1.0 }];
        });
        // 20/s leave and 30/s come.
        assert_eq!((back[0].least, back[0].most), (f64::INFINITY, f64::INFINITY));
    }
}

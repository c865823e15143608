//! Several queues, closed loops, and what has no steady state.

use super::*;

/// Exponential stations in a row, as in a Jackson network: sums of independent exponential times.
fn row(lambda: f64, rates: &[f64]) -> Scenario {
    use crate::scenario::{Consumer, Destination, Queue, Route};
    let mut scenario = mm(lambda, rates[0], 1);
    for (i, rate) in rates.iter().enumerate().skip(1) {
        scenario.queues.push(Queue { name: format!("queue{i}"), ..Queue::default() });
        scenario.consumers.push(Consumer::group(&format!("stage{i}"), i, 1, Law::exponential(1.0 / rate)));
        scenario.consumers[i - 1].to = vec![Route { to: Destination::Queue(i), probability: 1.0 }];
    }
    scenario
}

#[test]
fn tandems_and_feedback() {
    check(
        &row(7.0, &[10.0, 10.0, 10.0]),
        1e-8,
        &[
            ("p.latency.mean", 1.0),
            ("p.latency.sd", (1.0f64 / 3.0).sqrt()),
            ("p.latency.p50", 0.8913534379078385),
            ("p.latency.p999", 3.7429574141375497),
        ],
    );
    check(
        &row(4.0, &[5.0, 8.0, 20.0]),
        1e-8,
        &[
            ("p.latency.mean", 1.3125),
            ("p.latency.p90", 2.654697015793431),
            ("p.latency.p99", 4.9573906709481435),
            ("q.wait.mean", 0.8),
        ],
    );
    let mut back = mm(0.5, 1.0, 1);
    back.consumers[0].to =
        vec![crate::scenario::Route { to: crate::scenario::Destination::Queue(0), probability: 0.4 }];
    check(
        &back,
        1e-9,
        &[
            ("p.latency.mean", 10.0),
            ("q.in_system.mean", 5.0),
            ("q.utilization", 0.8333333333333334),
            ("q.throughput", 0.8333333333333334),
        ],
    );
}

/// A topic in front of alike queues with one exponential server of rate 1 each.
fn fanned(
    lambda: f64,
    queues: usize,
    deliver: crate::scenario::Deliver,
    complete_when: crate::scenario::Complete,
) -> Scenario {
    use crate::scenario::{Consumer, Destination, Queue, Topic};
    let mut scenario = mm(lambda, 1.0, 1);
    for i in 1..queues {
        scenario.queues.push(Queue { name: format!("queue{i}"), ..Queue::default() });
        scenario.consumers.push(Consumer::group(&format!("group{i}"), i, 1, Law::exponential(1.0)));
    }
    scenario.topics.push(Topic {
        name: "topic".into(),
        subscriptions: (0..queues).collect(),
        deliver,
        complete_when,
    });
    scenario.producers[0].to = Destination::Topic(0);
    scenario
}

#[test]
fn topics() {
    use crate::scenario::{Complete, Deliver};
    let each = Complete::Each;
    check(
        &fanned(3.6, 4, Deliver::RoundRobin, each),
        1e-9,
        &[
            ("p.latency.mean", 6.383049518474251),
            ("q.wait.mean", 5.383049518474251),
            ("p.latency.p99", 29.395029338163265),
        ],
    );
    check(
        &fanned(1.8, 2, Deliver::Random, each),
        1e-9,
        &[("p.latency.mean", 10.0), ("p.latency.p99", 46.05170185988093)],
    );
    check(&fanned(1.8, 2, Deliver::ShortestQueue, each), 1e-9, &[("p.latency.mean", 5.4749128212350096)]);
    check(&fanned(500.0, 1000, Deliver::PowerOfTwo, each), 1e-9, &[("p.latency.mean", 1.2656860360875726)]);
    assert!(!solved(&fanned(500.0, 1000, Deliver::PowerOfTwo, each)).exact);
    check(
        &fanned(0.8, 2, Deliver::All, each),
        1e-9,
        &[("p.latency.mean", 5.0), ("p.latency.p99", 5.0 * 100f64.ln())],
    );
    check(
        &fanned(0.8, 2, Deliver::All, Complete::All),
        1e-9,
        &[("p.latency.mean", 7.0), ("q.in_system.mean", 4.0)],
    );
    let three = fanned(0.5, 3, Deliver::All, Complete::All);
    check(&three, 1e-9, &[("p.latency.mean", 3.3977272727272725)]);
    assert!(!solved(&three).exact);
}

#[test]
fn closed_loops() {
    let clients = |mut scenario: Scenario, concurrency: u32, think: f64| {
        scenario.producers[0].rate = 0.0;
        scenario.producers[0].arrivals =
            Arrivals::Closed { concurrency, think_time: Law::exponential(think) };
        scenario
    };
    check(
        &clients(mm(1.0, 1.0, 4), 50, 10.0),
        1e-9,
        &[
            ("q.in_system.mean", 11.150176710262878),
            ("q.throughput", 3.8849823289737127),
            ("q.wait.mean", 1.8700714098765017),
            ("p.latency.mean", 2.870071409876502),
            ("q.delayed", 0.9153492440317993),
            ("p.throughput", 3.8849823289737127),
        ],
    );
    check(
        &clients(mm(1.0, 5.0, 1), 20, 5.0),
        1e-9,
        &[("q.throughput", 3.600549245051477), ("p.latency.mean", 0.5547080844645027)],
    );
    check(
        &clients(row(1.0, &[2.0, 2.0]), 10, 0.0),
        1e-9,
        &[("p.throughput", 10.0 / 5.5), ("p.latency.mean", 5.5), ("q.in_system.mean", 5.0)],
    );
    assert!(solved(&clients(mm(1.0, 1.0, 4), 50, 10.0)).get("producers.producer.latency.p99").is_some());
    check(
        &clients(mm(1.0, 1.0, 3), 8, 0.0),
        1e-12,
        &[
            ("q.throughput", 3.0),
            ("q.in_system.mean", 8.0),
            ("q.delayed", 1.0),
            ("q.wait.mean", 5.0 / 3.0),
            ("p.latency.mean", 8.0 / 3.0),
        ],
    );
}

#[test]
fn blocking_and_approximate_networks() {
    let mut blocked = row(0.6, &[1.0, 1.0]);
    blocked.queues[1].max_length = Some(0);
    blocked.queues[1].overflow = Overflow::Block;
    check(&blocked, 1e-9, &[("p.latency.mean", 12.61538461538447), ("p.throughput", 0.6)]);
    blocked.producers[0].rate = 0.7;
    assert!(answer(&blocked).expect_err("beyond 2/3").reason.is_unstable());
    let mut general = row(0.6, &[1.0, 1.0]);
    general.consumers[0].service_time = Law::lognormal(1.0, 2.0);
    let found = solved(&general);
    assert!(!found.exact && found.get("total.latency.mean").is_some());
}

#[test]
fn backlogs_drain() {
    let mut full = mm(50.0, 100.0, 1);
    full.queues[0].initial_backlog = 10_001;
    check(&full, 1e-9, &[("q.drain_time", 200.0)]);
    let mut burst = mm(0.5, 1.0, 1);
    let step = |lasts: f64, rate: f64| crate::scenario::Step { lasts, rate };
    burst.producers[0].arrivals =
        Arrivals::Schedule { steps: vec![step(100.0, 1.1), step(100.0, 0.5)], repeat: false, ramp: false };
    let found = solved(&burst);
    assert!(found.exact);
    let line = &found.timelines["queue"];
    let at = |t: f64| line.iter().find(|m| (m.at - t).abs() < 1e-6).expect("watched").in_system;
    assert!(
        (at(50.0) / 10.505174005234087 - 1.0).abs() < 1e-9
            && (at(200.0) / 1.1428681737782616 - 1.0).abs() < 1e-9
    );
}

/// Queues that are not what they would be by themselves are not taken for such.
#[test]
fn what_queues_do_to_each_other_is_not_guessed() {
    use crate::scenario::{Complete, Deliver, Discipline, Producer};
    let exact = |s: &Scenario| answer(s).is_ok_and(|a| a.exact);
    // Clients wait for both copies.
    let mut copied = fanned(0.8, 2, Deliver::All, Complete::Each);
    assert!(exact(&copied));
    copied.producers[0].arrivals = Arrivals::Closed { concurrency: 3, think_time: Law::exponential(1.0) };
    assert!(!exact(&copied));
    // Queue and partition are chosen independently: each of four servers is M/M/1 at a load of 0.2.
    let mut keyed = fanned(0.8, 2, Deliver::ByKey, Complete::Each);
    assert!(exact(&keyed));
    keyed.queues.iter_mut().for_each(|q| q.partitions = Some(2));
    keyed.consumers.iter_mut().for_each(|c| c.count = crate::scenario::Servers::Count(2));
    check(&keyed, 1e-9, &[("p.latency.mean", 1.25)]);
    // A queue further on prefers some producers' messages too.
    let mut urgent = row(0.5, &[1.0, 1.0]);
    urgent.queues[1].discipline = Discipline::Priority;
    urgent.producers.push(Producer { priority: 0, ..Producer::poisson("other", 0, 0.1) });
    assert!(exact(&urgent));
    urgent.producers[1].priority = 1;
    assert!(!exact(&urgent) && explain(&urgent).models.iter().all(|m| m.against.is_some()));
    urgent.producers[1].priority = 0;
    urgent.queues[1].discipline = Discipline::RoundRobin;
    assert!(!exact(&urgent));
    // Its own failures send some messages back.
    let mut failing = row(0.5, &[1.0, 1.0]);
    failing.producers[0].failure = Some(0.1);
    assert!(!exact(&failing) && explain(&failing).models.iter().all(|m| m.against.is_some()));
}

/// A producer's latency is that of the queues to which its own keys lead.
#[test]
fn keys_lead_each_producer_its_own_way() {
    use crate::scenario::{Complete, Deliver, Destination, Keys, Producer};
    let mut keyed = fanned(0.4, 2, Deliver::ByKey, Complete::Each);
    keyed.consumers[1].service_time = Law::exponential(0.25);
    let to = Destination::Topic(0);
    keyed.producers.push(Producer {
        to,
        keys: Some(Keys::Uniform { count: 1 }),
        ..Producer::poisson("other", 0, 0.3)
    });
    let found = solved(&keyed);
    let mean =
        |place: &str| found.get(&format!("{place}.latency.mean")).and_then(|e| e.value).expect("known");
    // 0.2 + 0.3 and 0.2 messages/s reach queues of 1/s and 4/s.
    let (slow, fast) = (1.0 / (1.0 - 0.5), 1.0 / (4.0 - 0.2));
    assert!((mean("producers.other") - slow).abs() < 1e-12, "{}", mean("producers.other"));
    assert!((mean("producers.producer") - 0.5 * (slow + fast)).abs() < 1e-12);
}

//! One queue with more to it: room, classes, expiry, batches, orders, failures.

use super::*;

#[test]
fn dropping_the_head_loses_as_much_as_rejecting() {
    let reject = solved(&with_room(mm(1.5, 1.0, 1), 4));
    let mut scenario = with_room(mm(1.5, 1.0, 1), 4);
    scenario.queues[0].overflow = Overflow::DropHead;
    let drop = solved(&scenario);
    assert_eq!(drop.get("queues.queue.loss"), reject.get("queues.queue.loss"));
    let wait = |a: &Answer| a.get("queues.queue.wait").and_then(|e| e.value).expect("known");
    assert!(wait(&drop) < wait(&reject));
    scenario.queues[0].overflow = Overflow::Block;
    assert!(answer(&scenario).is_err(), "blocked producers pile up");
}

/// Two or three classes, the first the most urgent.
fn classes(rates: &[f64], means: &[f64], servers: u32, preemption: crate::scenario::Preemption) -> Scenario {
    let mut scenario = mm(rates[0], 1.0, servers);
    scenario.queues[0].discipline = crate::scenario::Discipline::Priority;
    scenario.queues[0].preemption = preemption;
    scenario.producers = (0..rates.len())
        .map(|k| Producer {
            priority: -(k as i32),
            service_time: Some(Law::exponential(means[k])),
            ..Producer::poisson(&format!("class{}", k + 1), 0, rates[k])
        })
        .collect();
    scenario
}

fn class_check(scenario: &Scenario, expected: &[(&str, f64)]) {
    let answer = solved(scenario);
    for (path, value) in expected {
        let found = answer
            .get(&format!("producers.{path}"))
            .and_then(|e| e.value)
            .unwrap_or_else(|| panic!("{path} of {}", answer.by));
        assert!((found / value - 1.0).abs() < 1e-6, "{path} = {found}, not {value}");
    }
}

/// Cobham, Davis, and M/M/c without those below.
#[test]
fn priorities() {
    use crate::scenario::Preemption::{None, Resume};
    class_check(
        &classes(&[0.2, 0.3, 0.3], &[2.0 / 3.0, 1.0, 1.25], 1, None),
        &[
            ("class1.wait.mean", 0.9895833333333333),
            ("class2.latency.mean", 2.7463235294117645),
            ("class3.wait.mean", 7.896419437340153),
        ],
    );
    class_check(
        &classes(&[1.0, 1.4], &[1.0, 1.0], 3, None),
        &[
            ("class1.wait.mean", 0.32359550561797745),
            ("class2.latency.mean", 2.617977528089887),
            ("class1.wait.p50", 0.12901668926482657),
            ("class1.wait.p999", 3.2363207384759107),
        ],
    );
    class_check(
        &classes(&[1.0, 1.4], &[1.0, 1.0], 3, Resume),
        &[("class1.latency.mean", 1.0454545454545454), ("class2.latency.mean", 2.8166496424923384)],
    );
}

/// Palm's Erlang A and M/M/c+D, by birth and death and by piecewise exponentials of other hands.
#[test]
fn messages_expire() {
    let ttl = |scenario: &mut Scenario, law: Law| scenario.queues[0].message_ttl = Some(law);
    let mut erlang_a = mm(12.0, 1.0, 10);
    ttl(&mut erlang_a, Law::exponential(2.0));
    check(
        &erlang_a,
        1e-9,
        &[
            ("q.loss", 0.19565594401072317),
            ("q.delayed", 0.8503849479147523),
            ("q.queue_length.mean", 4.695742656257356),
            ("q.in_system.mean", 14.347871328128678),
            ("q.wait.mean", 0.40083369542443603),
            ("q.wait.p50", 0.33744969974213745),
            ("q.wait.p99", 1.4298035832471214),
        ],
    );
    let mut fixed = mm(5.5, 1.0, 5);
    ttl(&mut fixed, Law::deterministic(0.5));
    check(
        &fixed,
        1e-9,
        &[
            ("q.loss", 0.2067626971234102),
            ("q.throughput", 4.362805165821244),
            ("q.wait.mean", 0.15014239914121588),
            ("q.queue_length.mean", 1.2236394516714697),
            ("q.wait.p50", 0.074051339144944),
            ("q.wait.p99", 0.49231231910198403),
        ],
    );
    let mut overloaded = mm(1.5, 1.0, 1);
    ttl(&mut overloaded, Law::deterministic(3.0));
    check(
        &overloaded,
        1e-9,
        &[
            ("q.loss", 0.37002869412419853),
            ("q.wait.mean", 1.698991089567493),
            ("q.wait.p90", 2.822065081916662),
        ],
    );
}

/// Burke; Gross & Harris, section 3.2.
#[test]
fn batches() {
    use crate::scenario::{Batch, Batching};
    let mut four = mm(0.8, 1.0, 1);
    four.producers[0].batch = Batch::Fixed(4);
    check(
        &four,
        1e-8,
        &[
            ("q.in_system.mean", 10.0),
            ("q.wait.mean", 11.5),
            ("q.delayed", 0.95),
            ("q.wait.p50", 7.822991894838424),
            ("q.wait.p99", 54.592244928806394),
            ("q.wait.p999", 82.12017368743909),
        ],
    );
    let mut bulk = mm(3.0, 1.0, 1);
    bulk.consumers[0].batch = Some(Batching { max: 5, linger: 0.0 });
    check(
        &bulk,
        1e-9,
        &[
            ("q.queue_length.mean", 4.7722748062298725),
            ("q.wait.mean", 1.5907582687432908),
            ("p.latency.mean", 2.590758268743291),
            ("c.batch_size", 3.16567736712604),
            ("q.in_system.mean", 7.7722748062298725),
            ("c.utilization", 1.0 - 0.05233551872547579),
        ],
    );
}

#[test]
fn other_orders() {
    use crate::scenario::{Discipline, Preemption};
    let ordered = |law: Law, discipline: Discipline, preemption: Preemption| {
        let mut scenario = Scenario::mgc(0.7, law, 1);
        scenario.queues[0].discipline = discipline;
        scenario.queues[0].preemption = preemption;
        scenario
    };
    let constant = Law::deterministic(1.0);
    check(
        &ordered(constant.clone(), Discipline::ProcessorSharing, Preemption::None),
        1e-9,
        &[("p.latency.mean", 1.0 / 0.3), ("q.in_system.mean", 0.7 / 0.3)],
    );
    check(
        &ordered(constant.clone(), Discipline::Lifo, Preemption::Resume),
        1e-9,
        &[("p.latency.mean", 1.0 / 0.3), ("p.latency.sd", 25.92592592592591f64.sqrt())],
    );
    check(&ordered(constant, Discipline::Lifo, Preemption::None), 1e-9, &[("q.wait.mean", 0.7 / 0.6)]);
    // Unaffected means; the last first has the busy period's tail.
    check(
        &ordered(Law::exponential(1.0), Discipline::Random, Preemption::None),
        1e-9,
        &[("q.wait.mean", 0.7 / 0.3)],
    );
    let last = solved(&ordered(Law::exponential(1.0), Discipline::Lifo, Preemption::None));
    let p999 = last.get("queues.queue.wait.p999").and_then(|e| e.value).expect("known");
    assert!(p999 > (700f64).ln() / 0.3, "the last first has the longer tail");
}

#[test]
fn failures_and_breakdowns() {
    let mut failing = mm(0.5, 1.0, 1);
    failing.consumers[0].failure = 0.4;
    check(
        &failing,
        1e-9,
        &[
            ("p.latency.mean", 10.0),
            ("q.attempts", 1.0 / 0.6),
            ("q.utilization", 0.5 / 0.6),
            ("p.latency.p99", 10.0 * 100f64.ln()),
        ],
    );
    failing.queues[0].delivery_limit = Some(3);
    check(&failing, 1e-9, &[("q.loss", 0.064), ("q.attempts", 1.56), ("q.throughput", 0.5 * 0.936)]);
    let breaking = |lambda: f64, servers: u32, up: f64, down: f64, only_busy: bool| {
        let mut scenario = mm(lambda, 1.0, servers);
        let outages = crate::scenario::Outages {
            up: Law::exponential(up),
            down: Law::exponential(down),
            only_busy,
            together: false,
            redeliver: !only_busy,
        };
        scenario.consumers[0].outages = Some(outages);
        scenario
    };
    check(
        &breaking(0.5, 1, 10.0, 2.5, true),
        1e-9,
        &[("q.in_system.mean", 2.083333333333331), ("p.latency.mean", 4.166666666666662)],
    );
    let mut kept = breaking(2.0, 3, 20.0, 2.0, false);
    kept.consumers[0].outages.as_mut().expect("they break").redeliver = false;
    assert!(answer(&kept).is_err(), "a broken consumer's message waits for its repair");
    check(
        &breaking(2.0, 3, 20.0, 2.0, false),
        1e-9,
        &[("q.in_system.mean", 3.914953208373176), ("p.latency.mean", 1.957476604186588)],
    );
}

/// Models speak only of what they know: two features that change each other's meaning have no closed form
/// here.
#[test]
fn what_features_make_of_each_other_is_not_guessed() {
    use crate::scenario::{Ack, Discipline, Outages};
    let exact = |s: &Scenario| answer(s).is_ok_and(|a| a.exact);
    let mut lost_at_once = mm(0.5, 1.0, 1);
    lost_at_once.consumers[0].failure = 0.4;
    assert!(exact(&lost_at_once));
    lost_at_once.consumers[0].ack = Ack::Auto;
    assert!(!exact(&lost_at_once));
    let mut breaks = mm(0.5, 1.0, 1);
    let (up, down) = (Law::exponential(10.0), Law::exponential(2.0));
    breaks.consumers[0].outages =
        Some(Outages { up, down, only_busy: false, together: false, redeliver: true });
    assert!(exact(&breaks));
    breaks.queues[0].delivery_limit = Some(1);
    assert!(!exact(&breaks));
    let mut ahead = mm(0.5, 1.0, 1);
    ahead.consumers[0].prefetch = 5;
    assert!(exact(&ahead));
    ahead.queues[0].discipline = Discipline::Lifo;
    assert!(!exact(&ahead));
    let mut blocked = with_room(mm(1.5, 1.0, 2), 3);
    (blocked.queues[0].overflow, blocked.queues[0].discipline) = (Overflow::Block, Discipline::Lifo);
    assert!(!exact(&blocked));
}

/// A delivery that fails for good is a delivery.
#[test]
fn servers_finish_what_fails_too() {
    let mut once = mm(0.8, 1.0, 1);
    once.consumers[0].failure = 0.4;
    once.queues[0].delivery_limit = Some(1);
    check(&once, 1e-12, &[("c.throughput", 0.8), ("q.loss", 0.4)]);
}

fn exact(scenario: &Scenario) -> bool {
    answer(scenario).is_ok_and(|a| a.exact)
}

/// With no place to wait, dropping the oldest is refusing: Erlang's loss system, not an unbounded queue.
#[test]
fn no_room_loses_whatever_the_overflow() {
    let loss = |overflow| {
        let mut scenario = with_room(Scenario::mgc(2.5, Law::lognormal(1.0, 2.0), 3), 0);
        scenario.queues[0].overflow = overflow;
        solved(&scenario).get("queues.queue.loss").and_then(|e| e.value)
    };
    assert_eq!(loss(Overflow::DropHead), loss(Overflow::RejectPublish));
    assert!((loss(Overflow::DropHead).expect("known") - erlang::erlang_b(3, 2.5)).abs() < 1e-14);
}

/// What one producer's messages have of their own, models that take all for alike do not see.
#[test]
fn producers_that_differ_are_told_apart_or_left_alone() {
    use crate::scenario::{Deliver, Discipline, Preemption, Producer, Topic};
    let two = |own: Option<Law>| {
        let mut scenario = mm(0.3, 1.0, 1);
        scenario.producers.push(Producer { service_time: own, ..Producer::poisson("other", 0, 0.3) });
        scenario
    };
    let fast = || Some(Law::exponential(0.5));
    // Bursts of one producer bring its own work.
    let mut bursty = two(fast());
    assert!(exact(&bursty));
    bursty.producers[1].arrivals = Arrivals::Renewal { gap: Law::hyperexponential(1.0 / 0.3, 3.0) };
    assert!(!exact(&bursty));
    bursty.producers[1].service_time = None;
    assert!(exact(&bursty));
    // All deliveries of a message are as long as its producer's.
    let mut failing = two(fast());
    failing.consumers[0].failure = 0.2;
    assert!(!exact(&failing));
    // What starts again does so with the same time, which even exponential times remember.
    let mut urgent = two(None);
    (urgent.queues[0].discipline, urgent.queues[0].preemption) = (Discipline::Priority, Preemption::Resume);
    urgent.producers[1].priority = 1;
    assert!(exact(&urgent));
    urgent.queues[0].preemption = Preemption::Restart;
    assert!(!exact(&urgent));
    // Own work comes instead of all that a consumer would need.
    let mut extra = two(fast());
    extra.consumers[0].service_time_per_message = Law::deterministic(0.25);
    check(&extra, 1e-12, &[("q.utilization", 0.3 * 1.25 + 0.3 * 0.5)]);
    // In turn, one stream of all.
    let mut topic = two(None);
    topic.topics.push(Topic {
        name: "t".into(),
        subscriptions: vec![0],
        deliver: Deliver::RoundRobin,
        complete_when: crate::scenario::Complete::Each,
    });
    topic.producers.iter_mut().for_each(|p| p.to = crate::scenario::Destination::Topic(0));
    assert!(exact(&topic));
    topic.producers[1].failure = Some(0.5);
    assert!(!exact(&topic));
}

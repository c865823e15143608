//! The event engine equals the recursion, message by message and to the nanosecond, wherever both apply.

use queuelab::message::{Keep, Outcome, Record};
use queuelab::rng::Key;
use queuelab::scenario::{Consumer, Overflow, Producer, Queue, Scenario, Servers};
use queuelab::sim::{Engine, Network, Station};
use queuelab::workload::Kept;
use queuelab::workload::laws::Law;

const MESSAGES: u64 = 20_000;

fn by_event(scenario: &Scenario) -> (Vec<Record>, u64) {
    let plan = scenario.plan(7, 0).expect("a plan").take_messages(MESSAGES);
    let mut network = Network::new(scenario, Kept::new(&plan), Key::new(7, 0), None).expect("a network");
    let mut keep = Keep::default();
    network.advance(MESSAGES, &mut keep);
    let peak = network.peak_of(0);
    network.settle(&mut keep);
    let totals = network.network_totals();
    assert!(totals.queues.iter().all(|q| q.is_conserved()), "{totals:?}");
    keep.0.sort_by_key(|r| r.message.id);
    (keep.0, peak)
}

fn by_recursion(scenario: &Scenario) -> (Vec<Record>, u64) {
    let plan = scenario.plan(7, 0).expect("a plan").take_messages(MESSAGES);
    let station = Station::of(scenario).expect("one FIFO queue");
    let mut engine = Engine::new(&station, Kept::new(&plan), None);
    let mut keep = Keep::default();
    engine.advance(MESSAGES, &mut keep);
    let peak = engine.peak();
    engine.settle(&mut keep);
    keep.0.sort_by_key(|r| r.message.id);
    (keep.0, peak)
}

fn check(scenario: &Scenario, what: &str) {
    let ((events, peak), (recursion, longest)) = (by_event(scenario), by_recursion(scenario));
    assert_eq!(events.len(), recursion.len(), "{what}");
    let fate = |r: &Record| (r.message.id, r.message.due, r.sent, r.taken, r.finished, r.consumer, r.deliveries, r.outcome);
    for (e, r) in events.iter().zip(&recursion) {
        assert_eq!(fate(e), fate(r), "{what}");
    }
    assert_eq!(peak, longest, "{what}: the longest line");
}

fn laws() -> Vec<Law> {
    vec![
        Law::exponential(0.004),
        Law::deterministic(0.004),
        Law::hyperexponential(0.004, 4.0),
        Law::erlang(0.004, 3),
        // Half of the services take no time at all, so that much happens at one instant.
        Law::uniform(0.0, 0.008),
        Law::pareto(0.004, 2.2),
    ]
}

fn scenario(law: &Law, groups: &[u32], room: Option<u64>, overflow: Overflow) -> Scenario {
    let servers: u32 = groups.iter().sum();
    let mut out = Scenario::single(
        Producer::poisson("web", 0, 0.95 * f64::from(servers) / law.mean()),
        Queue { max_length: room, overflow, ..Queue::default() },
        Consumer::group("workers", 0, groups[0], law.clone()),
    );
    for (i, &count) in groups.iter().enumerate().skip(1) {
        out.consumers.push(Consumer::group(&format!("others{i}"), 0, count, law.scaled(1.7)));
    }
    out
}

#[test]
fn alike_for_any_law_and_number_of_servers() {
    for law in laws() {
        for servers in 1..=13 {
            check(&scenario(&law, &[servers], None, Overflow::RejectPublish), &format!("{} x {servers}", law.kendall()));
        }
    }
}

#[test]
fn alike_when_queues_are_full() {
    for law in laws() {
        for servers in [1, 2, 5] {
            for room in [0, 1, 7] {
                for overflow in [Overflow::RejectPublish, Overflow::DropHead, Overflow::Block] {
                    let what = format!("{} x {servers}, room {room}, {overflow:?}", law.kendall());
                    check(&scenario(&law, &[servers], Some(room), overflow), &what);
                }
            }
        }
    }
}

#[test]
fn alike_for_several_groups_and_producers() {
    for law in laws() {
        check(&scenario(&law, &[2, 3], None, Overflow::RejectPublish), "two groups");
        check(&scenario(&law, &[1, 2, 1], Some(5), Overflow::DropHead), "three groups, drop-head");
        let mut two = scenario(&law, &[2], None, Overflow::RejectPublish);
        two.producers[0].rate *= 0.5;
        let mut other = Producer::poisson("app", 0, two.producers[0].rate);
        other.send_time = Law::exponential(0.01);
        other.service_time = Some(law.scaled(0.9));
        two.producers.push(other);
        check(&two, "two producers");
    }
}

#[test]
fn alike_without_a_limit_of_servers() {
    let mut out = scenario(&Law::exponential(0.004), &[1], None, Overflow::RejectPublish);
    out.producers[0].rate = 5000.0;
    out.consumers[0].count = Servers::Unlimited;
    check(&out, "unlimited");
}

#[test]
fn nothing_is_lost_without_a_reason() {
    let (records, _) = by_event(&scenario(&Law::exponential(0.004), &[3], None, Overflow::RejectPublish));
    assert!(records.iter().all(|r| r.outcome == Outcome::Served));
    assert!(records.iter().enumerate().all(|(i, r)| r.message.id == i as u64));
}

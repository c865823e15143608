//! Servers that need time until they have a message: theory against the simulation of the same host.

use crate::semantics::Lives;
use queuelab::answer::{Answer, Method};
use queuelab::message::{HandOff, Happened};
use queuelab::rng::Key;
use queuelab::sim::Network;
use queuelab::study::{self, NoProgress};

/// Theory's and the simulation's answer to one queue whose host needs that time.
fn answers(rate: u32, servers: u32, law: &str, hand_off: &str, turnaround: &str) -> [Answer; 2] {
    let text = format!(
        "[producers.p]\nrate = \"{rate}/s\"\nto = \"q\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = \
         {servers}\nservice_time = {law}\n[simulation]\nmessages = 200000\nhand_off = \"{hand_off}\"\n\
         turnaround = \"{turnaround}\"\n"
    );
    let scenario = crate::semantics::scenario(&text);
    let study = study::run(&scenario, &[Method::Theory, Method::Simulation], &NoProgress);
    let [theory, simulation] = [Method::Theory, Method::Simulation].map(|method| {
        let of = |a: &&Answer| a.method == method;
        study.answers.iter().find(of).unwrap_or_else(|| panic!("{text}{:?}", study.unanswered)).clone()
    });
    [theory, simulation]
}

const METRICS: [&str; 7] = [
    "total.latency.mean",
    "total.latency.p50",
    "total.latency.p99",
    "queues.q.wait.mean",
    "queues.q.wait.p99",
    "queues.q.queue_length.mean",
    "queues.q.utilization",
];

/// Fixed seed; each of 21 figures is allowed 3 half-widths of 95 % and what buckets round, which one of them
/// is beyond by chance in about one seed of a thousand.
#[test]
fn one_server_is_welchs() {
    let exponential = "{ law = \"exponential\", mean = \"4ms\" }";
    let cases = [
        (150, exponential, "1ms", "500us"),
        (120, "\"4ms\"", "2ms", "1ms"),
        (100, "{ law = \"uniform\", min = \"2ms\", max = \"8ms\" }", "3ms", "0s"),
    ];
    for (rate, law, hand_off, turnaround) in cases {
        let [theory, simulation] = answers(rate, 1, law, hand_off, turnaround);
        assert!(theory.exact && theory.by.contains("hand-off"), "{}", theory.by);
        for metric in METRICS {
            let figure = |answer: &Answer| answer.get(metric).and_then(|e| e.value);
            let [Some(exact), Some(seen)] = [figure(&theory), figure(&simulation)] else {
                panic!("{law}: {metric} is missing: {:?} {:?}", theory.get(metric), simulation.get(metric))
            };
            let half = simulation.get(metric).and_then(|e| e.half_width).unwrap_or(0.0);
            assert!(
                (exact - seen).abs() <= 3.0 * half + 2e-3 * exact,
                "{law} {hand_off} {turnaround}: {metric}: theory {exact}, simulation {seen} ± {half}"
            );
        }
    }
}

/// The approximation of several servers, at a load of 0.8 to 0.9 with what deliveries take.
#[test]
fn several_servers_are_near_it() {
    let exponential = "{ law = \"exponential\", mean = \"4ms\" }";
    for (rate, servers, law, hand_off, turnaround) in [
        (375, 2, exponential, "500us", "400us"),
        (800, 4, exponential, "300us", "300us"),
        (750, 4, "\"4ms\"", "1ms", "500us"),
    ] {
        let [theory, simulation] = answers(rate, servers, law, hand_off, turnaround);
        assert!(!theory.exact, "{}", theory.by);
        for metric in ["total.latency.mean", "queues.q.wait.mean"] {
            let figure = |answer: &Answer| answer.get(metric).and_then(|e| e.value).expect("known");
            let (near, seen) = (figure(&theory), figure(&simulation));
            assert!((near / seen - 1.0).abs() < 0.06, "{law}, {servers}: {metric}: {near} {seen}");
        }
    }
}

/// What the servers can do is less by the turnaround: 250 services a second are 200 messages.
#[test]
fn a_turnaround_is_part_of_the_load() {
    let scenario = crate::semantics::scenario(
        "[producers.p]\nrate = \"210/s\"\nto = \"q\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\nservice_time = \
         \"4ms\"\n[simulation]\nturnaround = \"1ms\"\n",
    );
    let load = &queuelab::theory::explain(&scenario).loads[0];
    assert!((load.fullest().expect("one server") - 1.05).abs() < 1e-12);
    let none = queuelab::theory::answer(&scenario).expect_err("it grows");
    assert!(none.reason.to_string().contains("1.05"), "{}", none.reason.to_string());
}

/// Deliveries that are on record take what they took; the others what the scenario says.
#[test]
fn a_replay_delivers_as_it_happened() {
    let scenario = crate::semantics::scenario(
        "[queues.q]\ninitial_backlog = 3\n[consumers.c]\nfrom = \"q\"\nservice_time = \"1s\"\n[simulation]\n\
         hand_off = \"100ms\"\nturnaround = \"200ms\"\n",
    );
    let which = |position: u64| (1 << 62) | position;
    let happened = Happened {
        hand_offs: vec![HandOff { consumer: 0, message: which(1), count: 0, nanos: 700_000_000 }],
        ..Happened::default()
    };
    let plan = scenario.open_plan(1, 0).expect("a plan");
    let mut network =
        Network::new(&scenario, plan, Key::new(1, 0), None).expect("a network").replay(&happened);
    let mut lives = Lives::default();
    network.advance_before(60_000_000_000, &mut lives);
    let taken: Vec<u64> = lives.stays.0.iter().map(|r| r.taken / 1_000_000).collect();
    // The server is awake at the start: 200 ms; then 1.2 s + 700 ms; then 2.9 s + 200 ms.
    assert_eq!(taken, [200, 1_900, 3_100]);
}

/// Three servers with room for three each; of five messages the first two take 10 s and the others 1 s. Those
/// are dealt in turn, one of them behind each of the first; on demand the server that has nothing takes all.
#[test]
fn prefetch_in_turn_and_on_demand() {
    let producer = |name: &str, later: &str, work: &str| {
        format!(
            "[producers.{name}]\nto = \"q\"\nrate = \"0.1/s\"\narrivals = {{ process = \"periodic\" }}\nsend_time = \
             \"{later}\"\nservice_time = \"{work}\"\n"
        )
    };
    let producers = [
        ("a", "0s", "10s"),
        ("b", "0s", "10s"),
        ("c", "1s", "1s"),
        ("d", "1500ms", "1s"),
        ("e", "1700ms", "1s"),
    ]
    .map(|(name, later, work)| producer(name, later, work))
    .concat();
    let ends = |by: &str| {
        let consumers = format!(
            "[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = 3\nprefetch = 3\nprefetch_by = \"{by}\"\n\
             service_time = \"1s\"\n"
        );
        let (lives, _) = crate::semantics::play(&format!("{producers}{consumers}"), 5);
        let first = lives.stays.0.iter().filter(|r| r.message.id < 5);
        let mut ends: Vec<u64> = first.map(|r| r.finished / 1_000_000).collect();
        ends.sort_unstable();
        ends
    };
    assert_eq!(ends("turn"), [12_000, 20_000, 20_000, 21_000, 21_000]);
    assert_eq!(ends("demand"), [12_000, 13_000, 14_000, 20_000, 20_000]);
    // What is left of three requests is served in turn, as well.
    assert_eq!(ends("request"), ends("turn"));
}

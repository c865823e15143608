//! Theory that says "exact" models all that the scenario asks for; what is without chance has exact figures.

use super::{both, scenario, simulated, value};
use queuelab::answer::{Answer, Method};
use queuelab::study::{ObjectiveStatus, Study};
use queuelab::theory;

fn theory_of(text: &str) -> Result<Answer, String> {
    theory::answer(&scenario(text)).map_err(|none| none.reason.to_string())
}

/// The same but for the rounding of the last digits.
fn same(found: f64, right: f64) -> bool {
    (found - right).abs() <= 1e-14 * right
}

fn of(study: &Study, method: Method) -> &Answer {
    study.answer(method).unwrap_or_else(|| panic!("{:?}", study.unanswered))
}

/// Two exponential stations of 1/s with always work at the first and so much room between them, in a closed
/// loop.
fn closed_tandem(room: u32) -> String {
    format!(
        "[producers.w]\nto = \"a\"\narrivals = \
            {{ process = \"closed\", concurrency = 12, think_time = \"0s\" }}\n[queues.a]\n[queues.b]\nmax_length = {room}\noverflow = \"block\"\n[consumers.one]\nfrom = \"a\"\nservice_time = \"exponential(1s)\"\nto = \"b\"\n[consumers.two]\nfrom = \"b\"\nservice_time = \"exponential(1s)\"\n[simulation]\nmessages = 20000\nreplications = 5\n"
    )
}

/// Blocking after service: 2/3 with no room, 3/4 with room for one (Perros 1994, a chain of 3 and 4 states).
#[test]
fn a_closed_tandem_that_blocks_has_no_product_form() {
    for (room, right) in [(0, 2.0 / 3.0), (1, 0.75)] {
        let why = theory_of(&closed_tandem(room)).expect_err("no closed form");
        assert!(why.contains("block"), "{why}");
        let (found, half) = simulated(&closed_tandem(room), "total.throughput");
        assert!((found - right).abs() <= 2.0 * half + 0.01, "{room}: {found} ± {half}");
    }
}

/// The work that a message brings is the same at every station, so that the stations' times are not
/// independent.
#[test]
fn a_closed_network_in_which_messages_bring_their_work_has_no_product_form() {
    let text = "[producers.w]\nto = \"a\"\narrivals = \
        { process = \"closed\", concurrency = 5, think_time = \"0s\" }\nservice_time = \
        \"exponential(1s)\"\n[queues.a]\n[queues.b]\n[consumers.one]\nfrom = \"a\"\nservice_time = \
        \"1s\"\nto = \"b\"\n[consumers.two]\nfrom = \"b\"\nservice_time = \"1s\"\n";
    let why = theory_of(text).expect_err("no closed form");
    assert!(why.contains("own work"), "{why}");
}

/// A join over three queues, of which one has no known law: its mean exists (about 122 ms by simulation), so
/// that it is not infinite.
#[test]
fn the_time_to_join_is_not_infinite_because_one_law_is_unknown() {
    let join = |complete: &str, card: &str| {
        format!(
            "[producers.orders]\nto = \"t\"\nrate = \"50/s\"\n[topics.t]\nsubscriptions = [\"stock\", \
                \"card\", \
                \"fraud\"]\n{complete}\n[queues.stock]\n[queues.card]\n[queues.fraud]\n[consumers.stock]\nfrom = \"stock\"\ncount = 2\nservice_time = \"exponential(20ms)\"\n[consumers.card]\nfrom = \"card\"\ncount = 8\nservice_time = {card}\n[consumers.fraud]\nfrom = \"fraud\"\ncount = 3\nservice_time = \"exponential(40ms)\"\n[simulation]\nmessages = 20000\nreplications = 5\n"
        )
    };
    let lognormal = "{ law = \"lognormal\", mean = \"100ms\", scv = 1 }";
    let why = theory_of(&join("complete_when = \"all\"", lognormal)).expect_err("no law, no join");
    assert!(why.contains("`card`"), "{why}");
    let (mean, half) = simulated(&join("complete_when = \"all\"", lognormal), "total.latency.mean");
    assert!((mean - 0.1222).abs() < half + 0.002, "{mean} ± {half}");
    // Each copy by itself: its name says what was solved.
    let each = theory_of(&join("", lognormal)).expect("means are known");
    assert_eq!(each.by, "M/M/2, M/LN/8, M/M/3 of copies, approximately");
    let exact =
        theory_of(&join("complete_when = \"all\"", "\"exponential(100ms)\"")).expect("laws are known");
    assert!(value(&exact, "total.latency.mean").is_finite() && !exact.exact);
}

/// A failed message comes behind those that its consumer holds: p99 196 ms by a simulation of one's own,
/// where retries in the old place have 172 ms.
#[test]
fn prefetch_with_failures_is_not_a_retry_in_the_old_place() {
    let text = |prefetch: u32| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"43.2664/s\"\n[queues.q]\n[consumers.c]\nfrom = \
                \"q\"\nservice_time = \"exponential(10ms)\"\nfailure = {{ probability = 0.3 }}\nprefetch = \
                {prefetch}\n[simulation]\nmessages = 50000\n"
        )
    };
    let why = theory_of(&text(5)).expect_err("no closed form");
    assert!(why.contains("prefetch"), "{why}");
    let (p99, half) = simulated(&text(5), "total.latency.p99");
    assert!((p99 - 0.196).abs() < half + 0.006, "{p99} ± {half}");
    let one = theory_of(&text(1)).expect("M/M/1 with retries");
    assert!(
        (value(&one, "total.latency.p99") - 0.1723).abs() < 1e-4 && one.by == "M/M/1 with retries",
        "{}",
        one.by
    );
}

/// Every service takes 77.8 ms, so that each of its percentiles is that, by every method.
#[test]
fn a_constant_service_has_exact_percentiles() {
    let text = |limit: u32| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"5/s\"\n[queues.q]\ndelivery_limit = \
                {limit}\n[consumers.c]\nfrom = \"q\"\nservice_time = \"77.8ms\"\nfailure = \
                {{ probability = 0.2 }}\n[simulation]\nmessages = 5000\nreplications = 4\n"
        )
    };
    let study = both(&text(1));
    for method in [Method::Theory, Method::Simulation] {
        for percentile in ["p50", "p90", "p99", "p999"] {
            let found = value(of(&study, method), &format!("total.service.{percentile}"));
            assert!(same(found, 0.0778), "{method:?} {percentile}: {found}");
        }
    }
    assert!(
        study.agreement.iter().all(|a| a.verdict != queuelab::study::AgreementStatus::Differ),
        "{:?}",
        study.agreement
    );
    // Of up to three deliveries, those that succeed have 1, 2 or 3 with 0.8, 0.16 and 0.032 of 0.992.
    let theory = theory_of(&text(3)).expect("M/G/1 with retries");
    assert_eq!(
        [("p50", 1.0), ("p90", 2.0), ("p99", 3.0)]
            .map(|(p, n)| same(value(&theory, &format!("total.service.{p}")), n * 0.0778)),
        [true; 3]
    );
}

/// Two constants: nothing lies between them.
#[test]
fn a_mixture_of_two_constants_has_no_other_percentiles() {
    let text = "[producers.a]\nto = \"q\"\nrate = \"30/s\"\nservice_time = \"7.77ms\"\n[producers.b]\nto = \
        \"q\"\nrate = \"20/s\"\nservice_time = \"33.3ms\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = \
        \"unlimited\"\nservice_time = \"1ms\"\n[simulation]\nmessages = 5000\nreplications = 4\n";
    let study = both(text);
    for method in [Method::Theory, Method::Simulation] {
        let answer = of(&study, method);
        let found = ["p50", "p99"].map(|p| value(answer, &format!("total.latency.{p}")));
        assert!(same(found[0], 0.007_77) && same(found[1], 0.033_3), "{method:?} {found:?}");
    }
}

/// D/D/1: every message takes 5 ms, so that no mean and no percentile is below 5 ms, and each is at most 5
/// ms.
#[test]
fn a_constant_latency_misses_its_own_value_as_a_limit() {
    let text = |relation: &str| {
        let limit = |what: &str| format!("\"producers.a.latency.{what}\" = \"{relation} 5ms\"\n");
        format!(
            "[producers.a]\nto = \"q\"\nrate = \"50/s\"\narrivals = \
                {{ process = \"periodic\" }}\n[queues.q]\n[consumers.c]\nfrom = \"q\"\nservice_time = \
                \"5ms\"\n[objectives]\n{}{}{}[simulation]\nmessages = 2000\nreplications = 3\n",
            limit("mean"),
            limit("p50"),
            limit("p99")
        )
    };
    for methods in [&[Method::Theory][..], &[Method::Simulation], &[Method::Theory, Method::Simulation]] {
        for (relation, outcome) in
            [("<", ObjectiveStatus::Fail), ("<=", ObjectiveStatus::Pass), (">=", ObjectiveStatus::Pass)]
        {
            let study =
                queuelab::study::run(&scenario(&text(relation)), methods, &queuelab::study::NoProgress);
            assert!(
                study.objectives.iter().all(|o| o.outcome == outcome),
                "{methods:?} {relation} {:?}",
                study.objectives
            );
        }
    }
}

/// A partition is served by at most one consumer: 80/s against one of 100/s is M/M/1, 50 ms, however many
/// others there are.
#[test]
fn one_partition_has_one_consumer() {
    let text = |count: u32| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"80/s\"\n[queues.q]\npartitions = 1\n[consumers.c]\nfrom = \
                \"q\"\ncount = {count}\nservice_time = \"exponential(10ms)\"\n[simulation]\nmessages = \
                40000\nreplications = 5\n"
        )
    };
    for count in [1, 3] {
        let study = both(&text(count));
        let theory = of(&study, Method::Theory);
        assert!(theory.exact && (value(theory, "total.latency.mean") - 0.05).abs() < 1e-9, "{}", theory.by);
        let simulation = of(&study, Method::Simulation);
        let half = simulation.get("total.latency.mean").and_then(|e| e.half_width).expect("an interval");
        assert!((value(simulation, "total.latency.mean") - 0.05).abs() < 2.0 * half, "{count}");
    }
    assert_eq!(
        theory_of(&text(3)).expect("exact").by,
        "M/M/1, the only one of 3 servers that has a partition"
    );
}

/// Names say what was solved.
#[test]
fn partitions_and_queues_by_key_are_named_after_what_each_is() {
    let partitions = "[producers.p]\nto = \"q\"\nrate = \"80/s\"\n[queues.q]\npartitions = \
        8\n[consumers.c]\nfrom = \"q\"\ncount = 4\nservice_time = \"exponential(10ms)\"\n";
    assert_eq!(theory_of(partitions).expect("exact").by, "4 × M/M/1 by key");
    let queues = "[producers.p]\nto = \"t\"\nrate = \"80/s\"\n[topics.t]\nsubscriptions = [\"a\", \
        \"b\"]\ndeliver = \"by-key\"\n[queues.a]\n[queues.b]\n[consumers.a]\nfrom = \"a\"\nservice_time = \
        \"exponential(10ms)\"\n[consumers.b]\nfrom = \"b\"\nservice_time = \"exponential(10ms)\"\n";
    assert_eq!(theory_of(queues).expect("exact").by, "2 × M/M/1 by key");
}

/// Retry in place and locks by key cannot be said yet: the answers say what they hold for instead.
#[test]
fn partitions_say_what_they_are_not() {
    let poison = "[producers.good]\nto = \"topic\"\nrate = \"10/s\"\nkeys = \
        { law = \"uniform\", count = 100 }\n[producers.poison]\nto = \"topic\"\nrate = \"0.01/s\"\nfailure \
        = { probability = 1 }\n[queues.topic]\npartitions = 1\ndelivery_limit = 10\ndead_letter = \
        \"dlq\"\n[queues.dlq]\n[consumers.app]\nfrom = \"topic\"\nservice_time = \"10ms\"\nretry_delay = \
        \"1s\"\n[simulation]\nmessages = 2000\nreplications = 2\n";
    let locks = "[producers.app]\nto = \"fifo\"\nrate = \"160/s\"\nkeys = \
        { law = \"uniform\", count = 8 }\n[queues.fifo]\npartitions = 8\n[consumers.w]\nfrom = \
        \"fifo\"\ncount = 4\nservice_time = \"exponential(20ms)\"\n[simulation]\nmessages = \
        2000\nreplications = 2\n";
    for (text, words) in [(poison, "tries again in place"), (locks, "locked only while")] {
        let study = both(text);
        assert!(
            study.answers.iter().all(|a| a.caveats.iter().any(|c| c.to_string().contains(words))),
            "{:?}",
            study.answers
        );
    }
}

/// 88.68 calls an hour of 646 s against 14 agents: 0.00296 a second more than they can do.
#[test]
fn slow_growth_is_told_with_three_digits() {
    let text = "[producers.calls]\nto = \"line\"\nrate = \
        \"88.68/h\"\n[queues.line]\n[consumers.agents]\nfrom = \"line\"\ncount = 14\nservice_time = \
        \"exponential(646s)\"\n";
    let why = theory_of(text).expect_err("it grows");
    assert!(why.contains("0.00296 messages/s"), "{why}");
}

/// D/D/1 at rho = 1: nobody waits, and nothing grows by chance where there is none.
#[test]
fn a_server_without_idle_time_or_chance_does_not_grow() {
    let text = |arrivals: &str| {
        format!(
            "[producers.web]\nto = \"desk\"\nrate = \
                \"1/h\"\n{arrivals}[queues.desk]\n[consumers.clerk]\nfrom = \"desk\"\nservice_time = \
                \"1h\"\n[simulation]\nduration = \"24h\"\nwarmup = \"0s\"\nreplications = 1\n"
        )
    };
    let warnings = |text: &str| {
        let source =
            queuelab::scenario::Source { name: "field".into(), text: text.into(), overrides: Vec::new() };
        let parsed = queuelab::scenario::parse(&source, &queuelab::scenario::NoFiles)
            .unwrap_or_else(|p| panic!("{}", p.render(false)));
        parsed.warnings.render(false)
    };
    let regular = text("arrivals = \"periodic\"\n");
    assert!(!warnings(&regular).contains("grows"), "{}", warnings(&regular));
    assert!(warnings(&text("")).contains("grows without bound"), "{}", warnings(&text("")));
    let study = both(&regular);
    assert_eq!(value(of(&study, Method::Theory), "total.wait.mean"), 0.0);
    assert_eq!(value(of(&study, Method::Simulation), "total.wait.max"), 0.0);
}

//! Theory gives the reference answers, figure by figure, from scenarios as a person writes them.
//!
//! The cases are those that simulation must cover; here they are met to a millionth, or to the digits that
//! were published.

use queuelab::scenario::{NoFiles, Source, parse};
use queuelab::theory;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    scenario: String,
    /// Half a unit of the last published digit, where it was rounded.
    #[serde(default)]
    rounding: f64,
    expected: BTreeMap<String, f64>,
}

/// Cases without a closed form here, or with an approximate one, and why.
const OPEN: &[(&str, &str)] = &[
    ("failures up to a limit", "a dead-letter queue behind several servers has no closed form here"),
    ("fork and join of three", "Nelson and Tantawi's mean is an approximation"),
    ("prefetch without end", "no closed form of prefetch is implemented"),
    ("not acknowledged in time", "no closed form of visibility timeouts is implemented"),
];

/// References that no scenario can ask for, and why; a doc-test or a unit test holds the formula itself to
/// the number.
const INEXPRESSIBLE: &[(&str, &str)] = &[
    ("bulk-l3-b5-join", "a batch is closed when it is taken: `theory::bulk::joining`"),
    ("pub-bolch-7.7", "routes depend on the class: messages of all producers are routed alike"),
    ("pubsub-indep-4", "copies that share their arrivals are not independent: `theory::forkjoin`"),
    ("pubsub-indep-10", "copies that share their arrivals are not independent: `theory::forkjoin`"),
    ("approx-c1-l0.8-ca2-cs0.5", "a formula of scvs, not a scenario: `theory::ggc`"),
    ("approx-c10-l8-ca1-cs4", "a formula of scvs, not a scenario: `theory::ggc`"),
    (
        "transient-burst-from-steady",
        "a schedule starts empty or with a backlog, not in steady state: `theory::transient`",
    ),
    (
        "forkjoin3-rho0.5",
        "the exact mean of three is known by numerical solution only; Nelson and Tantawi's is told",
    ),
];

/// References about overload: what the refusal says.
const REFUSED: &[(&str, f64, f64, &str)] = &[
    ("mm1-unstable-rho1.0", 10.0, 10.0, "rho = 1"),
    ("mm1-unstable-rho1.2", 12.0, 10.0, "2.00 messages/s"),
    ("user-formulas-overload", 150.0, 100.0, "50.0 messages/s"),
];

fn misses(case: &Case) -> Vec<String> {
    let source = Source { name: case.id.clone(), text: case.scenario.clone(), overrides: Vec::new() };
    let scenario =
        parse(&source, &NoFiles).unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario;
    let answer = match theory::answer(&scenario) {
        Ok(answer) => answer,
        Err(none) => return vec![format!("{}: {}", case.id, none.reason.to_string())],
    };
    let miss = |(metric, expected): (&String, &f64)| {
        let Some(estimate) = answer.get(metric) else {
            return Some(format!("{}: {} has no {metric}", case.id, answer.by));
        };
        let value = estimate.value.unwrap_or(f64::INFINITY);
        let near =
            (value - expected).abs() <= 1e-6 * expected.abs() + 1e-12 + case.rounding || value == *expected;
        (!near).then(|| format!("{}: {} says {metric} = {value}, not {expected}", case.id, answer.by))
    };
    case.expected.iter().filter_map(miss).collect()
}

#[test]
fn theory_meets_the_reference_answers() {
    let mut wrong = Vec::new();
    let mut known = Vec::new();
    for text in
        [include_str!("literature.toml"), include_str!("networks.toml"), include_str!("reference.toml")]
    {
        let cases: Cases = toml::from_str(text).expect("the cases are well formed");
        for case in &cases.case {
            let misses = misses(case);
            let open = OPEN.iter().any(|(id, _)| *id == case.id);
            if open {
                known.push(case.id.clone());
                if misses.is_empty() {
                    wrong.push(format!("{}: is met, and still listed as open", case.id));
                }
            } else {
                wrong.extend(misses);
            }
        }
    }
    wrong.extend(
        OPEN.iter()
            .filter(|(id, why)| !known.iter().any(|k| k == id) || why.is_empty())
            .map(|(id, _)| format!("{id}: no such case")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn overload_is_refused_with_its_growth() {
    for (id, rate, mu, says) in REFUSED {
        let scenario =
            queuelab::scenario::Scenario::mgc(*rate, queuelab::workload::laws::Law::exponential(1.0 / mu), 1);
        let why = theory::answer(&scenario).expect_err("unstable").reason.to_string();
        assert!(why.starts_with("unstable") && why.contains(says), "{id}: {why}");
    }
}

/// Everything that was left out has a reason, and is not among the cases after all.
#[test]
fn what_cannot_be_asked_is_named() {
    let text =
        [include_str!("literature.toml"), include_str!("networks.toml"), include_str!("reference.toml")]
            .concat();
    for (id, why) in INEXPRESSIBLE {
        assert!(!why.is_empty() && !text.contains(&format!("id = \"{id}\"")), "{id}");
    }
}

/// `transient-mild1.1x`: λ = 1.1 for 100 s from empty at μ = 1, then 0.5, by the forward equations.
#[test]
fn a_burst_over_time() {
    let text = r#"
        [producers.p]
        to = "q"
        arrivals = { process = "schedule", steps = [{ for = "100s", rate = "1.1/s" }, { for = "120s", rate = "0.5/s" }] }
        [queues.q]
        [consumers.c]
        from = "q"
        service_time = { law = "exponential", mean = "1s" }
    "#;
    let source = Source { name: "burst".into(), text: text.into(), overrides: Vec::new() };
    let scenario =
        parse(&source, &NoFiles).unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario;
    let answer = theory::answer(&scenario).expect("answered");
    let moments = &answer.timelines["q"];
    let known = [
        (50.0, 10.505174005234087),
        (100.0, 16.964397599045977),
        (110.0, 12.623587567545616),
        (150.0, 3.2253615875320385),
        (200.0, 1.1428681737782616),
    ];
    for (at, expected) in known {
        let found = moments
            .iter()
            .find(|m| (m.at - at).abs() < 1e-6)
            .map(|m| m.in_system)
            .expect("a moment that is watched");
        assert!((found / expected - 1.0).abs() < 1e-6, "{at} s: {found}, not {expected}");
    }
}

/// What one subscription gives up comes to the other beside its own copies: 50 + 50 / 4 messages a second.
#[test]
fn a_topic_whose_queues_feed_one_another_is_none_of_queues_by_themselves() {
    let consumer = |name: &str, more: &str| {
        format!(
            "[consumers.{name}]\nfrom = \"{name}\"\nservice_time = \
                {{ law = \"exponential\", mean = \"5ms\" }}\n{more}\n"
        )
    };
    let text = format!(
        "[producers.p]\nto = \"t\"\nrate = \"50/s\"\n[topics.t]\nsubscriptions = [\"a\", \
            \"b\"]\n[queues.b]\n[queues.a]\n\
        delivery_limit = 2\ndead_letter = \"b\"\n{}{}",
        consumer("a", "failure = 0.5"),
        consumer("b", "")
    );
    let scenario = crate::semantics::scenario(&text);
    assert!(theory::answer(&scenario).is_err());
    let load = theory::explain(&scenario).loads.into_iter().find(|l| l.queue == "b").expect("it is there");
    assert!((load.arrival_rate.expect("known") - 62.5).abs() < 1e-9, "{load:?}");
}

/// Where losses before a queue decide what reaches it, as much is simulated as the bounds allow; where a
/// model knows the losses, as many. The simulated rates are off by a percent or so; the bounds leave them
/// that, and are wider in all cases but the exact ones.
#[test]
fn what_reaches_dead_letters_is_within_its_bounds() {
    let web =
        "[producers.web]\nrate = \"600/s\"\nto = \"a\"\n[queues.dl]\n[queues.a]\ndead_letter = \"dl\"\n";
    let dead = "[consumers.wd]\nfrom = \"dl\"\ncount = 8\nservice_time = \"2ms\"\n[simulation]\nmessages = \
        50000\nreplications = 4\n";
    let worker = "[consumers.wa]\nfrom = \"a\"\nservice_time = { law = \"exponential\", mean = \"5ms\" }\n";
    let drop = "max_length = 20\noverflow = \"drop-head\"\n";
    let ttl = "message_ttl = { law = \"exponential\", mean = \"30ms\" }\n";
    let cases = [
        (true, drop.to_string(), "count = 2\n"),
        (true, ttl.to_string(), "count = 2\n"),
        (true, "delivery_limit = 3\n".into(), "count = 5\nfailure = { probability = 0.3 }\n"),
        (false, format!("{drop}{ttl}"), "count = 2\nprefetch = 4\n"),
        (
            false,
            format!("{drop}{ttl}delivery_limit = 3\n"),
            "count = 4\nfailure = { probability = 0.3 }\nretry_delay = \"10ms\"\n",
        ),
        (false, format!("{ttl}discipline = \"lifo\"\n"), "count = 4\n"),
        (false, format!("{ttl}visibility_timeout = \"12ms\"\ndelivery_limit = 2\n"), "count = 6\n"),
        (false, format!("{ttl}discipline = \"shortest\"\n"), "count = 2\n"),
        (
            false,
            ttl.to_string(),
            "count = 3\noutages = { up = \"100ms\", down = \"40ms\", in_progress = \"resume\" }\n",
        ),
    ];
    for (exact, queue, consumer) in cases {
        let scenario = crate::semantics::scenario(&format!("{web}{queue}{worker}{consumer}{dead}"));
        let load =
            theory::explain(&scenario).loads.into_iter().find(|l| l.queue == "dl").expect("it is there");
        assert_eq!(
            (load.is_known(), load.depends_on.len()),
            (exact, usize::from(!exact)),
            "{queue}{consumer}"
        );
        let study = queuelab::study::run(
            &scenario,
            &[queuelab::answer::Method::Simulation],
            &queuelab::study::NoProgress,
        );
        let answer =
            study.answers.first().unwrap_or_else(|| panic!("{queue}{consumer}: {:?}", study.unanswered));
        let came = answer.get("queues.dl.arrival_rate").and_then(|e| e.value).expect("it is counted");
        // Eight servers of 2 ms.
        let [least, most] = [load.at_least, load.at_most].map(|rho| rho.expect("bounded") * 4000.0);
        assert!(
            came > least * 0.97 && came < most * 1.03 && came > 0.0,
            "{queue}{consumer}: {least} {came} {most}"
        );
    }
}

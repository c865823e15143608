//! `queuelab capacity` over several settings, as a person meets it: the answer, what shows it, its files, and
//! what is refused.

use crate::cli::{Desk, MM1};
use serde_json::Value;
use std::process::Output;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&text(&output.stdout)).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stderr)))
}

/// Erlang's 3 and 9 servers of 20 ms, each for p99 below 200 ms.
const TWO: &str = r#"
[producers.a]
to = "a"
rate = "100/s"
[producers.b]
to = "b"
rate = "400/s"
[queues.a]
[queues.b]
[consumers.a]
from = "a"
service_time = "exponential(20ms)"
[consumers.b]
from = "b"
service_time = "exponential(20ms)"
[objectives]
"producers.a.latency.p99" = "< 200ms"
"producers.b.latency.p99" = "< 200ms"
[simulation]
messages = 100_000
"#;

const PAIR: [&str; 6] =
    ["capacity", "two.toml", "--vary", "consumers.a.count=1..20", "--vary", "consumers.b.count=1..20"];

#[test]
fn the_cheapest_pair_is_told_with_its_proof() {
    let desk = Desk::new("cheapest-pair", &[("two.toml", TWO)]);
    let prices = ["--cost", "consumers.a.count=3", "--cost", "consumers.b.count=1"];
    let output = desk.run(&[&PAIR[..], &prices].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "consumers.a.count = 3 and consumers.b.count = 9 is the cheapest combination that passes, at 18 an hour",
        "Nothing cheaper passes: 2 × 20",
        "and what has no more of either does no better",
        "Of 400 pairs 6 were tried, each judged at 95 % confidence",
        // Goes on in the next line.
        "a.count ×",
    ] {
        assert!(said.contains(words), "`{words}` in {said}");
    }
    let folder = desk.path("queuelab-results/two");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect(name);
    let document: Value = serde_json::from_str(&read("capacity.json")).expect("JSON");
    assert_eq!(document["found"], serde_json::json!(["3", "9"]));
    assert_eq!((&document["outcome"], &document["cost"]["value"]), (&"pass".into(), &18.0.into()));
    assert_eq!(document["cheaper"].as_array().map(Vec::len), Some(2), "{}", document["cheaper"]);
    assert_eq!(document["checks"].as_array().map(Vec::len), Some(3));
    // A long name may go on in the next line.
    let page = read("capacity.html").replace("<wbr>", "");
    for words in ["The map", "consumers.a.count ↓ consumers.b.count →", "<code>✓</code>"] {
        assert!(page.contains(words), "`{words}`");
    }
    assert!(read("capacity.csv").starts_with("consumers.a.count,consumers.b.count,cost,outcome,method,"));
    // Without prices servers are counted.
    let counted = desk.run(&[&PAIR[..], &["--json"]].concat());
    assert_eq!(json(&counted)["cost"]["value"], 12.0);
    assert!(json(&counted)["verdict"].to_string().contains("at 12 servers"));
}

#[test]
fn an_autoscaler_is_searched_by_what_it_costs() {
    let scaled = MM1
        .replace("service_time", "autoscale = { max = 4, target_backlog = 2, every = \"1s\" }\nservice_time");
    let desk = Desk::new("cheapest-autoscaler", &[("scaled.toml", &scaled)]);
    let output = desk.run(&[
        "capacity",
        "scaled.toml",
        "--slo",
        "p99<200ms",
        "--slo",
        "scalings<3600/h",
        "--vary",
        "consumers.worker.autoscale.target_backlog=2,8",
        "--vary",
        "consumers.worker.autoscale.cooldown=0s..20s by 10s",
        "--set",
        "simulation.messages=20000",
        "--json",
    ]);
    assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{}", text(&output.stderr));
    let document = json(&output);
    assert_eq!(document["probes"].as_array().map(Vec::len), Some(6));
    assert!(document["verdict"].to_string().contains("All 6 combinations were tried"), "{document:#}");
    let each = document["probes"].as_array().expect("a list");
    let known =
        |one: &Value| one["cost"]["half_width"].is_number() && one["cost"]["value"].as_f64() >= Some(1.0);
    assert!(each.iter().all(known), "{document:#}");
}

#[test]
fn nonsense_is_refused_with_what_to_write() {
    let desk = Desk::new("cheapest-wrong", &[("two.toml", TWO), ("mm1.toml", MM1)]);
    let refused = |arguments: &[&str], word: &str| {
        let output = desk.run(&[&["capacity"], arguments].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(word), "{arguments:?} should say `{word}`: {said}");
    };
    let pair = &PAIR[1..];
    refused(&[pair, &["--max"]].concat(), "--max is for one setting");
    refused(&[pair, &["--cost", "consumers.a.count=3"]].concat(), "--cost consumers.b.count=PRICE");
    refused(&[pair, &["--cost", "consumers.c.count=3"]].concat(), "no number at this path");
    refused(&[pair, &["--cost", "consumers.a.count*3 + consumers.b.count"]].concat(), "each price by itself");
    refused(&[pair, &["--cost", "consumers.a.count*3=1"]].concat(), "each price by itself");
    refused(&[pair, &["--vary", "consumers.a.count=3..5"]].concat(), "is varied twice");
    refused(
        &["two.toml", "--vary", "consumers.a.count=1..3", "--vary", "simulation.messages=1000..9000 by 1000"],
        "--cost simulation.messages=PRICE",
    );
    refused(
        &["two.toml", "--vary", "consumers.a.count=1..3", "--vary", "consumers.x.count=1..3"],
        "consumers.x",
    );
    refused(&["mm1.toml", "--slo", "consumers.worker.scalings<3"], "/h");
}

/// A sweep of 12 points, whole or in three shares, which the plan's folder tells nobody.
fn swept(name: &str, shares: usize) -> Desk {
    let desk = Desk::new(name, &[("two.toml", TWO)]);
    let plan = [
        "two.toml",
        "--vary",
        "consumers.a.count=2..5",
        "--vary",
        "consumers.b.count=8..10",
        "--set",
        "simulation.messages=20000",
        "--set",
        "consumers.a.count=3",
        "--set",
        "consumers.b.count=10",
    ];
    if shares == 1 {
        assert_eq!(desk.run(&[&["sweep"], &plan[..]].concat()).status.code(), Some(0));
        return desk;
    }
    assert_eq!(desk.run(&[&["sweep", "plan"], &plan[..]].concat()).status.code(), Some(0));
    for at in 1..=shares {
        let shard = format!("{at}/{shares}");
        let output = desk.run(&["sweep", "run", SWEEP, "--shard", &shard, "--quiet"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    desk
}

const SWEEP: &str = "queuelab-results/two/sweep";

/// The figures are those of one machine to the byte, and the answers those of a search; what the sweep does
/// not have is refused by name.
#[test]
fn a_sweep_that_was_spread_answers() {
    let (whole, spread) = (swept("from-sweep-whole", 1), swept("from-sweep-spread", 3));
    let asked = |words: &[&str]| {
        let both = [&whole, &spread].map(|desk| {
            let output = desk.run(words);
            (output.status.code(), text(&output.stdout), text(&output.stderr))
        });
        assert_eq!(both[0], both[1], "{words:?}");
        both.into_iter().next().expect("the first")
    };
    let answered = |words: &[&str]| -> Value {
        let (code, said, why) = asked(&[words, &["--from-sweep", SWEEP, "--json"]].concat());
        assert_eq!(code, Some(0), "{words:?}: {why}");
        serde_json::from_str(&said).expect("JSON")
    };
    let pair = answered(&["capacity"]);
    assert_eq!(pair["found"], serde_json::json!(["3", "9"]));
    assert!(pair["verdict"].to_string().contains("all figures are the sweep's"), "{pair:#}");
    let one = answered(&["capacity", "--vary", "consumers.a.count=2..4", "--vary", "consumers.b.count=9"]);
    assert_eq!((&one["found"], &one["beyond"]), (&"3".into(), &"2".into()));
    let compared = answered(&["compare", "--against", "consumers.b.count=9"]);
    assert!(compared.to_string().contains("saved results were made apart"), "{compared:#}");
    for (words, word) in [
        (vec!["capacity", "--vary", "consumers.a.count=2..4"], "varies consumers.b.count, too"),
        (vec!["capacity", "--vary", "consumers.c.count=2..4"], "does not vary consumers.c.count"),
        (
            vec!["capacity", "--vary", "consumers.a.count=1..3", "--vary", "consumers.b.count=9"],
            "has no point with consumers.a.count = 1",
        ),
        (vec!["capacity", "--slo", "producers.a.latency.p97<1s"], "have no producers.a.latency.p97"),
        (vec!["capacity", "two.toml"], "cannot be used with"),
        (vec!["compare"], "only one side"),
        (vec!["compare", "--against", "consumers.b.count=7"], "has no point with consumers.b.count = 7"),
    ] {
        let (code, _, why) = asked(&[&words[..], &["--from-sweep", SWEEP]].concat());
        assert_eq!(code, Some(2), "{words:?}: {why}");
        assert!(why.contains(word), "{words:?} should say `{word}`: {why}");
    }
    let missing = Desk::new("from-sweep-missing", &[("two.toml", TWO)]);
    let plan = ["sweep", "plan", "two.toml", "--vary", "consumers.a.count=2..5"];
    assert_eq!(missing.run(&plan).status.code(), Some(0));
    let output = missing.run(&["capacity", "--from-sweep", SWEEP]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
}

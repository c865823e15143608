//! Studies as a person meets them: what a search proves, that a stopped sweep goes on, what a comparison
//! refuses.

use crate::cli::{Desk, MM1};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&text(&output.stdout)).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stderr)))
}

/// The figures of the oracle: 20 ms of exponential work, p99 latency below 200 ms (Erlang's formula).
#[test]
fn capacity_finds_erlangs_numbers() {
    let peak =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/peak-sizing.toml"))
            .expect("the scenario");
    let desk = Desk::new("capacity", &[("peak.toml", &peak)]);
    for (rate, expected) in
        [("100/s", "3"), ("400/s", "9"), ("1000/s", "21"), ("2000/s", "41"), ("5000/s", "101")]
    {
        let set = format!("producers.web.rate={rate}");
        // Short runs for the test's sake: at rho 0.99 they are as long as may be.
        let output = desk.run(&[
            "capacity",
            "peak.toml",
            "--set",
            &set,
            "--set",
            "simulation.messages=50000",
            "--json",
            "--out",
            rate,
        ]);
        assert_eq!(output.status.code(), Some(0), "{rate}: {}", text(&output.stderr));
        let document = json(&output);
        assert_eq!(document["found"], expected, "{rate}");
        assert_eq!(document["outcome"], "pass", "{rate}");
        assert_eq!(document["checks"].as_array().map(Vec::len), Some(2), "{rate}");
        assert!(document["headroom"]["factor"].as_f64().is_some_and(|f| f >= 1.0), "{rate}");
        let picture =
            std::fs::read_to_string(desk.path(&format!("{rate}/peak/capacity.svg"))).expect("a picture");
        for word in [format!("{expected} passes"), "wanted &lt; 200ms".into(), "✗ unstable".into()] {
            assert!(picture.contains(&word), "{rate}: `{word}`");
        }
    }
}

#[test]
fn capacity_says_when_nothing_passes_and_what_is_wrong() {
    let desk = Desk::new("capacity-wrong", &[("mm1.toml", MM1)]);
    let code = |arguments: &[&str]| {
        let output = desk.run(&[&["capacity", "mm1.toml"], arguments].concat());
        (output.status.code(), text(&output.stderr))
    };
    assert_eq!(code(&["--slo", "p99<3ms", "--vary", "consumers.worker.count=1..4", "--quiet"]).0, Some(1));
    for (arguments, word) in [
        (vec![], "--slo"),
        (vec!["--slo", "p100<3ms"], "a percentile lies above p0 and below p100"),
        (vec!["--slo", "p99<3ms", "--vary", "consumers.worker.count"], "LOW..HIGH"),
        (vec!["--slo", "p99<3ms", "--vary", "consumers.wroker.count=1..3"], "worker"),
        (vec!["--slo", "p99<3ms", "--vary", "queues.jobs.discipline=fifo,lifo"], "queuelab sweep"),
        (vec!["--slo", "p99"], "lacks its limit"),
        (vec!["--slo", ""], "is not an objective"),
    ] {
        let (code, said) = code(&arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(word), "{arguments:?} should say `{word}`: {said}");
    }
}

#[test]
fn capacity_understands_short_objectives_and_values_in_any_order() {
    let desk = Desk::new("capacity-short", &[("mm1.toml", MM1)]);
    let said = |arguments: &[&str]| {
        let output = desk.run(&[&["capacity", "mm1.toml", "--json"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        json(&output)
    };
    // M/M/1 at rho 0.8 against M/M/2 at 0.4: 40 % of two servers; L_q is rho²/(1 − rho) = 3.2 against 0.15.
    for slo in ["utilization<50%", "queue_length<1", "wait.p99 < 30ms", "queues.jobs.queue_length.mean < 1"] {
        assert_eq!(said(&["--slo", slo, "--vary", "consumers.worker.count=4,1,2"])["found"], "2", "{slo}");
    }
    let alone = said(&["--slo", "p99<200ms", "--cost", "consumer-hour=2"]);
    let verdict = alone["verdict"].to_string();
    // One consumer is 2 an hour, and 200/s are 0.72 million messages an hour.
    for word in ["nobody is left to serve", "2 an hour, 2.778 a million messages, the cheapest that passes"] {
        assert!(verdict.contains(word), "`{word}` in {verdict}");
    }
    let other_end = said(&["--slo", "p99<200ms", "--vary", "producers.web.rate=100/s,150/s,240/s"]);
    assert!(other_end["verdict"].to_string().contains("with --max the largest"), "{other_end}");
}

#[test]
fn comparisons_say_better_worse_or_no_difference_and_refuse_other_traffic() {
    let other = MM1.replace("200/s", "150/s");
    let desk = Desk::new("compare", &[("a.toml", MM1), ("b.toml", &other)]);
    let others = [
        "consumers.worker.count=2",
        "consumers.worker.service_time=gamma(4ms, scv=1.01)",
        "consumers.worker.count=1",
    ];
    let output = desk.run(&[
        "compare",
        "a.toml",
        "--against",
        others[0],
        "--against",
        others[1],
        "--against",
        others[2],
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    // However the terminal breaks its lines.
    let said = text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    for word in [
        "consumers.worker.count = 2 is better than 1: ",
        "No difference seen",
        "it could be ±",
        "are the same in total.latency.p99, run for run",
    ] {
        assert!(said.contains(word), "`{word}` in\n{said}");
    }
    let refused = desk.run(&["compare", "a.toml", "b.toml"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("200/s and 150/s"), "{}", text(&refused.stderr));
    assert!(desk.run(&["compare", "a.toml", "b.toml", "--force"]).status.success());
}

/// That one of two grows without end says which is better.
#[test]
fn what_does_not_hold_is_worse() {
    let desk = Desk::new("compare-unstable", &[("slow.toml", &MM1.replace("4ms", "6ms"))]);
    for method in ["simulation", "theory"] {
        let said = |against: &str| {
            let output = desk.run(&["compare", "slow.toml", "--only", method, "--against", against]);
            assert!(output.status.success(), "{}", text(&output.stderr));
            text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let two = said("consumers.worker.count=2");
        let expected = "consumers.worker.count = 2 is better than 1: it holds, and 1 is unstable: rho = 1.2";
        assert!(two.contains(expected), "{two}");
        assert!(said("consumers.worker.service_time.mean=7ms").contains("Neither holds"), "{method}");
    }
}

#[test]
fn comparisons_refuse_what_cannot_be_had_together() {
    let desk = Desk::new("compare-wrong", &[("a.toml", MM1), ("b.toml", MM1), ("taken", "a file")]);
    assert!(desk.run(&["run", "a.toml", "--only", "theory", "--quiet"]).status.success());
    let against = "--against=consumers.worker.count=2";
    for (arguments, code, word) in [
        (vec!["a.toml", against, "--only", "theory,simulation"], 2, "one method"),
        (vec!["a.toml", "b.toml", against], 2, "a single file"),
        (vec!["queuelab-results/a", "queuelab-results/a", "--seed", "2"], 2, "cannot be turned"),
        (vec!["a.toml", "queuelab-results/nowhere"], 2, "queuelab-results/nowhere"),
        (vec!["a.toml", against, "--out", "taken"], 5, "--out"),
    ] {
        let output = desk.run(&[&["compare"], arguments.as_slice()].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
        assert!(
            text(&output.stderr).contains(word),
            "{arguments:?} should say `{word}`: {}",
            text(&output.stderr)
        );
    }
}

#[test]
fn saved_results_are_compared_and_reported() {
    let faster = MM1.replace("4ms", "3ms");
    let desk = Desk::new("saved", &[("slow.toml", MM1), ("fast.toml", &faster)]);
    assert!(
        desk.run(&["run", "slow.toml", "fast.toml", "--only", "theory,simulation", "--quiet"])
            .status
            .success()
    );
    let output = desk.run(&["compare", "queuelab-results/slow", "queuelab-results/fast", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let document = json(&output);
    assert!(document["verdict"][0].as_str().is_some_and(|v| v.contains("better")), "{document}");
    assert!(desk.run(&["report", "queuelab-results"]).status.success());
    let page = std::fs::read_to_string(desk.path("queuelab-results/report.html")).expect("a page");
    assert!(page.contains("queuelab-results/fast") && page.contains("<svg"));
    // Its own script, in the page itself.
    assert!(page.matches("<script").count() == 1 && page.contains("<script>\n(") && !page.contains("src="));
    assert_eq!(desk.run(&["report", "nowhere"]).status.code(), Some(2));
}

#[test]
fn a_fit_is_a_scenario_that_runs() {
    let rows: String = (0..400).map(|i| format!("{},{}\n", i * 10, 3 + i % 7)).collect();
    let desk = Desk::new("fit", &[("trace.csv", &format!("timestamp_ms,service_ms\n{rows}oops,1\n"))]);
    let output = desk.run(&["fit", "trace.csv"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("line 402"), "{}", text(&output.stdout));
    let run = desk.run(&[
        "run",
        "queuelab-results/trace/scenario.toml",
        "--only",
        "simulation",
        "--quick",
        "--quiet",
    ]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert!(desk.path("queuelab-results/trace/quantiles.service.svg").exists());
}

/// One byte that is no text spoils one cell; what the output has no room for is in the document.
#[test]
fn every_bad_row_is_told() {
    let desk = Desk::new("fit-bad", &[]);
    let mut bytes = b"service_ms\n1\n2\n\xff\nx\ny\nz\n3\n".to_vec();
    bytes.extend_from_slice(&[b'4', b'\n'].repeat(50));
    std::fs::write(desk.path("trace.csv"), bytes).expect("a file");
    let said = text(&desk.run(&["fit", "trace.csv"]).stdout);
    // However the terminal breaks its lines.
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in ["4 of 57 cells hold no time", "line 4", ", …"] {
        assert!(said.contains(word), "`{word}` in\n{said}");
    }
    let document = std::fs::read_to_string(desk.path("queuelab-results/trace/fit.json")).expect("a document");
    let document: Value = serde_json::from_str(&document).expect("JSON");
    assert_eq!(document["bad_rows"].as_array().map(Vec::len), Some(4));
}

#[test]
fn explain_says_when_to_page_and_what_matters() {
    let desk = Desk::new("explain-more", &[("mm1.toml", MM1)]);
    let output = desk.run(&["explain", "mm1.toml", "--lag-for", "60s", "--sensitivity"]);
    let said = text(&output.stdout);
    let none = desk.run(&["explain", "mm1.toml", "--lag-for", "0s"]);
    assert_eq!(none.status.code(), Some(2), "{}", text(&none.stdout));
    for word in ["page at a lag of 15", "Waiting dominates", "service time of `worker`", "+5.0"] {
        assert!(said.contains(word), "`{word}` in\n{said}");
    }
}

/// What a moment of measuring says differs from machine to machine; that it is said, and of which loads, does
/// not.
#[test]
fn predictions_are_said_before_they_are_measured_and_judged_after() {
    let desk = Desk::new("predict", &[("mm1.toml", MM1)]);
    let short = ["--set", "measurement.duration=1s"];
    let output = desk.run(
        &[
            &["predict", "mm1.toml", "--learn", "0.3", "--judge", "0.5,0.6", "--json", "--out", "out"],
            &short[..],
        ]
        .concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document = json(&output);
    let points = document["points"].as_array().expect("a point for each load");
    let of = |key: &str| points.iter().map(|p| p[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("load"), [0.3, 0.5, 0.6]);
    assert_eq!(of("role"), ["learnt", "predicted", "predicted"]);
    assert!(document["lesson"]["stretch"][0].as_f64().is_some_and(|s| s > 0.9), "{}", document["lesson"]);
    for point in &points[1..] {
        assert!(
            point["predicted"]["metrics"]["total.latency.mean"]["value"].as_f64().is_some_and(|v| v > 0.0)
        );
        assert!(!point["verdict"].is_null() && point["answers"].as_array().map(Vec::len) == Some(3));
    }
    let checked = desk.run(
        &[&["predict", "mm1.toml", "--learn", "0.3", "--judge", "0.5", "--check", "--json"], &short[..]]
            .concat(),
    );
    let accepted = json(&checked)["points"][1]["verdict"] == "accepted";
    assert_eq!(checked.status.code() == Some(0), accepted, "{}", text(&checked.stdout));
    let table = std::fs::read_to_string(desk.path("out/mm1/prediction.csv")).expect("a table");
    assert_eq!(table.lines().count(), 1 + 3 * 3);
    let picture = std::fs::read_to_string(desk.path("out/mm1/prediction.svg")).expect("a picture");
    assert!(picture.contains("ideal host") && picture.contains("predicted"));
}

#[test]
fn predictions_refuse_what_rates_cannot_turn() {
    let closed = MM1
        .replace("rate = ", "arrivals = { process = \"closed\", concurrency = 3, think_time = \"1ms\" } # ");
    let desk = Desk::new("predict-wrong", &[("mm1.toml", MM1), ("closed.toml", &closed)]);
    for (arguments, code, word) in [
        (vec!["mm1.toml", "--learn", "0.3,1.2"], 2, "between 0 and 1"),
        (vec!["mm1.toml", "--judge", "-0.5"], 2, "between 0 and 1"),
        (
            vec!["mm1.toml", "--learn", "0.3", "--judge", "0.3"],
            2,
            "load 0.3 in --judge is not above 0.3 in --learn",
        ),
        (vec!["mm1.toml", "--judge", "0.7,0.8,0.7"], 2, "load 0.7 is twice in --judge"),
        (vec!["mm1.toml", "--set", "measurement.duration=200ms"], 2, "at load 0.3: only "),
        (vec!["closed.toml"], 2, "closed loop"),
        (vec!["mm1.toml", "--set", "queues.jobs.discipline=processor-sharing"], 5, "at load 0.3: "),
    ] {
        let output = desk.run(&[&["predict"], &arguments[..]].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(word), "{arguments:?} should say `{word}`: {said}");
    }
}

/// A published table of throughput by concurrency, by the law that predicts rows which it has not seen.
#[test]
fn a_fit_of_throughput_is_a_scenario_that_runs() {
    let rows = "clients,throughput\n1,2064\n5,8146\n25,17334\n50,19120\n100,19035\n";
    let desk = Desk::new("fit-throughput", &[("load.csv", rows)]);
    let output = desk.run(&["fit", "--throughput", "load.csv"]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for word in ["`USL` predicts best", "sigma", "constant service"] {
        assert!(said.contains(word), "`{word}` in\n{said}");
    }
    let learnt = desk.run(&["fit", "load.csv", "--throughput", "--learn", "1,25,100", "--json"]);
    let document: Value = serde_json::from_slice(&learnt.stdout).expect("JSON");
    assert!(document["laws"][0]["errors"][0].is_null(), "{document:#}");
    let run = desk.run(&["run", "queuelab-results/load/scenario.toml", "--only", "theory", "--json"]);
    let answer: Value = serde_json::from_slice(&run.stdout).expect("JSON");
    let found = answer["answers"][0]["metrics"]["total.throughput"]["value"].as_f64().expect("a figure");
    assert!((found / 19_000.0 - 1.0).abs() < 0.05, "{found}");
    let few = desk.run(&["fit", "--throughput", "load.csv", "--learn", "3"]);
    assert_eq!(few.status.code(), Some(2), "{}", text(&few.stderr));
}

//! Studies as a person meets them: what a search proves, that a stopped sweep goes on, what a comparison refuses.

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
    let peak = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/peak-sizing.toml")).expect("the scenario");
    let desk = Desk::new("capacity", &[("peak.toml", &peak)]);
    for (rate, expected) in [("100/s", "3"), ("400/s", "9"), ("1000/s", "21"), ("2000/s", "41"), ("5000/s", "101")] {
        let set = format!("producers.web.rate={rate}");
        // Short runs for the test's sake: at rho 0.99 they are as long as may be.
        let output = desk.run(&["capacity", "peak.toml", "--set", &set, "--set", "simulation.messages=50000", "--json", "--out", rate]);
        assert_eq!(output.status.code(), Some(0), "{rate}: {}", text(&output.stderr));
        let document = json(&output);
        assert_eq!(document["found"], expected, "{rate}");
        assert_eq!(document["outcome"], "pass", "{rate}");
        assert_eq!(document["checks"].as_array().map(Vec::len), Some(2), "{rate}");
        assert!(document["headroom"]["factor"].as_f64().is_some_and(|f| f >= 1.0), "{rate}");
        let picture = std::fs::read_to_string(desk.path(&format!("{rate}/peak/capacity.svg"))).expect("a picture");
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
        (vec!["--slo", "p98<3ms"], "did you mean"),
        (vec!["--slo", "p99<3ms", "--vary", "consumers.worker.count"], "LOW..HIGH"),
        (vec!["--slo", "p99<3ms", "--vary", "consumers.wroker.count=1..3"], "worker"),
    ] {
        let (code, said) = code(&arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(word), "{arguments:?} should say `{word}`: {said}");
    }
}

/// Every file below a folder but the plan's pictures of the moment: name and bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.file_name().expect("a name").to_string_lossy().into_owned(), std::fs::read(&path).expect("a file")));
        }
    }
    found.sort();
    found
}

/// Three points that are done at once and one that takes seconds, in this order.
const SWEEP: [&str; 6] = ["sweep", "mm1.toml", "--vary", "simulation.messages=1000,2000,3000,10000000", "--threads", "1"];

#[test]
fn a_stopped_sweep_goes_on_to_the_same_bytes() {
    let alone = Desk::new("sweep-alone", &[("mm1.toml", MM1)]);
    assert!(alone.run(&SWEEP).status.success());
    let stopped = Desk::new("sweep-stopped", &[("mm1.toml", MM1)]);
    let mut child = stopped.start(&SWEEP);
    let points = stopped.path("results/mm1/sweep/points");
    // Whole points only: a draft has another name.
    let done = || {
        let names = std::fs::read_dir(&points).map(|list| list.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect());
        names.map_or(0, |names: Vec<String>| names.iter().filter(|name| !name.starts_with('.')).count())
    };
    while child.try_wait().expect("a child").is_none() && done() < 3 {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let pid = child.id().to_string();
    std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill is there");
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "the signal came while the last point was under way");
    assert_eq!(done(), 3, "the last point was not finished");
    assert!(!stopped.path("results/mm1/sweep/sweep.csv").exists(), "a stopped sweep has no whole result");
    assert_eq!(stopped.run(&["sweep", "status", "results/mm1/sweep"]).status.code(), Some(4));
    assert!(stopped.run(&SWEEP).status.success());
    assert_eq!(files(&stopped.path("results")), files(&alone.path("results")));
}

#[test]
fn shards_together_are_the_whole() {
    let desk = Desk::new("sweep-shards", &[("mm1.toml", MM1)]);
    let vary = ["mm1.toml", "--vary", "producers.web.rate=100/s, 150/s, 200/s", "--vary", "consumers.worker.count=1..2"];
    let run = |words: &[&str]| desk.run(words).status.code();
    assert_eq!(run(&[&["sweep", "plan"], &vary[..]].concat()), Some(0));
    let folder = "results/mm1/sweep";
    assert_eq!(run(&["sweep", "run", folder, "--shard", "2/2"]), Some(0));
    assert_eq!(run(&["sweep", "status", folder]), Some(4));
    assert_eq!(run(&["sweep", "merge", folder]), Some(4));
    assert_eq!(run(&["sweep", "run", folder, "--shard", "1/2", "--threads", "1"]), Some(0));
    assert_eq!(run(&["sweep", "merge", folder]), Some(0));
    let whole = Desk::new("sweep-whole", &[("mm1.toml", MM1)]);
    assert_eq!(whole.run(&[&["sweep"], &vary[..]].concat()).status.code(), Some(0));
    let csv = |desk: &Desk| std::fs::read_to_string(desk.path(&format!("{folder}/sweep.csv"))).expect("a table");
    assert_eq!(csv(&desk), csv(&whole));
    assert!(desk.path(&format!("{folder}/heat-map.svg")).exists());
    let rows = csv(&desk);
    assert!(rows.starts_with("point,producers.web.rate,consumers.worker.count,method,by,metric,value,half_width,unit"), "{rows}");
    // Another sweep does not write over this one.
    let other = desk.run(&["sweep", "mm1.toml", "--vary", "consumers.worker.count=1..3"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(text(&other.stderr).contains("--fresh"), "{}", text(&other.stderr));
}

#[test]
fn comparisons_say_better_worse_or_no_difference_and_refuse_other_traffic() {
    let other = MM1.replace("200/s", "150/s");
    let desk = Desk::new("compare", &[("a.toml", MM1), ("b.toml", &other)]);
    let output = desk.run(&["compare", "a.toml", "--against", "consumers.worker.count=2", "--against", "consumers.worker.count=1"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("is better than a") && said.contains("No difference seen"), "{said}");
    let refused = desk.run(&["compare", "a.toml", "b.toml"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("200/s and 150/s"), "{}", text(&refused.stderr));
    assert!(desk.run(&["compare", "a.toml", "b.toml", "--force"]).status.success());
}

#[test]
fn saved_results_are_compared_and_reported() {
    let faster = MM1.replace("4ms", "3ms");
    let desk = Desk::new("saved", &[("slow.toml", MM1), ("fast.toml", &faster)]);
    assert!(desk.run(&["run", "slow.toml", "fast.toml", "--only", "theory,simulation", "--quiet"]).status.success());
    let output = desk.run(&["compare", "results/slow", "results/fast", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let document = json(&output);
    assert!(document["verdict"][0].as_str().is_some_and(|v| v.contains("better")), "{document}");
    assert!(desk.run(&["report", "results"]).status.success());
    let page = std::fs::read_to_string(desk.path("results/report.html")).expect("a page");
    assert!(page.contains("results/fast") && page.contains("<svg") && !page.contains("<script"));
    assert_eq!(desk.run(&["report", "nowhere"]).status.code(), Some(2));
}

#[test]
fn a_fit_is_a_scenario_that_runs() {
    let rows: String = (0..400).map(|i| format!("{},{}\n", i * 10, 3 + i % 7)).collect();
    let desk = Desk::new("fit", &[("trace.csv", &format!("timestamp_ms,service_ms\n{rows}oops,1\n"))]);
    let output = desk.run(&["fit", "trace.csv"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("line 402"), "{}", text(&output.stdout));
    let run = desk.run(&["run", "results/trace/scenario.toml", "--only", "simulation", "--quick", "--quiet"]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert!(desk.path("results/trace/quantiles.service.svg").exists());
}

#[test]
fn explain_says_when_to_page_and_what_matters() {
    let desk = Desk::new("explain-more", &[("mm1.toml", MM1)]);
    let output = desk.run(&["explain", "mm1.toml", "--lag-for", "60s", "--sensitivity"]);
    let said = text(&output.stdout);
    for word in ["page at a lag of 15", "Waiting dominates", "service time of `worker`", "+5.0"] {
        assert!(said.contains(word), "`{word}` in\n{said}");
    }
}

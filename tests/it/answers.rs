//! The gallery's answers that are kept in `results/`: what each scenario's commands print, their tables, and
//! the pictures that answer the question.
//!
//! `UPDATE=all cargo test --release --test it answers` makes them again, `UPDATE=mm1,priority` some of them.
//! All but measurements come out the same to the byte.

use crate::cli::Desk;
use crate::gallery::{commands, gallery};
use std::path::{Path, PathBuf};

/// What is kept of each, beside what is printed; the first is the picture of the index.
const KEPT: &[(&str, &[&str])] = &[
    (
        "quickstart",
        &[
            "percentiles.svg",
            "agreement.svg",
            "queue-length.svg",
            "metrics.csv",
            "answer.json",
            "timeline.csv",
            "report.html",
            "latency.theory.hgrm",
            "latency.simulation.hgrm",
            "latency.rehearsal.hgrm",
            "latency.measurement.hgrm",
            "latency.replay.hgrm",
        ],
    ),
    ("mm1", &["agreement.svg", "percentiles.svg", "metrics.csv"]),
    ("mmc", &["percentiles.svg", "metrics.csv"]),
    ("md1", &["percentiles.svg", "metrics.csv"]),
    ("mg1-heavy-tail", &["percentiles.svg", "metrics.csv"]),
    ("inspection-paradox", &["percentiles.svg", "metrics.csv"]),
    ("erlang-b", &["agreement.svg", "metrics.csv"]),
    ("peak-sizing", &["capacity.svg", "capacity.csv"]),
    ("black-friday", &["over-time.svg", "metrics.csv"]),
    ("pod-dies", &["comparison.svg", "comparison.csv"]),
    ("prefetch", &["sweep/sweep.svg", "sweep/sweep.csv"]),
    ("pooled-vs-partitions", &["comparison.svg", "comparison.csv"]),
    ("poison", &["percentiles.svg", "metrics.csv"]),
    ("autoscale-keda", &["over-time.svg", "metrics.csv"]),
    ("lag-alert", &["queue-length.svg", "metrics.csv"]),
    ("hot-partition", &["sweep/sweep.svg", "sweep/sweep.csv"]),
    ("batching", &["sweep/heat-map.svg", "sweep/sweep.csv"]),
    ("shared-database", &["sweep/sweep.svg", "sweep/sweep.csv"]),
    ("priority", &["comparison.svg", "comparison.csv"]),
    ("noisy-tenant", &["sweep/sweep.svg", "sweep/sweep.csv"]),
    ("visibility-timeout", &["sweep/sweep.svg", "sweep/sweep.csv"]),
    ("growth-and-cost", &["sweep/sweep.svg", "sweep/sweep.csv", "capacity.svg", "capacity.csv"]),
    ("coordinated-omission", &["comparison.svg", "comparison.csv"]),
    ("coordinated-omission-closed", &["percentiles.svg", "metrics.csv"]),
    ("calibrate", &["quantiles.service.svg", "quantiles.timestamp.svg", "scenario.toml"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).into()
}

/// A scenario's name from that of its file.
fn stem(file: &str) -> &str {
    file.strip_suffix(".toml").unwrap_or(file)
}

/// Whether the environment asks for a scenario's answer to be made again.
fn wanted(stem: &str) -> bool {
    std::env::var("UPDATE").is_ok_and(|list| list == "all" || list.split(',').any(|name| name == stem))
}

/// What a scenario's commands print, each under its command, without the list of files that they wrote.
fn printed(desk: &Desk, text: &str) -> String {
    let mut out = String::new();
    for command in commands(text) {
        let output = desk.run(&command.split_whitespace().collect::<Vec<_>>());
        let code = output.status.code();
        assert!(
            code.is_some_and(|c| [0, 1, 3].contains(&c)),
            "{command}: {code:?}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let said = String::from_utf8(output.stdout).expect("UTF-8");
        let said: Vec<&str> = said.lines().filter(|line| !line.starts_with("queuelab-results/")).collect();
        out += &format!("$ queuelab {command}\n\n{}\n\n", said.join("\n").trim_end());
    }
    format!("{}\n", out.trim_end())
}

fn desk(name: &str) -> Desk {
    let desk = Desk::new(name, &[]);
    desk.copy(&root().join("scenarios"), "scenarios");
    desk
}

/// Makes a scenario's answer again.
fn answer(stem: &str, text: &str, kept: &[&str]) {
    let desk = desk(&format!("answers-{stem}"));
    let said = printed(&desk, text);
    let folder = root().join("results").join(stem);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("sweep")).expect("a folder of results");
    std::fs::write(folder.join("answer.txt"), said).expect("an answer");
    for name in kept {
        let from = desk.path("queuelab-results").join(stem).join(name);
        std::fs::copy(&from, folder.join(name)).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    }
    // Only sweeps have something there.
    let _ = std::fs::remove_dir(folder.join("sweep"));
}

#[test]
fn answers_are_kept_of_every_scenario() {
    let index = std::fs::read_to_string(root().join("scenarios/README.md")).expect("the index");
    let kept_of = |stem: &str| {
        KEPT.iter().find(|k| k.0 == stem).unwrap_or_else(|| panic!("nothing is kept of {stem}")).1
    };
    for (file, text) in gallery().iter().filter(|(file, _)| wanted(stem(file))) {
        answer(stem(file), text, kept_of(stem(file)));
    }
    for (file, text) in gallery() {
        let stem = stem(&file);
        let kept = kept_of(stem);
        let folder = root().join("results").join(stem);
        for name in kept.iter().chain(&["answer.txt"]) {
            assert!(
                folder.join(name).exists(),
                "results/{stem}/{name} is missing: UPDATE={stem} cargo test --release --test it answers"
            );
        }
        for shown in [format!("../results/{stem}/{}", kept[0]), format!("../results/{stem}/answer.txt")] {
            assert!(index.contains(&shown), "scenarios/README.md does not show {shown}");
        }
        let said = std::fs::read_to_string(folder.join("answer.txt")).expect("an answer");
        for command in commands(&text) {
            assert!(
                said.contains(&format!("$ queuelab {command}\n")),
                "results/{stem}/answer.txt does not answer `{command}`"
            );
        }
    }
}

/// Of the answers that take no time: what is kept is what comes out.
#[test]
fn answers_are_those_of_this_version() {
    let desk = desk("answers-now");
    let stem = "calibrate";
    let text = std::fs::read_to_string(root().join(format!("scenarios/{stem}.toml"))).expect("a scenario");
    let kept = std::fs::read_to_string(root().join(format!("results/{stem}/answer.txt"))).expect("an answer");
    assert_eq!(printed(&desk, &text), kept, "UPDATE={stem} cargo test --release --test it answers");
}

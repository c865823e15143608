//! Who may import whom, and who may touch the clock, the terminal and the process: read from the sources themselves.

use std::fs;
use std::path::{Path, PathBuf};

/// A module of the crate and the modules that it may name.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("rng", &[]),
    ("message", &[]),
    ("linear", &[]),
    ("answer", &["units"]),
    ("workload", &["units", "rng"]),
    ("discipline", &["units", "rng", "message"]),
    ("scenario", &["units", "rng", "linear", "answer", "workload", "discipline"]),
    ("theory", &["units", "linear", "answer", "workload", "scenario"]),
    // Rules that simulation and measurement share: no clock, no thread. The queue shares one of them.
    ("behaviour", &["units", "rng", "workload", "scenario"]),
    ("behaviour::retry", &[]),
    ("sim", &["units", "rng", "message", "workload", "discipline", "scenario", "behaviour"]),
    ("queue", &["rng", "discipline", "behaviour::retry"]),
    // The gates of a measurement are part of its answer; estimates are not made here.
    ("load", &["units", "rng", "message", "workload", "discipline", "scenario", "behaviour", "queue", "answer"]),
    ("stats", &["units", "rng", "message", "answer"]),
    ("study", &["units", "rng", "message", "answer", "workload", "scenario", "behaviour", "theory", "sim", "load", "stats"]),
    ("report", &["units", "answer", "scenario", "study", "stats"]),
    ("cli", &["units", "answer", "workload", "scenario", "theory", "load", "stats", "study", "report"]),
];

/// Calls that only some folders may make.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("Instant::now", &["load", "queue"]),
    ("SystemTime::now", &["load"]),
    ("println!", &[]),
    ("eprintln!", &[]),
    ("process::exit", &["cli"]),
    ("std::fs::", &["cli", "load", "queue"]),
    ("thread::spawn", &["load"]),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the sources") {
        let path = entry.expect("an entry of it").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// The code of a file without comments and without its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file");
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
    before_tests.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Files that only tests use.
fn is_test(path: &Path) -> bool {
    let inside = path.strip_prefix(root()).expect("a file under src").to_string_lossy().into_owned();
    ["test", "fixtures"].iter().any(|word| inside.contains(word))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix(root()).expect("a file under src");
    let whole = inside.with_extension("").to_string_lossy().replace('/', "::");
    let first = whole.split("::").next().expect("a component").to_string();
    if MAY_IMPORT.iter().any(|m| m.0 == whole) { whole } else { first }
}

#[test]
fn modules_import_in_one_direction() {
    let mut wrong = Vec::new();
    for path in sources(&root()) {
        let module = module_of(&path);
        if ["lib", "main", "build"].contains(&module.as_str()) || is_test(&path) {
            continue;
        }
        let (_, allowed) = MAY_IMPORT.iter().find(|m| m.0 == module).unwrap_or_else(|| panic!("`{module}` has no entry in MAY_IMPORT"));
        for (at, _) in code(&path).match_indices("crate::") {
            let rest = &code(&path)[at + 7..];
            let whole: String = rest.chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect();
            let named = whole.split("::").next().unwrap_or_default();
            let known = MAY_IMPORT.iter().any(|m| m.0 == named);
            if known && named != module && !allowed.contains(&named) && !allowed.contains(&whole.trim_end_matches(':')) {
                wrong.push(format!("{} names crate::{named}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn clocks_files_and_the_terminal_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for path in sources(&root()) {
        let (module, code) = (module_of(&path), code(&path));
        // A build script speaks to cargo in lines on stdout.
        if is_test(&path) || module == "build" {
            continue;
        }
        for (call, homes) in ONLY_IN {
            if code.contains(call) && !homes.contains(&module.as_str()) {
                wrong.push(format!("{} calls {call}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_has_one_idea_and_so_at_most_400_lines() {
    let mut wrong = Vec::new();
    for path in sources(&root()) {
        let name = path.strip_prefix(root()).expect("a file under src").to_string_lossy().into_owned();
        let lines = fs::read_to_string(&path).expect("a source file").lines().count();
        if lines > 400 {
            wrong.push(format!("{name} has {lines} lines"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

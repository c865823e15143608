//! Who may import whom, and who may touch the clock, the terminal and the process: read from the sources
//! themselves.

use std::collections::{BTreeMap, BTreeSet};
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
    ("sim", &["units", "rng", "message", "workload", "discipline", "scenario", "behaviour"]),
    ("queue", &["rng", "discipline"]),
    // The gates of a measurement are part of its answer; estimates are not made here.
    (
        "load",
        &["units", "rng", "message", "workload", "discipline", "scenario", "behaviour", "queue", "answer"],
    ),
    ("stats", &["units", "rng", "message", "answer"]),
    (
        "study",
        &[
            "units",
            "linear",
            "rng",
            "message",
            "answer",
            "workload",
            "scenario",
            "behaviour",
            "theory",
            "sim",
            "load",
            "stats",
        ],
    ),
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
        let (_, allowed) = MAY_IMPORT
            .iter()
            .find(|m| m.0 == module)
            .unwrap_or_else(|| panic!("`{module}` has no entry in MAY_IMPORT"));
        for (at, _) in code(&path).match_indices("crate::") {
            let rest = &code(&path)[at + 7..];
            let whole: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect();
            let named = whole.split("::").next().unwrap_or_default();
            let known = MAY_IMPORT.iter().any(|m| m.0 == named);
            if known
                && named != module
                && !allowed.contains(&named)
                && !allowed.contains(&whole.trim_end_matches(':'))
            {
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

/// The first names of the paths that begin with some prefix, those of a group in braces one by one.
fn named_after(code: &str, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        // `super::super::` is another prefix than `super::`.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        let (mut depth, mut first) = (0, true);
        let mut name = String::new();
        for c in rest.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => first = true,
                c if first && (c.is_alphanumeric() || c == '_') => {
                    name.push(c);
                    continue;
                }
                c if c.is_whitespace() => continue,
                _ => {}
            }
            if !name.is_empty() {
                found.push(std::mem::take(&mut name));
                first = false;
            }
            if depth <= 0 {
                break;
            }
        }
    }
    found
}

/// For each file or folder in a folder, those beside it that it names.
fn neighbours(folder: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let here: String = folder
        .strip_prefix(root())
        .expect("under src")
        .iter()
        .map(|part| format!("{}::", part.to_string_lossy()))
        .collect();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in sources(folder).into_iter().filter(|path| !is_test(path)) {
        let inside = path.strip_prefix(folder).expect("in it").with_extension("");
        let parts: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let module = &parts[..parts.len() - usize::from(parts.ends_with(&["mod".into()]))];
        if let Some(first) = module.first().filter(|first| !["lib", "main"].contains(&first.as_str())) {
            let code = code(&path);
            let names = [format!("crate::{here}"), "super::".repeat(module.len())]
                .into_iter()
                .flat_map(|prefix| named_after(&code, &prefix));
            found.entry(first.clone()).or_default().extend(names.filter(|name| name != first));
        }
    }
    let all: BTreeSet<String> = found.keys().cloned().collect();
    found.values_mut().for_each(|names| names.retain(|name| all.contains(name)));
    found
}

#[test]
fn files_of_a_folder_import_each_other_in_no_circle() {
    let folders: BTreeSet<PathBuf> =
        sources(&root()).iter().filter_map(|path| path.parent().map(Path::to_path_buf)).collect();
    let mut wrong = Vec::new();
    for folder in folders {
        let name = folder.strip_prefix(root()).expect("under src").to_string_lossy().into_owned();
        let mut left = neighbours(&folder);
        // What names nothing that is left is in no circle.
        while let Some(done) = left.iter().find(|(_, names)| names.is_empty()).map(|(file, _)| file.clone()) {
            left.remove(&done);
            left.values_mut().for_each(|names| {
                names.remove(&done);
            });
        }
        if !left.is_empty() {
            wrong.push(format!("{name}: {left:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

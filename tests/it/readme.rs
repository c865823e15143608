//! Every code block of the README and of the manual runs: commands by the program, TOML as scenarios; Rust
//! blocks are doc-tests of the library.

use crate::cli::Desk;
use std::path::{Path, PathBuf};

struct Block {
    language: String,
    text: String,
}

/// The pages with commands: the README, then the manual's.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manual = std::fs::read_dir(root.join("src/manual")).expect("the manual");
    let mut pages: Vec<PathBuf> = manual.map(|entry| entry.expect("a page").path()).collect();
    pages.sort();
    pages.insert(0, root.join("README.md"));
    pages
}

fn blocks_of(page: &Path) -> Vec<Block> {
    let text = std::fs::read_to_string(page).expect("a page");
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    // A block within a list is indented as its item is.
    for line in text.lines().map(|line| line.strip_prefix("   ").map_or(line, str::trim_start)) {
        match (line.strip_prefix("```"), open.take()) {
            (Some(language), None) => {
                open = Some(Block { language: language.trim().into(), text: String::new() })
            }
            (Some(_), Some(block)) => found.push(block),
            (None, Some(mut block)) => {
                block.text += line;
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => (),
        }
    }
    assert!(open.is_none(), "a code block of {} does not end", page.display());
    found
}

fn readme_blocks() -> Vec<Block> {
    blocks_of(&pages()[0])
}

/// The program's commands in a page's blocks.
fn commands_of(page: &Path) -> Vec<String> {
    let mut commands = Vec::new();
    for block in blocks_of(page).iter().filter(|b| b.language == "sh") {
        for line in
            block.text.lines().map(|l| l.split(" #").next().unwrap_or("").trim()).filter(|l| !l.is_empty())
        {
            if ELSEWHERE.iter().any(|prefix| line.starts_with(prefix)) {
                continue;
            }
            let command =
                line.strip_prefix("cargo run --release -- ").or_else(|| line.strip_prefix("queuelab "));
            let command = command.unwrap_or_else(|| {
                panic!("{} has a command that this test does not know: {line}", page.display())
            });
            commands.push(command.to_string());
        }
    }
    commands
}

/// Commands that are not the program's: this very test, the benchmarks, and getting here.
const ELSEWHERE: &[&str] =
    &["git clone ", "cd ", "cargo test", "cargo bench", "cargo install --path .", "bash benches/"];

#[test]
fn commands_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let desk = Desk::new("readme", &[]);
    desk.copy(&root.join("scenarios"), "scenarios");
    let mut ran = 0;
    for command in commands_of(&pages()[0]) {
        let output = desk.run(&words(&command).iter().map(String::as_str).collect::<Vec<_>>());
        assert!(
            output.status.success(),
            "{command}\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        ran += 1;
    }
    assert!(ran >= 3, "the README shows only {ran} commands");
    // None of them writes where answers are kept, and git ignores where they do.
    let ignored = std::fs::read_to_string(root.join(".gitignore")).expect("a .gitignore");
    assert!(
        desk.path("queuelab-results").exists() && ignored.lines().any(|line| line == "/queuelab-results")
    );
    assert!(!desk.path("results").exists(), "a command of the README writes over the kept answers");
}

/// The manual's commands, each page's one after another, with fewer replications; those of the gallery run in
/// its own test.
#[test]
fn the_manuals_commands_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = "clients,rate,mean_ms,p99_ms\n10,1000,20,49.5\n";
    let gallery = crate::gallery::gallery();
    let known: Vec<&str> = gallery.iter().flat_map(|(_, text)| crate::gallery::commands(text)).collect();
    let mut ran = 0;
    for page in &pages()[1..] {
        let name = page.file_stem().expect("a name").to_string_lossy().into_owned();
        let desk = Desk::new(&format!("manual-{name}"), &[("table.csv", table)]);
        desk.copy(&root.join("scenarios"), "scenarios");
        for command in commands_of(page).iter().filter(|command| !known.contains(&command.as_str())) {
            let mut words = words(command);
            let (verb, step) = (words[0].clone(), words.get(1).cloned().unwrap_or_default());
            let steps = ["plan", "run", "status", "merge"];
            let simulates = ["run", "compare", "capacity", "sweep"].contains(&verb.as_str());
            if simulates && !(verb == "sweep" && steps.contains(&step.as_str())) {
                words.extend(["--set", "simulation.replications=3"].map(String::from));
            }
            let output = desk.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
            let code = output.status.code();
            assert!(
                code.is_some_and(|c| [0, 1, 3].contains(&c)),
                "{}: {command}: {code:?}\n{}",
                page.display(),
                String::from_utf8_lossy(&output.stderr)
            );
            ran += 1;
        }
    }
    assert!(ran >= 10, "the manual shows only {ran} commands of its own");
}

/// What README and contributing page call a file is one: from the root, or from `src`.
#[test]
fn files_that_are_named_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut missing = Vec::new();
    for page in ["README.md", "src/contributing.md"] {
        let text = std::fs::read_to_string(root.join(page)).expect("a page");
        let words = text
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| word.ends_with(".rs") || word.ends_with('/') && !word.contains(' '));
        let known =
            |word: &str| ["", "src", "tests/it"].iter().any(|folder| root.join(folder).join(word).exists());
        // What the program writes is not there before it has run.
        let written = |word: &str| word.starts_with("queuelab-results");
        missing.extend(
            words.filter(|word| !known(word) && !written(word)).map(|word| format!("{page}: {word}")),
        );
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// A command line's words; quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let (mut out, mut quote, mut word) = (Vec::new(), None, None::<String>);
    for c in line.chars() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (' ', None) => out.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word);
    out
}

#[test]
fn scenarios_are_understood() {
    let toml =
        pages().iter().flat_map(|page| blocks_of(page)).filter(|b| b.language == "toml").collect::<Vec<_>>();
    for (i, block) in toml.iter().enumerate() {
        let desk = Desk::new(&format!("readme-toml-{i}"), &[("block.toml", &block.text)]);
        let output = desk.run(&["explain", "block.toml"]);
        assert!(output.status.success(), "{}\n{}", block.text, String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn every_block_has_a_language_that_is_checked() {
    for block in readme_blocks() {
        assert!(["sh", "toml", "rust", "text"].contains(&block.language.as_str()), "`{}`", block.language);
    }
    for page in &pages()[1..] {
        for block in blocks_of(page) {
            let known = ["sh", "toml", "text", "yaml", "python"].contains(&block.language.as_str());
            assert!(known, "{}: `{}`", page.display(), block.language);
        }
    }
}

#[test]
fn the_table_of_targets_is_the_programs() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manual/targets.md");
    let page = std::fs::read_to_string(page).expect("the page of targets");
    let table = queuelab::report::targets::table();
    assert!(
        page.contains(&format!("```text\n{table}```\n")),
        "the manual's table of targets is not this one:\n{table}"
    );
}

/// The rows of the vocabulary's second table: what is not written, and what is instead.
fn unwanted(page: &str) -> Vec<(String, String)> {
    let rows = page.lines().skip_while(|line| !line.starts_with("| not |")).skip(2);
    let cells = rows.filter_map(|row| row.trim_matches('|').split_once('|'));
    cells.map(|(not, but)| (not.trim().to_lowercase(), but.trim().to_string())).collect()
}

#[test]
fn what_people_read_keeps_to_the_vocabulary() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let unwanted =
        unwanted(&std::fs::read_to_string(root.join("src/vocabulary.md")).expect("the vocabulary"));
    assert!(unwanted.len() > 10, "{unwanted:?}");
    let mut wrong = Vec::new();
    let (mut folders, mut files) = (vec![root.join("src")], vec![root.join("README.md")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    for file in files.iter().filter(|file| !file.ends_with("vocabulary.md")) {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let is_code = file.extension().is_some_and(|kind| kind == "rs");
        for (number, line) in
            text.lines().enumerate().filter(|(_, line)| !(is_code && line.trim_start().starts_with("//")))
        {
            let line = line.to_lowercase();
            let found = unwanted.iter().filter(|(not, _)| line.contains(not));
            wrong.extend(found.map(|(not, but)| {
                format!("{}:{}: write \"{but}\", not \"{not}\"", file.display(), number + 1)
            }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! `queuelab init`: start from a question.

use super::{Ending, style};
use std::path::{Path, PathBuf};

/// The gallery's scenarios by name, with their text.
macro_rules! gallery {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../scenarios/", $name, ".toml")))),+]
    };
}

/// The questions that a scenario can start from.
const TEMPLATES: &[(&str, &str)] = gallery![
    "quickstart",
    "mm1",
    "mmc",
    "md1",
    "mg1-heavy-tail",
    "inspection-paradox",
    "erlang-b",
    "peak-sizing",
    "black-friday",
    "pod-dies",
    "prefetch",
    "pooled-vs-partitions",
    "poison",
    "autoscale-keda",
    "lag-alert",
    "hot-partition",
    "batching",
    "shared-database",
    "priority",
    "noisy-tenant",
    "visibility-timeout",
    "growth-and-cost",
    "coordinated-omission",
    "coordinated-omission-closed",
    "calibrate",
];

/// What brokers and job queues are like: settings by their own names, to start from.
const SYSTEMS: &[(&str, &str)] = &[
    ("rabbitmq", include_str!("templates/rabbitmq.toml")),
    ("kafka", include_str!("templates/kafka.toml")),
    ("sqs", include_str!("templates/sqs.toml")),
    ("celery", include_str!("templates/celery.toml")),
    ("sidekiq", include_str!("templates/sidekiq.toml")),
    ("nats", include_str!("templates/nats.toml")),
];

/// Files without which a scenario's command says nothing, and which are written with it.
const BESIDE: &[(&str, &str, &str)] = &[
    ("calibrate", "calibrate.csv", include_str!("../../scenarios/calibrate.csv")),
    (
        "coordinated-omission",
        "coordinated-omission-closed.toml",
        include_str!("../../scenarios/coordinated-omission-closed.toml"),
    ),
];

fn templates() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    SYSTEMS.iter().chain(TEMPLATES)
}

/// The names of all templates, with what they ask.
fn questions() -> Vec<(&'static str, String)> {
    templates().map(|(name, text)| (*name, question(text))).collect()
}

/// What a scenario asks: its head up to the first empty line of it.
fn question(text: &str) -> String {
    let head = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    head.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The first command that a scenario's head shows, for the files that were written.
fn command(text: &str, name: &str, path: &Path) -> String {
    let shown = text.lines().find_map(|line| line.strip_prefix("#     queuelab ")).unwrap_or("run FILE");
    let own = |word: &str| {
        let bare = word.strip_prefix("scenarios/").unwrap_or(word);
        if bare == format!("{name}.toml") { path.display().to_string() } else { bare.to_string() }
    };
    shown.split_whitespace().map(own).collect::<Vec<_>>().join(" ")
}

#[derive(Debug, clap::Args)]
pub(super) struct InitArguments {
    /// Which question; without it, the questions are listed
    #[arg(add = super::complete::names(questions))]
    template: Option<String>,
    /// The file to write, `TEMPLATE.toml` if not given; an existing one is never overwritten
    #[arg(long, short)]
    output: Option<PathBuf>,
}

pub(super) fn init(arguments: &InitArguments) -> Ending {
    let Some(wanted) = &arguments.template else {
        let list: Vec<_> =
            templates().map(|(name, text)| (name.to_string(), question(text).to_string())).collect();
        let list = super::plain_style().terms(&list);
        return style::out(&format!("{list}\nStart from one with `queuelab init NAME`.\n"));
    };
    let Some((name, text)) = templates().find(|t| t.0 == wanted) else {
        let names: Vec<_> = templates().map(|t| t.0).collect();
        style::note(&format!("error: there is no template `{wanted}`; choose one of {}\n", names.join(", ")));
        return Ending::Wrong;
    };
    let path = arguments.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.toml")));
    let folder = path.parent().unwrap_or(Path::new(""));
    let beside =
        BESIDE.iter().filter(|file| file.0 == *name).map(|(_, file, text)| (folder.join(file), *text));
    let files: Vec<(PathBuf, &str)> = std::iter::once((path.clone(), *text)).chain(beside).collect();
    // None is written if one is there.
    if let Some((taken, _)) = files.iter().find(|(file, _)| file.exists()) {
        return refused(taken, "it exists already");
    }
    for (file, text) in &files {
        let made = std::fs::File::create_new(file);
        if let Err(e) = made.and_then(|mut f| std::io::Write::write_all(&mut f, text.as_bytes())) {
            return refused(file, &super::system::reason(&e));
        }
    }
    let names: Vec<String> = files.iter().map(|(file, _)| file.display().to_string()).collect();
    let command = command(text, name, &path);
    style::out(&format!("wrote {}; answer it with `queuelab {command}`\n", names.join(" and ")))
}

fn refused(file: &Path, why: &str) -> Ending {
    style::note(&format!("error: cannot write {}: {why}; choose another with --output\n", file.display()));
    Ending::Wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_of_the_gallery_is_a_template() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        for entry in std::fs::read_dir(folder).expect("the gallery") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let scenario = path.extension().is_some_and(|e| e == "toml");
            assert!(!scenario || TEMPLATES.iter().any(|t| t.0 == name), "`{name}` is missing");
        }
    }

    #[test]
    fn questions_and_commands_are_read_from_the_heads() {
        let text = "# Why\n# so late?\n#\n#     queuelab sweep scenarios/x.toml\n";
        assert_eq!(question(text), "Why so late?");
        assert_eq!(command(text, "x", Path::new("y.toml")), "sweep y.toml");
    }

    #[test]
    fn a_command_names_only_what_was_written() {
        for (name, text) in templates() {
            let shown = command(text, name, Path::new("own.toml"));
            let written =
                |word: &str| word == "own.toml" || BESIDE.iter().any(|b| b.0 == *name && b.1 == word);
            let files = shown.split(' ').filter(|word| word.ends_with(".toml") || word.ends_with(".csv"));
            files.for_each(|word| assert!(written(word), "{name}: {shown}"));
        }
    }
}

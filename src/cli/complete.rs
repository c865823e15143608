//! What a shell offers while a command is typed: methods, templates, scenario files, and the settings of the
//! scenario that is named in the line.

use super::files;
use crate::scenario::{Source, reference_entries, resolved};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _};
use clap_complete::env::Shells;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Asks this program what to offer; a shell sets it.
pub(super) const VARIABLE: &str = "QUEUELAB_COMPLETE";

const METHODS: [(&str, &str); 3] = [
    ("theory", "closed forms"),
    ("simulation", "replications of the scenario"),
    ("measurement", "a real queue under load, with rehearsal and replay"),
];

/// Methods, one or several separated by commas.
pub(super) fn methods() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let typed = current.to_string_lossy();
        let (before, last) = typed
            .rsplit_once(',')
            .map_or((String::new(), &*typed), |(before, last)| (format!("{before},"), last));
        let left = METHODS
            .iter()
            .filter(|(name, _)| name.starts_with(last) && !before.split(',').any(|given| given == *name));
        left.map(|(name, help)| offered(format!("{before}{name}"), help)).collect()
    })
}

/// Names, each with what it stands for.
pub(super) fn names(known: fn() -> Vec<(&'static str, String)>) -> ArgValueCompleter {
    ArgValueCompleter::new(move |current: &OsStr| {
        let typed = current.to_string_lossy();
        let fitting = known().into_iter().filter(|(name, _)| name.starts_with(&*typed));
        fitting.map(|(name, told)| offered(name, &told)).collect()
    })
}

/// Scenario files, and folders to look into.
pub(super) fn scenarios() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let scenario = |path: &Path| path.is_dir() || path.extension().is_some_and(|e| e == "toml");
        PathCompleter::any().filter(scenario).complete(current)
    })
}

/// Names of settings.
pub(super) fn keys() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let typed = current.to_string_lossy();
        let mut names: Vec<(String, String)> = reference_entries()
            .into_iter()
            .map(|entry| (entry.path.rsplit('.').next().unwrap_or_default().to_string(), entry.help))
            .filter(|(name, _)| name.starts_with(&*typed))
            .collect();
        names.sort();
        names.dedup_by(|a, b| a.0 == b.0);
        names.into_iter().map(|(name, help)| offered(name, &help)).collect()
    })
}

/// Dotted paths of the settings of the scenario that the line names, up to the sign behind which its value
/// stands.
pub(super) fn settings() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| paths(&current.to_string_lossy(), std::env::args_os()))
}

fn paths(typed: &str, line: impl Iterator<Item = OsString>) -> Vec<CompletionCandidate> {
    if typed.contains('=') {
        return Vec::new();
    }
    let files = line.filter(|word| Path::new(word).extension().is_some_and(|e| e == "toml"));
    let Some((name, text)) = files
        .into_iter()
        .find_map(|file| Some((file.to_string_lossy().into_owned(), std::fs::read_to_string(&file).ok()?)))
    else {
        return Vec::new();
    };
    let source = Source { name, text, overrides: Vec::new() };
    let Ok(parsed) = files::parsed(&source) else { return Vec::new() };
    let scenario = resolved(&parsed.scenario);
    let mut out = Vec::new();
    for entry in reference_entries().into_iter().filter(|entry| !entry.takes.is_empty()) {
        let table = entry.path.split('.').next().unwrap_or_default();
        // What the scenario names has all the settings that its table may have.
        let places: Vec<String> = match (entry.path.contains("NAME"), scenario[table].as_object()) {
            (true, Some(named)) => named.keys().map(|name| entry.path.replacen("NAME", name, 1)).collect(),
            (true, None) => Vec::new(),
            (false, _) => vec![entry.path.clone()],
        };
        let fitting = places.into_iter().filter(|path| path.starts_with(typed));
        out.extend(fitting.map(|path| offered(format!("{path}="), &entry.help)));
    }
    out
}

/// What a shell loads so that it asks this program.
pub(super) fn script(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    if let Some(completer) = Shells::builtins().completer(&shell.to_string()) {
        completer
            .write_registration(VARIABLE, "queuelab", "queuelab", "queuelab", &mut script)
            .expect("memory takes what is written to it");
    }
    String::from_utf8_lossy(&script).into_owned()
}

/// A candidate with the first sentence of what is said of it.
fn offered(value: impl Into<OsString>, help: &str) -> CompletionCandidate {
    let first = help.split([';', '\n']).next().unwrap_or_default().trim();
    CompletionCandidate::new(value).help(Some(first.to_string().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(candidates: &[CompletionCandidate]) -> Vec<String> {
        candidates.iter().map(|c| c.get_value().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn every_shell_has_a_script_that_asks_this_program() {
        for shell in <clap_complete::Shell as clap::ValueEnum>::value_variants() {
            assert!(script(*shell).contains(VARIABLE), "{shell}");
        }
    }

    #[test]
    fn methods_are_offered_one_by_one_and_none_twice() {
        let of = |typed: &str| values(&methods().complete(OsStr::new(typed)));
        assert_eq!(of("s"), ["simulation"]);
        assert_eq!(of("theory,"), ["theory,simulation", "theory,measurement"]);
    }

    #[test]
    fn templates_and_settings_are_offered_by_their_beginning() {
        let of = |completer: ArgValueCompleter, typed: &str| values(&completer.complete(OsStr::new(typed)));
        let known = || vec![("quickstart", "Is it enough?".to_string()), ("mm1", String::new())];
        assert_eq!(of(names(known), "quick"), ["quickstart"]);
        assert!(of(keys(), "max_l").contains(&"max_length".to_string()));
    }

    #[test]
    fn paths_are_those_of_the_scenario_in_the_line() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/quickstart.toml");
        let line = || ["queuelab", "run", file].map(OsString::from).into_iter();
        let offered = values(&paths("queues.orders.max", line()));
        assert!(offered.contains(&"queues.orders.max_length=".to_string()), "{offered:?}");
        assert!(values(&paths("consumers.", line())).contains(&"consumers.workers.count=".to_string()));
        assert!(values(&paths("simulation.mess", line())) == ["simulation.messages="]);
        // Behind the sign a value stands, and without a scenario there are no names.
        assert!(paths("seed=", line()).is_empty());
        assert!(paths("seed", ["queuelab"].map(OsString::from).into_iter()).is_empty());
    }
}

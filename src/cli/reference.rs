//! `queuelab reference` and `queuelab glossary`: what can be written, and what words mean.

use super::{Ending, style};
use crate::scenario::{ReferenceEntry, reference, reference_entries};

const VOCABULARY: &str = include_str!("../vocabulary.md");

#[derive(Debug, clap::Args)]
pub(super) struct ReferenceArguments {
    /// A setting, such as max_length or consumers.workers.count, or a word in what settings mean; all of them
    /// if not given
    #[arg(add = super::complete::keys())]
    key: Option<String>,
}

pub(super) fn explain_settings(arguments: &ReferenceArguments) -> Ending {
    let Some(wanted) = &arguments.key else {
        let lines = reference().lines().map(String::from).collect();
        return style::out(&super::plain_style().paragraphs([lines]));
    };
    let entries = reference_entries();
    let found = found(&entries, wanted);
    if found.is_empty() {
        let names = entries.iter().filter_map(|entry| entry.path.rsplit('.').next());
        let near = names.min_by_key(|name| strsim::damerau_levenshtein(name, wanted));
        let near = near.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        style::note(&format!(
            "error: no setting is called `{wanted}`, nor has one this word in its help{near}\n"
        ));
        return Ending::Wrong;
    }
    let shown = super::plain_style();
    let told = found.into_iter().map(|entry| {
        let takes = if entry.takes.is_empty() { "table" } else { entry.takes.as_str() };
        let example = entry.example.iter().map(|example| format!("    example: {example}"));
        let lines = [format!("{}: {takes}", entry.path), format!("    {}", entry.help)];
        lines.into_iter().chain(example).collect::<Vec<_>>()
    });
    style::out(&shown.paragraphs(told))
}

/// Settings of a name or path; if there are none, those that have the word somewhere.
fn found<'a>(entries: &'a [ReferenceEntry], wanted: &str) -> Vec<&'a ReferenceEntry> {
    let wanted = wanted.to_lowercase();
    let named: Vec<_> = entries.iter().filter(|entry| is_path(&entry.path, &wanted)).collect();
    if !named.is_empty() {
        return named;
    }
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    entries.iter().filter(|entry| has(&entry.path) || has(&entry.help) || has(&entry.takes)).collect()
}

/// Whether a path is the wanted one or ends with it; any name goes for `NAME`.
fn is_path(path: &str, wanted: &str) -> bool {
    let (path, wanted): (Vec<&str>, Vec<&str>) = (path.split('.').collect(), wanted.split('.').collect());
    let alike = |(have, want): (&&str, &&str)| *have == "NAME" || have == want;
    wanted.len() <= path.len()
        && path.iter().rev().zip(wanted.iter().rev()).all(alike)
        && path.last().is_some_and(|last| *last != "NAME")
}

/// The words of this crate; with one given, only those that have it.
pub(super) fn explain_words(word: Option<&str>) -> Ending {
    let wanted = word.unwrap_or_default().to_lowercase();
    let rows = VOCABULARY.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let rows =
        rows.take_while(|line| line.starts_with('|')).filter(|line| line.to_lowercase().contains(&wanted));
    let told: Vec<Vec<String>> = rows
        .filter_map(|row| {
            let mut cells = row.trim_matches('|').split('|').map(|cell| cell.trim().replace('*', ""));
            let (word, meaning, symbol) = (cells.next()?, cells.next()?, cells.next().unwrap_or_default());
            let symbol = if symbol.is_empty() { symbol } else { format!(" ({symbol})") };
            Some(vec![format!("{word}{symbol}"), format!("    {meaning}")])
        })
        .collect();
    if told.is_empty() {
        style::note(&format!("error: the glossary has no `{wanted}`; `queuelab glossary` lists its words\n"));
        return Ending::Wrong;
    }
    let shown = super::plain_style();
    style::out(&shown.paragraphs(told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_by_its_name_its_path_or_a_word() {
        let entries = reference_entries();
        let paths = |wanted: &str| found(&entries, wanted).iter().map(|e| e.path.clone()).collect::<Vec<_>>();
        assert_eq!(paths("queues.orders.max_length"), ["queues.NAME.max_length"]);
        assert!(paths("service_time").contains(&"consumers.NAME.service_time".to_string()));
        assert!(paths("overflow").len() == 1 && !paths("redelivered").is_empty());
        assert!(paths("no-such-word").is_empty());
    }
}

//! The reference page: every setting of a scenario as text, made of the same declarations that check them.

use super::grammar::{NAMED, PROCESSES, ROOT, ROUTE, STEP};
use super::model::{RetryDelay, ServersNeeded, Shift};
use super::notation::DeclaredTable as _;
use super::setting::{SettingKey, Takes, key as key_of};
use std::fmt::Write as _;
use std::ops::Bound;

/// A setting, or a table of settings, as it is explained to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceEntry {
    /// Where it stands, with `NAME` for what the scenario names: `queues.NAME.max_length`.
    pub path: String,
    /// What it takes; empty for a table.
    pub takes: String,
    /// What it means, its default included.
    pub help: String,
    /// How it is written, for a setting whose values are all of one kind.
    pub example: Option<String>,
    /// How much of the path is its table's.
    table: usize,
}

/// Every setting with what it takes, what it means and its default.
pub fn reference() -> String {
    let mut page = String::from(
        "The settings of a scenario. A setting inside a table has a dotted path, as in --set.\n",
    );
    for ReferenceEntry { path, takes, help, table, .. } in reference_entries() {
        _ = match takes.as_str() {
            "" => writeln!(page, "\n[{path}]  {help}"),
            takes => writeln!(page, "\n{}: {takes}\n    {help}", &path[table..]),
        };
    }
    page
}

/// Every setting and every table, in the order in which they are explained.
pub fn reference_entries() -> Vec<ReferenceEntry> {
    let mut all = Vec::new();
    for key in ROOT {
        let named = NAMED.iter().find(|(table, _)| *table == key.name);
        match (&key.takes, named) {
            (_, Some((table, keys))) => section(&mut all, format!("{table}.NAME"), key, &keys()),
            (Takes::Table(keys), _) => section(&mut all, key.name.into(), key, &keys()),
            (Takes::Any, _) => section(&mut all, key.name.into(), key, &[]),
            _ => setting(&mut all, "", 0, key),
        }
    }
    all
}

fn section(all: &mut Vec<ReferenceEntry>, path: String, key: &SettingKey, keys: &[SettingKey]) {
    let inside = format!("{path}.");
    let table = inside.len();
    all.push(ReferenceEntry { path, takes: String::new(), help: key.full_help(), example: None, table });
    keys.iter().for_each(|key| setting(all, &inside, table, key));
}

/// A setting, and those inside it.
fn setting(all: &mut Vec<ReferenceEntry>, before: &str, table: usize, key: &SettingKey) {
    let path = format!("{before}{}", key.name);
    let takes = match &key.takes {
        Takes::Text => "text".into(),
        Takes::Whole(least, i64::MAX) => format!("whole number from {least} on"),
        Takes::Whole(least, most) => format!("whole number from {least} to {most}"),
        Takes::Number(from, to) => {
            format!("number{}{}", end(*from, "from", "above"), end(*to, "to", "below"))
        }
        Takes::Flag => "true | false".into(),
        Takes::Duration => "duration".into(),
        Takes::Rate => "rate".into(),
        Takes::Size => "size".into(),
        Takes::Law => "duration or law".into(),
        Takes::Word(words) => words.join(" | "),
        Takes::Table(_) => "table".into(),
        Takes::TableOr(_, short) => format!("table, or {short} alone"),
        Takes::Tables(_) => "list of tables".into(),
        Takes::List => "list".into(),
        Takes::Any => String::from("in several forms"),
    };
    let help = key.full_help();
    let example = example(key);
    all.push(ReferenceEntry { path: path.clone(), takes, help, example, table });
    let inside = format!("{path}.");
    let mut below = |keys: &[SettingKey]| keys.iter().for_each(|key| setting(all, &inside, table, key));
    match (&key.takes, key.name) {
        (Takes::Table(keys) | Takes::TableOr(keys, _) | Takes::Tables(keys), _) => below(&keys()),
        (_, "arrivals") => {
            let processes: Vec<&str> = PROCESSES.iter().map(|(process, _)| *process).collect();
            let words = Takes::Word(processes);
            below(&[key_of("process", words, "what decides when messages are due")]);
            PROCESSES.iter().for_each(|(_, keys)| below(keys));
        }
        (_, "steps") => below(STEP),
        (_, "retry_delay") => below(&RetryDelay::keys()),
        (Takes::Any, "count") => below(&Shift::keys()),
        (Takes::Any, "servers_per_message") => below(&ServersNeeded::keys()),
        (Takes::Any, "to") => below(ROUTE),
        _ => {}
    }
}

/// How a setting is written: with a value of its kind.
fn example(key: &SettingKey) -> Option<String> {
    value(key).map(|value| format!("{} = {value}", key.name))
}

/// A value of a setting: of a table what must be given, or the one setting that may stand alone.
fn value(key: &SettingKey) -> Option<String> {
    if let Some(required) = key.required {
        return Some(required.into());
    }
    Some(match &key.takes {
        Takes::Whole(least, most) => 10.clamp(*least, *most).to_string(),
        Takes::Flag => "true".into(),
        Takes::Duration | Takes::Law => "\"4ms\"".into(),
        Takes::Rate => "\"900/s\"".into(),
        Takes::Size => "\"2KiB\"".into(),
        Takes::Word(words) => format!("\"{}\"", words.last()?),
        Takes::Table(keys) if key.by_notation => table(&keys())?,
        Takes::TableOr(keys, alone) => value(keys().iter().find(|key| key.name == *alone)?)?,
        _ => return None,
    })
}

/// A table with what must be given, if anything must.
fn table(keys: &[SettingKey]) -> Option<String> {
    let given: Vec<String> = keys.iter().filter(|key| key.required.is_some()).filter_map(example).collect();
    (!given.is_empty()).then(|| format!("{{ {} }}", given.join(", ")))
}

/// One end of a range, in words; nothing if it has none.
fn end(end: Bound<f64>, included: &str, excluded: &str) -> String {
    match end {
        Bound::Included(end) => format!(" {included} {end}"),
        Bound::Excluded(end) => format!(" {excluded} {end}"),
        Bound::Unbounded => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_its_default_and_its_words() {
        let page = reference();
        for told in [
            "\nseed: whole number from 0 on\n    of the random numbers; default 1\n",
            "\n[queues.NAME]  where messages wait, by name\n",
            "\noverflow: reject-publish | drop-head | block\n    what happens when it is full; default reject",
            "\nautoscale.every: duration\n    between looks; default 15s\n",
            "\narrivals.steps.for: duration\n    how long it lasts\n",
            "\nto.queue: text\n    goes there\n",
        ] {
            assert!(page.contains(told), "{told} is not in\n{page}");
        }
        let entries = reference_entries();
        let of = |path: &str| entries.iter().find(|entry| entry.path == path).expect("a setting");
        assert_eq!(of("queues.NAME.max_length").example.as_deref(), Some("max_length = 10"));
        assert!(of("producers.NAME.arrivals.steps.for").takes == "duration");
    }

    /// Of tables: what must be given in them is enough.
    #[test]
    fn a_table_is_shown_as_it_can_be_written() {
        let tables = reference_entries().into_iter().filter(|entry| entry.takes.starts_with("table"));
        let shown: Vec<(String, String)> = tables.filter_map(|e| Some((e.path, e.example?))).collect();
        let example =
            |path: &str| shown.iter().find(|(of, _)| of == path).map(|(_, example)| example.as_str());
        assert_eq!(example("producers.NAME.hedge"), Some("hedge = \"50ms\""));
        assert_eq!(example("producers.NAME.resend"), Some("resend = { after = \"2s\", at_most = 3 }"));
        assert_eq!(example("consumers.NAME.batch"), Some("batch = { max = 100 }"));
        for (path, example) in &shown {
            let mut text = String::new();
            for (table, settings) in [
                ("producers", "to = \"a\"\nrate = \"1/s\""),
                ("queues", ""),
                ("consumers", "from = \"a\"\nservice_time = \"4ms\""),
            ] {
                let more = if path.starts_with(table) { example.as_str() } else { "" };
                text += &format!("[{table}.a]\n{settings}\n{more}\n");
            }
            let source = crate::scenario::Source::new("example", &text);
            if let Err(problems) = crate::scenario::parse(&source, &crate::scenario::NoFiles) {
                panic!("{}", problems.render(false));
            }
        }
    }
}

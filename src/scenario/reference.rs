//! The reference page: every setting of a scenario as text, made of the same declarations that check them.

use super::grammar::{NAMED, PROCESSES, ROOT, ROUTE, STEP};
use super::model::{RetryDelay, Shift};
use super::notation::DeclaredTable as _;
use super::setting::{SettingKey, Takes};
use std::fmt::Write as _;
use std::ops::Bound;

/// Every setting with what it takes, what it means and its default.
pub fn reference() -> String {
    let mut page = String::from(
        "The settings of a scenario. A setting inside a table has a dotted path, as in --set.\n",
    );
    for key in ROOT {
        let named = NAMED.iter().find(|(table, _)| *table == key.name);
        match (&key.takes, named) {
            (_, Some((table, keys))) => section(&mut page, &format!("{table}.NAME"), key, &keys()),
            (Takes::Table(keys), _) => section(&mut page, key.name, key, &keys()),
            (Takes::Any, _) => section(&mut page, key.name, key, &[]),
            _ => setting(&mut page, "", key),
        }
    }
    page
}

fn section(page: &mut String, table: &str, key: &SettingKey, keys: &[SettingKey]) {
    _ = writeln!(page, "\n[{table}]  {}", key.full_help());
    keys.iter().for_each(|key| setting(page, "", key));
}

/// A setting, and those inside it.
fn setting(page: &mut String, table: &str, key: &SettingKey) {
    let name = format!("{table}{}", key.name);
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
    _ = writeln!(page, "\n{name}: {takes}\n    {}", key.full_help());
    let inside = format!("{name}.");
    match (&key.takes, key.name) {
        (Takes::Table(keys) | Takes::TableOr(keys, _) | Takes::Tables(keys), _) => {
            keys().iter().for_each(|key| setting(page, &inside, key));
        }
        (_, "arrivals") => {
            let processes: Vec<&str> = PROCESSES.iter().map(|(process, _)| *process).collect();
            _ = writeln!(
                page,
                "\n{inside}process: {}\n    what decides when messages are due",
                processes.join(" | ")
            );
            let keys = PROCESSES.iter().flat_map(|(_, keys)| keys.iter());
            keys.for_each(|key| setting(page, &inside, key));
        }
        (_, "steps") => STEP.iter().for_each(|key| setting(page, &inside, key)),
        (_, "retry_delay") => RetryDelay::keys().iter().for_each(|key| setting(page, &inside, key)),
        (Takes::Any, "count") => Shift::keys().iter().for_each(|key| setting(page, &inside, key)),
        (Takes::Any, "to") => ROUTE.iter().for_each(|key| setting(page, &inside, key)),
        _ => {}
    }
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
    }
}

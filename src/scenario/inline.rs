//! Laws in one line: `"4ms"` and `"lognormal(20ms, scv=2)"` as the tables that they stand for.

use super::node::{Node, TableEntry, Value};
use super::place::Place;
use super::problem::{Problem, nearest};
use crate::units;
use crate::workload::laws::LAWS;
use std::ops::Range;

/// The table that a text stands for. `inside` is where the text begins in its source, if it stands there as
/// it is.
pub(super) fn law(text: &str, at: Place, inside: Option<usize>) -> Result<Node, Problem> {
    let place = |range: Range<usize>| match inside {
        Some(start) => Place { start: start + range.start, end: start + range.end, ..at },
        None => at,
    };
    let Some((name, rest)) = text.split_once('(') else { return plain(text, at, place(0..text.len())) };
    let name_start = name.len() - name.trim_start().len();
    let mut entries =
        vec![entry("law", Node::text(name.trim(), place(name_start..name.trim_end().len().max(name_start))))];
    let offset = name.len() + 1;
    let Some(arguments) = rest.trim_end().strip_suffix(')') else {
        return Err(Problem::error(at, "a bracket is left open").label(format!("write \"{text})\"")));
    };
    let mut position = 0;
    for range in split(arguments) {
        let argument = &arguments[range.clone()];
        if argument.trim().is_empty() {
            continue;
        }
        let (key, value_at) = match argument.find('=') {
            Some(i) => (argument[..i].trim(), range.start + i + 1..range.end),
            None => (by_position(name.trim(), position, argument), range),
        };
        position += 1;
        let value_text = &arguments[value_at.clone()];
        let start = offset + value_at.start + (value_text.len() - value_text.trim_start().len());
        let trimmed = value_text.trim();
        if entries.iter().any(|e| e.key == key) {
            return Err(Problem::error(
                place(start..start + trimmed.len()),
                format!("`{key}` is given twice"),
            )
            .label("write KEY=VALUE"));
        }
        let node = scalar(trimmed, place(start..start + trimmed.len()));
        entries.push(TableEntry { key: key.into(), at: node.at, node });
    }
    Ok(Node::table(entries, at))
}

/// The key of an argument without one: the mean (or rate) first, then the law's own parameters, as in
/// `erlang(20ms, 4)`.
fn by_position(law: &str, position: usize, argument: &str) -> &'static str {
    let parameters = LAWS.iter().find(|(name, _)| *name == law).map_or(&[][..], |(_, parameters)| parameters);
    // A law between two times has no mean to be given.
    let position = if parameters.first() == Some(&"min") { position + 1 } else { position };
    match position {
        0 if argument.contains('/') => "rate",
        0 => "mean",
        _ => parameters.get(position - 1).copied().unwrap_or("mean"),
    }
}

/// A value without a bracket: a duration, which never varies.
fn plain(text: &str, at: Place, inner: Place) -> Result<Node, Problem> {
    if units::duration(text).is_err() {
        let names = LAWS.iter().map(|(name, _)| *name);
        // A gap's law may be named alone, since its mean follows from the rate.
        if names.clone().any(|name| name == text.trim()) {
            return Ok(Node::table(vec![entry("law", Node::text(text.trim(), at))], at));
        }
        if let Some(name) = nearest(text.trim(), names) {
            return Err(Problem::error(at, format!("there is no law `{text}`"))
                .label(format!("did you mean \"{name}(4ms)\"?")));
        }
        if let Err(why) = units::duration(text)
            && why.0.contains("too long")
        {
            return Err(Problem::error(at, why.0));
        }
        let told = Problem::error(at, "a duration or a law is needed");
        let told =
            if text.trim().starts_with('-') { told.label("negative") } else { told.label("not understood") };
        return Err(
            told.help("write \"4ms\", \"exponential(4ms)\" or { law = \"exponential\", mean = \"4ms\" }")
        );
    }
    Ok(Node::table(
        vec![entry("law", Node::text("deterministic", at)), entry("mean", Node::text(text, inner))],
        at,
    ))
}

/// A number or, if it is none, a text.
fn scalar(text: &str, at: Place) -> Node {
    let value = match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(n), _) => Value::Integer(n),
        (_, Ok(x)) => Value::Float(x),
        _ if text.starts_with('[') => {
            Node::value(text, at.origin, at.start).map_or_else(|_| Value::Text(text.into()), |n| n.value)
        }
        _ => Value::Text(text.into()),
    };
    Node { value, at }
}

fn entry(key: &str, node: Node) -> TableEntry {
    TableEntry { key: key.into(), at: node.at, node }
}

/// The pieces between commas, those within brackets aside.
fn split(text: &str) -> Vec<Range<usize>> {
    let (mut pieces, mut start, mut depth) = (Vec::new(), 0, 0_i32);
    for (i, c) in text.char_indices() {
        match c {
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth -= 1,
            ',' if depth == 0 => {
                pieces.push(start..i);
                start = i + 1;
            }
            _ => {}
        }
    }
    pieces.push(start..text.len());
    pieces
}

/// Where the content of a quoted text begins in its source, if it stands there unescaped.
pub(super) fn inside(source: &str, text: &str, at: Place) -> Option<usize> {
    let written = source.get(at.start..at.end)?;
    if written == text {
        return Some(at.start);
    }
    (written.len() == text.len() + 2 && written.get(1..written.len() - 1)? == text).then_some(at.start + 1)
}

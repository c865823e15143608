//! Grafting: a value given beside the file takes its place in the tree.

use super::context::law::expand;
use super::grammar::{NAMED, ROOT};
use super::node::{Node, Table, Value};
use super::place::Place;
use super::problem::{Problem, nearest};
use super::setting::{Takes, meant};

/// A step of a path and where it stands in the text.
#[derive(Debug, Clone)]
struct Segment {
    name: String,
    start: usize,
    end: usize,
}

/// Puts a setting `path=value` into the tree. `texts` are the sources by origin; the setting is that of
/// `origin`.
pub(super) fn apply(tree: &mut Node, origin: usize, texts: &[String]) -> Result<(), Vec<Problem>> {
    let given = texts[origin].as_str();
    let at = Place { origin, start: 0, end: given.len() };
    let Some((path, after)) = given.split_once('=') else {
        return Err(vec![Problem::error(at, "a setting lacks its value").label("write PATH=VALUE")]);
    };
    let start = given.len() - after.trim_start().len();
    let text = after.trim();
    if text.is_empty() {
        return Err(vec![Problem::error(at, "a setting lacks its value").label("nothing follows the path")]);
    }
    let node = value(text, origin, start)?;
    let Some(segments) = split(path) else {
        return Err(vec![
            Problem::error(Place { end: path.len(), ..at }, "this is not a path")
                .label("write names with dots between them"),
        ]);
    };
    put(tree, &segments, node, origin, texts).map_err(|p| vec![p])
}

/// A value as it is given beside a file: TOML, or a bare text such as `900/s`.
pub(super) fn value(text: &str, origin: usize, start: usize) -> Result<Node, Vec<Problem>> {
    let at = Place { origin, start, end: start + text.len() };
    // Only brackets and quotes show that TOML was meant: `4ms` is no broken number and `2026-01-01` no date
    // that fits.
    match Node::value(text, origin, start) {
        Ok(node) if !matches!(node.value, Value::Date) && node.at.end >= at.end => Ok(node),
        Err(problems) if text.starts_with(['[', '{', '"', '\'']) => Err(problems),
        _ => Ok(Node::text(text, at)),
    }
}

/// Whether a path leads to a setting that the scenario has or could have.
pub(super) fn check(tree: &Node, path: &str, at: Place, texts: &[String]) -> Result<(), Problem> {
    let segments = split(path).ok_or_else(|| {
        Problem::error(at, "this is not a path").label("write names with dots between them")
    })?;
    let mut copy = tree.clone();
    put(&mut copy, &segments, Node::text("", at), at.origin, texts).map_err(|mut p| {
        p.move_to(at);
        p
    })
}

fn put(
    tree: &mut Node,
    segments: &[Segment],
    node: Node,
    origin: usize,
    texts: &[String],
) -> Result<(), Problem> {
    let place = |from: &Segment, to: &Segment| Place { origin, start: from.start, end: to.end };
    let first = &segments[0];
    let at = place(first, first);
    let known: Vec<&str> = ROOT.iter().map(|k| k.name).collect();
    if !known.contains(&first.name.as_str()) {
        let told = Problem::error(at, format!("a scenario has no `{}`", first.name));
        return Err(match meant(&first.name, &known) {
            Some(near) => told.label(format!("did you mean `{near}`?")),
            None => told.help(format!("a path begins with one of: {}", known.join(", "))),
        });
    }
    let Value::Table(root) = &mut tree.value else {
        return Err(Problem::error(at, "the scenario is no table"));
    };
    let rest = &segments[1..];
    if NAMED.iter().any(|(table, _)| *table == first.name) {
        return put_named(root, first, rest, node, origin, texts);
    }
    if let ([..], "objectives" | "sweep") = (rest, first.name.as_str())
        && !rest.is_empty()
    {
        let path: Vec<&str> = rest.iter().map(|s| s.name.as_str()).collect();
        let at = place(&rest[0], &rest[rest.len() - 1]);
        child(root, first, origin)?.put(&path.join("."), at, node);
        return Ok(());
    }
    descend(root, segments, node, origin, texts)
}

/// A setting of a producer, queue, topic or consumer group, which must exist.
fn put_named(
    root: &mut Table,
    first: &Segment,
    rest: &[Segment],
    node: Node,
    origin: usize,
    texts: &[String],
) -> Result<(), Problem> {
    let kind = first.name.trim_end_matches('s');
    let at = Place { origin, start: first.start, end: rest.last().map_or(first.end, |s| s.end) };
    let names = root
        .get_mut(&first.name)
        .and_then(|n| if let Value::Table(t) = &mut n.value { Some(t) } else { None });
    let Some(names) = names else {
        return Err(Problem::error(at, format!("the scenario has no {}", first.name)));
    };
    // A name may hold dots: the longest one that exists is meant.
    let found = (1..=rest.len()).rev().find(|n| names.entry(&joined(&rest[..*n])).is_some());
    let Some(n) = found else {
        let known: Vec<&str> = names.0.iter().map(|e| e.key.as_str()).collect();
        let Some(name) = rest.first() else {
            return Err(Problem::error(at, format!("which {kind}?"))
                .label(format!("write {}.NAME.SETTING", first.name)));
        };
        let told = Problem::error(
            Place { origin, start: name.start, end: name.end },
            format!("there is no {kind} `{}`", name.name),
        );
        return Err(match nearest(&name.name, known.iter().copied()) {
            Some(near) => told.label(format!("did you mean `{near}`?")),
            None => told.help(format!("there are: {}", known.join(", "))),
        });
    };
    let settings = &rest[n..];
    let Some(setting) = settings.first() else {
        return Err(Problem::error(at, "a path ends with a setting").label("add .SETTING"));
    };
    let keys = NAMED.iter().find(|(t, _)| *t == first.name).map_or(Vec::new(), |(_, keys)| keys());
    let known: Vec<&str> = keys.iter().map(|k| k.name).collect();
    if !known.contains(&setting.name.as_str()) {
        let told = Problem::error(
            Place { origin, start: setting.start, end: setting.end },
            format!("a {kind} has no `{}`", setting.name),
        );
        return Err(match meant(&setting.name, &known) {
            Some(near) => told.label(format!("did you mean `{near}`?")),
            None => told.help(format!("it has: {}", known.join(", "))),
        });
    }
    match names.get_mut(&joined(&rest[..n])).map(|n| &mut n.value) {
        Some(Value::Table(table)) => {
            let takes = keys.iter().find(|key| key.name == setting.name).map(|key| &key.takes);
            if let (Some(Takes::TableOr(_, alone)), [_, _, ..]) = (takes, settings) {
                write_out(table, &setting.name, alone);
            }
            descend(table, settings, node, origin, texts)
        }
        _ => Err(Problem::error(at, format!("this {kind} is no table"))),
    }
}

/// What is given in short, by one of its settings alone, becomes the table that it stands for.
fn write_out(table: &mut Table, name: &str, alone: &str) {
    let Some(short) = table.get_mut(name).filter(|node| !matches!(node.value, Value::Table(_))) else {
        return;
    };
    let at = short.at;
    let node = std::mem::replace(short, Node::table(Vec::new(), at));
    if let Value::Table(written) = &mut short.value {
        written.put(alone, at, node);
    }
}

fn joined(segments: &[Segment]) -> String {
    segments.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(".")
}

/// Follows a path through tables, lists and laws in one line, adding the tables that are not there yet.
fn descend(
    table: &mut Table,
    segments: &[Segment],
    node: Node,
    origin: usize,
    texts: &[String],
) -> Result<(), Problem> {
    let [first, rest @ ..] = segments else { return Ok(()) };
    let at = Place { origin, start: first.start, end: first.end };
    if rest.is_empty() {
        table.put(&first.name, at, node);
        supersede(table, &first.name);
        return Ok(());
    }
    if table.entry(&first.name).is_none() {
        table.put(&first.name, at, Node::table(Vec::new(), at));
    }
    let Some(inner) = table.get_mut(&first.name) else { return Ok(()) };
    step(inner, first, rest, node, origin, texts)
}

/// A law has a mean or a rate, a simulation a number of messages or a duration: the one given last counts.
fn supersede(table: &mut Table, given: &str) {
    let law = table.entry("law").is_some();
    match given {
        "mean" if law => table.remove("rate"),
        "rate" if law => table.remove("mean"),
        "messages" => table.remove("duration"),
        "duration" => table.remove("messages"),
        _ => {}
    }
}

fn step(
    inner: &mut Node,
    name: &Segment,
    rest: &[Segment],
    node: Node,
    origin: usize,
    texts: &[String],
) -> Result<(), Problem> {
    let at = Place { origin, start: name.start, end: name.end };
    if let Some(expanded) = expand(texts, inner) {
        *inner = expanded;
    }
    match &mut inner.value {
        Value::Table(table) => descend(table, rest, node, origin, texts),
        Value::List(list) => {
            let length = list.len();
            let item = rest[0].name.parse::<usize>().ok().and_then(|i| list.get_mut(i));
            let Some(item) = item else {
                let at = Place { origin, start: rest[0].start, end: rest[0].end };
                return Err(Problem::error(at, format!("`{}` is a list of {length}", name.name))
                    .label("a number from 0 is needed"));
            };
            if rest.len() == 1 {
                *item = node;
                return Ok(());
            }
            step(item, &rest[0], &rest[1..], node, origin, texts)
        }
        _ => Err(Problem::error(at, format!("`{}` has no settings inside", name.name))
            .label(format!("it is {}", inner.kind()))),
    }
}

/// The table of this name, added if it is not there.
fn child<'t>(root: &'t mut Table, name: &Segment, origin: usize) -> Result<&'t mut Table, Problem> {
    let at = Place { origin, start: name.start, end: name.end };
    if root.entry(&name.name).is_none() {
        root.put(&name.name, at, Node::table(Vec::new(), at));
    }
    match root.get_mut(&name.name).map(|n| &mut n.value) {
        Some(Value::Table(table)) => Ok(table),
        _ => Err(Problem::error(at, format!("`{}` must be a table", name.name))),
    }
}

/// The steps of a dotted path; a step in quotes may hold dots.
fn split(path: &str) -> Option<Vec<Segment>> {
    let mut segments = Vec::new();
    let mut rest = 0;
    loop {
        let text = &path[rest..];
        let lead = text.len() - text.trim_start().len();
        let (start, body) = (rest + lead, &text[lead..]);
        let quote = body.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (name, length) = match quote {
            Some(quote) => {
                let close = body[1..].find(quote)?;
                (&body[1..=close], close + 2)
            }
            None => {
                let end = body.find('.').unwrap_or(body.len());
                (body[..end].trim_end(), end)
            }
        };
        if name.is_empty() {
            return None;
        }
        segments.push(Segment { name: name.into(), start, end: start + length });
        let after = &path[start + length..];
        match after.trim_start().strip_prefix('.') {
            Some(_) => rest = start + length + (after.len() - after.trim_start().len()) + 1,
            None if after.trim().is_empty() => return Some(segments),
            None => return None,
        }
    }
}

//! The spanned tree: a scenario's text as tables, lists and values that know where they were written.
//!
//! It is built from the parser's own tree so that a value given on the command line can be grafted into it
//! and still be underlined where it was typed.

use super::place::Place;
use super::problem::{Problem, SHOWN};
use toml::de::{DeTable, DeValue};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub value: Value,
    pub at: Place,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    /// Infinite if the number written is too large for a float.
    Float(f64),
    Boolean(bool),
    Date,
    List(Vec<Node>),
    Table(Table),
}

/// A table's entries in the order in which they were written.
#[derive(Debug, Clone, Default)]
pub(super) struct Table(pub Vec<TableEntry>);

#[derive(Debug, Clone)]
pub(super) struct TableEntry {
    pub key: String,
    /// Where the key stands.
    pub at: Place,
    pub node: Node,
}

/// A value with the name by which problems speak of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'n> {
    pub key: &'n str,
    pub node: &'n Node,
}

impl Table {
    pub(super) fn entry(&self, key: &str) -> Option<&TableEntry> {
        self.0.iter().find(|e| e.key == key)
    }

    pub(super) fn get(&self, key: &str) -> Option<Field<'_>> {
        self.entry(key).map(TableEntry::field)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.0.iter_mut().find(|e| e.key == key).map(|e| &mut e.node)
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.0.retain(|e| e.key != key);
    }

    /// Puts a value in place of the one of this name, or after all others.
    pub(super) fn put(&mut self, key: &str, at: Place, node: Node) {
        match self.0.iter_mut().find(|e| e.key == key) {
            Some(entry) => (entry.at, entry.node) = (at, node),
            None => self.0.push(TableEntry { key: key.into(), at, node }),
        }
    }
}

impl TableEntry {
    pub(super) fn field(&self) -> Field<'_> {
        Field { key: &self.key, node: &self.node }
    }
}

impl Node {
    /// The tree of a document, or all its syntax errors.
    pub(super) fn document(text: &str, origin: usize) -> Result<Node, Vec<Problem>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(syntax_errors(text, &errors, origin, 0));
        }
        let at = Place { origin, start: 0, end: 0 };
        Ok(Node { value: Value::Table(convert_table(table.get_ref(), origin, 0)), at })
    }

    /// The tree of a single value that starts at `offset` of its source.
    pub(super) fn value(text: &str, origin: usize, offset: usize) -> Result<Node, Vec<Problem>> {
        let (value, errors) = DeValue::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(syntax_errors(text, &errors, origin, offset));
        }
        Ok(convert(value.get_ref(), value.span(), origin, offset))
    }

    pub(super) fn text(text: &str, at: Place) -> Node {
        Node { value: Value::Text(text.into()), at }
    }

    pub(super) fn table(entries: Vec<TableEntry>, at: Place) -> Node {
        Node { value: Value::Table(Table(entries)), at }
    }

    pub(super) fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, for a sentence.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a text",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::Boolean(_) => "true or false",
            Value::Date => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// The first error of each line: those behind it mostly follow from it.
fn syntax_errors(text: &str, errors: &[toml::de::Error], origin: usize, offset: usize) -> Vec<Problem> {
    let ends: Vec<usize> = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at).collect();
    let mut lines = std::collections::HashSet::new();
    let spans = errors.iter().map(|e| (e, e.span().unwrap_or(0..0)));
    spans
        .filter(|(_, span)| lines.insert(ends.partition_point(|end| *end < span.start)))
        .enumerate()
        .map(|(number, (error, span))| {
            let at = Place { origin, start: span.start + offset, end: span.end + offset };
            let told = Problem::error(at, format!("this is not TOML: {}", error.message())).label("here");
            // Looked for only where it is shown: each search goes through the text.
            let repeats = number < SHOWN && error.message().contains("duplicate");
            match repeats.then(|| earlier(text, &span)).flatten() {
                Some(first) => told.and(
                    Place { origin, start: first.start + offset, end: first.end + offset },
                    "the first is here",
                ),
                None => told,
            }
        })
        .collect()
}

/// Where the key or the table heading at a span was written before.
fn earlier(text: &str, span: &std::ops::Range<usize>) -> Option<std::ops::Range<usize>> {
    let key = text.get(span.clone())?;
    let start = text[..span.start].rfind('\n').map_or(0, |i| i + 1);
    let bare = |line: &str| line.split('#').next().unwrap_or("").trim().to_string();
    let heading = bare(text[start..].lines().next().unwrap_or(""));
    let is_heading = heading.starts_with('[');
    let before: Vec<&str> = text[..start].split_inclusive('\n').collect();
    let mut at = start;
    for line in before.iter().rev() {
        at -= line.len();
        let from = at + line.len() - line.trim_start().len();
        if is_heading {
            if bare(line) == heading {
                return Some(from..from + heading.len());
            }
        } else if line.trim_start().starts_with('[') {
            return None;
        } else if line
            .trim_start()
            .strip_prefix(key)
            .is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
        {
            return Some(from..from + key.len());
        }
    }
    None
}

fn convert_table(table: &DeTable<'_>, origin: usize, offset: usize) -> Table {
    let mut entries: Vec<TableEntry> = table
        .iter()
        .map(|(key, value)| TableEntry {
            key: key.get_ref().to_string(),
            at: Place { origin, start: key.span().start + offset, end: key.span().end + offset },
            node: convert(value.get_ref(), value.span(), origin, offset),
        })
        .collect();
    // The parser sorts by name; what a person wrote first comes first.
    entries.sort_by_key(|e| e.at.start);
    Table(entries)
}

fn convert(value: &DeValue<'_>, span: std::ops::Range<usize>, origin: usize, offset: usize) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        // A whole number beyond 64 bits is kept as a float, so that the reader can say that it is too large.
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::Float(number.as_str().parse().unwrap_or(f64::INFINITY)), Value::Integer),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(list) => {
            Value::List(list.iter().map(|v| convert(v.get_ref(), v.span(), origin, offset)).collect())
        }
        DeValue::Table(table) => Value::Table(convert_table(table, origin, offset)),
    };
    Node { value, at: Place { origin, start: span.start + offset, end: span.end + offset } }
}

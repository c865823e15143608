//! Reading: the spanned tree becomes the model, each value checked as it is read.
//!
//! A reader that finds something wrong says so to the [`Context`] and yields `None`; the caller goes on with
//! a default, so that one pass finds every problem. The model is given out only if there was none.

mod arrivals;
mod batch;
mod consumers;
mod file;
pub(super) mod law;
mod objectives;
mod producers;
mod queues;
mod runs;
mod values;

pub(super) use values::number_text;

use super::Files;
use super::grammar::{Key, ROOT, meant};
use super::model::{Destination, Finding, Scenario};
use super::node::{Field, Node, Table, TableEntry};
use super::place::Place;
use super::problem::{Problem, nearest, printable};
use super::toml_text::key_text;

/// How many named things of one kind a scenario may have: the checks of the network solve a system of this
/// size.
const MOST_NAMES: usize = 500;

/// What is known while reading: the sources, the names, and what is wrong so far.
pub(super) struct Context<'f> {
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
    /// What is found in the files that it names.
    pub found: Vec<Finding>,
    pub files: &'f dyn Files,
    /// The text of each source, by origin.
    pub texts: Vec<String>,
    pub names: Names,
    /// A reference led nowhere, so that the network is not known.
    pub broken: bool,
}

/// Names in the order of the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub producers: Vec<String>,
    pub queues: Vec<String>,
    pub topics: Vec<String>,
    pub consumers: Vec<String>,
}

impl<'f> Context<'f> {
    pub(super) fn new(texts: Vec<String>, files: &'f dyn Files) -> Self {
        Context {
            problems: Vec::new(),
            warnings: Vec::new(),
            found: Vec::new(),
            files,
            texts,
            names: Names::default(),
            broken: false,
        }
    }

    pub(super) fn tell(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The table that a field must be, all its keys known.
    pub(super) fn table<'n>(&mut self, field: Field<'n>, keys: &[Key]) -> Option<&'n Table> {
        let known: Vec<&str> = keys.iter().map(|k| k.name).collect();
        let table = self.table_like(field, || {
            format!("write {{ {} = … }}, of which some may be left out", known.join(" = …, "))
        })?;
        self.known_keys(table, &known, field.key);
        Some(table)
    }

    /// The table that a field must be, whatever its keys.
    pub(super) fn any_table<'n>(&mut self, field: Field<'n>) -> Option<&'n Table> {
        let example = match field.key {
            "arrivals" => "{ process = \"poisson\" }",
            "batch" => "a number, or { law = \"geometric\", mean = 5 }",
            "branches" => "[{ probability = 0.9, mean = \"1ms\" }, …]",
            "objectives" => "{ \"total.latency.p99\" = \"< 200ms\" }",
            "producers" | "queues" | "topics" | "consumers" => "a table for each, under its name",
            _ => "\"4ms\", or { law = \"exponential\", mean = \"4ms\" }",
        };
        self.table_like(field, || format!("write {example}"))
    }

    fn table_like<'n>(&mut self, field: Field<'n>, help: impl FnOnce() -> String) -> Option<&'n Table> {
        let table = field.node.as_table();
        if table.is_none() {
            let what = format!("`{}` must be a table", field.key);
            self.tell(
                Problem::error(field.node.at, what)
                    .label(format!("this is {}", field.node.kind()))
                    .help(help()),
            );
        }
        table
    }

    pub(super) fn known_keys(&mut self, table: &Table, known: &[&str], of: &str) {
        for entry in table.0.iter().filter(|e| !known.contains(&e.key.as_str())) {
            let of = if of.contains(' ') { of.to_string() } else { format!("`{of}`") };
            let problem = Problem::error(entry.at, format!("unknown key `{}` in {of}", entry.key));
            self.tell(match meant(&entry.key, known) {
                Some(key) => problem.label(format!("did you mean `{key}`?")),
                None => problem.help(format!("keys here: {}", known.join(", "))),
            });
        }
    }

    /// A required key.
    pub(super) fn required<'n>(
        &mut self,
        table: &'n Table,
        key: &str,
        of: &Whose<'_>,
        example: &str,
    ) -> Option<Field<'n>> {
        let found = table.get(key);
        if found.is_none() {
            let problem = Problem::error(of.at, format!("{} `{}` lacks `{key}`", of.what, of.name));
            self.tell(problem.help(format!("write {key} = {example}")));
        }
        found
    }

    /// The list that a field must be, not empty.
    pub(super) fn list<'n>(&mut self, field: Field<'n>) -> Option<&'n [Node]> {
        let super::node::Value::List(list) = &field.node.value else {
            let what = format!("`{}` must be a list", field.key);
            self.tell(
                Problem::error(field.node.at, what)
                    .label(format!("this is {}", field.node.kind()))
                    .help("write […, …]"),
            );
            return None;
        };
        if list.is_empty() {
            self.tell(
                Problem::error(field.node.at, format!("`{}` is empty", field.key))
                    .label("at least one is needed"),
            );
            return None;
        }
        Some(list)
    }

    /// The index of a queue by name.
    pub(super) fn queue(&mut self, field: Field<'_>) -> Option<usize> {
        let name = self.text(field).or_else(|| self.lost())?;
        self.names.queues.iter().position(|q| q == name).or_else(|| self.unknown(field, name, "queue", false))
    }

    /// A queue or topic by name.
    pub(super) fn destination(&mut self, field: Field<'_>) -> Option<Destination> {
        let name = self.text(field).or_else(|| self.lost())?;
        let queue = self.names.queues.iter().position(|q| q == name).map(Destination::Queue);
        queue
            .or_else(|| self.names.topics.iter().position(|t| t == name).map(Destination::Topic))
            .or_else(|| self.unknown(field, name, "queue or topic", true))
    }

    /// The index of a producer by name.
    pub(super) fn producer(&mut self, field: Field<'_>) -> Option<usize> {
        let name = self.text(field).or_else(|| self.lost())?;
        let known = &self.names.producers;
        let found = known.iter().position(|p| p == name);
        if found.is_none() {
            let told = Problem::error(field.node.at, format!("there is no producer `{name}`"));
            self.tell(match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => told.label(format!("did you mean `{near}`?")),
                None => told.help(format!("add a table [producers.{}]", key_text(name))),
            });
            self.broken = true;
        }
        found
    }

    /// The index of a topic by name.
    pub(super) fn topic(&mut self, field: Field<'_>) -> Option<usize> {
        let name = self.text(field).or_else(|| self.lost())?;
        self.names.topics.iter().position(|t| t == name).or_else(|| self.unknown(field, name, "topic", true))
    }

    pub(super) fn lost<T>(&mut self) -> Option<T> {
        self.broken = true;
        None
    }

    fn unknown<T>(&mut self, field: Field<'_>, name: &str, what: &str, topics: bool) -> Option<T> {
        let names = &self.names;
        let mut known: Vec<&str> = names.queues.iter().map(String::as_str).collect();
        if topics {
            known.extend(names.topics.iter().map(String::as_str));
        }
        let problem = Problem::error(field.node.at, format!("there is no {what} `{name}`"));
        let table = if what == "topic" { "topics" } else { "queues" };
        let problem = match nearest(name, known.iter().copied()) {
            Some(near) => problem.label(format!("did you mean `{near}`?")),
            None => problem.help(format!("add a table [{table}.{}]{}", key_text(name), listed(&known))),
        };
        self.tell(problem);
        self.lost()
    }
}

fn listed(known: &[&str]) -> String {
    if known.is_empty() { String::new() } else { format!(", or use one of: {}", known.join(", ")) }
}

/// Whose setting is read, for sentences.
pub(super) struct Whose<'n> {
    pub what: &'static str,
    pub name: &'n str,
    pub at: Place,
}

impl<'n> Whose<'n> {
    pub(super) fn entry(what: &'static str, entry: &'n TableEntry) -> Self {
        Whose { what, name: &entry.key, at: entry.at }
    }
}

/// The whole scenario. It is to be used only if the context was told of no problem.
pub(super) fn scenario(cx: &mut Context<'_>, tree: &Node) -> Scenario {
    let root = cx.table(Field { key: "the scenario", node: tree }, ROOT);
    let empty = Table::default();
    let root = root.unwrap_or(&empty);
    let [producers, queues, topics, consumers] =
        ["producers", "queues", "topics", "consumers"].map(|table| named(cx, root, table));
    let names = |entries: &[&TableEntry]| entries.iter().map(|e| e.key.clone()).collect();
    cx.names = Names {
        producers: names(&producers),
        queues: names(&queues),
        topics: names(&topics),
        consumers: names(&consumers),
    };
    Scenario {
        title: root.get("title").and_then(|f| cx.text(f)).map(printable),
        seed: root.get("seed").and_then(|f| cx.whole(f, 0, i64::MAX as u64)).unwrap_or(1),
        producers: producers.iter().map(|e| producers::read(cx, e)).collect(),
        queues: queues.iter().map(|e| queues::read(cx, e)).collect(),
        topics: topics.iter().map(|e| queues::topic(cx, e)).collect(),
        consumers: consumers.iter().map(|e| consumers::read(cx, e)).collect(),
        simulation: runs::simulation(cx, root),
        measurement: runs::measurement(cx, root),
        objectives: objectives::read(cx, root),
        sweep: Vec::new(),
        found: Vec::new(),
    }
}

/// The entries of a table of named tables.
fn named<'n>(cx: &mut Context<'_>, root: &'n Table, table: &str) -> Vec<&'n TableEntry> {
    let Some(entries) = root.get(table).and_then(|f| cx.any_table(f)) else { return Vec::new() };
    for entry in &entries.0 {
        let what = match entry.key.as_str() {
            name if name.trim().is_empty() => "a name must not be empty",
            name if name.chars().any(char::is_control) => "a name has no control characters",
            _ => continue,
        };
        cx.tell(Problem::error(entry.at, what).label(format!("write a word: [{table}.NAME]")));
    }
    if let Some(one) = entries.0.get(MOST_NAMES) {
        cx.tell(
            Problem::error(one.at, format!("there are more than {MOST_NAMES} {table}"))
                .label("this is one too many"),
        );
        cx.broken = true;
    }
    entries.0.iter().take(MOST_NAMES).collect()
}

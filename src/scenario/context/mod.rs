//! The context of reading: the sources, what is wrong so far, and values read from the spanned tree.
//!
//! What finds something wrong says so to the [`Context`] and yields `None`; the caller goes on with a
//! default, so that one pass finds every problem.

mod file;
pub(super) mod law;
mod url;
mod values;

pub(super) use values::number_text;

use super::Files;
use super::node::{Field, Node, Table, TableEntry};
use super::place::Place;
use super::problem::Problem;
use super::setting::{SettingKey, meant};
use crate::workload::file::Finding;
use std::collections::HashMap;

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
    pub producers: NameList,
    pub queues: NameList,
    pub topics: NameList,
    pub consumers: NameList,
    pub resources: NameList,
}

/// Names of one kind, by number and by name.
#[derive(Debug, Clone, Default)]
pub(super) struct NameList {
    names: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl NameList {
    pub(super) fn new(names: Vec<String>) -> Self {
        let numbers = names.iter().cloned().enumerate().map(|(number, name)| (name, number)).rev().collect();
        NameList { names, numbers }
    }

    /// The first of a name.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }
}

impl std::ops::Deref for NameList {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.names
    }
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
    pub(super) fn table<'n>(&mut self, field: Field<'n>, keys: &[SettingKey]) -> Option<&'n Table> {
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
            "producers" | "queues" | "topics" | "consumers" | "resources" => {
                "a table for each, under its name"
            }
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

    pub(super) fn lost<T>(&mut self) -> Option<T> {
        self.broken = true;
        None
    }
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

//! Names: what a setting that names a queue, topic or producer means.

use super::super::context::Context;
use super::super::model::Destination;
use super::super::node::Field;
use super::super::problem::{Problem, nearest};
use super::super::toml_text::key_text;

impl Context<'_> {
    /// The index of a queue by name.
    pub(super) fn queue(&mut self, field: Field<'_>) -> Option<usize> {
        let name = self.text(field).or_else(|| self.lost())?;
        self.names.queues.number(name).or_else(|| self.unknown(field, name, "queue", false))
    }

    /// A queue or topic by name.
    pub(super) fn destination(&mut self, field: Field<'_>) -> Option<Destination> {
        let name = self.text(field).or_else(|| self.lost())?;
        let queue = self.names.queues.number(name).map(Destination::Queue);
        queue
            .or_else(|| self.names.topics.number(name).map(Destination::Topic))
            .or_else(|| self.unknown(field, name, "queue or topic", true))
    }

    /// The index of a producer by name.
    pub(super) fn producer(&mut self, field: Field<'_>) -> Option<usize> {
        let name = self.text(field).or_else(|| self.lost())?;
        let known = &self.names.producers;
        let found = known.number(name);
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

    /// The index of a resource by name.
    pub(super) fn resource(&mut self, field: Field<'_>) -> Option<usize> {
        let name = self.text(field).or_else(|| self.lost())?;
        let known = &self.names.resources;
        let found = known.number(name);
        if found.is_none() {
            let told = Problem::error(field.node.at, format!("there is no resource `{name}`"));
            self.tell(match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => told.label(format!("did you mean `{near}`?")),
                None => told.help(format!("add a table [resources.{}] with a capacity", key_text(name))),
            });
            self.broken = true;
        }
        found
    }

    /// The index of a topic by name.
    pub(super) fn topic(&mut self, field: Field<'_>) -> Option<usize> {
        let name = self.text(field).or_else(|| self.lost())?;
        self.names.topics.number(name).or_else(|| self.unknown(field, name, "topic", true))
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

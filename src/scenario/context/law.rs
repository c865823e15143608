//! Laws: a table or a line of text is offered to the law's own reader as [`Arguments`].

use super::super::inline;
use super::super::node::{Field, Node, Table, Value};
use super::super::place::Place;
use super::super::problem::{Problem, nearest};
use super::Context;
use crate::workload::file::{ColumnRole, Want};
use crate::workload::laws::{Arguments, LAWS, Law, Sampled};

impl Context<'_> {
    /// A law of times.
    pub(in super::super) fn law(&mut self, field: Field<'_>) -> Option<Law> {
        self.read_law(field, false).map(|relative| relative.law)
    }

    /// A law whose mean is positive.
    pub(in super::super) fn positive_law(&mut self, field: Field<'_>) -> Option<Law> {
        let law = self.law(field)?;
        if law.mean() > 0.0 {
            return Some(law);
        }
        self.tell(
            Problem::error(field.node.at, format!("`{}` must be more than zero", field.key))
                .label("its mean is zero")
                .help("write a mean, such as \"4ms\""),
        );
        None
    }

    /// A law whose mean may be left out.
    pub(in super::super) fn relative_law(&mut self, field: Field<'_>) -> Option<Relative> {
        self.read_law(field, true)
    }

    fn read_law(&mut self, field: Field<'_>, relative: bool) -> Option<Relative> {
        let parsed;
        let node = match &field.node.value {
            Value::Text(text) => {
                let start = inline::inside(&self.texts[field.node.at.origin], text, field.node.at);
                match inline::law(text, field.node.at, start) {
                    Ok(node) => {
                        parsed = node;
                        &parsed
                    }
                    Err(problem) => {
                        self.tell(problem);
                        return None;
                    }
                }
            }
            Value::Integer(_) | Value::Float(_) => {
                // A duration is asked for, so that the problem names the unit.
                self.duration(field)?;
                return None;
            }
            _ => field.node,
        };
        let table = self.any_table(Field { key: field.key, node })?;
        self.law_of_table(field.key, table, node.at, relative)
    }

    fn law_of_table<'n>(
        &mut self,
        key: &'n str,
        table: &'n Table,
        at: Place,
        relative: bool,
    ) -> Option<Relative> {
        let Some(name) = table.get("law") else {
            let problem =
                Problem::error(at, format!("`{key}` does not say which law")).label("`law` is missing");
            self.tell(problem.help("write { law = \"exponential\", mean = \"4ms\" }"));
            return None;
        };
        let text = self.text(name)?;
        let Some((law, parameters)) = LAWS.iter().find(|(known, _)| *known == text) else {
            let names: Vec<&str> = LAWS.iter().map(|(name, _)| *name).collect();
            let problem = Problem::error(name.node.at, format!("there is no law `{text}`"));
            self.tell(match nearest(text, names.iter().copied()) {
                Some(near) => problem.label(format!("did you mean `{near}`?")),
                None => problem.help(format!("laws: {}", names.join(", "))),
            });
            return None;
        };
        let before = self.problems.len();
        self.parameters(law, parameters, table);
        let mut reader =
            Reader { cx: self, key, law, table, at, relative, used: vec!["law"], assumed: false };
        let read = Law::read(law, &mut reader);
        let (used, assumed) = (reader.used, reader.assumed);
        if self.problems.len() == before {
            self.unused(law, table, &used);
        }
        if read.is_none() && self.problems.len() == before {
            self.tell(
                Problem::error(at, format!("these parameters will not do for the law `{law}`"))
                    .help(format!("it takes: {}", parameters.join(", "))),
            );
        }
        let given = table.get("mean").is_some() || table.get("rate").is_some();
        read.filter(|_| self.problems.len() == before).map(|law| Relative { law, given, assumed })
    }

    /// Tells of keys that the law does not have.
    fn parameters(&mut self, law: &str, parameters: &[&str], table: &Table) {
        let mut known = vec!["law", "mean", "rate"];
        known.extend(parameters);
        if let Some(scv) = table.entry("scv").filter(|_| !known.contains(&"scv")) {
            let others: Vec<&str> =
                LAWS.iter().filter(|(_, p)| p.contains(&"scv")).map(|(name, _)| *name).collect();
            let fixed = match law {
                "exponential" => "it is always 1",
                "deterministic" => "it is always 0",
                _ => "it follows from the other parameters",
            };
            let instead = if others.is_empty() {
                String::from("leave it out")
            } else {
                format!("a law with a free scv: {}", others.join(", "))
            };
            self.tell(
                Problem::error(scv.at, format!("the scv of the law `{law}` cannot be chosen"))
                    .label(fixed)
                    .help(instead),
            );
            known.push("scv");
        }
        self.known_keys(table, &known, law);
    }

    /// Tells of keys that say what another one says already.
    fn unused(&mut self, law: &str, table: &Table, used: &[&str]) {
        for entry in table.0.iter().filter(|e| !used.contains(&e.key.as_str())) {
            let what = format!("`{}` has no part in this `{law}`", entry.key);
            self.tell(
                Problem::error(entry.at, what)
                    .label("leave it out")
                    .help("its other parameters say everything"),
            );
        }
    }
}

/// A law and where its mean came from.
pub(crate) struct Relative {
    pub law: Law,
    /// It was given as a mean or a rate.
    pub given: bool,
    /// It was not, and is 1 for want of it.
    pub assumed: bool,
}

/// A law's parameters, as its reader asks for them.
struct Reader<'c, 'f, 'n> {
    cx: &'c mut Context<'f>,
    /// The setting whose law it is.
    key: &'n str,
    law: &'static str,
    table: &'n Table,
    at: Place,
    /// The mean follows from elsewhere.
    relative: bool,
    used: Vec<&'static str>,
    /// The mean was asked for and not there.
    assumed: bool,
}

impl<'n> Reader<'_, '_, 'n> {
    fn find(&mut self, key: &str) -> Option<Field<'n>> {
        let known =
            LAWS.iter().find(|(name, _)| *name == self.law).and_then(|(_, p)| p.iter().find(|p| **p == key));
        self.used.extend(known);
        self.table.get(key)
    }

    fn require(&mut self, key: &str, example: &str) -> Option<Field<'n>> {
        let found = self.find(key);
        if found.is_none() {
            let told = Problem::error(self.at, format!("the law `{}` lacks `{key}`", self.law));
            self.cx.tell(told.help(format!("add {key} = {example}")));
        }
        found
    }

    fn each<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(&mut Context<'_>, Field<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let field = self.find(key)?;
        let list = self.cx.list(field)?;
        // All are read before any is missed, so that every wrong one is told of.
        let read: Vec<Option<T>> =
            list.iter().map(|node| read(self.cx, Field { key: field.key, node })).collect();
        read.into_iter().collect()
    }
}

impl Arguments for Reader<'_, '_, '_> {
    fn mean(&mut self) -> Option<f64> {
        self.used.extend(["mean", "rate"]);
        match (self.table.get("mean"), self.table.get("rate")) {
            (Some(mean), Some(rate)) => {
                let told = Problem::error(rate.node.at, "both a mean and a rate")
                    .label("one follows from the other");
                self.cx.tell(told.and(mean.node.at, "the mean").help("leave one of them out"));
                None
            }
            (Some(mean), None) if self.law == "deterministic" => self.cx.duration(mean),
            (Some(mean), None) => self.cx.positive_duration(mean),
            (None, Some(rate)) => self.cx.positive_rate(rate).map(|rate| 1.0 / rate),
            (None, None) if self.relative => {
                self.assumed = true;
                Some(1.0)
            }
            (None, None) => {
                let told = Problem::error(self.at, format!("the law `{}` lacks its mean", self.law));
                self.cx.tell(told.help("add mean = \"4ms\", or rate = \"250/s\""));
                None
            }
        }
    }

    fn number(&mut self, key: &str) -> Option<f64> {
        let field = self.require(key, "2")?;
        self.cx.number_in(field, 0.0, f64::INFINITY, true)
    }

    fn count(&mut self, key: &str) -> Option<u32> {
        let field = self.require(key, "2")?;
        self.cx.count(field, 1, u32::MAX)
    }

    fn time(&mut self, key: &str) -> Option<f64> {
        let field = self.require(key, "\"4ms\"")?;
        self.cx.duration(field)
    }

    fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    fn numbers(&mut self, key: &str) -> Option<Vec<f64>> {
        self.each(key, |cx, field| cx.number_in(field, 0.0, f64::INFINITY, false))
    }

    fn times(&mut self, key: &str) -> Option<Vec<f64>> {
        self.each(key, |cx, field| cx.duration(field))
    }

    fn branches(&mut self, key: &str) -> Option<Vec<(f64, f64)>> {
        let branches = self.each(key, |cx, field| {
            let table = cx.any_table(field)?;
            cx.known_keys(table, &["probability", "mean"], field.key);
            match (table.get("probability"), table.get("mean")) {
                (Some(probability), Some(mean)) => Some((cx.probability(probability)?, cx.duration(mean)?)),
                _ => {
                    let told = Problem::error(field.node.at, "a branch needs its probability and its mean");
                    cx.tell(told.help("write { probability = 0.9, mean = \"4ms\" }"));
                    None
                }
            }
        })?;
        let sum: f64 = branches.iter().map(|(p, _)| p).sum();
        if (sum - 1.0).abs() > 1e-9 {
            self.refuse(key, &format!("sum to {sum}"), "their probabilities must sum to 1");
            return None;
        }
        Some(branches)
    }

    fn law(&mut self, key: &str) -> Option<Law> {
        let field = self.require(key, "\"exponential(4ms)\"")?;
        self.cx.law(field)
    }

    fn parts(&mut self, key: &str) -> Option<Vec<(f64, Law)>> {
        self.require(key, "[{ probability = 0.9, of = \"exponential(2ms)\" }, …]")?;
        self.each(key, |cx, field| {
            let table = cx.any_table(field)?;
            cx.known_keys(table, &["probability", "of"], field.key);
            match (table.get("probability"), table.get("of")) {
                (Some(probability), Some(of)) => Some((cx.probability(probability)?, cx.law(of)?)),
                _ => {
                    let told = Problem::error(field.node.at, "a part needs its probability and its law");
                    cx.tell(told.help("write { probability = 0.9, of = \"exponential(2ms)\" }"));
                    None
                }
            }
        })
    }

    fn file(&mut self, key: &str) -> Option<Sampled> {
        let field = self.find(key)?;
        let column = match self.find("column") {
            Some(column) => Some(self.cx.text(column)?.to_string()),
            None => None,
        };
        let role = if self.key == "gap" { ColumnRole::Gap } else { ColumnRole::Service };
        let measured = self.cx.measured(field, column.as_deref(), Want::Times(role), self.key)?;
        let values = measured.service.or(measured.latency)?.values;
        Some(Sampled { file: self.cx.text(field)?.to_string(), column, values })
    }

    fn refuse(&mut self, key: &str, why: &str, instead: &str) {
        let at = self.table.get(key).map_or(self.at, |f| f.node.at);
        let what =
            if key.is_empty() { format!("the law `{}` {why}", self.law) } else { format!("`{key}` {why}") };
        self.cx.tell(Problem::error(at, what).help(instead));
    }
}

/// A node for a law written in one line, for settings inside it.
pub(in super::super) fn expand(texts: &[String], node: &Node) -> Option<Node> {
    let text = node.as_text()?;
    inline::law(text, node.at, inline::inside(&texts[node.at.origin], text, node.at)).ok()
}

//! Files of measured times that a scenario names: what is found in them is told, and stays with the scenario.

use super::super::node::Field;
use super::super::problem::Problem;
use super::Context;
use crate::workload::file::{self, By, ColumnRole, FileContent, Heading, Want, Weight};
use std::path::Path;

impl Context<'_> {
    /// What the file that a field names, looked for beside the scenario, measures; `what` it is read for goes
    /// into sentences.
    pub(in super::super) fn measured(
        &mut self,
        field: Field<'_>,
        column: Option<&str>,
        want: Want,
        what: &str,
    ) -> Option<FileContent> {
        let name = self.text(field)?;
        let files = self.files;
        let source = match files.open(Path::new(name)) {
            Ok(source) => source,
            Err(why) => {
                let told = Problem::error(field.node.at, format!("the file `{name}` cannot be read"))
                    .label(why.to_string());
                self.tell(told.help("its path is relative to the scenario's folder"));
                return None;
            }
        };
        let role = |heading: &str| match want {
            Want::Times(role) => role,
            // A column of gaps is none of instants.
            _ => Heading::new(heading).role.map_or(ColumnRole::Arrival, |(role, _)| {
                if role == ColumnRole::Gap { role } else { ColumnRole::Arrival }
            }),
        };
        let words: Vec<(ColumnRole, String)> =
            column.iter().map(|heading| (role(heading), heading.to_string())).collect();
        let mut measured = match file::read(source, want, &words) {
            Ok(measured) => measured,
            Err(why) => {
                let told = Problem::error(field.node.at, format!("the file `{name}` cannot be used"))
                    .label(why.to_string());
                self.tell(told.help(why.instead(By::Setting)));
                return None;
            }
        };
        if measured.latency.is_some() {
            let text =
                "these are times from arrival to done: any waiting is in them, which as work it is not";
            measured.findings.insert(0, file::Finding { weight: Weight::Caveat, text: text.into() });
        }
        for finding in measured.findings.drain(..) {
            let text = format!("`{name}` for {what}: {}", finding.text);
            // Several settings may read one file.
            if !self.found.iter().any(|known| known.text == text) {
                if finding.weight == Weight::Caveat {
                    self.warnings.push(Problem::warning(field.node.at, text.clone()));
                }
                self.found.push(file::Finding { text, ..finding });
            }
        }
        Some(measured)
    }
}

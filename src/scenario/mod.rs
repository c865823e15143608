//! A scenario: TOML text becomes a checked, immutable model, or every problem at once.
//!
//! The text becomes a tree that knows where each value stands (`node`); values given on the command line are
//! grafted into it (`graft`); it is read against the `grammar` (`read`); and what was read is checked as a
//! whole (`check`). The way back is [`resolved`].

mod beginning;
mod bounds;
mod capacity;
mod caveats;
mod chance;
mod check;
mod circle;
mod clash;
mod compound;
mod context;
mod cycle;
mod deal;
mod declare;
mod deliveries;
mod demand;
mod echo;
mod exclusions;
mod faster;
mod feature;
mod flow;
mod forwards;
mod graft;
mod grammar;
mod inline;
mod joins;
mod joins_checked;
mod keys;
mod lanes;
pub mod model;
mod named_table;
mod node;
mod notation;
mod place;
mod plan;
mod problem;
mod quantity;
mod range;
mod read;
mod reference;
mod routes;
mod schema;
mod setting;
mod source;
mod sweep;
mod toml_text;
mod uses;
mod window;

pub(crate) use capacity::shares;
pub(crate) use circle::{circle, waits};
pub(crate) use clash::clashes;
pub(crate) use cycle::{Period, lasts};
pub(crate) use demand::{Demand, demands};
pub use echo::{resolved, resolved_toml, setting};
pub use feature::Feature;
pub(crate) use flow::{Fate, leaks};
pub(crate) use joins::wrong_joins;
pub(crate) use keys::{KeyChoice, hash_spread, zipf_tail};
pub(crate) use lanes::PartitionAssignment;
pub use model::*;
pub use named_table::NamedTable;
pub use problem::{Problem, Problems, nearest};
pub use reference::{ReferenceEntry, reference, reference_entries};
pub use schema::schema;
pub use source::{Override, Source, quick};
pub use sweep::{Values, ValuesError, values_of};
pub use uses::Use;
pub(crate) use window::enough as enough_prefetch;

use context::Context;
use node::Node;
use problem::Origin;
use std::io::{Cursor, Read};
use std::path::Path;

/// Gives the bytes of the files that a scenario names.
pub trait Files {
    /// The bytes of a file, its path as the scenario writes it: relative to the scenario's folder.
    ///
    /// # Errors
    /// The file is not there or cannot be read.
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError>;

    /// The same to be read bit by bit.
    ///
    /// # Errors
    /// The file is not there or cannot be read.
    fn open(&self, path: &Path) -> Result<Box<dyn Read + '_>, FileError> {
        self.read(path).map(|bytes| Box::new(Cursor::new(bytes)) as Box<dyn Read>)
    }
}

/// Why a file cannot be read, as a phrase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FileError(pub String);

impl From<&str> for FileError {
    fn from(why: &str) -> Self {
        FileError(why.into())
    }
}

impl<F: Fn(&Path) -> Result<Vec<u8>, FileError>> Files for F {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        self(path)
    }
}

/// No files at all, for scenarios made in code.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &Path) -> Result<Vec<u8>, FileError> {
        Err("no files can be read here".into())
    }
}

/// A scenario that can be answered, and what is suspicious about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// What can be answered.
    pub scenario: Scenario,
    /// What is legal but suspicious.
    pub warnings: Problems,
}

/// Reads a scenario.
///
/// ```
/// use queuelab::scenario::{NoFiles, parse, quick};
///
/// let parsed = parse(&quick("900/s", "exponential(4ms)", "4", Vec::new()), &NoFiles).expect("nothing is wrong with it");
/// assert_eq!(parsed.scenario.producers[0].rate, 900.0);
/// ```
///
/// # Errors
/// Everything that is wrong with it, at once.
pub fn parse(source: &Source, files: &dyn Files) -> Result<Parsed, Problems> {
    let mut origins = vec![Origin { name: source.name.clone(), text: source.text.clone() }];
    let given = |o: &Override| Origin { name: o.option.into(), text: o.setting.clone() };
    origins.extend(source.overrides.iter().map(given));
    let texts: Vec<String> = origins.iter().map(|o| o.text.clone()).collect();
    let mut tree = match Node::document(&source.text, 0) {
        Ok(tree) => tree,
        Err(problems) => return Err(Problems::new(problems, origins)),
    };
    let mut cx = Context::new(texts, files);
    for origin in 1..cx.texts.len() {
        if let Err(problems) = graft::apply(&mut tree, origin, &cx.texts) {
            cx.problems.extend(problems);
        }
    }
    let mut scenario = read::scenario(&mut cx, &tree);
    scenario.found = std::mem::take(&mut cx.found);
    check::routes(&mut cx, &tree, &mut scenario);
    check::network(&mut cx, &tree, &scenario);
    check::grain(&mut cx, &tree, &scenario);
    clash::check(&mut cx, &tree, &scenario);
    joins_checked::check(&mut cx, &tree, &scenario);
    beginning::check(&mut cx, &tree, &scenario);
    if cx.problems.is_empty() {
        scenario.sweep = sweep::read(&mut cx, &tree);
    }
    if cx.problems.is_empty() {
        check::load(&mut cx, &tree, &scenario);
        Ok(Parsed { scenario, warnings: Problems::new(cx.warnings, origins) })
    } else {
        Err(Problems::new(cx.problems, origins))
    }
}

#[cfg(test)]
mod tests;

//! `answer.json`: a study as it is written for programs and read again, by the same types.

use super::{Agreement, Formula, Judgement, ObjectiveStatus, Reading, Study};
use crate::answer::{Answer, Facts, Method, Reason, Unanswered};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::io::Read;

/// The version of what is written; it grows when a program that reads the version before would go wrong.
pub const SCHEMA_VERSION: u64 = 1;

/// The JSON Schema of `answer.json`.
pub const SCHEMA: &str = include_str!("answer.schema.json");

/// The whole document, in the order in which it is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Document<'a> {
    /// The version of the program that wrote it.
    pub queuelab: Cow<'a, str>,
    /// See [`SCHEMA_VERSION`].
    pub schema_version: u64,
    /// As it was run, defaults included.
    pub scenario: Cow<'a, Value>,
    /// Random seed.
    pub seed: u64,
    /// What the simulation's intervals are made of.
    pub intervals: Intervals,
    /// The machine and the program, by name.
    pub host: Cow<'a, Facts>,
    /// The answer in words, most important first.
    pub verdict: Cow<'a, [String]>,
    /// What was found in the files that the scenario names.
    pub notes: Vec<Cow<'a, str>>,
    /// Whether each objective is met.
    pub objectives: Vec<Goal<'a>>,
    /// With metrics alone: laws and levels over time are in other files.
    pub answers: Cow<'a, [Answer]>,
    /// Who has no answer, and why.
    pub unanswered: Cow<'a, [Unanswered]>,
    /// What each two methods say about each metric.
    pub agreement: Cow<'a, [Agreement]>,
    /// Back-of-envelope formulas, checked.
    pub formulas: Cow<'a, [Formula]>,
    /// The measurement by the rulers of other tools, the honest reading first.
    #[serde(default, skip_serializing_if = "<[Reading]>::is_empty")]
    pub rulers: Cow<'a, [Reading]>,
}

/// What the simulation's intervals are made of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// That the truth lies inside.
    pub confidence: f64,
    /// How many replications were asked for.
    pub replications: u32,
}

/// An objective and whether it is met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goal<'a> {
    /// The metric's path.
    pub metric: Cow<'a, str>,
    /// As it was written: `< 200ms`.
    pub objective: Cow<'a, str>,
    /// The limit in the metric's unit.
    pub limit: f64,
    /// The method that decided.
    pub by: Option<Method>,
    /// Whether it is met.
    pub outcome: ObjectiveStatus,
}

impl<'a> From<&'a Judgement> for Goal<'a> {
    fn from(judgement: &'a Judgement) -> Self {
        let Judgement { objective, by, outcome } = judgement;
        Goal {
            metric: Cow::Borrowed(&objective.metric),
            objective: Cow::Borrowed(&objective.text),
            limit: objective.limit,
            by: *by,
            outcome: *outcome,
        }
    }
}

/// Why a text is no answer that can be read; as text, a sentence without a full stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It is no JSON, or holds something else than it should.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It is another document.
    #[error("it holds no answers")]
    OtherKind,
    /// A program older than these types wrote it.
    #[error("it has no schema_version, so an older queuelab wrote it")]
    Unversioned,
    /// Another program wrote it.
    #[error("it has schema_version {found}, and this queuelab reads {SCHEMA_VERSION} alone")]
    OtherVersion {
        /// The version that it has.
        found: Value,
    },
}

impl<'a> Document<'a> {
    /// A study as a document; `scenario` is its scenario, defaults included, and
    /// `verdict` what it says in words.
    pub fn of(study: &'a Study, scenario: &'a Value, verdict: Vec<String>) -> Self {
        let simulation = &study.scenario.simulation;
        Document {
            queuelab: env!("CARGO_PKG_VERSION").into(),
            schema_version: SCHEMA_VERSION,
            scenario: Cow::Borrowed(scenario),
            seed: study.scenario.seed,
            intervals: Intervals { confidence: simulation.confidence, replications: simulation.replications },
            host: Cow::Borrowed(&study.host),
            verdict: verdict.into(),
            notes: study.scenario.found.iter().map(|finding| Cow::Borrowed(finding.text.as_str())).collect(),
            objectives: study.objectives.iter().map(Goal::from).collect(),
            answers: Cow::Borrowed(&study.answers),
            unanswered: Cow::Borrowed(&study.unanswered),
            agreement: Cow::Borrowed(&study.agreement),
            formulas: Cow::Borrowed(&study.formulas),
            rulers: Cow::Borrowed(&study.rulers),
        }
    }

    /// One without answers.
    pub fn empty(scenario: Value, seed: u64, intervals: Intervals) -> Document<'static> {
        Document {
            queuelab: env!("CARGO_PKG_VERSION").into(),
            schema_version: SCHEMA_VERSION,
            scenario: Cow::Owned(scenario),
            seed,
            intervals,
            host: Cow::default(),
            verdict: Cow::default(),
            notes: Vec::new(),
            objectives: Vec::new(),
            answers: Cow::default(),
            unanswered: Cow::default(),
            agreement: Cow::default(),
            formulas: Cow::default(),
            rulers: Cow::default(),
        }
    }

    /// Why there is no steady state, if a method found that there is none.
    pub fn unstable(&self) -> Option<&Reason> {
        super::unstable(&self.unanswered, &self.answers)
    }

    /// The answer of a method, if it has one.
    pub fn answer(&self, method: Method) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.method == method)
    }
}

/// Who has an answer in a document, of which nothing else is kept.
///
/// # Errors
/// If it is another document, or one of another version.
pub fn answered_by(document: impl Read) -> Result<Vec<Method>, DocumentError> {
    #[derive(Deserialize)]
    struct OneAnswer {
        method: Method,
    }
    #[derive(Deserialize)]
    struct Answers {
        schema_version: u64,
        answers: Vec<OneAnswer>,
    }
    let Answers { schema_version, answers } = serde_json::from_reader(document)?;
    if schema_version != SCHEMA_VERSION {
        return Err(DocumentError::OtherVersion { found: schema_version.into() });
    }
    Ok(answers.into_iter().map(|answer| answer.method).collect())
}

/// Reads a document.
///
/// # Errors
/// If it is another document, or one of another version.
pub fn read(text: &[u8]) -> Result<Document<'static>, DocumentError> {
    let value: Value = serde_json::from_slice(text)?;
    match (&value["answers"], &value["schema_version"]) {
        (Value::Null, _) => Err(DocumentError::OtherKind),
        (_, Value::Null) => Err(DocumentError::Unversioned),
        (_, found) if *found != SCHEMA_VERSION => Err(DocumentError::OtherVersion { found: found.clone() }),
        _ => Ok(serde_json::from_value(value)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_told_apart() {
        let refused = |text: &str| read(text.as_bytes()).expect_err("no answer").to_string();
        assert_eq!(refused("{\"comparisons\": []}"), "it holds no answers");
        assert!(refused("{\"answers\": []}").contains("an older queuelab wrote it"));
        assert_eq!(
            refused("{\"answers\": [], \"schema_version\": 7}"),
            "it has schema_version 7, and this queuelab reads 1 alone"
        );
        assert!(refused("{\"answers\": [], \"schema_version\": 1}").contains("missing field"));
    }
}

//! The document for machines: `answer.json`, the same bytes as `--json` prints.

use super::Extras;
use crate::answer::{Answer, Method, Unanswered};
use crate::study::{Agreement, Formula, Judgement, ObjectiveStatus, Study};
use serde::Serialize;
use std::collections::BTreeMap;

/// The whole document, in the order in which it is read.
#[derive(Serialize)]
struct Document<'a> {
    queuelab: &'static str,
    scenario: &'a serde_json::Value,
    seed: u64,
    host: &'a BTreeMap<String, String>,
    verdict: &'a [String],
    /// What was found in the files that the scenario names.
    notes: Vec<&'a str>,
    objectives: Vec<Goal<'a>>,
    answers: &'a [Answer],
    unanswered: &'a [Unanswered],
    agreement: &'a [Agreement],
    formulas: &'a [Formula],
}

#[derive(Serialize)]
struct Goal<'a> {
    metric: &'a str,
    objective: &'a str,
    limit: f64,
    by: Option<Method>,
    outcome: ObjectiveStatus,
}

impl<'a> From<&'a Judgement> for Goal<'a> {
    fn from(judgement: &'a Judgement) -> Self {
        let Judgement { objective, by, outcome } = judgement;
        Goal {
            metric: &objective.metric,
            objective: &objective.text,
            limit: objective.limit,
            by: *by,
            outcome: *outcome,
        }
    }
}

/// A study as a JSON document, indented, with a final newline.
pub fn document(study: &Study, extras: &Extras) -> String {
    let document = Document {
        queuelab: env!("CARGO_PKG_VERSION"),
        scenario: &extras.scenario,
        seed: study.scenario.seed,
        host: &study.host,
        verdict: &study.verdict,
        notes: study.scenario.found.iter().map(|finding| finding.text.as_str()).collect(),
        objectives: study.objectives.iter().map(Goal::from).collect(),
        answers: &study.answers,
        unanswered: &study.unanswered,
        agreement: &study.agreement,
        formulas: &study.formulas,
    };
    let mut text = serde_json::to_string_pretty(&document).expect("a study is plain data with string keys");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn the_document_has_the_contracts_keys() {
        let json: serde_json::Value =
            serde_json::from_str(&document(&fixtures::five_methods(), &fixtures::extras()))
                .expect("valid JSON");
        for key in [
            "queuelab",
            "scenario",
            "seed",
            "host",
            "answers",
            "unanswered",
            "agreement",
            "formulas",
            "objectives",
            "verdict",
        ] {
            assert!(json.get(key).is_some(), "{key}");
        }
        assert_eq!(json["seed"], 42);
        assert_eq!(json["answers"][0]["metrics"]["queues.orders.wait.mean"]["unit"], "s");
        assert_eq!(json["objectives"][0]["outcome"], "pass");
        assert_eq!(json["objectives"][0]["by"], "simulation");
        assert_eq!(json["agreement"][1]["verdict"], "differ");
    }

    #[test]
    fn an_infinite_mean_is_null_and_said_so() {
        let json: serde_json::Value =
            serde_json::from_str(&document(&fixtures::infinite(), &fixtures::extras())).expect("valid JSON");
        let wait = &json["answers"][0]["metrics"]["queues.orders.wait.mean"];
        assert!(wait["value"].is_null() && wait["infinite"] == true);
    }
}

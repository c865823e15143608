//! Saved results, read again.

use super::{Ending, files, style};
use crate::answer::{Answer, Estimate, Method};
use serde_json::Value;
use std::path::Path;

/// What a saved `answer.json` says.
#[derive(Debug, Clone)]
pub(super) struct Result {
    /// As it was resolved.
    pub scenario: Value,
    /// With metrics alone: laws and timelines are in other files.
    pub answers: Vec<Answer>,
    /// Why it does not hold, if a method found that it does not.
    pub unstable: Option<String>,
}

impl Result {
    /// Confidence and degrees of freedom of its intervals.
    pub(super) fn interval(&self) -> (f64, u64) {
        let simulation = &self.scenario["simulation"];
        let replications = simulation["replications"].as_u64().unwrap_or(10);
        (simulation["confidence"].as_f64().unwrap_or(0.95), replications.saturating_sub(1).max(1))
    }
}

/// Reads a result from its folder or its `answer.json`.
pub(super) fn read(path: &Path) -> std::result::Result<Result, Ending> {
    let file = if path.is_dir() { path.join("answer.json") } else { path.to_path_buf() };
    let refuse = |why: String| {
        style::note(&format!(
            "error: cannot read the result {}: {why}; `queuelab run` writes one\n",
            file.display()
        ));
        Ending::Wrong
    };
    let text = std::fs::read_to_string(&file).map_err(|e| refuse(files::reason(&e)))?;
    let document: Value = serde_json::from_str(&text).map_err(|e| refuse(e.to_string()))?;
    let answers =
        document["answers"].as_array().and_then(|list| list.iter().map(answer).collect::<Option<Vec<_>>>());
    let answers = answers.ok_or_else(|| refuse("it holds no answers".into()))?;
    let refused = document["unanswered"].as_array().into_iter().flatten();
    let growing = refused.filter(|refusal| refusal["cause"] == "unstable").map(|refusal| &refusal["why"]);
    let first = document["answers"].as_array().into_iter().flatten().map(|answer| &answer["unstable"]);
    let unstable = growing.chain(first).find_map(|why| why.as_str().map(String::from));
    Ok(Result { scenario: document["scenario"].clone(), answers, unstable })
}

fn answer(value: &Value) -> Option<Answer> {
    let method = Method::ALL.into_iter().find(|m| value["method"] == m.name())?;
    let mut answer = Answer::new(method, value["by"].as_str()?);
    answer.exact = value["exact"].as_bool().unwrap_or(true);
    for (path, entry) in value["metrics"].as_object()? {
        let ends = entry["low"].as_f64().zip(entry["high"].as_f64());
        answer.metrics.insert(
            path.clone(),
            Estimate { value: entry["value"].as_f64(), half_width: entry["half_width"].as_f64(), ends },
        );
    }
    Some(answer)
}

//! Answers: what one method says about a scenario, with its uncertainty and its caveats.
//!
//! One registry, [`METRICS`], names every quantity; tables, files, plots, objectives and help all read it.
//! A metric that is missing is *not known*: it is never zero and never passes an objective.

mod caveat;
mod distribution;
mod estimate;
mod formula;
mod growth;
mod latency_map;
mod method;
mod metric_id;
mod metrics;
mod percentiles;
mod reason;
mod saved;
mod trust;
mod unit;

pub(crate) use caveat::waits_in_circle;
pub use caveat::{
    BalanceLaw, Caveat, CoverageCaveat, DeliveriesSeen, MeasurementCaveat, Recurring, RepeatedWork,
    ScenarioCaveat, SimulationCaveat, TheoryCaveat,
};
pub use distribution::{Distribution, Moment};
pub use estimate::Estimate;
pub use formula::{Formula, FormulaNote};
pub use growth::Growth;
pub use latency_map::LatencyMap;
pub use method::Method;
pub use metric_id::{MetricId, PlaceId, Statistic, metric_of, path};
pub use metrics::{Better, METRICS, Metric, MetricPlace, Quantity, Statistics};
pub use percentiles::{AskedStatistic, PERCENTILES, share_of};
pub use reason::{Reason, Unanswered};
pub use trust::{Gate, Trust};
pub use unit::Unit;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of one thing, in words.
pub type Fact = String;

/// What is known of a host or a broker, by name.
pub type Facts = BTreeMap<String, Fact>;

/// What one method says about a scenario; as JSON one of the `answers` of `answer.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Answer {
    /// Whose answer it is.
    pub method: Method,
    /// By which model, engine or target, with what effort.
    pub by: String,
    /// False for an approximation or a bound; its caveats say which.
    pub exact: bool,
    /// Why there is no steady state, if these are figures of the first stretch of something that grows
    /// without end.
    #[serde(with = "saved::growth", default, skip_serializing_if = "Option::is_none")]
    pub unstable: Option<Reason>,
    /// By full path, as in `queues.orders.wait.mean`.
    #[serde(with = "saved::metrics")]
    pub metrics: BTreeMap<String, Estimate>,
    /// What keeps these figures from being taken at face value; as JSON, sentences, and beside them what
    /// these tell as data. Shown above them.
    #[serde(flatten, with = "saved::caveats")]
    pub caveats: Vec<Caveat>,
    /// The gates that a measurement passed or failed; empty for the others.
    #[serde(flatten, with = "saved::gates")]
    pub gates: Vec<Gate>,
    /// How many independent runs a simulation's figures are of.
    #[serde(skip)]
    pub replications: Option<u32>,
    /// What is told of times beside the usual statistics.
    #[serde(skip)]
    pub asked: Vec<AskedStatistic>,
    /// The law of the total latency, where it is known.
    #[serde(skip)]
    pub latency: Option<Distribution>,
    /// Queue levels over time by queue name, where they were watched.
    #[serde(skip)]
    pub timelines: BTreeMap<String, Vec<Moment>>,
    /// How slow messages were by when they were due, where that is plotted.
    #[serde(skip)]
    pub latency_map: Option<LatencyMap>,
    /// What a measurement found of the host that it ran on, by name.
    #[serde(skip)]
    pub host: Facts,
    /// The model's name where `by` says beside it that it is an approximation.
    #[serde(skip)]
    pub(crate) model: Option<String>,
    /// Whether theory's figures count the time that a host takes until a consumer has its message.
    #[serde(skip)]
    pub(crate) counts_host: bool,
}

impl Answer {
    /// An answer without figures, by a method; `by` says how, such as a model's name.
    pub fn new(method: Method, by: impl Into<String>) -> Self {
        Answer {
            method,
            by: by.into(),
            exact: true,
            metrics: BTreeMap::new(),
            replications: None,
            asked: Vec::new(),
            unstable: None,
            caveats: Vec::new(),
            latency: None,
            timelines: BTreeMap::new(),
            latency_map: None,
            gates: Vec::new(),
            host: BTreeMap::new(),
            model: None,
            counts_host: false,
        }
    }

    /// The same as an approximation, which `by` says too.
    #[must_use]
    pub(crate) fn approximate(self) -> Self {
        let by = format!("{}, approximately", self.by);
        Answer { exact: false, model: Some(self.by), by, ..self }
    }

    /// The name of its model alone.
    pub(crate) fn model(&self) -> &str {
        self.model.as_deref().unwrap_or(&self.by)
    }

    /// The same, to tell of further statistics of times too.
    #[must_use]
    pub fn asked_for(self, asked: Vec<AskedStatistic>) -> Self {
        Answer { asked, ..self }
    }

    /// Sets `place.key.statistic`. The path must be in the registry.
    pub fn set(&mut self, place: &str, key: &str, statistic: &str, estimate: Estimate) {
        let full = path(place, key, statistic);
        debug_assert!(metric_of(&full).is_some(), "`{full}` is not in the metric registry");
        self.metrics.insert(full, estimate);
    }

    /// The estimate of a metric path, such as `queues.orders.wait.p99`; `None` if it is not known.
    pub fn get(&self, path: &str) -> Option<&Estimate> {
        self.metrics.get(path).or_else(|| self.metrics.get(&format!("{path}.mean")))
    }

    /// The worst of the gates.
    pub fn trust(&self) -> Trust {
        self.gates.iter().map(|g| g.trust).max().unwrap_or(Trust::Valid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_reads_back_as_it_was_written() {
        let mut answer = Answer::new(Method::Measurement, "in-process");
        answer.unstable = Some(Reason::Unstable(Growth::Saved("rho = 1.2".into())));
        let missed = SimulationCaveat::NoInterval { path: "total.latency.max".into() };
        answer.caveats = vec![missed.into(), MeasurementCaveat::WholeRun.into()];
        answer.set("total", "latency", "p99", Estimate::with(0.25, Some(0.125)));
        answer.set("total", "loss", "", Estimate::between(0.5, 0.25, 0.75));
        answer.set("queues.q", "wait", "mean", Estimate::infinite());
        let written = serde_json::to_string(&answer).expect("an answer is plain data");
        assert!(!written.contains("gates") && !written.contains("trust"), "{written}");
        answer.gates.push(Gate {
            name: "unsent".into(),
            value: 0.5,
            limit: 0.0,
            unit: Unit::Ratio,
            trust: Trust::Invalid,
            meaning: "share of the due messages that were never sent".into(),
        });
        let written = serde_json::to_string(&answer).expect("an answer is plain data");
        let data = r#"[{"code":"no-interval","path":"total.latency.max"},{"code":"whole-run"}]"#;
        assert!(written.contains(data), "{written}");
        let read: Answer = serde_json::from_str(&written).expect("an answer");
        assert_eq!((&read.metrics, &read.unstable), (&answer.metrics, &answer.unstable));
        let told = |answer: &Answer| answer.caveats.iter().map(Caveat::to_string).collect::<Vec<_>>();
        assert_eq!(told(&read), told(&answer));
        assert_eq!((&read.gates, read.trust()), (&answer.gates, Trust::Invalid));
        assert_eq!(serde_json::to_string(&read).expect("an answer is plain data"), written);
    }

    #[test]
    fn an_infinite_mean_is_said_so() {
        let mut answer = Answer::new(Method::Theory, "M/G/1");
        answer.set("queues.q", "wait", "mean", Estimate::infinite());
        let json = serde_json::to_value(&answer).expect("an answer is plain data");
        assert_eq!(
            json["metrics"]["queues.q.wait.mean"],
            serde_json::json!({"value": null, "infinite": true, "unit": "s"})
        );
    }
}

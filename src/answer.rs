//! Answers: what one method says about a scenario, with its uncertainty and its caveats.
//!
//! One registry, [`METRICS`], names every quantity; tables, files, plots, objectives and help all read it.
//! A metric that is missing is *not known*: it is never zero and never passes an objective.

mod distribution;
mod estimate;
mod method;
mod metrics;
mod percentiles;
mod reason;
mod trust;

pub use distribution::{Distribution, Moment};
pub use estimate::Estimate;
pub use method::Method;
pub use metrics::{Better, METRICS, Metric, MetricPlace, Statistics, Unit, metric_of, path};
pub use percentiles::{PERCENTILES, Percentile, share_of};
pub use reason::{Reason, Unanswered};
pub use trust::{Gate, Trust};

use serde::{Serialize, Serializer, ser::SerializeMap};
use std::collections::BTreeMap;

/// What one method says about a scenario.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer {
    /// Whose answer it is.
    pub method: Method,
    /// By which model, engine or target, with what effort.
    pub by: String,
    /// False for an approximation or a bound; its caveats say which.
    pub exact: bool,
    /// By full path, as in `queues.orders.wait.mean`.
    pub metrics: BTreeMap<String, Estimate>,
    /// What is told of times beside the usual percentiles.
    pub percentiles: Vec<Percentile>,
    /// Why there is no steady state, if these are figures of the first stretch of something that grows
    /// without end.
    pub unstable: Option<Reason>,
    /// What keeps these figures from being taken at face value, in sentences. Shown above them.
    pub caveats: Vec<String>,
    /// The law of the total latency, where it is known.
    pub latency: Option<Distribution>,
    /// Queue levels over time by queue name, where they were watched.
    pub timelines: BTreeMap<String, Vec<Moment>>,
    /// The gates that a measurement passed or failed; empty for the others.
    pub gates: Vec<Gate>,
    /// What a measurement found of the host that it ran on, by name.
    pub host: BTreeMap<String, String>,
}

impl Answer {
    /// An answer without figures, by a method; `by` says how, such as a model's name.
    pub fn new(method: Method, by: impl Into<String>) -> Self {
        Answer {
            method,
            by: by.into(),
            exact: true,
            metrics: BTreeMap::new(),
            percentiles: Vec::new(),
            unstable: None,
            caveats: Vec::new(),
            latency: None,
            timelines: BTreeMap::new(),
            gates: Vec::new(),
            host: BTreeMap::new(),
        }
    }

    /// The same, to tell of times at further percentiles too.
    #[must_use]
    pub fn asked_for(self, percentiles: Vec<Percentile>) -> Self {
        Answer { percentiles, ..self }
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

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("method", &self.method)?;
        map.serialize_entry("by", &self.by)?;
        map.serialize_entry("exact", &self.exact)?;
        if let Some(reason) = &self.unstable {
            map.serialize_entry("unstable", &reason.to_string())?;
        }
        map.serialize_entry("metrics", &Metrics(&self.metrics))?;
        map.serialize_entry("caveats", &self.caveats)?;
        if !self.gates.is_empty() {
            map.serialize_entry("trust", &self.trust())?;
            map.serialize_entry("gates", &self.gates)?;
        }
        map.end()
    }
}

struct Metrics<'a>(&'a BTreeMap<String, Estimate>);

impl Serialize for Metrics<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (path, estimate) in self.0 {
            map.serialize_entry(path, &Entry(estimate, metric_of(path)))?;
        }
        map.end()
    }
}

struct Entry<'a>(&'a Estimate, Option<&'static Metric>);

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("value", &self.0.value)?;
        if self.0.value.is_none() {
            map.serialize_entry("infinite", &true)?;
        }
        if let Some(half_width) = self.0.half_width {
            map.serialize_entry("half_width", &half_width)?;
        }
        if let Some((low, high)) = self.0.ends {
            map.serialize_entry("low", &low)?;
            map.serialize_entry("high", &high)?;
        }
        if let Some(metric) = self.1 {
            map.serialize_entry("unit", &metric.unit)?;
        }
        map.end()
    }
}

/// One of the source documents' formulas, evaluated for this scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Formula {
    /// As it is written.
    pub formula: &'static str,
    /// What it gives.
    pub value: f64,
    /// The unit of the value.
    pub unit: &'static str,
    /// The metric that it is held against; empty if it is none's.
    pub against: String,
    /// (value − metric) / metric, where both are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
    /// Where it holds and where it does not, in a sentence.
    pub note: String,
}

#[cfg(test)]
mod tests {
    use super::*;

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

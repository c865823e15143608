//! Answers: what one method says about a scenario, with its uncertainty and its caveats.
//!
//! One registry, [`METRICS`], names every quantity; tables, files, plots, objectives and help all read it.
//! A metric that is missing is *not known*: it is never zero and never passes an objective.

mod percentiles;

pub use percentiles::{PERCENTILES, Percentile, share_of};

use serde::{Serialize, Serializer, ser::SerializeMap};
use std::collections::BTreeMap;

/// What a quantity is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Unit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Events a second.
    #[serde(rename = "1/s")]
    PerSecond,
    /// Numbers of messages.
    #[serde(rename = "messages")]
    Messages,
    /// Numbers of servers.
    #[serde(rename = "servers")]
    Servers,
    /// A share, from 0 to 1.
    #[serde(rename = "ratio")]
    Ratio,
    /// Deliveries of one message.
    #[serde(rename = "deliveries")]
    Deliveries,
}

/// Which way a quantity should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The less, the better.
    Lower,
    /// The more, the better.
    Higher,
    /// Neither is better.
    Neither,
}

/// Which statistics a quantity has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Statistics {
    /// `mean sd p50 p90 p95 p99 p999 max`, over messages, and any other percentile that is asked for.
    Times,
    /// `mean p99 max`, over time, and any other percentile that is asked for.
    Lengths,
    /// The bare quantity alone.
    Single,
}

/// Where a metric can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A queue.
    Queue,
    /// A group of consumers.
    Consumer,
    /// A producer, or all of them together (`total`).
    Producer,
}

/// One entry of the registry.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Metric {
    /// The quantity's name in a path, as in `queues.orders.wait.mean`.
    pub key: &'static str,
    /// Where it can be asked for.
    pub place: Place,
    /// The letter of the literature.
    pub symbol: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// Which way it should go.
    pub better: Better,
    /// Which statistics it has.
    pub statistics: Statistics,
    /// What it is, in a phrase.
    pub meaning: &'static str,
}

const fn metric(
    key: &'static str,
    place: Place,
    symbol: &'static str,
    unit: Unit,
    better: Better,
    statistics: Statistics,
    meaning: &'static str,
) -> Metric {
    Metric { key, place, symbol, unit, better, statistics, meaning }
}

/// Every quantity that an answer can hold.
pub const METRICS: &[Metric] = {
    use Better::*;
    use Place::*;
    use Statistics::*;
    use Unit::*;
    &[
        metric("throughput", Queue, "X", PerSecond, Higher, Single, "messages served a second"),
        metric("arrival_rate", Queue, "λ", PerSecond, Neither, Single, "messages offered a second"),
        metric("queue_length", Queue, "L_q", Messages, Lower, Lengths, "messages waiting, over time"),
        metric("in_system", Queue, "L", Messages, Lower, Lengths, "messages waiting or in service, over time"),
        metric("blocked", Queue, "B_q", Messages, Lower, Lengths, "messages whose senders wait for room (block), over time"),
        metric("wait", Queue, "W_q", Seconds, Lower, Times, "from reaching the queue to being taken, of the served"),
        metric("delayed", Queue, "P(W_q>0)", Ratio, Lower, Single, "share of the accepted messages that were not taken at once"),
        metric(
            "loss",
            Queue,
            "P_loss",
            Ratio,
            Lower,
            Single,
            "share of the offered messages that were lost: neither served nor dead-lettered",
        ),
        metric("dead_lettered", Queue, "P_dead", Ratio, Lower, Single, "share of the offered messages that went to the dead-letter queue"),
        metric("growth", Queue, "dL/dt", PerSecond, Lower, Single, "messages a second by which a queue grows that nothing leaves"),
        metric(
            "utilization",
            Queue,
            "ρ",
            Ratio,
            Neither,
            Single,
            "mean share of the queue's servers that are at work; until a sleeping one is awake its message waits",
        ),
        metric("attempts", Queue, "D", Deliveries, Lower, Single, "deliveries a message"),
        metric("drain_time", Queue, "T_drain", Seconds, Lower, Single, "from the end of the overload until no message waits"),
        metric(
            "throughput",
            Consumer,
            "X",
            PerSecond,
            Higher,
            Single,
            "deliveries done a second: of messages that were served, and that failed",
        ),
        metric(
            "utilization",
            Consumer,
            "ρ",
            Ratio,
            Neither,
            Single,
            "mean share of the group's servers that are at work; until a sleeping one is awake its message waits",
        ),
        metric("service", Consumer, "S", Seconds, Lower, Times, "time a server spends on a delivery of a message"),
        metric("busy", Consumer, "B", Servers, Neither, Single, "mean number of servers at work; who is down is not"),
        metric("batch_size", Consumer, "b", Messages, Neither, Single, "messages taken at a time"),
        metric("count", Consumer, "c", Servers, Neither, Single, "mean number of servers"),
        metric("throughput", Producer, "X", PerSecond, Higher, Single, "messages served a second"),
        metric("latency", Producer, "W", Seconds, Lower, Times, "from the instant a send was due to the end of processing"),
        metric("send", Producer, "T_p", Seconds, Lower, Times, "from due to reaching the queue"),
        metric("blocked", Producer, "T_b", Seconds, Lower, Times, "the part of it for which the sender waits for room (block)"),
        metric("wait", Producer, "T_q", Seconds, Lower, Times, "waiting in queues, of the served"),
        metric("service", Producer, "T_c", Seconds, Lower, Times, "being processed, at all deliveries together"),
        metric("loss", Producer, "P_loss", Ratio, Lower, Single, "share of the messages that were lost: neither served nor dead-lettered"),
        metric(
            "dead_lettered",
            Producer,
            "P_dead",
            Ratio,
            Lower,
            Single,
            "share of the messages that lie in a dead-letter queue which nobody consumes",
        ),
    ]
};

impl Statistics {
    /// The statistics by name; the first is what the bare quantity means.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Statistics::Times => &["mean", "sd", "p50", "p90", "p95", "p99", "p999", "max"],
            Statistics::Lengths => &["mean", "p99", "max"],
            Statistics::Single => &[""],
        }
    }

    /// Whether it can be asked for: what is always reported, and any percentile.
    fn has(self, name: &str) -> bool {
        self.names().contains(&name) || self != Statistics::Single && share_of(name).is_some()
    }
}

/// The registry's entry for a full path such as `queues.orders.wait.p99`, or `None`.
pub fn metric_of(path: &str) -> Option<&'static Metric> {
    let (place, rest) = if let Some(rest) = path.strip_prefix("total.") {
        (Place::Producer, rest)
    } else {
        let (table, rest) = path.split_once('.')?;
        let place = match table {
            "queues" => Place::Queue,
            "consumers" => Place::Consumer,
            "producers" => Place::Producer,
            _ => return None,
        };
        // A quoted name may hold dots: the quantity begins after the name that the metric's key follows.
        let mut found = None;
        for (i, _) in rest.match_indices('.') {
            let tail = &rest[i + 1..];
            let key = tail.split('.').next().unwrap_or(tail);
            if METRICS.iter().any(|m| m.place == place && m.key == key) && tail.split('.').count() <= 2 {
                found = Some(tail);
            }
        }
        (place, found?)
    };
    let (key, statistic) = rest.split_once('.').unwrap_or((rest, ""));
    METRICS.iter().find(|m| m.place == place && m.key == key && (statistic.is_empty() || m.statistics.has(statistic)))
}

/// A metric's path, from its parts; a time's or a length's bare quantity is its mean.
pub fn path(place: &str, key: &str, statistic: &str) -> String {
    if statistic.is_empty() { format!("{place}.{key}") } else { format!("{place}.{key}.{statistic}") }
}

/// A number with its uncertainty. A number never travels without it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The value in the metric's SI unit, or `None` when it is infinite.
    pub value: Option<f64>,
    /// Half the width of its confidence interval, or the longer arm of one with two ends of its own; `None` when it is exact or when
    /// nothing is known about its error.
    pub half_width: Option<f64>,
    /// The ends of an interval that reaches further to one side than to the other, as around a small share.
    pub ends: Option<(f64, f64)>,
}

impl Estimate {
    /// A value without sampling error.
    pub fn exact(value: f64) -> Self {
        Estimate { value: value.is_finite().then_some(value), half_width: None, ends: None }
    }

    /// A value with the half-width of its interval.
    pub fn with(value: f64, half_width: Option<f64>) -> Self {
        Estimate { value: value.is_finite().then_some(value), half_width: half_width.filter(|h| h.is_finite()), ends: None }
    }

    /// A mean that does not exist.
    pub fn infinite() -> Self {
        Estimate { value: None, half_width: None, ends: None }
    }

    /// A value in an interval with two ends of its own.
    pub fn between(value: f64, low: f64, high: f64) -> Self {
        Estimate { value: Some(value), half_width: Some((high - value).max(value - low)), ends: Some((low, high)) }
    }

    /// The lower end of its interval: the value itself if it has none, infinity if it has no bound.
    pub fn low(&self) -> f64 {
        self.ends.map_or_else(|| self.value.map_or(f64::INFINITY, |v| v - self.half_width.unwrap_or(0.0)), |ends| ends.0)
    }

    /// The upper end of its interval, in the same way.
    pub fn high(&self) -> f64 {
        self.ends.map_or_else(|| self.value.map_or(f64::INFINITY, |v| v + self.half_width.unwrap_or(0.0)), |ends| ends.1)
    }

    /// Whether the two intervals meet, an exact value being a point; two infinities agree.
    pub fn overlaps(&self, other: &Estimate) -> bool {
        match (self.value, other.value) {
            (Some(_), Some(_)) => self.low() <= other.high() && other.low() <= self.high(),
            (None, None) => true,
            _ => false,
        }
    }
}

/// The witnesses, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Method {
    /// Closed forms and numerics.
    Theory,
    /// Many plans, played through an ideal queue.
    Simulation,
    /// Simulation of the very plan that is measured: an ideal host.
    Rehearsal,
    /// One plan, played against the real queue and the real clock.
    Measurement,
    /// Simulation of the sends and services that really happened.
    Replay,
}

impl Method {
    /// Every method, in the order in which they are shown.
    pub const ALL: [Method; 5] = [Method::Theory, Method::Simulation, Method::Rehearsal, Method::Measurement, Method::Replay];

    /// As it is written in scenarios, commands and files.
    pub fn name(self) -> &'static str {
        match self {
            Method::Theory => "theory",
            Method::Simulation => "simulation",
            Method::Rehearsal => "rehearsal",
            Method::Measurement => "measurement",
            Method::Replay => "replay",
        }
    }
}

/// How much a result can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Trust {
    /// Every check is within its limit.
    Valid,
    /// A check is beyond its limit, and the figures are to be read with that in mind.
    Degraded,
    /// A check is so far beyond its limit that the figures say nothing.
    Invalid,
}

impl Trust {
    /// As it is written everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Trust::Valid => "VALID",
            Trust::Degraded => "DEGRADED",
            Trust::Invalid => "INVALID",
        }
    }
}

/// A witness's figure beside the limit that it should keep, such as the generator's lateness.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Gate {
    /// What is checked, in a word or two.
    pub name: &'static str,
    /// The figure.
    pub value: f64,
    /// What it should not exceed, or not fall below.
    pub limit: f64,
    /// The unit of both.
    pub unit: &'static str,
    /// What the run is when the limit is not kept; `Valid` while it is.
    pub trust: Trust,
    /// What it says, in a phrase.
    pub meaning: String,
}

/// The level of a queue at an instant, a mean over replications where there are some.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Moment {
    /// Seconds from the start.
    pub at: f64,
    /// Messages waiting.
    pub waiting: f64,
    /// Messages waiting or in service.
    pub in_system: f64,
    /// Half-width of the interval of `waiting`, over replications.
    pub half_width: Option<f64>,
}

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
    /// Why there is no steady state, if these are figures of the first stretch of something that grows without end.
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

/// A law of times: counted or in closed form.
#[derive(Debug, Clone)]
pub enum Distribution {
    /// Nanoseconds.
    Histogram(hdrhistogram::Histogram<u64>),
    /// Pairs (share of messages below, seconds), increasing.
    Quantiles(Vec<(f64, f64)>),
}

impl Distribution {
    /// The time below which a share of the messages lies, in seconds.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        match self {
            Distribution::Histogram(h) => (!h.is_empty()).then(|| crate::units::seconds(h.value_at_quantile(share))),
            Distribution::Quantiles(points) => {
                let i = points.partition_point(|p| p.0 < share);
                let (above, below) = (points.get(i)?, points[i.saturating_sub(1)]);
                let span = above.0 - below.0;
                Some(if span > 0.0 { below.1 + (above.1 - below.1) * (share - below.0) / span } else { above.1 })
            }
        }
    }
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

/// A method that gave no answer, and why: a refusal is an answer too and is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Unanswered {
    /// Who has no answer.
    pub method: Method,
    /// Why.
    pub reason: Reason,
}

/// Why there is no answer; as text, a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// There is no steady state: a backlog grows without end. Which one, and how fast.
    #[error("unstable: {0}")]
    Unstable(String),
    /// The method does not know a feature of the scenario, or the scenario asks for what cannot be.
    #[error("{0}")]
    Unsupported(String),
    /// Stopped before there were figures.
    #[error("interrupted before {0}")]
    Interrupted(&'static str),
    /// The method knows the scenario and failed while it ran.
    #[error("{0}")]
    Failed(String),
}

impl Reason {
    /// One word for programs.
    pub fn cause(&self) -> &'static str {
        match self {
            Reason::Unstable(_) => "unstable",
            Reason::Unsupported(_) => "unsupported",
            Reason::Interrupted(_) => "interrupted",
            Reason::Failed(_) => "failed",
        }
    }

    /// From its cause and its text, as they were saved.
    pub fn saved(cause: &str, text: &str) -> Option<Reason> {
        match cause {
            "unstable" => Some(Reason::Unstable(text.strip_prefix("unstable: ").unwrap_or(text).into())),
            "unsupported" => Some(Reason::Unsupported(text.into())),
            "interrupted" | "failed" => Some(Reason::Failed(text.into())),
            _ => None,
        }
    }

    /// Whether the reason is that a backlog grows without end.
    pub fn is_unstable(&self) -> bool {
        matches!(self, Reason::Unstable(_))
    }

    /// The refusal of a method.
    pub fn by(self, method: Method) -> Unanswered {
        Unanswered { method, reason: self }
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Reason::Unsupported(text)
    }
}

impl Serialize for Unanswered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("method", &self.method)?;
        map.serialize_entry("cause", self.reason.cause())?;
        map.serialize_entry("why", &self.reason.to_string())?;
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
    fn paths_are_looked_up_in_the_registry() {
        assert_eq!(metric_of("queues.orders.wait.p99").map(|m| m.symbol), Some("W_q"));
        assert_eq!(metric_of("total.latency").map(|m| m.symbol), Some("W"));
        assert_eq!(metric_of("queues.a.b.queue_length.max").map(|m| m.symbol), Some("L_q"));
        assert_eq!(metric_of("queues.orders.wait.p98").map(|m| m.symbol), Some("W_q"));
        for bad in [
            "queues.orders.wait.p100",
            "queues.orders.wait.p990",
            "queues.orders",
            "wait.mean",
            "queues.orders.latency.mean",
            "consumers.c.busy.p99",
        ] {
            assert!(metric_of(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_infinite_mean_is_said_so() {
        let mut answer = Answer::new(Method::Theory, "M/G/1");
        answer.set("queues.q", "wait", "mean", Estimate::infinite());
        let json = serde_json::to_value(&answer).expect("an answer is plain data");
        assert_eq!(json["metrics"]["queues.q.wait.mean"], serde_json::json!({"value": null, "infinite": true, "unit": "s"}));
    }

    #[test]
    fn quantiles_are_read_between_points() {
        let law = Distribution::Quantiles(vec![(0.0, 0.0), (0.5, 1.0), (1.0, 3.0)]);
        assert_eq!(law.quantile(0.75), Some(2.0));
        assert_eq!(law.quantile(0.0), Some(0.0));
    }
}

//! The registry of metrics: every quantity that an answer can hold, with its unit, its symbol and its
//! statistics.

use super::share_of;
use serde::{Deserialize, Serialize};

/// What a quantity is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Unit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Events a second.
    #[serde(rename = "1/s")]
    PerSecond,
    /// Numbers of messages.
    Messages,
    /// Numbers of servers.
    Servers,
    /// A share, from 0 to 1.
    Ratio,
    /// Numbers of processors.
    Processors,
    /// Deliveries of one message.
    Deliveries,
}

impl Unit {
    /// As it is written in files.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Seconds => "s",
            Unit::PerSecond => "1/s",
            Unit::Messages => "messages",
            Unit::Servers => "servers",
            Unit::Ratio => "ratio",
            Unit::Processors => "processors",
            Unit::Deliveries => "deliveries",
        }
    }
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

/// Where a metric can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricPlace {
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
    pub place: MetricPlace,
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
    place: MetricPlace,
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
    use MetricPlace::*;
    use Statistics::*;
    use Unit::*;
    &[
        metric("throughput", Queue, "X", PerSecond, Higher, Single, "messages served a second"),
        metric("arrival_rate", Queue, "λ", PerSecond, Neither, Single, "messages offered a second"),
        metric("queue_length", Queue, "L_q", Messages, Lower, Lengths, "messages waiting, over time"),
        metric(
            "in_system",
            Queue,
            "L",
            Messages,
            Lower,
            Lengths,
            "messages waiting or in service, over time",
        ),
        metric(
            "blocked",
            Queue,
            "B_q",
            Messages,
            Lower,
            Lengths,
            "messages whose senders wait for room (block), over time",
        ),
        metric(
            "wait",
            Queue,
            "W_q",
            Seconds,
            Lower,
            Times,
            "from reaching the queue to being taken, of the served",
        ),
        metric(
            "delayed",
            Queue,
            "P(W_q>0)",
            Ratio,
            Lower,
            Single,
            "share of the accepted messages that were not taken at once",
        ),
        metric(
            "loss",
            Queue,
            "P_loss",
            Ratio,
            Lower,
            Single,
            "share of the offered messages that were lost: neither served nor dead-lettered",
        ),
        metric(
            "dead_lettered",
            Queue,
            "P_dead",
            Ratio,
            Lower,
            Single,
            "share of the offered messages that went to the dead-letter queue",
        ),
        metric(
            "growth",
            Queue,
            "dL/dt",
            PerSecond,
            Lower,
            Single,
            "messages a second by which a queue grows that nothing leaves",
        ),
        metric(
            "utilization",
            Queue,
            "ρ",
            Ratio,
            Neither,
            Single,
            "mean share of the queue's servers that are at work; until a sleeping one is awake its message \
                waits",
        ),
        metric(
            "hop",
            Queue,
            "T_h",
            Seconds,
            Lower,
            Times,
            "from publishing to a consumer that has nothing to do, by way of a broker",
        ),
        metric("attempts", Queue, "D", Deliveries, Lower, Single, "deliveries a message"),
        metric(
            "drain_time",
            Queue,
            "T_drain",
            Seconds,
            Lower,
            Single,
            "from the end of the overload until no message waits",
        ),
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
            "mean share of the group's servers that are at work; until a sleeping one is awake its message \
                waits",
        ),
        metric(
            "service",
            Consumer,
            "S",
            Seconds,
            Lower,
            Times,
            "time a server spends on a delivery of a message",
        ),
        metric(
            "busy",
            Consumer,
            "B",
            Servers,
            Neither,
            Single,
            "mean number of servers at work; who is down is not",
        ),
        metric(
            "turnaround",
            Consumer,
            "T_a",
            Seconds,
            Lower,
            Times,
            "from the end of a service to the next message in hand, if one waits, by way of a broker",
        ),
        metric("batch_size", Consumer, "b", Messages, Neither, Single, "messages taken at a time"),
        metric("count", Consumer, "c", Servers, Neither, Single, "mean number of servers"),
        metric("throughput", Producer, "X", PerSecond, Higher, Single, "messages served a second"),
        metric(
            "latency",
            Producer,
            "W",
            Seconds,
            Lower,
            Times,
            "from the instant a send was due to the end of processing",
        ),
        metric("send", Producer, "T_p", Seconds, Lower, Times, "from due to reaching the queue"),
        metric(
            "blocked",
            Producer,
            "T_b",
            Seconds,
            Lower,
            Times,
            "the part of it for which the sender waits for room (block)",
        ),
        metric(
            "confirm",
            Producer,
            "T_f",
            Seconds,
            Lower,
            Times,
            "from publishing to the broker's publisher confirm",
        ),
        metric("wait", Producer, "T_q", Seconds, Lower, Times, "waiting in queues, of the served"),
        metric(
            "service",
            Producer,
            "T_c",
            Seconds,
            Lower,
            Times,
            "being processed, at all deliveries together",
        ),
        metric(
            "loss",
            Producer,
            "P_loss",
            Ratio,
            Lower,
            Single,
            "share of the messages that were lost: neither served nor dead-lettered",
        ),
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

/// The registry's entry for a full path such as `queues.orders.wait.p99`, or `None`.
pub fn metric_of(path: &str) -> Option<&'static Metric> {
    let (place, rest) = if let Some(rest) = path.strip_prefix("total.") {
        (MetricPlace::Producer, rest)
    } else {
        let (table, rest) = path.split_once('.')?;
        let place = match table {
            "queues" => MetricPlace::Queue,
            "consumers" => MetricPlace::Consumer,
            "producers" => MetricPlace::Producer,
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
    METRICS
        .iter()
        .find(|m| m.place == place && m.key == key && (statistic.is_empty() || m.statistics.has(statistic)))
}

/// A metric's path, from its parts; a time's or a length's bare quantity is its mean.
pub fn path(place: &str, key: &str, statistic: &str) -> String {
    if statistic.is_empty() { format!("{place}.{key}") } else { format!("{place}.{key}.{statistic}") }
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
}

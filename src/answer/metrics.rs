//! The registry of metrics: every quantity that an answer can hold, with its unit, its symbol and its
//! statistics.

use super::{MetricId, Unit};

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
    /// `mean sd p50 p90 p95 p99 p999 max`, over messages, and any other percentile and any `within(TIME)`
    /// that is asked for.
    Times,
    /// `mean p99 max`, over time, and any other percentile, `sd` and any `at(INSTANT)` that are asked for.
    Lengths,
    /// The bare quantity, of every run its own: its mean, and `sd`, any percentile and any `within(TIME)`
    /// over the runs that are asked for.
    Runs,
    /// The bare quantity alone; of a number of servers also any `at(INSTANT)` that is asked for.
    Single,
}

impl Statistics {
    /// The statistics by name; the first is what the bare quantity means.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Statistics::Times => &["mean", "sd", "p50", "p90", "p95", "p99", "p999", "max"],
            Statistics::Lengths => &["mean", "p99", "max"],
            Statistics::Runs | Statistics::Single => &[""],
        }
    }
}

/// What is asked of a place; as text the part of a path after the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Quantity {
    Throughput,
    ArrivalRate,
    QueueLength,
    InSystem,
    Blocked,
    Wait,
    Age,
    Delayed,
    Loss,
    DeadLettered,
    Growth,
    Utilization,
    Attempts,
    DrainTime,
    Hop,
    Service,
    Busy,
    Turnaround,
    BatchSize,
    Count,
    Scalings,
    Latency,
    Confirm,
    Send,
}

impl Quantity {
    /// As it is written in a path.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Throughput => "throughput",
            Quantity::ArrivalRate => "arrival_rate",
            Quantity::QueueLength => "queue_length",
            Quantity::InSystem => "in_system",
            Quantity::Blocked => "blocked",
            Quantity::Wait => "wait",
            Quantity::Age => "age",
            Quantity::Delayed => "delayed",
            Quantity::Loss => "loss",
            Quantity::DeadLettered => "dead_lettered",
            Quantity::Growth => "growth",
            Quantity::Utilization => "utilization",
            Quantity::Attempts => "attempts",
            Quantity::DrainTime => "drain_time",
            Quantity::Hop => "hop",
            Quantity::Service => "service",
            Quantity::Busy => "busy",
            Quantity::Turnaround => "turnaround",
            Quantity::BatchSize => "batch_size",
            Quantity::Count => "count",
            Quantity::Scalings => "scalings",
            Quantity::Latency => "latency",
            Quantity::Confirm => "confirm",
            Quantity::Send => "send",
        }
    }

    /// Whether a queue's is a number of messages or senders, over time.
    pub fn is_level(self) -> bool {
        matches!(self, Quantity::QueueLength | Quantity::InSystem | Quantity::Blocked)
    }

    /// Whether a queue's, or a group's, has a value at an instant.
    pub fn has_instants(self) -> bool {
        self.is_level() || matches!(self, Quantity::Age | Quantity::Count)
    }

    /// Whether it is a share of messages that do not get through.
    pub fn is_lost(self) -> bool {
        matches!(self, Quantity::Loss | Quantity::DeadLettered)
    }

    /// Whether a path is that of one of its metrics.
    pub fn is_of(self, path: &str) -> bool {
        MetricId::parse(path).is_some_and(|id| id.quantity == self)
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
    /// The quantity.
    pub quantity: Quantity,
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
    quantity: Quantity,
    place: MetricPlace,
    symbol: &'static str,
    unit: Unit,
    better: Better,
    statistics: Statistics,
    meaning: &'static str,
) -> Metric {
    Metric { quantity, place, symbol, unit, better, statistics, meaning }
}

/// Every quantity that an answer can hold.
pub const METRICS: &[Metric] = {
    use Better::*;
    use MetricPlace::*;
    use Quantity::*;
    use Statistics::*;
    use Unit::*;
    &[
        metric(Throughput, Queue, "X", PerSecond, Higher, Single, "messages served a second"),
        metric(ArrivalRate, Queue, "λ", PerSecond, Neither, Single, "messages offered a second"),
        metric(QueueLength, Queue, "L_q", Messages, Lower, Lengths, "messages waiting, over time"),
        metric(InSystem, Queue, "L", Messages, Lower, Lengths, "messages waiting or in service, over time"),
        metric(
            Blocked,
            Queue,
            "B_q",
            Messages,
            Lower,
            Lengths,
            "messages whose senders wait for room (block), over time",
        ),
        metric(
            Wait,
            Queue,
            "W_q",
            Seconds,
            Lower,
            Times,
            "from reaching the queue to being taken, of the served",
        ),
        metric(
            Age,
            Queue,
            "A",
            Seconds,
            Lower,
            Times,
            "the lag as a time: for how long the oldest waiting message has waited, over time, 0 while none waits; told \
                where an objective or a precision asks for it, without a maximum",
        ),
        metric(
            Delayed,
            Queue,
            "P(W_q>0)",
            Ratio,
            Lower,
            Single,
            "share of the accepted messages that were not taken at once",
        ),
        metric(
            Loss,
            Queue,
            "P_loss",
            Ratio,
            Lower,
            Single,
            "share of the offered messages that were lost: neither served nor dead-lettered",
        ),
        metric(
            DeadLettered,
            Queue,
            "P_dead",
            Ratio,
            Lower,
            Single,
            "share of the offered messages that went to the dead-letter queue",
        ),
        metric(
            Growth,
            Queue,
            "dL/dt",
            PerSecond,
            Lower,
            Single,
            "messages a second by which a queue grows that nothing leaves",
        ),
        metric(
            Utilization,
            Queue,
            "ρ",
            Ratio,
            Neither,
            Single,
            "mean share of the queue's servers that are at work; until a sleeping one is awake its message \
                waits",
        ),
        metric(
            Hop,
            Queue,
            "T_h",
            Seconds,
            Lower,
            Times,
            "from publishing to a consumer that has nothing to do, by way of a broker",
        ),
        metric(Attempts, Queue, "D", Deliveries, Lower, Single, "deliveries a message"),
        metric(
            DrainTime,
            Queue,
            "T_drain",
            Seconds,
            Lower,
            Runs,
            "from the end of the overload until no message waits, one for each run",
        ),
        metric(
            Throughput,
            Consumer,
            "X",
            PerSecond,
            Higher,
            Single,
            "deliveries done a second: of messages that were served, and that failed",
        ),
        metric(
            Utilization,
            Consumer,
            "ρ",
            Ratio,
            Neither,
            Single,
            "mean share of the group's servers that are at work; until a sleeping one is awake its message \
                waits",
        ),
        metric(
            Service,
            Consumer,
            "S",
            Seconds,
            Lower,
            Times,
            "time a server spends on a delivery of a message",
        ),
        metric(
            Busy,
            Consumer,
            "B",
            Servers,
            Neither,
            Single,
            "mean number of servers at work; who is down is not",
        ),
        metric(
            Turnaround,
            Consumer,
            "T_a",
            Seconds,
            Lower,
            Times,
            "from the end of a service to the next message in hand, if one waits, by way of a broker",
        ),
        metric(BatchSize, Consumer, "b", Messages, Neither, Single, "messages taken at a time"),
        metric(Count, Consumer, "c", Servers, Neither, Single, "mean number of servers"),
        metric(
            Scalings,
            Consumer,
            "f_c",
            PerHour,
            Lower,
            Single,
            "looks an hour at which an autoscaler started servers or let some go",
        ),
        metric(Throughput, Producer, "X", PerSecond, Higher, Single, "messages served a second"),
        metric(
            Latency,
            Producer,
            "W",
            Seconds,
            Lower,
            Times,
            "from the instant a send was due to the end of processing",
        ),
        metric(Send, Producer, "T_p", Seconds, Lower, Times, "from due to reaching the queue"),
        metric(
            Blocked,
            Producer,
            "T_b",
            Seconds,
            Lower,
            Times,
            "the part of it for which the sender waits for room (block)",
        ),
        metric(
            Confirm,
            Producer,
            "T_f",
            Seconds,
            Lower,
            Times,
            "from publishing to the broker's publisher confirm",
        ),
        metric(Wait, Producer, "T_q", Seconds, Lower, Times, "waiting in queues, of the served"),
        metric(
            Service,
            Producer,
            "T_c",
            Seconds,
            Lower,
            Times,
            "being processed, at all deliveries together",
        ),
        metric(
            Loss,
            Producer,
            "P_loss",
            Ratio,
            Lower,
            Single,
            "share of the messages that were lost: neither served nor dead-lettered",
        ),
        metric(
            DeadLettered,
            Producer,
            "P_dead",
            Ratio,
            Lower,
            Single,
            "share of the messages that lie in a dead-letter queue which nobody consumes",
        ),
    ]
};

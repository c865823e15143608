//! The grammar: the top of a scenario, and the tables whose settings depend on a word among them. The other
//! tables are declared beside the model.

use super::model::{Consumer, MOST_CLIENTS, Measurement, Producer, Queue, Resource, Simulation, Topic};
use super::notation::DeclaredTable as _;
use super::setting::Takes::*;
use super::setting::{SettingKey, SettingKeys, Takes, key};
use std::ops::Bound;

/// The largest batch of arrivals: one is planned and held as a whole.
pub(super) const LARGEST_BATCH: u32 = 1_000_000;

/// Kinds of a thing by name, and the settings of each.
pub(super) type Kinds = &'static [(&'static str, &'static [SettingKey])];

/// The tables of a scenario that hold named tables.
pub(super) const NAMED: &[(&str, SettingKeys)] = &[
    ("producers", Producer::keys),
    ("queues", Queue::keys),
    ("topics", Topic::keys),
    ("consumers", Consumer::keys),
    ("resources", Resource::keys),
];

/// The top of a scenario. The tables without keys take paths or names.
pub(super) const ROOT: &[SettingKey] = &[
    key("title", Text, "a name for people"),
    key("seed", Whole(0, i64::MAX), "of the random numbers; default 1"),
    key("producers", Any, "who sends messages, by name"),
    key("queues", Any, "where messages wait, by name"),
    key("topics", Any, "publish/subscribe and load balancing, by name"),
    key("consumers", Any, "groups of servers, by name"),
    key("resources", Any, "what several groups of servers need for their work, such as a database, by name"),
    key("simulation", Table(Simulation::keys), "how long to simulate"),
    key("measurement", Table(Measurement::keys), "what to measure and how long"),
    key(
        "objectives",
        Any,
        "metric paths and the limits that they should keep; times have any percentile, such as p80 or \
            p99.9, and the share within a time, within(20s); numbers of messages have sd and, where there is a \
            beginning, a value at an instant, queue_length.at(10min), as has count; drain_time has sd, percentiles and within(2h)",
    ),
    key("sweep", Any, "paths and the values that they take"),
];

/// Arrival processes and their keys; `process` and `batch` go with each.
pub(super) const PROCESSES: Kinds = &[
    ("poisson", &[]),
    ("periodic", &[]),
    ("renewal", &[key("gap", Law, "the law of the gaps; its mean follows from the rate")]),
    (
        "mmpp",
        &[key("rates", List, "the rate of each state"), key("dwell", List, "the mean time in each state")],
    ),
    (
        "schedule",
        &[
            key("steps", List, "tables { for, rate }"),
            key(
                "repeat",
                Flag,
                "start again after the last step; default false: the last rate stays for good",
            ),
            key("ramp", Flag, "move from each rate to the next one's; default false"),
        ],
    ),
    (
        "trace",
        &[
            key(
                "file",
                Text,
                "a CSV file with a column of instants, the first of which is the start, or gaps, such as \
                 `timestamp_ms`; - is standard input",
            ),
            key(
                "column",
                Text,
                "the column to read where its name does not say it: a heading, or a number from 1; with \
                    :ns, :us, :ms or :s, its unit",
            ),
        ],
    ),
    (
        "closed",
        &[
            key("concurrency", Whole(1, MOST_CLIENTS as i64), "clients"),
            key("think_time", Law, "of a client between answer and next message"),
        ],
    ),
];

pub(super) const STEP: &[SettingKey] =
    &[key("for", Duration, "how long it lasts"), key("rate", Rate, "messages a second")];

/// Laws of batch sizes and their keys.
pub(super) const BATCHES: Kinds = &[
    (
        "geometric",
        &[key(
            "mean",
            Number(Bound::Included(1.0), Bound::Included(LARGEST_BATCH as f64)),
            "messages a batch",
        )],
    ),
    (
        "uniform",
        &[
            key("min", Whole(1, LARGEST_BATCH as i64), "smallest batch"),
            key("max", Whole(1, LARGEST_BATCH as i64), "largest batch"),
        ],
    ),
    ("values", &[key("values", List, "sizes"), key("weights", List, "how often each comes")]),
];

pub(super) const ROUTE: &[SettingKey] = &[
    key("queue", Text, "goes there"),
    key("topic", Text, "goes there"),
    key("probability", Takes::PROBABILITY, "how often; default 1"),
    key("producers", List, "whose messages go there; default those of all"),
];

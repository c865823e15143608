//! What the traffic of two configurations differs in: then they are different questions.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// How a producer's messages are handled, and what clients do about slow ones, which is what is compared: the
/// messages that are due stay the same.
const HANDLING: [&str; 5] = ["to", "priority", "keys", "hedge", "resend"];

/// A difference in the traffic of two scenarios.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TrafficDifference {
    /// How many messages wait at the start, in all queues.
    Backlogs {
        /// In the first.
        first: f64,
        /// In the second.
        second: f64,
    },
    /// A producer of one of them alone.
    Producer {
        /// Its name.
        name: String,
        /// Whether the first has it.
        in_first: bool,
    },
    /// A setting of a producer that both have.
    Setting {
        /// Its path.
        path: String,
        /// As it is written in the first; `None` if it is not.
        first: Option<String>,
        /// As it is written in the second.
        second: Option<String>,
    },
}

/// What the traffic of two resolved scenarios differs in. How messages are handled (queues, priorities, keys,
/// consumers) may differ, that is what is compared.
pub fn other_questions(a: &Value, b: &Value) -> Vec<TrafficDifference> {
    let empty = Map::new();
    let table = |v: &'_ Value, name: &str| v[name].as_object().unwrap_or(&empty).clone();
    let backlog = |v: &Value| -> f64 {
        table(v, "queues").values().filter_map(|q| q["initial_backlog"].as_f64()).sum()
    };
    let (first, second) = (backlog(a), backlog(b));
    let mut out = Vec::new();
    if first != second {
        out.push(TrafficDifference::Backlogs { first, second });
    }
    let (a, b) = (table(a, "producers"), table(b, "producers"));
    for (own, other, in_first) in [(&a, &b, true), (&b, &a, false)] {
        let alone = own.keys().filter(|name| !other.contains_key(*name)).cloned();
        out.extend(alone.map(|name| TrafficDifference::Producer { name, in_first }));
    }
    for (name, x) in &a {
        let (Some(x), Some(y)) = (x.as_object(), b.get(name).and_then(Value::as_object)) else { continue };
        let keys: BTreeSet<&String> =
            x.keys().chain(y.keys()).filter(|k| !HANDLING.contains(&k.as_str())).collect();
        let written = |v: &Value| v.as_str().map_or_else(|| v.to_string(), String::from);
        out.extend(keys.into_iter().filter(|k| x.get(*k) != y.get(*k)).map(|key| {
            TrafficDifference::Setting {
                path: format!("producers.{name}.{key}"),
                first: x.get(key).map(written),
                second: y.get(key).map(written),
            }
        }));
    }
    out
}

//! The echo: a scenario in its own grammar with every default filled in, so that reading it again gives the
//! same.

use super::model::*;
use super::notation::DeclaredTable;
use super::quantity::{law, number, rate, time};
use super::setting::Choice as _;
use super::toml_text;
use crate::workload::laws::Law;
use serde_json::{Map, Value, json};

/// The scenario as plain data: quantities as text with their unit.
pub fn resolved(scenario: &Scenario) -> Value {
    let mut root = Map::new();
    if let Some(title) = &scenario.title {
        root.insert("title".into(), json!(title));
    }
    root.insert("seed".into(), json!(scenario.seed));
    let mut named = |table: &str, entries: Vec<(String, Value)>| {
        if !entries.is_empty() {
            root.insert(table.into(), Value::Object(entries.into_iter().collect()));
        }
    };
    named("producers", scenario.producers.iter().map(|p| (p.name.clone(), producer(scenario, p))).collect());
    named("queues", scenario.queues.iter().map(|q| (q.name.clone(), queue(scenario, q))).collect());
    named("topics", scenario.topics.iter().map(|t| (t.name.clone(), topic(scenario, t))).collect());
    named("consumers", scenario.consumers.iter().map(|c| (c.name.clone(), consumer(scenario, c))).collect());
    named("objectives", scenario.objectives.iter().map(|o| (o.metric.clone(), json!(o.text))).collect());
    named("sweep", scenario.sweep.iter().map(|(path, values)| (path.clone(), json!(values))).collect());
    named(
        "resources",
        scenario.resources.iter().map(|r| (r.name.clone(), declared(r, Vec::new()))).collect(),
    );
    root.insert("simulation".into(), simulation(&scenario.simulation));
    root.insert("measurement".into(), declared(&scenario.measurement, Vec::new()));
    Value::Object(root)
}

/// The same as TOML text.
pub fn resolved_toml(scenario: &Scenario) -> String {
    match resolved(scenario) {
        Value::Object(root) => {
            toml_text::document(&root, &["producers", "queues", "topics", "consumers", "resources"])
        }
        _ => String::new(),
    }
}

/// The value at a path, defaults included, as it would be given to [`Source::with`](super::Source::with);
/// `None` if there is none.
pub fn setting(scenario: &Scenario, path: &str) -> Option<String> {
    fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
        if path.is_empty() {
            return Some(value);
        }
        if let Value::Array(list) = value {
            let (index, rest) = path.split_once('.').unwrap_or((path, ""));
            return find(list.get(index.parse::<usize>().ok()?)?, rest);
        }
        let table = value.as_object()?;
        // A name may hold dots: the longest that fits is tried first.
        let mut ends: Vec<usize> = path.match_indices('.').map(|(i, _)| i).chain([path.len()]).collect();
        ends.reverse();
        ends.into_iter().find_map(|end| find(table.get(&path[..end])?, path.get(end + 1..).unwrap_or("")))
    }
    match find(&resolved(scenario), path)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn destination(scenario: &Scenario, to: Destination) -> (&'static str, &str) {
    match to {
        Destination::Queue(q) => ("queue", &scenario.queues[q].name),
        Destination::Topic(t) => ("topic", &scenario.topics[t].name),
    }
}

/// A table without its empty entries.
fn table(entries: Vec<(&str, Value)>) -> Value {
    Value::Object(entries.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.into(), v)).collect())
}

/// A declared table, those settings given that are echoed by hand, without its empty entries.
fn declared(settings: &impl DeclaredTable, by_hand: Vec<(&str, Value)>) -> Value {
    let mut echo = settings.echo();
    by_hand.into_iter().for_each(|(key, value)| echo[key] = value);
    Value::Object(echo.into_iter().filter(|(_, value)| !value.is_null()).collect())
}

fn producer(scenario: &Scenario, p: &Producer) -> Value {
    let own_rate = matches!(p.arrivals, Arrivals::Poisson | Arrivals::Periodic | Arrivals::Renewal { .. });
    let by_hand = vec![
        ("to", json!(destination(scenario, p.to).1)),
        ("rate", if own_rate { json!(rate(p.rate)) } else { Value::Null }),
        ("arrivals", arrivals(p)),
        ("keys", p.keys.as_ref().map_or(Value::Null, keys)),
        ("failure", p.failure.map_or(Value::Null, |p| json!({ "probability": number(p) }))),
    ];
    declared(p, by_hand)
}

fn keys(keys: &Keys) -> Value {
    match keys {
        Keys::Uniform { count } => json!({ "law": "uniform", "count": count }),
        Keys::Zipf { count, exponent } => {
            json!({ "law": "zipf", "count": count, "exponent": number(*exponent) })
        }
    }
}

fn arrivals(p: &Producer) -> Value {
    let rates = |list: &[f64]| Value::from(list.iter().map(|r| rate(*r)).collect::<Vec<_>>());
    let mut entries = match &p.arrivals {
        Arrivals::Poisson => vec![("process", json!("poisson"))],
        Arrivals::Periodic => vec![("process", json!("periodic"))],
        Arrivals::Renewal { gap } => vec![("process", json!("renewal")), ("gap", law(gap))],
        Arrivals::Mmpp { rates: states, dwell } => {
            let dwell = Value::from(dwell.iter().map(|t| time(*t)).collect::<Vec<_>>());
            vec![("process", json!("mmpp")), ("rates", rates(states)), ("dwell", dwell)]
        }
        Arrivals::Schedule { steps, repeat, ramp } => {
            let steps: Vec<Value> =
                steps.iter().map(|s| json!({ "for": time(s.lasts), "rate": rate(s.rate) })).collect();
            vec![
                ("process", json!("schedule")),
                ("steps", json!(steps)),
                ("repeat", json!(repeat)),
                ("ramp", json!(ramp)),
            ]
        }
        Arrivals::Trace { file, column, .. } => {
            vec![
                ("process", json!("trace")),
                ("file", json!(file.to_string_lossy())),
                ("column", json!(column)),
            ]
        }
        Arrivals::Closed { concurrency, think_time } => {
            vec![
                ("process", json!("closed")),
                ("concurrency", json!(concurrency)),
                ("think_time", law(think_time)),
            ]
        }
    };
    entries.push(("batch", batch(&p.batch)));
    table(entries)
}

fn batch(batch: &Batch) -> Value {
    match batch {
        Batch::Fixed(n) => json!(n),
        Batch::Geometric { mean } => json!({ "law": "geometric", "mean": number(*mean) }),
        Batch::Uniform { min, max } => json!({ "law": "uniform", "min": min, "max": max }),
        Batch::Values { values, weights } => {
            json!({ "law": "values", "values": values, "weights": weights.iter().map(|w| number(*w)).collect::<Vec<_>>() })
        }
    }
}

fn queue(scenario: &Scenario, q: &Queue) -> Value {
    let durability = match q.sync_per_message {
        1 => json!(q.durability.word()),
        syncs => json!({ "sync_per_message": syncs }),
    };
    let dead_letter = json!(q.dead_letter.map(|d| &scenario.queues[d].name));
    let join = json!(q.join.map(|topic| &scenario.topics[topic].name));
    let mut by_hand = vec![("dead_letter", dead_letter), ("durability", durability), ("join", join)];
    // An unbounded queue never overflows.
    if q.max_length.is_none() && q.overflow == Overflow::default() {
        by_hand.push(("overflow", Value::Null));
    }
    declared(q, by_hand)
}

fn topic(scenario: &Scenario, t: &Topic) -> Value {
    let complete = match t.complete_when {
        Complete::Each => json!("each"),
        Complete::All => json!("all"),
        Complete::Some(k) => json!(k),
    };
    let subscriptions: Vec<&str> =
        t.subscriptions.iter().map(|q| scenario.queues[*q].name.as_str()).collect();
    declared(t, vec![("subscriptions", json!(subscriptions)), ("complete_when", complete)])
}

fn consumer(scenario: &Scenario, c: &Consumer) -> Value {
    let count = match c.count {
        _ if !c.servers.is_empty() => Value::Null,
        _ if !c.shifts.is_empty() => c.shifts.iter().map(|shift| declared(shift, Vec::new())).collect(),
        Servers::Count(n) => json!(n),
        Servers::Unlimited => json!("unlimited"),
    };
    let names: Vec<&str> = c.queues().map(|queue| scenario.queues[queue].name.as_str()).collect();
    let from = if let [only] = names[..] { json!(only) } else { json!(names) };
    let route = |r: &Route| {
        let (kind, name) = destination(scenario, r.to);
        json!({ kind: name, "probability": number(r.probability) })
    };
    let own = |own: &OwnRoute| {
        let mut told = route(&own.route);
        if !own.producers.is_empty() {
            told["producers"] = own.producers.iter().map(|p| json!(scenario.producers[*p].name)).collect();
        }
        told
    };
    let routes: Vec<Value> = if c.own_routes.is_empty() {
        c.to.iter().map(route).collect()
    } else {
        c.own_routes.iter().map(own).collect()
    };
    let by_hand = vec![
        ("from", from),
        ("weights", if c.weights.is_empty() { Value::Null } else { json!(c.weights) }),
        ("count", count),
        ("failure", json!({ "probability": number(c.failure) })),
        (
            "retry_delay",
            c.retry_delay.as_ref().map_or(Value::Null, |d| declared(d, vec![("max", json!(time(d.max)))])),
        ),
        (
            "autoscale",
            c.autoscale
                .as_ref()
                .map_or(Value::Null, |scale| declared(scale, vec![("max", json!(scale.max))])),
        ),
        ("resource", json!(c.resource.map(|needed| &scenario.resources[needed.index].name))),
        ("to", if routes.is_empty() { Value::Null } else { json!(routes) }),
    ];
    declared(c, by_hand)
}

fn simulation(s: &Simulation) -> Value {
    let length = match s.length {
        Length::Auto => ("messages", Value::Null),
        Length::Messages(n) => ("messages", json!(n)),
        Length::Duration(t) => ("duration", json!(time(t))),
    };
    let warmup = match s.warmup {
        Warmup::Auto => json!("auto"),
        Warmup::Messages(n) => json!(n),
        Warmup::Duration(t) => json!(time(t)),
    };
    let precision = match &s.precision {
        Precision::None => Value::Null,
        Precision::Means(share) => json!(share),
        Precision::Paths(paths) => {
            Value::Object(paths.iter().map(|(path, share)| (path.clone(), json!(share))).collect())
        }
    };
    let stated = |time: &Law| if time.is_zero() { Value::Null } else { law(time) };
    let (hand_off, turnaround) = (stated(&s.overheads.hand_off), stated(&s.overheads.turnaround));
    let by_hand = vec![
        length,
        ("warmup", warmup),
        ("confidence", json!(s.confidence)),
        ("precision", precision),
        ("hand_off", hand_off),
        ("turnaround", turnaround),
        ("sync", s.overheads.sync.as_ref().map_or(Value::Null, law)),
    ];
    declared(s, by_hand)
}

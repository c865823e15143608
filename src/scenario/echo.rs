//! The echo: a scenario in its own grammar with every default filled in, so that reading it again gives the
//! same.

use super::grammar::Choice;
use super::model::*;
use super::toml_text;
use crate::units;
use crate::workload::laws::{Law, Parameter};
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
    root.insert("simulation".into(), simulation(&scenario.simulation));
    root.insert("measurement".into(), measurement(&scenario.measurement));
    Value::Object(root)
}

/// The same as TOML text.
pub fn resolved_toml(scenario: &Scenario) -> String {
    match resolved(scenario) {
        Value::Object(root) => toml_text::document(&root, &["producers", "queues", "topics", "consumers"]),
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

/// A time that reads back as the very same number.
pub(super) fn time(seconds: f64) -> String {
    if seconds == 0.0 {
        return "0s".into();
    }
    let units = [(3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")];
    let fits = |(scale, unit): (f64, &str)| {
        let text = format!("{}{unit}", tidy(seconds / scale));
        (units::duration(&text) == Ok(seconds)).then_some(text)
    };
    let natural = units.into_iter().filter(|(scale, unit)| {
        seconds >= *scale && !(matches!(*unit, "h" | "min") && seconds / scale % 1.0 != 0.0)
    });
    natural.filter_map(fits).find(|text| text.len() <= 10).unwrap_or_else(|| format!("{seconds}s"))
}

/// A number without the dust of a division; whether it is still the same is checked by whoever reads it back.
fn tidy(value: f64) -> f64 {
    format!("{value:.9e}").parse().unwrap_or(value)
}

fn rate(per_second: f64) -> String {
    format!("{per_second}/s")
}

fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}

fn law(law: &Law) -> Value {
    let times = |list: &[f64]| Value::from(list.iter().map(|t| time(*t)).collect::<Vec<_>>());
    let mut table = Map::new();
    table.insert("law".into(), json!(law.name()));
    for (key, parameter) in law.parameters() {
        let value = match parameter {
            Parameter::Number(x) => number(x),
            Parameter::Seconds(t) => json!(time(t)),
            Parameter::Text(text) => json!(text),
            Parameter::Numbers(list) => list.into_iter().map(number).collect(),
            Parameter::SecondsList(list) => times(&list),
            Parameter::Branches(list) => {
                list.into_iter().map(|(p, t)| json!({ "probability": number(p), "mean": time(t) })).collect()
            }
        };
        table.insert(key.into(), value);
    }
    match law {
        Law::Deterministic(constant) => json!(time(constant.value)),
        _ => Value::Object(table),
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

fn producer(scenario: &Scenario, p: &Producer) -> Value {
    let own_rate = matches!(p.arrivals, Arrivals::Poisson | Arrivals::Periodic | Arrivals::Renewal { .. });
    table(vec![
        ("to", json!(destination(scenario, p.to).1)),
        ("rate", if own_rate { json!(rate(p.rate)) } else { Value::Null }),
        ("arrivals", arrivals(p)),
        ("send_time", law(&p.send_time)),
        ("priority", json!(p.priority)),
        ("size", json!(format!("{}B", p.size))),
        ("keys", p.keys.as_ref().map_or(Value::Null, keys)),
        ("service_time", p.service_time.as_ref().map_or(Value::Null, law)),
        ("failure", p.failure.map_or(Value::Null, |p| json!({ "probability": number(p) }))),
    ])
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
    let bounded = q.max_length.is_some() || q.overflow != Overflow::default();
    table(vec![
        ("discipline", json!(q.discipline.word())),
        ("preemption", json!(q.preemption.word())),
        ("max_length", json!(q.max_length)),
        ("overflow", if bounded { json!(q.overflow.word()) } else { Value::Null }),
        ("message_ttl", q.message_ttl.as_ref().map_or(Value::Null, law)),
        ("delivery_limit", json!(q.delivery_limit)),
        ("dead_letter", json!(q.dead_letter.map(|d| &scenario.queues[d].name))),
        ("visibility_timeout", json!(q.visibility_timeout.map(time))),
        ("durability", json!(q.durability.word())),
        ("partitions", json!(q.partitions)),
        ("initial_backlog", json!(q.initial_backlog)),
    ])
}

fn topic(scenario: &Scenario, t: &Topic) -> Value {
    let complete = match t.complete_when {
        Complete::Each => json!("each"),
        Complete::All => json!("all"),
        Complete::Some(k) => json!(k),
    };
    let subscriptions: Vec<&str> =
        t.subscriptions.iter().map(|q| scenario.queues[*q].name.as_str()).collect();
    table(vec![
        ("subscriptions", json!(subscriptions)),
        ("deliver", json!(t.deliver.word())),
        ("complete_when", complete),
    ])
}

fn consumer(scenario: &Scenario, c: &Consumer) -> Value {
    let count = match c.count {
        Servers::Count(n) => json!(n),
        Servers::Unlimited => json!("unlimited"),
    };
    let batch = c.batch.map(|b| json!({ "max": b.max, "linger": time(b.linger) }));
    let retry = c.retry_delay.map(|r| json!({ "min": time(r.min), "max": time(r.max), "jitter": r.jitter }));
    let outages = c.outages.as_ref().map(|o| {
        json!({ "up": law(&o.up), "down": law(&o.down), "while": if o.only_busy { "busy" } else { "always" },
            "in_progress": if o.redeliver { "redeliver" } else { "resume" } })
    });
    let autoscale = c.autoscale.map(|a| {
        json!({ "min": a.min, "max": a.max, "target_backlog": number(a.target_backlog), "every": time(a.every),
            "startup": time(a.startup), "cooldown": time(a.cooldown) })
    });
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
    table(vec![
        ("from", json!(scenario.queues[c.from].name)),
        ("count", count),
        ("service_time", law(&c.service_time)),
        ("service_time_per_message", law(&c.service_time_per_message)),
        ("prefetch", json!(c.prefetch)),
        ("batch", json!(batch)),
        ("ack", json!(c.ack.word())),
        ("failure", json!({ "probability": number(c.failure) })),
        ("retry_delay", json!(retry)),
        ("redelivery_work", json!(c.redelivery_work.map(|work| work.word()))),
        ("outages", json!(outages)),
        ("autoscale", json!(autoscale)),
        ("to", if routes.is_empty() { Value::Null } else { json!(routes) }),
    ])
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
    let (replications, confidence) = (json!(s.replications), json!(s.confidence));
    let hand_off = if s.overheads.hand_off > 0.0 { json!(time(s.overheads.hand_off)) } else { Value::Null };
    let sync = s.overheads.sync.as_ref().map_or(Value::Null, law);
    table(vec![
        length,
        ("warmup", warmup),
        ("replications", replications),
        ("confidence", confidence),
        ("precision", precision),
        ("hand_off", hand_off),
        ("sync", sync),
    ])
}

fn measurement(m: &Measurement) -> Value {
    let (target, duration) = (json!(m.target), json!(time(m.duration)));
    // What is as nobody wrote it is of no use to who measures no broker.
    let broker = if m.broker == BrokerSettings::default() { Value::Null } else { broker(&m.broker) };
    table(vec![
        ("target", target),
        ("duration", duration),
        ("work", json!(m.work.word())),
        ("speed", number(m.speed)),
        ("broker", broker),
    ])
}

fn broker(b: &BrokerSettings) -> Value {
    table(vec![
        ("url", json!(b.url)),
        ("confirm", json!(b.confirm)),
        ("connections", json!(b.connections.word())),
        ("queue_type", json!(b.queue_type.word())),
        ("ca", json!(b.ca)),
        ("certificate", json!(b.certificate)),
        ("key", json!(b.key)),
        ("wait", json!(time(b.wait))),
        ("reconnect", json!(b.reconnect)),
        ("queue", json!(b.queue.word())),
    ])
}

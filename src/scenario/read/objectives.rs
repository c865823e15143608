//! Objectives: metric paths and the limits that they should keep.

use super::super::context::{Context, Names};
use super::super::model::{Objective, Relation};
use super::super::node::{Field, Table, TableEntry};
use super::super::place::Place;
use super::super::problem::{Problem, SHOWN, nearest};
use crate::answer::{METRICS, Metric, MetricId, MetricPlace as At, PlaceId, Quantity, Unit};
use crate::units::{self, UnitError};

pub(super) fn read(cx: &mut Context<'_>, root: &Table) -> Vec<Objective> {
    let Some(table) = root.get("objectives").and_then(|f| cx.any_table(f)) else { return Vec::new() };
    table.0.iter().filter_map(|entry| objective(cx, entry)).collect()
}

fn objective(cx: &mut Context<'_>, entry: &TableEntry) -> Option<Objective> {
    let metric = known_metric(cx, &entry.key, entry.at);
    let text = cx.text(Field { key: "an objective", node: &entry.node })?;
    let metric = metric?;
    let trimmed = text.trim();
    let relations = [
        ("<=", Relation::LessOrEqual),
        (">=", Relation::GreaterOrEqual),
        ("<", Relation::Less),
        (">", Relation::Greater),
    ];
    let example = example(metric.unit);
    let Some((sign, relation)) = relations.into_iter().find(|(sign, _)| trimmed.starts_with(sign)) else {
        let told = Problem::error(entry.node.at, "an objective compares").label("begin with <, <=, > or >=");
        cx.tell(told.help(format!("write \"< {example}\"")));
        return None;
    };
    match limit(trimmed[sign.len()..].trim(), metric.unit) {
        Ok(limit) if impossible(relation, limit, metric) => {
            let (what, instead) = match relation {
                Relation::Less => ("nothing is below zero", "<="),
                _ => ("no share is above 100 %", ">="),
            };
            let told = Problem::error(entry.node.at, "an objective that nothing can meet").label(what);
            cx.tell(told.help(format!("write \"{sign} {example}\", or {instead} for the very limit")));
            None
        }
        Ok(limit) => {
            let metric = MetricId::usual_path(&entry.key);
            Some(Objective { metric, relation, limit, text: text.into() })
        }
        Err(why) => {
            cx.tell(
                Problem::error(entry.node.at, "the limit is not understood")
                    .label(why.to_string())
                    .help(format!("write \"{sign} {example}\"")),
            );
            None
        }
    }
}

/// Whether no figure of a metric can keep a limit: none is below zero but that of a backlog that shrinks, and
/// no share above the whole.
fn impossible(relation: Relation, limit: f64, metric: Metric) -> bool {
    match relation {
        Relation::Less => limit <= 0.0 && metric.quantity != Quantity::Growth,
        Relation::Greater => metric.unit == Unit::Ratio && limit >= 1.0,
        _ => false,
    }
}

/// A limit of this unit, as people write one.
fn example(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "200ms",
        Unit::PerSecond => "900/s",
        Unit::PerHour => "12/h",
        Unit::Ratio => "0.1%",
        Unit::Messages => "1000",
        Unit::Servers | Unit::Processors | Unit::Deliveries => "2",
    }
}

fn limit(text: &str, unit: Unit) -> Result<f64, UnitError> {
    let plain = |text: &str| {
        let number = text.replace('_', "").parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0);
        number.ok_or_else(|| UnitError(format!("`{text}` is not a number")))
    };
    match unit {
        Unit::Seconds => units::duration(text),
        Unit::PerSecond => units::rate(text),
        Unit::PerHour => units::rate(text).map(|rate| rate * 3600.0),
        Unit::Ratio => {
            let share = match text.strip_suffix('%') {
                Some(percent) => plain(percent.trim())? / 100.0,
                None => plain(text)?,
            };
            if share > 1.0 {
                return Err(UnitError(format!("a share is at most 100 %, which is 1, and `{text}` is more")));
            }
            Ok(share)
        }
        Unit::Messages | Unit::Servers | Unit::Processors | Unit::Deliveries => plain(text),
    }
}

/// The registry's entry of a metric path whose place exists.
pub(super) fn known_metric(cx: &mut Context<'_>, path: &str, at: Place) -> Option<Metric> {
    let names = &cx.names;
    let exists = |id: &MetricId<'_>| match id.place {
        PlaceId::Total => true,
        PlaceId::Producer(name) => names.producers.number(name).is_some(),
        PlaceId::Queue(name) => names.queues.number(name).is_some(),
        PlaceId::Consumer(name) => names.consumers.number(name).is_some(),
    };
    if let Some(id) = MetricId::parse(path).filter(exists) {
        return id.metric();
    }
    let told = Problem::error(at, format!("there is no metric `{path}`"));
    if let Some(instead) = MetricId::misspelt(path) {
        cx.tell(told.help(instead));
        return None;
    }
    // Of very many, only the first are shown, and looking for what was meant takes long.
    let all = if cx.problems.len() < SHOWN { all_paths(&cx.names) } else { Vec::new() };
    cx.tell(match nearest(path, all.iter().map(String::as_str)) {
        Some(near) => told.label(format!("did you mean `{near}`?")),
        None => told.help(
            "write a place, a quantity and a statistic, such as producers.NAME.latency.p99 \
            (or p80, p99.9: any percentile; within(20s): the share within a time; at(10min): \
            what a queue has at an instant)",
        ),
    });
    None
}

fn names_of(names: &Names, place: At) -> Vec<&str> {
    let names = match place {
        At::Queue => &names.queues,
        At::Consumer => &names.consumers,
        At::Producer => &names.producers,
    };
    names.iter().map(String::as_str).collect()
}

/// Every metric path of a scenario, the bare quantities included.
fn all_paths(names: &Names) -> Vec<String> {
    let mut paths = Vec::new();
    for metric in METRICS {
        let table = match metric.place {
            At::Queue => "queues",
            At::Consumer => "consumers",
            At::Producer => "producers",
        };
        let mut places: Vec<String> =
            names_of(names, metric.place).iter().map(|name| format!("{table}.{name}")).collect();
        if metric.place == At::Producer {
            places.push("total".into());
        }
        for place in places {
            paths.push(format!("{place}.{}", metric.quantity.name()));
            paths.extend(
                metric
                    .statistics
                    .names()
                    .iter()
                    .filter(|s| !s.is_empty())
                    .map(|s| format!("{place}.{}.{s}", metric.quantity.name())),
            );
        }
    }
    paths
}

/// A relation as it is written.
impl Relation {
    /// As it is written: `<`, `<=`, `>`, `>=`.
    pub fn sign(self) -> &'static str {
        match self {
            Relation::Less => "<",
            Relation::LessOrEqual => "<=",
            Relation::Greater => ">",
            Relation::GreaterOrEqual => ">=",
        }
    }
}

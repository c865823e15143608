//! How long to simulate and to measure.

use super::super::context::{Context, Whose};
use super::super::model::{
    Arrivals, Length, MOST_MESSAGES, Measurement, Overheads, Precision, Producer, Simulation, Warmup,
};
use super::super::node::{Field, Table, Value};
use super::super::notation::DeclaredTable as _;
use super::super::problem::Problem;
use super::objectives::known_metric;
use crate::answer::MetricId;
use crate::workload::laws::Law;

pub(super) fn simulation(cx: &mut Context<'_>, root: &Table, producers: &[Producer]) -> Simulation {
    let mut default = Simulation::default();
    if let (Length::Messages(usual), Some(rows)) = (default.length, rows(producers)) {
        // A trace that is longer than what is usual is played whole all the same.
        default.length = Length::Messages(usual.max(rows).min(MOST_MESSAGES));
    }
    let Some(field) = root.get("simulation") else { return default };
    let Some(table) = cx.table(field, &Simulation::keys()) else { return default };
    let length = match (table.get("messages"), table.get("duration")) {
        (Some(messages), Some(duration)) => {
            let told = Problem::error(duration.node.at, "both messages and a duration")
                .label("one says how long to simulate");
            cx.tell(told.and(messages.node.at, "messages").help("leave one of them out"));
            None
        }
        (Some(messages), None) => cx.whole(messages, 1, MOST_MESSAGES).map(Length::Messages),
        (None, Some(duration)) => cx.positive_duration(duration).map(Length::Duration),
        (None, None) if table.get("precision").is_some() => Some(Length::Auto),
        (None, None) => None,
    };
    let mut simulation = Simulation::default();
    let overhead = |cx: &mut Context<'_>, key: &str| {
        table.get(key).and_then(|f| cx.law(f)).unwrap_or(Law::deterministic(0.0))
    };
    simulation.read(cx, table, &Whose { what: "the table", name: field.key, at: field.node.at });
    Simulation {
        length: length.unwrap_or(default.length),
        warmup: table.get("warmup").and_then(|f| warmup(cx, f)).unwrap_or(default.warmup),
        confidence: table.get("confidence").and_then(|f| confidence(cx, f)).unwrap_or(default.confidence),
        precision: table.get("precision").and_then(|f| precision(cx, f)).unwrap_or_default(),
        overheads: Overheads {
            hand_off: overhead(cx, "hand_off"),
            turnaround: overhead(cx, "turnaround"),
            sync: table.get("sync").and_then(|f| cx.law(f)),
        },
        ..simulation
    }
}

/// How many messages there are in all, where all producers follow traces.
fn rows(producers: &[Producer]) -> Option<u64> {
    let rows = |p: &Producer| match &p.arrivals {
        Arrivals::Trace { instants, .. } => Some((instants.len() as f64 * p.batch.mean()).ceil() as u64),
        _ => None,
    };
    producers.iter().map(rows).sum()
}

fn warmup(cx: &mut Context<'_>, field: Field<'_>) -> Option<Warmup> {
    match &field.node.value {
        Value::Text(text) if text == "auto" => Some(Warmup::Auto),
        Value::Text(text)
            if crate::units::duration(text).is_err() && text.chars().all(char::is_alphabetic) =>
        {
            let told = Problem::error(field.node.at, format!("`{text}` is not a warm-up"));
            cx.tell(told.label("write \"auto\", a duration such as \"30s\", or a number of messages"));
            None
        }
        Value::Text(text) if text.trim().parse::<u64>().is_ok() => {
            let told = Problem::error(field.node.at, "`warmup` needs a unit, or no quotes")
                .label("a number as a text");
            cx.tell(told.help(format!(
                "write {} for a number of messages, or a duration such as \"30s\"",
                text.trim()
            )));
            None
        }
        Value::Text(_) => cx.duration(field).map(Warmup::Duration),
        _ => cx.whole(field, 0, MOST_MESSAGES).map(Warmup::Messages),
    }
}

fn confidence(cx: &mut Context<'_>, field: Field<'_>) -> Option<f64> {
    let number = cx.number(field)?;
    if (0.5..1.0).contains(&number) {
        return Some(number);
    }
    let told = Problem::error(field.node.at, "`confidence` is out of range")
        .label("must be from 0.5 to less than 1");
    let percent = (50.0..100.0).contains(&number);
    cx.tell(if percent { told.help(format!("{number} % is written {}", number / 100.0)) } else { told });
    None
}

fn precision(cx: &mut Context<'_>, field: Field<'_>) -> Option<Precision> {
    let Value::Table(table) = &field.node.value else {
        return cx.number_in(field, 0.0, 1.0, true).map(Precision::Means);
    };
    if table.0.is_empty() {
        let told =
            Problem::error(field.node.at, "`precision` is empty").label("at least one metric is needed");
        cx.tell(told.help("write { \"total.latency.p99\" = 0.02 }, or 0.02 for every mean"));
        return None;
    }
    let mut paths = Vec::new();
    for entry in &table.0 {
        let metric = known_metric(cx, &entry.key, entry.at);
        let share = cx.number_in(entry.field(), 0.0, 1.0, true);
        paths.extend(metric.and(share).map(|share| (MetricId::usual_path(&entry.key), share)));
    }
    Some(Precision::Paths(paths))
}

pub(super) fn measurement(cx: &mut Context<'_>, root: &Table) -> Measurement {
    let mut measurement = Measurement::default();
    if let Some(field) = root.get("measurement")
        && let Some(table) = cx.table(field, &Measurement::keys())
    {
        measurement.read(cx, table, &Whose { what: "the table", name: field.key, at: field.node.at });
    }
    measurement
}

//! Arrivals: the process, its batches, and the rate that they have together.

use super::super::context::law::Relative;
use super::super::context::{Context, Whose};
use super::super::grammar::{PROCESSES, STEP};
use super::super::model::{Arrivals, Batch, MOST_CLIENTS, Step};
use super::super::node::{Field, Node, Table, TableEntry, Value};
use super::super::problem::Problem;
use super::batch;
use crate::workload::arrivals::rate_of;
use crate::workload::file::Want;
use crate::workload::laws::Law;
use std::path::PathBuf;

/// What a producer's rate, arrivals and batches say together.
pub(super) struct ArrivalSettings {
    pub rate: f64,
    pub arrivals: Arrivals,
    pub batch: Batch,
}

/// How far a gap's own mean and the producer's rate may be apart and still say the same.
const SAME: f64 = 1e-9;

pub(super) fn read(cx: &mut Context<'_>, producer: &Table, whose: &Whose<'_>) -> ArrivalSettings {
    let plain = ArrivalSettings { rate: 0.0, arrivals: Arrivals::Poisson, batch: Batch::Fixed(1) };
    let Some(field) = producer.get("arrivals") else {
        return ArrivalSettings { rate: required_rate(cx, producer, whose).unwrap_or(1.0), ..plain };
    };
    let shorthand;
    let node = match &field.node.value {
        Value::Text(_) => {
            let process = TableEntry { key: "process".into(), at: field.node.at, node: field.node.clone() };
            shorthand = Node::table(vec![process], field.node.at);
            &shorthand
        }
        _ => field.node,
    };
    let Some(table) = cx.any_table(Field { key: field.key, node }) else { return plain };
    // Batches alone are those of the default process.
    let default = table.0.iter().all(|e| e.key == "batch").then_some(&PROCESSES[0]);
    let Some((name, keys)) = default.or_else(|| batch::kind_keys(cx, table, node, "process", PROCESSES))
    else {
        return plain;
    };
    let mut known = vec!["process", "batch"];
    known.extend(keys.iter().map(|k| k.name));
    cx.known_keys(table, &known, name);
    let batch = table.get("batch").and_then(|f| batch::read(cx, f)).unwrap_or(Batch::Fixed(1));
    let process = Whose { what: "the process", name, at: node.at };
    let read = match *name {
        "poisson" => required_rate(cx, producer, whose).map(|rate| (Arrivals::Poisson, rate)),
        "periodic" => required_rate(cx, producer, whose).map(|rate| (Arrivals::Periodic, rate)),
        "renewal" => renewal(cx, producer, table, &process, batch.mean()),
        "mmpp" => mmpp(cx, producer, table, &process),
        other => {
            no_rate(cx, producer, other);
            if let Some(field) = table.get("batch").filter(|_| other == "closed" && batch != Batch::Fixed(1))
            {
                let told = Problem::error(field.node.at, "a client sends one message at a time")
                    .label("leave it out");
                cx.tell(told.help("a larger `concurrency` has more of them inside"));
            }
            match other {
                "schedule" => schedule(cx, table, &process),
                "trace" => trace(cx, table, &process),
                _ => closed(cx, table, &process),
            }
        }
    };
    let (arrivals, rate) = read.unwrap_or((Arrivals::Poisson, 0.0));
    ArrivalSettings { rate, arrivals, batch }
}

fn required_rate(cx: &mut Context<'_>, producer: &Table, whose: &Whose<'_>) -> Option<f64> {
    let field = cx.required(producer, "rate", whose, "\"900/s\"")?;
    cx.positive_rate(field)
}

/// A process that brings its own rate must not be given another.
fn no_rate(cx: &mut Context<'_>, producer: &Table, process: &str) {
    if let Some(entry) = producer.entry("rate") {
        let follows = match process {
            "schedule" => "it follows from the steps",
            "trace" => "it follows from the file",
            _ => "it follows from the clients and how soon they are answered",
        };
        cx.tell(
            Problem::error(entry.at, format!("the process `{process}` takes no rate"))
                .label("leave it out")
                .help(follows),
        );
    }
}

fn renewal(
    cx: &mut Context<'_>,
    producer: &Table,
    table: &Table,
    whose: &Whose<'_>,
    batch: f64,
) -> Option<(Arrivals, f64)> {
    let gap_field = cx.required(table, "gap", whose, "{ law = \"erlang\", k = 2 }")?;
    let rate = producer.get("rate");
    let own = rate.and_then(|field| cx.positive_rate(field));
    let Relative { law: gap, given, assumed } = cx.relative_law(gap_field)?;
    if !(gap.mean() > 0.0 && gap.mean().is_finite()) {
        cx.tell(Problem::error(gap_field.node.at, "a gap needs a mean that is finite and not zero"));
        return None;
    }
    let Some(rate) = rate else {
        if assumed {
            let told = Problem::error(gap_field.node.at, "neither a rate nor the gap's mean is given");
            cx.tell(told.help("give the producer rate = \"900/s\""));
        }
        let rate = batch / gap.mean();
        return Some((Arrivals::Renewal { gap }, rate));
    };
    let own = own?;
    let mean = batch / own;
    if (gap.mean() / mean - 1.0).abs() <= SAME {
        return Some((Arrivals::Renewal { gap }, own));
    }
    if given {
        let told = Problem::error(gap_field.node.at, "the gap has a mean of its own")
            .label("leave its mean out, and it follows from the rate");
        cx.tell(told.and(rate.node.at, "the rate"));
        return None;
    }
    let gap = gap.scaled(mean / gap.mean());
    Some((Arrivals::Renewal { gap }, own))
}

fn mmpp(cx: &mut Context<'_>, producer: &Table, table: &Table, whose: &Whose<'_>) -> Option<(Arrivals, f64)> {
    let rates = cx.required(table, "rates", whose, "[\"1000/s\", \"0/s\"]");
    let dwell = cx.required(table, "dwell", whose, "[\"1s\", \"9s\"]");
    let own = producer.get("rate").map(|field| cx.positive_rate(field));
    let rates_read = rates.and_then(|f| each(cx, f, |cx, f| cx.rate(f)));
    let dwell_read = dwell.and_then(|f| each(cx, f, |cx, f| cx.positive_duration(f)));
    let (mut states, dwell_read) = (rates_read?, dwell_read?);
    let (rates, dwell) = (rates?, dwell?);
    if states.len() != dwell_read.len() {
        let why = format!("{} rates and {} dwells", states.len(), dwell_read.len());
        cx.tell(
            Problem::error(dwell.node.at, why)
                .label("one for each state")
                .and(rates.node.at, "the states' rates"),
        );
        return None;
    }
    let mean = mean_of(&states, &dwell_read);
    if !(mean > 0.0 && mean.is_finite()) {
        cx.tell(Problem::error(rates.node.at, "a rate must be more than zero").label("none of them is"));
        return None;
    }
    if let Some(own) = own {
        let factor = own? / mean;
        states.iter_mut().for_each(|rate| *rate *= factor);
    }
    let rate = mean_of(&states, &dwell_read);
    Some((Arrivals::Mmpp { rates: states, dwell: dwell_read }, rate))
}

/// The mean of rates over the time spent at each.
fn mean_of(rates: &[f64], times: &[f64]) -> f64 {
    rates.iter().zip(times).map(|(rate, time)| rate * time).sum::<f64>() / times.iter().sum::<f64>()
}

fn schedule(cx: &mut Context<'_>, table: &Table, whose: &Whose<'_>) -> Option<(Arrivals, f64)> {
    let repeat = table.get("repeat").and_then(|f| cx.flag(f)).unwrap_or(false);
    let ramp = table.get("ramp").and_then(|f| cx.flag(f)).unwrap_or(false);
    let field = cx.required(table, "steps", whose, "[{ for = \"1h\", rate = \"100/s\" }, …]")?;
    let steps = each(cx, field, step)?;
    if steps.iter().all(|s| s.rate == 0.0) {
        cx.tell(Problem::error(field.node.at, "a rate must be more than zero").label("no step has one"));
        return None;
    }
    let rate = scheduled_rate(&steps, repeat, ramp);
    Some((Arrivals::Schedule { steps, repeat, ramp }, rate))
}

fn step(cx: &mut Context<'_>, field: Field<'_>) -> Option<Step> {
    let table = cx.table(field, STEP)?;
    let whose = Whose { what: "a step of", name: "schedule", at: field.node.at };
    let lasts = cx.required(table, "for", &whose, "\"1h\"");
    let rate = cx.required(table, "rate", &whose, "\"100/s\"");
    let (lasts, rate) = (lasts.and_then(|f| cx.positive_duration(f)), rate.and_then(|f| cx.rate(f)));
    Some(Step { lasts: lasts?, rate: rate? })
}

/// The rate in the long run: the mean of a timetable that repeats, else the last step's.
fn scheduled_rate(steps: &[Step], repeat: bool, ramp: bool) -> f64 {
    let rate = |i: usize| steps[i % steps.len()].rate;
    if !repeat {
        return rate(steps.len() - 1);
    }
    let shares: Vec<f64> =
        (0..steps.len()).map(|i| if ramp { (rate(i) + rate(i + 1)) / 2.0 } else { rate(i) }).collect();
    let times: Vec<f64> = steps.iter().map(|s| s.lasts).collect();
    mean_of(&shares, &times)
}

fn trace(cx: &mut Context<'_>, table: &Table, whose: &Whose<'_>) -> Option<(Arrivals, f64)> {
    let field = cx.required(table, "file", whose, "\"arrivals.csv\"")?;
    let column = match table.get("column") {
        Some(column) => Some(cx.text(column)?.to_string()),
        None => None,
    };
    let instants = cx.measured(field, column.as_deref(), Want::Arrivals, "arrivals")?.arrivals?.instants;
    let rate = rate_of(&instants);
    let file = PathBuf::from(field.node.as_text()?);
    Some((Arrivals::Trace { file, column, instants: instants.into() }, rate))
}

fn closed(cx: &mut Context<'_>, table: &Table, whose: &Whose<'_>) -> Option<(Arrivals, f64)> {
    let concurrency =
        cx.required(table, "concurrency", whose, "10").and_then(|f| cx.count(f, 1, MOST_CLIENTS));
    let think_time = match table.get("think_time") {
        Some(field) => cx.law(field),
        None => Some(Law::deterministic(0.0)),
    };
    Some((Arrivals::Closed { concurrency: concurrency?, think_time: think_time? }, 0.0))
}

/// All items of a list, each wrong one told of.
fn each<T>(
    cx: &mut Context<'_>,
    field: Field<'_>,
    mut read: impl FnMut(&mut Context<'_>, Field<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let items: Vec<Option<T>> =
        cx.list(field)?.iter().map(|node| read(cx, Field { key: field.key, node })).collect();
    items.into_iter().collect()
}

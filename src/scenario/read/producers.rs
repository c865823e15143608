//! Producers.

use super::super::grammar::{KEYS, PRODUCER};
use super::super::model::{Destination, Keys, Producer};
use super::super::node::{Field, Table, TableEntry};
use super::super::problem::Problem;
use super::{Context, Whose, arrivals, consumers};
use crate::workload::laws::Law;

pub(super) fn read(cx: &mut Context<'_>, entry: &TableEntry) -> Producer {
    let whose = Whose::entry("producer", entry);
    let empty = Table::default();
    let table = cx.table(entry.field(), PRODUCER).unwrap_or_else(|| {
        cx.broken = true;
        &empty
    });
    let to = match cx.required(table, "to", &whose, "\"NAME\", a queue or a topic") {
        Some(field) => cx.destination(field),
        None => cx.lost(),
    };
    let arriving = arrivals::read(cx, table, &whose);
    Producer {
        name: entry.key.clone(),
        to: to.unwrap_or(Destination::Queue(0)),
        rate: arriving.rate,
        arrivals: arriving.arrivals,
        batch: arriving.batch,
        send_time: table.get("send_time").and_then(|f| cx.law(f)).unwrap_or_else(|| Law::deterministic(0.0)),
        priority: table.get("priority").and_then(|f| priority(cx, f)).unwrap_or(0),
        size: table.get("size").and_then(|f| cx.size(f)).unwrap_or(100),
        keys: table.get("keys").and_then(|f| keys(cx, f)),
        service_time: table.get("service_time").and_then(|f| cx.law(f)),
        failure: table.get("failure").and_then(|f| consumers::failure(cx, f, "the producer's")),
    }
}

fn priority(cx: &mut Context<'_>, field: Field<'_>) -> Option<i32> {
    let number = cx.number(field)?;
    if number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number) {
        return Some(number as i32);
    }
    cx.tell(
        Problem::error(field.node.at, "`priority` must be a whole number of 32 bits")
            .label("larger is sooner"),
    );
    None
}

fn keys(cx: &mut Context<'_>, field: Field<'_>) -> Option<Keys> {
    let table = cx.table(field, KEYS)?;
    let Some(law) = table.get("law") else {
        cx.tell(
            Problem::error(field.node.at, "`keys` does not say which law")
                .help("write { law = \"uniform\", count = 1000 }"),
        );
        return None;
    };
    let zipf = cx.word(law, &["uniform", "zipf"])? == 1;
    let Some(count) = table.get("count") else {
        cx.tell(Problem::error(field.node.at, "`keys` does not say how many").help("add count = 1000"));
        return None;
    };
    let count = cx.count(count, 1, 100_000_000)?;
    match table.get("exponent") {
        Some(exponent) if zipf => {
            cx.number_in(exponent, 0.0, 100.0, false).map(|exponent| Keys::Zipf { count, exponent })
        }
        None if zipf => {
            cx.tell(
                Problem::error(field.node.at, "the law `zipf` lacks `exponent`").help("add exponent = 1.1"),
            );
            None
        }
        Some(exponent) => {
            cx.tell(
                Problem::error(exponent.node.at, "uniform keys have no exponent")
                    .label("leave it out, or write law = \"zipf\""),
            );
            None
        }
        None => Some(Keys::Uniform { count }),
    }
}

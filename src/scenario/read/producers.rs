//! Producers.

use super::super::context::{Context, Whose};
use super::super::model::{Arrivals, Destination, KEYS, Keys, MOST_DISTINCT_KEYS, Producer};
use super::super::node::{Field, Table, TableEntry};
use super::super::notation::DeclaredTable as _;
use super::super::problem::Problem;
use super::{arrivals, consumers};

pub(super) fn read(cx: &mut Context<'_>, entry: &TableEntry) -> Producer {
    let whose = Whose::entry("producer", entry);
    let empty = Table::default();
    let table = cx.table(entry.field(), &Producer::keys()).unwrap_or_else(|| {
        cx.broken = true;
        &empty
    });
    let mut producer = Producer { name: entry.key.clone(), ..Producer::default() };
    producer.read(cx, table, &whose);
    let to = match cx.required(table, "to", &whose, "\"NAME\", a queue or a topic") {
        Some(field) => cx.destination(field),
        None => cx.lost(),
    };
    let arriving = arrivals::read(cx, table, &whose);
    if let Some(field) = table.get("rate_limit") {
        let closed = matches!(arriving.arrivals, Arrivals::Closed { .. });
        let again = if producer.hedge.is_some() { "hedge" } else { "resend" };
        let other = match (closed, producer.most_copies()) {
            (true, _) => {
                Some("closed clients, who send when they have an answer and have thought about it".into())
            }
            (false, Some(_)) => Some(format!("{again}: what is sent again would have to take tokens, too")),
            _ => None,
        };
        if let Some(other) = other {
            let told = Problem::error(field.node.at, format!("`rate_limit` does not go with {other}"));
            cx.tell(told.help("leave one of the two out"));
        }
    }
    if let (Some(field), Some(_)) = (table.get("hedge"), producer.resend) {
        let told =
            Problem::error(field.node.at, "`hedge` does not go with resend: who hedges does not give up");
        cx.tell(told.help("leave one of the two out"));
    }
    Producer {
        to: to.unwrap_or(Destination::Queue(0)),
        rate: arriving.rate,
        arrivals: arriving.arrivals,
        batch: arriving.batch,
        keys: table.get("keys").and_then(|f| keys(cx, f)),
        failure: table.get("failure").and_then(|f| consumers::failure(cx, f, "the producer's")),
        ..producer
    }
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
    let count = cx.count(count, 1, MOST_DISTINCT_KEYS)?;
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

//! Files of throughput by concurrency: one row for each load that was tried.

use super::cell::{self, Cell};
use super::decimal::TimeUnit;
use super::refusal::TimesFileError;
use super::table::TextTable;
use super::text::Text;
use crate::units;

/// What one load gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadRow {
    /// How many messages were under way: clients, connections, unconfirmed messages.
    pub concurrency: u32,
    /// Messages a second.
    pub throughput: f64,
    /// Seconds that a message took.
    pub latency: Option<f64>,
}

/// The most messages under way.
const MOST: f64 = 100_000.0;
/// What people call the columns.
const CONCURRENCY: &[&str] = &[
    "concurrency",
    "n",
    "clients",
    "connections",
    "users",
    "threads",
    "nodes",
    "workers",
    "unconfirmed",
    "window",
];
const THROUGHPUT: &[&str] = &["throughput", "rate", "x", "rps", "qps", "tps", "messages", "msgs", "requests"];
const LATENCY: &[&str] = &["latency", "r", "response", "response_time", "elapsed"];

/// Reads a file whose rows are a concurrency, a throughput and perhaps a latency, in the order of their
/// headings, or in this one if it has none; sorted by concurrency.
///
/// # Errors
/// A file without such columns, or with a row that is none.
pub fn read_load_rows(bytes: &[u8]) -> Result<Vec<LoadRow>, TimesFileError> {
    let (table, records) = TextTable::of(Text::of(Box::new(bytes))?)?;
    let called = |names: &[&str]| {
        let own = |h: &super::Heading| names.contains(&h.name.to_lowercase().as_str());
        if table.named { table.headings.iter().position(own) } else { None }
    };
    let place = |names: &[&str], number: usize| match table.named {
        true => called(names),
        false => Some(number).filter(|number| *number < table.headings.len()),
    };
    let (concurrency, throughput) = (place(CONCURRENCY, 0), place(THROUGHPUT, 1));
    let (Some(concurrency), Some(throughput)) = (concurrency, throughput) else {
        let missing = if concurrency.is_none() { "concurrency" } else { "throughput" };
        return Err(TimesFileError::Other(
            format!("no column is called `{missing}`"),
            "write a heading such as concurrency,throughput,latency_ms".into(),
        ));
    };
    let latency = place(LATENCY, 2);
    let unit = latency.and_then(|column| table.headings[column].unit).unwrap_or(TimeUnit::Second);
    let (mut rows, mut wrong) = (Vec::new(), None);
    records.each(|line, record| {
        let number = |column: usize| match cell::read(record.get(column).unwrap_or_default(), table.delimiter)
        {
            Cell::Number(number) => number.to_string().parse::<f64>().ok(),
            _ => None,
        };
        let rate = || number(throughput).or_else(|| units::rate(record.get(throughput)?).ok());
        let took = |column: usize| match cell::read(record.get(column)?, table.delimiter) {
            Cell::Lasting(seconds) => Some(seconds),
            _ => Some(number(column)? / unit.per_second()),
        };
        let row = || {
            let many = number(concurrency).filter(|n| (1.0..=MOST).contains(n) && n.fract() == 0.0)?;
            let throughput = rate().filter(|x| *x > 0.0 && x.is_finite())?;
            let latency = latency.and_then(took).filter(|r| *r > 0.0);
            Some(LoadRow { concurrency: many as u32, throughput, latency })
        };
        match row() {
            Some(row) => rows.push(row),
            None => wrong = wrong.or(Some(line)),
        }
    })?;
    if let Some(line) = wrong {
        return Err(TimesFileError::Other(
            format!("line {line} has no concurrency from 1 to {MOST} with a throughput above zero"),
            "write whole numbers of clients, and messages a second".into(),
        ));
    }
    rows.sort_by_key(|row| row.concurrency);
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_by_their_headings_or_in_order() {
        let row = |concurrency, throughput, latency| LoadRow { concurrency, throughput, latency };
        let named = read_load_rows(b"latency_ms;throughput;clients\n2;8146;5\n0.5;2k/s;1\n").expect("rows");
        assert_eq!(named, [row(1, 2000.0, Some(0.0005)), row(5, 8146.0, Some(0.002))]);
        let bare = read_load_rows(b"1,2064\n5,8146\n").expect("rows");
        assert_eq!(bare, [row(1, 2064.0, None), row(5, 8146.0, None)]);
        for (wrong, why) in [
            (&b"clients,latency_ms\n1,2\n"[..], "no column is called `throughput`"),
            (b"clients,throughput\n1.5,20\n", "line 2 has no concurrency"),
            (b"clients,throughput\n2,0\n", "line 2 has no concurrency"),
        ] {
            let said = read_load_rows(wrong).expect_err("wrong").to_string();
            assert!(said.contains(why), "{said}");
        }
    }
}

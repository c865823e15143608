//! A table as it was published: which column is what, and its figures in SI units.

use crate::answer::share_of;

/// A row of a published table; what is not there is `None`. Times are seconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PublishedRow {
    /// What the row is called.
    pub name: String,
    /// Messages or requests a second.
    pub rate: Option<f64>,
    /// How many were under way at a time at most: clients, connections, threads.
    pub concurrency: Option<f64>,
    /// How many were measured.
    pub samples: Option<f64>,
    /// How long it lasted.
    pub duration: Option<f64>,
    /// The mean latency.
    pub mean: Option<f64>,
    /// Its standard deviation.
    pub sd: Option<f64>,
    /// The fastest.
    pub min: Option<f64>,
    /// The slowest.
    pub max: Option<f64>,
    /// Share and latency, in increasing order of the share.
    pub percentiles: Vec<(f64, f64)>,
}

/// Why a table cannot be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// No header, or no rows.
    #[error("it has no rows; write a CSV file with a heading, such as `clients,rate,mean_ms,p99_ms`")]
    Empty,
    /// Not CSV.
    #[error("it is no CSV: {0}")]
    Malformed(String),
    /// No column of times.
    #[error(
        "no column is a latency; call it mean_ms, p50_ms, p99_ms or max_ms, with _us, _ms or _s for its unit (there are: {0})"
    )]
    NoLatency(String),
    /// A time without a unit.
    #[error("column `{0}` has no unit; call it `{0}_ms`, `{0}_us` or `{0}_s`")]
    NoUnit(String),
}

/// What a column is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum PublishedColumn {
    Rate(f64),
    Concurrency,
    Samples,
    Duration(f64),
    Mean(f64),
    Sd(f64),
    Min(f64),
    Max(f64),
    Percentile(f64, f64),
}

/// Words that a column's name may be.
const RATES: [&str; 11] =
    ["rate", "throughput", "rps", "qps", "tps", "ops", "msgs", "messages", "requests", "reqs", "x"];
const CONCURRENCIES: [&str; 9] =
    ["concurrency", "clients", "connections", "threads", "users", "vus", "workers", "inflight", "n"];
const SAMPLES: [&str; 4] = ["samples", "count", "total", "num"];

/// Rows, and the names of columns that are nothing.
pub fn read(bytes: &[u8]) -> Result<(Vec<PublishedRow>, Vec<String>), AuditError> {
    let text = String::from_utf8_lossy(bytes);
    let semicolons =
        text.lines().next().is_some_and(|line| line.matches(';').count() > line.matches(',').count());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if semicolons { b';' } else { b',' })
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let heads: Vec<String> = reader
        .headers()
        .map_err(|e| AuditError::Malformed(e.to_string()))?
        .iter()
        .map(String::from)
        .collect();
    let columns: Vec<Option<PublishedColumn>> =
        heads.iter().map(|head| column(head)).collect::<Result<_, _>>()?;
    let is_time = |column: &PublishedColumn| {
        !matches!(
            column,
            PublishedColumn::Rate(_)
                | PublishedColumn::Concurrency
                | PublishedColumn::Samples
                | PublishedColumn::Duration(_)
        )
    };
    if !columns.iter().flatten().any(is_time) {
        return Err(AuditError::NoLatency(heads.join(", ")));
    }
    let mut rows = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(|e| AuditError::Malformed(e.to_string()))?;
        rows.push(row(i, &record, &columns));
    }
    if rows.is_empty() {
        return Err(AuditError::Empty);
    }
    let named = heads.iter().zip(&columns).enumerate().filter(|(i, (_, column))| *i > 0 && column.is_none());
    Ok((rows, named.map(|(_, (head, _))| head.clone()).collect()))
}

/// What a heading says; `None` for one that says nothing of figures.
fn column(head: &str) -> Result<Option<PublishedColumn>, AuditError> {
    let lower = head.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !(c.is_alphanumeric() || c == '.' || c == 'µ'))
        .filter(|w| !w.is_empty())
        .collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let unit = words.iter().find_map(|word| match *word {
        "s" | "sec" | "secs" | "seconds" => Some(1.0),
        "ms" | "msec" | "millis" | "milliseconds" => Some(1e-3),
        "us" | "µs" | "usec" | "micros" | "microseconds" => Some(1e-6),
        "ns" | "nanos" | "nanoseconds" => Some(1e-9),
        _ => None,
    });
    let needed = || unit.ok_or_else(|| AuditError::NoUnit(head.into()));
    let percentile = words.iter().find_map(|word| {
        let digits =
            word.strip_prefix('p').or_else(|| word.strip_suffix("th").or(word.strip_suffix("pct")))?;
        let spelt = digits.parse::<f64>().ok().filter(|p| digits.contains('.') && *p > 0.0 && *p < 100.0);
        spelt.map(|p| p / 100.0).or_else(|| share_of(&format!("p{digits}")))
    });
    let thousand = if words.contains(&"k") { 1e3 } else { 1.0 };
    Ok(Some(if let Some(share) = percentile {
        PublishedColumn::Percentile(share, needed()?)
    } else if has(&["median"]) {
        PublishedColumn::Percentile(0.5, needed()?)
    } else if has(&["mean", "avg", "average"]) {
        PublishedColumn::Mean(needed()?)
    } else if has(&["sd", "stdev", "stddev"]) {
        PublishedColumn::Sd(needed()?)
    } else if has(&["max", "maximum"]) {
        PublishedColumn::Max(needed()?)
    } else if has(&["min", "minimum"]) {
        PublishedColumn::Min(needed()?)
    } else if has(&["duration", "lasted", "runtime"]) {
        PublishedColumn::Duration(needed()?)
    } else if has(&SAMPLES) {
        PublishedColumn::Samples
    } else if has(&CONCURRENCIES) {
        PublishedColumn::Concurrency
    } else if has(&RATES) {
        PublishedColumn::Rate(thousand)
    } else if has(&["latency"]) {
        PublishedColumn::Mean(needed()?)
    } else {
        return Ok(None);
    }))
}

fn row(index: usize, record: &csv::StringRecord, columns: &[Option<PublishedColumn>]) -> PublishedRow {
    let mut row = PublishedRow::default();
    let mut names = Vec::new();
    for (cell, column) in record.iter().zip(columns) {
        let number = cell.replace(['_', ' ', '\u{202f}', '\''], "").parse::<f64>().ok();
        let Some(value) = number.filter(|v| v.is_finite() && *v >= 0.0) else {
            if column.is_none() {
                names.push(cell.to_string());
            }
            continue;
        };
        match column {
            Some(PublishedColumn::Rate(unit)) => row.rate = Some(value * unit),
            Some(PublishedColumn::Concurrency) => row.concurrency = Some(value),
            Some(PublishedColumn::Samples) => row.samples = Some(value),
            Some(PublishedColumn::Duration(unit)) => row.duration = Some(value * unit),
            Some(PublishedColumn::Mean(unit)) => row.mean = Some(value * unit),
            Some(PublishedColumn::Sd(unit)) => row.sd = Some(value * unit),
            Some(PublishedColumn::Min(unit)) => row.min = Some(value * unit),
            Some(PublishedColumn::Max(unit)) => row.max = Some(value * unit),
            Some(PublishedColumn::Percentile(share, unit)) => row.percentiles.push((*share, value * unit)),
            None => names.push(cell.to_string()),
        }
    }
    row.percentiles.sort_by(|a, b| a.0.total_cmp(&b.0));
    row.name = if names.is_empty() { format!("row {}", index + 1) } else { names.join(" ") };
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_by_their_names() {
        let text = "broker,Clients,Throughput (msg/s),mean_ms,p50 ms,p99.9 (us),samples,note\nA,10,1000,5,4,9000,500,x\n";
        let (rows, ignored) = read(text.as_bytes()).expect("a table");
        let row = &rows[0];
        assert_eq!((row.concurrency, row.rate, row.samples), (Some(10.0), Some(1000.0), Some(500.0)));
        assert_eq!(row.mean, Some(0.005));
        assert_eq!(row.percentiles.len(), 2);
        assert!((row.percentiles[1].0 - 0.999).abs() < 1e-12 && (row.percentiles[1].1 - 0.009).abs() < 1e-12);
        assert_eq!((row.name.as_str(), ignored), ("A x", vec!["note".to_string()]));
    }

    #[test]
    fn what_cannot_be_checked_is_said() {
        assert_eq!(read(b"a,b\n1,2\n").expect_err("no latency"), AuditError::NoLatency("a, b".into()));
        assert_eq!(read(b"p99\n2\n").expect_err("no unit"), AuditError::NoUnit("p99".into()));
        assert_eq!(read(b"p99_ms\n").expect_err("no rows"), AuditError::Empty);
    }
}

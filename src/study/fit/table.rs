//! Reading a file of measured times: which columns are times, in which unit, and which rows are none.

/// What a column of times tells of, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// When messages were sent.
    Instants,
    /// Between one send and the next.
    Gaps,
    /// How long the work took.
    Service,
    /// From send to done, waiting included.
    Latency,
}

/// A row without a time where one was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Line of the file, from 1.
    pub line: u64,
    pub text: String,
}

pub struct Table {
    pub rows: usize,
    pub bad: Vec<BadRow>,
    /// Name, kind and values in seconds.
    pub columns: Vec<(String, Kind, Vec<f64>)>,
}

const NAMES: &[(Kind, &[&str])] = &[
    (Kind::Instants, &["timestamp", "timestamps", "time", "at", "due", "sent", "arrival"]),
    (Kind::Gaps, &["gap", "gaps", "interarrival", "inter_arrival"]),
    (Kind::Service, &["service", "service_time", "duration", "value"]),
    (Kind::Latency, &["latency", "response", "response_time", "sojourn"]),
];
/// Suffixes of names, and how many of them make a second.
const UNITS: [(&str, f64); 4] = [("_ns", 1e9), ("_us", 1e6), ("_ms", 1e3), ("_s", 1.0)];

/// Reads the columns whose names are understood. A file without names is one of service times in seconds.
pub fn read(text: &str) -> Result<Table, String> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).comment(Some(b'#')).from_reader(text.as_bytes());
    let mut records = reader.records().peekable();
    let first = match records.peek() {
        Some(Ok(first)) => first.clone(),
        Some(Err(e)) => return Err(e.to_string()),
        None => return Err("the file is empty".into()),
    };
    let named = first.iter().any(|cell| cell.trim_start_matches('\u{feff}').parse::<f64>().is_err());
    let columns: Vec<(usize, String, Kind, f64)> = if named {
        records.next();
        first.iter().enumerate().filter_map(|(i, cell)| meant(cell).map(|(name, kind, scale)| (i, name, kind, scale))).collect()
    } else {
        vec![(0, "service".into(), Kind::Service, 1.0)]
    };
    if columns.is_empty() {
        let known: Vec<&str> = NAMES.iter().map(|(_, names)| names[0]).collect();
        return Err(format!(
            "no column's name is understood; call one of them {}, with _s, _ms, _us or _ns for its unit",
            known.join(", ")
        ));
    }
    let mut table = Table { rows: 0, bad: Vec::new(), columns: columns.iter().map(|c| (c.1.clone(), c.2, Vec::new())).collect() };
    let mut start: Vec<Option<i64>> = vec![None; columns.len()];
    for record in records {
        let record = record.map_err(|e| e.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells: Option<Vec<f64>> =
            columns.iter().zip(&mut start).map(|((i, _, kind, scale), start)| value(record.get(*i)?, *kind, *scale, start)).collect();
        match cells {
            Some(values) => {
                table.rows += 1;
                table.columns.iter_mut().zip(values).for_each(|(column, value)| column.2.push(value));
            }
            None => table.bad.push(BadRow { line, text: record.iter().collect::<Vec<_>>().join(",") }),
        }
    }
    if table.rows == 0 {
        return Err("not one row holds a time in every column that is understood".into());
    }
    Ok(table)
}

/// A cell in seconds. Whole instants are counted from the first: nanoseconds since 1970 do not fit a float.
fn value(cell: &str, kind: Kind, scale: f64, start: &mut Option<i64>) -> Option<f64> {
    if kind == Kind::Instants
        && let Ok(whole) = cell.parse::<i64>()
    {
        return Some(whole.wrapping_sub(*start.get_or_insert(whole)) as f64 / scale);
    }
    let number: f64 = cell.parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number / scale)
}

/// What a heading means: its name without unit, and how many of the unit make a second.
fn meant(heading: &str) -> Option<(String, Kind, f64)> {
    let name = heading.trim_start_matches('\u{feff}').to_lowercase();
    let (bare, scale) = UNITS.iter().find_map(|(suffix, scale)| Some((name.strip_suffix(suffix)?, *scale))).unwrap_or((&name, 1.0));
    let kind = NAMES.iter().find(|(_, names)| names.contains(&bare))?.0;
    Some((bare.to_string(), kind, scale))
}

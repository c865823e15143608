//! Measured times from CSV text: a column of service times, or a trace of instants or gaps.

use crate::units::NANOS_PER_SECOND;

/// Names of a column of instants and of one of gaps, without their unit.
const INSTANTS: &[&str] = &["timestamp", "timestamps", "time", "at", "due", "sent", "arrival"];
const GAPS: &[&str] = &["gap", "gaps", "interarrival", "inter_arrival"];

/// How many bad rows are named.
const NAMED: usize = 3;

/// Times in seconds: the first column, or the one whose name is that of a time if there are several.
pub fn times(text: &str) -> Result<Vec<f64>, String> {
    let rows = rows(text)?;
    let first = rows.first().ok_or("the file is empty")?;
    let headed = first.iter().any(|cell| number(cell).is_none());
    let names: &[&str] = &["service", "service_time", "duration", "latency", "time", "value"];
    let named = first.iter().position(|cell| names.contains(&unit_of(cell).0.as_str())).filter(|_| headed);
    let column = named.unwrap_or(0);
    if named.is_none() && first.len() > 1 {
        return Err(format!("the file has {} columns and none is named {}", first.len(), names.join(", ")));
    }
    let scale = if headed { unit_of(&first[column]).1 } else { 1.0 };
    let values = column_of(&rows, column, headed)?;
    positive(values.into_iter().map(|v| v.0 * scale).collect())
}

/// Instants in seconds, the first at its gap or at 0, from a file whose header says which of both it holds.
pub fn trace(text: &str) -> Result<Vec<f64>, String> {
    let rows = rows(text)?;
    let first = rows.first().ok_or("the file is empty")?;
    let found = first.iter().enumerate().find_map(|(i, cell)| {
        let (name, scale) = unit_of(cell);
        let gaps = GAPS.contains(&name.as_str());
        (gaps || INSTANTS.contains(&name.as_str())).then_some((i, scale, gaps))
    });
    let (column, scale, gaps) = found.ok_or("no column is named `timestamp` or `gap`")?;
    let values = column_of(&rows, column, true)?;
    let instants: Vec<f64> = if gaps {
        let mut at = 0.0;
        positive(values.into_iter().map(|v| v.0 * scale).collect())?.into_iter().map(|gap| (at += gap, at).1).collect()
    } else {
        // Whole numbers are subtracted exactly: nanoseconds since 1970 do not fit a float.
        let start = values[0];
        values.iter().map(|v| v.1.zip(start.1).map_or(v.0 - start.0, |(v, s)| v.wrapping_sub(s) as f64) * scale).collect()
    };
    if let Some(i) = instants.windows(2).position(|w| w[1] < w[0]) {
        return Err(format!("timestamps go back in row {}", i + 3));
    }
    if instants.iter().any(|at| crate::units::nanos(*at).is_none()) {
        return Err("its instants reach beyond 292 years".into());
    }
    Ok(instants)
}

fn positive(values: Vec<f64>) -> Result<Vec<f64>, String> {
    match values.iter().position(|v| crate::units::nanos(*v).is_none()) {
        Some(i) => Err(format!("value {} is negative or too long: {} s", i + 1, values[i])),
        None => Ok(values),
    }
}

fn rows(text: &str) -> Result<Vec<Vec<String>>, String> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).comment(Some(b'#')).from_reader(text.as_bytes());
    reader.records().map(|r| r.map(|r| r.iter().map(String::from).collect()).map_err(|e| e.to_string())).collect()
}

fn number(cell: &str) -> Option<(f64, Option<i64>)> {
    let value: f64 = cell.parse().ok()?;
    value.is_finite().then(|| (value, cell.parse().ok()))
}

/// The numbers of a column, as floats and exactly if they are whole.
fn column_of(rows: &[Vec<String>], column: usize, headed: bool) -> Result<Vec<(f64, Option<i64>)>, String> {
    let (mut values, mut bad) = (Vec::with_capacity(rows.len()), Vec::new());
    for (i, row) in rows.iter().enumerate().skip(usize::from(headed)) {
        let cell = row.get(column).map_or("", String::as_str);
        match number(cell) {
            Some(value) => values.push(value),
            None => bad.push((i + 1, cell)),
        }
    }
    if !bad.is_empty() {
        let shown: Vec<String> = bad.iter().take(NAMED).map(|(row, cell)| format!("row {row}: `{cell}`")).collect();
        let more = if bad.len() > NAMED { ", …" } else { "" };
        let rows = if bad.len() == 1 { "1 row is no number".into() } else { format!("{} rows are no numbers", bad.len()) };
        return Err(format!("{rows} ({}{more})", shown.join(", ")));
    }
    if values.is_empty() {
        return Err("the file has no rows".into());
    }
    Ok(values)
}

/// A column's name without its unit, and that unit in seconds.
fn unit_of(header: &str) -> (String, f64) {
    let name = header.trim_start_matches('\u{feff}').to_lowercase();
    for (suffix, scale) in [("_ns", 1.0 / NANOS_PER_SECOND), ("_us", 1e-6), ("_ms", 1e-3), ("_s", 1.0)] {
        if let Some(bare) = name.strip_suffix(suffix) {
            return (bare.into(), scale);
        }
    }
    (name, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_instants_or_gaps_and_the_unit() {
        assert_eq!(trace("timestamp_ns\n1700000000000000001\n1700000000000000003\n"), Ok(vec![0.0, 2e-9]));
        assert_eq!(trace("gap_ms,x\n1,a\n2,b\n"), Ok(vec![0.001, 0.003]));
        assert!(trace("1\n2\n").is_err());
        assert_eq!(trace("timestamp\n3\n2\n"), Err("timestamps go back in row 3".into()));
    }

    #[test]
    fn bad_rows_are_counted_and_named() {
        assert_eq!(times("service_ms\n1\nx\n\n3\ny\n"), Err("2 rows are no numbers (row 3: `x`, row 5: `y`)".into()));
        assert_eq!(times("1\n0.5\n"), Ok(vec![1.0, 0.5]));
        for bad in ["", "a\n", "-1\n", "nan\n", "1e400\n", "1,2\n3,4\n"] {
            assert!(times(bad).is_err(), "{bad}");
        }
    }
}

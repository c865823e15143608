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
    /// What was taken for granted, in sentences.
    pub notes: Vec<String>,
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
    let text = text.trim_start_matches('\u{feff}');
    let delimiter = delimiter(text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let mut records = reader.records().peekable();
    let first = match records.peek() {
        Some(Ok(first)) => first.clone(),
        Some(Err(e)) => return Err(e.to_string()),
        None => return Err("the file is empty".into()),
    };
    let decimal = |cell: &str| if delimiter == b';' { cell.replace(',', ".") } else { cell.to_string() };
    let named = first.iter().any(|cell| decimal(cell).parse::<f64>().is_err());
    let mut notes = Vec::new();
    let columns: Vec<(usize, String, Kind, Option<f64>)> = if named {
        records.next();
        first.iter().enumerate().filter_map(|(i, cell)| meant(cell).map(|(name, kind, scale)| (i, name, kind, scale))).collect()
    } else {
        notes.push("the file names no columns: its first one is taken for service times in seconds".into());
        vec![(0, "service".into(), Kind::Service, Some(1.0))]
    };
    if columns.is_empty() {
        let known: Vec<&str> = NAMES.iter().map(|(_, names)| names[0]).collect();
        return Err(format!(
            "no column's name is understood; call one of them {}, with _s, _ms, _us or _ns for its unit",
            known.join(", ")
        ));
    }
    let mut table = Table { notes, rows: 0, bad: Vec::new(), columns: columns.iter().map(|c| (c.1.clone(), c.2, Vec::new())).collect() };
    let mut start: Vec<Option<i64>> = vec![None; columns.len()];
    let mut dated = false;
    for record in records {
        let record = record.map_err(|e| e.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        // More cells than names: a number was written with a comma, or a text was not quoted.
        let whole = !named || record.len() <= first.len();
        let mut cell = |i: usize, kind: Kind, scale: Option<f64>, start: &mut Option<i64>| {
            let cell = decimal(record.get(i)?);
            let date = (kind == Kind::Instants).then(|| moment(&cell)).flatten();
            dated |= date.is_some();
            value(&cell, date, kind, scale.unwrap_or(1.0), start)
        };
        let cells: Option<Vec<f64>> =
            columns.iter().zip(&mut start).map(|((i, _, kind, scale), start)| cell(*i, *kind, *scale, start)).collect();
        match cells.filter(|_| whole) {
            Some(values) => {
                table.rows += 1;
                table.columns.iter_mut().zip(values).for_each(|(column, value)| column.2.push(value));
            }
            None => {
                table.bad.push(BadRow { line, text: record.iter().collect::<Vec<_>>().join(char::from(delimiter).to_string().as_str()) })
            }
        }
    }
    if table.rows == 0 {
        let example = table.bad.first().map_or(String::new(), |bad| format!("; line {} is `{}`", bad.line, bad.text));
        return Err(format!("not one row holds a time in every column that is understood{example}"));
    }
    let unitless = columns.iter().filter(|c| c.3.is_none() && !(dated && c.2 == Kind::Instants)).map(|c| format!("`{}`", c.1));
    let unitless: Vec<String> = unitless.collect();
    if !unitless.is_empty() {
        table.notes.push(format!("{} has no unit in its name: taken for seconds; write _s, _ms, _us or _ns", unitless.join(", ")));
    }
    Ok(table)
}

/// What stands between the cells: a comma, unless the first line has none but a semicolon or a tab.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
    [b';', b'\t'].into_iter().find(|c| first.as_bytes().contains(c) && (*c == b';' || !first.contains(','))).unwrap_or(b',')
}

/// A cell in seconds. Instants are counted from the first one's whole part: nanoseconds since 1970 do not fit a float.
fn value(cell: &str, date: Option<(i64, f64)>, kind: Kind, scale: f64, start: &mut Option<i64>) -> Option<f64> {
    if kind == Kind::Instants {
        let ((whole, fraction), scale) = date.map(|date| (date, 1.0)).or_else(|| Some((parts(cell)?, scale)))?;
        return Some((whole.wrapping_sub(*start.get_or_insert(whole)) as f64 + fraction) / scale);
    }
    let number: f64 = cell.parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number / scale)
}

/// A number as its whole part and what is left, without losing digits of either.
fn parts(cell: &str) -> Option<(i64, f64)> {
    let number: f64 = cell.parse().ok().filter(|x: &f64| x.abs() < 9e18)?;
    let (whole, rest) = cell.split_once('.').unwrap_or((cell, ""));
    match (whole.parse::<i64>(), rest.bytes().all(|c| c.is_ascii_digit())) {
        (Ok(whole), true) => {
            let fraction = if rest.is_empty() { 0.0 } else { format!("0.{rest}").parse().ok()? };
            Some((whole, if cell.starts_with('-') { -fraction } else { fraction }))
        }
        _ => Some((number.floor() as i64, number - number.floor())),
    }
}

/// A moment such as `2026-11-27T18:05:09.25Z`, as seconds since 1970 and their fraction; without a zone it is UTC.
fn moment(cell: &str) -> Option<(i64, f64)> {
    let (date, time) = cell.split_once(['T', ' '])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let end = time.find(['Z', '+', '-', ' ']).unwrap_or(time.len());
    let (time, zone) = (&time[..end], time[end..].trim());
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (time.next()?.parse::<i64>().ok()?, time.next()?.parse::<i64>().ok()?);
    let (second, fraction) = time.next().map_or(Some((0, 0.0)), parts)?;
    let zone = match zone {
        "" | "Z" | "UTC" => 0,
        zone => {
            let (hours, minutes) = zone.get(1..)?.split_at_checked(2)?;
            let minutes = minutes.trim_start_matches(':');
            let size = hours.parse::<i64>().ok()? * 3600 + if minutes.is_empty() { 0 } else { minutes.parse::<i64>().ok()? * 60 };
            if zone.starts_with('-') { -size } else { size }
        }
    };
    let sound = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    // Days since 1970, years beginning in March so that the leap day is the last (Hinnant, `days_from_civil`).
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day - 1 - 719_468;
    sound.then_some((days * 86_400 + hour * 3600 + minute * 60 + second - zone, fraction))
}

/// What a heading means: its name without unit, and how many of the unit make a second; `None` if it names no unit.
fn meant(heading: &str) -> Option<(String, Kind, Option<f64>)> {
    let name = heading.to_lowercase();
    let united = UNITS.iter().find_map(|(suffix, scale)| Some((name.strip_suffix(suffix)?, Some(*scale))));
    let (bare, scale) = united.unwrap_or((&name, None));
    let kind = NAMES.iter().find(|(_, names)| names.contains(&bare))?.0;
    Some((bare.to_string(), kind, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(text: &str) -> Vec<f64> {
        read(text).expect("sound").columns.remove(0).2
    }

    #[test]
    fn instants_keep_their_digits_however_they_are_written() {
        let close = |text: &str, expected: &[f64]| {
            let found = column(text);
            let near = found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9);
            assert!(near, "{text}: {found:?}");
        };
        // Whole and broken numbers in one column count from the same instant.
        close("at_ms\n1700000000000\n1700000000000.5\n1700000000002\n", &[0.0, 0.0005, 0.002]);
        close("at_s\n0.5\n3\n4.25\n", &[0.5, 3.0, 4.25]);
        close("at_ns\n1700000000000000001\n1700000000000000004\n", &[0.0, 3e-9]);
        close("at_s\n-1.5\n-1\n1e1\n", &[-0.5, 0.0, 11.0]);
        close("at\n2024-02-28T23:59:59.5Z\n2024-02-29 00:00:00\n2024-03-01T01:00:00.25+01:00\n", &[0.5, 1.0, 86_401.25]);
    }

    #[test]
    fn other_separators_are_seen_and_too_many_cells_are_bad() {
        assert_eq!(column("service_ms;note\n1,5;a\n2,5;b\n"), [0.0015, 0.0025]);
        assert_eq!(column("service_ms\tnote\n1\ta\n2\tb\n"), [0.001, 0.002]);
        let commas = read("at_s,service_s\n1,2\n1,5,2,5\n3\n").expect("one good row");
        assert_eq!((commas.rows, commas.bad.iter().map(|b| b.line).collect::<Vec<_>>()), (1, vec![3, 4]));
    }

    #[test]
    fn what_is_taken_for_granted_is_told() {
        assert!(read("0.1,2\n0.2,3\n").expect("two rows").notes[0].contains("names no columns"));
        assert!(read("service\n1\n").expect("a row").notes[0].contains("`service` has no unit"));
        assert!(read("service_ms\n1\n").expect("a row").notes.is_empty());
        assert!(read("service_ms\nx\n").is_err_and(|why| why.contains("line 2 is `x`")));
    }
}

//! One cell: a number, a moment, or how long something took.

use super::dates::{ParsedDate, moment, written};
use super::decimal::Decimal;
use crate::units;
use std::fmt;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell {
    /// In a unit that the heading or the size says.
    Number(Decimal),
    Moment(ParsedDate),
    /// Seconds, by a unit of its own.
    Lasting(f64),
    Nothing,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Number(number) => number.fmt(f),
            Cell::Moment(moment) => f.write_str(&written(moment.nanos)),
            Cell::Lasting(seconds) => write!(f, "{seconds}s"),
            Cell::Nothing => Ok(()),
        }
    }
}

/// Reads a cell; in a table whose cells are apart by other signs, a comma is a decimal one.
pub(super) fn read(text: &str, delimiter: u8) -> Cell {
    let number = |text: &str| Decimal::parse(text).map(Cell::Number);
    let comma = delimiter != b',' && text.contains(',');
    let decimal = if comma { decimal_comma(text).and_then(|text| number(&text)) } else { number(text) };
    let decimal = decimal.or_else(|| thousands(text).and_then(|text| number(&text)));
    decimal
        .or_else(|| moment(text).map(Cell::Moment))
        .or_else(|| lasting(text, comma).map(Cell::Lasting))
        .unwrap_or(Cell::Nothing)
}

/// `1.234,5` with a point; `None` if the comma is none of decimals.
fn decimal_comma(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once(',')?;
    let thousands = whole.contains('.');
    let sound = !thousands || whole.split('.').skip(1).all(|group| group.len() == 3);
    (sound && !fraction.contains(',')).then(|| format!("{}.{fraction}", whole.replace('.', "")))
}

/// `1,234.5` or `1,234,567` without its commas; one comma alone may be of decimals.
fn thousands(text: &str) -> Option<String> {
    if !text.contains(',') {
        return None;
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let groups: Vec<&str> = whole.split(',').collect();
    let sure = groups.len() > 2 || groups.len() == 2 && text.contains('.');
    let sound = (1..=3).contains(&groups[0].trim_start_matches('-').len())
        && groups[1..].iter().all(|group| group.len() == 3);
    (sure && sound && !fraction.contains(',')).then(|| text.replace(',', ""))
}

/// `12ms`, `1m30.5s` or `00:00:01.25`.
fn lasting(text: &str, comma: bool) -> Option<f64> {
    if !text.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let text = if comma { text.replace(',', ".") } else { text.into() };
    if let Ok(seconds) = units::duration(&text) {
        return Some(seconds);
    }
    let mut total = 0.0;
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    for part in parts {
        total = total * 60.0 + part.parse::<f64>().ok().filter(|x| *x >= 0.0 && x.is_finite())?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_what_people_would_take_it_for() {
        let number = |text: &str| Cell::Number(Decimal::parse(text).expect("a number"));
        assert_eq!(read("3,2704", b';'), number("3.2704"));
        assert_eq!(read("1.234,5", b';'), number("1234.5"));
        assert_eq!(
            [read("1,015.25", b','), read("-2,001,015", b','), read("1,234.5", b';')],
            ["1015.25", "-2001015", "1234.5"].map(number)
        );
        assert_eq!(read("66.838930ms", b','), Cell::Lasting(0.06683893));
        assert_eq!(read("1m30s", b','), Cell::Lasting(90.0));
        assert_eq!(read("12,5ms", b';'), Cell::Lasting(0.0125));
        assert_eq!(read("00:01:01.25", b','), Cell::Lasting(61.25));
        assert!(matches!(read("2024-11-27 18:05:09,25", b';'), Cell::Moment(m) if !m.zoned));
        for nothing in [
            "",
            "x",
            "3,2704",
            "1,5,2",
            "1,234",
            "1,23,456",
            "1.5,234",
            "nan",
            "inf",
            "N/A",
            "-",
            "12 parsecs",
        ] {
            assert_eq!(read(nothing, b','), Cell::Nothing, "{nothing}");
        }
    }
}

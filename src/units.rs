//! Units: integer nanoseconds for whatever is ordered, `f64` SI units for whatever is averaged.
//!
//! Times cross from one world to the other here and nowhere else, rounded to nearest: truncation alone
//! turns a utilization of 0.95 into 0.954 for ten 1 µs servers.

use std::fmt;

/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: f64 = 1e9;

/// The longest time that can be held, about 292 years: a sum of two such times still fits a `u64`.
pub const MAX_NANOS: u64 = i64::MAX as u64;

/// An interval of less than this share of its value is what adding up leaves of equal numbers.
pub const NOTHING: f64 = 1e-9;

/// Seconds to integer nanoseconds, rounded to nearest; `None` if negative, not a number or beyond 292 years.
///
/// ```
/// assert_eq!(queuelab::units::nanos(0.004), Some(4_000_000));
/// assert_eq!(queuelab::units::nanos(-1.0), None);
/// ```
#[inline(always)]
pub fn nanos(seconds: f64) -> Option<u64> {
    whole(seconds * NANOS_PER_SECOND)
}

/// A number of nanoseconds rounded to nearest; `None` if negative, not a number or beyond 292 years.
#[inline(always)]
pub fn whole(nanos: f64) -> Option<u64> {
    // What is below one half rounds to zero, and from 2⁵³ on every number is whole. The upper bound itself is
    // 2⁶³.
    if !(nanos > -0.5 && nanos <= MAX_NANOS as f64) {
        return None;
    }
    let whole = nanos as u64;
    Some(whole + u64::from(nanos - whole as f64 >= 0.5))
}

/// Integer nanoseconds to seconds.
pub fn seconds(nanos: u64) -> f64 {
    nanos as f64 / NANOS_PER_SECOND
}

/// What a text lacks to be a quantity: a sentence that says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnitError(pub String);

/// A duration such as `"4ms"`, `"1.5 s"`, `"1h 30m"` or `"250us"`, in seconds.
///
/// # Errors
/// A text that is no duration, or one without a unit.
pub fn duration(text: &str) -> Result<f64, UnitError> {
    let refuse = || {
        UnitError(format!(
            "`{text}` is not a duration; write a number with ns, us, ms, s, m or h, such as \"4ms\""
        ))
    };
    let trimmed = text.trim();
    if trimmed.parse::<f64>().is_ok() {
        return Err(UnitError(format!(
            "`{trimmed}` lacks a unit of time; write \"{trimmed}ms\" or \"{trimmed}s\""
        )));
    }
    let mut total = 0.0;
    let mut rest = trimmed;
    while !rest.is_empty() {
        let (number, after) = number_prefix(rest).ok_or_else(refuse)?;
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        total += number * time_unit(&after[..end]).ok_or_else(refuse)?;
        rest = after[end..].trim_start();
    }
    if trimmed.is_empty() {
        return Err(refuse());
    }
    let too_long = || {
        UnitError(format!(
            "`{trimmed}` is too long; times are kept in whole nanoseconds, which hold 292 years"
        ))
    };
    nanos(total).map(|_| total).ok_or_else(too_long)
}

/// A duration that reads back as the very same number.
pub(crate) fn duration_text(seconds: f64) -> String {
    if seconds == 0.0 {
        return "0s".into();
    }
    let units = [(3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")];
    // Without the dust of a division.
    let tidy = |value: f64| format!("{value:.9e}").parse().unwrap_or(value);
    let fits = |(scale, unit): (f64, &str)| {
        let text = format!("{}{unit}", tidy(seconds / scale));
        (duration(&text) == Ok(seconds)).then_some(text)
    };
    let natural = units.into_iter().filter(|(scale, unit)| {
        seconds >= *scale && !(matches!(*unit, "h" | "min") && seconds / scale % 1.0 != 0.0)
    });
    natural.filter_map(fits).find(|text| text.len() <= 10).unwrap_or_else(|| format!("{seconds}s"))
}

/// Seconds in a unit of time.
fn time_unit(name: &str) -> Option<f64> {
    Some(match name {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" => 1e-3,
        "s" | "sec" | "second" | "seconds" => 1.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86400.0,
        _ => return None,
    })
}

/// A number at the start of a text (underscores allowed between digits) and what follows it, blanks skipped.
fn number_prefix(text: &str) -> Option<(f64, &str)> {
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let exponent = matches!(bytes[end], b'e' | b'E')
            && bytes.get(end + 1).is_some_and(|c| {
                c.is_ascii_digit()
                    || (matches!(c, b'+' | b'-') && bytes.get(end + 2).is_some_and(u8::is_ascii_digit))
            });
        match bytes[end] {
            b'0'..=b'9' | b'.' | b'_' => end += 1,
            b'-' | b'+' if end == 0 => end += 1,
            _ if exponent && end > 0 => end += 2,
            _ => break,
        }
    }
    let number: f64 = text[..end].replace('_', "").parse().ok()?;
    (number >= 0.0 && number.is_finite()).then(|| (number, text[end..].trim_start()))
}

/// A rate such as `"900/s"`, `"5k/s"`, `"300/min"` or `"1.2M/h"`, per second.
///
/// # Errors
/// A text that is no rate, or one without `/unit`.
pub fn rate(text: &str) -> Result<f64, UnitError> {
    let refuse = || {
        UnitError(format!(
            "`{text}` is not a rate; write messages per unit of time, such as \"900/s\", \"5k/s\" or \
                \"300/min\""
        ))
    };
    let trimmed = text.trim();
    if let Ok(number) = trimmed.replace('_', "").parse::<f64>() {
        return Err(UnitError(format!("`{number}` lacks a unit; write \"{number}/s\" if it is per second")));
    }
    let (count, per) = trimmed.split_once('/').ok_or_else(refuse)?;
    let (number, scale) = number_prefix(count.trim()).ok_or_else(refuse)?;
    let factor = match scale.trim() {
        "" => 1.0,
        "k" | "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        _ => return Err(refuse()),
    };
    let per_second = number * factor / time_unit(per.trim()).ok_or_else(refuse)?;
    per_second.is_finite().then_some(per_second).ok_or_else(refuse)
}

/// A size such as `"2KiB"`, `"100B"` or `"1MB"`, in bytes.
///
/// # Errors
/// A text that is no size, or one without a unit.
pub fn size(text: &str) -> Result<u64, UnitError> {
    let refuse = || {
        UnitError(format!(
            "`{text}` is not a size; write a number with B, KB, KiB, MB or MiB, such as \"2KiB\""
        ))
    };
    let (number, unit) = number_prefix(text.trim()).ok_or_else(refuse)?;
    let factor = match unit.trim() {
        "B" => 1.0,
        "KB" | "kB" => 1e3,
        "KiB" => 1024.0,
        "MB" => 1e6,
        "MiB" => 1048576.0,
        "GB" => 1e9,
        "GiB" => 1073741824.0,
        _ => return Err(refuse()),
    };
    let bytes = (number * factor).round();
    (bytes <= u32::MAX as f64).then_some(bytes as u64).ok_or_else(refuse)
}

/// A time for people: three significant digits and a fitting unit, as in `12.3 ms`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Time(pub f64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A millionth of a millionth of the smallest unit is arithmetic, not time.
        let shown = if self.0.abs() < 1e-21 { 0.0 } else { self.0 };
        let (scale, unit) = time_scale(shown.abs());
        write!(f, "{} {unit}", significant(shown / scale, 3))
    }
}

/// The unit in which a time of this size (seconds) reads best: its length in seconds and its name.
pub fn time_scale(size: f64) -> (f64, &'static str) {
    match size {
        0.0 => (1.0, "s"),
        s if s < 0.999_5e-6 => (1e-9, "ns"),
        s if s < 0.999_5e-3 => (1e-6, "µs"),
        s if s < 0.999_5 => (1e-3, "ms"),
        s if s < 599.5 => (1.0, "s"),
        s if s < 35_970.0 => (60.0, "min"),
        _ => (3600.0, "h"),
    }
}

/// A number with so many significant digits and no exponent, as people write it: `0.0123`, `12.3`, `12 300`.
pub fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let mut decimals = (digits - 1 - value.abs().log10().floor() as i32).max(0) as usize;
    // Rounding can carry into another digit (9.996 -> 10.00): one decimal less then.
    let rounded: f64 = format!("{value:.decimals$}").parse().unwrap_or(value);
    if decimals > 0 && (digits - 1 - rounded.abs().log10().floor() as i32).max(0) < decimals as i32 {
        decimals -= 1;
    }
    fixed(value, decimals)
}

/// A number with so many decimals, thousands kept apart.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let (sign, figures) = whole.strip_prefix('-').map_or(("", whole), |w| ("-", w));
    let grouped = if figures.len() > 4 { group_thousands(figures) } else { figures.to_string() };
    fraction.map_or(format!("{sign}{grouped}"), |f| format!("{sign}{grouped}.{f}"))
}

/// A number with at most so many significant digits and no zeros at its end: `200 000`, `95`, `0.9`.
pub fn plain(value: f64, digits: i32) -> String {
    let text = significant(value, digits);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// Three decimals, or as many more as tell a number from 1, without zeros at the end.
pub fn near_one(x: f64) -> String {
    let decimals =
        (3..=9).find(|&n| format!("{x:.n$}") != format!("{:.n$}", 1.0)).filter(|_| x != 1.0).unwrap_or(3);
    let rounded = format!("{x:.decimals$}");
    rounded.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// `12300` -> `12 300` (a narrow no-break space, so that a number stays on its line).
fn group_thousands(figures: &str) -> String {
    let mut out = String::new();
    for (i, c) in figures.chars().enumerate() {
        if i > 0 && (figures.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        assert_eq!(duration("4ms"), Ok(0.004));
        assert_eq!(duration("1h 30m"), Ok(5400.0));
        assert_eq!(duration("1.5 s"), Ok(1.5));
        assert_eq!(duration("2e3us"), Ok(0.002));
        for bad in ["", "4", "ms", "-4ms", "4 parsecs", "1e400s", "999999999h", "4ms,"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_too_long_is_told_so() {
        let why = |text: &str| duration(text).expect_err("it is refused").to_string();
        assert!(why("999999999h").contains("too long") && why("4 parsecs").contains("not a duration"));
    }

    #[test]
    fn rates_and_sizes_need_their_unit() {
        assert_eq!(rate("5k/s"), Ok(5000.0));
        assert_eq!(rate("300/min"), Ok(5.0));
        assert_eq!(size("2KiB"), Ok(2048));
        for bad in ["900", "900/", "/s", "-1/s", "9/parsec", "nan/s"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
        assert!(size("2").is_err() && size("9999GiB").is_err());
    }

    #[test]
    fn numbers_print_with_three_digits() {
        assert_eq!(Time(0.0123456).to_string(), "12.3 ms");
        assert_eq!(Time(0.9999).to_string(), "1.00 s");
        assert_eq!([Time(0.0).to_string(), Time(3.3e-63).to_string()], ["0 s", "0 s"]);
        assert_eq!(significant(9.996, 3), "10.0");
        assert_eq!(significant(12345.0, 3), "12\u{202f}345");
        assert_eq!(significant(0.000123456, 3), "0.000123");
        assert_eq!([plain(200_000.0, 7), plain(95.0, 3), plain(0.25, 4)], ["200\u{202f}000", "95", "0.25"]);
    }
}

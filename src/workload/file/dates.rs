//! Moments in words: ISO 8601 and what logs write in its place.

use super::decimal::{Decimal, TimeUnit};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A moment and whether it names its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ParsedDate {
    /// Since 1970 in UTC.
    pub nanos: i128,
    pub zoned: bool,
    /// The last place that is written: a second, a minute or a day.
    pub grain: TimeUnit,
}

/// A moment such as `2026-11-27T18:05:09.25+01:00`, `2026/11/27 18:05`, `27.11.2026 18:05:09,250` or
/// `27/Nov/2026:18:05:09 +0000`; without a zone it is UTC. Dates that could be read two ways, `11/12/2026`,
/// are none.
pub(super) fn moment(cell: &str) -> Option<ParsedDate> {
    let cell = weekday(cell.trim());
    if cell.len() < 8 || !cell.as_bytes()[0].is_ascii_digit() {
        return None;
    }
    let (days, rest) = date(cell)?;
    let rest = rest.trim_start_matches(['T', 't', ' ', ':']);
    let end =
        rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | ','))).unwrap_or(rest.len());
    let (time, zone) = (&rest[..end], rest[end..].trim());
    let (time, grain) = if time.is_empty() { (0, TimeUnit::Day) } else { clock(time)? };
    let offset = offset(zone)?;
    let nanos =
        (i128::from(days) * 86_400 - i128::from(offset.unwrap_or(0))) * TimeUnit::Second.nanos() + time;
    Some(ParsedDate { nanos, zoned: offset.is_some(), grain })
}

/// Without the day of the week in front.
fn weekday(cell: &str) -> &str {
    match cell.split_once([',', ' ']) {
        Some((day, rest)) if day.len() == 3 && day.bytes().all(|c| c.is_ascii_alphabetic()) => {
            rest.trim_start()
        }
        _ => cell,
    }
}

/// Days since 1970 and what follows the date.
fn date(cell: &str) -> Option<(i64, &str)> {
    let digits = cell.bytes().take_while(u8::is_ascii_digit).count();
    // Without the T it is a number like any other.
    if digits == 8 && matches!(cell.as_bytes().get(8), Some(b'T' | b't')) {
        let (date, rest) = cell.split_at(8);
        return Some((
            days(date[..4].parse().ok()?, date[4..6].parse().ok()?, date[6..].parse().ok()?)?,
            rest,
        ));
    }
    let between = *cell.as_bytes().get(digits)?;
    let mut parts = cell.splitn(3, char::from(between));
    let (first, second, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (third, rest) = rest.split_at(length);
    let month = MONTHS.iter().position(|m| second.to_ascii_lowercase().starts_with(m)).map(|m| m as i64 + 1);
    let number = |text: &str| text.parse::<i64>().ok();
    match (digits, between, month) {
        (4, b'-' | b'/' | b'.', None) => Some((days(number(first)?, number(second)?, number(third)?)?, rest)),
        (1 | 2, b'/' | b'-' | b' ', Some(month)) => {
            Some((days(number(third)?, month, number(first)?)?, rest))
        }
        (1 | 2, b'.', None) if length == 4 => {
            Some((days(number(third)?, number(second)?, number(first)?)?, rest))
        }
        _ => None,
    }
}

/// Days since 1970, years beginning in March so that the leap day is the last (Hinnant, `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !((1..=12).contains(&month) && (1..=31).contains(&day) && (0..10_000).contains(&year)) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(
        year * 365 + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + (153 * month + 2) / 5
            + day
            - 1
            - 719_468,
    )
}

/// Nanoseconds since 1970 as a date, for sentences (Hinnant, `civil_from_days`).
pub(super) fn written(nanos: i128) -> String {
    let seconds = nanos.div_euclid(TimeUnit::Second.nanos());
    let (days, second) = (seconds.div_euclid(86_400) + 719_468, seconds.rem_euclid(86_400));
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let rest = day - (365 * year + year / 4 - year / 100);
    let month = (5 * rest + 2) / 153;
    let (day, month, year) =
        (rest - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 }, year + era * 400);
    let year = if month <= 2 { year + 1 } else { year };
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// A time of day, `18:05:09.25`, `18:05` or `180509`, in nanoseconds, and its last place.
fn clock(text: &str) -> Option<(i128, TimeUnit)> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let parts: Vec<&str> = if whole.contains(':') {
        whole.split(':').collect()
    } else {
        (0..whole.len()).step_by(2).map(|i| whole.get(i..i + 2)).collect::<Option<_>>()?
    };
    let grain = if parts.len() == 2 { TimeUnit::Minute } else { TimeUnit::Second };
    let [hour, minute, second] = match parts.as_slice() {
        [hour, minute] => [*hour, *minute, "0"],
        [hour, minute, second] => [*hour, *minute, *second],
        _ => return None,
    }
    .map(|part| part.parse::<i128>().ok());
    let (hour, minute, second) = (hour?, minute?, second?);
    // A leap second has the number 60.
    if hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let fraction = Decimal::parse(&format!("0.{fraction}"))?.nanos(TimeUnit::Second)?;
    Some((((hour * 60 + minute) * 60 + second) * TimeUnit::Second.nanos() + fraction, grain))
}

/// Seconds east of UTC; the inner `None` if no zone is named, the outer if it is none.
fn offset(zone: &str) -> Option<Option<i32>> {
    let first = zone.split_whitespace().next().unwrap_or("");
    match first {
        "" => return Some(None),
        "Z" | "z" | "UTC" | "GMT" => return Some(Some(0)),
        _ => {}
    }
    let sign = if first.starts_with('-') || first.starts_with('−') { -1 } else { 1 };
    let digits: String = first.trim_start_matches(['+', '-', '−']).chars().filter(|c| *c != ':').collect();
    if !first.starts_with(['+', '-', '−']) || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = (digits.get(..2)?.parse::<i32>().ok()?, digits.get(2..).unwrap_or(""));
    let minutes = if minutes.is_empty() { 0 } else { minutes.parse::<i32>().ok()? };
    Some(Some(sign * (hours * 3600 + minutes * 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_in_many_words() {
        let nanos = 1_732_730_709_250_000_000;
        for text in [
            "2024-11-27T18:05:09.25Z",
            "2024-11-27 18:05:09.25",
            "2024-11-27T23:35:09.250+05:30",
            "2024-11-27T23:35:09.25+0530",
            "2024-11-27 19:05:09.25 +01",
            "2024-11-27 18:05:09.25 +0000 UTC m=+0.1",
            "2024/11/27 18:05:09.25",
            "27.11.2024 18:05:09,250",
            "27/Nov/2024:18:05:09.25 +0000",
            "Wed, 27 Nov 2024 18:05:09.25 GMT",
            "20241127T180509.25Z",
        ] {
            assert_eq!(moment(text).map(|m| m.nanos), Some(nanos), "{text}");
        }
        assert!(
            moment("2024-11-27T18:05:09Z").is_some_and(|m| m.zoned)
                && moment("2024-11-27 18:05").is_some_and(|m| !m.zoned)
        );
        for text in ["2024-02-29T23:59:58Z", "1969-12-31T00:00:01Z", "2000-01-01T12:00:00Z"] {
            assert_eq!(moment(text).map(|m| written(m.nanos)).as_deref(), Some(text));
        }
        assert_eq!(moment("2024-02-29").map(|m| m.nanos), Some(1_709_164_800_000_000_000));
    }

    #[test]
    fn what_could_be_two_dates_or_none_is_none() {
        for text in [
            "11/12/2024 10:00",
            "1732730709",
            "12ms",
            "2024-13-01",
            "2024-11-27T25:00Z",
            "2024-11-27T18:05:09 PDT",
            "",
            "12345678",
            "é-1-1aaaa",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}

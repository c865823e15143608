//! Decimal numbers as a file writes them, without losing digits: nanoseconds since 1970 do not fit a float.

use std::fmt;

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeUnit {
    Nanosecond,
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
}

impl TimeUnit {
    pub fn nanos(self) -> i128 {
        match self {
            TimeUnit::Nanosecond => 1,
            TimeUnit::Microsecond => 1_000,
            TimeUnit::Millisecond => 1_000_000,
            TimeUnit::Second => 1_000_000_000,
            TimeUnit::Minute => 60_000_000_000,
            TimeUnit::Hour => 3_600_000_000_000,
            TimeUnit::Day => 86_400_000_000_000,
        }
    }

    /// How many of it make a second: dividing by a whole number leaves no dust.
    pub fn per_second(self) -> f64 {
        1e9 / self.nanos() as f64
    }

    /// For sentences, in the plural.
    pub fn words(self) -> &'static str {
        match self {
            TimeUnit::Nanosecond => "nanoseconds",
            TimeUnit::Microsecond => "microseconds",
            TimeUnit::Millisecond => "milliseconds",
            TimeUnit::Second => "seconds",
            TimeUnit::Minute => "minutes",
            TimeUnit::Hour => "hours",
            TimeUnit::Day => "days",
        }
    }

    /// The unit of a word such as `ms`, `millis` or `seconds`.
    pub fn named(word: &str) -> Option<TimeUnit> {
        Some(match word {
            "ns" | "nano" | "nanos" | "nsec" | "nsecs" | "nanosec" | "nanosecond" | "nanoseconds" => {
                TimeUnit::Nanosecond
            }
            "us" | "µs" | "μs" | "micro" | "micros" | "usec" | "usecs" | "microsec" | "microsecond"
            | "microseconds" => TimeUnit::Microsecond,
            "ms" | "milli" | "millis" | "msec" | "msecs" | "millisec" | "millisecond" | "milliseconds" => {
                TimeUnit::Millisecond
            }
            "s" | "sec" | "secs" | "second" | "seconds" => TimeUnit::Second,
            "min" | "mins" | "minute" | "minutes" => TimeUnit::Minute,
            "h" | "hr" | "hrs" | "hour" | "hours" => TimeUnit::Hour,
            "d" | "day" | "days" => TimeUnit::Day,
            _ => return None,
        })
    }
}

/// mantissa × 10^exponent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Decimal {
    pub mantissa: i128,
    pub exponent: i32,
}

impl Decimal {
    /// A number with a point or an exponent; more digits than a mantissa holds are cut off.
    pub(super) fn parse(text: &str) -> Option<Decimal> {
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match digits.as_bytes().first()? {
            b'-' => (true, &digits[1..]),
            b'+' => (false, &digits[1..]),
            _ => (false, digits),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.len() + fraction.len() == 0
            || !whole.bytes().chain(fraction.bytes()).all(|c| c.is_ascii_digit())
        {
            return None;
        }
        let (mut mantissa, mut dropped) = (0_i128, 0);
        for digit in whole.bytes() {
            if mantissa > 10_i128.pow(30) {
                dropped += 1
            } else {
                mantissa = mantissa * 10 + i128::from(digit - b'0')
            }
        }
        let mut places = 0;
        for digit in fraction.bytes() {
            if mantissa > 10_i128.pow(30) || dropped > 0 {
                break;
            }
            mantissa = mantissa * 10 + i128::from(digit - b'0');
            places += 1;
        }
        Some(Decimal {
            mantissa: if negative { -mantissa } else { mantissa },
            exponent: exponent.saturating_add(dropped).saturating_sub(places),
        })
    }

    /// In whole nanoseconds if it counts such units; `None` if they do not fit.
    pub(super) fn nanos(self, unit: TimeUnit) -> Option<i128> {
        let whole = self.mantissa.checked_mul(unit.nanos())?;
        if self.mantissa == 0 || self.exponent < -60 {
            return Some(0);
        }
        let power = 10_i128.checked_pow(self.exponent.unsigned_abs())?;
        if self.exponent >= 0 {
            return whole.checked_mul(power);
        }
        // Rounded to nearest, like every time here.
        Some((whole + whole.signum() * power / 2) / power)
    }

    pub(super) fn value(self) -> f64 {
        // Both are exact, so that the quotient is the nearest float.
        if self.mantissa.unsigned_abs() < 1 << 53 && (-22..=0).contains(&self.exponent) {
            return self.mantissa as f64 / 10_f64.powi(-self.exponent);
        }
        format!("{}e{}", self.mantissa, self.exponent).parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.exponent.unsigned_abs() as usize;
        match self.exponent {
            0 => write!(f, "{}", self.mantissa),
            -30..0 => {
                let sign = if self.mantissa < 0 { "-" } else { "" };
                let digits = format!("{:0width$}", self.mantissa.unsigned_abs(), width = places + 1);
                let (whole, fraction) = digits.split_at(digits.len() - places);
                write!(f, "{sign}{whole}.{fraction}")
            }
            exponent => write!(f, "{}e{exponent}", self.mantissa),
        }
    }
}

/// Numbers that programs write where they have none.
pub(super) fn sentinel(value: f64) -> Option<&'static str> {
    const KNOWN: &[(f64, &str)] = &[
        (9_223_372_036_854_775_807.0, "2^63 − 1"),
        (18_446_744_073_709_551_615.0, "2^64 − 1"),
        (2_147_483_647.0, "2^31 − 1"),
        (4_294_967_295.0, "2^32 − 1"),
        (-9_223_372_036_854_775_808.0, "−2^63"),
        (-2_147_483_648.0, "−2^31"),
    ];
    if value.abs() >= 1e25 {
        return Some("1e25 and more");
    }
    KNOWN.iter().find(|(known, _)| *known == value).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_kept_however_a_number_is_written() {
        let nanos = |text: &str, unit| Decimal::parse(text).and_then(|d| d.nanos(unit));
        assert_eq!(nanos("1732730709007826432", TimeUnit::Nanosecond), Some(1_732_730_709_007_826_432));
        assert_eq!(nanos("1732730709.007826432", TimeUnit::Second), Some(1_732_730_709_007_826_432));
        assert_eq!(nanos("1.732730709007E+12", TimeUnit::Millisecond), Some(1_732_730_709_007_000_000));
        assert_eq!(nanos("-1.5", TimeUnit::Second), Some(-1_500_000_000));
        assert_eq!(
            [nanos("0.26", TimeUnit::Nanosecond), nanos("0.76", TimeUnit::Nanosecond)],
            [Some(0), Some(1)]
        );
        assert_eq!([nanos("1e-320", TimeUnit::Second), nanos("1e300", TimeUnit::Second)], [Some(0), None]);
        for text in ["1732730709.007826432", "-0.05", "1e12", "3"] {
            assert_eq!(Decimal::parse(text).expect("a number").to_string(), text);
        }
        for bad in ["", "-", ".", "1.2.3", "x", "1e", "nan", "0x10", "1e99999999999"] {
            assert_eq!(Decimal::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_stands_for_nothing_is_known() {
        assert_eq!(sentinel(i64::MAX as f64), Some("2^63 − 1"));
        assert_eq!([sentinel(1e300), sentinel(1e9), sentinel(0.0)], [Some("1e25 and more"), None, None]);
    }
}

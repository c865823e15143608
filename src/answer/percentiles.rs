//! Percentiles by name: `p80` is the time within which 80 % of the messages are done. And what else is told
//! of times because somebody asks.

use super::metrics::Quantity;
use super::{MetricId, Statistic};

/// The percentiles that times are always reported at: name and share of messages below.
pub const PERCENTILES: &[(&str, f64)] =
    &[("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)];

/// A statistic of times that is reported because an objective or a precision names it: a percentile beside
/// the usual ones, or the share of messages within a time.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedStatistic {
    /// As in a metric path: `p80`, `within(20s)`.
    pub name: String,
    /// What it is.
    pub statistic: Statistic,
}

/// The most digits of a name: no run has messages enough for more.
const MOST_DIGITS: usize = 7;

/// The share of messages below that a percentile's name stands for: two digits are per cent and further ones
/// decimals of it, as in `p80`, `p999` (99.9 %) and `p5`; so are those behind a point, as in `p99.9`. `None`
/// for anything else, `p100`, `p101`, `p990` and `p099` included.
pub fn share_of(name: &str) -> Option<f64> {
    if let Some((percent, decimals)) = name.strip_prefix('p').and_then(|digits| digits.split_once('.')) {
        let digits = percent.len() <= 2 && percent.len() + decimals.len() <= MOST_DIGITS;
        let numbers =
            [percent, decimals].iter().all(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
        let share: f64 = format!("0.{percent:0>2}{decimals}").parse().ok()?;
        return (digits && numbers && share > 0.0).then_some(share);
    }
    let digits = name
        .strip_prefix('p')
        .filter(|d| (1..=MOST_DIGITS).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()))?;
    let share: f64 = match digits.len() {
        1 => format!("0.0{digits}").parse().ok()?,
        2 => format!("0.{digits}").parse().ok()?,
        // Who writes p100 means the maximum, not a tenth, who writes p099 the 99th, and who writes p101 or
        // p150 knows not what.
        _ if digits.ends_with('0') || !digits.starts_with('9') => return None,
        _ => format!("0.{digits}").parse().ok()?,
    };
    (share > 0.0).then_some(share)
}

impl AskedStatistic {
    /// The statistic of a metric path in its usual spelling, if it is one that is not reported anyway.
    pub fn beyond_usual(path: &str) -> Option<Self> {
        let id = MetricId::parse(path)?;
        let unusual = match id.statistic {
            // Those of runs are found where they are made.
            _ if id.quantity == Quantity::DrainTime => false,
            Statistic::Percentile(share) => PERCENTILES.iter().all(|usual| usual.1 != share),
            Statistic::Within(_) => true,
            _ => false,
        };
        let name = path.get(id.stem().len() + 1..).unwrap_or_default();
        unusual.then(|| AskedStatistic { name: name.into(), statistic: id.statistic })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shares() {
        for (name, share) in PERCENTILES {
            assert_eq!(share_of(name), Some(*share));
        }
        let named = |name| share_of(name).expect("a percentile");
        assert_eq!(
            [named("p80"), named("p5"), named("p05"), named("p975"), named("p9999")],
            [0.8, 0.05, 0.05, 0.975, 0.9999]
        );
        assert_eq!(
            [named("p99.9"), named("p75.0"), named("p0.1"), named("p99.99")],
            [0.999, 0.75, 0.001, 0.9999]
        );
        for bad in [
            "p",
            "p0",
            "p00",
            "p100",
            "p101",
            "p250",
            "p990",
            "p099",
            "p001",
            "p100.0",
            "p99.",
            "p.5",
            "p0.0",
            "p-5",
            "mean",
            "q80",
            "p12345678",
        ] {
            assert_eq!(share_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_what_is_not_reported_anyway_is_asked_for() {
        let asked = |path| AskedStatistic::beyond_usual(path).map(|a| (a.name, a.statistic));
        assert_eq!((asked("total.latency.p99"), asked("queues.p80.loss")), (None, None));
        assert_eq!(asked("queues.line.wait.p80"), Some(("p80".into(), Statistic::Percentile(0.8))));
        let within = Some(("within(1.5s)".into(), Statistic::Within(1.5)));
        assert_eq!(asked("queues.line.wait.within(1.5s)"), within);
    }
}

//! Percentiles by name: `p80` is the time within which 80 % of the messages are done.

use super::MetricId;

/// The percentiles that times are always reported at: name and share of messages below.
pub const PERCENTILES: &[(&str, f64)] =
    &[("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)];

/// A percentile that is reported because an objective or a precision names it.
#[derive(Debug, Clone, PartialEq)]
pub struct Percentile {
    /// As in a metric path: `p99`.
    pub name: String,
    /// Share of the messages below.
    pub share: f64,
}

/// The most digits of a name: no run has messages enough for more.
const MOST_DIGITS: usize = 7;

/// The share of messages below that a percentile's name stands for: two digits are per cent and further ones
/// decimals of it, as in `p80`, `p999` (99.9 %) and `p5`. `None` for anything else, `p100`, `p101` and `p990`
/// included.
pub fn share_of(name: &str) -> Option<f64> {
    let digits = name
        .strip_prefix('p')
        .filter(|d| (1..=MOST_DIGITS).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()))?;
    let share: f64 = match digits.len() {
        1 => format!("0.0{digits}").parse().ok()?,
        2 => format!("0.{digits}").parse().ok()?,
        // Who writes p100 means the maximum, not a tenth, and who writes p101 or p150 knows not what.
        _ if digits.ends_with('0') || ('1'..='8').any(|first| digits.starts_with(first)) => return None,
        _ => format!("0.{digits}").parse().ok()?,
    };
    (share > 0.0).then_some(share)
}

impl Percentile {
    /// The percentile of a metric path, if it is one that is not reported anyway.
    pub fn beyond_usual(path: &str) -> Option<Self> {
        let share = MetricId::parse(path)?.statistic.share()?;
        let unusual = PERCENTILES.iter().all(|usual| usual.1 != share);
        unusual.then(|| Percentile { name: path[path.rfind('.').map_or(0, |at| at + 1)..].into(), share })
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
        for bad in
            ["p", "p0", "p00", "p100", "p101", "p250", "p990", "p99.9", "p-5", "mean", "q80", "p12345678"]
        {
            assert_eq!(share_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_what_is_not_reported_anyway_is_asked_for() {
        assert_eq!(Percentile::beyond_usual("total.latency.p99"), None);
        assert_eq!(Percentile::beyond_usual("queues.p80.loss"), None);
        assert_eq!(Percentile::beyond_usual("queues.line.wait.p80").map(|p| p.share), Some(0.8));
    }
}

//! A metric by its parts: where, which quantity, which statistic. Paths are taken apart here alone.

use super::Unit;
use super::metrics::{Better, METRICS, Metric, MetricPlace, Quantity, Statistics};
use super::share_of;
use crate::units::{duration, duration_text};
use std::fmt;

/// A metric of a scenario; as text its path, such as `queues.orders.wait.p99`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricId<'a> {
    /// Where.
    pub place: PlaceId<'a>,
    /// Which quantity.
    pub quantity: Quantity,
    /// Which statistic of it.
    pub statistic: Statistic,
}

/// A place of a scenario by its name; as text the beginning of a path, such as `queues.orders`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum PlaceId<'a> {
    /// All producers together.
    Total,
    Producer(&'a str),
    Queue(&'a str),
    Consumer(&'a str),
}

/// A statistic of a quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// The bare quantity, which has no others.
    Single,
    /// Also what the bare name of a time or a length means.
    Mean,
    /// Standard deviation.
    Sd,
    /// The largest.
    Max,
    /// The value below which this share lies.
    Percentile(f64),
    /// The share of the messages, or of the runs, that take no longer than this, in seconds.
    Within(f64),
    /// The value at an instant, in seconds from the beginning.
    At(f64),
}

impl Statistic {
    /// The 99th percentile.
    pub const P99: Statistic = Statistic::Percentile(0.99);

    /// The share that lies below a percentile; `None` for other statistics.
    pub fn share(self) -> Option<f64> {
        match self {
            Statistic::Percentile(share) => Some(share),
            _ => None,
        }
    }

    fn parse(name: &str, quantity: Quantity, of: Statistics) -> Option<Self> {
        let time = |word: &str| duration(name.strip_prefix(word)?.strip_prefix('(')?.strip_suffix(')')?).ok();
        match (name, of) {
            ("", Statistics::Single | Statistics::Runs) | ("mean", Statistics::Runs) => {
                Some(Statistic::Single)
            }
            (name, _) if name.starts_with("at(") => {
                time("at").filter(|_| quantity.has_instants()).map(Statistic::At)
            }
            (_, Statistics::Single) | ("max", Statistics::Runs) => None,
            ("" | "mean", _) => Some(Statistic::Mean),
            ("max", _) => Some(Statistic::Max),
            ("sd", _) => Some(Statistic::Sd),
            (name, Statistics::Times | Statistics::Runs) if name.starts_with("within(") => {
                time("within").map(Statistic::Within)
            }
            (name, _) => share_of(name).map(Statistic::Percentile),
        }
    }
}

impl<'a> MetricId<'a> {
    /// The metric of a path, if it is in the registry.
    pub fn parse(path: &'a str) -> Option<Self> {
        let (place, rest) = if let Some(rest) = path.strip_prefix("total.") {
            (PlaceId::Total, rest)
        } else {
            let (table, rest) = path.split_once('.')?;
            let of: fn(&'a str) -> PlaceId<'a> = match table {
                "queues" => PlaceId::Queue,
                "consumers" => PlaceId::Consumer,
                "producers" => PlaceId::Producer,
                _ => return None,
            };
            // A name may hold dots: it ends where the last quantity with a statistic begins.
            let kind = of("").kind();
            let begins = |tail: &str| asked(kind, tail).is_some();
            let (end, _) = rest.rmatch_indices('.').find(|(at, _)| begins(&rest[at + 1..]))?;
            (of(&rest[..end]), &rest[end + 1..])
        };
        let (quantity, statistic) = asked(place.kind(), rest)?;
        Some(MetricId { place, quantity, statistic })
    }

    /// The path under which answers have a metric: another spelling of a percentile, such as `p99.9`, and of
    /// a time become the usual one.
    pub fn usual_path(path: &str) -> String {
        let spelt = |id: &MetricId<'_>| {
            matches!(id.statistic, Statistic::Within(_) | Statistic::At(_) | Statistic::Single)
                || path.rsplit('.').next().is_some_and(is_number)
        };
        MetricId::parse(path).filter(spelt).map_or_else(|| path.into(), |id| id.to_string())
    }

    /// What to write instead of a path that is none because of its statistic, if that is what is wrong with
    /// it.
    pub fn misspelt(path: &str) -> Option<&'static str> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let is_one = |end: &&str| {
            ["within(", "at("].iter().any(|word| end.starts_with(word))
                || end.strip_prefix('p').is_some_and(digits)
        };
        let statistic = path.match_indices('.').map(|(at, _)| &path[at + 1..]).find(is_one)?;
        let known = |quantity, of| Statistic::parse(statistic, quantity, of).is_some();
        if known(Quantity::Wait, Statistics::Times) || MetricId::parse(path).is_some() {
            return None;
        }
        let bare = |time: &str| time.strip_suffix(')').is_some_and(digits);
        Some(match (statistic.strip_prefix("within("), statistic.strip_prefix("at(")) {
            (Some(time), _) if bare(time) => "a time needs a unit: within(20s), within(500ms)",
            (Some(_), _) => "write the time in brackets, with its unit: within(20s), within(500ms)",
            (_, Some(_)) if known(Quantity::QueueLength, Statistics::Lengths) => {
                "what there is at an instant: of a queue queue_length.at(10min), in_system.at(10min), \
                    blocked.at(10min) or age.at(10min), of consumers count.at(10min)"
            }
            (_, Some(time)) if bare(time) => "an instant needs a unit: at(10min), at(90s)",
            (_, Some(_)) => "write the instant in brackets, with its unit: at(10min), at(90s)",
            _ => {
                "a percentile lies above p0 and below p100: p99 and p5 are per cent, p99.9 and p0.1 have \
                    decimals; the largest of all is `max`"
            }
        })
    }

    /// Its path without the place, such as `wait.p99`.
    pub fn within_place(&self) -> String {
        format!("{}{}", self.quantity.name(), self.statistic)
    }

    /// Its path without the statistic, such as `queues.orders.wait`.
    pub fn stem(&self) -> String {
        format!("{}.{}", self.place, self.quantity.name())
    }

    /// The registry's entry, of a share within a time as a share; `None` if its place has no such quantity.
    pub fn metric(&self) -> Option<Metric> {
        let metric = *metric(self.place.kind(), self.quantity.name())?;
        Some(match self.statistic {
            Statistic::Within(_) => Metric { unit: Unit::Ratio, better: Better::Higher, ..metric },
            _ => metric,
        })
    }
}

/// What is asked for by the end of a path, such as `wait.p99`.
fn asked(kind: MetricPlace, tail: &str) -> Option<(Quantity, Statistic)> {
    let (name, statistic) = tail.split_once('.').unwrap_or((tail, ""));
    let Metric { quantity, statistics, .. } = metric(kind, name)?;
    let statistic = Statistic::parse(statistic, *quantity, *statistics)?;
    // What a sender waits for has no value at an instant, as what a queue holds up has.
    let none = kind == MetricPlace::Producer && matches!(statistic, Statistic::At(_));
    (!none).then_some((*quantity, statistic))
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn metric(kind: MetricPlace, name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.place == kind && metric.quantity.name() == name)
}

impl PlaceId<'_> {
    /// What kind of place it is.
    pub fn kind(&self) -> MetricPlace {
        match self {
            PlaceId::Total | PlaceId::Producer(_) => MetricPlace::Producer,
            PlaceId::Queue(_) => MetricPlace::Queue,
            PlaceId::Consumer(_) => MetricPlace::Consumer,
        }
    }
}

impl fmt::Display for PlaceId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlaceId::Total => write!(f, "total"),
            PlaceId::Producer(name) => write!(f, "producers.{name}"),
            PlaceId::Queue(name) => write!(f, "queues.{name}"),
            PlaceId::Consumer(name) => write!(f, "consumers.{name}"),
        }
    }
}

/// The end of a path: `.p99`, and nothing for the bare quantity.
impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Statistic::Single => Ok(()),
            Statistic::Mean => write!(f, ".mean"),
            Statistic::Sd => write!(f, ".sd"),
            Statistic::Max => write!(f, ".max"),
            // At least two digits: 0.5 is p50. 0.001 is p0.1, as p001 could be meant for anything.
            Statistic::Percentile(share) => match share.to_string()[2..].split_at_checked(2) {
                Some((percent, decimals)) if *share < 0.9 && !decimals.is_empty() => {
                    write!(f, ".p{}.{decimals}", percent.strip_prefix('0').unwrap_or(percent))
                }
                _ => write!(f, ".p{:0<2}", &share.to_string()[2..]),
            },
            Statistic::Within(time) => write!(f, ".within({})", duration_text(*time)),
            Statistic::At(instant) => write!(f, ".at({})", duration_text(*instant)),
        }
    }
}

impl fmt::Display for MetricId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}{}", self.place, self.quantity.name(), self.statistic)
    }
}

/// The registry's entry for a full path such as `queues.orders.wait.p99`, or `None`.
pub fn metric_of(path: &str) -> Option<Metric> {
    MetricId::parse(path)?.metric()
}

/// A metric's path, from its parts; a time's or a length's bare quantity is its mean.
pub fn path(place: &str, key: &str, statistic: &str) -> String {
    // There are many of them, and this takes room once.
    if statistic.is_empty() { [place, ".", key].concat() } else { [place, ".", key, ".", statistic].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_looked_up_in_the_registry() {
        assert_eq!(metric_of("queues.orders.wait.p99").map(|m| m.symbol), Some("W_q"));
        assert_eq!(metric_of("total.latency").map(|m| m.symbol), Some("W"));
        assert_eq!(metric_of("queues.a.b.queue_length.max").map(|m| m.symbol), Some("L_q"));
        assert_eq!(metric_of("queues.orders.wait.p98").map(|m| m.symbol), Some("W_q"));
        for bad in [
            "queues.orders.wait.p100",
            "queues.orders.wait.p990",
            "queues.orders",
            "wait.mean",
            "queues.orders.latency.mean",
            "consumers.c.busy.p99",
            "queues.orders.drain_time.max",
            "queues.orders.wait.at(10min)",
            "producers.web.blocked.at(10min)",
            "consumers.c.busy.at(10min)",
            "consumers.c.count.p99",
        ] {
            assert!(metric_of(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_metric_is_its_path() {
        for path in [
            "total.latency.p99",
            "total.loss",
            "producers.a.b.send.p05",
            "queues.wait.wait.p50",
            "queues.wait.max.wait.p999",
            "queues.orders.queue_length.max",
            "consumers.c.busy",
            "consumers.c.service.sd",
            "queues.line.wait.within(20s)",
            "queues.a.b.wait.within(1.5ms)",
            "queues.at.queue_length.at(10min)",
            "queues.a.age.at(1.5s)",
            "consumers.at.count.at(10min)",
            "queues.a.in_system.sd",
            "queues.a.drain_time",
            "queues.a.drain_time.p95",
            "queues.a.drain_time.within(2h)",
        ] {
            assert_eq!(MetricId::parse(path).expect(path).to_string(), path);
        }
        let bare = MetricId::parse("queues.orders.wait").expect("a metric");
        assert_eq!((bare.statistic, bare.within_place()), (Statistic::Mean, "wait.mean".into()));
        assert_eq!(bare.place, PlaceId::Queue("orders"));
    }

    #[test]
    fn another_spelling_is_the_same_metric() {
        for (spelt, usual) in [
            ("total.latency.p99.9", "total.latency.p999"),
            ("queues.a.b.wait.p75.0", "queues.a.b.wait.p75"),
            ("queues.a.wait.within(0.2 s)", "queues.a.wait.within(200ms)"),
            ("queues.a.wait.within(90s)", "queues.a.wait.within(90s)"),
            ("total.latency.p5", "total.latency.p5"),
            ("total.latency.p0.10", "total.latency.p0.1"),
            ("total.latency.p12.5", "total.latency.p12.5"),
            ("queues.a.wait", "queues.a.wait"),
            ("queues.a.queue_length.at(600 s)", "queues.a.queue_length.at(10min)"),
            ("queues.a.drain_time.mean", "queues.a.drain_time"),
        ] {
            assert_eq!(MetricId::usual_path(spelt), usual);
            assert!(metric_of(spelt).is_some(), "{spelt}");
        }
        let within = metric_of("queues.a.wait.within(20s)").expect("a metric");
        assert_eq!((within.unit, within.better), (Unit::Ratio, Better::Higher));
        for (bad, told) in [
            ("queues.a.wait.within(20)", Some("needs a unit")),
            ("queues.a.wait.within(1.5)", Some("needs a unit")),
            ("queues.a.wait.within(2x)", Some("in brackets, with its unit")),
            ("queues.a.wait.p100", Some("below p100")),
            ("queues.a.wait.p0.0", Some("below p100")),
            ("queues.a.wait.p099", Some("below p100")),
            ("queues.a.wait.within", None),
            ("queues.a.wait.at(10min)", Some("queue_length.at(10min)")),
            ("producers.a.blocked.at(10min)", Some("queue_length.at(10min)")),
            ("consumers.c.busy.at(10min)", Some("count.at(10min)")),
            ("consumers.c.count.at(600)", Some("needs a unit")),
            ("queues.a.queue_length.at(600)", Some("needs a unit")),
            ("queues.a.queue_length.at(soon)", Some("in brackets")),
            ("queues.a.wiat.p99", None),
        ] {
            let said = MetricId::misspelt(bad);
            let as_told = said.is_some() == told.is_some() && said.unwrap_or("").contains(told.unwrap_or(""));
            assert!(metric_of(bad).is_none() && as_told, "{bad} {said:?}");
        }
        assert!(metric_of("queues.a.queue_length.within(2s)").is_none());
    }
}

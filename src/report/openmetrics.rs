//! Answers in OpenMetrics' text format, which Prometheus and its kin read: a gauge for each quantity, a
//! classic histogram of each counted latency.

use crate::answer::{Answer, Distribution, MetricId, PlaceId, Statistic, Unit};
use crate::study::Study;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Bounds of a histogram's buckets in each decade.
const STEPS: [f64; 3] = [1.0, 2.0, 5.0];
/// The histogram's name.
const LATENCY: &str = "queuelab_message_latency_seconds";

/// The whole text.
pub fn openmetrics(study: &Study) -> String {
    let mut families: BTreeMap<String, (&'static str, Unit, Vec<String>)> = BTreeMap::new();
    for answer in &study.answers {
        for (path, estimate) in &answer.metrics {
            let Some(id) = MetricId::parse(path) else { continue };
            let Some(metric) = id.metric() else { continue };
            let name = format!("queuelab_{}_{}", id.quantity.name(), suffix(metric.unit));
            let value = estimate.value.map_or("+Inf".into(), |value| value.to_string());
            let sample = format!("{name}{{{}}} {value}", labels(answer, &id));
            families.entry(name).or_insert((metric.meaning, metric.unit, Vec::new())).2.push(sample);
        }
    }
    let mut out = String::new();
    for (name, (help, unit, samples)) in families {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "# TYPE {name} gauge\n# UNIT {name} {}\n# HELP {name} {}",
            suffix(unit),
            quoted(help)
        );
        samples.iter().for_each(|sample| out += &format!("{sample}\n"));
    }
    let counted = study.answers.iter().filter_map(|answer| Some((answer, histogram(answer)?)));
    let counted: Vec<(&Answer, String)> = counted.collect();
    if !counted.is_empty() {
        let _ = writeln!(
            out,
            "# TYPE {LATENCY} histogram\n# UNIT {LATENCY} seconds\n# HELP {LATENCY} from due to done, all messages"
        );
        counted.iter().for_each(|(_, lines)| out += lines);
    }
    out + "# EOF\n"
}

/// A unit as the end of a name.
fn suffix(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "seconds",
        Unit::PerSecond => "per_second",
        Unit::PerHour => "per_hour",
        Unit::Ratio => "ratio",
        Unit::Messages => "messages",
        Unit::Servers => "servers",
        Unit::Processors => "processors",
        Unit::Deliveries => "deliveries",
    }
}

fn labels(answer: &Answer, id: &MetricId<'_>) -> String {
    let (place, name) = match id.place {
        PlaceId::Total => ("total", ""),
        PlaceId::Producer(name) => ("producer", name),
        PlaceId::Queue(name) => ("queue", name),
        PlaceId::Consumer(name) => ("consumer", name),
    };
    let statistic = match id.statistic {
        Statistic::Single => "value".to_string(),
        other => other.to_string().trim_start_matches('.').to_string(),
    };
    format!(
        "method=\"{}\",place=\"{place}\",name=\"{}\",statistic=\"{}\"",
        answer.method.name(),
        quoted(name),
        quoted(&statistic)
    )
}

/// A label's value or a help text, with what would end it spelt out.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// The buckets of a counted latency, from the fastest message to the slowest.
fn histogram(answer: &Answer) -> Option<String> {
    let Some(Distribution::Histogram(counted)) = &answer.latency else { return None };
    if counted.is_empty() {
        return None;
    }
    let method = answer.method.name();
    let decade = |nanos: u64| (nanos.max(1) as f64).log10().floor() as i32;
    let mut out = String::new();
    for exponent in decade(counted.min())..=decade(counted.max()) {
        for step in STEPS {
            let bound = step * 10f64.powi(exponent);
            let below = counted.count_between(0, bound as u64);
            let seconds = (bound / 1e9).to_string();
            let _ = writeln!(out, "{LATENCY}_bucket{{method=\"{method}\",le=\"{seconds}\"}} {below}");
        }
    }
    let (count, sum) = (counted.len(), counted.mean() / 1e9 * counted.len() as f64);
    let _ = writeln!(out, "{LATENCY}_bucket{{method=\"{method}\",le=\"+Inf\"}} {count}");
    let _ = writeln!(out, "{LATENCY}_count{{method=\"{method}\"}} {count}");
    let _ = writeln!(out, "{LATENCY}_sum{{method=\"{method}\"}} {sum}");
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn buckets_increase_to_the_count_and_families_stand_together() {
        let text = openmetrics(&fixtures::five_methods());
        assert!(text.ends_with("# EOF\n"));
        let of = "queuelab_message_latency_seconds_bucket{method=\"simulation\"";
        let counts: Vec<u64> = text
            .lines()
            .filter(|line| line.starts_with(of))
            .map(|line| line.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a count"))
            .collect();
        assert!(counts.is_sorted() && counts.last() == Some(&8970), "{counts:?}");
        let types: Vec<&str> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
        let mut once = types.clone();
        once.dedup();
        assert_eq!(types, once);
        assert!(
            text.contains(
                "queuelab_wait_seconds{method=\"theory\",place=\"queue\",name=\"orders\",statistic=\"mean\"} "
            ),
            "{text}"
        );
    }
}

//! A law of latencies in HdrHistogram's percentile text format, `.hgrm`, in milliseconds: what its plotters
//! read.

use crate::answer::Distribution;
use hdrhistogram::Histogram;
use std::fmt::Write;

/// Counts in a file that is made from a closed form, which has none: shares of a million messages.
const NOMINAL: f64 = 1e6;

/// The file's text, or `None` for a law that holds nothing.
pub(super) fn text(law: &Distribution) -> Option<String> {
    match law {
        Distribution::Histogram(histogram) => (!histogram.is_empty()).then(|| counted(histogram)),
        Distribution::Quantiles(points) => closed(points),
    }
}

fn header() -> String {
    format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)")
}

/// `1/(1-Percentile)` is left out where it is infinite, as HdrHistogram's own writers do.
fn line(out: &mut String, milliseconds: f64, share: f64, count: u64) {
    let rest = if share < 1.0 { format!("{:>14.2}", 1.0 / (1.0 - share)) } else { String::new() };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", format!("{milliseconds:>12.6} {share:>14.12} {count:>10} {rest}").trim_end());
}

fn counted(histogram: &Histogram<u64>) -> String {
    let mut out = header();
    let milliseconds = |nanos: f64| nanos / 1e6;
    for value in histogram.iter_quantiles(5) {
        let share = value.quantile_iterated_to().min(1.0);
        let below = histogram.count_between(0, value.value_iterated_to());
        line(&mut out, milliseconds(value.value_iterated_to() as f64), share, below);
    }
    let (mean, deviation) = (milliseconds(histogram.mean()), milliseconds(histogram.stdev()));
    let max = milliseconds(histogram.max() as f64);
    let _ = writeln!(out, "#[Mean    = {mean:>12.6}, StdDeviation   = {deviation:>12.6}]");
    let _ = writeln!(out, "#[Max     = {max:>12.6}, Total count    = {:>12}]", histogram.len());
    let sub_buckets = (2 * 10u64.pow(u32::from(histogram.sigfig()))).next_power_of_two();
    let _ = writeln!(out, "#[Buckets = {:>12}, SubBuckets     = {sub_buckets:>12}]", histogram.buckets());
    out
}

fn closed(points: &[(f64, f64)]) -> Option<String> {
    let mut out = header();
    let known = points.iter().filter(|(share, time)| share.is_finite() && time.is_finite());
    let mut any = false;
    for &(share, time) in known {
        line(&mut out, time * 1e3, share, (share * NOMINAL).round() as u64);
        any = true;
    }
    let _ = writeln!(out, "#[A closed form: TotalCount is of a nominal {NOMINAL} messages]");
    any.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    /// Value, share and count of each line, as plotters take them.
    fn read(text: &str) -> Vec<(f64, f64, u64)> {
        let data = text.lines().skip(2).filter(|l| !l.starts_with('#'));
        data.map(|l| {
            let fields: Vec<&str> = l.split_whitespace().collect();
            (
                fields[0].parse().expect("a time"),
                fields[1].parse().expect("a share"),
                fields[2].parse().expect("a count"),
            )
        })
        .collect()
    }

    #[test]
    fn counts_and_times_increase_to_the_total() {
        let text = text(&Distribution::Histogram(fixtures::counted(0.01, 5000))).expect("it holds messages");
        let lines = read(&text);
        assert!(lines.windows(2).all(|w| w[0].0 <= w[1].0 && w[0].1 <= w[1].1 && w[0].2 <= w[1].2));
        assert_eq!(lines.last().map(|l| (l.1, l.2)), Some((1.0, 5000)));
        let median =
            lines.iter().find(|l| l.1 >= 0.5).map(|l| l.0).expect("half of the messages are below something");
        assert!((6.5..7.5).contains(&median), "{median} ms");
        assert!(text.contains("Total count    =         5000]"));
    }

    #[test]
    fn a_closed_form_is_written_and_an_empty_law_is_not() {
        assert_eq!(read(&text(&fixtures::closed_form(0.01)).expect("it has points")).len(), 201);
        assert_eq!(text(&Distribution::Histogram(fixtures::counted(1.0, 0))), None);
        assert_eq!(text(&Distribution::Quantiles(vec![(1.0, f64::INFINITY)])), None);
    }
}

//! How many messages take how long: the share of each method's messages in intervals of latency.

use super::axis::Axis;
use super::figure::{self, Columns, TOP};
use super::finding;
use super::levels::pen;
use super::lines::{Line, Lines};
use super::theme;
use crate::answer::{Answer, Distribution};
use crate::report::plot::Frame;
use crate::study::Study;
use crate::units::{Time, seconds};

const HEIGHT: i32 = 180;
/// Intervals, on wide and on narrow pages; fewer where there were no more than so many messages for each, but
/// not fewer than these.
const INTERVALS: (usize, usize) = (60, 30);
const MESSAGES: u64 = 40;
const FEWEST: usize = 12;
/// The slowest messages lie beyond the axis: the percentile spectrum has them.
const SHOWN: f64 = 0.995;
/// Where the slowest that are shown take so many times as long as the fastest twentieth, intervals are alike
/// in their ratio and not in their width.
const WIDE: f64 = 300.0;
const BELOW: i32 = 62;

pub(super) fn draw(study: &Study, frame: Frame) -> Option<String> {
    let laws: Vec<(&Answer, &Distribution)> =
        study.answers.iter().filter_map(|a| Some((a, a.latency.as_ref()?))).collect();
    let of =
        |share: f64| laws.iter().filter_map(move |(_, law)| law.quantile(share)).filter(|t| t.is_finite());
    let high = of(SHOWN).reduce(f64::max).filter(|high| *high > 0.0)?;
    // What takes exactly so long is inside.
    let high = 1.01 * high;
    let low = of(0.05).filter(|low| *low > 0.0).reduce(f64::min).unwrap_or(high);
    let most = if frame == Frame::Phone { INTERVALS.1 } else { INTERVALS.0 };
    let counted = laws.iter().filter_map(|(_, law)| match law {
        Distribution::Histogram(h) if !h.is_empty() => Some(h.len()),
        _ => None,
    });
    let count = counted.min().map_or(most, |n| ((n / MESSAGES) as usize).clamp(FEWEST, most));
    let wide = high / low > WIDE;
    let edges: Vec<f64> = (0..=count)
        .map(|i| i as f64 / count as f64)
        .map(|at| if wide { low * (high / low).powf(at) } else { high * at })
        .collect();
    let line = |(answer, law): &(&Answer, &Distribution)| {
        let middle = |i: usize| {
            if wide { (edges[i] * edges[i + 1]).sqrt() } else { 0.5 * (edges[i] + edges[i + 1]) }
        };
        let shares = shares(law, &edges);
        Line {
            label: answer.method.name().into(),
            color: theme::color(answer.method),
            pen: pen(answer.method),
            points: shares.iter().enumerate().map(|(i, share)| (middle(i), *share)).collect(),
            band: Vec::new(),
        }
    };
    let lines = Lines::new(laws.iter().map(line).collect(), 1e-9);
    let title = super::title(finding::median(study), "share of messages by latency");
    let mut notes = lines.notes();
    let width = if wide {
        format!("{count} intervals of the same ratio")
    } else {
        format!("intervals of {}", Time(edges[1]))
    };
    notes.insert(0, format!("{width}; the slowest 0.5 % lie beyond this chart"));
    let how = super::how(study);
    let size = (TOP + HEIGHT + BELOW, Columns::of(frame));
    Some(figure::noted(frame, size, (&title, &how), ("share of messages by latency", &notes), |figure| {
        let x = if wide {
            Axis::log_times("latency", low, high)
        } else {
            Axis::linear_times("latency", 0.0, high)
        };
        let y = Axis::percent("share of messages", 0.0, lines.high);
        lines.draw(&figure.panel((TOP, TOP + HEIGHT), x, y));
    }))
}

/// The share of a law in each interval between edges.
fn shares(law: &Distribution, edges: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; edges.len() - 1];
    match law {
        Distribution::Histogram(h) => {
            for bucket in h.iter_recorded() {
                let time = seconds(bucket.value_iterated_to());
                let at = edges.partition_point(|edge| *edge <= time);
                if (1..edges.len()).contains(&at) {
                    out[at - 1] += bucket.count_since_last_iteration() as f64 / h.len() as f64;
                }
            }
        }
        Distribution::Quantiles(points) => {
            let below: Vec<f64> = edges.iter().map(|edge| share_below(points, *edge)).collect();
            out.iter_mut().zip(below.windows(2)).for_each(|(share, two)| *share = two[1] - two[0]);
        }
    }
    out
}

/// The share of a law in closed form that is faster than a time.
fn share_below(points: &[(f64, f64)], time: f64) -> f64 {
    let after = points.partition_point(|p| p.1 <= time);
    match (after.checked_sub(1).map(|before| points[before]), points.get(after)) {
        (None, _) => 0.0,
        (Some(before), None) => before.0,
        (Some(before), Some(next)) if next.1.is_finite() => {
            before.0 + (next.0 - before.0) * (time - before.1) / (next.1 - before.1)
        }
        (Some(before), _) => before.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Method;
    use crate::report::fixtures;

    #[test]
    fn counted_and_closed_laws_have_the_same_shares() {
        let edges: Vec<f64> = (0..=20).map(|i| f64::from(i) * 0.004).collect();
        let exponential = |i: usize| (-edges[i] / 0.012).exp() - (-edges[i + 1] / 0.012).exp();
        for law in [fixtures::closed_form(0.012), Distribution::Histogram(fixtures::counted(0.012, 50_000))] {
            for (i, share) in shares(&law, &edges).iter().enumerate() {
                // Quantiles are given on a grid of shares.
                assert!((share - exponential(i)).abs() < 0.01 * exponential(0), "{i}: {share}");
            }
        }
    }

    #[test]
    fn every_method_is_drawn_and_axes_suit_the_law() {
        let study = fixtures::five_methods();
        for frame in [Frame::Alone, Frame::Page, Frame::Phone] {
            let svg = draw(&study, frame).expect("laws");
            assert!(svg.contains("share of messages, %") && !svg.contains("NaN"), "{svg}");
            assert!(svg.contains("latency, ms"), "{svg}");
        }
        let mut wide = fixtures::bare();
        let mut answer = fixtures::answer(Method::Theory, 1.0);
        let points = (0..400).map(|i| 1.0 - 10f64.powf(-f64::from(i) * 0.02));
        answer.latency =
            Some(Distribution::Quantiles(points.map(|p| (p, 1e-8 * (1.0 - p).powf(-2.5))).collect()));
        wide.answers.push(answer);
        assert!(draw(&wide, Frame::Page).expect("a law").contains("intervals of the same ratio"));
        assert!(draw(&fixtures::bare(), Frame::Page).is_none());
    }
}

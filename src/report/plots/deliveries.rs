//! What a broker adds: how long its deliveries and confirms took, from the usual ones to the slowest.

use super::axis::{Axis, nines};
use super::figure::{self, Columns, TOP};
use super::lines::{Line, Lines};
use super::theme::{self, Pen};
use crate::answer::{Answer, Estimate, Method, Quantity, Statistics, path, share_of};
use crate::report::number::Scale;
use crate::report::plot::Frame;
use crate::study::Study;

const HEIGHT: i32 = 380;
/// Lines that can be told apart; the slowest are drawn.
const MOST: usize = 6;

/// A time that a broker adds, at one place.
struct Added {
    label: String,
    /// Shares of the deliveries and seconds.
    points: Vec<(f64, f64)>,
    mean: Option<Estimate>,
}

/// The mean of each in words, the slowest first.
pub(super) fn finding(study: &Study) -> Option<String> {
    let told = |added: &Added| {
        let mean = added.mean?;
        let scale = Scale::of(crate::answer::Unit::Seconds, mean.value.into_iter());
        Some(format!("{} {}", added.label, scale.show_with_unit(Some(&mean))))
    };
    let parts: Vec<String> = added(study).iter().take(3).filter_map(told).collect();
    (!parts.is_empty())
        .then(|| format!("On {}, on average: {}", study.scenario.measurement.target, parts.join(", ")))
}

pub(super) fn draw(study: &Study, frame: Frame) -> Option<String> {
    let mut all = added(study);
    let hidden = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    let ends = || all.iter().flat_map(|added| &added.points);
    let (most, slowest) =
        (ends().map(|p| nines(p.0)).fold(0.0, f64::max), ends().map(|p| p.1).fold(0.0, f64::max));
    let fastest = ends().map(|p| p.1).filter(|time| *time > 0.0).fold(f64::INFINITY, f64::min);
    if slowest <= 0.0 {
        return None;
    }
    let lines = all.iter().enumerate().map(|(number, added)| Line {
        label: added.label.clone(),
        color: theme::series(number),
        pen: Pen::Solid(16),
        points: added.points.iter().map(|p| (nines(p.0), p.1)).collect(),
        band: Vec::new(),
    });
    let lines = Lines::new(lines.collect(), 0.0);
    let mut notes = vec![
        "idle hop: from a publish to a consumer that waits for it; turnaround: from the end of a service to the \
         next message that waits; confirm: until the broker's confirm; a line ends where fewer than ten are slower"
            .to_string(),
    ];
    notes.extend(lines.notes());
    if hidden > 0 {
        notes.push(format!("{hidden} more, which took less, are not drawn"));
    }
    let shows = "how long a broker's deliveries and confirms took";
    let description = format!("{shows}: {}", finding(study).unwrap_or_default());
    let subtitle = format!("{} · measurement, seed {}", super::name(study), study.scenario.seed);
    Some(figure::noted(
        frame,
        (HEIGHT, Columns::of(frame)),
        (&super::title(finding(study), shows), &subtitle),
        (&description, &notes),
        |figure| {
            let y = Axis::times("time", fastest * 0.8, slowest * 1.25);
            lines.draw(&figure.panel((TOP, HEIGHT - 62), Axis::nines(most), y));
        },
    ))
}

/// All that is known of it, the slowest first.
fn added(study: &Study) -> Vec<Added> {
    let Some(answer) = study.answer(Method::Measurement) else { return Vec::new() };
    let scenario = &study.scenario;
    let [queues, groups, producers] =
        [scenario.queues.len(), scenario.consumers.len(), scenario.producers.len()].map(|count| count > 1);
    let of = |words: &str, name: &str, several: bool| {
        if several { format!("{words} of `{name}`") } else { words.to_string() }
    };
    let hops = scenario.queues.iter().map(|queue| {
        one(answer, &format!("queues.{}", queue.name), Quantity::Hop, of("idle hop", &queue.name, queues))
    });
    let turnarounds = scenario.consumers.iter().map(|group| {
        let place = format!("consumers.{}", group.name);
        one(answer, &place, Quantity::Turnaround, of("turnaround", &group.name, groups))
    });
    let confirms = scenario.producers.iter().map(|producer| {
        let place = format!("producers.{}", producer.name);
        one(answer, &place, Quantity::Confirm, of("confirm", &producer.name, producers))
    });
    let mut all: Vec<Added> = hops.chain(turnarounds).chain(confirms).flatten().collect();
    let mean = |added: &Added| added.mean.and_then(|mean| mean.value).unwrap_or(0.0);
    all.sort_by(|a, b| mean(b).total_cmp(&mean(a)));
    all
}

/// The percentiles of a quantity at a place; `None` unless there are two to join.
fn one(answer: &Answer, place: &str, quantity: Quantity, label: String) -> Option<Added> {
    let known = |statistic: &str| answer.get(&path(place, quantity.name(), statistic)).copied();
    let points: Vec<(f64, f64)> = Statistics::Times
        .names()
        .iter()
        .filter_map(|statistic| Some((share_of(statistic)?, known(statistic)?.value?)))
        .collect();
    (points.len() > 1).then(|| Added { label, points, mean: known("mean") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn only_what_was_measured_on_a_broker_is_drawn() {
        let mut study = fixtures::five_methods();
        assert_eq!(draw(&study, Frame::Alone), None);
        let queue = format!("queues.{}", study.scenario.queues[0].name);
        for (statistic, value) in [("mean", 0.0005), ("p50", 0.0004), ("p99", 0.004)] {
            study.answers[3].set(&queue, "hop", statistic, Estimate::exact(value));
        }
        let svg = draw(&study, Frame::Alone).expect("a plot");
        assert!(svg.contains("on average: idle hop 500 µs"), "{svg}");
    }
}

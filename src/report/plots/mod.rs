//! Plots: a study becomes SVG files. A plot is one file here and one entry of [`PLOTS`].
//!
//! `svg` is what plotters draws on, `theme` how it looks, `axis` where values lie, `figure` what all plots
//! are made of.

mod agreement;
mod axis;
mod bench;
mod capacity;
mod chart;
mod coincide;
mod columns;
mod compare;
mod deliveries;
mod figure;
mod finding;
mod heat_map;
mod histogram;
mod latency_map;
mod levels;
mod lines;
mod over_time;
mod percentiles;
mod planned;
mod predict;
mod quantiles;
mod svg;
mod sweep;
mod sweep_marks;
mod theme;

use super::plot::{Frame, Plot};
use crate::answer::Method;
use crate::study::Study;
pub(super) use bench::draw as benchmarked;
pub(super) use capacity::draw as capacity;
pub(super) use compare::draw as compared;
pub(super) use predict::draw as predicted;
pub(super) use quantiles::draw as quantiles;
pub(super) use sweep::drawn as swept;

/// Every plot of a study.
pub(super) const PLOTS: &[Plot] = &[
    Plot {
        file: "agreement.svg",
        about: "what each method says, with its interval",
        finding: finding::agreement,
        draw: agreement::draw,
        chart: |_| None,
    },
    Plot {
        file: "percentiles.svg",
        about: "how slow the slowest messages are",
        finding: finding::latency,
        draw: percentiles::draw,
        chart: |_| None,
    },
    Plot {
        file: "deliveries.svg",
        about: "what the broker adds: how long its deliveries and confirms took",
        finding: deliveries::finding,
        draw: deliveries::draw,
        chart: |_| None,
    },
    Plot {
        file: "histogram.svg",
        about: "how many messages take how long",
        finding: finding::median,
        draw: histogram::draw,
        chart: |_| None,
    },
    Plot {
        file: "over-time.svg",
        about: "what comes, who serves, how many wait and how long the oldest has waited, over time",
        finding: |study| finding::peak(study).map(|quoted| quoted.words),
        draw: over_time::draw,
        chart: over_time::chart,
    },
    Plot {
        file: "latency-over-time.svg",
        about: "how slow messages are, by when they were due",
        finding: latency_map::finding,
        draw: latency_map::draw,
        chart: |_| None,
    },
    Plot {
        file: "queue-length.svg",
        about: "how many messages wait, over time",
        finding: |study| finding::length(study).map(|quoted| quoted.words),
        // A page shows nothing twice.
        draw: |study, frame| {
            let again = frame != Frame::Alone && over_time::replaces_lengths(study);
            if again { None } else { levels::draw(study, frame) }
        },
        chart: levels::chart,
    },
];

/// The plots that have something to show.
pub(super) fn drawn(study: &Study, frame: Frame) -> Vec<(&'static Plot, String)> {
    PLOTS.iter().filter_map(|plot| (plot.draw)(study, frame).map(|svg| (plot, svg))).collect()
}

/// What a scenario is called on a plot.
fn name(study: &Study) -> String {
    study.scenario.title.clone().unwrap_or_else(|| "untitled scenario".into())
}

/// What a plot is called: what it finds, or what it shows.
fn title(found: Option<String>, shows: &str) -> String {
    found.unwrap_or_else(|| crate::report::headline::capitalized(shows))
}

/// Which scenario it is and how it was made, as far as a subtitle has room.
fn how(study: &Study) -> String {
    let by = study
        .answers
        .iter()
        .map(|a| format!("{}: {}", a.method.name(), a.by.split(',').next().unwrap_or_default()));
    let made = format!("seed {}", study.scenario.seed);
    let mut parts = vec![name(study)];
    parts.extend(by.filter(|text| text.chars().count() < 40));
    parts.push(made);
    while parts.len() > 2 && theme::text_width(&parts.join(" · ")) > SUBTITLE {
        parts.remove(parts.len() - 2);
    }
    parts.join(" · ")
}

/// Dots for which no interval is known, said so that nobody takes them for exact.
fn without_interval<'a>(what: &str, method: Method, values: impl Iterator<Item = &'a str>) -> Option<String> {
    const MOST: usize = 4;
    let values: Vec<&str> = values.collect();
    let shown = values.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    let more = values.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let method = method.name();
    (!values.is_empty()).then(|| format!("{what}: the {method} gives no interval at {shown}{more}"))
}

/// The width of a subtitle in units of its size.
const SUBTITLE: f64 = 58.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Answer, Distribution};
    use crate::report::fixtures;

    /// Studies that plots should survive, by name.
    fn studies() -> Vec<(&'static str, Study)> {
        let mut one = fixtures::bare();
        one.answers.push(fixtures::answer(Method::Simulation, 1.0));
        let mut two = fixtures::bare();
        two.answers = vec![fixtures::answer(Method::Theory, 1.0), fixtures::answer(Method::Simulation, 1.02)];
        let mut wide = fixtures::five_methods();
        wide.scenario.title = Some("A very long title that goes on & on <and on> about ".repeat(5));
        wide.answers[3] = fixtures::answer(Method::Measurement, 4000.0);
        let mut empty = fixtures::bare();
        let mut answer = Answer::new(Method::Measurement, "in-process");
        answer.latency = Some(Distribution::Histogram(fixtures::counted(1.0, 0)));
        empty.answers.push(answer);
        let mut flat = fixtures::bare();
        let mut answer = Answer::new(Method::Simulation, "a recursion");
        let mut histogram = fixtures::counted(1.0, 0);
        histogram.record_n(4_000_000, 1000).expect("a histogram that resizes holds any time");
        answer.latency = Some(Distribution::Histogram(histogram));
        answer.set("total", "latency", "mean", crate::answer::Estimate::exact(0.004));
        flat.answers.push(answer);
        let mut heavy = fixtures::bare();
        let mut answer = Answer::new(Method::Theory, "M/G/1");
        let tail = (0..400).map(|i| 1.0 - 10f64.powf(-f64::from(i) * 0.02));
        answer.latency = Some(Distribution::Quantiles(
            tail.map(|p| (p, 1e-8 * (1.0 - p).powf(-2.5))).chain([(1.0, f64::INFINITY)]).collect(),
        ));
        heavy.answers.push(answer);
        vec![
            ("flat", flat),
            ("heavy", heavy),
            ("five", fixtures::five_methods()),
            ("one", one),
            ("two", two),
            ("wide", wide),
            ("empty", empty),
            ("network", fixtures::network()),
            ("infinite", fixtures::infinite()),
        ]
    }

    /// The first element that is not closed in order, or has an attribute without quotes or a `&` that is no
    /// entity.
    fn malformed(xml: &str) -> Option<String> {
        let mut open: Vec<&str> = Vec::new();
        for piece in xml.split('<').skip(1) {
            let Some((tag, text)) = piece.split_once('>') else { return Some(format!("unclosed <{piece}")) };
            if let Some(name) = tag.strip_prefix('/') {
                let expected = open.pop();
                if expected != Some(name) {
                    return Some(format!("</{name}> closes {expected:?}"));
                }
            } else if !tag.ends_with('/') {
                open.push(tag.split(' ').next().unwrap_or(tag));
            }
            let quoted = tag.matches('"').count() == 2 * tag.matches("=\"").count();
            let entities = ["amp;", "lt;", "gt;", "quot;"];
            let sound = [tag, text]
                .iter()
                .all(|t| t.split('&').skip(1).all(|e| entities.iter().any(|known| e.starts_with(known))));
            if !(quoted && sound) {
                return Some(format!("<{tag}>{text}"));
            }
        }
        (!open.is_empty()).then(|| format!("still open: {open:?}"))
    }

    #[test]
    fn plots_are_sound_whatever_the_study_holds() {
        for (name, study) in studies() {
            for (plot, svg) in drawn(&study, Frame::Alone) {
                for bad in ["NaN", "inf\"", "inf,", "-inf"] {
                    assert!(!svg.contains(bad), "{name} {}: {bad}", plot.file);
                }
                assert_eq!(malformed(&svg), None, "{name} {}", plot.file);
            }
        }
    }

    #[test]
    fn a_page_is_not_told_its_title_twice() {
        let study = fixtures::five_methods();
        for ((plot, alone), (_, paged)) in drawn(&study, Frame::Alone).iter().zip(drawn(&study, Frame::Page))
        {
            // The line on which a subtitle stands.
            let said = |svg: &str| svg.matches("y=\"54\"").count();
            assert_eq!((said(alone), said(&paged)), (1, 0), "{}", plot.file);
            assert!(paged.contains("viewBox=\"0 60 "), "{}", plot.file);
        }
    }

    #[test]
    fn one_method_agrees_with_nobody() {
        let mut study = fixtures::bare();
        study.answers.push(fixtures::answer(Method::Simulation, 1.0));
        assert!(drawn(&study, Frame::Alone).iter().all(|(plot, _)| plot.file != "agreement.svg"));
    }

    #[test]
    fn every_method_is_named_and_nothing_is_drawn_from_nothing() {
        let study = fixtures::five_methods();
        let files = drawn(&study, Frame::Alone);
        // Nothing changes with time, no messages were kept, and no broker was measured.
        assert_eq!(files.len(), PLOTS.len() - 3);
        for (plot, svg) in files {
            for answer in
                study.answers.iter().filter(|a| plot.file != "queue-length.svg" || !a.timelines.is_empty())
            {
                let (_, drawn) = svg.split_once("</style>").expect("what is drawn follows the style");
                let name = answer.method.name();
                assert!(drawn.contains(name), "{}: {name}", plot.file);
            }
        }
        assert!(drawn(&fixtures::bare(), Frame::Alone).is_empty());
    }
}

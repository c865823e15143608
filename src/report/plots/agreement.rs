//! Do the methods agree? Each one's value as a dot with its interval, for the figures that matter most.

use super::axis::Axis;
use super::figure::{self, BODY, Columns, Figure, Side, TOP};
use super::finding;
use super::theme::{self, GRID, INK, MUTED, Pen};
use crate::answer::{Estimate, Method, Unit, metric_of};
use crate::report::number::Scale;
use crate::report::plot::Frame;
use crate::report::rows;
use crate::study::Study;

const ROW: i32 = 22;
/// How much room the methods' names have, to the left of the panels.
const NAMES: i32 = 108;
/// How much room their values have, to the right.
const VALUES: i32 = 122;

/// One panel: what it shows and each method's value.
struct Chart {
    words: String,
    unit: Unit,
    values: Vec<(Method, Estimate)>,
}

pub(super) fn draw(study: &Study, frame: Frame) -> Option<String> {
    let charts = charts(study);
    // One method agrees with itself.
    if charts.is_empty() || study.answers.len() < 2 {
        return None;
    }
    let heights: Vec<i32> = charts.iter().map(|c| ROW * c.values.len() as i32 + 74).collect();
    let height = TOP - 24 + heights.iter().sum::<i32>();
    let title = super::title(finding::agreement(study), "what each method says");
    let columns = Columns::of(frame);
    let file = figure::figure(
        frame,
        (
            height,
            Columns {
                left: columns.edge + NAMES,
                right: columns.right.min(columns.width - VALUES),
                ..columns
            },
        ),
        (&title, &super::how(study)),
        &description(&charts),
        |figure| {
            let mut top = TOP;
            for (chart, height) in charts.iter().zip(&heights) {
                panel(figure, chart, top);
                top += height;
            }
        },
    );
    Some(file)
}

fn charts(study: &Study) -> Vec<Chart> {
    let wait = match study.scenario.queues.as_slice() {
        [queue] => (format!("queues.{}.wait.mean", queue.name), "mean wait".to_string()),
        _ => ("total.wait.mean".to_string(), "mean wait, all queues on a message's way".to_string()),
    };
    let latency = |statistic: &str, words: &str| (format!("total.latency.{statistic}"), words.to_string());
    let loss = ("total.loss".to_string(), "loss".to_string());
    let asked = [wait, latency("mean", "mean latency"), latency("p99", "p99 latency"), loss];
    let chart = |(path, words): (String, String)| {
        let unit = metric_of(&path).map_or(Unit::Seconds, |m| m.unit);
        let known = study.answers.iter().filter_map(|a| rows::known(study, a, &path).map(|e| (a.method, *e)));
        let values: Vec<_> = known.collect();
        // Nobody waits, nothing is lost: not worth a panel.
        values.iter().any(|v| v.1.value.is_some_and(|v| v > 0.0)).then_some(Chart { words, unit, values })
    };
    asked.into_iter().filter_map(chart).collect()
}

fn panel(figure: &Figure<'_>, chart: &Chart, top: i32) {
    let finite =
        || chart.values.iter().filter_map(|(_, e)| e.value.map(|v| (v, e.half_width.unwrap_or(0.0))));
    let low = finite().map(|(v, h)| v - h).fold(f64::INFINITY, f64::min);
    let high = finite().map(|(v, h)| v + h).fold(f64::NEG_INFINITY, f64::max);
    let margin = (0.08 * (high - low)).max(0.02 * high.abs()).max(1e-9);
    let least = finite().map(|f| f.0).filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
    let mut x = if chart.unit == Unit::Ratio {
        Axis::percent("", (low - margin).max(0.0), high + margin)
    } else if low > 0.0 && high / low > 30.0 {
        Axis::times("", low * 0.8, high * 1.25)
    } else {
        // Times are not negative, whatever an interval's arithmetic says.
        Axis::times("", if least.is_finite() { (low - margin).max(0.0) } else { 0.0 }, high + margin)
    };
    let rows = chart.values.len() as i32;
    let bottom = top + ROW * rows + 4;
    let heading = if chart.unit == Unit::Ratio {
        format!("{}, %", chart.words)
    } else if x.title.len() > 2 {
        format!("{}{}", chart.words, x.title)
    } else {
        chart.words.clone()
    };
    x.title.clear();
    let panel = figure.bare_panel((top, bottom), x, Axis::linear("", 0.0, f64::from(rows)));
    figure.words(&heading, (figure.columns.edge, top - 8), Side::Above, &INK, BODY, true);
    for (at, _) in &panel.x.ticks {
        let (x, _) = panel.pixel((*at, 0.0));
        figure.rule((x, top), (x, bottom), &GRID);
    }
    panel.x_ticks(bottom);
    // The first that is known, theory as a rule, is what the others are held against.
    if let Some(reference) = chart.values.iter().find_map(|v| v.1.value) {
        panel.line(&[(reference, 0.0), (reference, f64::from(rows))], MUTED, Pen::Dashed(10, 30, 30));
    }
    for (i, (method, estimate)) in chart.values.iter().enumerate() {
        let height = f64::from(rows) - i as f64 - 0.5;
        let (_, middle) = panel.pixel((panel.x.low, height));
        let color = theme::color(*method);
        if let Some(value) = estimate.value {
            let half = estimate.half_width.unwrap_or(0.0);
            if half > 0.0 {
                panel.line(
                    &[((value - half).max(low), height), (value + half, height)],
                    color,
                    Pen::Solid(24),
                );
            }
            panel.line(&[(value, height)], color, Pen::Dots(42));
        }
        let Columns { left, right, .. } = figure.columns;
        figure.words(method.name(), (left - 12, middle), Side::Left, &color, BODY, true);
        figure.words(&shown(chart.unit, estimate), (right + 8, middle), Side::Right, &INK, BODY, false);
    }
}

fn description(charts: &[Chart]) -> String {
    let chart = |chart: &Chart| {
        let values =
            chart.values.iter().map(|(method, e)| format!("{} {}", method.name(), shown(chart.unit, e)));
        format!("{}: {}", chart.words, values.collect::<Vec<_>>().join(", "))
    };
    charts.iter().map(chart).collect::<Vec<_>>().join("; ")
}

/// A figure in its own unit.
fn shown(unit: Unit, estimate: &Estimate) -> String {
    Scale::of(unit, estimate.value.into_iter()).show_with_unit(Some(estimate))
}

//! A heat map: a figure over two settings, a shade and a number for each point.

use super::figure::{self, BODY, Columns, Figure, Side, TOP};
use super::theme::{self, INK, MUTED};
use crate::answer::{Estimate, Method, Unit, metric_of};
use crate::report::number::Scale;
use crate::report::plot::{Frame, PlotText};
use crate::study::sweep::{SweepPoint, Swept};

/// The least and the largest figure of some metrics at all points.
pub(super) fn span(swept: &Swept, metrics: &[&str]) -> Option<(f64, f64)> {
    let answers = || swept.points.iter().flat_map(|p| &p.answers);
    let values = || {
        answers()
            .flat_map(|a| metrics.iter().filter_map(|m| a.get(m)?.value))
            .filter(|v| *v > 0.0 && v.is_finite())
    };
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    (low <= high).then_some((low, high))
}

/// How tall a map's legend is, and how many shades it shows.
const LEGEND: i32 = 40;
const SHADES: i32 = 12;

/// How opaque a cell is; 0 for the least of all figures, 1 for the largest.
fn opacity(shade: f64) -> f64 {
    0.06 + 0.44 * shade
}

/// What shades mean: from the least figure to the largest, equal steps for equal ratios.
fn legend(figure: &Figure<'_>, metric: &str, ends: &[String; 2], top: i32) {
    let Columns { edge, right, width, .. } = figure.columns;
    let long = |text: &str| (theme::text_width(text) * f64::from(BODY)) as i32;
    let room = f64::from(width - edge - 8) / f64::from(BODY);
    figure.words(&theme::fitted(metric, room), (edge, top + 4), Side::Above, &MUTED, BODY, false);
    let left = edge + long(&ends[0]) + 10;
    let each = ((right - left - long(&ends[1]) - 20) / SHADES).clamp(4, 20);
    figure.words(&ends[0], (edge, top + 22), Side::Right, &INK, BODY, false);
    for step in 0..SHADES {
        let shade = f64::from(step) / f64::from(SHADES - 1);
        let corner = (left + step * each, top + 14);
        figure.cell(corner, (each, 16), &theme::color(Method::Simulation), opacity(shade));
    }
    figure.words(&ends[1], (left + SHADES * each + 10, top + 22), Side::Right, &INK, BODY, false);
}

/// Two axes: p99 latency as shades, each cell with its figure and whether the objectives are met.
pub(super) fn draw(swept: &Swept, told: &PlotText<'_>, frame: Frame) -> Option<String> {
    let metric = swept.objectives.first().map_or("total.latency.p99", |o| o.metric.as_str());
    let met = if swept.objectives.is_empty() { "" } else { " · ✓ all objectives met" };
    let (low, high) = span(swept, &[metric])?;
    let [down, across] = swept.grid.axes.as_slice() else { return None };
    let (rows, cols) = (down.values.len() as i32, across.values.len() as i32);
    let columns = Columns::of(frame);
    let columns = Columns { left: columns.left + 40, ..columns };
    let (left, right) = (columns.left, columns.width - 16);
    let (width, height) = ((right - left) / cols, (420 / rows).clamp(18, 44));
    // A narrow page shows the wide map where its cells would be narrower than their figures.
    if width < if frame == Frame::Phone { 40 } else { 6 } {
        return None;
    }
    let bottom = TOP + rows * height;
    let unstable =
        if swept.points.iter().any(SweepPoint::unstable) { " · grey ∞ grows without end" } else { "" };
    let subtitle = format!("down: {} · across: {}{met}{unstable}", down.path, across.path);
    let scale = Scale::of(metric_of(metric).map_or(Unit::Messages, |m| m.unit), [high].into_iter());
    let size = (bottom + 56 + LEGEND, columns);
    Some(figure::figure(frame, size, (told.finding, &subtitle), told.all, |figure| {
        let ends = [low, high].map(|v| scale.show_with_unit(Some(&Estimate::exact(v))));
        legend(figure, metric, &ends, bottom + 56);
        for point in &swept.points {
            let (row, col) = (point.index as i32 / cols, point.index as i32 % cols);
            let corner = (left + col * width, TOP + row * height);
            let known = point.best(metric);
            let value = known.and_then(|(_, e)| e.value);
            let endless = value.is_none() && (point.unstable() || known.is_some());
            let shade = value
                .filter(|v| *v > 0.0)
                .map_or(0.0, |v| if high > low { (v / low).ln() / (high / low).ln() } else { 0.0 });
            let (color, opacity) =
                if endless { (MUTED, 0.4) } else { (theme::color(Method::Simulation), opacity(shade)) };
            figure.cell(corner, (width - 1, height - 1), &color, opacity);
            let met = !swept.objectives.is_empty()
                && swept
                    .objectives
                    .iter()
                    .all(|o| point.meets(o, swept.starts) == crate::study::ObjectiveStatus::Pass);
            let number = value.map_or(if endless { "∞" } else { "–" }.to_string(), |v| {
                scale.show(Some(&Estimate::exact(v)))
            });
            let text = if met { format!("{number} ✓") } else { number };
            if theme::text_width(&text) * f64::from(BODY) < f64::from(width) {
                figure.words(
                    &text,
                    (corner.0 + width / 2, corner.1 + height / 2 - 5),
                    Side::Below,
                    &INK,
                    BODY,
                    false,
                );
            }
        }
        for (row, value) in down.values.iter().enumerate() {
            let at = (left - 8, TOP + row as i32 * height + height / 2);
            figure.words(
                &theme::fitted(value, f64::from(left - 12) / f64::from(BODY)),
                at,
                Side::Left,
                &MUTED,
                BODY,
                false,
            );
        }
        let every = across
            .values
            .iter()
            .map(|v| (theme::text_width(v) * f64::from(BODY)) as i32 + 6)
            .max()
            .unwrap_or(1)
            / width
            + 1;
        for (col, value) in across.values.iter().enumerate().step_by(every as usize) {
            figure.words(
                value,
                (left + col as i32 * width + width / 2, bottom + 8),
                Side::Below,
                &MUTED,
                BODY,
                false,
            );
        }
        let unit = if scale.unit.is_empty() {
            across.path.clone()
        } else {
            format!("{} (cells in {})", across.path, scale.unit)
        };
        figure.words(&unit, ((left + right) / 2, bottom + 28), Side::Below, &MUTED, BODY, false);
    }))
}

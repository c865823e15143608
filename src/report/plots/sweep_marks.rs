//! What is marked in a sweep's curves: limits, the knee, and where nothing holds.

use super::figure::{self, BODY, Columns, Figure, Panel, Side};
use super::theme::{self, GRID, LIMIT, MUTED, Pen};
use crate::scenario::Objective;
use crate::study::sweep::Swept;

/// Where words stand, in pixels: from and to, and their base line.
#[derive(Debug)]
pub(super) struct Wording {
    from: i32,
    to: i32,
    base: i32,
}

/// From a base line to the next.
const LINE: i32 = BODY + 2;

/// How wide words are, in pixels: in any font.
fn width(words: &str) -> i32 {
    (1.1 * theme::text_width(words) * f64::from(BODY)) as i32
}

/// The lines of some objectives, and where their words stand.
pub(super) fn limits(
    figure: &Figure<'_>,
    panel: &Panel<'_, '_>,
    shown: &[&Objective],
    all: &[Objective],
) -> Vec<Wording> {
    let Columns { left, right, .. } = figure.columns;
    let room = f64::from(right - left - 12) / f64::from(BODY);
    let mut labels: Vec<Wording> = Vec::new();
    for objective in shown {
        let line = [(panel.x.low, objective.limit), (panel.x.high, objective.limit)];
        panel.line(&line, LIMIT, Pen::Dashed(12, 30, 30));
        let Some(at) = panel.y.place(objective.limit) else { continue };
        let long = format!("{} {}", objective.metric, objective.text);
        let fits = width(&long) < right - left - 12;
        let words = if fits { long } else { figure::asked(objective, all, room) };
        // Limits that are alike have their words one above the other.
        let mut base = panel.pixel((panel.x.low, at)).1 - 4;
        while labels.iter().any(|taken| (taken.base - base).abs() < LINE) {
            base -= LINE;
        }
        figure.words(&words, (left + 6, base), Side::Above, &LIMIT, BODY, false);
        labels.push(Wording { from: left + 6, to: left + 6 + width(&words), base });
    }
    labels
}

/// The points at which the queue grows without end.
pub(super) fn unstable(
    figure: &Figure<'_>,
    panel: &Panel<'_, '_>,
    swept: &Swept,
    x: &[f64],
    heights: (i32, i32),
) {
    let Columns { left, right, .. } = figure.columns;
    let wide = (theme::text_width("unstable") * f64::from(BODY)) as i32;
    let mut free = left;
    for point in swept.points.iter().filter(|point| point.unstable()) {
        let (at, _) = panel.pixel((x[point.index], panel.y.low));
        figure.rule((at, heights.0), (at, heights.1), &GRID);
        let left = if at + wide > right { at - wide - 4 } else { at + 4 };
        // Said once where many stand side by side.
        if left >= free {
            figure.words("unstable", (left, heights.1 - 8), Side::Above, &MUTED, BODY, false);
            free = left + 2 * wide;
        }
    }
}

/// The knee at an abscissa; neither its line nor its word runs through the words of limits.
pub(super) fn knee(figure: &Figure<'_>, at: i32, (top, bottom): (i32, i32), labels: &[Wording]) {
    let over = |from: i32, to: i32| {
        let taken = labels.iter().filter(|label| label.from <= to && label.to >= from);
        let mut bases: Vec<i32> = taken.map(|label| label.base).collect();
        bases.sort_unstable();
        bases
    };
    let mut from = top;
    for base in over(at, at) {
        if base - BODY > from {
            figure.rule((at, from), (at, base - BODY), &MUTED);
        }
        from = base + 2;
    }
    figure.rule((at, from.min(bottom)), (at, bottom), &MUTED);
    let wide = width("knee") + 4;
    let left = if at + wide > figure.columns.right { at - wide } else { at + 4 };
    let mut base = top + 12;
    while over(left, left + wide).iter().any(|taken| (taken - base).abs() < LINE) {
        base += LINE;
    }
    figure.words("knee", (left, base), Side::Above, &MUTED, BODY, false);
}

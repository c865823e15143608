//! Several lines in one panel: those that coincide are drawn once, each with its band, named at their ends.

use super::coincide::{self, HAIR, Merged};
use super::figure::Panel;
use super::theme::Pen;
use plotters::style::RGBColor;

/// A line, its name and how it is drawn.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub label: String,
    pub color: RGBColor,
    pub pen: Pen,
    pub points: Vec<(f64, f64)>,
    /// Abscissa, lower and upper end.
    pub band: Vec<(f64, f64, f64)>,
}

/// The lines of a panel.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    pub lines: Vec<Line>,
    /// The end of the axis.
    pub high: f64,
}

impl Lines {
    /// Lines above an axis that begins at zero and reaches whatever is drawn, and at least so far.
    pub(super) fn new(lines: Vec<Line>, least: f64) -> Self {
        let points = lines.iter().flat_map(|line| &line.points).map(|p| p.1);
        let bands = lines.iter().flat_map(|line| &line.band).map(|b| b.2);
        let high = 1.06 * points.chain(bands).fold(least, f64::max);
        Lines { lines, high }
    }

    fn merged(&self) -> Vec<Merged> {
        let points: Vec<&coincide::Points> = self.lines.iter().map(|line| line.points.as_slice()).collect();
        coincide::merged(&points, HAIR * self.high)
    }

    /// Which lines are not drawn, and for which others.
    pub(super) fn notes(&self) -> Vec<String> {
        let name = |i: usize| self.lines[i].label.clone();
        self.merged().iter().filter_map(|merged| coincide::told(merged, name)).collect()
    }

    /// Draws bands, lines and names.
    pub(super) fn draw(&self, panel: &Panel<'_, '_>) {
        let ends = self.merged().into_iter().filter_map(|merged| {
            let line = &self.lines[merged.drawn];
            let all: Vec<&Line> =
                std::iter::once(merged.drawn).chain(merged.with).map(|i| &self.lines[i]).collect();
            let names = all.iter().map(|line| line.label.as_str()).collect::<Vec<_>>().join(coincide::SAME);
            panel.beside(&names, || all.iter().for_each(|line| panel.band(&line.band, line.color)));
            let end = panel.series(&names, || panel.line(&line.points, line.color, line.pen));
            end.map(|at| (names, line.color, at))
        });
        panel.end_labels(ends.collect());
    }
}

//! A Q–Q plot: a law's quantiles against those of the times that it was fitted to. On the diagonal it fits.

use super::axis::Axis;
use super::figure::{self, Columns, TOP};
use super::theme::{self, MUTED, Pen};
use crate::answer::Method;
use crate::report::plot::{Frame, PlotText};
use crate::study::fit::Column;

/// The best law's plot; `None` for a constant.
pub(crate) fn draw(column: &Column, told: &PlotText<'_>, frame: Frame) -> Option<String> {
    let best = column.candidates.first().filter(|c| !c.quantiles.is_empty())?;
    let points: Vec<(f64, f64)> = best.quantiles.iter().copied().filter(|q| q.0 > 0.0 && q.1 > 0.0).collect();
    let low = points.iter().map(|q| q.0.min(q.1)).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|q| q.0.max(q.1)).fold(0.0, f64::max) * 1.05;
    // Without a single point there is no range.
    points.first()?;
    let name = best.law.name();
    let subtitle = "on the diagonal the law's quantiles are the sample's; the last dots are the far tail";
    // Nothing is named to the right.
    let columns = Columns::of(frame);
    let columns = Columns { right: columns.right.max(columns.width - 40), ..columns };
    Some(figure::figure(frame, (TOP + 400 + 62, columns), (told.finding, subtitle), told.all, |figure| {
        // The least quantiles would stretch an axis that is logarithmic over many decades and say little.
        let low = low.max(high / 1e4);
        let across = Axis::times(&format!("quantile of the {name} law"), low, high);
        let panel = figure.panel((TOP, TOP + 400), across, Axis::times("quantile of the sample", low, high));
        panel.line(&[(low, low), (high, high)], MUTED, Pen::Dashed(12, 60, 45));
        panel.line(&points, theme::color(Method::Simulation), Pen::Dots(24));
    }))
}

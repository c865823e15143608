//! A comparison's plot: by how much each figure differs, with its interval; one that holds the line of no
//! difference says nothing.

use super::axis::Axis;
use super::figure::{self, BODY, Columns, Figure, Side, TOP};
use super::theme::{self, GRID, INK, MUTED, Pen};
use crate::answer::Method;
use crate::report::difference;
use crate::report::number::three;
use crate::report::plot::{Frame, PlotText};
use crate::report::text::distinct;
use crate::study::compare::{Comparison, Difference, Verdict};
use plotters::style::RGBColor;

/// How much room the metrics' names have: beside the panels, or on a narrow page above each bar.
const NAMES: i32 = 212;
const NAMES_ABOVE: i32 = 34;
const ROW: i32 = 36;
/// Beyond such a factor the axis is logarithmic.
const WIDE: f64 = 2.5;
/// What is written on a logarithmic axis: ratios to the first.
const RATIOS: [f64; 13] = [0.001, 0.01, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0, 1000.0, 1e4, 1e5];

/// One figure's ratio to that of the first configuration.
struct RatioBar<'a> {
    row: &'a Difference,
    at: f64,
    low: f64,
    high: f64,
}

/// The picture; `None` if no figure can be held against that of the first.
pub(crate) fn draw(compared: &Comparison, told: &PlotText<'_>, frame: Frame) -> Option<String> {
    let others = compared.names[1..].iter().zip(&compared.differences);
    let panels = others.map(|(name, rows)| (name, rows.iter().filter_map(bar).collect::<Vec<_>>()));
    let panels: Vec<(&String, Vec<RatioBar<'_>>)> = panels.filter(|p| !p.1.is_empty()).collect();
    if panels.is_empty() {
        return None;
    }
    let row = if frame == Frame::Phone { ROW + NAMES_ABOVE } else { ROW };
    let heights: Vec<i32> = panels.iter().map(|p| row * p.1.len() as i32 + 84).collect();
    let height = TOP - 20 + heights.iter().sum::<i32>();
    let percent = three(compared.confidence * 100.0);
    let subtitle = format!(
        "{} · bars: {} % confidence of the difference",
        difference::by_what(&compared.by),
        percent.trim_end_matches(".0")
    );
    let columns = Columns::of(frame);
    let left = columns.edge + if frame == Frame::Phone { 6 } else { NAMES };
    let columns = Columns { left, ..columns };
    Some(figure::figure(frame, (height, columns), (told.finding, &subtitle), told.all, |figure| {
        let mut top = TOP + 4;
        for ((name, bars), height) in panels.iter().zip(&heights) {
            panel(figure, name, bars, (top, row));
            top += height;
        }
    }))
}

fn bar(row: &Difference) -> Option<RatioBar<'_>> {
    let half = row.half_width.unwrap_or(0.0);
    let ratio = |difference: f64| 1.0 + difference / row.a;
    let bar = RatioBar {
        row,
        at: ratio(row.difference),
        low: ratio(row.difference - half),
        high: ratio(row.difference + half),
    };
    (row.a > 0.0 && bar.at.is_finite() && bar.high.is_finite()).then_some(bar)
}

/// Blue is better and orange worse; what cannot be told apart is grey.
fn color(verdict: Verdict) -> RGBColor {
    match verdict {
        Verdict::Better => theme::color(Method::Simulation),
        Verdict::Worse => theme::color(Method::Measurement),
        Verdict::Changed | Verdict::Mixed => INK,
        Verdict::Same => MUTED,
    }
}

/// The axis, and where a ratio lies on it.
fn axis(bars: &[RatioBar<'_>]) -> (Axis, impl Fn(f64) -> f64 + use<>) {
    let highest = bars.iter().map(|b| b.high).fold(1.0, f64::max);
    let lowest = bars
        .iter()
        .map(|b| if b.low > 0.0 { b.low } else { 0.5 * b.at })
        .filter(|v| *v > 0.0)
        .fold(1.0, f64::min);
    let wide = highest > WIDE || lowest < 1.0 / WIDE;
    let place = move |ratio: f64| if wide { ratio.max(lowest * 0.8).ln() } else { ratio - 1.0 };
    let margin = (0.06 * (place(highest) - place(lowest))).max(0.002);
    let (low, high) = (place(lowest) - margin, place(highest) + margin);
    if wide {
        let named = |r: &f64| (r.ln(), if *r == 1.0 { "the same".to_string() } else { format!("×{r}") });
        // Over many decades only whole ones have room.
        let decades = high - low > 5.0;
        let round = |r: &&f64| !decades || r.log10().fract() == 0.0;
        let ticks = RATIOS.iter().filter(round).map(named).filter(|tick| (low..=high).contains(&tick.0));
        return (Axis::marked("", low, high, ticks.collect()), place);
    }
    let mut axis = Axis::percent("", low, high);
    for (at, text) in &mut axis.ticks {
        *text = if at.abs() < 1e-9 {
            "the same".into()
        } else {
            format!("{}{text} %", if *at > 0.0 { "+" } else { "" })
        };
    }
    (axis, place)
}

fn panel(figure: &Figure<'_>, name: &str, bars: &[RatioBar<'_>], (top, row): (i32, i32)) {
    let rows = bars.len() as i32;
    let bottom = top + row * rows + 4;
    let (axis, place) = axis(bars);
    let panel = figure.bare_panel((top, bottom), axis, Axis::linear("", 0.0, f64::from(rows)));
    let Columns { width, edge, right, .. } = figure.columns;
    let above = row - ROW;
    let (title, label) = (f64::from(width - edge) / 13.0, if above > 0 { 27.0 } else { 17.5 });
    figure.words(&theme::fitted(name, title), (edge, top - 8), Side::Above, &INK, BODY, true);
    for (at, _) in &panel.x.ticks {
        let (x, _) = panel.pixel((*at, 0.0));
        figure.rule((x, top), (x, bottom), &GRID);
    }
    panel.x_ticks(bottom);
    let same = place(1.0);
    panel.line(&[(same, 0.0), (same, f64::from(rows))], MUTED, Pen::Solid(10));
    // A column of text is about so wide.
    let most = (label / 0.55) as usize;
    let names: Vec<String> = bars.iter().map(|bar| bar.row.metric.clone()).collect();
    for (i, (bar, name)) in bars.iter().zip(distinct(&names, most, "…")).enumerate() {
        // Names above a bar press it to the lower end of its row.
        let height = f64::from(rows) - i as f64 - 0.5 - 0.5 * f64::from(above) / f64::from(row);
        let (_, middle) = panel.pixel((panel.x.low, height));
        let color = color(bar.row.verdict);
        panel.line(&[(place(bar.low), height), (place(bar.high), height)], color, Pen::Solid(24));
        panel.line(&[(place(bar.at), height)], color, Pen::Dots(42));
        let base = middle - above + if above > 0 { 6 } else { 0 };
        figure.words(&theme::fitted(&name, label), (edge, base - 2), Side::Above, &INK, BODY, false);
        figure.words(
            &theme::fitted(&difference::figures(bar.row), label),
            (edge, base + 12),
            Side::Above,
            &MUTED,
            BODY,
            false,
        );
        figure.words(&difference::by(bar.row), (right + 10, middle), Side::Right, &color, BODY, true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::compare::ComparedBy;
    use serde_json::Value;

    fn row(metric: &str, a: f64, b: f64, half_width: Option<f64>, verdict: Verdict) -> Difference {
        Difference { metric: metric.into(), a, b, difference: b - a, half_width, p: 0.01, verdict }
    }

    const TOLD: PlotText<'static> = PlotText { finding: "two is better", all: "told" };

    fn compared(rows: Vec<Difference>) -> Comparison {
        Comparison {
            turned: Vec::new(),
            unstable: vec![None; 2],
            names: vec!["one".into(), "<two>".into()],
            by: ComparedBy::Simulation { replications: 10 },
            confidence: 0.95,
            asked: Vec::new(),
            differences: vec![rows],
            scenarios: vec![Value::Null; 2],
            notes: Vec::new(),
        }
    }

    #[test]
    fn differences_are_drawn_however_far_apart_they_are() {
        let rows = vec![
            row("total.latency.mean", 1.0, 1.02, Some(0.05), Verdict::Same),
            row("total.latency.p99", 1.7, 0.001, Some(3.0), Verdict::Better),
            row("total.loss", 0.0, 0.1, None, Verdict::Worse),
            row("total.throughput", 500.0, 500.0, None, Verdict::Same),
        ];
        let svg = draw(&compared(rows), &TOLD, Frame::Alone).expect("three figures have a ratio");
        for said in ["&lt;two&gt;", "the same", "total.latency.p99", "÷1700", "1.70 s → 1.00 ms"] {
            assert!(svg.contains(said), "{said}");
        }
        // What comes from nothing has no ratio: it is not drawn.
        assert!(!svg.contains("total.loss") && !svg.contains("NaN") && !svg.contains("inf"));
        assert!(draw(&compared(Vec::new()), &TOLD, Frame::Alone).is_none());
    }

    #[test]
    fn small_differences_are_told_in_per_cent() {
        let svg = draw(
            &compared(vec![row("total.latency.mean", 1.0, 1.04, Some(0.05), Verdict::Same)]),
            &TOLD,
            Frame::Page,
        )
        .expect("one figure");
        assert!(svg.contains(">+4 %<") && svg.contains(">the same<"), "{svg}");
    }
}

//! A prediction's plot: latency along the load, as predicted, as measured, and as an ideal host would have
//! it.

use super::axis::Axis;
use super::coincide::{self, HAIR, Merged};
use super::figure::{self, Columns, Figure, TOP};
use super::theme::{self, INK, Pen};
use crate::answer::Method;
use crate::report::plot::{Frame, PlotText};
use crate::study::predict::{PredictedLoad, Prediction};

const PANEL: i32 = 240;
/// The statistics that have a panel.
const SHOWN: [&str; 2] = ["mean", "p99"];

/// The picture; `None` where no latency is known.
pub(crate) fn draw(prediction: &Prediction, told: &PlotText<'_>, frame: Frame) -> Option<String> {
    let known = |statistic: &&str| {
        prediction.points.iter().any(|p| p.latency(Method::Measurement, statistic).is_some())
    };
    let shown: Vec<&str> = SHOWN.into_iter().filter(known).collect();
    if shown.is_empty() {
        return None;
    }
    let step = PANEL + 78;
    let height = TOP + step * shown.len() as i32;
    let subtitle = format!(
        "open circle: learnt from · one plan at each load, the same for all three · seed {}",
        prediction.scenario.seed
    );
    let lines: Vec<PredictedLines> =
        shown.iter().map(|statistic| PredictedLines::of(&prediction.points, statistic)).collect();
    let notes: Vec<String> = lines.iter().filter_map(PredictedLines::note).collect();
    let size = (height, Columns::of(frame));
    Some(figure::noted(frame, size, (told.finding, &subtitle), (told.all, &notes), |figure| {
        for (i, lines) in lines.iter().enumerate() {
            let top = TOP + step * i as i32;
            panel(figure, lines, (top, top + PANEL));
        }
    }))
}

/// One statistic along the load: as an ideal host would have it, as predicted, as measured, and of these what
/// was learnt from.
struct PredictedLines<'a> {
    statistic: &'a str,
    ideal: Vec<(f64, f64)>,
    predicted: Vec<(f64, f64)>,
    measured: Vec<(f64, f64)>,
    learnt: Vec<(f64, f64)>,
    high: f64,
}

impl<'a> PredictedLines<'a> {
    fn of(points: &[PredictedLoad], statistic: &'a str) -> Self {
        let line = |of: &dyn Fn(&PredictedLoad) -> Option<f64>| -> Vec<(f64, f64)> {
            let mut all: Vec<(f64, f64)> = points.iter().filter_map(|p| Some((p.load, of(p)?))).collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            all
        };
        let ideal = line(&|p| p.latency(Method::Rehearsal, statistic));
        let predicted = line(&|p| p.predicted_latency(statistic));
        let measured = line(&|p| p.latency(Method::Measurement, statistic));
        let learnt = line(&|p| p.latency(Method::Measurement, statistic).filter(|_| p.predicted.is_none()));
        let high = ideal.iter().chain(&predicted).chain(&measured).map(|p| p.1).fold(0.0, f64::max) * 1.1;
        PredictedLines { statistic, ideal, predicted, measured, learnt, high }
    }

    /// Whether the prediction adds nothing to see to the ideal host's line.
    fn merged(&self) -> Option<Merged> {
        let lines = [self.ideal.as_slice(), self.predicted.as_slice()];
        coincide::merged(&lines, HAIR * self.high).into_iter().find(|merged| !merged.with.is_empty())
    }

    fn note(&self) -> Option<String> {
        let name = |i: usize| format!("{} ({})", ["ideal host", "predicted"][i], self.statistic);
        coincide::told(&self.merged()?, name)
    }
}

fn panel(figure: &Figure<'_>, lines: &PredictedLines<'_>, heights: (i32, i32)) {
    let PredictedLines { statistic, ideal, predicted, measured, learnt, high } = lines;
    let panel = figure.panel(
        heights,
        Axis::percent("load of the fullest queue", 0.0, 1.0),
        Axis::linear_times(&format!("latency, {statistic}"), 0.0, *high),
    );
    let merged = lines.merged();
    let is_drawn = |i: usize| merged.as_ref().is_none_or(|merged| merged.drawn == i);
    let names = match &merged {
        Some(merged) if merged.drawn == 0 => ["ideal host ≈ predicted", ""],
        Some(_) => ["", "predicted ≈ ideal host"],
        None => ["ideal host", "predicted"],
    };
    let of_ideal = theme::color(Method::Rehearsal);
    if is_drawn(0) {
        panel.series(names[0], || panel.line(ideal, of_ideal, theme::pen(Method::Theory)));
    }
    if is_drawn(1) {
        panel.series(names[1], || panel.line(predicted, INK, Pen::Solid(20)));
    }
    let color = theme::color(Method::Measurement);
    panel.series("measured", || panel.line(measured, color, Pen::Dots(36)));
    panel.beside("measured", || panel.line(learnt, theme::PAPER, Pen::Dots(20)));
    let end = |name: &str, list: &[(f64, f64)], color| {
        let &(x, y) = list.last()?;
        Some((name.to_string(), color, (panel.x.place(x)?, panel.y.place(y)?)))
    };
    let drawn = [(0, ideal, of_ideal), (1, predicted, INK)].into_iter().filter(|line| is_drawn(line.0));
    let ends = drawn.map(|(i, line, color)| end(names[i], line, color));
    panel.end_labels(ends.chain([end("measured", measured, color)]).flatten().collect());
}

//! A prediction's plot: latency along the load, as predicted, as measured, and as an ideal host would have
//! it.

use super::axis::Axis;
use super::figure::{self, Columns, Figure, TOP};
use super::theme::{self, INK, Pen};
use crate::answer::Method;
use crate::report::plot::Frame;
use crate::study::predict::{PredictedLoad, Prediction};

const PANEL: i32 = 240;
/// The statistics that have a panel.
const SHOWN: [&str; 2] = ["mean", "p99"];

/// The picture; `None` where no latency is known.
pub(crate) fn draw(prediction: &Prediction, description: &str, frame: Frame) -> Option<String> {
    let known = |statistic: &&str| {
        prediction.points.iter().any(|p| p.latency(Method::Measurement, statistic).is_some())
    };
    let shown: Vec<&str> = SHOWN.into_iter().filter(known).collect();
    if shown.is_empty() {
        return None;
    }
    let step = PANEL + 66;
    let height = TOP + step * shown.len() as i32;
    let title = format!(
        "Predicted, then measured: {}",
        prediction.scenario.title.as_deref().unwrap_or("latency along the load")
    );
    let subtitle = format!(
        "open circle: learnt from · one plan at each load, the same for all three · seed {}",
        prediction.scenario.seed
    );
    Some(figure::figure(frame, (height, Columns::of(frame)), (&title, &subtitle), description, |figure| {
        for (i, statistic) in shown.iter().enumerate() {
            let top = TOP + step * i as i32;
            panel(figure, &prediction.points, statistic, (top, top + PANEL));
        }
    }))
}

fn panel(figure: &Figure<'_>, points: &[PredictedLoad], statistic: &str, heights: (i32, i32)) {
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
    let panel = figure.panel(
        heights,
        Axis::percent("load of the fullest queue", 0.0, 1.0),
        Axis::linear_times(&format!("latency, {statistic}"), 0.0, high),
    );
    panel.line(&ideal, theme::color(Method::Rehearsal), theme::pen(Method::Theory));
    panel.line(&predicted, INK, Pen::Solid(20));
    let color = theme::color(Method::Measurement);
    panel.line(&measured, color, Pen::Dots(36));
    panel.line(&learnt, theme::PAPER, Pen::Dots(20));
    let end = |name: &str, list: &[(f64, f64)], color| {
        let &(x, y) = list.last()?;
        Some((name.to_string(), color, (panel.x.place(x)?, panel.y.place(y)?)))
    };
    let ends = [
        end("ideal host", &ideal, theme::color(Method::Rehearsal)),
        end("predicted", &predicted, INK),
        end("measured", &measured, color),
    ];
    panel.end_labels(ends.into_iter().flatten().collect());
}

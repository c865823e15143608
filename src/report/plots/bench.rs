//! A benchmark's plot: latency along the rate, up to the highest that each target sustains.

use super::axis::Axis;
use super::figure::{self, Columns, TOP};
use super::theme::{self, Pen};
use crate::report::plot::{Frame, PlotText};
use crate::study::bench::Benchmark;

const PANEL: i32 = 260;
/// The statistics that have a panel.
const SHOWN: [(&str, &str); 2] = [("mean", "mean"), ("p99", "p99")];
/// Points of a curve.
const CURVE: usize = 60;

/// The picture; `None` where no latency is known.
pub(crate) fn draw(all: &[Benchmark], told: &PlotText<'_>, frame: Frame) -> Option<String> {
    let points = |one: &Benchmark, statistic: &str| -> Vec<(f64, f64)> {
        let of = |(_, run): &(f64, crate::study::bench::BenchRun)| {
            Some((run.offered, run.time("total", "latency", statistic)?))
        };
        one.points.iter().filter_map(of).collect()
    };
    let every: Vec<(f64, f64)> =
        all.iter().flat_map(|one| SHOWN.iter().flat_map(move |(s, _)| points(one, s))).collect();
    let highest = every.iter().map(|p| p.0).fold(0.0, f64::max);
    let (low, high) = every.iter().fold((f64::INFINITY, 0.0), |(low, high), p| (p.1.min(low), p.1.max(high)));
    if every.is_empty() || low <= 0.0 {
        return None;
    }
    let step = PANEL + 78;
    let height = TOP + step * SHOWN.len() as i32;
    let subtitle = "open loop, messages are no work · each line ends at the highest share that was measured · dashed: fitted to the mean";
    Some(figure::figure(frame, (height, Columns::of(frame)), (told.finding, subtitle), told.all, |figure| {
        for (i, (statistic, name)) in SHOWN.iter().enumerate() {
            let top = TOP + step * i as i32;
            let panel = figure.panel(
                (top, top + PANEL),
                Axis::linear("messages a second", 0.0, 1.05 * highest),
                Axis::times(&format!("latency, {name}"), 0.8 * low, 1.2 * high),
            );
            let mut ends = Vec::new();
            for (number, one) in all.iter().enumerate() {
                let (line, color) = (points(one, statistic), theme::series(number));
                panel.beside(&one.case.name, || panel.line(&line, color, Pen::Solid(20)));
                panel.series(&one.case.name, || panel.line(&line, color, Pen::Dots(30)));
                // Fitted to the mean alone.
                if let (Some(fitted), "mean") = (one.curve(), *statistic) {
                    let last = line.last().map_or(0.0, |point| point.0);
                    let rates = (1..=CURVE).map(|i| last * i as f64 / CURVE as f64);
                    let rates = rates.filter(|rate| *rate < fitted.curve.saturation);
                    let curve: Vec<_> = rates.map(|rate| (rate, fitted.curve.at(rate))).collect();
                    panel.beside(&one.case.name, || panel.line(&curve, color, Pen::Dashed(12, 60, 45)));
                }
                let end = line.last().and_then(|&(x, y)| Some((panel.x.place(x)?, panel.y.place(y)?)));
                ends.extend(end.map(|end| (one.case.name.clone(), color, end)));
            }
            panel.end_labels(ends);
        }
    }))
}

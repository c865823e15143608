//! A search's plot: each objective's figure along the setting, the limit that it must keep, and the value
//! that was found.

use super::axis::Axis;
use super::figure::{self, BODY, Columns, Figure, Panel, Side, TOP};
use super::sweep::settings;
use super::theme::{self, INK, LIMIT, MUTED, Pen};
use crate::answer::{Estimate, Method, Unit, metric_of};
use crate::report::plot::{Frame, PlotText};
use crate::scenario::{Objective, Relation};
use crate::study::capacity::{Capacity, Probe};
use crate::study::sweep::number;

const PANEL: i32 = 260;
/// Harder values than the found one that are drawn.
const HARDER: usize = 6;

/// The picture; `None` if nothing was found or nobody knows an objective's figure.
pub(crate) fn draw(capacity: &Capacity, told: &PlotText<'_>, frame: Frame) -> Option<String> {
    let found = capacity.found()?;
    let shown = shown(capacity, found);
    let methods = [Method::Theory, Method::Simulation];
    let known =
        |o: &&Objective| shown.iter().any(|s| methods.iter().any(|m| value(s.1, *m, &o.metric).is_some()));
    let objectives: Vec<&Objective> = capacity.scenario.objectives.iter().filter(known).collect();
    if objectives.is_empty() {
        return None;
    }
    let step = PANEL + 78;
    let height = TOP + step * objectives.len() as i32;
    let confidence = crate::report::number::three(capacity.scenario.simulation.confidence * 100.0);
    let subtitle = format!(
        "the {} value that passes · bars: {} % confidence · dashes: theory{} · seed {}",
        if capacity.largest { "largest" } else { "smallest" },
        confidence.trim_end_matches(".0"),
        if shown.iter().any(|s| s.1.trial.unstable().is_some()) { " · ✗ unstable" } else { "" },
        capacity.scenario.seed
    );
    let notes: Vec<String> = objectives.iter().filter_map(|o| without_interval(&shown, &o.metric)).collect();
    let size = (height, Columns::of(frame));
    Some(figure::noted(frame, size, (told.finding, &subtitle), (told.all, &notes), |figure| {
        for (i, objective) in objectives.iter().enumerate() {
            let top = TOP + step * i as i32;
            panel(figure, capacity, &shown, objective, (top, top + PANEL));
        }
    }))
}

/// Which dots have no bar.
fn without_interval(shown: &[(f64, &Probe)], metric: &str) -> Option<String> {
    let simulated = shown.iter().filter_map(|s| Some((s.1, value(s.1, Method::Simulation, metric)?)));
    let bare = simulated.filter(|(_, estimate)| estimate.half_width.is_none());
    super::without_interval(metric, Method::Simulation, bare.map(|(probe, _)| probe.value.as_str()))
}

/// The values around the found one, from low to high: position on the axis and what was tried there.
fn shown<'a>(capacity: &'a Capacity, found: &Probe) -> Vec<(f64, &'a Probe)> {
    let furthest = capacity.curve.iter().map(|p| p.index.abs_diff(found.index)).max().unwrap_or(0);
    let near = |probe: &&Probe| {
        let easier = if capacity.largest { probe.index < found.index } else { probe.index > found.index };
        probe.index.abs_diff(found.index) <= if easier { furthest } else { HARDER }
    };
    let mut all: Vec<&Probe> = capacity.probes.iter().chain(&capacity.curve).filter(near).collect();
    all.sort_by_key(|p| p.index);
    let numbers: Option<Vec<f64>> = all.iter().map(|p| number(&p.value)).collect();
    let numbers = numbers.filter(|n| n.windows(2).all(|w| w[0] < w[1]));
    let at = |i: usize| numbers.as_ref().map_or(all[i].index as f64, |n| n[i]);
    all.iter().enumerate().map(|(i, probe)| (at(i), *probe)).collect()
}

fn value(probe: &Probe, method: Method, metric: &str) -> Option<Estimate> {
    let answer = probe.trial.answers.iter().find(|a| a.method == method)?;
    answer.get(metric).copied().filter(|e| e.value.is_some())
}

fn panel(
    figure: &Figure<'_>,
    capacity: &Capacity,
    shown: &[(f64, &Probe)],
    objective: &Objective,
    heights: (i32, i32),
) {
    let metric = objective.metric.as_str();
    let of = |method| -> Vec<(f64, Estimate)> {
        shown.iter().filter_map(|(x, p)| Some((*x, value(p, method, metric)?))).collect()
    };
    let (theory, simulated) = (of(Method::Theory), of(Method::Simulation));
    let tops =
        theory.iter().chain(&simulated).filter_map(|(_, e)| Some(e.value? + e.half_width.unwrap_or(0.0)));
    let high = tops.chain([objective.limit]).fold(0.0, f64::max) * 1.12;
    let y = match metric_of(metric).map_or(Unit::Messages, |m| m.unit) {
        Unit::Seconds => Axis::linear_times(metric, 0.0, high),
        Unit::Ratio => Axis::percent(metric, 0.0, high),
        _ => Axis::linear(metric, 0.0, high),
    };
    let x: Vec<(f64, String)> = shown.iter().map(|(x, p)| (*x, p.value.clone())).collect();
    let panel = figure.panel(heights, settings(&capacity.path, &x, figure.columns), y);
    let values =
        |list: &[(f64, Estimate)]| list.iter().filter_map(|(x, e)| Some((*x, e.value?))).collect::<Vec<_>>();
    let found = shown.iter().find(|(_, probe)| capacity.found().is_some_and(|f| f.index == probe.index));
    let found = found.map(|(x, _)| panel.pixel((*x, panel.y.low)).0);
    limit(figure, &panel, objective, (capacity.largest, found, heights.0 + 12));
    marks(figure, &panel, capacity, shown, heights);
    let (by_theory, by_simulation) = (Method::Theory.name(), Method::Simulation.name());
    panel.series(by_theory, || {
        panel.line(&values(&theory), theme::color(Method::Theory), theme::pen(Method::Theory))
    });
    panel.beside(by_simulation, || simulated.iter().for_each(|(x, estimate)| bar(&panel, *x, estimate)));
    panel.series(by_simulation, || {
        panel.line(&values(&simulated), theme::color(Method::Simulation), Pen::Dots(30))
    });
    let last = |list: &[(f64, Estimate)], method: Method| {
        let (x, e) = list.last()?;
        Some((
            method.name().to_string(),
            theme::color(method),
            (panel.x.place(*x)?, panel.y.place(e.value?)?),
        ))
    };
    let ends = [last(&theory, Method::Theory), last(&simulated, Method::Simulation)];
    panel.end_labels(ends.into_iter().flatten().collect());
}

fn bar(panel: &Panel<'_, '_>, x: f64, estimate: &Estimate) {
    if let (Some(value), Some(half)) = (estimate.value, estimate.half_width) {
        let ends = [(x, (value - half).max(panel.y.low)), (x, (value + half).min(panel.y.high))];
        panel.line(&ends, theme::color(Method::Simulation), Pen::Solid(20));
    }
}

/// The objective's line, its words on the side where it is missed, which is the emptier one, and at the end
/// that is far from the value that was found: its line runs through no words, nor do its own words, on their base
/// line, lie on them.
fn limit(
    figure: &Figure<'_>,
    panel: &Panel<'_, '_>,
    objective: &Objective,
    (largest, found, told): (bool, Option<i32>, i32),
) {
    panel.line(
        &[(panel.x.low, objective.limit), (panel.x.high, objective.limit)],
        LIMIT,
        Pen::Dashed(12, 30, 30),
    );
    let Some(at) = panel.y.place(objective.limit) else { return };
    let words = format!("wanted {}", objective.text);
    let width = (theme::text_width(&words) * f64::from(BODY)) as i32;
    let (end, y) = panel.pixel((if largest { panel.x.low } else { panel.x.high }, at));
    let usual = if largest { end + 6 } else { end - width - 4 };
    let Columns { left, right, width: whole, .. } = figure.columns;
    let clear = |from: i32| found.is_none_or(|found| found < from - 2 || found > from + width + 2);
    let beside = found.map_or(usual, |found| found + 5);
    let places = [usual, left + 6, right - width - 4, beside];
    let from = places.into_iter().find(|from| clear(*from)).unwrap_or(usual).min(whole - width - 2);
    let above = matches!(objective.relation, Relation::Less | Relation::LessOrEqual);
    let sides = if above { [y - 5, y + 15] } else { [y + 15, y - 5] };
    let base = sides.into_iter().find(|base| (base - told).abs() > BODY).unwrap_or(sides[0]);
    figure.words(&words, (from, base), Side::Above, &LIMIT, BODY, false);
}

/// A line at the value that was found, and a cross where the queue grows without end.
fn marks(
    figure: &Figure<'_>,
    panel: &Panel<'_, '_>,
    capacity: &Capacity,
    shown: &[(f64, &Probe)],
    heights: (i32, i32),
) {
    for (x, probe) in shown {
        let (at, _) = panel.pixel((*x, panel.y.low));
        if probe.trial.unstable().is_some() {
            figure.words("✗", (at, heights.1 - 18), Side::Below, &MUTED, BODY, true);
        }
        if capacity.found().is_none_or(|found| found.index != probe.index) {
            continue;
        }
        figure.rule((at, heights.0), (at, heights.1), &INK);
        let words = format!("{} passes", probe.value);
        let width = (theme::text_width(&words) * f64::from(BODY)) as i32;
        // The words stand to the right of their line, unless they would leave the panel.
        let left =
            if at + width + 8 > panel.pixel((panel.x.high, panel.y.low)).0 { at - width - 5 } else { at + 5 };
        figure.words(&words, (left, heights.0 + 12), Side::Above, &INK, BODY, true);
    }
}

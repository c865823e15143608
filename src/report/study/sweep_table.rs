//! A sweep as a table: a row for each point, a column for each metric that says something.

use crate::answer::{Answer, Estimate, Method, MetricId, PlaceId, Quantity, Unit, metric_of};
use crate::report::number::{Scale, UNKNOWN};
use crate::report::style::Style;
use crate::study::ObjectiveStatus;
use crate::study::sweep::{SweepPoint, Swept};
use crate::units::plain;

/// Rows of the terminal's table with `-v`, and of the page's.
pub(super) const MOST_ROWS: [usize; 2] = [100, 500];
/// However much is to be said, the table has so many.
pub(super) const FEWEST_ROWS: usize = 8;

/// What is shown of every point, beside the objectives' metrics.
pub(super) const SHOWN: &[(&str, &str)] = &[
    ("latency.mean", "mean latency"),
    ("latency.p50", "p50"),
    ("latency.p99", "p99"),
    ("latency.p999", "p99.9"),
    ("loss", "loss"),
];

/// The metrics that have a column, with their names: those of latency and loss that anybody knows, then the
/// objectives', those of other places with their places.
pub(super) fn metrics(swept: &Swept) -> Vec<(String, String)> {
    let any = |metric: &str, of: &dyn Fn(f64) -> bool| {
        swept.points.iter().filter_map(|p| p.best(metric)).any(|(_, e)| e.value.is_none_or(of))
    };
    let whose = swept.whose();
    let elsewhere = |id: &MetricId<'_>| {
        swept.has_several_producers() && id.quantity == Quantity::Latency && id.place != whose
    };
    let others = swept.objectives.iter().filter_map(|o| MetricId::parse(&o.metric)).any(|id| elsewhere(&id));
    let of = match whose {
        PlaceId::Total if others => " of all".to_string(),
        place => of_place(place),
    };
    let named = SHOWN.iter().map(|(path, words)| (format!("{whose}.{path}"), format!("{words}{of}")));
    let mut out: Vec<(String, String)> =
        named.filter(|(path, _)| any(path, &|v| !Quantity::Loss.is_of(path) || v > 0.0)).collect();
    for objective in &swept.objectives {
        let id = MetricId::parse(&objective.metric);
        // Where there is one producer, its messages are all messages.
        let known = |path: &String| {
            let ids = MetricId::parse(path).zip(id);
            ids.is_some_and(|(a, b)| {
                a.statistic == b.statistic && b.quantity == Quantity::Latency && !elsewhere(&b)
            })
        };
        if out.iter().any(|(path, _)| *path == objective.metric || known(path)) {
            continue;
        }
        let words = id.filter(elsewhere).and_then(|id| {
            let rest = objective.metric.strip_prefix(&format!("{}.", id.place))?;
            let (_, words) = SHOWN.iter().find(|(path, _)| *path == rest)?;
            let place = if id.place == PlaceId::Total { " of all".into() } else { of_place(id.place) };
            Some(format!("{words}{place}"))
        });
        out.push((objective.metric.clone(), words.unwrap_or_else(|| objective.metric.clone())));
    }
    out
}

/// Whose figures they are, where they are not of all messages.
fn of_place(place: PlaceId<'_>) -> String {
    match place {
        PlaceId::Total => String::new(),
        PlaceId::Producer(name) | PlaceId::Queue(name) | PlaceId::Consumer(name) => format!(" of {name}"),
    }
}

/// How a metric's figures are shown: in one unit, or each in its own where they are far apart.
struct SweptColumn {
    unit: Unit,
    scale: Option<Scale>,
}

/// Figures that are so many times apart have units of their own.
const FAR_APART: f64 = 300.0;

impl SweptColumn {
    fn of(swept: &Swept, path: &str) -> SweptColumn {
        let unit = metric_of(path).map_or(Unit::Messages, |m| m.unit);
        let values = || swept.points.iter().filter_map(|p| p.best(path)?.1.value);
        let least = values().filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
        let apart = unit == Unit::Seconds && values().fold(0.0, f64::max) > FAR_APART * least;
        SweptColumn { unit, scale: (!apart).then(|| Scale::of(unit, values())) }
    }

    fn unit(&self) -> String {
        let unit = self.scale.as_ref().map_or("", |scale| scale.unit);
        if unit.is_empty() { String::new() } else { format!(", {unit}") }
    }

    fn show(&self, estimate: &Estimate) -> String {
        match &self.scale {
            Some(scale) => scale.show(Some(estimate)),
            None => Scale::of(self.unit, estimate.value.into_iter()).show_with_unit(Some(estimate)),
        }
    }
}

/// By which methods the figures of the table are.
pub(super) fn made_by(swept: &Swept) -> Option<String> {
    let metrics = metrics(swept);
    let any = |of: &dyn Fn(&Answer) -> bool| {
        let best =
            |point: &SweepPoint| metrics.iter().any(|(path, _)| point.best(path).is_some_and(|b| of(b.0)));
        swept.points.iter().any(best)
    };
    let exact = any(&|answer| answer.method == Method::Theory && answer.exact);
    let about = any(&|answer| answer.method == Method::Theory && !answer.exact);
    let simulated = any(&|answer| answer.method == Method::Simulation);
    let measured = any(&|answer| answer.method == Method::Measurement);
    let percent = plain(swept.confidence * 100.0, 3);
    let said = [
        exact
            .then(|| if simulated { "without ±: theory, exact".into() } else { "theory, exact".to_string() }),
        simulated.then(|| format!("±: simulated, {percent} % confidence")),
        about.then(|| "≈: theory, approximate".into()),
        measured.then(|| "measured where nothing else is known".into()),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// The grid as cells: heading and at most so many rows, each cell by the method that knows best.
pub(super) fn cells(swept: &Swept, most: usize) -> (Vec<String>, Vec<Vec<String>>) {
    let metrics = metrics(swept);
    let mut head: Vec<String> = swept.grid.axes.iter().map(|a| a.path.clone()).collect();
    let columns: Vec<SweptColumn> = metrics.iter().map(|(path, _)| SweptColumn::of(swept, path)).collect();
    head.extend(metrics.iter().zip(&columns).map(|((_, words), column)| format!("{words}{}", column.unit())));
    if swept.refinement.adds() {
        head.push("replications".into());
    }
    if !swept.objectives.is_empty() {
        head.push("objectives".into());
    }
    let row = |point: &SweepPoint| {
        let mut row = point.values.clone();
        row.extend(metrics.iter().zip(&columns).map(|((path, _), column)| match point.best(path) {
            Some((answer, estimate)) if !answer.exact => format!("≈ {}", column.show(estimate)),
            Some((_, estimate)) => column.show(estimate),
            None => UNKNOWN.into(),
        }));
        if swept.refinement.adds() {
            row.push(point.replications().map_or(UNKNOWN.into(), |made| made.to_string()));
        }
        if !swept.objectives.is_empty() {
            row.push(verdict(swept, point));
        }
        row
    };
    (head, swept.points.iter().take(most).map(row).collect())
}

fn verdict(swept: &Swept, point: &SweepPoint) -> String {
    let all: Vec<ObjectiveStatus> = swept.objectives.iter().map(|o| point.meets(o, swept.starts)).collect();
    if point.unstable() && !swept.starts {
        "✗ unstable".into()
    } else if all.contains(&ObjectiveStatus::Fail) {
        "✗ missed".into()
    } else if all.contains(&ObjectiveStatus::Inconclusive) {
        "? undecided".into()
    } else {
        "✓ met".into()
    }
}

/// As many rows as are wanted, and what is to be known of them.
pub(super) fn table(swept: &Swept, style: &Style, most: usize) -> Vec<String> {
    let (head, rows) = cells(swept, most);
    let numbers = head.len() - 1 - usize::from(!swept.objectives.is_empty());
    let axes = swept.grid.axes.len();
    // What nobody asked for gives way, what says least first.
    let gives_way = ["p50", "p99.9", "mean latency", "loss", "p99"].iter().flat_map(|words| {
        let metrics = metrics(swept).into_iter().enumerate();
        let of = metrics.filter(move |(_, (path, name))| {
            name.split(" of ").next() == Some(*words) && !swept.objectives.iter().any(|o| o.metric == *path)
        });
        of.map(move |(i, _)| axes + i).collect::<Vec<_>>()
    });
    let mut lines = style.grid(&head, &rows, numbers, &gives_way.collect::<Vec<_>>());
    lines.extend(made_by(swept).iter().flat_map(|said| style.lines(said, "", "")));
    lines.extend(beyond(swept, rows.len(), most < MOST_ROWS[0]).lines().map(String::from));
    lines
}

/// What is said below a table that is cut, where `-v` has more of it or not.
pub(super) fn beyond(swept: &Swept, rows: usize, verbose: bool) -> String {
    let more = swept.points.len() - rows;
    let hint = if verbose { ": -v, or sweep.csv" } else { ", in sweep.csv" };
    if more > 0 { format!("and {more} points more{hint}\n") } else { String::new() }
}

//! A sweep in words and in a table: where objectives are met, where the curve bends, a row for each point.

use super::sweep_table::{FEWEST_ROWS, MOST_ROWS, SHOWN, beyond, cells, made_by, table};
use crate::answer::{Answer, MetricId, PlaceId, Unanswered, Unit};
use crate::report::number::Scale;
use crate::report::page::{self, Mark, Page};
use crate::report::plot::{Frame, PlotText};
use crate::report::style::Style;
use crate::report::text::{Paint, SCREEN_LINES, joined};
use crate::scenario::Objective;
use crate::study::ObjectiveStatus;
use crate::study::sweep::{SweepPoint, Swept};
use crate::units::plain;
use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Of more points than these the document has the metrics that are shown alone; the table of rows has all.
const MOST_IN_FULL: usize = 2_000;
/// Points of a curve, and cells of a map.
const MOST_DRAWN: usize = 2_500;

/// What the sweep says, most important first.
pub fn sentences(swept: &Swept) -> Vec<String> {
    let mut out: Vec<String> = swept.objectives.iter().map(|o| crossing(swept, o)).collect();
    if let Some(knee) = swept.knee() {
        let axis = &swept.grid.axes[0];
        out.push(format!("The curve of p99 latency bends most at {} = {}.", axis.path, axis.values[knee]));
    }
    let unstable: Vec<String> =
        swept.points.iter().filter(|p| p.unstable()).map(|p| p.values.join(", ")).collect();
    if !unstable.is_empty() {
        out.push(format!("The queue grows without end at {}.", shortened(&unstable)));
    }
    out.extend(refined(swept));
    let missing = swept.grid.points() - swept.points.len();
    if missing > 0 {
        out.push(format!(
            "{missing} of {} points are not answered yet; the same command goes on.",
            swept.grid.points()
        ));
    }
    out
}

/// Where replications were added, how many there are, and what it means for the verdicts.
fn refined(swept: &Swept) -> Option<String> {
    let made: BTreeSet<u32> = swept.points.iter().filter_map(SweepPoint::replications).collect();
    let (least, most) = (made.first()?, made.last()?);
    let looks = f64::from(swept.refinement.looks());
    let percent = |times: f64| plain((times * (1.0 - swept.confidence) * 100.0).min(100.0), 3);
    swept.refinement.adds().then(|| {
        format!(
            "Replications were added while an objective was undecided, up to {} times as many ({least} to \
                {most} a point); judged up to {looks} times, it is judged wrongly with a probability of at \
                most {} %, not {} %.",
            swept.refinement.0,
            percent(looks),
            percent(1.0)
        )
    })
}

/// Which points meet an objective.
fn crossing(swept: &Swept, objective: &Objective) -> String {
    let name = format!("{} {}", objective.metric, objective.text);
    let met: Vec<&SweepPoint> =
        swept.points.iter().filter(|p| p.meets(objective, swept.starts) == ObjectiveStatus::Pass).collect();
    let (first, last) = match met.as_slice() {
        [] => return format!("{name} is met at no point."),
        all if all.len() == swept.points.len() => return format!("{name} is met at every point."),
        [first, .., last] => (first, last),
        [only] => (only, only),
    };
    let whole = last.index - first.index + 1 == met.len() && swept.grid.axes.len() == 1;
    if !whole {
        let places: Vec<String> = met.iter().map(|p| p.values.join(" × ")).collect();
        return format!(
            "{name} is met at {} of {} points: {}.",
            met.len(),
            swept.points.len(),
            shortened(&places)
        );
    }
    let path = &swept.grid.axes[0].path;
    let (from, to) = (&first.values[0], &last.values[0]);
    match (first.index == 0, last.index + 1 == swept.grid.points()) {
        (true, _) => format!("{name} is met up to {path} = {to}."),
        (_, true) => format!("{name} is met from {path} = {from} on."),
        _ => format!("{name} is met from {path} = {from} to {to}."),
    }
}

fn shortened(places: &[String]) -> String {
    let shown = places.iter().take(6).cloned().collect::<Vec<_>>().join("; ");
    if places.len() > 6 { format!("{shown} and {} more", places.len() - 6) } else { shown }
}

/// What is said of a sweep, with a final newline: as many rows as a screen has room for, or all that is shown.
pub fn text(swept: &Swept, style: &Style) -> String {
    let whole = |rows: usize| {
        joined([
            style.paint(Paint::Bold, style.lines(&swept.title, "", "")),
            sentences(swept).iter().flat_map(|s| style.lines(s, "", "")).collect(),
            table(swept, style, rows),
            style.files(),
        ])
    };
    let all = whole(MOST_ROWS[0]);
    let beyond = all.lines().count().saturating_sub(SCREEN_LINES);
    if beyond == 0 || style.verbose {
        return all;
    }
    // What is left out is said in a line.
    let rows = swept.points.len().min(MOST_ROWS[0]).saturating_sub(beyond + 1);
    whole(rows.max(FEWEST_ROWS))
}

/// The metrics that the document has of each point; `None` if it has all of them.
pub fn shown(swept: &Swept) -> Option<BTreeSet<String>> {
    if swept.grid.points() <= MOST_IN_FULL {
        return None;
    }
    let objectives = || swept.objectives.iter();
    let places = objectives().filter_map(|o| Some(MetricId::parse(&o.metric)?.place.to_string()));
    let places: BTreeSet<String> = places.chain([PlaceId::Total.to_string()]).collect();
    let each = places.iter().flat_map(|place| SHOWN.iter().map(move |(path, _)| format!("{place}.{path}")));
    Some(each.chain(objectives().map(|o| o.metric.clone())).collect())
}

#[derive(Serialize)]
struct SweepDocument<'a, P> {
    queuelab: &'a str,
    command: &'a str,
    scenario: &'a Value,
    seed: u64,
    axes: Vec<Value>,
    verdict: Vec<String>,
    knee: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<&'a str>,
    points: P,
}

/// Points that are written one after the other, each let go before the next is read.
struct PointDocuments<I>(RefCell<I>);

impl<I: Iterator<Item = std::io::Result<SweepPoint>>> Serialize for PointDocuments<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        while let Some(point) = self.0.borrow_mut().next() {
            list.serialize_element(&PointDocument::of(&point.map_err(S::Error::custom)?))?;
        }
        list.end()
    }
}

#[derive(Serialize)]
struct PointDocument<'a> {
    point: usize,
    values: &'a [String],
    /// Of its simulation, where points differ in it by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    replications: Option<u32>,
    answers: &'a [Answer],
    unanswered: &'a [Unanswered],
}

impl<'a> PointDocument<'a> {
    fn of(p: &'a SweepPoint) -> Self {
        let (index, replications) = (p.index, p.replications());
        let (values, answers, unanswered) = (&p.values, &p.answers, &p.unanswered);
        PointDocument { point: index, values, replications, answers, unanswered }
    }
}

/// Writes the document for machines, with these points: more than the sweep has of each where they are many.
///
/// # Errors
/// It cannot be written, or a point cannot be read.
pub fn document(
    swept: &Swept,
    points: impl Iterator<Item = std::io::Result<SweepPoint>>,
    to: &mut impl std::io::Write,
) -> std::io::Result<()> {
    let document = SweepDocument {
        queuelab: env!("CARGO_PKG_VERSION"),
        command: &swept.command,
        scenario: &swept.scenario,
        seed: swept.seed,
        axes: swept.grid.axes.iter().map(|a| json!({ "path": a.path, "values": a.values })).collect(),
        verdict: sentences(swept),
        knee: swept.knee().map(|at| &*swept.grid.axes[0].values[at]),
        metrics: shown(swept).map(|_| "those that are shown; sweep.csv has all"),
        points: PointDocuments(RefCell::new(points)),
    };
    serde_json::to_writer_pretty(&mut *to, &document)?;
    to.write_all(b"\n")
}

/// The points of a plot that is not too full, of many points some; `None` where too many cells would be
/// needed.
fn drawable(swept: &Swept) -> Option<Swept> {
    let every = swept.points.len().div_ceil(MOST_DRAWN).max(1);
    if every > 1 && swept.grid.axes.len() != 1 {
        return None;
    }
    Some(Swept { points: swept.points.iter().step_by(every).cloned().collect(), ..swept.clone() })
}

/// What the plot shows and how it is read.
fn caption(swept: &Swept) -> String {
    let percent = plain(swept.confidence * 100.0, 3);
    match swept.grid.axes.as_slice() {
        [axis] if swept.is_ordered(0) => format!(
            "latency along `{}`: line and dots simulated with {percent} % confidence, dashes theory",
            axis.path
        ),
        [axis] => format!(
            "latency by `{}`: dots simulated, bars of {percent} % confidence, open circles theory",
            axis.path
        ),
        [down, across] => {
            let metric = swept.objectives.first().map_or("total.latency.p99", |o| o.metric.as_str());
            let met = if swept.objectives.is_empty() { "" } else { "; ✓ where all objectives are met" };
            format!("`{metric}`: down `{}`, across `{}`{met}; ∞ grows without end", down.path, across.path)
        }
        _ => String::new(),
    }
}

/// What a plot of the sweep finds: where the objective is met, or else how far the slowest messages' latency
/// goes.
fn finding(swept: &Swept) -> String {
    if let Some(objective) = swept.objectives.first() {
        return crossing(swept, objective).trim_end_matches('.').into();
    }
    let metric = format!("{}.latency.p99", swept.whose());
    let known = |p: &SweepPoint| p.best(&metric).and_then(|(_, e)| e.value);
    let known: Vec<(&SweepPoint, f64)> = swept.points.iter().filter_map(|p| Some((p, known(p)?))).collect();
    let by = |a: &&(&SweepPoint, f64), b: &&(&SweepPoint, f64)| a.1.total_cmp(&b.1);
    let (Some(least), Some(most)) = (known.iter().min_by(by), known.iter().max_by(by)) else {
        return swept.title.clone();
    };
    // In the unit of the table's column.
    let scale = Scale::of(Unit::Seconds, known.iter().map(|p| p.1));
    let at = |(point, _): &(&SweepPoint, f64)| {
        let estimate = point.best(&metric).map(|(_, estimate)| estimate);
        format!("{} at {}", scale.show_with_unit(estimate), point.values.join(" × "))
    };
    let of = if let PlaceId::Producer(name) = swept.whose() { format!(" of {name}") } else { String::new() };
    format!("p99 latency{of} from {} to {}", at(least), at(most))
}

/// The plots and the page, by name.
pub fn pictures(swept: &Swept) -> Vec<(String, Vec<u8>)> {
    let (finding, told, drawable) = (finding(swept), sentences(swept).join(" "), drawable(swept));
    let told = PlotText { finding: &finding, all: &told };
    let plot = |frame| crate::report::plots::swept(drawable.as_ref()?, &told, frame);
    let (head, rows) = cells(swept, MOST_ROWS[1]);
    let below = made_by(swept).map_or(String::new(), |said| page::note(&said));
    let below = below + &beyond(swept, rows.len(), false);
    // What is said above the plot already is not said again.
    let said = sentences(swept).iter().any(|sentence| sentence.trim_end_matches('.') == finding);
    let headed = if said { "What each point gives".to_string() } else { finding.clone() };
    let page = Page {
        title: swept.title.clone(),
        by: format!("a sweep of {} points · seed {}", swept.grid.points(), swept.seed),
        said: sentences(swept).into_iter().map(|sentence| (Mark::Plain, sentence)).collect(),
        caveats: Vec::new(),
        parts: vec![
            page::plot(&headed, &caption(swept), |frame| plot(frame).map(|(_, svg)| svg)),
            page::section("All figures", &(page::table(&head, &rows) + &below)),
            page::scenario(None, &swept.scenario),
            page::again(&swept.command, ""),
        ],
    };
    let mut files: Vec<(String, String)> =
        plot(Frame::Alone).map(|(name, svg)| (name.to_string(), svg)).into_iter().collect();
    files.push(("report.html".to_string(), page.html()));
    files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

//! A capacity search in words: the answer, its proof, what it bears, and what every value gave.

use super::timetable::timetable;
use super::trials::{
    FIGURE_COLUMNS, bears, checks_json, figure_rows, headlines, headroom_json, judged, judged_cells,
    judged_heads, judged_table, made_by, outcome, short, trial_json, warned, word,
};
use crate::report::html::mark;
use crate::report::page::{self, Mark, Page};
use crate::report::plot::{Frame, PlotText};
use crate::report::style::Style;
use crate::report::text::joined;
use crate::report::words::work_alone;
use crate::study::ObjectiveStatus;
use crate::study::capacity::{Capacity, CapacityNote, Probe};
use serde_json::{Value, json};

/// The whole text, with a final newline.
pub fn text(capacity: &Capacity, cost: &[String], style: &Style) -> String {
    let mut blocks = vec![headline(capacity, style)];
    let beside: Vec<String> = beside(capacity).into_iter().chain(cost.iter().cloned()).collect();
    blocks.push(beside.iter().flat_map(|line| style.lines(line, "· ", "  ")).collect());
    blocks.push(warned(notes(capacity), style));
    blocks.push(table(capacity, style));
    if let Some(probe) = capacity.found().filter(|_| style.verbose) {
        blocks.push(made_by(&probe.value, &probe.trial, style));
    }
    blocks.push(style.files());
    joined(blocks)
}

/// The answer and its proof, as sentences.
pub fn sentences(capacity: &Capacity) -> (ObjectiveStatus, Vec<String>) {
    let what = if capacity.largest { "largest" } else { "smallest" };
    if capacity.interrupted {
        let values: Vec<String> =
            capacity.probes.iter().map(|p| format!("{} {}", p.value, word(p.trial.outcome))).collect();
        let judged = format!("by then {} of its values were judged: {}", values.len(), values.join(", "));
        let what = format!(
            "The search was interrupted before it knew the {what} value of {} that passes; {judged}.",
            capacity.path
        );
        return (capacity.outcome, vec![what]);
    }
    let Some(found) = capacity.found() else {
        let easiest = if capacity.largest { capacity.probes.first() } else { capacity.probes.last() };
        if let Some(said) =
            work_alone(&capacity.scenario).filter(|_| capacity.outcome == ObjectiveStatus::Fail)
        {
            return (capacity.outcome, too_much_work(capacity, &said));
        }
        let why = easiest.map_or(String::new(), |p| format!(": at {} {}", p.value, short(&p.trial)));
        let verb = if capacity.outcome == ObjectiveStatus::Fail { "passes" } else { "surely passes" };
        return (
            capacity.outcome,
            vec![format!("No value of {} that was asked for {verb}{why}.", capacity.path)],
        );
    };
    let mut out = vec![format!(
        "{} = {} is the {what} that passes: {}.",
        capacity.path,
        found.value,
        judged(&found.trial)
    )];
    out.push(match capacity.beyond() {
        Some(beyond) if beyond.trial.outcome == ObjectiveStatus::Fail => {
            format!("{} fails: {}.", beyond.value, short(&beyond.trial))
        }
        Some(beyond) => format!("{} is undecided: {}.", beyond.value, short(&beyond.trial)),
        None => format!(
            "It is the {} value that was asked for.",
            if capacity.largest { "largest" } else { "smallest" }
        ),
    });
    (capacity.outcome, out)
}

/// What is said where the work alone misses an objective at the easiest value.
fn too_much_work(capacity: &Capacity, said: &str) -> Vec<String> {
    let path = &capacity.path;
    let counts =
        [".count", ".autoscale.max", ".autoscale.min", ".prefetch"].iter().any(|end| path.ends_with(end));
    if path.ends_with(".rate") || counts {
        let help = if counts { "more consumers cannot help" } else { "fewer messages cannot help" };
        return vec![format!("No value of {path} passes: {said}. So {help}, but less work can.")];
    }
    vec![format!("No value of {path} that was asked for passes: even at the easiest {said}.")]
}

fn headline(capacity: &Capacity, style: &Style) -> Vec<String> {
    let (outcome, sentences) = sentences(capacity);
    headlines(outcome, &sentences, style)
}

/// Head-room and the other questions, a sentence each.
pub fn beside(capacity: &Capacity) -> Vec<String> {
    bears(capacity.headroom, &capacity.checks)
}

/// What is suspicious, or to be kept in mind.
fn notes(capacity: &Capacity) -> impl Iterator<Item = String> {
    capacity.notes.iter().map(|note| noted(note, &capacity.path, capacity.largest))
}

/// What is to be kept in mind of a search of a setting.
pub(super) fn noted(note: &CapacityNote, path: &str, largest: bool) -> String {
    match note {
        CapacityNote::FailsAgain { value, hardest_passes } => {
            let other = if largest { "without --max the smallest" } else { "with --max the largest" };
            let hint = match hardest_passes {
                true => format!("; {other} value that passes is sought"),
                false => String::new(),
            };
            format!("the objectives do not simply get easier: they fail again at {path} = {value}{hint}")
        }
        CapacityNote::Timetable(note) => timetable(note),
        CapacityNote::Swept => {
            "all figures are the sweep's, as long as it simulated each point; head-room and \
            what comes of a lost server were not looked at"
                .into()
        }
        CapacityNote::ReplacesCount { group, timetable } => {
            let what = if *timetable { "the timetable of `count`" } else { "count = \"unlimited\"" };
            format!("each value takes the place of {what} of `{group}`, and holds at all times")
        }
    }
}

/// A row for every value that was tried, and with `-v` for those that were looked at for the picture.
fn table(capacity: &Capacity, style: &Style) -> Vec<String> {
    let mut probes: Vec<&Probe> = capacity.probes.iter().collect();
    if style.verbose {
        probes.extend(&capacity.curve);
        probes.sort_by_key(|probe| probe.index);
    }
    let rows: Vec<_> = probes.into_iter().map(|probe| (vec![probe.value.clone()], &probe.trial)).collect();
    judged_table(&capacity.scenario, &[setting(capacity)], &rows, style)
}

/// The last word of the setting.
fn setting(capacity: &Capacity) -> String {
    capacity.path.rsplit('.').next().unwrap_or_default().to_string()
}

/// A heading and a row for every value that was tried.
fn cells(capacity: &Capacity) -> (Vec<String>, Vec<Vec<String>>) {
    let head = std::iter::once(setting(capacity)).chain(judged_heads(&capacity.scenario)).collect();
    let row = |probe: &Probe| {
        std::iter::once(probe.value.clone()).chain(judged_cells(&capacity.scenario, &probe.trial)).collect()
    };
    (head, capacity.probes.iter().map(row).collect())
}

/// What was tried as a table for spreadsheets: SI units, a row for each value, method and objective's metric.
pub fn csv(capacity: &Capacity) -> String {
    let head = ["path", "value", "tried", "outcome"].into_iter().chain(FIGURE_COLUMNS);
    let mut rows: Vec<Vec<String>> = vec![head.map(String::from).collect()];
    let tried =
        capacity.probes.iter().map(|p| (p, "decided")).chain(capacity.curve.iter().map(|p| (p, "looked at")));
    for (probe, how) in tried {
        let start = [capacity.path.clone(), probe.value.clone(), how.into(), outcome(&probe.trial).into()];
        rows.extend(figure_rows(&start, &probe.trial, &capacity.scenario));
    }
    crate::report::csv::table(&rows)
}

/// Every file of a search, by name.
pub fn files(
    capacity: &Capacity,
    costs: &[String],
    document: &str,
    toml: &str,
    command: &str,
) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("capacity.json", document.to_string()),
        ("capacity.csv", csv(capacity)),
        ("capacity.toml", toml.to_string()),
    ];
    let plot = drawn(capacity, Frame::Alone);
    files.extend(plot.map(|svg| ("capacity.svg", svg)));
    files.push(("capacity.html", page(capacity, costs, toml, command)));
    files.into_iter().map(|(name, text)| (name.to_string(), text.into_bytes())).collect()
}

/// The plot of a search, under the first of its sentences.
fn drawn(capacity: &Capacity, frame: Frame) -> Option<String> {
    let told = sentences(capacity).1;
    let finding = told.first()?.trim_end_matches('.').replace('`', "");
    let told = PlotText { finding: &finding, all: &told.join(" ") };
    crate::report::plots::capacity(capacity, &told, frame)
}

/// The page of a search.
fn page(capacity: &Capacity, costs: &[String], toml: &str, command: &str) -> String {
    let (outcome, told) = sentences(capacity);
    // What it finds is said above it.
    let caption = format!("What each value of `{}` gives", capacity.path);
    let plot = page::plot(&caption, "dots simulated, dashes theory", |frame| drawn(capacity, frame));
    let (head, rows) = cells(capacity);
    let beside: Vec<(Mark, String)> =
        beside(capacity).into_iter().chain(costs.iter().cloned()).map(|text| (Mark::Plain, text)).collect();
    let marks = std::iter::once(mark(outcome)).chain(std::iter::repeat(Mark::Plain));
    let answers = capacity.found().map_or(&[][..], |probe| &probe.trial.answers);
    let flow = crate::report::flow::draw(&capacity.scenario, answers);
    let page = Page {
        title: capacity
            .scenario
            .title
            .clone()
            .unwrap_or_else(|| format!("How large {} has to be", capacity.path)),
        by: format!("a search of {} · seed {}", capacity.path, capacity.scenario.seed),
        said: marks.zip(told).collect(),
        caveats: notes(capacity).collect(),
        parts: vec![
            page::section("What it bears", &page::list(&beside)),
            plot,
            page::section("What was tried", &page::table(&head, &rows)),
            page::section("How messages flow", &flow.map_or(String::new(), |svg| page::figure("", &svg))),
            page::section("The scenario", &page::listing(toml)),
            page::again(command, ""),
        ],
    };
    page.html()
}

/// The document for machines.
pub fn document(capacity: &Capacity, costs: &[String], scenario: &Value, command: &str) -> String {
    let (_, sentences) = sentences(capacity);
    let probes: Vec<Value> =
        capacity.probes.iter().map(|p| json!({ "value": p.value, "trial": trial_json(&p.trial) })).collect();
    let document = json!({
        "queuelab": env!("CARGO_PKG_VERSION"),
        "command": command,
        "scenario": scenario,
        "path": capacity.path,
        "largest": capacity.largest,
        "outcome": capacity.outcome,
        "interrupted": capacity.interrupted,
        "found": capacity.found().map(|p| p.value.clone()),
        "beyond": capacity.beyond().map(|p| p.value.clone()),
        "verdict": sentences.iter().cloned().chain(beside(capacity)).chain(costs.iter().cloned()).chain(notes(capacity)).collect::<Vec<_>>(),
        "headroom": headroom_json(capacity.headroom),
        "checks": checks_json(&capacity.checks),
        "probes": probes,
    });
    format!("{document:#}\n")
}

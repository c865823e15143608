//! A capacity search in words: the answer, its proof, what it bears, and what every value gave.

use super::timetable::timetable;
use crate::answer::{Method, metric_of};
use crate::report::html::mark;
use crate::report::number::{Scale, relative};
use crate::report::page::{self, Mark, Page};
use crate::report::plot::{Frame, PlotText};
use crate::report::screen::named;
use crate::report::style::Style;
use crate::report::text::{Paint, joined};
use crate::study::capacity::{Altered, Capacity, CapacityNote, Check, Probe};
use crate::study::{Judgement, ObjectiveStatus, Trial};
use crate::units::plain;
use serde_json::{Value, json};

/// The whole text, with a final newline.
pub fn text(capacity: &Capacity, cost: &[String], style: &Style) -> String {
    let mut blocks = vec![headline(capacity, style)];
    let beside: Vec<String> = beside(capacity).into_iter().chain(cost.iter().cloned()).collect();
    blocks.push(beside.iter().flat_map(|line| style.lines(line, "· ", "  ")).collect());
    blocks.push(
        notes(capacity).flat_map(|note| style.paint(Paint::Yellow, style.lines(&note, "! ", "  "))).collect(),
    );
    blocks.push(table(capacity, style));
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

fn headline(capacity: &Capacity, style: &Style) -> Vec<String> {
    let (outcome, sentences) = sentences(capacity);
    let (sign, paint) = match (outcome, capacity.found()) {
        (ObjectiveStatus::Pass, _) => ("✓ ", Paint::Green),
        (ObjectiveStatus::Fail, _) => ("✗ ", Paint::Red),
        (ObjectiveStatus::Inconclusive, _) => ("? ", Paint::Yellow),
    };
    let mut lines = style.paint(paint, style.lines(&sentences[0], sign, "  "));
    lines.extend(sentences[1..].iter().flat_map(|s| style.lines(s, "  ", "  ")));
    lines
}

/// Head-room and the other questions, a sentence each.
pub fn beside(capacity: &Capacity) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(room) = capacity.headroom {
        let by = if room.by_theory { "theory" } else { "short simulations" };
        let least = if room.at_least { "at least " } else { "" };
        // Rounded down: more than that is not known to pass.
        let (rate, more) = (down(room.rate), relative(down(room.factor * 1000.0) / 1000.0 - 1.0));
        out.push(format!("head-room: {least}{} messages/s ({more}) still pass, by {by}", plain(rate, 4)));
    }
    let check = |Check { what, trial }: &Check| match trial {
        Some(trial) => format!("{}: {}, {}", altered(what), word(trial.outcome), short(trial)),
        None => format!("{}: fails, nobody is left to serve", altered(what)),
    };
    out.extend(capacity.checks.iter().map(check));
    out
}

/// What a check alters, in a phrase.
fn altered(what: &Altered) -> String {
    match what {
        Altered::ServerLost { group, of: 0 | 1 } => format!("the only one of `{group}` lost"),
        Altered::ServerLost { group, of } => format!("one of {of} `{group}` lost"),
        Altered::Burstier { factor } => {
            format!("burstier arrivals (scv of the gaps × {})", plain(*factor, 3))
        }
    }
}

/// What is suspicious, or to be kept in mind.
fn notes(capacity: &Capacity) -> impl Iterator<Item = String> {
    capacity.notes.iter().map(|note| match note {
        CapacityNote::FailsAgain { value, hardest_passes } => {
            let other =
                if capacity.largest { "without --max the smallest" } else { "with --max the largest" };
            let hint = match hardest_passes {
                true => format!("; {other} value that passes is sought"),
                false => String::new(),
            };
            let path = &capacity.path;
            format!("the objectives do not simply get easier: they fail again at {path} = {value}{hint}")
        }
        CapacityNote::Timetable(note) => timetable(note),
        CapacityNote::ReplacesCount { group, timetable } => {
            let what = if *timetable { "the timetable of `count`" } else { "count = \"unlimited\"" };
            format!("each value takes the place of {what} of `{group}`, and holds at all times")
        }
    })
}

/// The next smaller number of four digits.
fn down(value: f64) -> f64 {
    let unit = 10f64.powf(value.log10().floor() - 3.0);
    // A number that has no more digits than that stays what it is.
    if value > 0.0 { (value / unit * (1.0 + 1e-12)).floor() * unit } else { value }
}

fn word(outcome: ObjectiveStatus) -> &'static str {
    match outcome {
        ObjectiveStatus::Pass => "passes",
        ObjectiveStatus::Fail => "fails",
        ObjectiveStatus::Inconclusive => "undecided",
    }
}

/// What decided a trial: the objectives that it misses, or all of them if it misses none; or why it cannot
/// hold.
fn short(trial: &Trial) -> String {
    if let Some(why) = trial.unstable() {
        return why.to_string();
    }
    let missed: Vec<String> = trial
        .objectives
        .iter()
        .filter(|j| j.outcome != ObjectiveStatus::Pass)
        .map(|j| figure(trial, j))
        .collect();
    if missed.is_empty() {
        trial.objectives.iter().map(|j| figure(trial, j)).collect::<Vec<_>>().join("; ")
    } else {
        missed.join("; ")
    }
}

fn judged(trial: &Trial) -> String {
    let all: Vec<String> = trial
        .objectives
        .iter()
        .map(|j| format!("{} (wanted {})", figure(trial, j), j.objective.text))
        .collect();
    all.join("; ")
}

/// A metric's figure: the simulation's, and an exact theory's beside it.
fn figure(trial: &Trial, judgement: &Judgement) -> String {
    let metric = &judgement.objective.metric;
    let unit = metric_of(metric).map_or(crate::answer::Unit::Messages, |m| m.unit);
    let known = [Method::Simulation, Method::Theory].iter().filter_map(|m| {
        let answer = trial.answers.iter().find(|a| a.method == *m)?;
        let estimate = answer.get(metric)?;
        let about = if answer.exact { "" } else { "about " };
        let scale = Scale::of(unit, estimate.value.into_iter());
        Some(format!("{about}{} by {}", scale.show_with_unit(Some(estimate)), answer.method.name()))
    });
    let known: Vec<String> = known.collect();
    if known.is_empty() {
        format!("{metric} is unavailable")
    } else {
        format!("{metric} is {}", known.join(", "))
    }
}

/// A row for every value that was tried; theory's figures give way where there is no room.
fn table(capacity: &Capacity, style: &Style) -> Vec<String> {
    let (head, rows) = cells(capacity);
    let theory: Vec<usize> = (1..head.len() - 1).step_by(2).collect();
    style.grid(&head, &rows, head.len() - 2, &theory)
}

/// A heading and a row for every value that was tried.
fn cells(capacity: &Capacity) -> (Vec<String>, Vec<Vec<String>>) {
    let objectives = capacity.scenario.objectives.iter();
    let mut head = vec![capacity.path.rsplit('.').next().unwrap_or_default().to_string()];
    for objective in objectives.clone() {
        let name = named(&capacity.scenario, &objective.metric).replace('`', "");
        head.extend([format!("{name}, theory"), "simulated".into()]);
    }
    head.push("verdict".into());
    let row = |probe: &Probe| {
        let mut row = vec![probe.value.clone()];
        for objective in objectives.clone() {
            row.extend(
                [Method::Theory, Method::Simulation].map(|method| cell(probe, method, &objective.metric)),
            );
        }
        row.push(match (probe.trial.outcome, probe.trial.unstable()) {
            (_, Some(_)) => "✗ unstable".into(),
            (ObjectiveStatus::Pass, _) => "✓ passes".into(),
            (ObjectiveStatus::Fail, _) => "✗ fails".into(),
            (ObjectiveStatus::Inconclusive, _) => "? undecided".into(),
        });
        row
    };
    (head, capacity.probes.iter().map(row).collect())
}

fn cell(probe: &Probe, method: Method, metric: &str) -> String {
    let estimate = probe.trial.answers.iter().find(|a| a.method == method).and_then(|a| a.get(metric));
    let unit = metric_of(metric).map_or(crate::answer::Unit::Messages, |m| m.unit);
    Scale::of(unit, estimate.and_then(|e| e.value).into_iter()).show_with_unit(estimate)
}

/// What was tried as a table for spreadsheets: SI units, a row for each value, method and objective's metric.
pub fn csv(capacity: &Capacity) -> String {
    let head = ["path", "value", "tried", "outcome", "method", "metric", "estimate", "half_width", "unit"]
        .map(String::from)
        .to_vec();
    let mut rows = vec![head];
    let tried =
        capacity.probes.iter().map(|p| (p, "decided")).chain(capacity.curve.iter().map(|p| (p, "looked at")));
    for (probe, how) in tried {
        let outcome = if probe.trial.unstable().is_some() { "unstable" } else { word(probe.trial.outcome) };
        let start: [String; 4] = [capacity.path.clone(), probe.value.clone(), how.into(), outcome.into()];
        if probe.trial.answers.is_empty() {
            rows.push(start.iter().cloned().chain(std::iter::repeat_n(String::new(), 5)).collect());
        }
        for (answer, objective) in
            probe.trial.answers.iter().flat_map(|a| capacity.scenario.objectives.iter().map(move |o| (a, o)))
        {
            let Some(estimate) = answer.get(&objective.metric) else { continue };
            let unit = metric_of(&objective.metric).map_or(String::new(), |m| m.unit.name().into());
            let number = |v: Option<f64>| v.map_or(String::new(), |v| v.to_string());
            let end = [
                answer.method.name().into(),
                objective.metric.clone(),
                number(estimate.value),
                number(estimate.half_width),
                unit,
            ];
            rows.push(start.iter().cloned().chain(end).collect());
        }
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
    let finding = told.first().map_or("", |first| first.trim_end_matches('.'));
    let plot = page::plot(finding, "what each value gives: dots simulated, dashes theory", |frame| {
        drawn(capacity, frame)
    });
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
    let trial = |t: &Trial| {
        json!({ "outcome": t.outcome, "answers": t.answers, "unanswered": t.unanswered,
                "objectives": t.objectives.iter().map(|j| json!({ "metric": j.objective.metric, "objective": j.objective.text, "outcome": j.outcome })).collect::<Vec<_>>() })
    };
    let (_, sentences) = sentences(capacity);
    let probes: Vec<Value> =
        capacity.probes.iter().map(|p| json!({ "value": p.value, "trial": trial(&p.trial) })).collect();
    let checks: Vec<Value> = capacity
        .checks
        .iter()
        .map(|c| json!({ "what": altered(&c.what), "trial": c.trial.as_ref().map(trial) }))
        .collect();
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
        "headroom": capacity.headroom.map(|h| json!({ "factor": h.factor, "rate": h.rate, "by_theory": h.by_theory })),
        "checks": checks,
        "probes": probes,
    });
    format!("{document:#}\n")
}

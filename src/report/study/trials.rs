//! What a search tried, in words, as cells of a table and as data.

use crate::answer::{Answer, Method, metric_of};
use crate::report::number::{Scale, relative};
use crate::report::screen::named_apart;
use crate::report::style::Style;
use crate::report::text::Paint;
use crate::scenario::{Objective, Scenario};
use crate::study::capacity::{Altered, Check, Headroom};
use crate::study::{Judgement, ObjectiveStatus, Trial};
use crate::units::plain;
use serde_json::{Value, json};

/// What is to be kept in mind, as lines.
pub(super) fn warned(notes: impl Iterator<Item = String>, style: &Style) -> Vec<String> {
    notes.flat_map(|note| style.paint(Paint::Yellow, style.lines(&note, "! ", "  "))).collect()
}

/// The answer as lines, with a sign for how it turned out.
pub(super) fn headlines(outcome: ObjectiveStatus, sentences: &[String], style: &Style) -> Vec<String> {
    let (sign, paint) = match outcome {
        ObjectiveStatus::Pass => ("✓ ", Paint::Green),
        ObjectiveStatus::Fail => ("✗ ", Paint::Red),
        ObjectiveStatus::Inconclusive => ("? ", Paint::Yellow),
    };
    let mut lines = style.paint(paint, style.lines(&sentences[0], sign, "  "));
    lines.extend(sentences[1..].iter().flat_map(|s| style.lines(s, "  ", "  ")));
    lines
}

/// What is borne, and what comes of each thing that could be otherwise.
pub(super) fn bears(headroom: Option<Headroom>, checks: &[Check]) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(room) = headroom {
        let by = if room.by_theory { "theory" } else { "short simulations" };
        let least = if room.at_least { "at least " } else { "" };
        // Rounded down: more than that is not known to pass.
        let (rate, more) = (down(room.rate), relative(down(room.factor * 1000.0) / 1000.0 - 1.0));
        out.push(match room.factor {
            factor if factor <= 1.0 && !room.at_least => {
                format!("head-room: none: hardly more than {} messages/s pass, by {by}", plain(rate, 4))
            }
            _ => format!("head-room: {least}{} messages/s ({more}) still pass, by {by}", plain(rate, 4)),
        });
    }
    let check = |Check { what, trial }: &Check| match trial {
        Some(trial) => format!("{}: {}, {}", altered(what), word(trial.outcome), short(trial)),
        None => format!("{}: fails, nobody is left to serve", altered(what)),
    };
    out.extend(checks.iter().map(check));
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

/// The next smaller number of four digits.
fn down(value: f64) -> f64 {
    let unit = 10f64.powf(value.log10().floor() - 3.0);
    // A number that has no more digits than that stays what it is.
    if value > 0.0 { (value / unit * (1.0 + 1e-12)).floor() * unit } else { value }
}

pub(super) fn word(outcome: ObjectiveStatus) -> &'static str {
    match outcome {
        ObjectiveStatus::Pass => "passes",
        ObjectiveStatus::Fail => "fails",
        ObjectiveStatus::Inconclusive => "undecided",
    }
}

/// How what was tried turned out, in a word.
pub(super) fn outcome(trial: &Trial) -> &'static str {
    if trial.unstable().is_some() { "unstable" } else { word(trial.outcome) }
}

/// What decided a trial: the objectives that it misses, or all of them if it misses none; or why it cannot
/// hold.
pub(super) fn short(trial: &Trial) -> String {
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

pub(super) fn judged(trial: &Trial) -> String {
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

/// Headings of each objective's figures and of the verdict.
pub(super) fn judged_heads(scenario: &Scenario) -> Vec<String> {
    let metrics: Vec<&str> = scenario.objectives.iter().map(|o| o.metric.as_str()).collect();
    let heads = |name: String| [format!("{}, theory", name.replace('`', "")), "simulated".into()];
    named_apart(scenario, &metrics).into_iter().flat_map(heads).chain(["verdict".into()]).collect()
}

/// Each objective's figures at what was tried, and the verdict.
pub(super) fn judged_cells(scenario: &Scenario, trial: &Trial) -> Vec<String> {
    let figures = |objective: &Objective| {
        [Method::Theory, Method::Simulation].map(|method| cell(trial, method, &objective.metric))
    };
    let verdict = if trial.unstable().is_some() { "✗ unstable" } else { sign(trial.outcome) };
    scenario.objectives.iter().flat_map(figures).chain([verdict.into()]).collect()
}

/// What was tried as a table: columns for each objective, theory and simulation side by side, or, where these
/// have no room, a table for each objective. No method is left out.
pub(super) fn judged_table(
    scenario: &Scenario,
    first: &[String],
    rows: &[(Vec<String>, &Trial)],
    style: &Style,
) -> Vec<String> {
    let with = |heads: Vec<String>, cells: &dyn Fn(&Trial) -> Vec<String>| {
        let head: Vec<String> = first.iter().cloned().chain(heads).collect();
        let rows = rows.iter().map(|(start, trial)| start.iter().cloned().chain(cells(trial)).collect());
        (head, rows.collect::<Vec<Vec<String>>>())
    };
    let (head, all) = with(judged_heads(scenario), &|trial| judged_cells(scenario, trial));
    if let Some(whole) = style.whole_grid(&head, &all, head.len() - 2) {
        return whole;
    }
    let each = scenario.objectives.iter().enumerate().flat_map(|(i, objective)| {
        let one = Scenario { objectives: vec![objective.clone()], ..scenario.clone() };
        let title = format!("{} {}", objective.metric, objective.text);
        let gap = (i > 0).then(String::new);
        let heads = ["theory", "simulated", "verdict"].map(String::from).to_vec();
        let cells = |trial: &Trial| {
            let mut cells = judged_cells(&one, trial);
            if let Some(judgement) = trial.objectives.get(i).filter(|_| trial.unstable().is_none()) {
                cells[2] = sign(judgement.outcome).into();
            }
            cells
        };
        let (head, rows) = with(heads, &cells);
        let table = style.grid(&head, &rows, head.len() - 2, &[]);
        gap.into_iter().chain(style.lines(&title, "", "  ")).chain(table).collect::<Vec<_>>()
    });
    each.collect()
}

/// A verdict with its sign.
fn sign(outcome: ObjectiveStatus) -> &'static str {
    match outcome {
        ObjectiveStatus::Pass => "✓ passes",
        ObjectiveStatus::Fail => "✗ fails",
        ObjectiveStatus::Inconclusive => "? undecided",
    }
}

/// How the figures of a value were made, and what is to be kept in mind of them.
pub(super) fn made_by(value: &str, trial: &Trial, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for answer in &trial.answers {
        let (method, exact) = (answer.method.name(), if answer.exact { "" } else { " (≈ approximate)" });
        lines.extend(style.lines(&format!("at {value}, by {method}: {}{exact}", answer.by), "· ", "  "));
        let caveats = answer.caveats.iter().map(|caveat| format!("{method}: {caveat}"));
        lines.extend(caveats.flat_map(|caveat| style.lines(&caveat, "! ", "  ")));
    }
    lines
}

fn cell(trial: &Trial, method: Method, metric: &str) -> String {
    let estimate = trial.answers.iter().find(|a| a.method == method).and_then(|a| a.get(metric));
    let unit = metric_of(metric).map_or(crate::answer::Unit::Messages, |m| m.unit);
    Scale::of(unit, estimate.and_then(|e| e.value).into_iter()).show_with_unit(estimate)
}

/// Headings of the columns of [`figure_rows`].
pub(super) const FIGURE_COLUMNS: [&str; 5] = ["method", "metric", "estimate", "half_width", "unit"];

/// A row for each method and objective's metric, behind what all of them begin with; one where nothing is
/// known.
pub(super) fn figure_rows(start: &[String], trial: &Trial, scenario: &Scenario) -> Vec<Vec<String>> {
    let with = |end: [String; 5]| start.iter().cloned().chain(end).collect();
    if trial.answers.is_empty() {
        return vec![with(Default::default())];
    }
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let all = trial.answers.iter().flat_map(|a| scenario.objectives.iter().map(move |o| (a, &o.metric)));
    let row = |(answer, metric): (&Answer, &String)| {
        let estimate = answer.get(metric)?;
        let unit = metric_of(metric).map_or("", |m| m.unit.name());
        let figures = [number(estimate.value), number(estimate.half_width)];
        let [value, half_width] = figures;
        Some(with([answer.method.name().into(), metric.clone(), value, half_width, unit.into()]))
    };
    all.filter_map(row).collect()
}

/// What is known of one configuration.
pub(super) fn trial_json(trial: &Trial) -> Value {
    let objective = |j: &Judgement| json!({ "metric": j.objective.metric, "objective": j.objective.text, "outcome": j.outcome });
    json!({
        "outcome": trial.outcome,
        "answers": trial.answers,
        "unanswered": trial.unanswered,
        "objectives": trial.objectives.iter().map(objective).collect::<Vec<_>>(),
    })
}

/// What is borne.
pub(super) fn headroom_json(headroom: Option<Headroom>) -> Value {
    let json = |h: Headroom| json!({ "factor": h.factor, "rate": h.rate, "by_theory": h.by_theory });
    headroom.map_or(Value::Null, json)
}

/// What could be otherwise, and what comes of it.
pub(super) fn checks_json(checks: &[Check]) -> Value {
    let json = |c: &Check| json!({ "what": altered(&c.what), "trial": c.trial.as_ref().map(trial_json) });
    checks.iter().map(json).collect()
}

//! A search of several settings in words: the cheapest that holds, what shows that nothing cheaper does, and
//! what was tried.

use super::capacity::noted;
use super::trials::{
    FIGURE_COLUMNS, bears, checks_json, figure_rows, headlines, headroom_json, judged, judged_cells,
    judged_heads, judged_table, outcome, short, trial_json, warned, word,
};
use crate::answer::{Estimate, Unit};
use crate::report::html::mark;
use crate::report::number::{Scale, three};
use crate::report::page::{self, Mark, Page};
use crate::report::style::Style;
use crate::report::text::joined;
use crate::report::words::work_alone;
use crate::study::ObjectiveStatus;
use crate::study::capacity::{Cheapest, Combination, LookedThrough, Prices};
use serde_json::{Value, json};

/// Combinations that are named one by one in a sentence.
const NAMED: usize = 3;
/// Rows on a screen, of all objectives together, and at least of each.
const SCREEN_ROWS: usize = 15;
const FEWEST_ROWS: usize = 4;
/// Rows of the terminal's table with `-v`, and of the page's.
const MOST_ROWS: [usize; 2] = [40, 400];
/// Values of a setting beyond which no map is drawn.
const MOST_MAPPED: usize = 40;

/// The whole text, with a final newline.
pub fn text(cheapest: &Cheapest, style: &Style) -> String {
    let beside = bears(cheapest.headroom, &cheapest.checks);
    let objectives = cheapest.scenario.objectives.len().max(1);
    let most = if style.verbose { MOST_ROWS[0] } else { (SCREEN_ROWS / objectives).max(FEWEST_ROWS) };
    let rows: Vec<_> = shown(cheapest, most)
        .into_iter()
        .map(|at| {
            let one = &cheapest.tried[at];
            (vec![label(one), cost_figure(one.cost.as_ref())], &one.trial)
        })
        .collect();
    joined(vec![
        headlines(cheapest.outcome, &sentences(cheapest), style),
        beside.iter().flat_map(|line| style.lines(line, "· ", "  ")).collect(),
        warned(notes(cheapest).into_iter(), style),
        judged_table(&cheapest.scenario, &settings(cheapest), &rows, style),
        left_out(cheapest, most).into_iter().collect(),
        style.files(),
    ])
}

/// The answer, what shows it, and how it was found.
pub fn sentences(cheapest: &Cheapest) -> Vec<String> {
    let paths = joined_words(cheapest.grid.axes.iter().map(|axis| axis.path.clone()));
    if cheapest.interrupted {
        let passing = cheapest.tried.iter().filter(|one| one.trial.outcome == ObjectiveStatus::Pass).count();
        return vec![format!(
            "The search was interrupted before it knew the cheapest combination of {paths} that passes; by \
             then {} were judged, of which {passing} pass.",
            cheapest.tried.len()
        )];
    }
    let Some(found) = cheapest.found() else {
        let verb = if cheapest.outcome == ObjectiveStatus::Fail { "passes" } else { "surely passes" };
        let last = cheapest.tried.last();
        let alone = work_alone(&cheapest.scenario).filter(|_| cheapest.outcome == ObjectiveStatus::Fail);
        let why = alone.map(|said| format!(": even at the easiest {said}"));
        let why = why.or(last.map(|one| format!(": at {} {}", label(one), short(&one.trial))));
        let why = why.unwrap_or_default();
        return vec![format!("No combination of {paths} that was asked for {verb}{why}."), counted(cheapest)];
    };
    let settings = cheapest.grid.axes.iter().zip(&found.values);
    let settings: Vec<String> = settings.map(|(axis, value)| format!("{} = {value}", axis.path)).collect();
    let what = if settings.len() > 1 { "cheapest combination" } else { "cheapest" };
    let mut out = vec![format!(
        "{} is the {what} that passes, at {}: {}.",
        joined_words(settings.into_iter()),
        cost(cheapest, found),
        judged(&found.trial)
    )];
    out.push(cheaper(cheapest));
    out.extend(rivals(cheapest));
    out.push(counted(cheapest));
    out
}

/// What shows that nothing cheaper passes; what is undecided is named first.
fn cheaper(cheapest: &Cheapest) -> String {
    let proof: Vec<&Combination> = cheapest.proof.iter().map(|at| &cheapest.tried[*at]).collect();
    let of = |outcome: ObjectiveStatus| proof.iter().filter(move |one| one.trial.outcome == outcome);
    let undecided: Vec<_> = of(ObjectiveStatus::Inconclusive).collect();
    let failed: Vec<_> = of(ObjectiveStatus::Fail).collect();
    let named = |these: &[&&Combination], verb: (&str, &str)| {
        let each = |one: &&&Combination| format!("{} ({})", label(one), short(&one.trial));
        let mut words: Vec<String> = these.iter().take(NAMED).map(each).collect();
        let more = these.len() - words.len();
        words.extend((more > 0).then(|| format!("{more} more")));
        let verb = if these.len() == 1 { verb.0 } else { verb.1 };
        format!("{} {verb}", joined_words(words.into_iter()))
    };
    let mut said: Vec<String> = Vec::new();
    if !undecided.is_empty() {
        said.push(named(&undecided, ("is undecided", "are undecided")));
    }
    if !failed.is_empty() {
        said.push(named(&failed, ("fails", "fail")));
    }
    let follows = match cheapest.looked {
        LookedThrough::Staircase => ", and what has no more of either does no better",
        LookedThrough::Each => "",
    };
    match (said.is_empty(), undecided.is_empty()) {
        (true, _) => "Nothing that was asked for is cheaper.".into(),
        (_, true) => format!("Nothing cheaper passes: {}{follows}.", said.join("; ")),
        (_, false) => format!("Nothing cheaper is known to pass: {}{follows}.", said.join("; ")),
    }
}

/// What passes, too, at a cost that is not known to be higher.
fn rivals(cheapest: &Cheapest) -> Option<String> {
    let named = |at: &usize| {
        let one = &cheapest.tried[*at];
        format!("{} ({})", label(one), cost(cheapest, one))
    };
    let mut words: Vec<String> = cheapest.rivals.iter().take(NAMED).map(named).collect();
    let more = cheapest.rivals.len() - words.len();
    words.extend((more > 0).then(|| format!("{more} more")));
    let verb = if cheapest.rivals.len() == 1 { "passes" } else { "pass" };
    let words = joined_words(words.into_iter());
    (!words.is_empty())
        .then(|| format!("{words} {verb}, too, and may cost no more, as far as intervals tell."))
}

/// How many were simulated, and how sure that is.
fn counted(cheapest: &Cheapest) -> String {
    let confidence = three(cheapest.scenario.simulation.confidence * 100.0);
    let confidence = confidence.trim_end_matches(".0");
    let (all, tried) = (cheapest.grid.points(), cheapest.tried.len());
    match cheapest.looked {
        LookedThrough::Each => {
            format!("All {all} combinations were tried, each judged at {confidence} % confidence.")
        }
        LookedThrough::Staircase => format!(
            "Of {all} pairs {tried} were tried, each judged at {confidence} % confidence; the others follow \
             from these, as more of either is taken to be no worse."
        ),
    }
}

/// What is suspicious, or to be kept in mind.
fn notes(cheapest: &Cheapest) -> Vec<String> {
    let again = cheapest.fails_again.map(|at| {
        format!(
            "the objectives do not simply get easier: they fail again at {}, so that nothing follows from \
             one pair for another; `queuelab sweep` tries each",
            label(&cheapest.tried[at])
        )
    });
    let others = cheapest.notes.iter().map(|note| noted(note, "", false));
    again.into_iter().chain(others).collect()
}

/// A combination as its values.
fn label(one: &Combination) -> String {
    one.values.join(" × ")
}

/// What a combination costs.
fn cost(cheapest: &Cheapest, one: &Combination) -> String {
    let unit = if cheapest.prices == Prices::servers() { "servers" } else { "an hour" };
    format!("{} {unit}", cost_figure(one.cost.as_ref()))
}

fn cost_figure(cost: Option<&Estimate>) -> String {
    let scale = Scale::of(Unit::Servers, cost.and_then(|cost| cost.value).into_iter());
    match cost.and_then(|cost| Some((cost.value?, cost.half_width))) {
        Some((value, None)) => crate::units::plain(value, 6),
        _ => scale.show(cost),
    }
}

/// Words with commas, and an `and` before the last.
fn joined_words(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    match words.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => words.concat(),
    }
}

/// Indices of what is shown where not all has room: what costs nearly as much as what was found.
fn shown(cheapest: &Cheapest, most: usize) -> Vec<usize> {
    let mut by_cost: Vec<usize> = (0..cheapest.tried.len()).collect();
    let value = |at: usize| cheapest.tried[at].cost.and_then(|cost| cost.value).unwrap_or(f64::INFINITY);
    by_cost.sort_by(|a, b| value(*a).total_cmp(&value(*b)));
    let at = by_cost.iter().position(|at| Some(*at) == cheapest.found).unwrap_or(0);
    let first = at.saturating_sub(most / 2).min(by_cost.len().saturating_sub(most));
    let mut shown: Vec<usize> = by_cost.into_iter().skip(first).take(most).collect();
    shown.sort_unstable();
    shown
}

/// What the table does not show.
fn left_out(cheapest: &Cheapest, most: usize) -> Option<String> {
    let more = cheapest.tried.len().saturating_sub(most);
    (more > 0).then(|| format!("{more} more were tried, and are in capacity.csv"))
}

/// Headings of what was tried: the settings, and what it costs.
fn settings(cheapest: &Cheapest) -> [String; 2] {
    let short = |path: &str| path.split_once('.').map_or(path, |(_, rest)| rest).to_string();
    let axes: Vec<String> = cheapest.grid.axes.iter().map(|axis| short(&axis.path)).collect();
    [axes.join(" × "), "cost".into()]
}

/// A heading and a row for what was tried.
fn cells(cheapest: &Cheapest, most: usize) -> (Vec<String>, Vec<Vec<String>>) {
    let head = settings(cheapest).into_iter().chain(judged_heads(&cheapest.scenario));
    let row = |at: usize| {
        let one = &cheapest.tried[at];
        let start = [label(one), cost_figure(one.cost.as_ref())];
        start.into_iter().chain(judged_cells(&cheapest.scenario, &one.trial)).collect()
    };
    (head.collect(), shown(cheapest, most).into_iter().map(row).collect())
}

/// Two settings as a map: a sign for each pair that was tried.
fn map(cheapest: &Cheapest) -> Option<(Vec<String>, Vec<Vec<String>>)> {
    let [down, across] = cheapest.grid.axes.as_slice() else { return None };
    let columns = across.values.len();
    if columns.max(down.values.len()) > MOST_MAPPED {
        return None;
    }
    let head = std::iter::once(format!("{} ↓ {} →", down.path, across.path));
    let sign = |index: usize| {
        let Some(at) = cheapest.tried.iter().position(|one| one.index == index) else { return String::new() };
        let sign = match cheapest.tried[at].trial.outcome {
            ObjectiveStatus::Pass => "✓",
            ObjectiveStatus::Fail => "✗",
            ObjectiveStatus::Inconclusive => "?",
        };
        if cheapest.found == Some(at) { format!("`{sign}`") } else { sign.into() }
    };
    let row = |(row, value): (usize, &String)| {
        std::iter::once(value.clone()).chain((0..columns).map(|c| sign(row * columns + c))).collect()
    };
    Some((
        head.chain(across.values.iter().cloned()).collect(),
        down.values.iter().enumerate().map(row).collect(),
    ))
}

/// What was tried as a table for spreadsheets: SI units, a row for each combination, method and objective's
/// metric.
fn csv(cheapest: &Cheapest) -> String {
    let paths = cheapest.grid.axes.iter().map(|axis| axis.path.as_str());
    let head = paths.chain(["cost", "outcome"]).chain(FIGURE_COLUMNS).map(String::from).collect();
    let rows = cheapest.tried.iter().flat_map(|one| {
        let cost = one.cost.and_then(|cost| cost.value).map_or(String::new(), |cost| cost.to_string());
        let start: Vec<String> =
            one.values.iter().cloned().chain([cost, outcome(&one.trial).into()]).collect();
        figure_rows(&start, &one.trial, &cheapest.scenario)
    });
    crate::report::csv::table(&std::iter::once(head).chain(rows).collect::<Vec<Vec<String>>>())
}

/// Every file of a search, by name.
pub fn files(cheapest: &Cheapest, document: &str, toml: &str, command: &str) -> Vec<(String, Vec<u8>)> {
    let files = [
        ("capacity.json", document.to_string()),
        ("capacity.csv", csv(cheapest)),
        ("capacity.toml", toml.to_string()),
        ("capacity.html", html(cheapest, toml, command)),
    ];
    files.into_iter().map(|(name, text)| (name.to_string(), text.into_bytes())).collect()
}

/// The page of a search.
fn html(cheapest: &Cheapest, toml: &str, command: &str) -> String {
    let told = sentences(cheapest);
    let (head, rows) = cells(cheapest, MOST_ROWS[1]);
    let plain = |text: String| (Mark::Plain, text);
    let beside: Vec<(Mark, String)> =
        bears(cheapest.headroom, &cheapest.checks).into_iter().map(plain).collect();
    let marks = std::iter::once(mark(cheapest.outcome)).chain(std::iter::repeat(Mark::Plain));
    let answers = cheapest.found().map_or(&[][..], |one| &one.trial.answers);
    let flow = crate::report::flow::draw(&cheapest.scenario, answers);
    let map = map(cheapest).map_or(String::new(), |(head, rows)| {
        page::note("✓ passes, ✗ fails, ? undecided, framed: what was found; empty: not tried")
            + &page::table(&head, &rows)
    });
    let more = left_out(cheapest, MOST_ROWS[1]).map_or(String::new(), |text| page::note(&text));
    let paths = joined_words(cheapest.grid.axes.iter().map(|axis| axis.path.clone()));
    let page = Page {
        title: cheapest.scenario.title.clone().unwrap_or_else(|| format!("The cheapest {paths}")),
        by: format!("a search of {paths} · seed {}", cheapest.scenario.seed),
        said: marks.zip(told).collect(),
        caveats: notes(cheapest),
        parts: vec![
            page::section("What it bears", &page::list(&beside)),
            page::section("The map", &map),
            page::section("What was tried", &(page::table(&head, &rows) + &more)),
            page::section("How messages flow", &flow.map_or(String::new(), |svg| page::figure("", &svg))),
            page::section("The scenario", &page::listing(toml)),
            page::again(command, ""),
        ],
    };
    page.html()
}

/// The document for machines.
pub fn document(cheapest: &Cheapest, scenario: &Value, command: &str) -> String {
    let one = |one: &Combination| json!({ "values": one.values, "cost": cost_json(one.cost), "trial": trial_json(&one.trial) });
    let values = |at: &usize| cheapest.tried[*at].values.clone();
    let named =
        |at: &usize| json!({ "values": values(at), "outcome": word(cheapest.tried[*at].trial.outcome) });
    let beside = bears(cheapest.headroom, &cheapest.checks);
    let document = json!({
        "queuelab": env!("CARGO_PKG_VERSION"),
        "command": command,
        "scenario": scenario,
        "paths": cheapest.grid.axes.iter().map(|axis| axis.path.as_str()).collect::<Vec<_>>(),
        "outcome": cheapest.outcome,
        "interrupted": cheapest.interrupted,
        "found": cheapest.found().map(|found| found.values.clone()),
        "cost": cost_json(cheapest.found().and_then(|found| found.cost)),
        "cheaper": cheapest.proof.iter().map(named).collect::<Vec<_>>(),
        "as_cheap": cheapest.rivals.iter().map(values).collect::<Vec<_>>(),
        "combinations": cheapest.grid.points(),
        "verdict": sentences(cheapest).into_iter().chain(beside).chain(notes(cheapest)).collect::<Vec<_>>(),
        "headroom": headroom_json(cheapest.headroom),
        "checks": checks_json(&cheapest.checks),
        "probes": cheapest.tried.iter().map(one).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

/// A cost with the half-width of its interval, where it is a simulated one.
fn cost_json(cost: Option<Estimate>) -> Value {
    cost.map_or(Value::Null, |cost| json!({ "value": cost.value, "half_width": cost.half_width }))
}

//! What a person sees first, on one screen: the answer, what makes it doubtful, the rows that matter, whether
//! the methods agree, the back-of-envelope formulas, and where the files are. `table` has all of it.

mod formula_rows;
mod main_rows;
mod opening;
mod spark_line;

pub(super) use opening::{named_apart, opening};

use super::headline;
use super::rows::heading;
use super::style::Style;
use super::text::{self, Paint, SCREEN_LINES, columns, distinct};
use super::{rulers, verdict, words};
use crate::answer::{Answer, Method, Trust};
use crate::study::{Bearing, ObjectiveStatus, Study};
use main_rows::{NamedRow, main_rows};

/// A table has no fewer rows, however much is to be said.
const FEWEST_ROWS: usize = 4;
/// And no more.
const MOST_ROWS: usize = 9;
/// With so many rows there may be curves below them.
const ENOUGH_ROWS: usize = 6;

/// The text of one screen, with a final newline.
pub(super) fn text(study: &Study, bearing: &Bearing, style: &Style) -> String {
    let before = [answer(study, bearing, style), caveats(study, style)];
    let after = [said(study, style), rulers::lines(study, style), formulas(study, style), style.files()];
    let taken: usize = before.iter().chain(&after).filter(|b| !b.is_empty()).map(|b| b.len() + 1).sum();
    let curves = spark_line::spark_lines(study, style.width, style.ascii);
    // A heading and a rule; the last block has no blank line behind it.
    let room = SCREEN_LINES.saturating_sub(taken + 2);
    let with_curves = room.saturating_sub(curves.len() + 1);
    let draws = with_curves >= ENOUGH_ROWS && !curves.is_empty();
    let rows = if draws { with_curves } else { room }.clamp(FEWEST_ROWS, MOST_ROWS);
    let mut table = table(study, &main_rows(study, rows), style);
    if draws && !table.is_empty() {
        table.push(String::new());
        table.extend(curves.iter().map(|line| style.signs(line)));
    }
    text::joined(before.into_iter().chain([table]).chain(after))
}

/// The first sentence, and the other objectives where there are several.
fn answer(study: &Study, bearing: &Bearing, style: &Style) -> Vec<String> {
    let paint = match study.tightest_objective().map(|(judgement, _)| judgement.outcome) {
        None => Paint::Bold,
        Some(ObjectiveStatus::Pass) => Paint::Green,
        Some(ObjectiveStatus::Fail) => Paint::Red,
        Some(ObjectiveStatus::Inconclusive) => Paint::Yellow,
    };
    let mut lines = style.paint(paint, style.lines(&opening(study, bearing), "", ""));
    if study.unstable().is_some() && !study.answers.is_empty() {
        lines.extend(style.lines(&headline::of_the_start(study), "", ""));
    }
    if study.objectives.len() > 1 {
        for judgement in &study.objectives {
            let (sign, sentence) = words::objective(study, judgement);
            lines.extend(style.lines(&sentence, &format!("{sign} "), "  "));
        }
    }
    lines
}

/// What makes figures doubtful, and how many notes say how they are made.
fn caveats(study: &Study, style: &Style) -> Vec<String> {
    let (doubts, notes) = words::doubts_and_notes(study);
    let mut lines: Vec<String> =
        doubts.iter().flat_map(|doubt| style.paint(Paint::Yellow, style.lines(doubt, "! ", "  "))).collect();
    let silent: Vec<String> =
        study.unanswered.iter().map(|u| format!("no {}: {}", u.method.name(), u.reason)).collect();
    lines.extend(silent.iter().flat_map(|line| style.lines(line, "– ", "  ")));
    match notes.len() {
        0 => (),
        1 => lines.extend(style.lines("a note says how figures are made: -v", "· ", "  ")),
        some => lines.extend(style.lines(&format!("{some} notes say how figures are made: -v"), "· ", "  ")),
    }
    lines
}

/// The table, with as many methods as there is room for.
fn table(study: &Study, rows: &[NamedRow], style: &Style) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    // What explains a measurement gives way to what was measured.
    let choices: [&[Method]; 3] = [&[], &[Method::Replay], &[Method::Rehearsal, Method::Replay]];
    let tried = choices.iter().flat_map(|without| [true, false].map(|marks| (*without, marks)));
    let mut laid_out =
        tried.map(|(without, marks)| (without, grid(study, rows, without, marks, usize::MAX, style)));
    let (without, mut lines) = laid_out.find(|(_, lines)| style.fits(lines)).unwrap_or_else(|| {
        let width = text::widest(&grid(study, rows, choices[2], false, usize::MAX, style));
        let label = rows.iter().map(|named| text::width_of(&style.signs(&label(named)))).max().unwrap_or(0);
        let room = label.saturating_sub(width.saturating_sub(style.width));
        (choices[2], grid(study, rows, choices[2], false, room, style))
    });
    let there = without.iter().filter(|method| study.answer(**method).is_some());
    let left_out: Vec<&str> = there.map(|method| method.name()).collect();
    if !left_out.is_empty() {
        let said = format!("left out for want of room, and shown by -v: {}", left_out.join(", "));
        lines.extend(style.lines(&said, "", ""));
    }
    headed(lines, style)
}

fn headed(mut lines: Vec<String>, style: &Style) -> Vec<String> {
    if let Some(head) = lines.first_mut() {
        *head = Paint::Bold.on(head, style.colour);
    }
    lines
}

fn label(named: &NamedRow) -> String {
    let unit = named.row.scale.unit;
    let label = named.label.replace('`', "");
    if unit.is_empty() { label } else { format!("{label}, {unit}") }
}

fn grid(
    study: &Study,
    rows: &[NamedRow],
    without: &[Method],
    marks: bool,
    most: usize,
    style: &Style,
) -> Vec<String> {
    let shown = |answer: &&Answer| !without.contains(&answer.method);
    let marks = marks && !study.agreement.is_empty();
    let mut head = vec![String::new()];
    head.extend(
        study
            .answers
            .iter()
            .filter(shown)
            .map(|answer| format!("{}{}", if answer.exact { "" } else { "≈ " }, heading(answer.method))),
    );
    let numbers = head.len() - 1;
    head.extend(marks.then(String::new));
    let mut lines = vec![Some(head), None];
    let labels: Vec<String> = rows.iter().map(|named| style.signs(&label(named))).collect();
    for (label, NamedRow { row, .. }) in distinct(&labels, most, style.gap()).into_iter().zip(rows) {
        let mut cells = vec![label];
        let written = row.written().map(|(text, _)| text).zip(&study.answers);
        cells.extend(written.filter(|(_, answer)| shown(answer)).map(|(text, _)| text));
        cells.extend(marks.then(|| words::accord(row, false)));
        lines.push(Some(cells));
    }
    let signs = |cells: Vec<String>| cells.iter().map(|cell| style.signs(cell)).collect::<Vec<_>>();
    let lines: Vec<_> = lines.into_iter().map(|line| line.map(signs)).collect();
    columns(&lines, numbers, style.rule())
}

/// Whether the methods agree, a line for theory and one for the measurement.
fn said(study: &Study, style: &Style) -> Vec<String> {
    let theory = verdict::theory_and_simulation(study);
    // One that is not to be trusted is told of above the table.
    let trusted = |answer: &&Answer| answer.trust() == Trust::Valid;
    let measured =
        study.answer(Method::Measurement).filter(trusted).and_then(|_| verdict::measurement(study));
    let dead = super::dead_letters::sentences(study);
    dead.into_iter().chain(theory).chain(measured).flat_map(|said| style.lines(&said, "", "  ")).collect()
}

/// Columns of the longest formula.
const WIDEST_FORMULA: usize = 26;

/// The formulas; why each is right or wrong is dropped where there is no room for it.
fn formulas(study: &Study, style: &Style) -> Vec<String> {
    if study.formulas.is_empty() && study.answers.is_empty() {
        return Vec::new();
    }
    let mut rows = formula_rows::formula_rows(study);
    // A long name has a line of its own.
    let named = std::mem::replace(&mut rows[0][0], "formula".into());
    let title = match text::width_of(&named) > WIDEST_FORMULA {
        true => style.lines(&named, "", "  "),
        false => {
            rows[0][0] = named;
            Vec::new()
        }
    };
    let lines = |cells: usize| {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| Some(row.iter().take(cells).map(|cell| style.signs(cell)).collect()))
            .collect();
        columns(&rows, 3, style.rule())
    };
    let whole = lines(5);
    let table = if style.fits(&whole) { whole } else { lines(4) };
    headed(title.into_iter().chain(table).collect(), style)
}

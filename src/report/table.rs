//! What a person sees in the terminal: the verdict in words, what limits it, one table, then the small print.

use super::rows::{self, MetricRow, Section};
use super::style::Style;
use super::text::{Paint, columns, distinct, joined};
use super::{rulers, screen, shown, words};
use crate::answer::{Gate, Trust};
use crate::study::{Bearing, ObjectiveStatus, Study};

/// What a person sees of a study, on one screen or all of it, with a final newline.
pub fn text(study: &Study, bearing: &Bearing, style: &Style) -> String {
    if style.verbose { whole(study, style) } else { screen::text(study, bearing, style) }
}

/// The whole text of a study.
fn whole(study: &Study, style: &Style) -> String {
    joined([
        verdict(study, style),
        caveats(study, style),
        body(study, style),
        rulers::lines(study, style),
        formulas(study, style),
        unanswered(study, style),
        gates(study, style),
        style.files(),
    ])
}

fn verdict(study: &Study, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for (i, sentence) in super::verdict(study).iter().enumerate() {
        let paint = if i == 0 { Paint::Bold } else { Paint::None };
        lines.extend(style.paint(paint, style.lines(sentence, "", "")));
    }
    for judgement in &study.objectives {
        let (sign, sentence) = words::objective(study, judgement);
        let paint = match judgement.outcome {
            ObjectiveStatus::Pass => Paint::Green,
            ObjectiveStatus::Fail => Paint::Red,
            ObjectiveStatus::Inconclusive => Paint::Yellow,
        };
        lines.extend(style.paint(paint, style.lines(&sentence, &format!("{sign} "), "  ")));
    }
    lines
}

fn caveats(study: &Study, style: &Style) -> Vec<String> {
    words::warnings(study)
        .iter()
        .flat_map(|s| style.paint(Paint::Yellow, style.lines(s, "! ", "  ")))
        .collect()
}

/// The table, then who answered and what the intervals are.
fn body(study: &Study, style: &Style) -> Vec<String> {
    if study.answers.is_empty() {
        return Vec::new();
    }
    let mut lines = table(study, style);
    if let Some(head) = lines.first_mut() {
        *head = Paint::Bold.on(head, style.colour);
    }
    lines.push(String::new());
    for answer in &study.answers {
        let approximate = if answer.exact { "" } else { " (≈ approximate)" };
        lines.extend(style.lines(
            &format!("{}{approximate}", answer.by),
            &format!("{:<12}", rows::heading(answer.method)),
            &" ".repeat(12),
        ));
    }
    lines.extend(
        shown::left_out(study)
            .iter()
            .flat_map(|sentence| style.lines(sentence, "…           ", &" ".repeat(12))),
    );
    lines.extend(
        words::intervals(study)
            .iter()
            .flat_map(|sentence| style.lines(sentence, "±           ", &" ".repeat(12))),
    );
    lines.extend(
        words::faint(study)
            .iter()
            .flat_map(|sentence| style.lines(sentence, "~           ", &" ".repeat(12))),
    );
    lines
}

/// The table in the roomiest layout that fits: symbols go first, then the words of the agreement, then the
/// ends of labels.
fn table(study: &Study, style: &Style) -> Vec<String> {
    let sections = rows::sections(study);
    let mut layout = Layout { symbols: true, words: true, label: usize::MAX };
    let mut lines = grid(study, &sections, style, layout);
    for next in [Layout { symbols: false, ..layout }, Layout { symbols: false, words: false, ..layout }] {
        if style.fits(&lines) {
            return lines;
        }
        layout = next;
        lines = grid(study, &sections, style, layout);
    }
    let widest = super::text::widest(&lines);
    if widest > style.width {
        let label = sections
            .iter()
            .flat_map(|s| &s.rows)
            .map(|r| super::text::width_of(r.words) + 6)
            .max()
            .unwrap_or(0);
        lines = grid(
            study,
            &sections,
            style,
            Layout { label: label.saturating_sub(widest - style.width).max(8), ..layout },
        );
    }
    lines
}

/// What a table has room for.
#[derive(Clone, Copy)]
struct Layout {
    symbols: bool,
    words: bool,
    /// The most characters of a row's label.
    label: usize,
}

/// The grid of all sections; the first line is the heading.
fn grid(study: &Study, sections: &[Section], style: &Style, layout: Layout) -> Vec<String> {
    let compared = !study.agreement.is_empty();
    let mut head = vec![String::new()];
    head.extend(
        study
            .answers
            .iter()
            .map(|a| format!("{}{}", if a.exact { "" } else { "≈ " }, rows::heading(a.method))),
    );
    if compared {
        head.push(if layout.words { "agreement".into() } else { String::new() });
    }
    let mut lines = vec![Some(head), None];
    for section in sections {
        if !section.title.is_empty() {
            lines.push(Some(vec![section.title.clone()]));
        }
        let indent = if section.title.is_empty() { "" } else { "  " };
        let labels: Vec<String> =
            section.rows.iter().map(|row| style.signs(&label(row, indent, layout))).collect();
        let labels = distinct(&labels, layout.label, style.gap());
        let rows = labels.into_iter().zip(&section.rows);
        lines.extend(rows.map(|(label, row)| Some(cells(label, row, layout, compared))));
    }
    let signs = |cells: Vec<String>| cells.iter().map(|cell| style.signs(cell)).collect::<Vec<_>>();
    let lines: Vec<_> = lines.into_iter().map(|line| line.map(signs)).collect();
    columns(&lines, study.answers.len(), style.rule())
}

fn label(row: &MetricRow, indent: &str, layout: Layout) -> String {
    let symbol = if layout.symbols { format!(" {}", rows::bracketed(row.symbol)) } else { String::new() };
    let unit = if row.scale.unit.is_empty() { String::new() } else { format!(", {}", row.scale.unit) };
    format!("{indent}{}{symbol}{unit}", row.words)
}

fn cells(label: String, row: &MetricRow, layout: Layout, compared: bool) -> Vec<String> {
    let mut cells = vec![label];
    cells.extend(row.written().map(|(text, _)| text));
    if compared {
        cells.push(words::accord(row, layout.words));
    }
    cells
}

fn formulas(study: &Study, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in shown::few(&study.formulas) {
        let (value, against) = words::formula(entry);
        let against = if against.is_empty() { against } else { format!(", {against}") };
        lines.extend(style.lines(&format!("{}:  {value}{against}", entry.formula), "  ", "    "));
        lines.extend(style.lines(&entry.note.to_string(), "    ", "    "));
    }
    titled(words::FORMULAS, lines, style)
}

fn titled(title: &str, mut lines: Vec<String>, style: &Style) -> Vec<String> {
    if !lines.is_empty() {
        lines.insert(0, Paint::Bold.on(title, style.colour));
    }
    lines
}

fn unanswered(study: &Study, style: &Style) -> Vec<String> {
    let lines = study.unanswered.iter().map(|u| format!("no {}: {}", u.method.name(), u.reason));
    lines.flat_map(|l| style.lines(&l, "– ", "  ")).collect()
}

fn gates(study: &Study, style: &Style) -> Vec<String> {
    let sign = |gate: &Gate| if gate.trust == Trust::Valid { "  ✓ " } else { "  ✗ " };
    let gates = words::gates(study, true).into_iter();
    titled(
        words::VALIDITY_CHECKS,
        gates.flat_map(|gate| style.lines(&words::gate(gate), sign(gate), "    ")).collect(),
        style,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    /// How a study looks at a width.
    fn at(study: &Study, width: usize, ascii: bool) -> String {
        whole(study, &Style { width, ascii, ..Style::default() })
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        for study in [fixtures::five_methods(), fixtures::infinite(), fixtures::network(), fixtures::bare()] {
            for width in [60, 80, 100, 200] {
                for ascii in [false, true] {
                    let style = Style { width, ascii, ..Style::default() };
                    let screen = text(&study, &Bearing::default(), &style);
                    // All methods of a measurement side by side take a usual terminal's width.
                    let all = if width < 80 { String::new() } else { at(&study, width, ascii) };
                    let text = screen + &all;
                    assert!(text.lines().all(|l| l.chars().count() <= width), "{text}");
                    assert!(!ascii || text.is_ascii(), "{text}");
                    assert!(!text.contains("NaN"), "{text}");
                }
            }
        }
    }

    /// What stands in a file must be what a person sees; a deliberate change is copied there from the
    /// failure.
    #[test]
    fn the_text_is_as_it_was_agreed() {
        let study = fixtures::five_methods();
        assert_eq!(at(&study, 80, true), include_str!("snapshots/five-methods-80-ascii.txt"));
        assert_eq!(at(&study, 120, false), include_str!("snapshots/five-methods-120.txt"));
        assert_eq!(at(&fixtures::network(), 80, false), include_str!("snapshots/network-80.txt"));
        assert_eq!(at(&fixtures::infinite(), 80, false), include_str!("snapshots/infinite-80.txt"));
    }

    /// The answer first, what makes it doubtful above all figures, every formula, no more than a screen.
    #[test]
    fn a_screen_has_the_answer_first_and_doubts_above_figures() {
        for study in [fixtures::five_methods(), fixtures::infinite(), fixtures::network()] {
            for width in [80, 100] {
                let screen = text(&study, &Bearing::default(), &Style { width, ..Style::default() });
                assert!(screen.lines().count() <= 30, "{screen}");
                let names = [
                    "throughput = N / T",
                    "throughput = P / C",
                    "delay = Q / C",
                    "latency = T_p + T_q + T_c",
                ];
                assert!(names.iter().all(|formula| screen.contains(formula)), "{screen}");
            }
        }
        let screen = text(&fixtures::five_methods(), &Bearing::default(), &Style::default());
        assert!(screen.starts_with("Yes, it holds: p99 latency 55 ±3 ms of 200 ms allowed"), "{screen}");
        let at = |word: &str| screen.find(word).unwrap_or_else(|| panic!("{word}: {screen}"));
        assert!(at("! measurement: DEGRADED") < at("p99 latency, ms"));
    }

    #[test]
    fn colour_only_repeats_what_is_said() {
        let study = fixtures::five_methods();
        let of = |colour| {
            let style = Style { colour, ..Style::default() };
            whole(&study, &style) + &text(&study, &Bearing::default(), &style)
        };
        let coloured = of(true);
        let mut bare = coloured.clone();
        for code in ["0", "1", "31", "32", "33"] {
            bare = bare.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert!(coloured.contains('\u{1b}'));
        assert_eq!(bare, of(false));
    }
}

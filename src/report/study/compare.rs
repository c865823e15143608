//! A comparison in words and in a table.

use super::compare_sentences::note;
pub use super::compare_sentences::{sentences, traffic};
use crate::answer::{Estimate, metric_of};
use crate::report::difference::{by_what, scale_of, share};
use crate::report::number::three;
use crate::report::page::{self, Mark, Page};
use crate::report::plot::{Frame, PlotText};
use crate::report::style::Style;
use crate::report::text::{Paint, joined};
use crate::study::compare::{Comparison, Difference, Verdict};
use serde_json::{Value, json};

/// The whole text, with a final newline.
pub fn text(compared: &Comparison, style: &Style) -> String {
    let mut blocks = vec![Vec::new()];
    for (verdict, sentence) in sentences(compared) {
        let (sign, paint) = match verdict {
            Verdict::Better => ("✓ ", Paint::Green),
            Verdict::Worse => ("✗ ", Paint::Red),
            Verdict::Mixed => ("! ", Paint::Yellow),
            _ => ("· ", Paint::Bold),
        };
        blocks[0].extend(style.paint(paint, style.lines(&sentence, sign, "  ")));
    }
    blocks.push(
        compared
            .notes
            .iter()
            .flat_map(|n| style.paint(Paint::Yellow, style.lines(&note(n), "! ", "  ")))
            .collect(),
    );
    for (side, rows) in (1..).zip(&compared.differences).filter(|(_, rows)| !rows.is_empty()) {
        blocks.push(table(compared, side, rows, style));
    }
    blocks.push(style.lines(&small_print(compared), "", ""));
    blocks.push(style.files());
    joined(blocks)
}

/// Headings of two sides: the last word of the setting that tells them apart with its values, or their names
/// without what sets them apart, which the others' names say.
fn headings(compared: &Comparison, side: usize) -> [String; 2] {
    if let Some(turned) = compared.turned.get(side).and_then(Option::as_ref) {
        let word = turned.path.rsplit('.').next().unwrap_or_default();
        return [&turned.first, &turned.value].map(|value| format!("{word}={value}"));
    }
    [0, side].map(|side| compared.names[side].split(" (").next().unwrap_or_default().to_string())
}

fn table(compared: &Comparison, side: usize, rows: &[Difference], style: &Style) -> Vec<String> {
    let grid = |[a, b]: [String; 2]| {
        let head = [String::new(), a, b, "difference".into(), "in figures".into(), "verdict".into()];
        style.grid(&head, &rows.iter().map(cells).collect::<Vec<_>>(), 4, &[4])
    };
    let whole = grid(headings(compared, side));
    // Nothing was left out, and all of it fits.
    if style.fits(&whole) && whole.len() == rows.len() + 2 {
        return whole;
    }
    let short = grid(["A", "B"].map(String::from));
    let names = match compared.turned.get(side).and_then(Option::as_ref) {
        Some(turned) => [&turned.first, &turned.value].map(|value| format!("{}={value}", turned.path)),
        None => [0, side].map(|side| compared.names[side].clone()),
    };
    let legend =
        ["A", "B"].iter().zip(&names).map(|(letter, name)| style.lines(name, &format!("{letter}  "), "   "));
    legend.flatten().chain(short).collect()
}

/// Each figure in the unit that fits it; the difference as a share of the first, then as it is.
fn cells(row: &Difference) -> Vec<String> {
    let verdict = match row.verdict {
        Verdict::Better => "✓ better",
        Verdict::Worse => "✗ worse",
        Verdict::Mixed => "! mixed",
        Verdict::Changed => "≠ changed",
        Verdict::Same if row.half_width == Some(0.0) => "– the same, run for run",
        Verdict::Same if row.half_width.is_none() && row.difference == 0.0 => "– the same",
        Verdict::Same => "– none seen",
    };
    let own = |value: f64| scale_of(row, value).show_with_unit(Some(&Estimate::exact(value)));
    let difference = Estimate::with(row.difference, row.half_width);
    let absolute = scale_of(row, row.difference).show_with_unit(Some(&difference));
    vec![row.metric.clone(), own(row.a), own(row.b), share(row), absolute, verdict.into()]
}

/// The same as Markdown, as a pull request shows it.
pub fn markdown(compared: &Comparison) -> String {
    let sign = |verdict| match verdict {
        Verdict::Better => "✅",
        Verdict::Worse => "❌",
        Verdict::Mixed => "⚠️",
        Verdict::Changed | Verdict::Same => "➖",
    };
    // A bar would end a cell.
    let cell = |text: &String| text.replace('|', "\\|");
    let line = |cells: &[String]| format!("| {} |\n", cells.iter().map(cell).collect::<Vec<_>>().join(" | "));
    let mut out: String =
        sentences(compared).iter().map(|(verdict, said)| format!("{} {said}\n\n", sign(*verdict))).collect();
    for (side, rows) in (1..).zip(&compared.differences) {
        let [a, b] = headings(compared, side);
        out += &line(&["metric".into(), a, b, "difference".into(), "in figures".into(), "verdict".into()]);
        out += "|---|--:|--:|--:|--:|---|\n";
        out.extend(rows.iter().map(|row| line(&cells(row))));
        out += "\n";
    }
    out.extend(compared.notes.iter().map(|n| format!("> {}\n>\n", note(n))));
    out + &format!("<sub>{}</sub>\n", small_print(compared))
}

/// The rows as a table for spreadsheets: SI units, one row for each configuration and metric.
pub fn csv(compared: &Comparison) -> String {
    let head = ["a", "b", "metric", "value_a", "value_b", "difference", "half_width", "unit", "p", "verdict"]
        .map(String::from)
        .to_vec();
    let mut rows = vec![head];
    for (name, differences) in compared.names[1..].iter().zip(&compared.differences) {
        rows.extend(differences.iter().map(|d| {
            let unit = metric_of(&d.metric).map_or(String::new(), |m| m.unit.name().into());
            let verdict = serde_json::to_value(d.verdict)
                .ok()
                .and_then(|v| v.as_str().map(String::from))
                .unwrap_or_default();
            let half = d.half_width.map_or(String::new(), |h| h.to_string());
            let numbers = [d.a, d.b, d.difference].map(|v| v.to_string());
            let mut row = vec![compared.names[0].clone(), name.clone(), d.metric.clone()];
            row.extend(numbers.into_iter().chain([half, unit, d.p.to_string(), verdict]));
            row
        }));
    }
    crate::report::csv::table(&rows)
}

/// Every file of a comparison, by name.
pub fn files(compared: &Comparison, command: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("comparison.json".to_string(), document(compared, command)),
        ("comparison.csv".to_string(), csv(compared)),
    ];
    files.extend(drawn(compared, Frame::Alone).map(|svg| ("comparison.svg".to_string(), svg)));
    files.push(("comparison.html".to_string(), page(compared, command)));
    files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

/// The plot of a comparison, under the first of its sentences.
fn drawn(compared: &Comparison, frame: Frame) -> Option<String> {
    let told: Vec<String> = sentences(compared).into_iter().map(|s| s.1).collect();
    let finding = told.first()?.trim_end_matches('.').replace('`', "");
    let told = PlotText { finding: &finding, all: &told.join(" ") };
    crate::report::plots::compared(compared, &told, frame)
}

/// The page of a comparison.
fn page(compared: &Comparison, command: &str) -> String {
    let mark = |verdict| match verdict {
        Verdict::Better => Mark::Good,
        Verdict::Worse => Mark::Bad,
        Verdict::Mixed => Mark::Unsure,
        Verdict::Changed | Verdict::Same => Mark::Plain,
    };
    let told: Vec<(Mark, String)> =
        sentences(compared).into_iter().map(|(verdict, sentence)| (mark(verdict), sentence)).collect();
    // What it finds is said above it.
    let caption = format!("What changes from `{}`", compared.names[0]);
    let plot = page::plot(&caption, "", |frame| drawn(compared, frame));
    let tables = (1..).zip(&compared.differences).map(|(side, rows)| {
        let [a, b] = headings(compared, side);
        let head = [String::new(), a, b, "difference".into(), "in figures".into(), "verdict".into()];
        let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
        match rows.is_empty() {
            true => String::new(),
            false => page::section(&compared.names[side], &page::table(&head, &rows)),
        }
    });
    let scenarios = compared.names.iter().zip(&compared.scenarios).map(|(name, scenario)| {
        let text = serde_json::to_string_pretty(scenario).expect("a JSON value is plain data");
        page::section(&format!("The scenario of {name}"), &page::listing(&text))
    });
    let page = Page {
        title: format!("{} against {}", compared.names[1..].join(", "), compared.names[0]),
        by: small_print(compared),
        caveats: compared.notes.iter().map(note).collect(),
        parts: std::iter::once(plot)
            .chain(tables)
            .chain(scenarios)
            .chain([page::again(command, "")])
            .collect(),
        said: told,
    };
    page.html()
}

/// How the figures were made and what an interval is.
fn small_print(compared: &Comparison) -> String {
    let percent = three(compared.confidence * 100.0);
    format!(
        "{}; ± is half the {} % interval of the difference; verdicts are corrected for all that is compared (Holm)",
        by_what(&compared.by),
        percent.trim_end_matches(".0")
    )
}

/// The document for machines.
pub fn document(compared: &Comparison, command: &str) -> String {
    let pairs: Vec<Value> = compared.names[1..]
        .iter()
        .zip(&compared.differences)
        .map(|(name, rows)| json!({ "a": compared.names[0], "b": name, "differences": rows }))
        .collect();
    let document = json!({
        "queuelab": env!("CARGO_PKG_VERSION"),
        "command": command,
        "by": by_what(&compared.by),
        "confidence": compared.confidence,
        "verdict": sentences(compared).into_iter().map(|s| s.1).collect::<Vec<_>>(),
        "notes": compared.notes.iter().map(note).collect::<Vec<_>>(),
        "comparisons": pairs,
        "unstable": compared.names.iter().zip(&compared.unstable).filter_map(|(n, why)| Some(json!({ "name": n, "why": why.as_ref()?.to_string() }))).collect::<Vec<_>>(),
        "scenarios": compared.scenarios,
    });
    format!("{document:#}\n")
}

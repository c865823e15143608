//! A fit in words: rate, dispersion, the laws in question and what was left out.

use super::fit_models as models;
pub use super::fit_notes::notes;
use crate::report::number::three;
use crate::report::page::{self, Mark, Page};
use crate::report::plot::{Frame, PlotText};
use crate::report::style::Style;
use crate::report::text::{Paint, SCREEN_LINES, joined};
use crate::scenario::{Arrivals, Producer};
use crate::study::fit::{Candidate, Column, FEWEST, Fit, Guessed};
use crate::units::{NANOS_PER_SECOND, Time, plain};
use serde_json::{Value, json};

/// What was found, most important first.
pub fn sentences(fit: &Fit) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(stream) = &fit.stream {
        let (count, noun) = (
            plain(stream.count as f64, 12),
            if stream.count == 1 { "message arrives" } else { "messages arrive" },
        );
        out.push(format!("{count} {noun} in {}: {}/s.", Time(stream.lasted), plain(stream.rate, 4)));
        let indices: Vec<String> =
            stream.dispersion.iter().map(|d| format!("{} over {}", three(d.index), Time(d.window))).collect();
        if !indices.is_empty() {
            out.push(format!(
                "The dispersion of their counts is {} (1 for Poisson arrivals).",
                indices.join(", ")
            ));
        }
    }
    match &fit.poisson {
        Some(test) => out.push(models::poisson(test)),
        None if fit.stream.as_ref().is_some_and(|stream| stream.count > FEWEST) => {
            out.push("The stamps are too coarse to say whether these arrivals are Poisson.".into());
        }
        None if fit.stream.is_some() => {
            out.push("These are too few arrivals to say whether they are Poisson.".into())
        }
        None => {}
    }
    let work = if fit.guessed.work { models::WorkKnown::Guessed } else { models::WorkKnown::Measured };
    out.extend(fit.models.iter().flat_map(|tried| models::sentences(tried, work)));
    for column in &fit.columns {
        let best = column.candidates.first().map_or(String::new(), |best| {
            let distance = if best.distance > 0.0 {
                format!(", at most {} % off", three(best.distance * 100.0))
            } else {
                String::new()
            };
            let what = if best.is_far(&column.sample) {
                "no law comes near it, the likeliest is"
            } else {
                "best law:"
            };
            format!("; {what} {}{distance}", best.described())
        });
        let sample = &column.sample;
        out.push(format!(
            "`{}`: mean {}, scv {}, p99 {}{best}.",
            column.name,
            Time(sample.mean),
            three(sample.scv),
            Time(sample.quantile(0.99))
        ));
        if sample.remembers() {
            out.push(format!(
                "Neighbours in `{}` are correlated ({}): a law draws each alone.",
                column.name,
                three(sample.correlation)
            ));
        }
    }
    out
}

/// What is said of a fit, with a final newline: the tables that a screen has room for, or all of them.
pub fn text(fit: &Fit, style: &Style) -> String {
    let mut blocks = vec![sentences(fit).iter().flat_map(|s| style.lines(s, "", "  ")).collect::<Vec<_>>()];
    blocks.push(
        notes(fit).iter().flat_map(|n| style.paint(Paint::Yellow, style.lines(n, "! ", "  "))).collect(),
    );
    let mut tables = Vec::new();
    if let (Some(models), Some(stream)) = (&fit.models, &fit.stream) {
        tables.push(("how each model's waits compare", models::waits(models, style)));
        tables.push(("the dispersion of each model", models::dispersion(models, stream, style)));
    }
    tables.extend(fit.columns.iter().map(|column| ("the laws that were tried", table(column, style))));
    tables.retain(|(_, lines)| !lines.is_empty());
    let files = style.files();
    let lines = |blocks: &[Vec<String>]| blocks.iter().map(|block| block.len() + 1).sum::<usize>();
    let mut left_out: Vec<&str> = Vec::new();
    for (what, table) in tables {
        // Files, and what is left out, have a line with a blank one before it.
        let fits = lines(&blocks) + table.len() + files.len() + 3 <= SCREEN_LINES;
        match fits || style.verbose {
            true => blocks.push(table),
            false if !left_out.contains(&what) => left_out.push(what),
            false => {}
        }
    }
    if !left_out.is_empty() {
        blocks.push(style.lines(&format!("-v also shows {}", left_out.join(", ")), "· ", "  "));
    }
    blocks.push(files);
    joined(blocks)
}

fn table(column: &Column, style: &Style) -> Vec<String> {
    let (head, rows) = cells(column);
    if rows.len() < 2 { Vec::new() } else { style.grid(&head, &rows, 2, &[]) }
}

/// A heading and a row for each law that was tried.
fn cells(column: &Column) -> (Vec<String>, Vec<Vec<String>>) {
    let row = |c: &Candidate| {
        vec![c.described(), format!("+{}", plain(c.aic, 5)), format!("{} %", three(c.distance * 100.0))]
    };
    let head = vec![format!("laws of `{}`", column.name), "AIC".into(), "farthest off".into()];
    (head, column.candidates.iter().map(row).collect())
}

/// The document for machines.
pub fn document(fit: &Fit, scenario: &Value) -> String {
    let column = |c: &Column| {
        let laws: Vec<Value> = c
            .candidates
            .iter()
            .map(|l| json!({ "law": l.described(), "aic": l.aic, "distance": l.distance }))
            .collect();
        json!({ "name": c.name, "values": c.sample.sorted.len(), "mean": c.sample.mean, "scv": c.sample.scv, "correlation": c.sample.correlation, "laws": laws })
    };
    let arrivals = fit.stream.as_ref().map(|s| {
        let dispersion: Vec<Value> = s
            .dispersion
            .iter()
            .map(|d| json!({ "window": d.window, "index": d.index, "windows": d.windows }))
            .collect();
        json!({ "count": s.count, "lasted": s.lasted, "rate": s.rate, "dispersion": dispersion })
    });
    let document = json!({
        "queuelab": env!("CARGO_PKG_VERSION"),
        "rows": fit.rows,
        "bad_rows": fit.bad.iter().map(|b| json!({ "line": b.line, "column": b.column, "text": b.text })).collect::<Vec<_>>(),
        "verdict": sentences(fit),
        "notes": notes(fit),
        "arrivals": arrivals,
        "poisson": fit.poisson.as_ref().map(models::poisson_document),
        "models": fit.models.as_ref().map(models::document),
        "guessed": { "rate": fit.guessed.rate, "service_time": fit.guessed.work },
        "columns": fit.columns.iter().map(column).collect::<Vec<_>>(),
        "scenario": scenario,
    });
    format!("{document:#}\n")
}

/// Every file of a fit, by name: what was found, the scenario, a plot for each column.
pub fn files(fit: &Fit, scenario: &Value, toml: &str, from: &str, command: &str) -> Vec<(String, Vec<u8>)> {
    let mut head = format!("# Fitted to {from} by `queuelab fit`\n#\n");
    sentences(fit).iter().chain(&notes(fit)).for_each(|line| head += &format!("# {line}\n"));
    if let (Some(tried), Some(stream)) = (&fit.models, &fit.stream) {
        let style = Style { width: usize::MAX, ..Style::default() };
        let lines =
            [models::waits(tried, &style), vec![String::new()], models::dispersion(tried, stream, &style)]
                .concat();
        lines.iter().for_each(|line| head += &format!("{}\n", format!("# {line}").trim_end()));
    }
    let mut files = vec![
        ("fit.json".to_string(), document(fit, scenario)),
        ("scenario.toml".to_string(), format!("{head}\n{}", marked(toml, fit.guessed))),
    ];
    files.extend(fit.scenario.producers.iter().filter_map(trace));
    let plot = |c: &Column| Some((format!("quantiles.{}.svg", c.name), quantiles(c, Frame::Alone)?));
    files.push(("fit.html".to_string(), page(fit, from, toml, command)));
    files.extend(fit.columns.iter().filter_map(plot));
    files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

/// How well the likeliest law fits a column, in the figures of its table.
fn finding(column: &Column) -> String {
    let Some(best) = column.candidates.first() else { return format!("`{}`", column.name) };
    let (law, off) = (best.law.name(), three(best.distance * 100.0));
    match best.is_far(&column.sample) {
        true => format!("No law comes near `{}`: the likeliest, {law}, is up to {off} % off", column.name),
        false => format!("The {law} law fits `{}`, at most {off} % off", column.name),
    }
}

/// The plot of a column's quantiles.
fn quantiles(column: &Column, frame: Frame) -> Option<String> {
    let law = column.candidates.first().map_or("", |best| best.law.name());
    let all = format!("Quantiles of {} against those of the fitted {law} law", column.name);
    let told = PlotText { finding: &finding(column).replace('`', ""), all: &all };
    crate::report::plots::quantiles(column, &told, frame)
}

/// The page of a fit.
fn page(fit: &Fit, from: &str, toml: &str, command: &str) -> String {
    // Models of arrivals are text in columns already.
    let listing =
        |lines: Vec<String>| if lines.is_empty() { String::new() } else { page::listing(&lines.join("\n")) };
    let style = Style { width: usize::MAX, ..Style::default() };
    let models = match (&fit.models, &fit.stream) {
        (Some(tried), Some(stream)) => {
            listing(models::waits(tried, &style)) + &listing(models::dispersion(tried, stream, &style))
        }
        _ => String::new(),
    };
    let laws = fit.columns.iter().map(|column| {
        let (head, rows) = cells(column);
        if rows.len() < 2 { String::new() } else { page::table(&head, &rows) }
    });
    let plot = |column: &Column| {
        let read = "the sample's quantiles against the law's: on the diagonal it fits; the last dots are the far tail";
        page::plot(&finding(column), read, |frame| quantiles(column, frame))
    };
    let page = Page {
        title: format!("Fitted to {from}"),
        by: format!("{} rows", plain(fit.rows as f64, 12)),
        said: sentences(fit).into_iter().map(|sentence| (Mark::Plain, sentence)).collect(),
        caveats: notes(fit),
        parts: vec![
            fit.columns.iter().map(plot).collect(),
            page::section("Laws that were tried", &laws.collect::<String>()),
            page::section("Models of the arrivals", &models),
            page::section("The scenario", &page::listing(&marked(toml, fit.guessed))),
            page::again(command, ""),
        ],
    };
    page.html()
}

/// The scenario with a word at each line that the file does not say.
fn marked(toml: &str, guessed: Guessed) -> String {
    let word = |line: &str| match line.split('=').next().map(str::trim) {
        Some("rate") if guessed.rate => "  # a guess: the file does not say how often messages come",
        Some("service_time") if guessed.work => "  # a guess: the file gives no usable time of the work",
        Some("count") if guessed.rate || guessed.work => "  # rests on a guess",
        _ => "",
    };
    toml.lines().map(|line| format!("{line}{}\n", word(line))).collect()
}

/// The file that a scenario's trace is read from.
fn trace(producer: &Producer) -> Option<(String, String)> {
    let Arrivals::Trace { instants, file, .. } = &producer.arrivals else { return None };
    let rows = instants.iter().map(|at| format!("{}\n", (at * NANOS_PER_SECOND).round()));
    Some((
        file.to_string_lossy().into_owned(),
        std::iter::once("timestamp_ns\n".into()).chain(rows).collect(),
    ))
}

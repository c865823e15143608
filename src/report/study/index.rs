//! Several saved results on one page: each with its verdict, its main figures and its pictures.

use crate::answer::{Answer, metric_of};
use crate::report::escape::escape;
use crate::report::html::{said, section};
use crate::report::number::Scale;
use serde_json::Value;

const STYLE: &str = include_str!("../page.css");

/// One saved result.
#[derive(Debug, Clone, Default)]
pub struct SavedResult {
    pub name: String,
    pub title: Option<String>,
    pub verdict: Vec<String>,
    pub command: String,
    pub answers: Vec<Answer>,
    /// SVG.
    pub pictures: Vec<String>,
}

/// The figures that have a row.
const SHOWN: &[(&str, &str)] = &[
    ("total.throughput", "throughput"),
    ("total.latency.mean", "latency, mean"),
    ("total.latency.p50", "latency, p50"),
    ("total.latency.p99", "latency, p99"),
    ("total.latency.p999", "latency, p99.9"),
    ("total.loss", "loss"),
];

impl SavedResult {
    /// Adds what a sweep, a search or a comparison says.
    pub fn add(&mut self, document: &Value) {
        if let Some(title) = document["scenario"]["title"].as_str() {
            self.title = Some(title.into());
        }
        if let Some(sentences) = document["verdict"].as_array() {
            self.verdict.extend(sentences.iter().filter_map(|s| s.as_str().map(String::from)));
        }
        if let Some(command) = document["command"].as_str() {
            self.command = command.into();
        }
    }
}

/// The whole page; it asks nothing of the network and runs no script.
pub fn page(name: &str, entries: &[SavedResult]) -> String {
    let title = escape(&match entries {
        [one] => one.title.clone().unwrap_or_else(|| one.name.clone()),
        several => format!("{} results in {name}", several.len()),
    });
    let body: String = entries.iter().map(entry).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n</header>\n{body}</body>\n</html>\n"
    )
}

fn entry(entry: &SavedResult) -> String {
    let mut body = String::new();
    for (i, sentence) in entry.verdict.iter().enumerate() {
        let class = if i == 0 { " class=\"verdict\"" } else { "" };
        body += &format!("<p{class}>{}</p>\n", said(sentence));
    }
    body += &table(&entry.answers);
    body.extend(entry.pictures.iter().map(|svg| format!("<figure>\n{svg}</figure>\n")));
    body += &format!("<p class=\"note\">{}</p>\n", escape(&entry.name));
    if !entry.command.is_empty() {
        body += &format!("<pre>{}</pre>\n", escape(&entry.command));
    }
    section(entry.title.as_deref().unwrap_or(&entry.name), &body)
}

fn table(answers: &[Answer]) -> String {
    let head: String = answers.iter().map(|a| format!("<th>{}</th>", a.method.name())).collect();
    let row = |(path, words): &(&str, &str)| {
        let cells: Vec<_> = answers.iter().map(|a| a.get(path)).collect();
        if cells.iter().all(Option::is_none) {
            return String::new();
        }
        let unit = metric_of(path).map_or(crate::answer::Unit::Messages, |m| m.unit);
        let scale = Scale::of(unit, cells.iter().flatten().filter_map(|e| e.value));
        let cells: String =
            cells.into_iter().map(|c| format!("<td>{}</td>", escape(&scale.show(c)))).collect();
        format!("<tr><th>{words}, {}</th>{cells}</tr>\n", escape(scale.unit))
    };
    let rows: String = SHOWN.iter().map(row).collect();
    if rows.is_empty() {
        return rows;
    }
    format!(
        "<div class=\"scroll\">\n<table>\n<thead><tr><th></th>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    )
}

//! Several saved results on one page: each with its verdict, its main figures and its pictures.

use crate::answer::{Answer, metric_of};
use crate::report::number::Scale;
use crate::report::page::{self, Mark, Page, section};
use serde_json::Value;

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

/// The whole page.
pub fn page(name: &str, entries: &[SavedResult]) -> String {
    let title = match entries {
        [one] => one.title.clone().unwrap_or_else(|| one.name.clone()),
        several => format!("{} results in {name}", several.len()),
    };
    Page { title, parts: entries.iter().map(entry).collect(), ..Page::default() }.html()
}

fn entry(entry: &SavedResult) -> String {
    let said: Vec<(Mark, String)> = entry.verdict.iter().map(|text| (Mark::Plain, text.clone())).collect();
    let mut body = page::list(&said) + &table(&entry.answers);
    body.extend(entry.pictures.iter().map(|svg| page::figure("", svg)));
    body += &page::note(&entry.name);
    if !entry.command.is_empty() {
        body += &page::listing(&entry.command);
    }
    section(entry.title.as_deref().unwrap_or(&entry.name), &body)
}

fn table(answers: &[Answer]) -> String {
    let head: Vec<String> =
        std::iter::once(String::new()).chain(answers.iter().map(|a| a.method.name().into())).collect();
    let row = |(path, words): &(&str, &str)| {
        let cells: Vec<_> = answers.iter().map(|a| a.get(path)).collect();
        if cells.iter().all(Option::is_none) {
            return None;
        }
        let unit = metric_of(path).map_or(crate::answer::Unit::Messages, |m| m.unit);
        let scale = Scale::of(unit, cells.iter().flatten().filter_map(|e| e.value));
        let label = format!("{words}, {}", scale.unit);
        Some(std::iter::once(label).chain(cells.into_iter().map(|cell| scale.show(cell))).collect())
    };
    let rows: Vec<Vec<String>> = SHOWN.iter().filter_map(row).collect();
    if rows.is_empty() { String::new() } else { page::table(&head, &rows) }
}

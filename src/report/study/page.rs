//! One page for a study of many points: sentences, plots, one table, the scenario and how to make it again.

use crate::report::escape::escape;
use crate::report::html::{lines, section};
use serde_json::Value;

const STYLE: &str = include_str!("../page.css");

/// What a page shows.
pub(super) struct Page {
    pub title: String,
    pub by: String,
    pub sentences: Vec<String>,
    pub table: (Vec<String>, Vec<Vec<String>>),
    /// SVG.
    pub plots: Vec<String>,
    pub scenario: Value,
    pub command: String,
}

/// The whole page; it asks nothing of the network and runs no script.
pub(super) fn page(page: &Page) -> String {
    let title = escape(&page.title);
    let mut body = format!("<header>\n<h1>{title}</h1>\n<p class=\"by\">{}</p>\n", escape(&page.by));
    for (i, sentence) in page.sentences.iter().enumerate() {
        let class = if i == 0 { " class=\"verdict\"" } else { "" };
        body += &format!("<p{class}>{}</p>\n", escape(sentence));
    }
    body += "</header>\n";
    body.extend(page.plots.iter().map(|svg| format!("<figure>\n{svg}</figure>\n")));
    body += &section("All figures", &table(&page.table));
    let scenario = serde_json::to_string_pretty(&page.scenario).expect("a JSON value is plain data");
    body += &section("The scenario", &format!("<pre>{}</pre>\n", lines(&scenario)));
    body += &section("How to get this result again", &format!("<pre>{}</pre>\n", lines(&page.command)));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

fn table((head, rows): &(Vec<String>, Vec<Vec<String>>)) -> String {
    let cells = |row: &Vec<String>, tag: &str| {
        row.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect::<String>()
    };
    let body: String = rows.iter().map(|row| format!("<tr>{}</tr>\n", cells(row, "td"))).collect();
    format!(
        "<div class=\"scroll\">\n<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n",
        cells(head, "th")
    )
}

//! Pages that can be mailed: one file each, which asks nothing of the network, so that it reads the same in a
//! browser, in print and in ten years. Every command's page is made of these parts. A small script of its own
//! sorts tables, shows values and hides series, and uPlot draws what changes over time; without scripts a page says
//! all the same.

use super::escape::escape;
use super::plot::Frame;
use super::shown;
use serde_json::Value;

const STYLE: &str = include_str!("page.css");
/// Runs at the end of the page; nothing of a scenario is in it.
const SCRIPT: &str = include_str!("page.js");
/// What draws series over time, on pages that have some: uPlot 1.6.32 with its licence, as it was published.
const UPLOT: [&str; 2] = [include_str!("uplot.js"), include_str!("uplot.css")];
const CHART: &str = include_str!("chart.js");
/// What a chart's figures stand in; no text has its quote.
const CHART_DATA: &str = "data-chart=\"";

/// A page: what it is about, what is said first, and parts as HTML.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What is asked.
    pub title: String,
    /// How it was made, in a line.
    pub by: String,
    /// The answer, most important first.
    pub said: Vec<(Mark, String)>,
    /// What makes figures doubtful.
    pub caveats: Vec<String>,
    /// Plots, tables and texts.
    pub parts: Vec<String>,
}

/// How a sentence turned out; repeated by a sign, so that colour says nothing alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Plain,
    Good,
    Bad,
    Unsure,
}

impl Page {
    /// The whole file.
    pub(super) fn html(&self) -> String {
        let title = escape(&self.title);
        let mut body = format!("<header>\n<h1>{title}</h1>\n");
        if !self.by.is_empty() {
            body += &format!("<p class=\"by\">{}</p>\n", escape(&self.by));
        }
        let sentence = |(i, (mark, text)): (usize, &(Mark, String))| {
            let class = if i == 0 { "verdict" } else { "said" };
            format!("<p class=\"{class}{}\">{}</p>\n", mark.class(), marked(*mark, text))
        };
        body.extend(self.said.iter().enumerate().map(sentence));
        body += "</header>\n";
        if !self.caveats.is_empty() {
            let items: String = self.caveats.iter().map(|c| format!("<li>{}</li>\n", said(c))).collect();
            body += &format!("<ul class=\"caveats\">\n{items}</ul>\n");
        }
        body += &self.parts.concat();
        let [plotter, plotters_style, chart] = match body.contains(CHART_DATA) {
            true => [UPLOT[0], UPLOT[1], CHART],
            false => [""; 3],
        };
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{plotters_style}{STYLE}</style>\n</head>\n<body>\n{body}<script>\n{plotter}{SCRIPT}{chart}\
             </script>\n</body>\n</html>\n"
        )
    }
}

impl Mark {
    fn class(self) -> &'static str {
        match self {
            Mark::Plain => "",
            Mark::Good => " pass",
            Mark::Bad => " fail",
            Mark::Unsure => " unsure",
        }
    }
}

fn marked(mark: Mark, text: &str) -> String {
    let sign = match mark {
        Mark::Plain => return said(text),
        Mark::Good => "✓",
        Mark::Bad => "✗",
        Mark::Unsure => "?",
    };
    format!("<b>{sign}</b> {}", said(text))
}

/// Sentences with their signs, one below the other.
pub(super) fn list(items: &[(Mark, String)]) -> String {
    let item = |(mark, text): &(Mark, String)| {
        format!("<li class=\"{}\">{}</li>\n", mark.class().trim(), marked(*mark, text))
    };
    let items: String = items.iter().map(item).collect();
    if items.is_empty() { items } else { format!("<ul class=\"goals\">\n{items}</ul>\n") }
}

/// A section, or nothing where it would be empty.
pub(super) fn section(title: &str, body: &str) -> String {
    if body.is_empty() {
        String::new()
    } else {
        format!("<section>\n<h2>{}</h2>\n{body}</section>\n", escape(title))
    }
}

/// A picture with what it shows; on a narrow screen it is moved sideways, not made smaller.
pub(super) fn figure(caption: &str, svg: &str) -> String {
    pictures((caption, ""), svg, None, None)
}

/// A plot, drawn once for wide screens and paper and once for narrow screens, below what it finds and how it
/// is read; nothing where nothing is drawn.
pub(super) fn plot(finding: &str, read: &str, draw: impl Fn(Frame) -> Option<String>) -> String {
    charted((finding, read), draw, None)
}

/// The same with its figures, where there are some, from which the page's script draws it instead.
pub(super) fn charted(
    told: (&str, &str),
    draw: impl Fn(Frame) -> Option<String>,
    figures: Option<&str>,
) -> String {
    let drawn = draw(Frame::Page);
    drawn.map_or(String::new(), |svg| pictures(told, &svg, draw(Frame::Phone).as_deref(), figures))
}

fn pictures((caption, read): (&str, &str), wide: &str, phone: Option<&str>, figures: Option<&str>) -> String {
    let read = match read {
        "" => String::new(),
        read => format!("<span class=\"note\">{}</span>", said(&super::headline::capitalized(read))),
    };
    let caption = match caption {
        "" => String::new(),
        caption => format!("<figcaption>{}{read}</figcaption>\n", said(caption)),
    };
    let (class, phone) = match phone {
        Some(svg) => (" wide", format!("<div class=\"phone\">\n{svg}</div>\n")),
        None => ("", String::new()),
    };
    let chart = figures.map_or(String::new(), |figures| {
        format!("<div class=\"chart\" {CHART_DATA}{}\"></div>\n", escape(figures))
    });
    format!(
        "<figure>\n{caption}{chart}<div class=\"scroll{class}\" tabindex=\"0\">\n{wide}</div>\n{phone}</figure>\n"
    )
}

/// Characters of a cell that stay in a line.
const LONG_CELL: usize = 28;

/// A table of cells; columns whose cells are words are to the left.
pub(super) fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let number = |text: &str| {
        let first = text.trim_start_matches(['≈', '~', '+', '-', '−', '±', ' ']).chars().next();
        first.is_none_or(|c| c.is_ascii_digit() || c == '∞' || c == '–' || c == '×' || c == '÷')
    };
    let left: Vec<bool> = (0..head.len())
        .map(|i| i == 0 || !rows.iter().filter_map(|row| row.get(i)).all(|c| number(c)))
        .collect();
    // A sentence in a cell goes on in the next line.
    let class = |i: usize| {
        let long = rows.iter().filter_map(|row| row.get(i)).any(|cell| cell.chars().count() > LONG_CELL);
        match (left[i], long) {
            (true, true) => " class=\"left wrap\"",
            (true, false) => " class=\"left\"",
            _ => "",
        }
    };
    let classes: Vec<&str> = (0..head.len()).map(class).collect();
    let cells = |row: &[String], tag: &str| {
        let cell = |(cell, class): (&String, &&str)| format!("<{tag}{class}>{}</{tag}>", said(cell));
        row.iter().zip(&classes).map(cell).collect::<String>()
    };
    // A path may go on in the next line of a heading.
    let head = cells(head, "th").replace('.', ".<wbr>");
    let body: String = rows.iter().map(|row| format!("<tr>{}</tr>\n", cells(row, "td"))).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\">\n<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n\
         </table>\n</div>\n"
    )
}

/// A scenario, as it was written and as it was run.
pub(super) fn scenario(written: Option<&str>, run: &Value) -> String {
    let written = written.map_or(String::new(), |text| note("As written") + &listing(&shown::cut(text)));
    let resolved = serde_json::to_string_pretty(run).expect("a JSON value is plain data");
    let run = if run.is_null() {
        String::new()
    } else {
        note("As run, defaults included") + &listing(&shown::cut(&resolved))
    };
    section("The scenario", &(written + &run))
}

/// How to make a page's figures again: the command, and what else is known.
pub(super) fn again(command: &str, beside: &str) -> String {
    let command = if command.is_empty() { String::new() } else { listing(command) };
    section("How to get this result again", &(command + beside))
}

pub(super) fn note(text: &str) -> String {
    format!("<p class=\"note\">{}</p>\n", said(text))
}

/// A text of several lines, as it is; a short one stays whole on paper.
pub(super) fn listing(text: &str) -> String {
    const SHORT: usize = 12;
    // A line end is a control character that must stay.
    let lines: Vec<String> =
        text.trim_end().lines().map(|line| escape(&line.replace('\t', "    "))).collect();
    let class = if lines.len() <= SHORT { " class=\"brief\"" } else { "" };
    format!("<pre{class}>{}</pre>\n", lines.join("\n"))
}

/// A sentence, with what stands between `backticks` as code.
pub(super) fn said(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape(text);
    }
    let part = |(i, part): (usize, &&str)| {
        if i % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) }
    };
    parts.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_between_backticks_are_code() {
        assert_eq!(said("the servers of `a<b` are busy"), "the servers of <code>a&lt;b</code> are busy");
        assert_eq!(said("a lone ` stays"), "a lone ` stays");
    }

    #[test]
    fn words_are_to_the_left_and_numbers_to_the_right() {
        let rows = [["fifo", "12.3 ±0.4", "met"], ["lifo", "–", "missed"]];
        let html = table(
            &["order", "p99", "verdict"].map(String::from),
            &rows.map(|row| row.map(String::from).to_vec()),
        );
        assert!(
            html.contains("<td>12.3 ±0.4</td>") && html.contains("<td class=\"left\">met</td>"),
            "{html}"
        );
    }

    #[test]
    fn a_page_has_one_small_script_that_asks_nothing_of_anybody() {
        assert!(SCRIPT.len() + CHART.len() < 16_000, "{} and {} bytes", SCRIPT.len(), CHART.len());
        let (licence, plotter) = UPLOT[0].split_once("*/").expect("it is a comment");
        assert!(licence.contains("MIT License") && licence.contains("Copyright (c) 2022 Leon Sorokin"));
        for outside in ["http", "//", "fetch", "import", "innerHTML", "eval", "</script"] {
            let found = SCRIPT.lines().chain(CHART.lines()).chain(plotter.lines());
            let mut found = found.filter(|line| !line.trim_start().starts_with("//"));
            assert!(found.all(|line| !line.contains(outside)), "{outside}");
        }
        let name = "</script><script>alert(1)</script>";
        let page =
            Page { title: name.into(), by: name.into(), parts: vec![listing(name)], ..Page::default() };
        let html = page.html();
        assert_eq!((html.matches("<script").count(), html.matches("</script").count()), (1, 1), "{html}");
    }

    #[test]
    fn what_draws_charts_is_on_pages_that_have_one() {
        let with = |figures: Option<&str>| {
            let drawn = charted(("found", ""), |_| Some("<svg/>".into()), figures);
            Page { title: CHART_DATA.into(), parts: vec![drawn], ..Page::default() }.html()
        };
        let (plain, charted) = (with(None), with(Some("{\"a\":1}")));
        assert!(!plain.contains("uPlot") && charted.contains("uPlot"));
        assert!(charted.contains("data-chart=\"{&quot;a&quot;:1}\""), "{charted}");
        assert_eq!(charted.matches("</script").count(), 1);
    }

    #[test]
    fn a_page_says_its_answer_first_and_nothing_breaks_out() {
        let page = Page {
            title: "</title><b onload=\"x\">".into(),
            said: vec![(Mark::Good, "it `holds`".into())],
            caveats: vec!["short".into()],
            ..Page::default()
        };
        let html = page.html();
        assert!(!html.contains("</title><b"));
        assert!(html.contains("<p class=\"verdict pass\"><b>✓</b> it <code>holds</code></p>"), "{html}");
        assert!(html.find("it <code>").expect("said") < html.find("short").expect("said"));
    }
}

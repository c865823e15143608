//! One page that can be mailed: verdict, caveats, table, plots, the scenario as it was run and how to run it
//! again.
//!
//! It asks nothing of the network and runs no script, so it reads the same in a browser, in print and in ten
//! years.

use super::escape::escape;
use super::plot::Plot;
use super::rows::{self, MetricRow};
use super::{Extras, csv, shown, words};
use crate::answer::Trust;
use crate::study::{ObjectiveStatus, Study};

/// The most bytes of figures that a page carries with it.
const MOST_DATA: usize = 400_000;

const STYLE: &str = include_str!("page.css");

/// The whole page, with these plots in it.
pub(super) fn page(study: &Study, extras: &Extras, plots: &[(&Plot, String)]) -> String {
    let title = study.scenario.title.as_deref().unwrap_or("queuelab report");
    let parts = [
        head(study, title),
        caveats(study),
        table(study),
        figures(plots),
        formulas(study),
        unanswered(study),
        gates(study),
        scenario(extras),
        manifest(study, extras),
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
        escape(title),
        parts.concat()
    )
}

/// A section, or nothing where it would be empty.
pub(super) fn section(title: &str, body: &str) -> String {
    if body.is_empty() {
        String::new()
    } else {
        format!("<section>\n<h2>{}</h2>\n{body}</section>\n", escape(title))
    }
}

fn head(study: &Study, title: &str) -> String {
    let methods: Vec<&str> = study.answers.iter().map(|a| a.method.name()).collect();
    let by = if methods.is_empty() {
        "answered by no method".into()
    } else {
        format!("answered by {}", methods.join(", "))
    };
    let mut out = format!(
        "<header>\n<h1>{}</h1>\n<p class=\"by\">{} · seed {}</p>\n",
        escape(title),
        escape(&by),
        study.scenario.seed
    );
    for (i, sentence) in super::verdict(study).iter().enumerate() {
        let class = if i == 0 { " class=\"verdict\"" } else { "" };
        out += &format!("<p{class}>{}</p>\n", said(sentence));
    }
    if !study.objectives.is_empty() {
        let goal = |judgement| {
            let (sign, sentence) = words::objective(study, judgement);
            let class = match judgement.outcome {
                ObjectiveStatus::Pass => "pass",
                ObjectiveStatus::Fail => "fail",
                ObjectiveStatus::Inconclusive => "unsure",
            };
            format!("<li class=\"{class}\"><b>{sign}</b> {}</li>\n", said(&sentence))
        };
        out += &format!(
            "<ul class=\"goals\">\n{}</ul>\n",
            study.objectives.iter().map(goal).collect::<String>()
        );
    }
    out + "</header>\n"
}

fn caveats(study: &Study) -> String {
    let items: String = words::warnings(study).iter().map(|w| format!("<li>{}</li>\n", said(w))).collect();
    if items.is_empty() { items } else { format!("<ul class=\"caveats\">\n{items}</ul>\n") }
}

fn table(study: &Study) -> String {
    if study.answers.is_empty() {
        return String::new();
    }
    let compared = !study.agreement.is_empty();
    let heading = |a: &crate::answer::Answer| {
        format!(
            "<th scope=\"col\" title=\"{}\">{}{}</th>",
            escape(&a.by),
            if a.exact { "" } else { "≈ " },
            rows::heading(a.method)
        )
    };
    let mut out = String::from("<div class=\"scroll\">\n<table>\n<thead><tr><th></th>");
    out.extend(study.answers.iter().map(heading));
    out += if compared {
        "<th class=\"left\" scope=\"col\">agreement</th></tr></thead>\n<tbody>\n"
    } else {
        "</tr></thead>\n<tbody>\n"
    };
    for section in rows::sections(study) {
        if !section.title.is_empty() {
            let span = study.answers.len() + 1 + usize::from(compared);
            out += &format!(
                "<tr class=\"place\"><th colspan=\"{span}\" scope=\"rowgroup\">{}</th></tr>\n",
                escape(&section.title)
            );
        }
        out.extend(section.rows.iter().map(|r| row(r, compared)));
    }
    out += "</tbody>\n</table>\n</div>\n";
    let by = |a: &crate::answer::Answer| {
        let approximate = if a.exact { "" } else { " (≈ approximate)" };
        format!("<dt>{}</dt><dd>{}{approximate}</dd>\n", rows::heading(a.method), escape(&a.by))
    };
    out += &format!("<dl>\n{}", study.answers.iter().map(by).collect::<String>());
    out += &shown::left_out(study)
        .map_or(String::new(), |text| format!("<dt>…</dt><dd>{}</dd>\n", escape(&text)));
    out += &words::intervals(study)
        .map_or(String::new(), |text| format!("<dt>±</dt><dd>{}</dd>\n", escape(&text)));
    out +=
        &words::faint(study).map_or(String::new(), |text| format!("<dt>~</dt><dd>{}</dd>\n", escape(&text)));
    section("What each method says", &(out + "</dl>\n"))
}

fn row(row: &MetricRow, compared: bool) -> String {
    let unit = if row.scale.unit.is_empty() { String::new() } else { format!(", {}", row.scale.unit) };
    let symbol = format!(
        "<span class=\"symbol\">{}</span><span class=\"unit\">{}</span>",
        escape(&rows::bracketed(row.symbol)),
        escape(&unit)
    );
    let mut out = format!("<tr><th scope=\"row\">{} {symbol}</th>", escape(row.words));
    out.extend(row.written().map(|(text, faint)| format!("<td>{}</td>", value(&text, faint))));
    if compared {
        out += &format!("<td class=\"left\">{}</td>", escape(&words::accord(row, true)));
    }
    out + "</tr>\n"
}

/// A value, its half-width in a lighter tone; all of it where it is faint.
fn value(text: &str, faint: bool) -> String {
    match text.split_once(" ±") {
        _ if faint => format!("<span class=\"half\">{}</span>", escape(text)),
        Some((value, half)) => format!("{} <span class=\"half\">±{}</span>", escape(value), escape(half)),
        None => escape(text),
    }
}

fn figures(plots: &[(&Plot, String)]) -> String {
    let titled = |about: &str| {
        about.chars().take(1).flat_map(char::to_uppercase).chain(about.chars().skip(1)).collect::<String>()
    };
    let figure = |(plot, svg): &(&Plot, String)| {
        format!("<figure>\n<figcaption>{}</figcaption>\n{svg}</figure>\n", escape(&titled(plot.about)))
    };
    plots.iter().map(figure).collect()
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

fn formulas(study: &Study) -> String {
    if study.formulas.is_empty() {
        return String::new();
    }
    let row = |f: &crate::study::Formula| {
        let (value, against) = words::formula(f);
        let cells = format!("<td>{}</td><td class=\"left wrap\">{}</td>", escape(&value), escape(&against));
        format!(
            "<tr><th scope=\"row\">{}</th>{cells}<td class=\"left wrap\">{}</td></tr>\n",
            escape(&f.formula),
            said(&f.note.to_string())
        )
    };
    let rows: String = study.formulas.iter().map(row).collect();
    let head = "<tr><th>formula</th><th>value</th><th class=\"left\">error</th><th class=\"left\">where it \
        holds</th></tr>";
    section(
        words::FORMULAS,
        &format!(
            "<div class=\"scroll\">\n<table \
                class=\"formulas\">\n<thead>{head}</thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
        ),
    )
}

fn unanswered(study: &Study) -> String {
    let item = |u: &crate::answer::Unanswered| {
        format!("<dt>{}</dt><dd>{}</dd>\n", u.method.name(), said(&u.reason.to_string()))
    };
    let items: String = study.unanswered.iter().map(item).collect();
    let list = if items.is_empty() { items } else { format!("<dl>\n{items}</dl>\n") };
    section("What could not be answered", &list)
}

fn gates(study: &Study) -> String {
    let item = |gate: &crate::answer::Gate| {
        let (sign, class) = if gate.trust == Trust::Valid { ("✓", "pass") } else { ("✗", "fail") };
        format!("<li class=\"{class}\"><b>{sign}</b> {}</li>\n", escape(&words::gate(gate)))
    };
    let items: String = words::gates(study, true).into_iter().map(item).collect();
    let list = if items.is_empty() { items } else { format!("<ul>\n{items}</ul>\n") };
    section(words::VALIDITY_CHECKS, &list)
}

fn scenario(extras: &Extras) -> String {
    let written = extras
        .source
        .as_ref()
        .map(|s| format!("<p class=\"note\">As written</p>\n<pre>{}</pre>\n", lines(&shown::cut(s))))
        .unwrap_or_default();
    let run = serde_json::to_string_pretty(&extras.scenario).expect("a JSON value is plain data");
    let run = if extras.scenario.is_null() {
        String::new()
    } else {
        format!("<p class=\"note\">As run, defaults included</p>\n<pre>{}</pre>\n", lines(&shown::cut(&run)))
    };
    section("The scenario", &(written + &run))
}

/// A text of several lines, escaped line by line: a line end is a control character that must stay.
pub(super) fn lines(text: &str) -> String {
    text.trim_end().lines().map(|line| escape(&line.replace('\t', "    "))).collect::<Vec<_>>().join("\n")
}

fn manifest(study: &Study, extras: &Extras) -> String {
    let mut items = vec![
        ("queuelab".to_string(), env!("CARGO_PKG_VERSION").to_string()),
        ("seed".into(), study.scenario.seed.to_string()),
    ];
    items.extend(study.host.iter().map(|(key, value)| (key.clone(), value.clone())));
    let list: String = items
        .iter()
        .map(|(key, value)| format!("<dt>{}</dt><dd>{}</dd>\n", escape(key), escape(value)))
        .collect();
    let command = if extras.command.is_empty() {
        String::new()
    } else {
        format!("<pre>{}</pre>\n", lines(&extras.command))
    };
    let data = percent_encoded(&csv::metrics(study));
    let download = if data.len() > MOST_DATA {
        "<p>All figures are in metrics.csv beside this page.</p>\n".to_string()
    } else {
        format!(
            "<p><a download=\"metrics.csv\" href=\"data:text/csv;charset=utf-8,{data}\">All figures as \
                CSV</a></p>\n"
        )
    };
    section("How to get this result again", &format!("{command}<dl>\n{list}</dl>\n{download}"))
}

/// Text as a part of a URL (RFC 3986): all but the unreserved characters as `%XX`.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' => {
                out.push(char::from(byte))
            }
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Frame, fixtures, plots};

    fn of(study: &Study) -> String {
        page(study, &fixtures::extras(), &plots::drawn(study, Frame::Page))
    }

    #[test]
    fn the_page_is_whole_small_and_alone() {
        let study = fixtures::five_methods();
        let page = of(&study);
        assert!(page.len() < 200_000, "{} bytes", page.len());
        let links = page.replace("http://www.w3.org/2000/svg", "");
        for outside in ["http://", "https://", "<script", "src=", "@import", "url("] {
            assert!(!links.contains(outside), "{outside}");
        }
        for said in [
            "A message takes 11.9 ms on average",
            "delay = Q / C",
            "queuelab run orders.toml",
            "3.10 ms, limit 1.00 ms",
            "# &lt;peak&gt;",
        ] {
            assert!(page.contains(said), "{said}");
        }
        assert_eq!(page.matches("<svg").count(), plots::PLOTS.len());
    }

    #[test]
    fn titles_cannot_break_out_of_their_place() {
        let mut study = fixtures::infinite();
        study.scenario.title = Some("</title><b onload=\"x\">".into());
        let page = of(&study);
        assert!(
            !page.contains("</title><b")
                && page.contains("unstable: rho = 1.2")
                && page.contains("<td>∞</td>")
        );
    }

    #[test]
    fn names_between_backticks_are_code() {
        assert_eq!(said("the servers of `a<b` are busy"), "the servers of <code>a&lt;b</code> are busy");
        assert_eq!(said("a lone ` stays"), "a lone ` stays");
    }

    #[test]
    fn the_data_link_reads_back() {
        let encoded = percent_encoded("a,b\n\"1 %\"");
        assert_eq!(encoded, "a,b%0A%221%20%25%22");
    }
}

//! The page of a run: the answer, caveats, table, flow, plots, the scenario as it was run and how to run it
//! again.

use super::escape::escape;
use super::page::{self, Mark, Page, section};
use super::rows::{self, MetricRow};
use super::{Extras, csv, flow, plots, rulers, screen, shown, words};
use crate::answer::Trust;
use crate::study::{ObjectiveStatus, Study};
use std::io::{self, Write};

/// The most bytes of figures that a page carries with it.
const MOST_DATA: usize = 400_000;

/// The whole page.
pub(super) fn page(study: &Study, extras: &Extras) -> String {
    let methods: Vec<&str> = study.answers.iter().map(|a| a.method.name()).collect();
    let by = match methods.is_empty() {
        true => "answered by no method".into(),
        false => format!("answered by {}", methods.join(", ")),
    };
    let goals: Vec<(Mark, String)> = study
        .objectives
        .iter()
        .map(|judgement| (mark(judgement.outcome), words::objective(study, judgement).1))
        .collect();
    let page = Page {
        title: study.scenario.title.clone().unwrap_or_else(|| "queuelab report".into()),
        by: format!("{by} · seed {}", study.scenario.seed),
        said: said(study, extras),
        caveats: words::warnings(study),
        parts: vec![
            page::list(&goals),
            table(study),
            flow(study),
            figures(study),
            rulers::section(study),
            formulas(study),
            unanswered(study),
            gates(study),
            page::scenario(extras.source.as_deref(), &extras.scenario),
            manifest(study, extras),
        ],
    };
    page.html()
}

/// How an objective's outcome is marked.
pub(super) fn mark(outcome: ObjectiveStatus) -> Mark {
    match outcome {
        ObjectiveStatus::Pass => Mark::Good,
        ObjectiveStatus::Fail => Mark::Bad,
        ObjectiveStatus::Inconclusive => Mark::Unsure,
    }
}

/// The answer, then whether the methods agree.
fn said(study: &Study, extras: &Extras) -> Vec<(Mark, String)> {
    let first = screen::opening(study, &extras.bearing);
    // The first sentence of the verdict is the answer once more.
    let rest = super::verdict(study).into_iter().skip(1);
    std::iter::once(first).chain(rest).map(|sentence| (Mark::Plain, sentence)).collect()
}

fn flow(study: &Study) -> String {
    let drawn = flow::draw(&study.scenario, &study.answers);
    section("How messages flow", &drawn.map_or(String::new(), |svg| page::figure("", &svg)))
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
    let mut out = String::from("<div class=\"scroll\" tabindex=\"0\">\n<table>\n<thead><tr><th></th>");
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

fn figures(study: &Study) -> String {
    let figure = |plot: &super::Plot| {
        let found = (plot.finding)(study);
        let about = super::headline::capitalized(plot.about);
        let told = found.as_ref().map_or((about.as_str(), ""), |found| (found, plot.about));
        page::charted(told, |frame| (plot.draw)(study, frame), (plot.chart)(study).as_deref())
    };
    plots::PLOTS.iter().map(figure).collect()
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
            page::said(&f.note.to_string())
        )
    };
    let rows: String = shown::few(&study.formulas).iter().map(row).collect();
    let head = "<tr><th>formula</th><th>value</th><th class=\"left\">error</th><th class=\"left\">where it \
        holds</th></tr>";
    section(
        words::FORMULAS,
        &format!(
            "<div class=\"scroll\" tabindex=\"0\">\n<table \
                class=\"formulas\">\n<thead>{head}</thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
        ),
    )
}

fn unanswered(study: &Study) -> String {
    let item = |u: &crate::answer::Unanswered| {
        format!("<dt>{}</dt><dd>{}</dd>\n", u.method.name(), page::said(&u.reason.to_string()))
    };
    let items: String = study.unanswered.iter().map(item).collect();
    let list = if items.is_empty() { items } else { format!("<dl>\n{items}</dl>\n") };
    section("What could not be answered", &list)
}

fn gates(study: &Study) -> String {
    let mark = |trust| if trust == Trust::Valid { Mark::Good } else { Mark::Bad };
    let gates = words::gates(study, true).into_iter().map(|gate| (mark(gate.trust), words::gate(gate)));
    section(words::VALIDITY_CHECKS, &page::list(&gates.collect::<Vec<_>>()))
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
    let mut data = UrlPart(String::new());
    let download = match csv::metrics(study, &mut data) {
        Err(_) => "<p>All figures are in metrics.csv beside this page.</p>\n".to_string(),
        Ok(()) => format!(
            "<p><a download=\"metrics.csv\" href=\"data:text/csv;charset=utf-8,{}\">All figures as \
                CSV</a></p>\n",
            data.0
        ),
    };
    page::again(&extras.command, &format!("<dl>\n{list}</dl>\n{download}"))
}

/// Text as a part of a URL (RFC 3986): all but the unreserved characters as `%XX`. It takes no more than
/// [`MOST_DATA`].
struct UrlPart(String);

impl Write for UrlPart {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' => {
                    self.0.push(char::from(*byte))
                }
                _ => self.0 += &format!("%{byte:02X}"),
            }
        }
        if self.0.len() > MOST_DATA { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{fixtures, plots};

    fn of(study: &Study) -> String {
        page(study, &fixtures::extras())
    }

    #[test]
    fn the_page_is_whole_small_and_alone() {
        let study = fixtures::five_methods();
        let page = of(&study);
        assert!(page.len() < 260_000, "{} bytes", page.len());
        // What the page has itself is nothing outside, nor is where uPlot comes from.
        let own = ["http://www.w3.org/2000/svg", "url(#", "https://github.com/leeoniya/uPlot"];
        let links = own.iter().fold(page.clone(), |page, own| page.replace(own, ""));
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!links.contains(outside), "{outside}");
        }
        // Its own, which every page has.
        assert_eq!((page.matches("<script>").count(), page.matches("<script").count()), (1, 1));
        for said in [
            "Yes, it holds: p99 latency 55 ±3 ms of 200 ms allowed",
            "delay = Q / C",
            "queuelab run orders.toml",
            "3.10 ms, limit 1.00 ms",
            "# &lt;peak&gt;",
        ] {
            assert!(page.contains(said), "{said}");
        }
        assert_eq!(
            page.matches("<svg").count(),
            2 * plots::drawn(&study, super::super::Frame::Page).len() + 1,
            "the plots, wide and narrow, and the flow"
        );
    }

    #[test]
    fn no_name_of_a_scenario_ends_the_script_or_begins_one() {
        let mut study = fixtures::five_methods();
        let name = "</script><script>alert(1)</script>";
        study.scenario.title = Some(name.into());
        let queue = std::mem::replace(&mut study.scenario.queues[0].name, name.into());
        for answer in &mut study.answers {
            answer.timelines =
                answer.timelines.remove(&queue).map(|t| (name.into(), t)).into_iter().collect();
        }
        let page = of(&study);
        assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (1, 1));
        assert!(page.contains("&lt;/script&gt;"));
    }

    #[test]
    fn what_grows_is_said() {
        let page = of(&fixtures::infinite());
        assert!(page.contains("it does not hold: rho = 1.2") && page.contains("<td>∞</td>"), "{page}");
    }

    #[test]
    fn the_data_link_reads_back() {
        let mut encoded = UrlPart(String::new());
        encoded.write_all(b"a,b\n\"1 %\"").expect("it is short");
        let encoded = encoded.0;
        assert_eq!(encoded, "a,b%0A%221%20%25%22");
    }
}

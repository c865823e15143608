//! A comparison in words and in a table.

use crate::answer::{Estimate, MetricId, PlaceId, Quantity, Reason, Statistic, metric_of};
use crate::report::difference::{by, by_what, could_be, figures, scale, scale_of, share};
use crate::report::number::three;
use crate::report::page::{self, Mark, Page};
use crate::report::plot::{Frame, PlotText};
use crate::report::style::Style;
use crate::report::text::{Paint, joined};
use crate::study::compare::{Comparison, ComparisonNote, Difference, TrafficDifference, Verdict};
use serde_json::{Value, json};

/// What says most about a configuration, in this order, after what has an objective and how long its backlogs
/// last.
const HEADLINES: [&str; 2] = ["total.latency.p99", "total.latency.mean"];

/// One sentence for each configuration after the first.
pub fn sentences(compared: &Comparison) -> Vec<(Verdict, String)> {
    let one = |((name, unstable), rows): ((&String, &Option<Reason>), &Vec<Difference>)| {
        if let Some(held) = hold(name, unstable.as_ref(), compared) {
            return held;
        }
        let drains = rows.iter().find(|r| Quantity::DrainTime.is_of(&r.metric));
        let of = |metric: &str| rows.iter().find(|r| r.metric == metric);
        let asked = compared.asked.iter().find_map(|metric| of(metric));
        let main =
            asked.or(drains).or_else(|| HEADLINES.iter().find_map(|metric| of(metric))).or(rows.first());
        let Some(main) = main else {
            return (Verdict::Same, format!("{name} has no figure in common with {}.", compared.names[0]));
        };
        if let Some(mixed) = mixed(name, rows, compared) {
            return mixed;
        }
        // What differs says more than what does not.
        let row = Some(main).filter(|row| row.verdict != Verdict::Same);
        let row = row
            .or_else(|| rows.iter().find(|row| counts(row, compared) && row.verdict != Verdict::Same))
            .unwrap_or(main);
        let figures = {
            let scale = scale(row);
            let show = |v| scale_of(row, v).show_with_unit(Some(&Estimate::exact(v)));
            let difference = scale.show_with_unit(Some(&Estimate::with(row.difference, row.half_width)));
            format!("{} against {}, a difference of {difference}", show(row.b), show(row.a))
        };
        let against = &compared.names[0];
        let sentence = match row.verdict {
            Verdict::Same if row.half_width == Some(0.0) => {
                format!("{name} and {against} are the same in {}, run for run.", row.metric)
            }
            Verdict::Same if row.half_width.is_none() && row.difference == 0.0 => {
                format!("{name} and {against} are the same in {}.", row.metric)
            }
            Verdict::Same => format!(
                "No difference seen between {name} and {against} in {}: {}.",
                row.metric,
                could_be(row)
            ),
            verdict => {
                format!("{name} is {} than {against}: {} {figures} ({}).", word(verdict), row.metric, by(row))
            }
        };
        (row.verdict, sentence)
    };
    compared.names[1..].iter().zip(&compared.unstable[1..]).zip(&compared.differences).map(one).collect()
}

/// Whether a row says whether somebody is better off: what is asked for, how long it takes, what is lost or
/// ends as a dead letter, for all and for each producer, and how much is done at all.
fn counts(row: &Difference, compared: &Comparison) -> bool {
    use Quantity::{DeadLettered, DrainTime, Latency, Loss, Throughput};
    let says = |MetricId { place, quantity, statistic }: MetricId<'_>| match quantity {
        DrainTime | Loss | DeadLettered => true,
        Latency => [Statistic::Mean, Statistic::P99].contains(&statistic),
        Throughput => place == PlaceId::Total,
        _ => false,
    };
    compared.asked.contains(&row.metric) || id(row).is_some_and(says)
}

/// What is said where some are better off and others worse, or faster for losing messages; `None` if all goes
/// one way.
fn mixed(name: &str, rows: &[Difference], compared: &Comparison) -> Option<(Verdict, String)> {
    let of = |verdict: Verdict| {
        rows.iter().filter(move |row| row.verdict == verdict && counts(row, compared)).collect::<Vec<_>>()
    };
    let (better, worse) = (of(Verdict::Better), of(Verdict::Worse));
    if better.is_empty() || worse.is_empty() {
        return None;
    }
    let producer = |row: &&&Difference| id(row).is_some_and(|id| matches!(id.place, PlaceId::Producer(_)));
    let told = |rows: &[&Difference], for_each: bool| {
        let mut places = std::collections::BTreeSet::new();
        let first = rows
            .iter()
            .filter(|row| !for_each || producer(row))
            .filter(|row| places.insert(id(row).map(|id| id.place)));
        let said = first.map(|row| match id(row) {
            Some(id @ MetricId { place: PlaceId::Producer(who), .. }) if for_each => {
                format!("{who} ({} {}: {})", id.within_place(), by(row), figures(row))
            }
            _ => format!("{} ({}: {})", row.metric, by(row), figures(row)),
        });
        said.collect::<Vec<_>>().join(", ")
    };
    let against = &compared.names[0];
    let classes = better.iter().any(|row| producer(&row)) && worse.iter().any(|row| producer(&row));
    // What is lost is the price of what is faster, which p99 shows best.
    let (mut better, mut worse) = (better, worse);
    let p99 = |row: &Difference| {
        id(row).is_some_and(|id| id.quantity == Quantity::Latency && id.statistic == Statistic::P99)
    };
    better.sort_by_key(|row| !p99(row));
    worse.sort_by_key(|row| (!id(row).is_some_and(|id| id.quantity.is_lost()), !p99(row)));
    let sentence = match classes {
        true => format!(
            "{name} against {against}: better for {}, worse for {}.",
            told(&better, true),
            told(&worse, true)
        ),
        false => format!(
            "{name} is worse than {against} in {}, for which it is better in {}.",
            told(&worse, false),
            told(&better, false)
        ),
    };
    Some((Verdict::Mixed, sentence))
}

fn id(row: &Difference) -> Option<MetricId<'_>> {
    MetricId::parse(&row.metric)
}

/// What is said of two of which one or both grow without end; `None` if both hold.
fn hold(name: &str, unstable: Option<&Reason>, compared: &Comparison) -> Option<(Verdict, String)> {
    let first = &compared.names[0];
    match (compared.unstable[0].as_ref(), unstable) {
        (None, None) => None,
        (Some(why), None) => {
            Some((Verdict::Better, format!("{name} is better than {first}: it holds, and {first} is {why}.")))
        }
        (None, Some(why)) => Some((
            Verdict::Worse,
            format!("{name} is worse than {first}: {first} holds, and {name} is {why}."),
        )),
        (Some(a), Some(b)) => Some((Verdict::Same, format!("Neither holds: {first} is {a}, {name} is {b}."))),
    }
}

fn note(note: &ComparisonNote) -> String {
    match note {
        ComparisonNote::Undrained { metric, name, late, all } => format!(
            "{metric} is not compared: in {late} of {all} replications of {name} the backlog outlasts what is \
             played; make simulation.duration longer"
        ),
        ComparisonNote::Untrusted { name, some, all, first } => {
            format!("{some} of {all} measurements of {name} are INVALID ({first}): `queuelab run` says more")
        }
        ComparisonNote::Short(caveat) => caveat.to_string(),
        ComparisonNote::Interrupted => {
            "interrupted: these are the replications or rounds that were finished by then".into()
        }
        ComparisonNote::MadeApart => {
            "saved results were made apart: running the scenarios side by side would see smaller differences"
                .into()
        }
    }
}

/// A difference in traffic, as a line.
pub fn traffic(difference: &TrafficDifference) -> String {
    match difference {
        TrafficDifference::Backlogs { first, second } => {
            format!("initial_backlog of all queues together: {first} and {second}")
        }
        TrafficDifference::Producer { name, in_first } => {
            format!("producers.{name} is only in the {}", if *in_first { "first" } else { "second" })
        }
        TrafficDifference::Setting { path, first, second } => {
            let [first, second] = [first, second].map(|value| value.as_deref().unwrap_or("nothing"));
            format!("{path}: {first} and {second}")
        }
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Mixed => "better in some and worse in other",
        Verdict::Changed => "other",
        Verdict::Same => "no other",
    }
}

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
    for (name, rows) in
        compared.names[1..].iter().zip(&compared.differences).filter(|(_, rows)| !rows.is_empty())
    {
        blocks.push(table(&compared.names[0], name, rows, style));
    }
    blocks.push(style.lines(&small_print(compared), "", ""));
    blocks.push(style.files());
    joined(blocks)
}

/// A side's name without what sets it apart, which the others' names say.
fn short(name: &str) -> &str {
    name.split(" (").next().unwrap_or(name)
}

fn table(a: &str, b: &str, rows: &[Difference], style: &Style) -> Vec<String> {
    let grid = |[a, b]: [&str; 2]| {
        let head = ["", a, b, "difference", "in figures", "verdict"].map(String::from);
        style.grid(&head, &rows.iter().map(cells).collect::<Vec<_>>(), 4, &[4])
    };
    let whole = grid([short(a), short(b)]);
    // Nothing was left out, and all of it fits.
    if style.fits(&whole) && whole.len() == rows.len() + 2 {
        return whole;
    }
    let legend = [("A", a), ("B", b)].map(|(letter, name)| style.lines(name, &format!("{letter}  "), "   "));
    legend.into_iter().flatten().chain(grid(["A", "B"])).collect()
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
    for (name, rows) in compared.names[1..].iter().zip(&compared.differences) {
        let head = ["metric", short(&compared.names[0]), short(name), "difference", "in figures", "verdict"];
        out += &line(&head.map(String::from));
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
    let tables = compared.names[1..].iter().zip(&compared.differences).map(|(name, rows)| {
        let head = ["", short(&compared.names[0]), short(name), "difference", "in figures", "verdict"]
            .map(String::from);
        let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
        if rows.is_empty() { String::new() } else { page::section(name, &page::table(&head, &rows)) }
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

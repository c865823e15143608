//! A comparison in words and in a table.

use crate::answer::{Estimate, MetricId, PlaceId, Quantity, Reason, Statistic, metric_of};
use crate::report::difference::{by, by_what, could_be, figures, scale, scale_of};
use crate::report::number::three;
use crate::report::plot::Frame;
use crate::report::table::Style;
use crate::report::text::{Paint, columns};
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
    let percent = three(compared.confidence * 100.0);
    let small = format!(
        "{}; ± is half the {} % interval of the difference; verdicts are corrected for all that is compared \
            (Holm)",
        by_what(&compared.by),
        percent.trim_end_matches(".0")
    );
    blocks.push(style.lines(&small, "", ""));
    blocks.push(style.written.clone());
    let blocks: Vec<String> = blocks.into_iter().filter(|b| !b.is_empty()).map(|b| b.join("\n")).collect();
    blocks.join("\n\n") + "\n"
}

fn table<'a>(a: &'a str, b: &'a str, rows: &[Difference], style: &Style) -> Vec<String> {
    let short = |name: &'a str| name.split(" (").next().unwrap_or(name);
    let head = ["", short(a), short(b), "difference", "relative", "verdict"].map(String::from).to_vec();
    let row = |row: &Difference| {
        let scale = scale(row);
        let unit = if scale.unit.is_empty() { String::new() } else { format!(", {}", scale.unit) };
        let verdict = match row.verdict {
            Verdict::Better => "✓ better".to_string(),
            Verdict::Worse => "✗ worse".into(),
            Verdict::Mixed => "! mixed".into(),
            Verdict::Changed => "≠ changed".into(),
            Verdict::Same if row.half_width == Some(0.0) => "– the same, run for run".into(),
            Verdict::Same if row.half_width.is_none() && row.difference == 0.0 => "– the same".into(),
            Verdict::Same => format!("– none seen: {}", could_be(row)),
        };
        let plain = |v: f64| scale.show(Some(&Estimate::exact(v)));
        let difference = scale.show(Some(&Estimate::with(row.difference, row.half_width)));
        vec![format!("{}{unit}", row.metric), plain(row.a), plain(row.b), difference, by(row), verdict]
    };
    let signs = |cells: Vec<String>| cells.iter().map(|cell| style.signs(cell)).collect::<Vec<_>>();
    let lines: Vec<_> = std::iter::once(Some(signs(head)))
        .chain([None])
        .chain(rows.iter().map(|r| Some(signs(row(r)))))
        .collect();
    columns(&lines, 4, if style.ascii { '-' } else { '─' })
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
    let told: Vec<String> = sentences(compared).into_iter().map(|s| s.1).collect();
    let mut files = vec![
        ("comparison.json".to_string(), document(compared, command)),
        ("comparison.csv".to_string(), csv(compared)),
    ];
    files.extend(
        crate::report::plots::compared(compared, &told.join(" "), Frame::Alone)
            .map(|svg| ("comparison.svg".to_string(), svg)),
    );
    files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
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

//! A benchmark in words, a table and a document: the highest rate of each target, and latency below it.

use crate::answer::{Estimate, Trust, Unit};
use crate::report::number::{Scale, UNKNOWN};
use crate::report::page::{self, Mark, Page};
use crate::report::plot::{Frame, PlotText};
use crate::report::style::Style;
use crate::report::text::joined;
use crate::study::bench::{BenchRun, Benchmark, LatencyCurve};
use crate::units::Time;
use serde_json::{Value, json};

/// The statistics of the latency that are shown, with their names.
const SHOWN: [(&str, &str); 5] =
    [("mean", "mean"), ("p50", "p50"), ("p99", "p99"), ("p999", "p99.9"), ("max", "max")];

/// What was found: a sentence for each target, for each comparison, and for each curve.
pub fn sentences(all: &[Benchmark]) -> Vec<String> {
    all.iter().map(sentence).chain(compared(all)).chain(all.iter().filter_map(curve)).collect()
}

/// A rate in words.
fn rate(rate: f64) -> String {
    let scale = Scale::of(Unit::PerSecond, std::iter::once(rate));
    format!("{} {}", crate::units::significant(rate / scale.size, 3), scale.unit)
}

/// What each target sustains, in few words.
fn finding(all: &[Benchmark]) -> String {
    let one = |one: &Benchmark| match one.highest() {
        Some((highest, _)) => format!("{} sustains {}", one.case.name, rate(highest)),
        None => format!("{}: no rate found that it sustains", one.case.name),
    };
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn sentence(one: &Benchmark) -> String {
    let name = &one.case.name;
    let highest = one.highest();
    if let (None, Some(why)) = (highest, &one.broken) {
        let last = one.search.last().map_or(0.0, |run| run.offered);
        return format!("{name} could not be measured any more at {}: {why}.", rate(last));
    }
    let Some((highest, half)) = highest else {
        let least = one.search.iter().map(|run| run.offered).fold(f64::INFINITY, f64::min);
        return format!("{name} did not sustain even {} twice.", rate(least));
    };
    let rounds = one.rounds.iter().flatten().count();
    let found = half.map_or_else(
        || rate(highest),
        |half| {
            let scale = Scale::of(Unit::PerSecond, std::iter::once(highest));
            let shown = scale.show_with_unit(Some(&Estimate::with(highest, Some(half))));
            format!("{shown} (95 %, {rounds} rounds)")
        },
    );
    let refused = one.search.iter().filter(|run| !run.sustains()).map(|run| run.offered);
    let refused = refused.filter(|offered| *offered > highest).fold(f64::INFINITY, f64::min);
    let (at_least, beyond) = if refused.is_finite() {
        ("", format!(", and not {}", rate(refused)))
    } else {
        ("at least ", "; no higher rate was tried".into())
    };
    let limit = one.search.iter().rev().find(|run| run.sustains());
    let harness = limit.is_some_and(|run| run.trust().1.contains(&"generator's limit"));
    let whose = if harness { "; the harness, not the target, may be the limit" } else { "" };
    let invalid = one.points.iter().filter(|(_, run)| run.trust().0 == Trust::Invalid).count();
    let trust = match invalid {
        0 => String::new(),
        some if some == one.points.len() => "; every run below it is INVALID".into(),
        some => format!("; {some} of {} runs below it are INVALID", one.points.len()),
    };
    let broken =
        one.broken.as_ref().map_or(String::new(), |why| format!("; a later search ended early: {why}"));
    format!("{name} sustains {at_least}{found}{beyond}{whose}{trust}{broken}.")
}

/// How each of several compares with the first, where there were rounds enough.
fn compared(all: &[Benchmark]) -> Vec<String> {
    let Some((first, others)) = all.split_first() else { return Vec::new() };
    let one = |other: &Benchmark| {
        let ratio = other.ratio(first)?;
        let [times, low, high] =
            [ratio.times, ratio.interval.0, ratio.interval.1].map(|v| crate::units::significant(v, 3));
        let (name, first) = (&other.case.name, &first.case.name);
        Some(if ratio.is_told() {
            format!("{name} sustains {times} times ({low} to {high}) what {first} does.")
        } else {
            format!("{name} and {first} cannot be told apart: {times} times as much ({low} to {high}).")
        })
    };
    others.iter().filter_map(one).collect()
}

/// From so much on, a curve says nothing of the points that were left out.
const NO_CURVE: f64 = 0.25;

/// What a curve says of the mean latency, and how far it can be relied on.
fn curve(one: &Benchmark) -> Option<String> {
    let fitted = one.curve()?;
    let (name, LatencyCurve { idle, waiting, saturation }) = (&one.case.name, fitted.curve);
    let (median, worst) = fitted.errors();
    let percent = |share: f64| match share.is_finite() {
        true => format!("{} %", crate::units::significant(100.0 * share, 2)),
        false => "beyond what the others say it can do".into(),
    };
    let judged =
        format!("points that are left out are {} off on median, {} at most", percent(median), percent(worst));
    Some(if median <= NO_CURVE && waiting == 0.0 {
        format!("Mean latency of {name}: {} at every rate; {judged}.", Time(idle))
    } else if median <= NO_CURVE {
        format!(
            "Mean latency of {name}: {} + {} · ρ / (1 − ρ), saturated at {}; {judged}.",
            Time(idle),
            Time(waiting),
            rate(saturation)
        )
    } else {
        format!("Mean latency of {name} follows no curve of one server: {judged}.")
    })
}

/// What the words of the table mean.
const SMALL_PRINT: &str = "sustained: 98 % of what is due is served meanwhile, seen twice; latency from the instant at \
    which a message was due, with messages that are no work; confirm: from sending to the broker's word";

/// The whole text, with a final newline.
pub fn text(all: &[Benchmark], style: &Style) -> String {
    let first = sentences(all).iter().flat_map(|sentence| style.lines(sentence, "", "  ")).collect();
    joined([first, table(all, style), style.lines(SMALL_PRINT, "", ""), style.files()])
}

fn time(value: Option<f64>) -> String {
    let scale = Scale::of(Unit::Seconds, value.into_iter());
    value.map_or(UNKNOWN.into(), |value| scale.show_with_unit(Some(&Estimate::exact(value))))
}

fn table(all: &[Benchmark], style: &Style) -> Vec<String> {
    let (head, rows) = cells(all);
    // What says least first: the median, the mean, the slowest of all.
    style.grid(&head, &rows, 8, &[4, 3, 7, 8])
}

/// A heading and a row for each run below the highest rate.
fn cells(all: &[Benchmark]) -> (Vec<String>, Vec<Vec<String>>) {
    let names = SHOWN.iter().map(|(_, name)| name.to_string());
    let head: Vec<String> = ["target", "of it", "rate, /s"]
        .map(String::from)
        .into_iter()
        .chain(names)
        .chain(["confirm p99", "trust"].map(String::from))
        .collect();
    let mut rows = Vec::new();
    for one in all {
        for (i, (share, run)) in one.points.iter().enumerate() {
            let (trust, failed) = run.trust();
            let trust = if trust == Trust::Valid {
                trust.name().into()
            } else {
                format!("{} ({})", trust.name(), failed.join(", "))
            };
            let start = if i == 0 { one.case.name.clone() } else { String::new() };
            let percent = format!("{} %", crate::units::plain(100.0 * share, 2));
            let rate = crate::units::significant(run.offered, 3);
            let times = SHOWN.iter().map(|(statistic, _)| time(run.time("total", "latency", statistic)));
            let confirm = time(run.time("producers.producer1", "confirm", "p99"));
            rows.push([start, percent, rate].into_iter().chain(times).chain([confirm, trust]).collect());
        }
    }
    (head, rows)
}

/// A row for each run; SI units.
pub fn csv(all: &[Benchmark]) -> String {
    let head = ["target", "share", "offered", "served", "metric", "value", "unit", "trust"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for one in all {
        let searched = one.search.iter().map(|run| (None, run));
        for (share, run) in searched.chain(one.points.iter().map(|(share, run)| (Some(*share), run))) {
            let places = [("total", "latency"), ("producers.producer1", "confirm")];
            for (place, quantity, statistic) in
                places.iter().flat_map(|(p, q)| SHOWN.iter().map(move |(s, _)| (*p, *q, *s)))
            {
                let Some(value) = run.time(place, quantity, statistic) else { continue };
                rows.push(vec![
                    one.case.name.clone(),
                    share.map_or(String::new(), |share| share.to_string()),
                    run.offered.to_string(),
                    run.served.to_string(),
                    crate::answer::path(place, quantity, statistic),
                    value.to_string(),
                    "s".into(),
                    run.trust().0.name().into(),
                ]);
            }
        }
    }
    crate::report::csv::table(&rows)
}

fn run(run: &BenchRun) -> Value {
    let (trust, failed) = run.trust();
    json!({ "offered": run.offered, "served": run.served, "sustained": run.sustains(), "trust": trust.name(),
            "failed_checks": failed, "answer": run.answer, "failed": run.failed.as_ref().map(ToString::to_string) })
}

/// The document for machines.
pub fn document(all: &[Benchmark], scenario: &Value, command: &str) -> String {
    let one = |b: &Benchmark| {
        let points = b.points.iter().map(|(share, r)| {
            let mut value = run(r);
            value["share"] = json!(share);
            value
        });
        let (highest, half_width) = b.highest().unzip();
        let curve = b.curve().map(|fitted| {
            let LatencyCurve { idle, waiting, saturation } = fitted.curve;
            let left_out = fitted.left_out.iter().map(|(rate, off)| json!({ "rate": rate, "off": off }));
            json!({ "idle": idle, "waiting": waiting, "saturation": saturation, "left_out": left_out.collect::<Vec<_>>() })
        });
        json!({ "target": b.case.target, "name": b.case.name, "size": b.case.load.size, "prefetch": b.case.load.prefetch,
                "highest": highest, "half_width": half_width.flatten(), "rounds": b.rounds, "curve": curve,
                "search": b.search.iter().map(run).collect::<Vec<_>>(), "points": points.collect::<Vec<_>>() })
    };
    let document = json!({
        "queuelab": env!("CARGO_PKG_VERSION"),
        "command": command,
        "scenario": scenario,
        "verdict": sentences(all),
        "targets": all.iter().map(one).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

/// Every file of a benchmark, by name.
pub fn files(all: &[Benchmark], document: &str, scenario: &Value, command: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![("bench.json", document.to_string()), ("bench.csv", csv(all))];
    let (finding, told) = (finding(all), sentences(all).join(" "));
    let told = PlotText { finding: &finding, all: &told };
    let plot = |frame| crate::report::plots::benchmarked(all, &told, frame);
    files.extend(plot(Frame::Alone).map(|svg| ("bench.svg", svg)));
    let (head, rows) = cells(all);
    let page = Page {
        title: format!(
            "How much {} sustains",
            all.iter().map(|b| b.case.name.as_str()).collect::<Vec<_>>().join(", ")
        ),
        by: SMALL_PRINT.into(),
        said: sentences(all).into_iter().map(|sentence| (Mark::Plain, sentence)).collect(),
        caveats: Vec::new(),
        parts: vec![
            page::plot(
                &finding,
                "latency by rate: each line ends at the highest share that was measured",
                plot,
            ),
            page::section("Latency below that", &page::table(&head, &rows)),
            page::scenario(None, scenario),
            page::again(command, ""),
        ],
    };
    files.push(("bench.html", page.html()));
    files.into_iter().map(|(name, text)| (name.to_string(), text.into_bytes())).collect()
}

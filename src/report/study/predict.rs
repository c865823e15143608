//! A prediction in words and in a table: what was learnt, what was said, what was measured then.

use crate::answer::{Estimate, Method, Unit, path};
use crate::report::number::{Scale, UNKNOWN, relative};
use crate::report::page::{self, Mark, Page};
use crate::report::plot::{Frame, PlotText};
use crate::report::style::Style;
use crate::report::text::{Paint, joined};
use crate::study::predict::{
    HostCalibration, NoVerdict, PREDICTED, PredictedLoad, Prediction, PredictionFinding, PredictionStatus,
};
use crate::units::{Time, plain};
use serde_json::{Value, json};

/// The verdict: a sentence for each load that was predicted.
pub fn sentences(prediction: &Prediction) -> Vec<(PredictionStatus, String)> {
    let one = |point: &PredictedLoad| {
        let held = point.held(&prediction.lesson)?;
        let sentence = match &held {
            PredictionStatus::Accepted => {
                let off = PREDICTED.iter().map(|(s, _)| match point.off(s) {
                    Some(_) if point.range.is_some() => format!("{s} within its range"),
                    Some(off) => format!("{s} {}", relative(off)),
                    None => format!("{s} not judged (too few messages lie beyond it)"),
                });
                format!("load {}: accepted, {}", plain(point.load, 3), off.collect::<Vec<_>>().join(", "))
            }
            PredictionStatus::Rejected(why) => {
                format!("load {}: rejected, {}", plain(point.load, 3), reasons(why).join("; "))
            }
            PredictionStatus::Undecided(why) => {
                format!("load {}: undecided, {}", plain(point.load, 3), undecided(why))
            }
        };
        let again = match point.attempts {
            1 => "",
            2 => " (measured twice: other work on the machine disturbed the first run)",
            _ => " (measured three times: other work on the machine disturbed the runs before)",
        };
        Some((held, sentence + again))
    };
    prediction.points.iter().filter_map(one).collect()
}

fn undecided(why: &NoVerdict) -> String {
    match why {
        NoVerdict::Invalid(gate) => format!("the measurement is INVALID ({gate}), and judges nobody"),
        NoVerdict::NothingLearnt => "no low load could be measured well enough to learn from".into(),
        NoVerdict::Overloaded(busy) => format!(
            "with the turnaround that was learnt the servers' load is {}, and the latency grows for as long as the \
             run lasts: give it more consumers, or a larger prefetch",
            plain(*busy, 3)
        ),
        NoVerdict::TooFew => "too few messages were measured for a figure to be held against it".into(),
    }
}

/// What was off, what the host did otherwise, and whom the replay blames: a sentence each.
fn reasons(findings: &[PredictionFinding]) -> Vec<String> {
    let (mut missed, mut host, mut replay) = (Vec::new(), Vec::new(), Vec::new());
    for finding in findings {
        match finding {
            PredictionFinding::Off { statistic, off, allowed } => missed.push(format!(
                "{statistic} is {} off, more than {} %",
                relative(*off),
                plain(allowed * 100.0, 2)
            )),
            PredictionFinding::Outside { statistic, measured, range } => missed.push(format!(
                "{statistic} is {}, outside of {} to {}",
                Time(*measured),
                Time(range.0),
                Time(range.1)
            )),
            PredictionFinding::Services { group, now, then } => {
                host.push(format!("services of `{group}` took {}, not {}", longer(*now), longer(*then)));
            }
            PredictionFinding::WakeUp { now, then } => host.push(format!(
                "a sleeping consumer was reached after {} instead of {}",
                Time(*now),
                Time(*then)
            )),
            PredictionFinding::Turnaround { now, then } => host.push(format!(
                "the next message was there {} after a service instead of {}",
                Time(*now),
                Time(*then)
            )),
            PredictionFinding::FromReplay(off) => replay.push(format!(
                "the measured mean is {} from the replay of what really happened, {}",
                relative(*off),
                if off.abs() <= 0.01 {
                    "so that the host, not the queue, explains the rest"
                } else {
                    "so that hand-offs or the queue itself have a share in it"
                }
            )),
        }
    }
    let host = (!host.is_empty())
        .then(|| format!("the host was another than at the low loads: {}", host.join("; ")));
    [missed.join("; ")].into_iter().chain(host).chain(replay).collect()
}

/// What services took over what they were to take.
fn longer(stretch: f64) -> String {
    match stretch - 1.0 {
        more if more.abs() < 5e-4 => "as long as planned".into(),
        more => format!(
            "{} % {} than planned",
            plain(more.abs() * 100.0, 2),
            if more > 0.0 { "longer" } else { "shorter" }
        ),
    }
}

/// A verdict for machines.
fn status(held: &PredictionStatus) -> Value {
    match held {
        PredictionStatus::Accepted => json!("accepted"),
        PredictionStatus::Rejected(why) => json!({ "rejected": reasons(why) }),
        PredictionStatus::Undecided(why) => json!({ "undecided": undecided(why) }),
    }
}

/// What the low loads showed, in a sentence.
fn learnt(prediction: &Prediction) -> String {
    let lesson = &prediction.lesson;
    let loads: Vec<String> = lesson.loads.iter().map(|load| plain(*load, 3)).collect();
    let untold = prediction.points.iter().filter(|p| p.predicted.is_none()).filter_map(|p| {
        p.invalid().map(|gate| {
            format!("load {} is not learnt from: its measurement is INVALID ({gate})", plain(p.load, 3))
        })
    });
    if loads.is_empty() {
        return untold.collect::<Vec<_>>().join("; ");
    }
    let groups = prediction.scenario.consumers.iter().zip(&lesson.stretch);
    let stretch: Vec<String> =
        groups.map(|(c, s)| format!("services of `{}` take {}", c.name, longer(*s))).collect();
    let woken =
        lesson.hand_off.map(|h| format!("a consumer that has nothing to do is reached after {}", Time(h)));
    let turned = turnarounds(lesson);
    format!(
        "learnt at {}: {}",
        loads.join(", "),
        stretch.into_iter().chain(woken).chain(turned).chain(untold).collect::<Vec<_>>().join("; ")
    )
}

/// The turnaround between the loads that showed it.
fn turnarounds(lesson: &HostCalibration) -> Option<String> {
    let (first, last) = (lesson.turnarounds.first()?, lesson.turnarounds.last()?);
    let at =
        |load: f64| format!("{} at load {}", Time(lesson.turnaround_at(load).unwrap_or(0.0)), plain(load, 3));
    let range = if first.load < last.load { format!(" to {}", at(last.load)) } else { String::new() };
    Some(format!("the next message is there {}{range} after a service", at(first.load)))
}

/// What the table's columns are.
const SMALL_PRINT: &str = "latency of all messages; the ideal host is the same plan simulated with nothing added; off \
    is the measurement against the prediction; beyond a load of 0.9 a range is predicted, for hosts as fast and as \
    slow as this one was seen";

/// The whole text, with a final newline.
pub fn text(prediction: &Prediction, style: &Style) -> String {
    let mut first = Vec::new();
    for (held, sentence) in sentences(prediction) {
        let (sign, paint) = match held {
            PredictionStatus::Accepted => ("✓ ", Paint::Green),
            PredictionStatus::Rejected(_) => ("✗ ", Paint::Red),
            PredictionStatus::Undecided(_) => ("? ", Paint::Yellow),
        };
        first.extend(style.paint(paint, style.lines(&sentence, sign, "  ")));
    }
    joined([
        first,
        style.lines(&learnt(prediction), "· ", "  "),
        table(prediction, style),
        style.lines(SMALL_PRINT, "", ""),
        style.files(),
    ])
}

fn table(prediction: &Prediction, style: &Style) -> Vec<String> {
    let (head, rows) = cells(prediction);
    style.grid(&head, &rows, 5, &[2])
}

/// A heading and a row for each load and statistic.
fn cells(prediction: &Prediction) -> (Vec<String>, Vec<Vec<String>>) {
    let head = ["load", "", "ideal host", "predicted", "measured", "off", "trust"].map(String::from).to_vec();
    let mut rows = Vec::new();
    for point in &prediction.points {
        for (i, (statistic, _)) in PREDICTED.iter().enumerate() {
            // All three are about one plan: how far they are apart is no matter of sampling.
            let [ideal, measured] =
                [Method::Rehearsal, Method::Measurement].map(|method| point.latency(method, statistic));
            let scale = Scale::of(Unit::Seconds, measured.into_iter());
            let unknown = if point.predicted.is_some() { UNKNOWN } else { point.role() };
            let off = point.off(statistic).map_or(unknown.into(), relative);
            let start = if i == 0 { plain(point.load, 3) } else { String::new() };
            let trust = point
                .answer(Method::Measurement)
                .filter(|_| i == 0)
                .map_or(String::new(), |a| a.trust().name().into());
            let shown = [ideal, point.predicted_latency(statistic), measured];
            let shown = shown.map(|value| scale.show_with_unit(value.map(Estimate::exact).as_ref()));
            let [ideal, mut predicted, measured] = shown;
            if let Some((low, high)) = point.predicted_range(statistic) {
                let end = |value| scale.show(Some(&Estimate::exact(value)));
                predicted = format!("{predicted} ({} to {})", end(low), end(high));
            }
            let shown = [ideal, predicted, measured];
            rows.push([start, statistic.to_string()].into_iter().chain(shown).chain([off, trust]).collect());
        }
    }
    (head, rows)
}

/// A row for each load and statistic; SI units.
pub fn csv(prediction: &Prediction) -> String {
    let head = [
        "load",
        "metric",
        "role",
        "ideal",
        "predicted",
        "measured",
        "half_width",
        "replayed",
        "off",
        "trust",
        "unit",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    for (point, (statistic, _)) in
        prediction.points.iter().flat_map(|p| PREDICTED.iter().map(move |s| (p, s)))
    {
        let metric = path("total", "latency", statistic);
        let number = |v: Option<f64>| v.map_or(String::new(), |v| v.to_string());
        let of = |method| number(point.latency(method, statistic));
        let measured = point.answer(Method::Measurement);
        rows.push(vec![
            point.load.to_string(),
            metric.clone(),
            point.role().into(),
            of(Method::Rehearsal),
            number(point.predicted_latency(statistic)),
            of(Method::Measurement),
            number(measured.and_then(|a| a.get(&metric)).and_then(|e| e.half_width)),
            of(Method::Replay),
            number(point.off(statistic)),
            measured.map_or(String::new(), |a| a.trust().name().into()),
            "s".into(),
        ]);
    }
    crate::report::csv::table(&rows)
}

/// The document for machines.
pub fn document(prediction: &Prediction, scenario: &Value, command: &str) -> String {
    let turnaround = |p: &PredictedLoad| json!({ "learnt": prediction.lesson.turnaround_at(p.load), "seen": p.lesson.turnaround_at(p.load) });
    let ranges = |p: &PredictedLoad| {
        let all = PREDICTED.iter().filter_map(|(s, _)| Some((s.to_string(), p.predicted_range(s)?)));
        all.collect::<std::collections::BTreeMap<_, _>>()
    };
    let points = prediction.points.iter().map(|p| {
        json!({ "load": p.load, "role": p.role(), "predicted": p.predicted, "answers": p.answers,
                "attempts": p.attempts, "busy": p.busy, "range": ranges(p), "lesson": p.lesson, "turnaround": turnaround(p), "verdict": p.held(&prediction.lesson).as_ref().map(status),
                "off": PREDICTED.iter().filter_map(|(s, _)| Some((s.to_string(), p.off(s)?))).collect::<std::collections::BTreeMap<_, _>>() })
    });
    let document = json!({
        "queuelab": env!("CARGO_PKG_VERSION"),
        "command": command,
        "scenario": scenario,
        "lesson": prediction.lesson,
        "verdict": sentences(prediction).into_iter().map(|s| s.1).chain([learnt(prediction)]).collect::<Vec<_>>(),
        "points": points.collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

/// Every file of a prediction, by name.
pub fn files(
    prediction: &Prediction,
    document: &str,
    scenario: &Value,
    command: &str,
) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![("prediction.json", document.to_string()), ("prediction.csv", csv(prediction))];
    let plot = drawn(prediction, Frame::Alone);
    files.extend(plot.map(|svg| ("prediction.svg", svg)));
    files.push(("prediction.html", page(prediction, scenario, command)));
    files.into_iter().map(|(name, text)| (name.to_string(), text.into_bytes())).collect()
}

/// What became of the prediction of the highest load.
fn finding(prediction: &Prediction) -> String {
    let last = sentences(prediction).pop().map(|(_, sentence)| sentence);
    last.map_or("No load was predicted".into(), |sentence| format!("Predicted, then measured: {sentence}"))
}

/// The plot of a prediction.
fn drawn(prediction: &Prediction, frame: Frame) -> Option<String> {
    let told: Vec<String> = sentences(prediction).into_iter().map(|s| s.1).collect();
    let finding = finding(prediction).replace('`', "");
    let told = PlotText { finding: &finding, all: &told.join(". ") };
    crate::report::plots::predicted(prediction, &told, frame)
}

/// The page of a prediction.
fn page(prediction: &Prediction, scenario: &Value, command: &str) -> String {
    let mark = |held| match held {
        PredictionStatus::Accepted => Mark::Good,
        PredictionStatus::Rejected(_) => Mark::Bad,
        PredictionStatus::Undecided(_) => Mark::Unsure,
    };
    let told: Vec<(Mark, String)> =
        sentences(prediction).into_iter().map(|(held, sentence)| (mark(held), sentence)).collect();
    // What it finds is said above it.
    let read = "open circles are what was learnt from";
    let plot = page::plot("Predicted and measured latency, by load", read, |frame| drawn(prediction, frame));
    let (head, rows) = cells(prediction);
    let page = Page {
        title: prediction.scenario.title.clone().unwrap_or_else(|| "A prediction".into()),
        by: format!("predicted from low loads, then measured · seed {}", prediction.scenario.seed),
        said: told,
        caveats: Vec::new(),
        parts: vec![
            page::note(&learnt(prediction)),
            plot,
            page::section("All figures", &(page::table(&head, &rows) + &page::note(SMALL_PRINT))),
            page::scenario(None, scenario),
            page::again(command, ""),
        ],
    };
    page.html()
}

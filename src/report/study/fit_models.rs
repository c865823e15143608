//! The models of arrivals that a fit judged on its file: which is offered and why, and by how much the others
//! flatter.

use crate::report::number::{relative, three};
use crate::report::style::Style;
use crate::scenario::Arrivals;
use crate::study::fit::{
    ArrivalStream, Deviation, FARTHEST, Model, ModelFamily, ModelFigure, ModelVerdict, Models, PoissonTest,
    SIGNIFICANCE,
};
use crate::units::{Time, plain};
use serde_json::{Value, json};

/// Below this a p-value is only told to be less.
const LEAST_P: f64 = 1e-6;

/// Whether arrivals are Poisson, with the error of saying so.
pub(super) fn poisson(test: &PoissonTest) -> String {
    let p = if test.p_value < LEAST_P {
        format!("p < {LEAST_P}")
    } else {
        format!("p = {}", plain(test.p_value, 2))
    };
    let how = match test.by {
        Deviation::Rate => "their rate changes over the file".to_string(),
        Deviation::Gaps => "their gaps are not exponential".into(),
        Deviation::Dispersion { window, index } => {
            let what = if index > 1.0 { "burstier" } else { "steadier" };
            format!("they are {what}, with a dispersion of {} over {}", three(index), Time(window))
        }
    };
    let level = plain(100.0 * SIGNIFICANCE, 2);
    if test.rejects() {
        format!("These are no Poisson arrivals ({p}, tested at {level} %): {how}.")
    } else {
        format!("Nothing says that these are not Poisson arrivals ({p}, tested at {level} %).")
    }
}

/// Which model is offered, and by how much simpler ones flatter.
pub(super) fn sentences(models: &Models, work: WorkKnown) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(offered) = models.offered() {
        let worst = offered.judged.worst();
        let at_most = if is_told(worst) { "at most " } else { "" };
        let excuse = excuse(offered, models.messages);
        out.push(format!(
            "The scenario's arrivals are {}: waits at one server are {at_most}{}{excuse}.",
            described(offered),
            longer(worst)
        ));
    }
    let simple = models.tried.iter().take_while(|m| m.outcome != ModelVerdict::Offered);
    let worst =
        simple.filter_map(|m| if let ModelVerdict::Off(off) = m.outcome { Some((m, off)) } else { None });
    if let Some((model, off)) = worst.min_by(|a, b| a.1.total_cmp(&b.1)) {
        let (shortest, longest) = model.judged.spread();
        let does = match off {
            _ if shortest < -FARTHEST && longest > FARTHEST => {
                format!("is off both ways: waits from {} to {}", longer(shortest), longer(longest))
            }
            _ if off < 0.0 => format!("flatters: a wait {}", longer(off)),
            _ => format!("exaggerates: a wait {}", longer(off)),
        };
        out.push(format!(
            "The model `{}` {does}, and {} where the file needs {}.",
            model.family.name(),
            consumers(model.judged.consumers[0]),
            models.consumers
        ));
    }
    let (needs, limit) = (consumers(models.consumers), Time(models.limit));
    out.push(match work {
        WorkKnown::Measured => format!(
            "The file itself needs {needs} for 99 % of its messages to wait no longer \
            than the mean work, {limit}."
        ),
        WorkKnown::Guessed => format!(
            "How many consumers it needs rests on a guess, for the file gives no usable time of the work: \
                if that is exponential with a \
             mean of {limit}, it needs {needs} for 99 % of its messages to wait no longer than this mean."
        ),
    });
    out
}

/// Whether a file says how long the work takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WorkKnown {
    Measured,
    Guessed,
}

/// Why a model is in the scenario whose waits are farther off than one may be.
fn excuse(model: &Model, messages: usize) -> String {
    match model.judged {
        ref judged if judged.is_close() => String::new(),
        ref judged if judged.is_near() => {
            format!(", no more than files of {} messages differ by chance", plain(messages as f64, 12))
        }
        _ if model.family == ModelFamily::Trace => ", because the work is drawn from a law".into(),
        _ => ", because the work is drawn from a law: the file's own arrivals do no better".into(),
    }
}

fn consumers(count: usize) -> String {
    format!("{count} consumer{}", if count == 1 { "" } else { "s" })
}

fn described(model: &Model) -> String {
    match &model.arrivals {
        Arrivals::Mmpp { rates, dwell } => {
            let states: Vec<String> = rates
                .iter()
                .zip(dwell)
                .map(|(rate, dwell)| format!("{}/s for {}", plain(*rate, 3), Time(*dwell)))
                .collect();
            format!("those of {} states in turn ({} on average)", rates.len(), states.join(", "))
        }
        Arrivals::Schedule { steps, repeat, .. } => {
            let lasts = Time(steps.first().map_or(0.0, |s| s.lasts));
            let over = if *repeat { ", over and over" } else { ", once" };
            format!("Poisson at a rate by timetable ({} steps of {lasts}{over})", steps.len())
        }
        Arrivals::Trace { file, .. } => format!("the file's own ({})", file.display()),
        Arrivals::Periodic => "periodic".into(),
        Arrivals::Renewal { gap } => format!("independent gaps ({})", gap.name()),
        // No other process is ever fitted.
        _ => "Poisson".into(),
    }
}

/// How far each model's waits are from the file's, for a person.
pub(super) fn waits(models: &Models, style: &Style) -> Vec<String> {
    let loads = models.tried.first().map_or(Vec::new(), |m| m.judged.waits.iter().map(|w| w.load).collect());
    let mut head = vec!["mean and p99 wait, model to file".to_string()];
    head.extend(loads.iter().map(|load| format!("at load {load}")));
    head.extend(["consumers".into(), String::new()]);
    let numbers = loads.len() + 1;
    let row = |m: &Model| {
        let mut cells = vec![m.family.name()];
        cells.extend(m.judged.waits.iter().map(|w| format!("{} / {}", off(&w.mean), off(&w.p99))));
        cells.extend([m.judged.consumers[0].to_string(), outcome(m.outcome)]);
        cells
    };
    let mut rows: Vec<Vec<String>> = models.tried.iter().map(row).collect();
    let mut file = vec![String::new(); numbers + 2];
    (file[0], file[numbers]) = ("the file".into(), models.consumers.to_string());
    rows.push(file);
    style.grid(&head, &rows, numbers, &(1..numbers.min(3)).collect::<Vec<_>>())
}

/// The dispersion of each model beside the file's, for a person.
pub(super) fn dispersion(models: &Models, stream: &ArrivalStream, style: &Style) -> Vec<String> {
    if stream.dispersion.is_empty() {
        return Vec::new();
    }
    let mut head = vec!["index of dispersion".to_string()];
    head.extend(stream.dispersion.iter().map(|d| Time(d.window).to_string()));
    let row = |m: &Model| {
        let cells = m.judged.dispersion.iter().map(|index| index.map_or("–".into(), three));
        std::iter::once(m.family.name()).chain(cells).collect::<Vec<_>>()
    };
    let mut rows: Vec<Vec<String>> = models.tried.iter().map(row).collect();
    rows.push(
        std::iter::once("the file".into()).chain(stream.dispersion.iter().map(|d| three(d.index))).collect(),
    );
    style.grid(&head, &rows, stream.dispersion.len(), &[])
}

fn off(compared: &ModelFigure) -> String {
    relative(compared.off())
}

fn outcome(outcome: ModelVerdict) -> String {
    match outcome {
        ModelVerdict::Offered => "in the scenario".into(),
        ModelVerdict::Fits => "would do, too".into(),
        ModelVerdict::Off(off) if off < 0.0 => "flatters".into(),
        ModelVerdict::Off(_) => "is off".into(),
        ModelVerdict::Uncertain => "its runs differ too much".into(),
        ModelVerdict::AsksOtherwise => "asks for other consumers".into(),
        ModelVerdict::LongState(long) => format!("a state of {}", Time(long)),
    }
}

fn word(outcome: ModelVerdict) -> &'static str {
    match outcome {
        ModelVerdict::Offered => "offered",
        ModelVerdict::Fits => "fits",
        ModelVerdict::Off(off) if off < 0.0 => "flatters",
        ModelVerdict::Off(_) => "exaggerates",
        ModelVerdict::Uncertain => "uncertain",
        ModelVerdict::AsksOtherwise => "asks for other consumers",
        ModelVerdict::LongState(_) => "a state too long",
    }
}

/// The test for machines.
pub(super) fn poisson_document(test: &PoissonTest) -> Value {
    json!({ "p_value": test.p_value, "significance": SIGNIFICANCE, "rejected": test.rejects(), "verdict": poisson(test) })
}

/// The models for machines. Waits are in seconds, `off` is the share by which the model's is longer than the
/// file's.
pub(super) fn document(models: &Models) -> Value {
    let compared =
        |c: &ModelFigure| json!({ "file": c.file, "model": c.model, "off": c.off(), "scatter": c.scatter });
    let model = |m: &Model| {
        let waits: Vec<Value> = m
            .judged
            .waits
            .iter()
            .map(|w| json!({ "load": w.load, "mean": compared(&w.mean), "p99": compared(&w.p99) }))
            .collect();
        let parameters = match &m.arrivals {
            Arrivals::Mmpp { rates, dwell } => json!({ "rates": rates, "dwell": dwell }),
            Arrivals::Schedule { steps, repeat, .. } => {
                json!({ "repeat": repeat, "steps": steps.iter().map(|s| json!({ "for": s.lasts, "rate": s.rate })).collect::<Vec<_>>() })
            }
            _ => Value::Null,
        };
        json!({
            "model": m.family.name(), "parameters": parameters, "dispersion": m.judged.dispersion, "waits": waits,
            "consumers": m.judged.consumers[0], "verdict": word(m.outcome),
        })
    };
    json!({
        "offered": models.offered().map(|m| m.family.name()),
        "limit": models.limit,
        "consumers": models.consumers,
        "tried": models.tried.iter().map(model).collect::<Vec<_>>(),
    })
}

/// Waits that are off by a smaller share are as long as the file's.
const ALIKE: f64 = 5e-4;
/// Waits that are off by a larger one are more than ten times as long.
const TEN_TIMES: f64 = 9.0;

/// Whether [`longer`] says by how much waits are off.
fn is_told(off: f64) -> bool {
    (ALIKE..=TEN_TIMES).contains(&off.abs())
}

/// How waits that are off by a share compare with the file's, in words.
pub(super) fn longer(off: f64) -> String {
    let percent = |share: f64| plain(100.0 * share, 2);
    match off {
        off if off.abs() < ALIKE => "as long as the file's".into(),
        off if off > TEN_TIMES => "more than ten times as long as the file's".into(),
        off if off > 1.0 => format!("{} times as long as the file's", plain(1.0 + off, 2)),
        off if off >= 0.0 => format!("{} % longer than the file's", percent(off)),
        off => format!("{} % shorter than the file's", percent(-off)),
    }
}

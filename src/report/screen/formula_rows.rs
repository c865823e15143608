//! The back-of-envelope formulas as one table: what each gives, the exact figure, the error, and one clause
//! why.

use crate::answer::{Estimate, Formula, FormulaNote, MetricId, PlaceId};
use crate::report::number::{Scale, UNKNOWN, relative};
use crate::study::{Bottleneck, Study, best, bottleneck};

/// An error from which on a count is of something else than what is compared with it.
const MISCOUNT: f64 = 0.05;

/// The four of them, in the order of the source documents.
const ALL: [&str; 4] =
    ["throughput = N / T", "throughput = P / C", "delay = Q / C", "latency = T_p + T_q + T_c"];

/// A heading and a row for each formula, of the queue that is busiest where there are several; the last cell
/// says why.
pub(super) fn formula_rows(study: &Study) -> Vec<Vec<String>> {
    let queue = match bottleneck(study, &study.answers) {
        Some(
            Bottleneck::Only { queue, .. }
            | Bottleneck::Fullest { queue, .. }
            | Bottleneck::Partition { queue, .. },
        ) => Some(queue),
        None => None,
    };
    let of = |formula: &&Formula| match MetricId::parse(&formula.against).map(|id| id.place) {
        Some(PlaceId::Queue(name)) => queue.as_deref().is_none_or(|queue| name == queue),
        _ => true,
    };
    let whose = queue.as_deref().filter(|_| study.scenario.queues.len() > 1);
    let head = whose.map_or("formula".into(), |queue| format!("formula, for `{queue}`"));
    let mut rows = vec![[head.as_str(), "gives", "is", "error", "why"].map(String::from).to_vec()];
    rows.extend(ALL.iter().map(|name| {
        let found = study.formulas.iter().filter(of).find(|formula| formula.formula == *name);
        found.map_or_else(|| missing(study, name), |formula| row(study, formula))
    }));
    rows
}

fn row(study: &Study, formula: &Formula) -> Vec<String> {
    let exact = best(&study.answers, &formula.against).map(|(_, estimate)| *estimate);
    let show = |estimate: Option<Estimate>| {
        let scale = Scale::of(formula.unit, estimate.and_then(|e| e.value).into_iter());
        // Beside a formula a figure stands as it is: its interval is in the table above.
        let value = estimate.map(|e| Estimate { half_width: None, ends: None, ..e });
        scale.show_with_unit(value.as_ref())
    };
    let gives =
        if formula.value.is_finite() { show(Some(Estimate::exact(formula.value))) } else { UNKNOWN.into() };
    let error = formula.error.map_or(UNKNOWN.into(), relative);
    let scales = study.scenario.consumers.iter().any(|group| group.autoscale.is_some());
    let why = match (&formula.note, formula.error) {
        (FormulaNote::CountOverTime | FormulaNote::CountOfStretch, Some(error)) if error.abs() > MISCOUNT => {
            "N: sent, which is not what is served".into()
        }
        (note, _) => clause(note),
    };
    // Where servers come and go, the formulas' C is of all that there may be.
    let why = match formula.error {
        Some(error) if scales && error.abs() > 0.05 => "C: servers come and go".into(),
        _ => why,
    };
    vec![formula.formula.to_string(), gives, show(exact), error, why]
}

/// One clause of a note.
fn clause(note: &FormulaNote) -> String {
    match note {
        FormulaNote::CountOverTime | FormulaNote::CountOfStretch => "right, by definition".into(),
        FormulaNote::AtThePeak => "right at the peak".into(),
        FormulaNote::RatesRatio { lossy: true, .. } => "ρ offered, before losses".into(),
        FormulaNote::RatesRatio { offered, capacity, .. } if offered > capacity => {
            "no rate but ρ: it grows".into()
        }
        FormulaNote::RatesRatio { timetable: true, .. } => "ρ, by the mean rate".into(),
        FormulaNote::RatesRatio { .. } => "no rate, but ρ".into(),
        FormulaNote::NobodyWaits => "right: nobody waits".into(),
        FormulaNote::IdleAtTimes { .. } => "low: C idles, take Q / X".into(),
        FormulaNote::UnderBacklog => "right under backlog".into(),
        FormulaNote::SumOfStages { percentiles: Some((sum, exact)) }
            if (sum / exact - 1.0).abs() >= 0.005 =>
        {
            format!("means add; p99: {}", relative(sum / exact - 1.0))
        }
        FormulaNote::SumOfStages { .. } => "right, for means".into(),
        _ => String::new(),
    }
}

/// A formula that has no value here.
fn missing(study: &Study, name: &str) -> Vec<String> {
    let why = match study.unstable() {
        Some(_) => "no steady state: it grows",
        None => "not known here",
    };
    [name, UNKNOWN, UNKNOWN, UNKNOWN, why].map(String::from).to_vec()
}

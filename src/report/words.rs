//! What a study says in sentences, the same in the terminal and on the page.

use super::headline;
use super::number::{Scale, UNKNOWN, relative, three};
use super::rows::{self, MetricRow, TIMER_RESOLUTION};
use super::shown;
use crate::answer::{Answer, Caveat, Estimate, Gate, MetricId, Statistic, Trust, Unit, metric_of};
use crate::scenario::{Arrivals, Scenario, Weight};
use crate::study::{self, AgreementStatus, Bottleneck, Formula, Judgement, ObjectiveStatus, Study};
use crate::units::{Time, plain, significant};

/// What the rulers of other tools are read on.
pub(super) const RULERS: &str = "every ruler is laid on the records of this one run; sleeps of whole milliseconds are \
    simulated with its sends moved to the next millisecond and its service times";

/// Titles of sections.
pub(super) const FORMULAS: &str = "Back-of-envelope formulas, checked against this scenario";
pub(super) const VALIDITY_CHECKS: &str = "Validity checks of the measurement";

/// An objective's sign and sentence.
pub(super) fn objective(study: &Study, judgement: &Judgement) -> (&'static str, String) {
    let Judgement { objective, by, outcome } = judgement;
    let (sign, word) = match outcome {
        ObjectiveStatus::Pass => ("✓", "met"),
        ObjectiveStatus::Fail => ("✗", "missed"),
        ObjectiveStatus::Inconclusive => ("?", "undecided"),
    };
    let known = by.and_then(|method| {
        let estimate = rows::known(study, study.answer(method)?, &objective.metric)?;
        let unit = metric_of(&objective.metric)?.unit;
        let scale = Scale::of(unit, estimate.value.into_iter());
        let margin = study::margin(objective, estimate).filter(|_| *outcome != ObjectiveStatus::Inconclusive);
        let margin = margin.map_or(String::new(), |share| format!(", {}", headline::spare(share)));
        Some(format!(": {} by {}{margin}", scale.show_with_unit(Some(estimate)), method.name()))
    });
    let unknown = if *outcome == ObjectiveStatus::Fail { ": it grows without end" } else { "" };
    (sign, format!("{word}: {} {}{}", objective.metric, objective.text, known.unwrap_or(unknown.into())))
}

/// That the work alone misses an objective, if it does.
pub(super) fn work_alone(scenario: &Scenario) -> Option<String> {
    let found = study::work_alone(scenario)?;
    let alone = match MetricId::parse(&found.metric)?.statistic {
        Statistic::Percentile(share) => {
            format!("the work alone takes p{} = {}", plain(share * 100.0, 7), Time(found.value))
        }
        Statistic::Within(time) => format!(
            "of the work alone {} % is done within {}",
            significant(found.value * 100.0, 3),
            Time(time)
        ),
        _ => format!("the work alone takes {} on average", Time(found.value)),
    };
    Some(format!("{alone}, and {} {} is asked for", found.metric, found.text))
}

/// Why a study is no success, in one line: objectives that are not met, a queue that grows, methods that
/// disagree, a measurement that is not to be trusted.
pub fn shortfalls(study: &Study) -> String {
    let missed = study.objectives.iter().filter(|j| j.outcome != ObjectiveStatus::Pass);
    let missed: Vec<String> = missed.map(|judgement| objective(study, judgement).1).collect();
    if !missed.is_empty() {
        return missed.join("; ");
    }
    let grows = study.unstable().map(|why| format!("it does not hold: {why}"));
    let others = rows::disagreements(study).into_iter().chain(study.answers.iter().filter_map(trust));
    grows.into_iter().chain(others).collect::<Vec<_>>().join("; ")
}

/// What keeps the figures from being taken at face value, in sentences, worst first within each method.
pub(super) fn warnings(study: &Study) -> Vec<String> {
    let of = |answer: &Answer| -> Vec<String> {
        let own = answer.caveats.iter().filter(|caveat| !matches!(caveat, Caveat::File(_)));
        let told = own.map(|caveat| format!("{}: {caveat}", answer.method.name()));
        trust(answer).into_iter().chain(told).collect()
    };
    let methods = study.answers.iter().flat_map(of).chain(rows::disagreements(study));
    let doubts = found(study, Weight::Caveat).chain(methods).chain(constant_work(study));
    shown::first(doubts.chain(found(study, Weight::Note)).collect())
}

/// The same in two lists: what makes a figure doubtful, and what only says how figures are made.
pub(super) fn doubts_and_notes(study: &Study) -> (Vec<String>, Vec<String>) {
    let (mut doubts, mut notes) = (found(study, Weight::Caveat).collect::<Vec<_>>(), Vec::new());
    for answer in &study.answers {
        doubts.extend(trust(answer));
        for caveat in answer.caveats.iter().filter(|caveat| !matches!(caveat, Caveat::File(_))) {
            let list = if is_note(caveat) { &mut notes } else { &mut doubts };
            list.push(format!("{}: {caveat}", answer.method.name()));
        }
    }
    doubts.extend(rows::disagreements(study));
    doubts.extend(constant_work(study));
    notes.extend(found(study, Weight::Note));
    (shown::first(doubts), shown::first(notes))
}

/// Below this load waits are short whatever the law of the work.
const HARDLY_WAITS: f64 = 0.5;

/// That the work of the busiest queue is constant, which a bare time means and few services keep to: what comes
/// by chance waits half as long for it as for an exponential one.
fn constant_work(study: &Study) -> Option<String> {
    let (Bottleneck::Only { queue, rho }
    | Bottleneck::Fullest { queue, rho }
    | Bottleneck::Partition { queue, rho }) = study::bottleneck(study, &study.answers)?;
    let scenario = &study.scenario;
    let index = scenario.queues.iter().position(|q| q.name == queue)?;
    let (_, group) = scenario.consumers_of(index).next()?;
    let law = &group.service_time;
    let by_chance = scenario.producers.iter().any(|p| matches!(p.arrivals, Arrivals::Poisson));
    let constant = !law.varies() && law.mean() > 0.0 && group.batch.is_none() && group.outages.is_none();
    let brought = scenario.producers.iter().any(|p| p.service_time.is_some());
    (constant && by_chance && !brought && rho >= HARDLY_WAITS && scenario.queues[index].max_length != Some(0)).then(|| {
        format!(
            "the service time of `{}` is constant, {}: were it exponential with this mean, messages would wait about \
             twice as long",
            group.name,
            Time(law.mean())
        )
    })
}

/// Whether a caveat says how figures are made or what they count, and not that they may be off.
fn is_note(caveat: &Caveat) -> bool {
    use crate::answer::{ScenarioCaveat, SimulationCaveat, TheoryCaveat};
    match caveat {
        Caveat::Simulation(caveat) => matches!(
            caveat,
            SimulationCaveat::WholeStretch { .. }
                | SimulationCaveat::LastRateStays { .. }
                | SimulationCaveat::AfterWarmUp { .. }
                | SimulationCaveat::RedeliveredWork { .. }
        ),
        Caveat::Scenario(caveat) => {
            matches!(caveat, ScenarioCaveat::BackOffCounted { .. } | ScenarioCaveat::RepairsInService { .. })
        }
        Caveat::Theory(caveat) => matches!(
            caveat,
            TheoryCaveat::InterruptionsInWait | TheoryCaveat::WaitBound { .. } | TheoryCaveat::MeansOverTime
        ),
        _ => false,
    }
}

/// That a measurement is not to be trusted, and why, if so.
fn trust(answer: &Answer) -> Option<String> {
    let trust = Some(answer.trust()).filter(|trust| *trust != Trust::Valid)?;
    Some(format!("{}: {}, beyond its limit of {}", answer.method.name(), trust.name(), failed(answer)))
}

/// What was found in files is true of every method: it is said once.
fn found(study: &Study, weight: Weight) -> impl Iterator<Item = String> {
    study.scenario.found.iter().filter(move |f| f.weight == weight).map(|f| f.text.clone())
}

fn failed(answer: &Answer) -> String {
    let names: Vec<&str> =
        answer.gates.iter().filter(|g| g.trust != Trust::Valid).map(|g| &*g.name).collect();
    names.join(", ")
}

/// What `±` means, if any number has one.
pub(super) fn intervals(study: &Study) -> Option<String> {
    let any = study.answers.iter().flat_map(|a| a.metrics.values()).any(|e| e.half_width.is_some());
    let percent = three(study.scenario.simulation.confidence * 100.0);
    any.then(|| format!("half the width of the {} % confidence interval", percent.trim_end_matches(".0")))
}

/// What `~` means, if it stands before any number.
pub(super) fn faint(study: &Study) -> Option<String> {
    let any = rows::sections(study).iter().flat_map(|s| &s.rows).any(|row| row.faint.contains(&true));
    any.then(|| {
        format!(
            "near the timer's resolution: less than ten times what a clock read and a hand-off take, {}",
            Time(TIMER_RESOLUTION)
        )
    })
}

/// What the comparisons of a row say, as a sign with words or alone.
pub(super) fn accord(row: &MetricRow, words: bool) -> String {
    let (sign, word) = match row.accord {
        None => return String::new(),
        Some(AgreementStatus::Agree) => ("✓", "agree".to_string()),
        Some(AgreementStatus::Unknown) => match row.off {
            Some(off) => ("≈", format!("{} off", relative(off))),
            None => ("?", "unclear".to_string()),
        },
        Some(AgreementStatus::Differ) => ("≠", row.difference.clone().unwrap_or("differ".into())),
    };
    if words { format!("{sign} {word}") } else { sign.to_string() }
}

/// One formula's line: value, what it is held against and by how much it misses.
pub(super) fn formula(formula: &Formula) -> (String, String) {
    let value = match formula.unit {
        Unit::Seconds => Time(formula.value).to_string(),
        Unit::Ratio => three(formula.value),
        Unit::PerSecond => {
            let scale = Scale::of(Unit::PerSecond, std::iter::once(formula.value));
            scale.show_with_unit(Some(&Estimate::exact(formula.value)))
        }
        unit => format!("{} {}", three(formula.value), unit.name()),
    };
    let value = if formula.value.is_finite() { value } else { UNKNOWN.to_string() };
    let against = match (formula.against.as_str(), formula.error) {
        ("", _) => String::new(),
        (metric, None) => format!("against {metric}"),
        (metric, Some(error)) => format!("{} against {metric}", relative(error)),
    };
    (value, against)
}

/// The gates of all answers, those that failed first; all of them, or the failed ones alone.
pub(super) fn gates(study: &Study, all: bool) -> Vec<&Gate> {
    let mut gates: Vec<&Gate> =
        study.answers.iter().flat_map(|a| &a.gates).filter(|g| all || g.trust != Trust::Valid).collect();
    gates.sort_by_key(|g| std::cmp::Reverse(g.trust));
    gates
}

/// A gate as a sentence: what it saw, and the limit.
pub(super) fn gate(gate: &Gate) -> String {
    let show = |value: f64| match gate.unit {
        Unit::Seconds => Time(value).to_string(),
        Unit::Ratio => format!("{} %", three(value * 100.0)),
        unit => format!("{} {}", three(value), unit.name()),
    };
    format!("{}: {}, limit {} ({})", gate.name, show(gate.value), show(gate.limit), gate.meaning)
}

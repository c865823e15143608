//! Prediction that is judged: what a host adds is learnt at low loads, high ones are predicted before they
//! are measured, and what the measurement then says is held against that.
//!
//! All loads are one scenario with more or less traffic. A prediction is the very plan that will be measured,
//! simulated with the services as long and the sleeping consumers as slow to wake as they were at the low
//! loads; no sampling error lies between the two.

mod fullest;
mod held;
mod turnarounds;

pub use held::{NoVerdict, PredictionFinding, PredictionStatus};
pub use turnarounds::TurnaroundSeen;

use super::agreement::{MEAN_TOLERANCE, REHEARSAL_TOLERANCE};
use super::load;
use super::measurement::{self, MeasurementResult};
use super::watch::Watch;
use crate::answer::{Answer, Gate, Method, Trust, Unanswered, path};
use crate::load::DISTURBANCES;
use crate::scenario::{Consumer, Scenario};
use crate::units::plain;
use crate::workload::laws::Law;
use fullest::{is_fullest, turned};
use serde::Serialize;
use turnarounds::{SATURATING, near_saturation};

/// The statistics of the latency of all messages that are predicted, each with what it may be off, as for a
/// rehearsal.
pub const PREDICTED: [(&str, f64); 3] =
    [("mean", MEAN_TOLERANCE), ("p50", REHEARSAL_TOLERANCE), ("p99", REHEARSAL_TOLERANCE)];

/// What low loads showed of the host.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HostCalibration {
    /// The loads that taught it: those whose measurement can be trusted.
    pub loads: Vec<f64>,
    /// Seconds until a message reaches a consumer that sleeps, in the scenario's time, on average; `None` if
    /// no consumer was seen asleep.
    pub hand_off: Option<f64>,
    /// How long it takes from the end of a service until a consumer of a broker has the next message, at each
    /// load that showed it, one near saturation included; nothing if no broker was measured.
    pub turnarounds: Vec<TurnaroundSeen>,
    /// Of each group of consumers, how long its services took over how long they were to take, on average.
    pub stretch: Vec<f64>,
    /// The laws of both at the highest of the loads that were disturbed least, in the scenario's time.
    #[serde(skip)]
    pub laws: [Option<Law>; 2],
    /// Nanoseconds of group commits, where messages are durable.
    #[serde(skip)]
    pub syncs: Vec<u64>,
}

/// A load and what was said of it.
#[derive(Debug, Clone)]
pub struct PredictedLoad {
    /// Of the fullest queue.
    pub load: f64,
    /// The scenario at this load.
    pub scenario: Scenario,
    /// The load of the fullest queue with the turnaround that was learnt for it.
    pub busy: f64,
    /// What was said before it was measured; `None` where it was learnt from.
    pub predicted: Option<Answer>,
    /// The same for a host as fast, and as slow, as the low loads showed it at some time: beyond `CERTAIN`,
    /// where latency follows small changes of the host, this is what is predicted.
    pub range: Option<[Answer; 2]>,
    /// Rehearsal, measurement, replay.
    pub answers: Vec<Answer>,
    /// What this load itself would have taught.
    pub lesson: HostCalibration,
    /// How often it was measured: again, three times at most, while other work on the machine disturbed it;
    /// of several that were, the one that can be trusted most, and of equals the last, counts.
    pub attempts: usize,
}

/// The load, with the turnaround, up to which one figure is predicted.
pub const CERTAIN: f64 = 0.9;

/// A turnaround that was learnt from runs of some seconds is known to such a share of itself.
const TURNAROUND_KNOWN: f64 = 0.1;

/// How often a load is measured while other work on the machine puts its measurement off. The prediction is
/// made before, and once.
const ATTEMPTS: usize = 3;

/// Why nothing was predicted, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PredictError {
    /// The scenario is of no such kind.
    Scenario(String),
    /// It could not be measured.
    Run(String),
}

/// A scenario, learnt and predicted.
#[derive(Debug, Clone)]
pub struct Prediction {
    /// What was asked.
    pub scenario: Scenario,
    /// What the low loads taught.
    pub lesson: HostCalibration,
    /// The loads, ascending.
    pub points: Vec<PredictedLoad>,
}

impl PredictedLoad {
    /// The answer of a method, if it has one.
    pub fn answer(&self, method: Method) -> Option<&Answer> {
        self.answers.iter().find(|a| a.method == method)
    }

    /// A statistic of the latency of all messages by the answer of a method.
    pub fn latency(&self, method: Method, statistic: &str) -> Option<f64> {
        figure(self.answer(method)?, statistic)
    }

    /// The same as it was predicted; `None` for a load that was learnt from.
    pub fn predicted_latency(&self, statistic: &str) -> Option<f64> {
        figure(self.predicted.as_ref()?, statistic)
    }

    /// The least and the most that is predicted, where that is a range.
    pub fn predicted_range(&self, statistic: &str) -> Option<(f64, f64)> {
        let [fast, slow] = self.range.as_ref()?.each_ref().map(|answer| figure(answer, statistic));
        Some((fast?, slow?))
    }

    /// How far the measurement is from the prediction, as a share of it.
    pub fn off(&self, statistic: &str) -> Option<f64> {
        Some(self.latency(Method::Measurement, statistic)? / self.predicted_latency(statistic)? - 1.0)
    }

    /// What it was for.
    pub fn role(&self) -> &'static str {
        if self.predicted.is_some() { "predicted" } else { "learnt" }
    }

    /// The gate by which the measurement says nothing, if it does not.
    pub fn invalid(&self) -> Option<&str> {
        let gates = &self.answer(Method::Measurement)?.gates;
        gates.iter().find(|g| g.trust == Trust::Invalid).map(|g| &*g.name)
    }
}

fn figure(answer: &Answer, statistic: &str) -> Option<f64> {
    answer.get(&path("total", "latency", statistic)).and_then(|e| e.value).filter(|v| *v > 0.0)
}

/// Measures a scenario at some loads (shares of what its fullest queue can do) to learn from, and predicts
/// others before it measures them. Whoever stops it gets what was finished by then.
///
/// # Errors
/// Why it cannot be done: a scenario whose load is not a matter of its rates or that is too short, or one
/// that cannot be measured.
pub fn predict(
    scenario: &Scenario,
    learn: &[f64],
    judge: &[f64],
    watch: &dyn Watch,
) -> Result<Prediction, PredictError> {
    let rho = turned(scenario).map_err(|why| PredictError::Scenario(why.to_string()))?;
    let at = |load: f64| load::times(scenario, load / rho);
    for &load in learn.iter().chain(judge) {
        measurement::planned(&at(load))
            .map_err(|why| PredictError::Scenario(format!("at load {}: {why}", plain(load, 3))))?;
        is_fullest(&at(load), load).map_err(|why| PredictError::Scenario(why.to_string()))?;
    }
    let failed = |load: f64| {
        move |no: Unanswered| PredictError::Run(format!("at load {}: {}", plain(load, 3), no.reason))
    };
    let mut points = Vec::new();
    let all = (learn.len() + judge.len()) as f64;
    for (i, &load) in learn.iter().enumerate() {
        let part = Part { watch, from: i as f64 / all, share: 1.0 / all, load };
        let point =
            point(at(load), load, PredictedAnswers { busy: load, ..PredictedAnswers::default() }, &part);
        // What was cut short says nothing of its load.
        if watch.stopped() {
            break;
        }
        points.push(point.map_err(failed(load))?);
    }
    let mut lesson = together(&points);
    let low = learn.len() as f64 / all;
    if !lesson.turnarounds.is_empty() && !watch.stopped() {
        let part = Part { watch, from: low, share: 0.0, load: SATURATING };
        lesson.turnarounds.extend(near_saturation(at(SATURATING), &part));
    }
    let ends = ends(&points, &lesson);
    for (i, &load) in judge.iter().enumerate().take_while(|_| !watch.stopped()) {
        let part = Part { watch, from: (learn.len() + i) as f64 / all, share: 1.0 / all, load };
        let scenario = at(load);
        let said = said(&scenario, load, &lesson, &ends).map_err(failed(load))?;
        let point = point(scenario, load, said, &part);
        if watch.stopped() {
            break;
        }
        points.push(point.map_err(failed(load))?);
    }
    Ok(Prediction { scenario: scenario.clone(), lesson, points })
}

/// What is said of a load before it is measured.
#[derive(Debug, Default)]
struct PredictedAnswers {
    busy: f64,
    predicted: Option<Answer>,
    range: Option<[Answer; 2]>,
}

fn said(
    scenario: &Scenario,
    load: f64,
    lesson: &HostCalibration,
    ends: &[HostCalibration; 2],
) -> Result<PredictedAnswers, Unanswered> {
    let there = taught(scenario, load, lesson);
    let busy = turned(&there).unwrap_or(load);
    let rehearsed = |there: &Scenario| measurement::rehearsed(there, &lesson.syncs);
    let [fast, slow] = ends.each_ref().map(|end| taught(scenario, load, end));
    let range = if busy > CERTAIN { Some([rehearsed(&fast)?, rehearsed(&slow)?]) } else { None };
    Ok(PredictedAnswers { busy, predicted: Some(rehearsed(&there)?), range })
}

/// The host as fast and as slow as what was learnt leaves open: the shortest and the longest services and
/// turnarounds, these as far from their line as any that was seen.
fn ends(points: &[PredictedLoad], lesson: &HostCalibration) -> [HostCalibration; 2] {
    let trusted = || points.iter().filter(|p| p.invalid().is_none());
    let end = |known: f64, outer: fn(f64, f64) -> f64| {
        let off = |seen: &TurnaroundSeen| seen.turnaround - lesson.turnaround_at(seen.load).unwrap_or(0.0);
        let off = lesson.turnarounds.iter().map(off).fold(0.0, outer);
        let turnarounds = lesson
            .turnarounds
            .iter()
            .map(|seen| TurnaroundSeen { turnaround: (seen.turnaround * known + off).max(0.0), ..*seen });
        let stretch = |(group, &mean): (usize, &f64)| {
            trusted().filter_map(|p| p.lesson.stretch.get(group).copied()).fold(mean, outer)
        };
        HostCalibration {
            turnarounds: turnarounds.collect(),
            stretch: lesson.stretch.iter().enumerate().map(stretch).collect(),
            ..lesson.clone()
        }
    };
    [end(1.0 - TURNAROUND_KNOWN, f64::min), end(1.0 + TURNAROUND_KNOWN, f64::max)]
}

fn point(
    scenario: Scenario,
    load: f64,
    said: PredictedAnswers,
    watch: &dyn Watch,
) -> Result<PredictedLoad, Unanswered> {
    let mut attempts = 1;
    let mut result = measurement::measured(&scenario, watch)?;
    while attempts < ATTEMPTS && is_disturbed(&result.answers) && !watch.stopped() {
        let again = measurement::measured(&scenario, watch)?;
        attempts += 1;
        if again.failed.is_some() || trust(&again.answers) <= trust(&result.answers) {
            result = again;
        }
    }
    let MeasurementResult { answers, hand_off, turnaround, syncs, failed, .. } = result;
    if let Some(failed) = failed {
        return Err(failed);
    }
    let mean = |method, group: &Consumer| {
        let answer: &Answer = answers.iter().find(|a| a.method == method)?;
        answer
            .get(&path(&format!("consumers.{}", group.name), "service", "mean"))
            .and_then(|e| e.value)
            .filter(|v| *v > 0.0)
    };
    let stretch = |c: &Consumer| {
        mean(Method::Measurement, c)
            .zip(mean(Method::Rehearsal, c))
            .map_or(1.0, |(real, planned)| real / planned)
    };
    let stretch = scenario.consumers.iter().map(stretch).collect();
    let seen = turnaround.as_ref().map(|law| TurnaroundSeen { load, turnaround: law.mean() });
    let PredictedAnswers { busy, predicted, range } = said;
    Ok(PredictedLoad {
        load,
        busy,
        predicted,
        range,
        answers,
        lesson: HostCalibration {
            loads: vec![load],
            hand_off: hand_off.as_ref().map(Law::mean),
            turnarounds: seen.into_iter().collect(),
            laws: [hand_off, turnaround],
            stretch,
            syncs,
        },
        scenario,
        attempts,
    })
}

/// The checks of a measurement that do not hold.
fn failing(answers: &[Answer]) -> impl Iterator<Item = &Gate> {
    let gates = answers.iter().filter(|a| a.method == Method::Measurement).flat_map(|a| &a.gates);
    gates.filter(|gate| gate.trust != Trust::Valid)
}

fn trust(answers: &[Answer]) -> Trust {
    answers.iter().find(|a| a.method == Method::Measurement).map_or(Trust::Valid, Answer::trust)
}

/// Whether other work on the machine put off a measurement that is not invalid in itself.
fn is_disturbed(answers: &[Answer]) -> bool {
    let (disturbed, own): (Vec<_>, Vec<_>) =
        failing(answers).partition(|gate| DISTURBANCES.contains(&&*gate.name));
    !disturbed.is_empty() && own.iter().all(|gate| gate.trust != Trust::Invalid)
}

/// What several loads showed, on average of those that can be trusted.
fn together(points: &[PredictedLoad]) -> HostCalibration {
    let groups = points.first().map_or(0, |p| p.lesson.stretch.len());
    let points: Vec<&PredictedLoad> = points.iter().filter(|p| p.invalid().is_none()).collect();
    let mean = |of: &mut dyn Iterator<Item = f64>| {
        let all: Vec<f64> = of.collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    };
    HostCalibration {
        loads: points.iter().map(|p| p.load).collect(),
        hand_off: mean(&mut points.iter().filter_map(|p| p.lesson.hand_off)),
        turnarounds: points.iter().flat_map(|p| p.lesson.turnarounds.iter().copied()).collect(),
        laws: [0, 1].map(|which| {
            let showed = points.iter().rev().filter(|p| p.lesson.laws[which].is_some());
            // A run that was disturbed shows a tail that the others have not.
            showed.min_by_key(|p| trust(&p.answers)).and_then(|p| p.lesson.laws[which].clone())
        }),
        stretch: (0..groups)
            .map(|g| mean(&mut points.iter().map(|p| p.lesson.stretch[g])).unwrap_or(1.0))
            .collect(),
        syncs: points.iter().flat_map(|p| p.lesson.syncs.iter().copied()).collect(),
    }
}

/// The scenario, which is at a load, on a host as it was learnt.
fn taught(scenario: &Scenario, load: f64, lesson: &HostCalibration) -> Scenario {
    let mut out = scenario.clone();
    let law = |which: usize, mean: f64| {
        let seen = lesson.laws[which].as_ref().filter(|law| !law.is_zero());
        seen.map_or(Law::deterministic(mean), |law| law.scaled(mean / law.mean()))
    };
    out.simulation.overheads.hand_off = law(0, lesson.hand_off.unwrap_or(0.0));
    if let Some(turnaround) = lesson.turnaround_at(load) {
        out.simulation.overheads.turnaround = law(1, turnaround);
        measurement::as_brokers_do(&mut out);
    }
    for (group, &stretch) in out.consumers.iter_mut().zip(&lesson.stretch) {
        group.service_time = group.service_time.scaled(stretch);
        group.service_time_per_message = group.service_time_per_message.scaled(stretch);
    }
    // Work that producers bring is done by some group or other: by the one that changed most.
    let most = lesson.stretch.iter().copied().fold(1.0, f64::max);
    for law in out.producers.iter_mut().filter_map(|p| p.service_time.as_mut()) {
        *law = law.scaled(most);
    }
    out
}

/// A part of the whole work.
struct Part<'a> {
    watch: &'a dyn Watch,
    from: f64,
    share: f64,
    load: f64,
}

impl Watch for Part<'_> {
    fn says(&self, _: &str, done: f64, detail: &str) {
        self.watch.says(&format!("load {}", plain(self.load, 3)), self.from + self.share * done, detail);
    }

    fn stopped(&self) -> bool {
        self.watch.stopped()
    }
}

#[cfg(test)]
mod tests;

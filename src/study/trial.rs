//! Whether one configuration meets its objectives, with just enough simulation to say so.

use super::watch::Watch;
use super::{Judgement, ObjectiveStatus, objectives, simulation, stopping, transient, window};
use crate::answer::{Answer, Method, MetricId, Quantity, Reason, Unanswered};
use crate::scenario::{Length, Objective, Precision, Scenario};
use crate::stats::runs_needed;
use crate::study::sweep::SweepPoint;
use crate::theory;

/// A run that decides is so many times as long as it must be to forget its start: percentiles near saturation
/// are skewed, and ten of them make an interval that covers only when each has seen many busy periods.
const AMPLE: u64 = 4;
/// How much longer each attempt is than the one before.
const GROWTH: u64 = 4;

/// How many attempts there are at most.
const ATTEMPTS: f64 = 3.0;
/// Replications that are made for a percentile in the first of them, at most.
const MOST_REPLICATIONS: u32 = 1000;

/// How hard to try before giving up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// One short run, for what is said beside the answer.
    Short,
    /// Ever longer runs, until all objectives are decided.
    Decide,
}

/// What is known about one configuration.
#[derive(Debug, Clone)]
pub struct Trial {
    /// What the methods found.
    pub answers: Vec<Answer>,
    /// Who has no answer, and why.
    pub unanswered: Vec<Unanswered>,
    /// Whether each objective is met.
    pub objectives: Vec<Judgement>,
    /// All of them together: one that is missed is enough to fail.
    pub outcome: ObjectiveStatus,
}

impl Trial {
    /// The method that is believed first; `None` where a queue that grows without end decided.
    pub fn judge(&self) -> Option<&Answer> {
        let of = |method| self.answers.iter().find(move |a| a.method == method);
        of(Method::Theory)
            .filter(|a| a.exact)
            .or_else(|| of(Method::Simulation))
            .or_else(|| of(Method::Theory))
    }

    /// What a sweep knows about one configuration: nothing is simulated. `starts` is whether the start, from
    /// empty queues, is what is asked for.
    pub fn of_point(point: SweepPoint, objectives: &[Objective], starts: bool) -> Self {
        let judged = |objective: &Objective| Judgement {
            objective: objective.clone(),
            by: point.best(&objective.metric).map(|(answer, _)| answer.method),
            outcome: point.meets(objective, starts),
        };
        let objectives: Vec<Judgement> = objectives.iter().map(judged).collect();
        let SweepPoint { answers, unanswered, .. } = point;
        Trial { answers, unanswered, outcome: all(&objectives), objectives }
    }

    /// Why there is no steady state, if there is none.
    pub fn unstable(&self) -> Option<&Reason> {
        self.unanswered.iter().map(|u| &u.reason).find(|reason| reason.is_unstable())
    }
}

/// Tries a configuration: theory first, which settles what grows without end, and what it knows exactly,
/// which one simulation is to confirm; else simulation, longer and longer.
///
/// Every attempt but the last may stop the search, so each is made at a confidence that keeps the chance of
/// one false statement in all of them within what the scenario asks for.
pub(super) fn trial(scenario: &Scenario, effort: Effort, watch: &dyn Watch) -> Trial {
    let theory = theory::answer(scenario);
    if let Err(refusal) = &theory
        && refusal.reason.is_unstable()
    {
        return grown(scenario, refusal.clone());
    }
    let exact = theory.as_ref().is_ok_and(|theory| decides(scenario, theory));
    let stages = stages(scenario, if exact { Effort::Short } else { effort });
    let mut tried = scenario.clone();
    tried.simulation.precision = Precision::None;
    tried.simulation.confidence = 1.0 - (1.0 - scenario.simulation.confidence) / stages.len() as f64;
    let mut known = Trial {
        answers: Vec::new(),
        unanswered: Vec::new(),
        objectives: Vec::new(),
        outcome: ObjectiveStatus::Inconclusive,
    };
    for (length, replications) in stages {
        (tried.simulation.length, tried.simulation.replications) = (length, replications);
        match simulation::simulate(&tried, watch) {
            Ok(Answer { unstable: Some(reason), .. }) if !scenario.is_of_the_start() => {
                return grown(scenario, reason.by(Method::Simulation));
            }
            Ok(answer) => known = judged(scenario, theory.as_ref().ok(), answer),
            Err(refusal) if refusal.reason.is_unstable() && !exact => return grown(scenario, refusal),
            Err(refusal) => return by_theory(scenario, theory, refusal),
        }
        if known.outcome != ObjectiveStatus::Inconclusive || watch.stopped() {
            break;
        }
    }
    if let Err(refusal) = theory {
        known.unanswered.push(refusal);
    }
    known
}

/// Whether a theory knows every objective's metric exactly.
fn decides(scenario: &Scenario, theory: &Answer) -> bool {
    theory.exact
        && !scenario.objectives.is_empty()
        && scenario.objectives.iter().all(|o| theory.get(&o.metric).is_some())
}

/// What theory alone says: every objective by its figures, or nothing.
pub(super) fn by_theory_alone(scenario: &Scenario) -> Option<ObjectiveStatus> {
    match theory::answer(scenario) {
        Ok(answer) => Some(all(&objectives::judge(&scenario.objectives, &[answer]))),
        Err(refusal) => refusal.reason.is_unstable().then_some(ObjectiveStatus::Fail),
    }
}

/// Lengths and replications of the attempts. A run of a given duration, or of a backlog or a timetable that
/// ends, stays what it is: there the replications grow.
fn stages(scenario: &Scenario, effort: Effort) -> Vec<(Length, u32)> {
    let replications = scenario.simulation.replications.max(5).max(enough(scenario));
    let asked = match scenario.simulation.length {
        Length::Messages(asked) if !transient::applies(scenario) => asked,
        length => {
            let grown = [1, GROWTH as u32, (GROWTH * GROWTH) as u32];
            let grown = grown.map(|factor| (length, replications.saturating_mul(factor)));
            return if effort == Effort::Short { grown[..1].to_vec() } else { grown.to_vec() };
        }
    };
    let most = asked.saturating_mul(GROWTH);
    let settled = settled(scenario);
    let ample = if effort == Effort::Short { settled } else { settled.saturating_mul(AMPLE) };
    let first = (asked / (GROWTH * GROWTH)).max(ample).min(most);
    if effort == Effort::Short {
        return vec![(Length::Messages(first), replications)];
    }
    let mut lengths: Vec<u64> =
        std::iter::successors(Some(first), |n| (*n < most).then(|| (n * GROWTH).min(most))).collect();
    // Of what repeats whole cycles are played: what has no more of them is no longer.
    lengths.dedup_by_key(|n| window::cycles(scenario, *n));
    match (lengths.as_slice(), window::cycles(scenario, first)) {
        (&[only], Some(_)) => vec![
            (Length::Messages(only), replications),
            (Length::Messages(only), replications * GROWTH as u32),
        ],
        _ => lengths.into_iter().map(|n| (Length::Messages(n), replications)).collect(),
    }
}

/// Replications that an objective on a percentile of a drain time needs at least, each of which has one:
/// with fewer, the largest of them all would be below an end of its interval more often than allowed.
fn enough(scenario: &Scenario) -> u32 {
    let drains = |id: &MetricId<'_>| id.quantity == Quantity::DrainTime;
    let percentile = |path: &str| MetricId::parse(path).filter(drains)?.statistic.share();
    let needed = scenario
        .objectives
        .iter()
        .filter_map(|objective| percentile(&objective.metric))
        .map(|share| runs_needed(share, 1.0 - (1.0 - scenario.simulation.confidence) / ATTEMPTS));
    needed.max().unwrap_or(0).min(MOST_REPLICATIONS)
}

/// Messages of the first attempt: what the busiest queue needs to forget its start.
fn settled(scenario: &Scenario) -> u64 {
    let rho = theory::explain(scenario)
        .loads
        .iter()
        .filter(|load| !load.bounded)
        .filter_map(|load| load.fullest())
        .fold(0.0, f64::max);
    stopping::settled(scenario, rho).unwrap_or(u64::MAX)
}

/// A configuration whose backlog grows for ever meets no objective.
fn grown(scenario: &Scenario, refusal: Unanswered) -> Trial {
    let fail = |o: &crate::scenario::Objective| Judgement {
        objective: o.clone(),
        by: None,
        outcome: ObjectiveStatus::Fail,
    };
    Trial {
        answers: Vec::new(),
        unanswered: vec![refusal],
        objectives: scenario.objectives.iter().map(fail).collect(),
        outcome: ObjectiveStatus::Fail,
    }
}

/// Holds the objectives against an exact theory and a simulation; an approximation decides nothing here.
fn judged(scenario: &Scenario, theory: Option<&Answer>, simulated: Answer) -> Trial {
    let methods: Vec<Answer> =
        theory.filter(|t| t.exact).cloned().into_iter().chain([simulated.clone()]).collect();
    let mut judgements = objectives::judge(&scenario.objectives, &methods);
    objectives::judge_growth(&mut judgements, scenario);
    objectives::judge_outlasting(&mut judgements, scenario, &simulated);
    let answers: Vec<Answer> = theory.cloned().into_iter().chain([simulated]).collect();
    Trial { outcome: all(&judgements), answers, unanswered: Vec::new(), objectives: judgements }
}

/// What no engine plays is decided by theory, if any.
fn by_theory(scenario: &Scenario, theory: Result<Answer, Unanswered>, refusal: Unanswered) -> Trial {
    let (answers, mut unanswered) = match theory {
        Ok(answer) => (vec![answer], Vec::new()),
        Err(why) => (Vec::new(), vec![why]),
    };
    unanswered.push(refusal);
    let mut judgements = objectives::judge(&scenario.objectives, &answers);
    objectives::judge_growth(&mut judgements, scenario);
    Trial { outcome: all(&judgements), answers, unanswered, objectives: judgements }
}

fn all(judgements: &[Judgement]) -> ObjectiveStatus {
    let has = |outcome| judgements.iter().any(|j| j.outcome == outcome);
    if has(ObjectiveStatus::Fail) {
        ObjectiveStatus::Fail
    } else if has(ObjectiveStatus::Inconclusive) || judgements.is_empty() {
        ObjectiveStatus::Inconclusive
    } else {
        ObjectiveStatus::Pass
    }
}

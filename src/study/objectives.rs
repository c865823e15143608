//! Are the objectives met? By interval: a limit inside it is inconclusive.

use super::agreement::REHEARSAL_TOLERANCE;
use super::{Judgement, ObjectiveStatus, Study, methods, overload, transient};
use crate::answer::{
    Answer, Caveat, Estimate, Method, MetricId, PlaceId, Quantity, SimulationCaveat, Statistic, Trust,
    Unanswered,
};
use crate::load;
use crate::scenario::{Destination, Objective, Relation, Scenario};
use crate::theory;

/// An exact figure that is so near a limit, as a share of it, is the limit but for rounding.
const ROUNDING: f64 = 1e-9;

/// Holds every objective against the answers: the method that knows its metric best decides. A metric that
/// nobody knows is never passed, and nothing is decided where a simulation contradicts an exact theory.
pub(crate) fn judge(objectives: &[Objective], answers: &[Answer]) -> Vec<Judgement> {
    let one = |objective: &Objective| {
        let found =
            methods::best(answers, &objective.metric).map(|(answer, estimate)| (answer.method, *estimate));
        let by = found.map_or(ObjectiveStatus::Inconclusive, |(_, estimate)| outcome(objective, &estimate));
        let contrary = || {
            let simulated = answers
                .iter()
                .find(|a| a.method == Method::Simulation)
                .and_then(|a| a.get(&objective.metric));
            let other = simulated
                .map(|estimate| outcome(objective, estimate))
                .filter(|other| *other != ObjectiveStatus::Inconclusive);
            other.is_some_and(|other| other != by) && methods::contradicted(answers, &objective.metric)
        };
        let outcome = if found.is_some_and(|found| found.0 == Method::Theory) && contrary() {
            ObjectiveStatus::Inconclusive
        } else {
            by
        };
        Judgement { objective: objective.clone(), by: found.map(|f| f.0), outcome }
    };
    objectives.iter().map(one).collect()
}

/// On a broker that was measured, its own figures decide, unless the measurement is worthless: what a broker
/// adds is in no other method. A figure that contradicts them is only outvoted where it lies clearly on the
/// other side of the limit; a run that meets what the steady state misses may have been too short.
pub(super) fn judge_on_broker(judgements: &mut [Judgement], measured: &Answer) {
    for judgement in judgements {
        let Some(estimate) = measured.get(&judgement.objective.metric) else { continue };
        // What grows without end does so on a broker, too, whatever its first stretch was like.
        if judgement.by.is_none() && judgement.outcome == ObjectiveStatus::Fail {
            continue;
        }
        let seen = outcome(&judgement.objective, estimate);
        let clearly = || margin(&judgement.objective, estimate).is_none_or(|m| m < -REHEARSAL_TOLERANCE);
        judgement.outcome = match (seen, judgement.outcome) {
            _ if judgement.by.is_none() || seen == judgement.outcome => seen,
            (ObjectiveStatus::Fail, _) if clearly() => ObjectiveStatus::Fail,
            _ => ObjectiveStatus::Inconclusive,
        };
        judgement.by = Some(Method::Measurement);
    }
}

/// Holds what nobody could answer against a queue that grows without end: its waits, latencies and lengths
/// have no bound, so that a limit on them is missed, not undecided.
pub(super) fn judge_growth(judgements: &mut [Judgement], scenario: &Scenario) {
    let growing: Vec<usize> = theory::growing(scenario);
    for judgement in judgements.iter_mut().filter(|j| j.by.is_none()) {
        if growing.iter().any(|queue| grows(&judgement.objective.metric, *queue, scenario)) {
            judgement.outcome = outcome(&judgement.objective, &grown(&judgement.objective.metric));
        }
    }
}

/// What a metric of a queue that grows without end comes to: of the messages, fewer and fewer are within a
/// time.
fn grown(metric: &str) -> Estimate {
    let within = |id: &MetricId<'_>| matches!(id.statistic, Statistic::Within(_));
    MetricId::parse(metric).filter(within).map_or(Estimate::infinite(), |_| Estimate::exact(0.0))
}

/// Whether a metric is without bound because a queue is.
fn grows(metric: &str, queue: usize, scenario: &Scenario) -> bool {
    use Quantity::{DrainTime, InSystem, Latency, QueueLength, Wait};
    let Some(MetricId { place, quantity, statistic }) = MetricId::parse(metric) else { return false };
    let to = |p: &crate::scenario::Producer| p.to == Destination::Queue(queue);
    let through = match place {
        PlaceId::Queue(name) => scenario.queues[queue].name == name,
        PlaceId::Producer(name) => scenario.producers.iter().any(|p| p.name == name && to(p)),
        // A percentile of all messages is bounded if few enough of them wait in this queue.
        PlaceId::Total => scenario.producers.iter().all(to) || statistic == Statistic::Mean,
        PlaceId::Consumer(_) => false,
    };
    through && matches!(quantity, Latency | Wait | QueueLength | InSystem | DrainTime)
}

/// Holds a drain time that is withheld against its limit: it is missed if in no replication the backlog was gone
/// when all that was played was over, and the limit had passed by then.
pub(super) fn judge_outlasting(judgements: &mut [Judgement], scenario: &Scenario, simulated: &Answer) {
    let undecided = judgements
        .iter_mut()
        .filter(|judgement| judgement.by.is_none() && judgement.outcome == ObjectiveStatus::Inconclusive);
    for judgement in undecided {
        if outlasts(scenario, &judgement.objective, simulated) {
            (judgement.by, judgement.outcome) = (Some(Method::Simulation), ObjectiveStatus::Fail);
        }
    }
}

fn outlasts(scenario: &Scenario, objective: &Objective, simulated: &Answer) -> bool {
    let time = |id: &MetricId<'_>| !matches!(id.statistic, Statistic::Within(_));
    let Some(name) = drained(&objective.metric).filter(|(_, id)| time(id)).map(|(name, _)| name) else {
        return false;
    };
    let always = simulated.caveats.iter().any(|caveat| {
        matches!(caveat, Caveat::Simulation(SimulationCaveat::DrainWithheld { queue, late, replications })
            if queue == name && late == replications)
    });
    let below = matches!(objective.relation, Relation::Less | Relation::LessOrEqual);
    let watched = || {
        let end = transient::horizon(scenario).ok()?;
        Some(end - overload_end(scenario, name, end)?)
    };
    always && below && watched().is_some_and(|watched| watched >= objective.limit)
}

/// The queue whose time to drain a metric is.
fn drained(metric: &str) -> Option<(&str, MetricId<'_>)> {
    let id = MetricId::parse(metric).filter(|id| id.quantity == Quantity::DrainTime)?;
    match id.place {
        PlaceId::Queue(name) => Some((name, id)),
        _ => None,
    }
}

/// When the last overload of a queue ends; `None` where there is none.
fn overload_end(scenario: &Scenario, queue: &str, horizon: f64) -> Option<f64> {
    let queue = scenario.queues.iter().position(|of| of.name == queue)?;
    overload::overloads_end(scenario, horizon).get(queue).copied().flatten()
}

/// What was measured on a broker, if one was measured and the figures are not worthless.
pub(super) fn on_broker<'a>(scenario: &Scenario, answers: &'a [Answer]) -> Option<&'a Answer> {
    let measured = answers.iter().find(|a| a.method == Method::Measurement && a.trust() != Trust::Invalid);
    measured.filter(|_| load::is_broker(scenario))
}

/// Whether a broker was to be measured, and no measurement of it can be trusted.
pub(super) fn is_untold_broker(scenario: &Scenario, answers: &[Answer], unanswered: &[Unanswered]) -> bool {
    let tried = answers.iter().any(|a| a.method == Method::Measurement)
        || unanswered.iter().any(|u| u.method == Method::Measurement);
    tried && load::is_broker(scenario) && on_broker(scenario, answers).is_none()
}

/// What an ideal host meets is undecided on a broker of which nothing is known.
pub(super) fn judge_untold(judgements: &mut [Judgement]) {
    let passed = judgements.iter_mut().filter(|judgement| judgement.outcome == ObjectiveStatus::Pass);
    passed.for_each(|judgement| judgement.outcome = ObjectiveStatus::Inconclusive);
}

impl Study {
    /// The seconds over which means are taken, where there is no steady state and theory or a simulation says
    /// how it goes from its start.
    pub(crate) fn stretch(&self) -> Option<f64> {
        let played = [Method::Theory, Method::Simulation].into_iter().any(|by| self.answer(by).is_some());
        (played && transient::applies(&self.scenario)).then(|| transient::horizon(&self.scenario).ok())?
    }

    /// Whether a metric is the time in which a queue drains that is never overloaded.
    pub(crate) fn has_nothing_to_drain(&self, metric: &str) -> bool {
        let end =
            |name| transient::horizon(&self.scenario).ok().map(|end| overload_end(&self.scenario, name, end));
        drained(metric).and_then(|(name, _)| end(name)).is_some_and(|end| end.is_none())
    }

    /// Whether a broker was to be measured, and no measurement of it can be trusted.
    pub(crate) fn is_untold_broker(&self) -> bool {
        is_untold_broker(&self.scenario, &self.answers, &self.unanswered)
    }

    /// The answers that the first sentence tells of: that of a broker alone, where one was measured.
    pub(crate) fn telling(&self) -> &[Answer] {
        on_broker(&self.scenario, &self.answers).map_or(&self.answers, std::slice::from_ref)
    }

    /// The objective that matters most, with its margin where it is decided: one that is missed by most, one
    /// that is undecided, or the one that is met with the least to spare.
    pub(crate) fn tightest_objective(&self) -> Option<(&Judgement, Option<f64>)> {
        let margin = |j: &Judgement| margin(&j.objective, self.answer(j.by?)?.get(&j.objective.metric)?);
        let least = |outcome: ObjectiveStatus| {
            let all = self.objectives.iter().filter(|j| j.outcome == outcome);
            all.min_by(|a, b| margin(a).unwrap_or(0.0).total_cmp(&margin(b).unwrap_or(0.0)))
        };
        let judgement = least(ObjectiveStatus::Fail)
            .or_else(|| least(ObjectiveStatus::Inconclusive))
            .or_else(|| least(ObjectiveStatus::Pass))?;
        Some((judgement, margin(judgement).filter(|_| judgement.outcome != ObjectiveStatus::Inconclusive)))
    }
}

/// A figure, or the limit that differs from it by the rounding of its making only.
fn rounded(objective: &Objective, x: f64) -> f64 {
    if (x - objective.limit).abs() <= ROUNDING * objective.limit.abs() { objective.limit } else { x }
}

/// Whether an estimate meets an objective, both ends of its interval agreeing.
pub(crate) fn outcome(objective: &Objective, estimate: &Estimate) -> ObjectiveStatus {
    let met = |x: f64| {
        let x = rounded(objective, x);
        match objective.relation {
            Relation::Less => x < objective.limit,
            Relation::LessOrEqual => x <= objective.limit,
            Relation::Greater => x > objective.limit,
            Relation::GreaterOrEqual => x >= objective.limit,
        }
    };
    match (met(estimate.low()), met(estimate.high())) {
        (true, true) => ObjectiveStatus::Pass,
        (false, false) => ObjectiveStatus::Fail,
        _ => ObjectiveStatus::Inconclusive,
    }
}

/// How far an estimate is on the right side of an objective's limit, as a share of the limit; less than 0 on
/// the wrong side. `None` where either is 0 or without bound.
pub(crate) fn margin(objective: &Objective, estimate: &Estimate) -> Option<f64> {
    let below =
        1.0 - rounded(objective, estimate.value.filter(|_| objective.limit != 0.0)?) / objective.limit;
    Some(match objective.relation {
        Relation::Less | Relation::LessOrEqual => below,
        Relation::Greater | Relation::GreaterOrEqual => -below,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_that_straddles_the_limit_is_inconclusive() {
        let objective = Objective {
            metric: "total.latency.p99".into(),
            relation: Relation::Less,
            limit: 0.2,
            text: "< 200ms".into(),
        };
        let at = |value, half| outcome(&objective, &Estimate::with(value, Some(half)));
        assert_eq!(
            [at(0.15, 0.01), at(0.25, 0.01), at(0.195, 0.01)],
            [ObjectiveStatus::Pass, ObjectiveStatus::Fail, ObjectiveStatus::Inconclusive]
        );
        assert_eq!(outcome(&objective, &Estimate::infinite()), ObjectiveStatus::Fail);
        // What always is at the limit is not below it, whatever rounding left.
        assert_eq!(
            [at(0.2, 0.0), at(0.2 - 1e-16, 1e-17), at(0.2 + 1e-16, 1e-17)],
            [ObjectiveStatus::Fail; 3]
        );
        let at_most = Objective { relation: Relation::LessOrEqual, ..objective.clone() };
        assert_eq!(outcome(&at_most, &Estimate::with(0.2 + 1e-16, Some(1e-17))), ObjectiveStatus::Pass);
        assert_eq!(judge(&[objective], &[])[0].outcome, ObjectiveStatus::Inconclusive);
    }

    #[test]
    fn what_is_exact_decides_unless_the_simulation_contradicts_it() {
        let judged = |exact: f64, value: f64, half: f64, limit: f64| {
            let objective = Objective {
                metric: "total.latency.p99".into(),
                relation: Relation::LessOrEqual,
                limit,
                text: "<= limit".into(),
            };
            let of = |method, estimate| {
                let mut answer = Answer::new(method, "test");
                answer.set("total", "latency", "p99", estimate);
                answer
            };
            let answers = [
                of(Method::Theory, Estimate::exact(exact)),
                of(Method::Simulation, Estimate::with(value, Some(half))),
            ];
            let judgement = judge(&[objective], &answers).remove(0);
            (judgement.by, judgement.outcome)
        };
        // The interval straddles the limit; it misses the limit narrowly; it cannot be the exact figure's.
        assert_eq!(judged(0.0488, 0.051, 0.011, 0.06), (Some(Method::Theory), ObjectiveStatus::Pass));
        assert_eq!(judged(0.0599, 0.0605, 0.0004, 0.06), (Some(Method::Theory), ObjectiveStatus::Pass));
        assert_eq!(judged(0.05, 0.08, 0.002, 0.06), (Some(Method::Theory), ObjectiveStatus::Inconclusive));
    }

    #[test]
    fn a_broker_that_was_measured_decides() {
        let judged = |theory: f64, measured: f64| {
            let objective = Objective {
                metric: "total.latency.p99".into(),
                relation: Relation::Less,
                limit: 0.06,
                text: "< 60ms".into(),
            };
            let of = |method, value| {
                let mut answer = Answer::new(method, "test");
                answer.set("total", "latency", "p99", Estimate::exact(value));
                answer
            };
            let answers = [of(Method::Theory, theory), of(Method::Measurement, measured)];
            let mut judgements = judge(&[objective], &answers);
            judge_on_broker(&mut judgements, &answers[1]);
            assert_eq!(judgements[0].by, Some(Method::Measurement));
            judgements[0].outcome
        };
        assert_eq!(judged(0.048, 0.054), ObjectiveStatus::Pass);
        assert_eq!(judged(0.048, 1.8), ObjectiveStatus::Fail);
        assert_eq!(judged(0.048, 0.061), ObjectiveStatus::Inconclusive);
        assert_eq!(judged(0.065, 0.054), ObjectiveStatus::Inconclusive);
    }

    #[test]
    fn margins_are_shares_of_the_limit() {
        let of = |relation, limit, value| {
            let objective =
                Objective { metric: "total.latency.p99".into(), relation, limit, text: String::new() };
            margin(&objective, &Estimate::exact(value)).expect("a margin")
        };
        assert!(
            (of(Relation::Less, 0.2, 0.15) - 0.25).abs() < 1e-12
                && (of(Relation::Greater, 0.2, 0.15) + 0.25).abs() < 1e-12
        );
        assert_eq!(of(Relation::Less, 0.2, 0.2 + 1e-16), 0.0);
    }

    #[test]
    fn a_queue_that_grows_misses_limits_on_its_times_and_lengths() {
        use crate::workload::laws::Law;
        let of = |metric: &str, rate| {
            let scenario = Scenario::mgc(rate, Law::exponential(0.01), 1);
            let metric = metric
                .replace("QUEUE", &scenario.queues[0].name)
                .replace("PRODUCER", &scenario.producers[0].name);
            let objective = Objective { metric, relation: Relation::Less, limit: 0.2, text: "< 0.2".into() };
            let mut judgements = judge(&[objective], &[]);
            judge_growth(&mut judgements, &scenario);
            judgements[0].outcome
        };
        for metric in [
            "total.latency.p99",
            "producers.PRODUCER.latency.mean",
            "queues.QUEUE.wait.p50",
            "queues.QUEUE.queue_length.mean",
        ] {
            assert_eq!(of(metric, 150.0), ObjectiveStatus::Fail, "{metric}");
            assert_eq!(of(metric, 50.0), ObjectiveStatus::Inconclusive, "{metric}");
        }
        assert_eq!(of("queues.QUEUE.utilization", 150.0), ObjectiveStatus::Inconclusive);
        // A backlog that grows is never gone.
        assert_eq!(of("queues.QUEUE.drain_time.mean", 150.0), ObjectiveStatus::Fail);
        assert_eq!(of("queues.QUEUE.drain_time.within(1s)", 50.0), ObjectiveStatus::Inconclusive);
    }
}

//! Are the objectives met? By interval: a limit inside it is inconclusive.

use super::{Judgement, ObjectiveStatus, Study, methods};
use crate::answer::{Answer, Estimate, Method, MetricId, PlaceId, Quantity, Statistic};
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
    use Quantity::{InSystem, Latency, QueueLength, Wait};
    let Some(MetricId { place, quantity, statistic }) = MetricId::parse(metric) else { return false };
    let to = |p: &crate::scenario::Producer| p.to == Destination::Queue(queue);
    let through = match place {
        PlaceId::Queue(name) => scenario.queues[queue].name == name,
        PlaceId::Producer(name) => scenario.producers.iter().any(|p| p.name == name && to(p)),
        // A percentile of all messages is bounded if few enough of them wait in this queue.
        PlaceId::Total => scenario.producers.iter().all(to) || statistic == Statistic::Mean,
        PlaceId::Consumer(_) => false,
    };
    through && matches!(quantity, Latency | Wait | QueueLength | InSystem)
}

impl Study {
    /// The objective that matters most, with its margin where it is decided: one that is missed by most, one
    /// that is undecided, or the one that is met with the least to spare.
    pub(crate) fn tightest_objective(&self) -> Option<(&Judgement, Option<f64>)> {
        let margin = |j: &Judgement| {
            methods::best(&self.answers, &j.objective.metric).and_then(|(_, e)| margin(&j.objective, e))
        };
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
    }
}

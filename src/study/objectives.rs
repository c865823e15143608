//! Are the objectives met? By interval: a limit inside it is inconclusive.

use super::{Judgement, Met};
use crate::answer::{Answer, Estimate, Method};
use crate::scenario::{Destination, Objective, Relation, Scenario};
use crate::theory;

/// Who is asked, in this order: the first that knows the metric decides.
const JUDGES: &[Method] = &[Method::Simulation, Method::Theory, Method::Measurement];

/// Holds every objective against the answers. A metric that nobody knows is never passed.
pub fn judge(objectives: &[Objective], answers: &[Answer]) -> Vec<Judgement> {
    let one = |objective: &Objective| {
        let known = JUDGES.iter().filter_map(|m| answers.iter().find(|a| a.method == *m));
        let found = known.filter_map(|a| Some((a.method, *a.get(&objective.metric)?))).next();
        let outcome = found.map_or(Met::Inconclusive, |(_, estimate)| outcome(objective, &estimate));
        Judgement { objective: objective.clone(), by: found.map(|f| f.0), outcome }
    };
    objectives.iter().map(one).collect()
}

/// Holds what nobody could answer against a queue that grows without end: its waits, latencies and lengths have no bound,
/// so that a limit on them is missed, not undecided.
pub fn judge_growth(judgements: &mut [Judgement], scenario: &Scenario) {
    let growing: Vec<usize> = theory::growing(scenario);
    for judgement in judgements.iter_mut().filter(|j| j.by.is_none()) {
        if growing.iter().any(|queue| grows(&judgement.objective.metric, *queue, scenario)) {
            judgement.outcome = outcome(&judgement.objective, &Estimate::infinite());
        }
    }
}

/// Whether a metric is without bound because a queue is.
fn grows(metric: &str, queue: usize, scenario: &Scenario) -> bool {
    let mut parts = metric.rsplitn(3, '.');
    let (statistic, quantity, place) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    if !["latency", "wait", "queue_length", "in_system"].contains(&quantity) {
        return false;
    }
    let to = |p: &crate::scenario::Producer| p.to == Destination::Queue(queue);
    match place.split_once('.') {
        Some(("queues", name)) => scenario.queues[queue].name == name,
        Some(("producers", name)) => scenario.producers.iter().any(|p| p.name == name && to(p)),
        // A percentile of all messages is bounded if few enough of them wait in this queue.
        _ => place == "total" && (scenario.producers.iter().all(to) || statistic == "mean"),
    }
}

/// Whether an estimate meets an objective, both ends of its interval agreeing.
pub fn outcome(objective: &Objective, estimate: &Estimate) -> Met {
    // What differs by the rounding of its making is the same.
    let same = |difference: f64| difference.abs() <= 1e-9 * objective.limit.abs();
    let half = estimate.half_width.filter(|half| !same(*half)).unwrap_or(0.0);
    let value = estimate.value.unwrap_or(f64::INFINITY);
    let value = if same(value - objective.limit) { objective.limit } else { value };
    let met = |x: f64| match objective.relation {
        Relation::Less => x < objective.limit,
        Relation::LessOrEqual => x <= objective.limit,
        Relation::Greater => x > objective.limit,
        Relation::GreaterOrEqual => x >= objective.limit,
    };
    match (met(value - half), met(value + half)) {
        (true, true) => Met::Pass,
        (false, false) => Met::Fail,
        _ => Met::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_that_straddles_the_limit_is_inconclusive() {
        let objective = Objective { metric: "total.latency.p99".into(), relation: Relation::Less, limit: 0.2, text: "< 200ms".into() };
        let at = |value, half| outcome(&objective, &Estimate::with(value, Some(half)));
        assert_eq!([at(0.15, 0.01), at(0.25, 0.01), at(0.195, 0.01)], [Met::Pass, Met::Fail, Met::Inconclusive]);
        assert_eq!(outcome(&objective, &Estimate::infinite()), Met::Fail);
        // What always is at the limit is not below it, whatever rounding left.
        assert_eq!([at(0.2, 0.0), at(0.2 - 1e-16, 1e-17), at(0.2 + 1e-16, 1e-17)], [Met::Fail; 3]);
        let at_most = Objective { relation: Relation::LessOrEqual, ..objective.clone() };
        assert_eq!(outcome(&at_most, &Estimate::with(0.2 + 1e-16, Some(1e-17))), Met::Pass);
        assert_eq!(judge(&[objective], &[])[0].outcome, Met::Inconclusive);
    }

    #[test]
    fn a_queue_that_grows_misses_limits_on_its_times_and_lengths() {
        use crate::workload::laws::Law;
        let of = |metric: &str, rate| {
            let scenario = Scenario::mgc(rate, Law::exponential(0.01), 1);
            let metric = metric.replace("QUEUE", &scenario.queues[0].name).replace("PRODUCER", &scenario.producers[0].name);
            let objective = Objective { metric, relation: Relation::Less, limit: 0.2, text: "< 0.2".into() };
            let mut judgements = judge(&[objective], &[]);
            judge_growth(&mut judgements, &scenario);
            judgements[0].outcome
        };
        for metric in ["total.latency.p99", "producers.PRODUCER.latency.mean", "queues.QUEUE.wait.p50", "queues.QUEUE.queue_length.mean"] {
            assert_eq!(of(metric, 150.0), Met::Fail, "{metric}");
            assert_eq!(of(metric, 50.0), Met::Inconclusive, "{metric}");
        }
        assert_eq!(of("queues.QUEUE.utilization", 150.0), Met::Inconclusive);
    }
}

//! Are the objectives met? By interval: a limit inside it is inconclusive.

use super::{Judgement, Met};
use crate::answer::{Answer, Estimate, Method};
use crate::scenario::{Objective, Relation};

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

/// Whether an estimate meets an objective, both ends of its interval agreeing.
pub fn outcome(objective: &Objective, estimate: &Estimate) -> Met {
    let value = estimate.value.unwrap_or(f64::INFINITY);
    let half = estimate.half_width.unwrap_or(0.0);
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
        assert_eq!(judge(&[objective], &[])[0].outcome, Met::Inconclusive);
    }
}

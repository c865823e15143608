//! More replications where they decide: at points of which an objective is undecided.

use super::SweepPoint;
use crate::answer::{Answer, Method, Unanswered};
use crate::scenario::Scenario;
use crate::study::ObjectiveStatus;

/// Each time there are at most so many times as many replications: few steps, for each time that they are
/// looked at is one more at which an interval can be wrong.
const STEP: u32 = 4;

/// Up to how many times the replications of a sweep's points there are; 1 is as many as the scenario says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refinement(pub u32);

impl Refinement {
    /// As many replications as the scenario says.
    pub const NONE: Refinement = Refinement(1);

    /// Whether points may have more replications than the scenario says.
    pub fn adds(self) -> bool {
        self.0 > 1
    }

    /// How many times it is looked at most whether a point is decided.
    pub fn looks(self) -> u32 {
        let more = std::iter::successors(Some(1), |times: &u32| {
            (*times < self.0).then(|| times.saturating_mul(STEP).min(self.0))
        });
        more.count() as u32
    }

    /// The scenario of a point with more replications, where an interval straddles a limit and what is known
    /// does not miss another; `first` is how many there were at first.
    pub(super) fn further(self, scenario: &Scenario, point: &SweepPoint, first: u32) -> Option<Scenario> {
        let made = point.replications()?;
        let most = first.saturating_mul(self.0);
        if made < 2 || made >= most || !is_undecided(scenario, point) {
            return None;
        }
        let mut more = scenario.clone();
        more.simulation.replications = made.saturating_mul(STEP).min(most);
        Some(more)
    }
}

/// Whether more replications may decide whether a point meets its objectives.
fn is_undecided(scenario: &Scenario, point: &SweepPoint) -> bool {
    let starts = scenario.is_of_the_start();
    let judged = scenario.objectives.iter().map(|objective| (objective, point.meets(objective, starts)));
    let judged: Vec<_> = judged.collect();
    let simulated = |metric: &str| {
        point.best(metric).is_some_and(|(answer, figure)| {
            answer.method == Method::Simulation && figure.half_width.is_some()
        })
    };
    judged.iter().all(|(_, status)| *status != ObjectiveStatus::Fail)
        && judged.iter().any(|(objective, status)| {
            *status == ObjectiveStatus::Inconclusive && simulated(&objective.metric)
        })
}

impl SweepPoint {
    /// How many replications its simulation has made, if it has one.
    pub fn replications(&self) -> Option<u32> {
        self.answers.iter().find(|answer| answer.method == Method::Simulation)?.replications
    }

    /// Takes what a method found in the place of what it has found before.
    pub(super) fn take(&mut self, method: Method, found: Result<Answer, Unanswered>) {
        self.answers.retain(|answer| answer.method != method);
        self.unanswered.retain(|unanswered| unanswered.method != method);
        match found {
            Ok(answer) => self.answers.push(answer),
            Err(why) => self.unanswered.push(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Estimate;
    use crate::scenario::{Objective, Relation};
    use crate::workload::laws::Law;

    #[test]
    fn looks_are_few() {
        assert_eq!([1, 2, 4, 5, 16, 100].map(|most| Refinement(most).looks()), [1, 2, 2, 3, 3, 5]);
    }

    #[test]
    fn only_what_is_undecided_has_more_and_up_to_the_most() {
        let objective = |metric: &str| Objective {
            metric: metric.into(),
            relation: Relation::Less,
            limit: 0.2,
            text: "< 200ms".into(),
        };
        let mut scenario = Scenario::mgc(50.0, Law::exponential(0.01), 1);
        scenario.objectives = vec![objective("total.latency.p99"), objective("total.loss")];
        let point = |p99: Estimate, loss: f64, made: u32| {
            let mut answer = Answer::new(Method::Simulation, "test");
            answer.replications = Some(made);
            answer.set("total", "latency", "p99", p99);
            answer.metrics.insert("total.loss".into(), Estimate::with(loss, Some(0.01)));
            SweepPoint { index: 0, values: Vec::new(), answers: vec![answer], unanswered: Vec::new() }
        };
        let next = |p99, loss, made| {
            let further = Refinement(10).further(&scenario, &point(p99, loss, made), 10);
            further.map(|scenario| scenario.simulation.replications)
        };
        let straddles = Estimate::with(0.19, Some(0.02));
        assert_eq!([10, 40, 100].map(|made| next(straddles, 0.1, made)), [Some(40), Some(100), None]);
        assert_eq!(next(Estimate::with(0.17, Some(0.02)), 0.1, 10), None);
        // It is missed whatever the latency is; one long run has no replications; nothing tells its width.
        assert_eq!(next(straddles, 0.3, 10), None);
        assert_eq!(next(straddles, 0.1, 1), None);
        assert_eq!(next(Estimate { half_width: None, ..straddles }, 0.1, 10), None);
        assert!(Refinement::NONE.further(&scenario, &point(straddles, 0.1, 10), 10).is_none());
    }
}

//! A queue whose dead letters lie in another that nobody consumes: for its own messages it is as if they were
//! lost, and they are not.

use super::traffic::alone;
use crate::answer::{Answer, Estimate, Unanswered, path};
use crate::scenario::{Ack, Overflow, Scenario};

/// The queue that is served and the one in which its dead letters lie, if these are all that there is.
fn queues(scenario: &Scenario) -> Option<(usize, usize)> {
    let rests = |queue: &usize| scenario.keeps_for_good(*queue) && scenario.takes_only_dead_letters(*queue);
    let (served, dead) = match scenario.queues.len() {
        2 => (0..2).map(|dead| (1 - dead, dead)).find(|(_, dead)| rests(dead))?,
        _ => return None,
    };
    let queue = &scenario.queues[served];
    // Otherwise some are lost and some end as dead letters, of which a model of the one queue knows the sum.
    let rejects = queue.max_length.is_some() && queue.overflow != Overflow::DropHead;
    let kept = |(_, c): (usize, &crate::scenario::Consumer)| c.ack == Ack::Manual && c.to.is_empty();
    (queue.dead_letter == Some(dead)
        && !rejects
        && scenario.topics.is_empty()
        && scenario.consumers_of(served).all(kept))
    .then_some((served, dead))
}

/// What theory says of the queue that is served, its losses told as dead letters; `None` if the scenario is
/// of another kind.
pub(super) fn answer(scenario: &Scenario) -> Option<Result<Answer, Unanswered>> {
    let (served, dead) = queues(scenario)?;
    let mut own = alone(scenario, served)?;
    own.simulation = scenario.simulation.clone();
    Some(super::answer(&own).map(|answer| told(answer, scenario, (served, dead))))
}

fn told(mut answer: Answer, scenario: &Scenario, (served, dead): (usize, usize)) -> Answer {
    let name = &scenario.queues[served].name;
    let places = ["total".to_string(), format!("queues.{name}")].into_iter();
    for place in places.chain(scenario.producers.iter().map(|p| format!("producers.{}", p.name))) {
        if let Some(lost) = answer.metrics.insert(path(&place, "loss", ""), Estimate::exact(0.0)) {
            answer.set(&place, "dead_lettered", "", lost);
        }
    }
    let of =
        |metric: &str| answer.get(&format!("queues.{name}.{metric}")).and_then(|e| e.value).unwrap_or(0.0);
    let rate = of("arrival_rate") * of("dead_lettered");
    let place = format!("queues.{}", scenario.queues[dead].name);
    for (metric, value) in [("arrival_rate", rate), ("growth", rate), ("throughput", 0.0)] {
        answer.set(&place, metric, "", Estimate::exact(value));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Queue;
    use crate::theory;
    use crate::workload::laws::Law;

    /// 50 messages a second for one server of 10 ms of which a fifth fails: of three deliveries all fail for
    /// one message in 125.
    fn failing() -> Scenario {
        let mut s = Scenario::mgc(50.0, Law::exponential(0.01), 1);
        s.consumers[0].failure = 0.2;
        (s.queues[0].delivery_limit, s.queues[0].dead_letter) = (Some(3), Some(1));
        s.queues.push(Queue { name: "dead".into(), ..Queue::default() });
        s
    }

    #[test]
    fn what_fails_too_often_is_dead_and_not_lost() {
        let answer = theory::answer(&failing()).expect("M/M/1 with retries");
        let of = |path: &str| answer.get(path).and_then(|e| e.value).expect(path);
        assert!((of("total.dead_lettered") - 0.008).abs() < 1e-12 && of("total.loss") == 0.0);
        assert!(
            (of("queues.dead.growth") - 0.4).abs() < 1e-9
                && of("queues.dead.arrival_rate") == of("queues.dead.growth")
        );
        // The same queue without the other one.
        let mut alone = failing();
        (alone.queues[0].dead_letter, alone.queues) =
            (None, vec![Queue { dead_letter: None, ..alone.queues[0].clone() }]);
        let lossy = theory::answer(&alone).expect("M/M/1 with retries");
        assert_eq!(lossy.get("total.latency.p99"), answer.get("total.latency.p99"));
    }

    #[test]
    fn where_some_are_lost_as_well_nothing_is_said() {
        let mut s = failing();
        s.queues[0].max_length = Some(4);
        assert!(theory::answer(&s).is_err());
        let mut s = failing();
        s.consumers[0].ack = Ack::Auto;
        assert!(theory::answer(&s).is_err());
    }
}

//! What the work alone makes of an objective on the latency: a bound from below that neither fewer messages
//! nor more servers change.

use crate::answer::{MetricId, PlaceId, Quantity, Statistic};
use crate::scenario::{Discipline, Relation, Scenario};
use crate::workload::laws::Law;

/// A statistic of the work alone by which an objective is missed.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkAlone {
    /// The objective's metric.
    pub metric: String,
    /// The objective as it is written: `< 200ms`.
    pub text: String,
    /// What the work alone makes of its statistic: seconds, or the share that is done within a time.
    pub value: f64,
}

/// By how much an exact figure may be beyond a limit that it equals.
const ROUNDING: f64 = 1e-9;

/// The first objective that the work alone misses, in a scenario of one queue whose latencies are no shorter
/// than the work.
pub fn work_alone(scenario: &Scenario) -> Option<WorkAlone> {
    let work = |id: &MetricId<'_>| works(scenario, id).filter(|_| id.quantity == Quantity::Latency);
    scenario.objectives.iter().find_map(|objective| {
        let id = MetricId::parse(&objective.metric)?;
        let law = work(&id)?;
        let below = matches!(objective.relation, Relation::Less | Relation::LessOrEqual);
        let value = match id.statistic {
            Statistic::Mean if below => law.mean(),
            Statistic::Percentile(share) if below => law.inverse(share),
            Statistic::Within(time) if !below => law.cdf(time),
            _ => return None,
        };
        let missed = match below {
            true => value > objective.limit * (1.0 + ROUNDING),
            false => value < objective.limit * (1.0 - ROUNDING),
        };
        missed.then(|| WorkAlone { metric: objective.metric.clone(), text: objective.text.clone(), value })
    })
}

/// The law of the work of the messages that a metric is about; `None` where messages that are done may have
/// less of it.
fn works<'a>(scenario: &'a Scenario, id: &MetricId<'_>) -> Option<&'a Law> {
    let ([queue], [group], []) =
        (scenario.queues.as_slice(), scenario.consumers.as_slice(), scenario.topics.as_slice())
    else {
        return None;
    };
    let plain = group.batch.is_none()
        && group.to.is_empty()
        && !group.has_speeds()
        && group.service_rate.is_none()
        && queue.visibility_timeout.is_none()
        // Of several copies the first that is done counts.
        && scenario.producers.iter().all(|p| p.most_copies().is_none());
    // Where only some are served, those whose turn comes by their work would be the short ones.
    let all =
        queue.discipline != Discipline::Shortest || queue.max_length.is_none() && queue.message_ttl.is_none();
    let whose = |producer: &'a crate::scenario::Producer| {
        producer.service_time.as_ref().unwrap_or(&group.service_time)
    };
    let law = match id.place {
        PlaceId::Producer(name) => scenario.producers.iter().find(|p| p.name == name).map(whose),
        PlaceId::Total => {
            let mut laws = scenario.producers.iter().map(whose);
            laws.next().filter(|first| laws.all(|other| other == *first))
        }
        _ => None,
    };
    law.filter(|_| plain && all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Hedge, Objective};

    fn asked(metric: &str, relation: Relation, limit: f64) -> Option<f64> {
        let mut scenario = Scenario::mgc(10.0, Law::exponential(0.1), 4);
        let (metric, text) = (metric.to_string(), String::new());
        scenario.objectives = vec![Objective { metric, relation, limit, text }];
        work_alone(&scenario).map(|found| found.value)
    }

    #[test]
    fn an_exponential_tail_is_known() {
        let p99 = 0.1 * 100f64.ln();
        let found = asked("total.latency.p99", Relation::Less, 0.4).expect("0.46 s are more than 0.4 s");
        assert!((found - p99).abs() < 1e-9, "{found}");
        assert_eq!(asked("total.latency.p99", Relation::Less, 0.5), None);
        assert_eq!(asked("total.latency.p99", Relation::LessOrEqual, p99), None);
        assert_eq!(asked("total.latency.mean", Relation::Less, 0.09), Some(0.1));
        let within = asked("total.latency.within(100ms)", Relation::Greater, 0.9).expect("1 − 1/e");
        assert!((within - (1.0 - (-1f64).exp())).abs() < 1e-12);
        // The first of two copies is done sooner than the work takes.
        let mut hedged = Scenario::mgc(10.0, Law::exponential(0.1), 4);
        hedged.producers[0].hedge = Some(Hedge { after: 0.05, at_most: 1 });
        let (metric, text) = ("total.latency.p99".to_string(), String::new());
        hedged.objectives = vec![Objective { metric, relation: Relation::Less, limit: 0.4, text }];
        assert_eq!(work_alone(&hedged), None);
        // What waits is no matter of the work.
        assert_eq!(asked("queues.queue.wait.p99", Relation::Less, 1e-6), None);
    }
}

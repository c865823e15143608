//! Whether anything in a scenario is a matter of chance.

use super::model::{Batch, Consumer, Deliver, Discipline, Producer, Queue, Scenario, ServerChoice};
use crate::workload::laws::Law;

impl Scenario {
    /// Whether chance decides anything: when messages come, what work they bring, which way they go. Where it
    /// does not, a queue that is just busy all the time need not grow.
    pub(crate) fn has_chance(&self) -> bool {
        let topics = self
            .topics
            .iter()
            .any(|t| matches!(t.deliver, Deliver::Random | Deliver::PowerOfTwo | Deliver::ByKey));
        topics
            || self.producers.iter().any(sends)
            || self.queues.iter().any(keeps)
            || self.consumers.iter().any(works)
    }
}

fn perhaps(probability: f64) -> bool {
    probability > 0.0 && probability < 1.0
}

fn sends(producer: &Producer) -> bool {
    let work = producer.service_time.as_ref().is_some_and(Law::varies);
    !producer.arrivals.is_regular()
        || !matches!(producer.batch, Batch::Fixed(_))
        || producer.send_time.varies()
        || work
        || producer.failure.is_some_and(perhaps)
        || producer.ttl.as_ref().is_some_and(Law::varies)
}

fn keeps(queue: &Queue) -> bool {
    queue.discipline == Discipline::Random
        || queue.message_ttl.as_ref().is_some_and(Law::varies)
        || queue.deliver_after.as_ref().is_some_and(Law::varies)
        || queue.partitions.is_some()
}

fn works(consumer: &Consumer) -> bool {
    let outages = consumer.outages.as_ref().is_some_and(|o| o.up.varies() || o.down.varies());
    let jitter = consumer.retry_delay.is_some_and(|delay| delay.jitter);
    let service = consumer.service_time.varies() || consumer.service_time_per_message.varies();
    service
        || outages
        || jitter
        || consumer.transit.as_ref().is_some_and(Law::varies)
        || consumer.choice == ServerChoice::Random
        || !consumer.weights.is_empty()
        || consumer.range_needed().0 != consumer.range_needed().1
        || perhaps(consumer.failure)
        || consumer.to.iter().any(|route| perhaps(route.probability))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Arrivals;

    #[test]
    fn constants_have_no_chance() {
        let mut s = Scenario::mgc(1.0, Law::deterministic(1.0), 1);
        assert!(s.has_chance());
        s.producers[0].arrivals = Arrivals::Periodic;
        assert!(!s.has_chance());
        s.consumers[0].failure = 0.1;
        assert!(s.has_chance());
    }
}

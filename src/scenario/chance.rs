//! Whether anything in a scenario is a matter of chance.

use super::model::{Arrivals, Batch, Consumer, Deliver, Discipline, Producer, Queue, Scenario};
use crate::workload::laws::Law;

impl Scenario {
    /// Whether chance decides anything: when messages come, what work they bring, which way they go. Where it does not, a queue that is
    /// just busy all the time need not grow.
    pub(crate) fn has_chance(&self) -> bool {
        let topics = self.topics.iter().any(|t| matches!(t.deliver, Deliver::Random | Deliver::PowerOfTwo | Deliver::ByKey));
        topics || self.producers.iter().any(sends) || self.queues.iter().any(keeps) || self.consumers.iter().any(works)
    }
}

fn varies(law: &Law) -> bool {
    // Less than rounding.
    law.scv() > 1e-14
}

fn perhaps(probability: f64) -> bool {
    probability > 0.0 && probability < 1.0
}

fn sends(producer: &Producer) -> bool {
    let regular = match &producer.arrivals {
        Arrivals::Periodic | Arrivals::Trace { .. } => true,
        Arrivals::Renewal { gap } => !varies(gap),
        Arrivals::Closed { think_time, .. } => !varies(think_time),
        Arrivals::Poisson | Arrivals::Mmpp { .. } | Arrivals::Schedule { .. } => false,
    };
    let work = producer.service_time.as_ref().is_some_and(varies);
    !regular || !matches!(producer.batch, Batch::Fixed(_)) || varies(&producer.send_time) || work || producer.failure.is_some_and(perhaps)
}

fn keeps(queue: &Queue) -> bool {
    queue.discipline == Discipline::Random || queue.message_ttl.as_ref().is_some_and(varies) || queue.partitions.is_some()
}

fn works(consumer: &Consumer) -> bool {
    let outages = consumer.outages.as_ref().is_some_and(|o| varies(&o.up) || varies(&o.down));
    let jitter = consumer.retry_delay.is_some_and(|delay| delay.jitter);
    let service = varies(&consumer.service_time) || varies(&consumer.service_time_per_message);
    service || outages || jitter || perhaps(consumer.failure) || consumer.to.iter().any(|route| perhaps(route.probability))
}

#[cfg(test)]
mod tests {
    use super::*;

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

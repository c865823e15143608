//! How long deliveries took, as the servers that were free for them saw it.

use crate::message::HandOff;
use crate::scenario::Scenario;

/// How long a broker takes to deliver, on average, in nanoseconds; 0 where it was not seen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct DeliveryTimes {
    /// From the sending of a message to its server, which has nothing to do.
    pub idle_hop: f64,
    /// From the end of a service to the next message in hand, if one waits.
    pub turnaround: f64,
}

/// A message's first delivery in a queue: from the instant at which it and its server were there until the
/// server had it. When a later one could have come no record tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeliverySample {
    pub hand_off: HandOff,
    pub queue: u32,
    /// When the server had it, in nanoseconds from the start.
    pub at: u64,
    /// Whether the server had nothing to do before.
    pub idle: bool,
}

/// The means of those from an instant on; where there are none, what was known before.
pub(super) fn times(samples: &[DeliverySample], since: u64, before: DeliveryTimes) -> DeliveryTimes {
    let mean = |idle: bool, unseen: f64| {
        let (count, sum) = samples
            .iter()
            .filter(|sample| sample.at >= since && sample.idle == idle)
            .fold((0_u64, 0_u64), |(count, sum), sample| (count + 1, sum + sample.hand_off.nanos));
        if count > 0 { sum as f64 / count as f64 } else { unseen }
    };
    DeliveryTimes { idle_hop: mean(true, before.idle_hop), turnaround: mean(false, before.turnaround) }
}

/// Nanoseconds of each, by the metric's path without its statistic: those to an idle server by queue, the
/// others by consumer group.
pub(super) fn by_metric(scenario: &Scenario, samples: &[DeliverySample]) -> Vec<(String, Vec<u64>)> {
    let of = |keep: &dyn Fn(&DeliverySample) -> bool| {
        samples.iter().filter(|sample| keep(sample)).map(|sample| sample.hand_off.nanos).collect()
    };
    let hops = scenario.queues.iter().enumerate().map(|(index, queue)| {
        (format!("queues.{}.hop", queue.name), of(&|sample| sample.idle && sample.queue as usize == index))
    });
    let turnarounds = scenario.consumers.iter().enumerate().map(|(index, consumer)| {
        let own = |sample: &DeliverySample| !sample.idle && sample.hand_off.consumer as usize == index;
        (format!("consumers.{}.turnaround", consumer.name), of(&own))
    });
    hops.chain(turnarounds).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::laws::Law;

    fn sample(at: u64, nanos: u64, idle: bool) -> DeliverySample {
        DeliverySample { hand_off: HandOff { consumer: 0, message: at, count: 0, nanos }, queue: 0, at, idle }
    }

    #[test]
    fn means_are_of_what_came_later() {
        let all = [sample(5, 900, true), sample(10, 300, true), sample(12, 500, true), sample(13, 70, false)];
        let before = DeliveryTimes { idle_hop: 1.0, turnaround: 2.0 };
        assert_eq!(times(&all, 10, before), DeliveryTimes { idle_hop: 400.0, turnaround: 70.0 });
        assert_eq!(times(&all, 13, before), DeliveryTimes { idle_hop: 1.0, turnaround: 70.0 });
        let metrics = by_metric(&Scenario::mgc(1.0, Law::exponential(0.1), 1), &all);
        assert_eq!(metrics[0], ("queues.queue.hop".into(), vec![900, 300, 500]));
        assert_eq!(metrics[1], ("consumers.consumers.turnaround".into(), vec![70]));
    }
}

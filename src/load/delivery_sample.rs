//! How long deliveries took, as the servers that were free for them saw it.

use crate::message::HandOff;
use crate::scenario::Scenario;
use crate::units::seconds;
use crate::workload::laws::{Empirical, Law};

/// Of the times that were seen, the longest are told one by one, the others as the means of as many parts.
const LONGEST: usize = 32;
const PARTS: usize = 64;

/// How long a broker takes to deliver, in seconds of real time; 0 where it was not seen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DeliveryTimes {
    /// From the sending of a message to its server, which has nothing to do.
    pub idle_hop: Law,
    /// From the end of a service to the next message in hand, if one waits.
    pub turnaround: Law,
}

impl DeliveryTimes {
    /// Always as long, in nanoseconds.
    pub(super) fn constant([idle_hop, turnaround]: [f64; 2]) -> Self {
        let law = |nanos: f64| Law::deterministic(nanos / 1e9);
        DeliveryTimes { idle_hop: law(idle_hop), turnaround: law(turnaround) }
    }
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

/// The laws of those from an instant on; where there are none, what was known before.
pub(super) fn times(samples: &[DeliverySample], since: u64, before: &DeliveryTimes) -> DeliveryTimes {
    let of = |idle: bool, unseen: &Law| {
        let seen = samples.iter().filter(|sample| sample.at >= since && sample.idle == idle);
        law(seen.map(|sample| sample.hand_off.nanos).collect()).unwrap_or_else(|| unseen.clone())
    };
    DeliveryTimes { idle_hop: of(true, &before.idle_hop), turnaround: of(false, &before.turnaround) }
}

/// The law of times in nanoseconds, with their mean; `None` if there are none.
fn law(mut nanos: Vec<u64>) -> Option<Law> {
    nanos.sort_unstable();
    let (others, longest) = nanos.split_at(nanos.len().saturating_sub(LONGEST));
    let parts = others.chunks(others.len().div_ceil(PARTS).max(1)).chain(longest.chunks(1));
    let (values, weights): (Vec<f64>, Vec<f64>) = parts
        .map(|part| {
            let count = part.len() as f64;
            (part.iter().map(|&time| seconds(time)).sum::<f64>() / count, count)
        })
        .unzip();
    Empirical::new(&values, &weights).map(Law::Empirical)
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

    /// Ten thousand times and some that are far longer: mean and variance are kept.
    #[test]
    fn a_law_has_the_moments_of_what_was_seen() {
        let nanos: Vec<u64> =
            (0..10_000).map(|i| 100_000 + 37 * (i * 7_919 % 10_000)).chain([5_000_000; 9]).collect();
        let count = nanos.len() as f64;
        let moment = |n: i32| nanos.iter().map(|&t| (t as f64 / 1e9).powi(n)).sum::<f64>() / count;
        let (first, second) = (moment(1), moment(2));
        let found = law(nanos).expect("there are some");
        assert!((found.mean() / first - 1.0).abs() < 1e-12);
        assert!((found.moment(2) / second - 1.0).abs() < 1e-3);
        assert_eq!(law(Vec::new()), None);
    }

    fn sample(at: u64, nanos: u64, idle: bool) -> DeliverySample {
        DeliverySample { hand_off: HandOff { consumer: 0, message: at, count: 0, nanos }, queue: 0, at, idle }
    }

    #[test]
    fn laws_are_of_what_came_later() {
        let all = [sample(5, 900, true), sample(10, 300, true), sample(12, 500, true), sample(13, 70, false)];
        let before = DeliveryTimes::constant([1.0, 2.0]);
        let means = |times: DeliveryTimes| [times.idle_hop, times.turnaround].map(|law| law.mean() * 1e9);
        let close =
            |found: [f64; 2], told: [f64; 2]| found.iter().zip(told).all(|(f, t)| (f - t).abs() < 1e-6);
        assert!(close(means(times(&all, 10, &before)), [400.0, 70.0]));
        assert!(close(means(times(&all, 13, &before)), [1.0, 70.0]));
        let metrics = by_metric(&Scenario::mgc(1.0, Law::exponential(0.1), 1), &all);
        assert_eq!(metrics[0], ("queues.queue.hop".into(), vec![900, 300, 500]));
        assert_eq!(metrics[1], ("consumers.consumers.turnaround".into(), vec![70]));
    }
}

//! Deliveries: how often a message is delivered, what it is given up for, and the work that its deliveries
//! bring.

use super::capacity::{capacity, cut_short, per_delivery, per_message, works_alone};
use super::model::{Ack, Consumer, Discipline, LateAck, Preemption, Producer, RetryOrder, Scenario};
use crate::workload::laws::Law;

/// A share of messages that is too rare to matter.
const RARE: f64 = 1e-9;

/// What becomes of a message that may be delivered again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tries {
    /// Mean deliveries.
    pub deliveries: f64,
    /// The share that is given up.
    pub given_up: f64,
    /// The mean work of a delivery, as a multiple of that of a message.
    pub weight: f64,
    /// Seconds for which its server keeps it between its deliveries.
    pub kept: f64,
}

/// Seconds for which a server keeps a message until its next deliveries, where it does.
fn kept(limit: Option<u32>, group: &Consumer, failure: f64) -> f64 {
    let blocks = group.retry_order == RetryOrder::Blocking && group.ack == Ack::Manual;
    let Some(retry) = group.retry_delay.filter(|_| blocks && failure > 0.0) else { return 0.0 };
    if failure >= 1.0 && limit.is_none() {
        return f64::INFINITY;
    }
    let (mut sum, mut failed) = (0.0, 1.0);
    for n in 1..limit.unwrap_or(u32::MAX) {
        failed *= failure;
        sum += failed * retry.mean(n);
        if failed * retry.max / (1.0 - failure) < RARE * sum || n > 1_000_000 {
            break;
        }
    }
    sum
}

/// A message is delivered again if its handler fails by `failure`, or is not done in time: each time by
/// chance, or always where its work stays the same. Where consumers hold messages that they do not work at
/// yet, more of them are late.
pub(super) fn tries(
    scenario: &Scenario,
    group: &Consumer,
    failure: f64,
    service: &Law,
    brought: bool,
) -> Tries {
    let limit = scenario.deliveries_at_most(group);
    // How many late ones count nobody knows: as if all did, which is the least.
    let timeout = scenario.queues[group.from].visibility_timeout.filter(|_| {
        group.ack == Ack::Manual
            && works_alone(group)
            && scenario.queues[group.from].late_ack == LateAck::Void
    });
    let late = timeout.map_or(0.0, |timeout| 1.0 - service.cdf(timeout));
    let too_often = |again: f64| limit.map_or(0.0, |limit| again.powf(f64::from(limit)));
    if let Some(timeout) = timeout.filter(|_| late > RARE && group.repeats_work(brought)) {
        let (in_time, always) = (deliveries(limit, failure), deliveries(limit, 1.0));
        let long = work_beyond(service, timeout) / service.mean();
        let mean = (1.0 - late) * in_time + late * always;
        let work = (1.0 - long) * in_time + long * always;
        let weight = if mean.is_finite() { work / mean } else { 1.0 };
        return Tries {
            deliveries: mean,
            given_up: (1.0 - late) * too_often(failure) + late * too_often(1.0),
            weight,
            kept: 0.0,
        };
    }
    let again = late + (1.0 - late) * failure;
    // What an outage interrupts begins anew.
    let cut = cut_short(group, service).map_or(0.0, |(cut, _)| cut);
    Tries {
        deliveries: deliveries(limit, cut + (1.0 - cut) * again),
        given_up: too_often(again),
        weight: 1.0,
        kept: kept(limit, group, failure),
    }
}

/// The work beyond a time: E\[S; S > t\] = t P(S > t) + ∫ P(S > x) dx from t on, the integral being the mean
/// less that up to t.
fn work_beyond(law: &Law, time: f64) -> f64 {
    let steps = 2000;
    let step = time / f64::from(steps);
    let beyond = |x: f64| 1.0 - law.cdf(x);
    let midpoints: f64 = (0..steps).map(|i| beyond((f64::from(i) + 0.5) * step)).sum();
    (time * beyond(time) + law.mean() - step * midpoints).clamp(0.0, law.mean())
}

/// Mean deliveries of a message: a geometric number, cut off at the limit.
fn deliveries(limit: Option<u32>, failure: f64) -> f64 {
    match limit {
        Some(limit) if failure >= 1.0 => f64::from(limit),
        Some(limit) => (1.0 - failure.powf(f64::from(limit))) / (1.0 - failure),
        None => 1.0 / (1.0 - failure),
    }
}

/// Work of a server for a message of a producer, all its deliveries together, in seconds.
pub(super) fn work_of(scenario: &Scenario, group: &Consumer, producer: Option<&Producer>) -> f64 {
    let own = producer.and_then(|p| p.service_time.as_ref());
    let failure = producer.and_then(|p| p.failure).unwrap_or(group.failure);
    let tries = tries(scenario, group, failure, own.unwrap_or(&group.service_time), own.is_some());
    let each = own.map_or_else(|| per_message(group), |law| per_delivery(group, law));
    tries.deliveries * tries.weight * each + tries.kept
}

/// Whether it is known how many deliveries of a group are not done in time, if there is a time.
pub(super) fn timely(scenario: &Scenario, group: &Consumer) -> bool {
    let queue = &scenario.queues[group.from];
    let whole = queue.preemption == Preemption::None && queue.discipline != Discipline::ProcessorSharing;
    let counted = queue.late_ack == LateAck::Void;
    works_alone(group) && group.prefetch <= 1 && group.outages.is_none() && whole && counted
}

/// Whether the messages of a producer are delivered again by a law of their own.
pub(super) fn apart(scenario: &Scenario, queue: usize, producer: &Producer) -> bool {
    let interrupted = || scenario.consumers_of(queue).any(|(_, c)| c.is_broken_off());
    let limited = || scenario.queues[queue].visibility_timeout.is_some() || interrupted();
    producer.failure.is_some() || producer.service_time.is_some() && limited()
}

/// What becomes of a producer's message to a group.
pub(super) fn tries_of(scenario: &Scenario, group: &Consumer, producer: &Producer) -> Tries {
    let service = producer.service_time.as_ref().unwrap_or(&group.service_time);
    tries(
        scenario,
        group,
        producer.failure.unwrap_or(group.failure),
        service,
        producer.service_time.is_some(),
    )
}

/// The share of a group's messages that are delivered too often; `own` are the producers that feed its queue
/// directly.
pub(super) fn given_up(scenario: &Scenario, queue: usize, group: &Consumer, own: &[&Producer]) -> f64 {
    let rate: f64 = own.iter().map(|p| p.rate).sum();
    if rate <= 0.0 || !own.iter().any(|p| apart(scenario, queue, p)) {
        return tries(scenario, group, group.failure, &group.service_time, false).given_up;
    }
    own.iter().map(|p| p.rate / rate * tries_of(scenario, group, p).given_up).sum()
}

impl Scenario {
    /// Messages a second that a group can do, those that fail counted as often as they are tried; `None` is
    /// without limit.
    pub(crate) fn messages_done(&self, group: &Consumer) -> Option<f64> {
        let tries = tries(self, group, group.failure, &group.service_time, false);
        let done = capacity(group)? / (tries.deliveries * tries.weight);
        // Of each server's time, what it spends with one message.
        Some(done / (1.0 + tries.kept / (tries.deliveries * tries.weight * per_message(group)).max(1e-12)))
    }
}

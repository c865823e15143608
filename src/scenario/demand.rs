//! Demand: what work the messages of a queue bring, against what its servers can do.

use super::flow::{Fate, Range, arrivals};
use super::lanes::Lanes;
use super::model::{Ack, Consumer, Destination, Discipline, Preemption, Producer, Scenario, Servers};
use crate::workload::laws::Law;

/// What is less than this share is rounding.
pub(super) const EXACT: f64 = 1e-12;

/// The load of one queue, as offered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Demand {
    /// Messages a second; infinite if they circulate for ever.
    pub arrivals: Range,
    /// Mean deliveries a message.
    pub attempts: f64,
    /// Mean service time of a delivery, in seconds, a batch's share of a message where messages are taken in full batches.
    pub service: f64,
    /// All groups together, those that scale at their most; `None` is without limit.
    pub servers: Option<u32>,
    /// Mean share of the servers' capacity that outages leave.
    pub up: f64,
    /// Of each server by itself, where partitions bind messages to servers.
    pub lanes: Option<Lanes>,
}

impl Demand {
    /// In erlangs.
    pub(crate) fn offered_load(&self) -> Range {
        self.arrivals.times(self.attempts * self.service)
    }

    /// Of what the servers can do; `None` for servers without limit, and where nobody consumes.
    pub(crate) fn rho(&self) -> Option<Range> {
        self.servers.filter(|c| *c > 0).map(|c| self.offered_load().times(1.0 / (f64::from(c) * self.up)))
    }

    /// Deliveries a second that all servers can do, C of the documents; `None` for servers without limit, and where nobody consumes.
    pub(crate) fn capacity(&self) -> Option<f64> {
        self.servers.filter(|c| *c > 0).map(|c| f64::from(c) * self.up / self.service)
    }
}

/// The demand on every queue, in the scenario's order. `fate` says what a queue loses, where somebody knows.
pub(crate) fn demands(scenario: &Scenario, fate: &dyn Fn(usize) -> Option<Fate>) -> Vec<Demand> {
    let demand = |(queue, arrivals): (usize, Range)| {
        let groups: Vec<&Consumer> = scenario.consumers_of(queue).map(|(_, c)| c).collect();
        let servers = groups.iter().try_fold(0u32, |sum, c| c.most_servers().map(|n| sum.saturating_add(n)));
        let shares = shares(&groups);
        let each: Vec<Tries> = groups.iter().map(|c| tries(scenario, c, c.failure, &c.service_time, false)).collect();
        let attempts = each.iter().zip(&shares).map(|(tries, share)| share * tries.deliveries).sum();
        let service = match each[..] {
            // Long work that stays long comes more often.
            [only] if only.weight != 1.0 => only.weight * mean_service(scenario, queue, &groups, servers),
            _ => mean_service(scenario, queue, &groups, servers),
        };
        let (attempts, service) = repeated(scenario, queue, &groups).unwrap_or((attempts, service));
        let lanes = Lanes::of(scenario, queue, arrivals);
        Demand { arrivals, attempts, service, servers, up: share_up(&groups), lanes }
    };
    arrivals(scenario, fate).into_iter().enumerate().map(demand).collect()
}

/// The share of a server's time in which it works or could work: up / (up + down). A server that breaks only while it works is
/// down for as long a share of the time that it is needed.
pub(super) fn up(group: &Consumer) -> f64 {
    let Some(outages) = &group.outages else { return 1.0 };
    let share = outages.up.mean() / (outages.up.mean() + outages.down.mean());
    // Of times without a mean nothing is known.
    if share.is_nan() { 1.0 } else { share }
}

/// The same of several groups, by what they can do.
fn share_up(groups: &[&Consumer]) -> f64 {
    let speed = |c: &&Consumer| c.most_servers().map(|n| f64::from(n) / per_message(c)).filter(|speed| speed.is_finite());
    let speeds: Option<Vec<f64>> = groups.iter().map(speed).collect();
    let all: f64 = speeds.iter().flatten().sum();
    match speeds {
        Some(speeds) if all > 0.0 => groups.iter().zip(speeds).map(|(c, speed)| up(c) * speed / all).sum(),
        _ => 1.0,
    }
}

/// Deliveries a second that a group can do; `None` is without limit.
pub(super) fn capacity(group: &Consumer) -> Option<f64> {
    group.most_servers().map(|n| f64::from(n) * up(group) / per_message(group))
}

impl Scenario {
    /// Messages a second that a group can do, those that fail counted as often as they are tried; `None` is without limit.
    pub(crate) fn messages_done(&self, group: &Consumer) -> Option<f64> {
        let tries = tries(self, group, group.failure, &group.service_time, false);
        Some(capacity(group)? / (tries.deliveries * tries.weight))
    }
}

/// Whether a producer feeds this queue directly.
fn feeds(producer: &Producer, queue: usize) -> bool {
    producer.to == Destination::Queue(queue)
}

/// The share of the messages that each group takes: in proportion to what it can serve.
pub(crate) fn shares(groups: &[&Consumer]) -> Vec<f64> {
    if let Some(unlimited) = groups.iter().position(|c| c.count == Servers::Unlimited) {
        return (0..groups.len()).map(|i| f64::from(u8::from(i == unlimited))).collect();
    }
    let speed = |c: &&Consumer| c.most_servers().map_or(0.0, |n| f64::from(n) / per_message(c).max(1e-12));
    let total: f64 = groups.iter().map(speed).sum();
    groups.iter().map(|c| if total > 0.0 && total.is_finite() { speed(c) / total } else { 1.0 / groups.len() as f64 }).collect()
}

/// A share of messages that is too rare to matter.
const RARE: f64 = 1e-9;

/// What becomes of a message that may be delivered again.
#[derive(Debug, Clone, Copy)]
struct Tries {
    /// Mean deliveries.
    deliveries: f64,
    /// The share that is given up.
    given_up: f64,
    /// The mean work of a delivery, as a multiple of that of a message.
    weight: f64,
}

/// A message is delivered again if its handler fails by `failure`, or is not done in time: each time by chance, or always where its
/// work stays the same. Where consumers hold messages that they do not work at yet, more of them are late.
fn tries(scenario: &Scenario, group: &Consumer, failure: f64, service: &Law, brought: bool) -> Tries {
    let limit = scenario.deliveries_at_most(group);
    let timeout = scenario.queues[group.from].visibility_timeout.filter(|_| group.ack == Ack::Manual && works_alone(group));
    let late = timeout.map_or(0.0, |timeout| 1.0 - service.cdf(timeout));
    let too_often = |again: f64| limit.map_or(0.0, |limit| again.powf(f64::from(limit)));
    if let Some(timeout) = timeout.filter(|_| late > RARE && group.repeats_work(brought)) {
        let (in_time, always) = (deliveries(limit, failure), deliveries(limit, 1.0));
        let long = work_beyond(service, timeout) / service.mean();
        let mean = (1.0 - late) * in_time + late * always;
        let work = (1.0 - long) * in_time + long * always;
        let weight = if mean.is_finite() { work / mean } else { 1.0 };
        return Tries { deliveries: mean, given_up: (1.0 - late) * too_often(failure) + late * too_often(1.0), weight };
    }
    let again = late + (1.0 - late) * failure;
    // What an outage interrupts begins anew.
    let cut = cut_short(group, service).map_or(0.0, |(cut, _)| cut);
    Tries { deliveries: deliveries(limit, cut + (1.0 - cut) * again), given_up: too_often(again), weight: 1.0 }
}

/// The work beyond a time: E\[S; S > t\] = t P(S > t) + ∫ P(S > x) dx from t on, the integral being the mean less that up to t.
fn work_beyond(law: &Law, time: f64) -> f64 {
    let steps = 2000;
    let step = time / f64::from(steps);
    let beyond = |x: f64| 1.0 - law.cdf(x);
    let midpoints: f64 = (0..steps).map(|i| beyond((f64::from(i) + 0.5) * step)).sum();
    (time * beyond(time) + law.mean() - step * midpoints).clamp(0.0, law.mean())
}

/// The probability that an outage interrupts a delivery that then begins anew, and the mean time of a delivery until its end or that, where
/// servers break after exponential times: 1 − L(δ) and (1 − L(δ)) / δ, with L the transform of the service time and δ the rate of breaks.
/// What its message brings is drawn once, so that long work is interrupted more often than this.
fn cut_short(group: &Consumer, service: &Law) -> Option<(f64, f64)> {
    let outages = group.outages.as_ref().filter(|o| o.redeliver && group.ack == Ack::Manual && works_alone(group))?;
    let Law::Exponential(up) = &outages.up else { return None };
    let rate = 1.0 / up.mean;
    let whole = service.transform(rate.into()).map(|l| l.re).filter(|l| *l > 0.0)?;
    (rate * service.mean() > EXACT).then(|| (1.0 - whole, (1.0 - whole) / rate))
}

/// Mean time of a delivery, whether it is interrupted or not.
fn per_delivery(group: &Consumer, service: &Law) -> f64 {
    cut_short(group, service).map_or_else(|| service.mean(), |(_, time)| time)
}

/// Work of a server for a message of a producer, all its deliveries together, in seconds.
pub(super) fn work_of(scenario: &Scenario, group: &Consumer, producer: Option<&Producer>) -> f64 {
    let own = producer.and_then(|p| p.service_time.as_ref());
    let failure = producer.and_then(|p| p.failure).unwrap_or(group.failure);
    let tries = tries(scenario, group, failure, own.unwrap_or(&group.service_time), own.is_some());
    tries.deliveries * tries.weight * own.map_or_else(|| per_message(group), |law| per_delivery(group, law))
}

/// Whether a delivery's time is that of one service.
fn works_alone(group: &Consumer) -> bool {
    group.batch.is_none() && group.service_time_per_message.is_zero()
}

/// Whether it is known how many deliveries of a group are not done in time, if there is a time.
pub(super) fn timely(scenario: &Scenario, group: &Consumer) -> bool {
    let queue = &scenario.queues[group.from];
    let whole = queue.preemption == Preemption::None && queue.discipline != Discipline::ProcessorSharing;
    works_alone(group) && group.prefetch <= 1 && group.outages.is_none() && whole
}

/// Whether the messages of a producer are delivered again by a law of their own.
fn apart(scenario: &Scenario, queue: usize, producer: &Producer) -> bool {
    let interrupted = scenario.consumers_of(queue).any(|(_, c)| c.outages.as_ref().is_some_and(|o| o.redeliver));
    let limited = scenario.queues[queue].visibility_timeout.is_some() || interrupted;
    producer.failure.is_some() || producer.service_time.is_some() && limited
}

/// What becomes of a producer's message to a group.
fn tries_of(scenario: &Scenario, group: &Consumer, producer: &Producer) -> Tries {
    let service = producer.service_time.as_ref().unwrap_or(&group.service_time);
    tries(scenario, group, producer.failure.unwrap_or(group.failure), service, producer.service_time.is_some())
}

/// The share of a group's messages that are delivered too often.
pub(super) fn given_up(scenario: &Scenario, queue: usize, group: &Consumer) -> f64 {
    let own: Vec<_> = scenario.producers.iter().filter(|p| feeds(p, queue)).collect();
    let rate: f64 = own.iter().map(|p| p.rate).sum();
    if rate <= 0.0 || !own.iter().any(|p| apart(scenario, queue, p)) {
        return tries(scenario, group, group.failure, &group.service_time, false).given_up;
    }
    own.iter().map(|p| p.rate / rate * tries_of(scenario, group, p).given_up).sum()
}

/// Deliveries a message and the mean service time of a delivery, where the messages of some producer are delivered again by a law of
/// their own: then those that come more often weigh more in the mean service time.
fn repeated(scenario: &Scenario, queue: usize, groups: &[&Consumer]) -> Option<(f64, f64)> {
    let own: Vec<_> = scenario.producers.iter().filter(|p| feeds(p, queue)).collect();
    let group = groups.first().filter(|_| own.iter().any(|p| apart(scenario, queue, p)))?;
    let rate: f64 = own.iter().map(|p| p.rate).sum();
    let (mut attempts, mut work) = (0.0, 0.0);
    for producer in own {
        let tries = tries_of(scenario, group, producer);
        let each = producer.rate / rate * tries.deliveries;
        attempts += each;
        let own = producer.service_time.as_ref().map(|law| per_delivery(group, law));
        work += each * tries.weight * own.unwrap_or_else(|| per_message(group));
    }
    Some((attempts, work / attempts))
}

/// Mean deliveries of a message: a geometric number, cut off at the limit.
fn deliveries(limit: Option<u32>, failure: f64) -> f64 {
    match limit {
        Some(limit) if failure >= 1.0 => f64::from(limit),
        Some(limit) => (1.0 - failure.powf(f64::from(limit))) / (1.0 - failure),
        None => 1.0 / (1.0 - failure),
    }
}

/// Seconds of a server for a message, of full batches.
pub(super) fn per_message(group: &Consumer) -> f64 {
    let batch = group.batch.map_or(1.0, |b| f64::from(b.max.max(1)));
    per_delivery(group, &group.service_time) / batch + group.service_time_per_message.mean()
}

/// The mean service time of a delivery, over groups and, where producers bring their own work, over producers.
fn mean_service(scenario: &Scenario, queue: usize, groups: &[&Consumer], servers: Option<u32>) -> f64 {
    let own: Vec<_> = scenario.producers.iter().filter(|p| feeds(p, queue)).collect();
    if own.iter().any(|p| p.service_time.is_some()) && !groups.is_empty() {
        let rate: f64 = own.iter().map(|p| p.rate).sum();
        let brought = |p: &&&Producer| p.service_time.as_ref().map(|law| per_delivery(groups[0], law));
        let work = |p: &&&Producer| p.rate / rate * brought(p).unwrap_or_else(|| per_message(groups[0]));
        return own.iter().map(|p| work(&p)).sum();
    }
    match servers {
        // c / Σ nᵢ μᵢ, so that a / c is the load against the capacity of all groups.
        Some(c) if groups.len() > 1 => {
            let capacity: f64 = groups.iter().filter_map(|g| Some(f64::from(g.most_servers()?) / per_message(g))).sum();
            f64::from(c) / capacity
        }
        _ => groups.iter().zip(shares(groups)).map(|(g, share)| share * per_message(g)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Autoscale, Outages, Queue, Route};

    fn demands(scenario: &Scenario) -> Vec<Demand> {
        super::demands(scenario, &|_| None)
    }

    fn rate(demand: &Demand) -> f64 {
        demand.arrivals.known().expect("nothing is lost by chance")
    }

    fn rho(demand: &Demand) -> f64 {
        demand.rho().expect("servers are limited").known().expect("nothing is lost by chance")
    }

    /// Two queues in a row; a tenth of what the second serves goes back to the first.
    fn loop_of_two() -> Scenario {
        let mut s = Scenario::mgc(9.0, Law::exponential(0.05), 1);
        s.queues.push(Queue { name: "second".into(), ..Queue::default() });
        s.consumers.push(Consumer::group("second", 1, 2, Law::exponential(0.1)));
        s.consumers[0].to = vec![Route { to: Destination::Queue(1), probability: 1.0 }];
        s.consumers[1].to = vec![Route { to: Destination::Queue(0), probability: 0.1 }];
        s
    }

    #[test]
    fn feedback_multiplies_the_traffic() {
        let demands = demands(&loop_of_two());
        for demand in &demands {
            assert!((rate(demand) - 10.0).abs() < 1e-12);
        }
        assert!((rho(&demands[0]) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn what_is_acknowledged_beforehand_is_work_once_and_goes_on_if_it_does_not_fail() {
        let mut s = loop_of_two();
        s.consumers[1].to.clear();
        (s.consumers[0].failure, s.consumers[0].ack) = (0.25, Ack::Auto);
        let demands = demands(&s);
        assert!((demands[0].attempts - 1.0).abs() < 1e-12);
        assert!((rate(&demands[1]) - 9.0 * 0.75).abs() < 1e-12);
    }

    /// Exponential work of 8 ms that is to be done in 20: e^(−2.5) of the deliveries are late, and are work all the same.
    #[test]
    fn what_is_late_is_work_again() {
        let mut s = Scenario::mgc(350.0, Law::exponential(0.008), 4);
        s.queues[0].visibility_timeout = Some(0.020);
        let late = (-2.5_f64).exp();
        assert!((demands(&s)[0].attempts - 1.0 / (1.0 - late)).abs() < 1e-12);
        s.queues.push(Queue { name: "dead".into(), ..Queue::default() });
        (s.queues[0].delivery_limit, s.queues[0].dead_letter) = (Some(2), Some(1));
        assert!((rho(&demands(&s)[0]) - 0.7 * (1.0 + late)).abs() < 1e-12);
        assert!((rate(&demands(&s)[1]) - 350.0 * late * late).abs() < 1e-9);
        // Half of those that are in time fail; and what a consumer holds may be late before it is work.
        s.consumers[0].failure = 0.5;
        assert!((demands(&s)[0].attempts - 1.0 - (late + (1.0 - late) / 2.0)).abs() < 1e-12);
        s.consumers[0].prefetch = 2;
        assert!(demands(&s)[1].arrivals.known().is_none());
        s.queues[0].visibility_timeout = Some(1e9);
        (s.consumers[0].failure, s.consumers[0].prefetch) = (0.0, 1);
        assert_eq!((demands(&s)[0].attempts, rate(&demands(&s)[1])), (1.0, 0.0));
    }

    #[test]
    fn a_queue_that_nobody_consumes_has_no_load() {
        let mut s = Scenario::mgc(1.0, Law::exponential(0.008), 1);
        s.queues.push(Queue { name: "dead".into(), ..Queue::default() });
        (s.queues[0].message_ttl, s.queues[0].dead_letter) = (Some(Law::deterministic(1.0)), Some(1));
        let dead = &demands(&s)[1];
        assert_eq!((dead.rho(), dead.capacity(), dead.offered_load().known()), (None, None, Some(0.0)));
    }

    #[test]
    fn consumers_that_scale_hold_what_the_most_of_them_hold() {
        let mut s = Scenario::mgc(60.0, Law::exponential(0.05), 1);
        s.consumers[0].autoscale = Some(Autoscale { min: 1, max: 4, target_backlog: 10.0, every: 1.0, startup: 0.0, cooldown: 0.0 });
        assert!((rho(&demands(&s)[0]) - 0.75).abs() < 1e-12);
    }

    #[test]
    fn retries_are_work_and_dead_letters_are_traffic() {
        let mut s = loop_of_two();
        s.consumers[0].to.clear();
        s.consumers[1].to.clear();
        s.consumers[0].failure = 0.5;
        s.queues[0].delivery_limit = Some(2);
        s.queues[0].dead_letter = Some(1);
        let demands = demands(&s);
        assert!((demands[0].attempts - 1.5).abs() < 1e-12);
        assert!((rate(&demands[1]) - 9.0 / 4.0).abs() < 1e-12);
    }

    #[test]
    fn what_circulates_for_ever_is_infinite() {
        let mut s = loop_of_two();
        s.consumers[1].to[0].probability = 1.0;
        assert_eq!(rate(&demands(&s)[0]), f64::INFINITY);
    }

    #[test]
    fn poison_counts_as_often_as_it_is_tried() {
        let mut s = Scenario::mgc(99.0, Law::exponential(0.02), 8);
        s.producers.push(Producer { failure: Some(1.0), ..Producer::poisson("poison", 0, 1.0) });
        s.producers[1].service_time = Some(Law::deterministic(30.0));
        s.queues[0].delivery_limit = Some(4);
        let demand = &demands(&s)[0];
        assert!((demand.attempts - 1.03).abs() < 1e-12);
        // 0.99 × 20 ms + 0.01 × 4 × 30 s.
        assert!((demand.attempts * demand.service - 1.2198).abs() < 1e-9);
    }

    #[test]
    fn outages_leave_a_share_of_the_capacity() {
        let mut s = Scenario::mgc(9.0, Law::exponential(0.05), 1);
        let outages = |down: f64| Outages { up: Law::exponential(4.0), down: Law::exponential(down), only_busy: false, redeliver: false };
        s.consumers[0].outages = Some(outages(1.0));
        assert!((rho(&demands(&s)[0]) - 0.45 / 0.8).abs() < 1e-12);
        assert!((demands(&s)[0].capacity().expect("one server") - 16.0).abs() < 1e-12);
        // The limit: repairs that take no time.
        s.consumers[0].outages = Some(outages(1e-15));
        assert!((rho(&demands(&s)[0]) - 0.45).abs() < 1e-12);
        // Two groups, of which the one that does three quarters breaks: 20/s + 60/s · 0.8.
        s.consumers[0] = Consumer { outages: Some(outages(1.0)), ..Consumer::group("fast", 0, 3, Law::exponential(0.05)) };
        s.consumers.push(Consumer::group("slow", 0, 2, Law::exponential(0.1)));
        assert!((demands(&s)[0].capacity().expect("five servers") - 68.0).abs() < 1e-9);
    }
}

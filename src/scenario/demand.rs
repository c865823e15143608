//! Demand: what work the messages of a queue bring, against what its servers can do.

use super::capacity::{capacity, left_idle, limit, per_delivery, per_message, shares, up};
use super::deliveries::{Tries, apart, tries, tries_of};
use super::flow::{Fate, arrivals};
use super::lanes::PartitionAssignment;
use super::model::{Consumer, LateAck, Producer, Scenario};
use super::range::Range;
use super::window;

/// The load of one queue, as offered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Demand {
    /// Messages a second; infinite if they circulate for ever.
    pub arrivals: Range,
    /// Mean deliveries a message.
    pub attempts: f64,
    /// Mean service time of a delivery, in seconds, a batch's share of a message where messages are taken in
    /// full batches; with the time for which a server keeps what failed, if it does.
    pub service: f64,
    /// Seconds a delivery, from the end of a service until the server has the next message, a batch's share
    /// of a message likewise: the server is not free meanwhile. Known or bounded where its window may be
    /// empty.
    pub turnaround: Range,
    /// All groups together, those that scale at their most; `None` is without limit.
    pub servers: Option<u32>,
    /// Mean share of the servers' capacity that outages leave.
    pub up: f64,
    /// Deliveries a second that all groups can do, where some are limited to a rate or by a resource.
    pub limited: Option<f64>,
    /// Load of its servers, where they have other queues, too, or of what they need, where that is fuller.
    pub shared: Option<Range>,
    /// Of each server by itself, where partitions bind messages to servers.
    pub lanes: Option<PartitionAssignment>,
}

impl Demand {
    /// In erlangs.
    pub(crate) fn offered_load(&self) -> Range {
        self.arrivals.times(self.attempts * self.service)
    }

    /// Of what the servers can do, the way from one message to the next included; `None` for servers without
    /// limit, and where nobody consumes.
    pub(crate) fn rho(&self) -> Option<Range> {
        if self.shared.is_some() {
            return self.shared;
        }
        if let Some(limited) = self.limited {
            return Some(self.arrivals.times(self.attempts / limited));
        }
        let busy = |turnaround: f64| self.arrivals.times(self.attempts * (self.service + turnaround));
        let each = Range { least: busy(self.turnaround.least).least, most: busy(self.turnaround.most).most };
        self.servers.filter(|c| *c > 0).map(|c| each.times(1.0 / (f64::from(c) * self.up)))
    }

    /// Deliveries a second that all servers can do, at most where that is bounded, C of the documents; `None`
    /// for servers without limit, and where nobody consumes.
    pub(crate) fn capacity(&self) -> Option<f64> {
        if self.limited.is_some() {
            return self.limited;
        }
        self.servers
            .filter(|c| *c > 0)
            .map(|c| f64::from(c) * self.up / (self.service + self.turnaround.least))
    }
}

/// The demand on every queue, in the scenario's order. `fate` says what a queue loses, where somebody knows.
pub(crate) fn demands(scenario: &Scenario, fate: &dyn Fn(usize) -> Option<Fate>) -> Vec<Demand> {
    let feeding = scenario.producers_by_queue();
    let demand = |((queue, arrivals), groups): ((usize, Range), Vec<(usize, &Consumer)>)| {
        let own = &feeding[queue][..];
        let groups: Vec<&Consumer> = groups.into_iter().map(|(_, group)| group).collect();
        let servers = groups.iter().try_fold(0u32, |sum, c| c.most_servers().map(|n| sum.saturating_add(n)));
        let shares = shares(&groups);
        let each: Vec<Tries> =
            groups.iter().map(|c| tries(scenario, c, c.failure, &c.service_time, false)).collect();
        let over =
            |of: fn(&Tries) -> f64| each.iter().zip(&shares).map(|(t, share)| share * of(t)).sum::<f64>();
        let (attempts, kept) = (over(|tries| tries.deliveries), over(|tries| tries.kept));
        let service = match each[..] {
            // Long work that stays long comes more often.
            [only] if only.weight != 1.0 => only.weight * mean_service(own, &groups, servers),
            _ => mean_service(own, &groups, servers) + kept / attempts.max(1.0),
        };
        let (attempts, service) = repeated(scenario, queue, &groups, own).unwrap_or((attempts, service));
        let lanes = PartitionAssignment::of(scenario, queue, arrivals);
        let turnaround = |of: fn(&Range) -> f64| {
            groups.iter().zip(&shares).map(|(c, share)| share * of(&turnaround(scenario, c))).sum::<f64>()
        };
        // Servers that the first in line cannot have yet are not free either.
        let idle = groups.first().map_or(Range { least: 0.0, most: 0.0 }, |group| left_idle(group));
        let turnaround = Range {
            least: turnaround(|gap| gap.least) + idle.least * service,
            most: turnaround(|gap| gap.most) + idle.most * service,
        };
        let limited = groups
            .iter()
            .any(|c| limit(c).is_some())
            .then(|| groups.iter().map(|c| capacity(c)).sum::<Option<f64>>())
            .flatten();
        let up = share_up(&groups);
        Demand { arrivals, attempts, service, turnaround, servers, up, limited, shared: None, lanes }
    };
    let add = |a: Range, b: Range| Range { least: a.least + b.least, most: a.most + b.most };
    let arrivals = arrivals(scenario, fate).into_iter().enumerate();
    let mut all: Vec<Demand> = arrivals.zip(scenario.consumers_by_queue()).map(demand).collect();
    for group in scenario.consumers.iter().filter(|group| !group.also.is_empty()) {
        let loads: Option<Vec<Range>> = group.queues().map(|queue| all[queue].rho()).collect();
        let together = loads.and_then(|loads| loads.into_iter().reduce(add));
        group.queues().for_each(|queue| all[queue].shared = together);
    }
    if scenario.queues.iter().any(|queue| queue.late_ack != LateAck::Void) {
        bound_by_void(scenario, fate, &mut all);
    }
    for (index, resource) in scenario.resources.iter().enumerate() {
        let queues =
            scenario.consumers.iter().filter(|c| c.resource.is_some_and(|needed| needed.index == index));
        let queues: Vec<usize> = queues.map(|group| group.from).collect();
        let busy = queues.iter().map(|queue| all[*queue].offered_load()).reduce(add);
        let Some(load) = busy.map(|busy| busy.times(1.0 / f64::from(resource.capacity))) else { continue };
        for queue in queues {
            // What is fullest decides: its servers, or what they share.
            let own = all[queue].rho().filter(|own| own.least > load.least);
            all[queue].shared = Some(own.unwrap_or(load));
            let (most, demand) = (f64::from(resource.capacity) / all[queue].service, &all[queue]);
            all[queue].limited = Some(demand.capacity().map_or(most, |own| own.min(most)));
        }
    }
    all
}

/// Where late acknowledgements count, the load is at most what it is where none does: no message is delivered
/// more often for them.
fn bound_by_void(scenario: &Scenario, fate: &dyn Fn(usize) -> Option<Fate>, all: &mut [Demand]) {
    let mut void = scenario.clone();
    void.queues.iter_mut().for_each(|queue| queue.late_ack = LateAck::Void);
    for (demand, void) in all.iter_mut().zip(demands(&void, fate)) {
        let (Some(counted), Some(void)) = (demand.rho(), void.rho()) else { continue };
        if counted != void {
            demand.shared = Some(Range { least: counted.least, most: void.most.max(counted.most) });
        }
    }
}

/// Seconds from the end of a service until the server has the next message, of full batches.
fn turnaround(scenario: &Scenario, group: &Consumer) -> Range {
    let host = scenario.simulation.overheads.turnaround.mean()
        / group.batch.map_or(1.0, |b| f64::from(b.max.max(1)));
    let gap = window::gap(scenario, group);
    Range { least: host + gap.least, most: host + gap.most }
}

/// The same of several groups, by what they can do.
fn share_up(groups: &[&Consumer]) -> f64 {
    let speed = |c: &&Consumer| {
        c.most_servers().map(|n| f64::from(n) / per_message(c)).filter(|speed| speed.is_finite())
    };
    let speeds: Option<Vec<f64>> = groups.iter().map(speed).collect();
    let all: f64 = speeds.iter().flatten().sum();
    match speeds {
        Some(speeds) if all > 0.0 => groups.iter().zip(speeds).map(|(c, speed)| up(c) * speed / all).sum(),
        _ => 1.0,
    }
}

/// Deliveries a message and the mean service time of a delivery, where the messages of some producer are
/// delivered again by a law of their own: then those that come more often weigh more in the mean service
/// time. `own` are the producers that feed the queue directly.
fn repeated(
    scenario: &Scenario,
    queue: usize,
    groups: &[&Consumer],
    own: &[&Producer],
) -> Option<(f64, f64)> {
    let group = groups.first().filter(|_| own.iter().any(|p| apart(scenario, queue, p)))?;
    let rate: f64 = own.iter().map(|p| p.rate).sum();
    let (mut attempts, mut work) = (0.0, 0.0);
    for producer in own {
        let tries = tries_of(scenario, group, producer);
        let each = producer.rate / rate * tries.deliveries;
        attempts += each;
        let own = producer.service_time.as_ref().map(|law| per_delivery(group, law));
        work += each * tries.weight * own.unwrap_or_else(|| per_message(group));
        work += producer.rate / rate * tries.kept;
    }
    Some((attempts, work / attempts))
}

/// The mean service time of a delivery, over groups and, where producers bring their own work, over
/// producers.
fn mean_service(own: &[&Producer], groups: &[&Consumer], servers: Option<u32>) -> f64 {
    if own.iter().any(|p| p.service_time.is_some()) && !groups.is_empty() {
        let rate: f64 = own.iter().map(|p| p.rate).sum();
        let brought = |p: &&&Producer| p.service_time.as_ref().map(|law| per_delivery(groups[0], law));
        let work = |p: &&&Producer| p.rate / rate * brought(p).unwrap_or_else(|| per_message(groups[0]));
        return own.iter().map(|p| work(&p)).sum();
    }
    match servers {
        // c / Σ nᵢ μᵢ, so that a / c is the load against the capacity of all groups.
        Some(c) if groups.len() > 1 => {
            let capacity: f64 =
                groups.iter().filter_map(|g| Some(f64::from(g.most_servers()?) / per_message(g))).sum();
            f64::from(c) / capacity
        }
        _ => groups.iter().zip(shares(groups)).map(|(g, share)| share * per_message(g)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Ack, Autoscale, Destination, Outages, Queue, Route};
    use crate::workload::laws::Law;

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

    /// Exponential work of 8 ms that is to be done in 20: e^(−2.5) of the deliveries are late, and are work
    /// all the same.
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
        s.consumers[0].autoscale =
            Some(Autoscale { max: 4, target_backlog: 10.0, every: 1.0, ..Autoscale::default() });
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
        let outages = |down: f64| Outages {
            up: Law::exponential(4.0),
            down: Law::exponential(down),
            only_busy: false,
            together: false,
            redeliver: false,
        };
        s.consumers[0].outages = Some(outages(1.0));
        assert!((rho(&demands(&s)[0]) - 0.45 / 0.8).abs() < 1e-12);
        assert!((demands(&s)[0].capacity().expect("one server") - 16.0).abs() < 1e-12);
        // The limit: repairs that take no time.
        s.consumers[0].outages = Some(outages(1e-15));
        assert!((rho(&demands(&s)[0]) - 0.45).abs() < 1e-12);
        // Two groups, of which the one that does three quarters breaks: 20/s + 60/s · 0.8.
        s.consumers[0] =
            Consumer { outages: Some(outages(1.0)), ..Consumer::group("fast", 0, 3, Law::exponential(0.05)) };
        s.consumers.push(Consumer::group("slow", 0, 2, Law::exponential(0.1)));
        assert!((demands(&s)[0].capacity().expect("five servers") - 68.0).abs() < 1e-9);
    }
}

//! Traffic: how many messages a second reach each queue, over all topics, forwards and dead letters, and what work they bring.

use super::linear;
use super::station::feeds;
use crate::scenario::{Consumer, Scenario, Servers, spread};
use crate::workload::laws::Law;

/// The load of one queue, lossless and as offered.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// Messages a second; infinite if they circulate for ever.
    pub arrival_rate: f64,
    /// Mean deliveries a message.
    pub attempts: f64,
    /// Mean service time of a delivery, in seconds, a batch's share of a message where messages are taken in full batches.
    pub service: f64,
    /// All groups together, those that scale at their most; `None` is without limit.
    pub servers: Option<u32>,
}

impl Demand {
    /// In erlangs.
    pub fn offered_load(&self) -> f64 {
        self.arrival_rate * self.attempts * self.service
    }

    /// `None` for servers without limit.
    pub fn rho(&self) -> Option<f64> {
        self.servers.map(|c| self.offered_load() / f64::from(c))
    }

    /// Deliveries a second that all servers can do, C of the documents; `None` for servers without limit.
    pub fn capacity(&self) -> Option<f64> {
        self.servers.map(|c| f64::from(c) / self.service)
    }
}

/// The demand on every queue, in the scenario's order.
pub fn demands(scenario: &Scenario) -> Vec<Demand> {
    let rates = arrival_rates(scenario);
    (0..scenario.queues.len())
        .map(|queue| {
            let groups: Vec<&Consumer> = scenario.consumers_of(queue).map(|(_, c)| c).collect();
            let servers = groups.iter().try_fold(0u32, |sum, c| c.most_servers().map(|n| sum.saturating_add(n)));
            let shares = shares(&groups);
            let attempts = |(c, share): (&&Consumer, &f64)| share * deliveries(scenario.deliveries_at_most(c), c.failure);
            let attempts = groups.iter().zip(&shares).map(attempts).sum();
            let service = mean_service(scenario, queue, &groups, servers);
            let (attempts, service) = repeated(scenario, queue, &groups).unwrap_or((attempts, service));
            Demand { arrival_rate: rates[queue], attempts, service, servers }
        })
        .collect()
}

/// λⱼ = γⱼ + Σᵢ λᵢ rᵢⱼ: Jackson's traffic equations.
fn arrival_rates(scenario: &Scenario) -> Vec<f64> {
    let n = scenario.queues.len();
    let mut outside = vec![0.0; n];
    for producer in &scenario.producers {
        spread(scenario, producer.to, producer.rate, &mut outside);
    }
    let mut system: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for from in 0..n {
        let mut onward = vec![0.0; n];
        let groups: Vec<&Consumer> = scenario.consumers_of(from).map(|(_, c)| c).collect();
        for (group, share) in groups.iter().zip(shares(&groups)) {
            let given_up = given_up(scenario, from, group);
            for route in &group.to {
                spread(scenario, route.to, share * (1.0 - given_up) * route.probability, &mut onward);
            }
            if let Some(dead) = scenario.queues[from].dead_letter {
                onward[dead] += share * given_up;
            }
        }
        for (row, rate) in system.iter_mut().zip(onward) {
            row[from] -= rate;
        }
    }
    match linear::solve(system, outside) {
        Some(rates) if rates.iter().all(|rate| *rate >= 0.0) => rates,
        _ => vec![f64::INFINITY; n],
    }
}

/// The share of the messages that each group takes: in proportion to what it can serve.
pub(super) fn shares(groups: &[&Consumer]) -> Vec<f64> {
    if let Some(unlimited) = groups.iter().position(|c| c.count == Servers::Unlimited) {
        return (0..groups.len()).map(|i| f64::from(u8::from(i == unlimited))).collect();
    }
    let speed = |c: &&Consumer| c.most_servers().map_or(0.0, |n| f64::from(n) / per_message(c).max(1e-12));
    let total: f64 = groups.iter().map(speed).sum();
    groups.iter().map(|c| if total > 0.0 && total.is_finite() { speed(c) / total } else { 1.0 / groups.len() as f64 }).collect()
}

/// The share of a group's messages that fail too often.
fn given_up(scenario: &Scenario, queue: usize, group: &Consumer) -> f64 {
    let Some(limit) = scenario.deliveries_at_most(group) else { return 0.0 };
    let own: Vec<_> = scenario.producers.iter().filter(|p| feeds(p, queue)).collect();
    if own.iter().all(|p| p.failure.is_none()) {
        return group.failure.powf(f64::from(limit));
    }
    let rate: f64 = own.iter().map(|p| p.rate).sum();
    own.iter().map(|p| p.rate / rate * p.failure.unwrap_or(group.failure).powf(f64::from(limit))).sum()
}

/// Deliveries a message and the mean service time of a delivery, where the messages of some producer fail by a probability of
/// their own: then those that fail more often weigh more in the mean service time.
fn repeated(scenario: &Scenario, queue: usize, groups: &[&Consumer]) -> Option<(f64, f64)> {
    let own: Vec<_> = scenario.producers.iter().filter(|p| feeds(p, queue)).collect();
    let group = groups.first().filter(|_| own.iter().any(|p| p.failure.is_some()))?;
    let limit = scenario.deliveries_at_most(group);
    let rate: f64 = own.iter().map(|p| p.rate).sum();
    let (mut attempts, mut work) = (0.0, 0.0);
    for producer in own {
        let each = producer.rate / rate * deliveries(limit, producer.failure.unwrap_or(group.failure));
        attempts += each;
        work += each * producer.service_time.as_ref().map_or_else(|| per_message(group), Law::mean);
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
fn per_message(group: &Consumer) -> f64 {
    let batch = group.batch.map_or(1.0, |b| f64::from(b.max.max(1)));
    group.service_time.mean() / batch + group.service_time_per_message.mean()
}

/// The mean service time of a delivery, over groups and, where producers bring their own work, over producers.
fn mean_service(scenario: &Scenario, queue: usize, groups: &[&Consumer], servers: Option<u32>) -> f64 {
    let own: Vec<_> = scenario.producers.iter().filter(|p| feeds(p, queue)).collect();
    if own.iter().any(|p| p.service_time.is_some()) && !groups.is_empty() {
        let rate: f64 = own.iter().map(|p| p.rate).sum();
        let work =
            |p: &&&crate::scenario::Producer| p.rate / rate * p.service_time.as_ref().map_or_else(|| per_message(groups[0]), Law::mean);
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
    use crate::scenario::{Ack, Autoscale, Destination, Producer, Queue, Route};

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
            assert!((demand.arrival_rate - 10.0).abs() < 1e-12);
        }
        assert!((demands[0].rho().expect("bounded") - 0.5).abs() < 1e-12);
    }

    #[test]
    fn what_is_acknowledged_beforehand_is_work_once_and_goes_on_if_it_does_not_fail() {
        let mut s = loop_of_two();
        s.consumers[1].to.clear();
        (s.consumers[0].failure, s.consumers[0].ack) = (0.25, Ack::Auto);
        let demands = demands(&s);
        assert!((demands[0].attempts - 1.0).abs() < 1e-12);
        assert!((demands[1].arrival_rate - 9.0 * 0.75).abs() < 1e-12);
    }

    #[test]
    fn consumers_that_scale_hold_what_the_most_of_them_hold() {
        let mut s = Scenario::mgc(60.0, Law::exponential(0.05), 1);
        s.consumers[0].autoscale = Some(Autoscale { min: 1, max: 4, target_backlog: 10.0, every: 1.0, startup: 0.0, cooldown: 0.0 });
        assert!((demands(&s)[0].rho().expect("bounded") - 0.75).abs() < 1e-12);
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
        assert!((demands[1].arrival_rate - 9.0 / 4.0).abs() < 1e-12);
    }

    #[test]
    fn what_circulates_for_ever_is_infinite() {
        let mut s = loop_of_two();
        s.consumers[1].to[0].probability = 1.0;
        assert_eq!(demands(&s)[0].arrival_rate, f64::INFINITY);
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
        assert!((demand.offered_load() / demand.arrival_rate - 1.2198).abs() < 1e-9);
    }
}

//! Traffic equations: how many messages a second reach each queue, with what handlers give up; nothing else is lost on the way.

use super::model::{Consumer, Deliver, Destination, Scenario};

/// Below this a pivot is zero: the probabilities of a loop sum to 1 but for rounding.
const ZERO: f64 = 1e-12;

/// (I − P)⁻¹ in effect: P(i, j) is how many messages one that queue i serves sends to queue j.
pub struct Flow {
    sent: Vec<Vec<f64>>,
}

/// A queue's load.
pub struct Load {
    /// Mean share of its servers that would be busy.
    pub rho: f64,
    /// Messages a second that its servers can do.
    pub capacity: f64,
    /// Servers that would be enough, where it has one group.
    pub enough: Option<u64>,
}

impl Flow {
    /// The flow of a scenario, or `None` if some message would go round for ever.
    pub fn of(scenario: &Scenario) -> Option<Flow> {
        let sent = forwarded(scenario);
        // I − P is an M-matrix, and every message ends, if and only if (I − P) x = 1 has a solution x > 0
        // (Berman & Plemmons 1994, theorem 6.2.3, condition I27).
        let x = solve(&sent, &vec![1.0; sent.len()])?;
        x.iter().all(|visits| *visits > 0.0).then(|| Flow { sent: with_losses(scenario) })
    }

    /// A queue from which messages come back for ever.
    pub fn stuck(scenario: &Scenario) -> Option<usize> {
        let sent = forwarded(scenario);
        // A message's expected number of copies after many steps: it stays where a loop keeps it.
        let mut copies = vec![1.0; sent.len()];
        for _ in 0..4 * sent.len() + 64 {
            let next: Vec<f64> = sent.iter().map(|row| row.iter().zip(&copies).map(|(p, c)| p * c).sum()).collect();
            let largest = next.iter().copied().fold(0.0, f64::max);
            copies = if largest > 1e100 { next.iter().map(|c| c / largest).collect() } else { next };
        }
        copies.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i)
    }

    /// Messages a second that reach each queue: lambda = external + Pᵀ lambda.
    pub fn arrivals(&self, scenario: &Scenario) -> Vec<f64> {
        let n = self.sent.len();
        let mut external = vec![0.0; n];
        for producer in &scenario.producers {
            spread(scenario, producer.to, producer.rate, &mut external);
        }
        let transposed: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| self.sent[j][i]).collect()).collect();
        solve(&transposed, &external).unwrap_or(external)
    }
}

/// P as if no handler failed, a queue's groups sharing its messages by their number of servers.
fn forwarded(scenario: &Scenario) -> Vec<Vec<f64>> {
    routed(scenario, |_| 0.0)
}

/// P with what handlers give up, which goes to the dead letters if anywhere.
fn with_losses(scenario: &Scenario) -> Vec<Vec<f64>> {
    routed(scenario, |c| c.failure.powf(scenario.deliveries_at_most(c).map_or(f64::INFINITY, f64::from)))
}

fn routed(scenario: &Scenario, given_up: impl Fn(&Consumer) -> f64) -> Vec<Vec<f64>> {
    let n = scenario.queues.len();
    let mut sent = vec![vec![0.0; n]; n];
    for (q, row) in sent.iter_mut().enumerate() {
        let speeds: Vec<(f64, &Consumer)> = scenario.consumers_of(q).map(|(_, c)| (c.most_servers().map_or(1e9, f64::from), c)).collect();
        let all: f64 = speeds.iter().map(|(speed, _)| speed).sum();
        for (speed, consumer) in speeds {
            let lost = given_up(consumer);
            for route in &consumer.to {
                spread(scenario, route.to, (1.0 - lost) * route.probability * speed / all, row);
            }
            if let Some(dead) = scenario.queues[q].dead_letter {
                row[dead] += lost * speed / all;
            }
        }
    }
    sent
}

/// Adds a flow to the queues that it reaches, through a topic if need be. By key counts as evenly spread.
pub(crate) fn spread(scenario: &Scenario, to: Destination, flow: f64, into: &mut [f64]) {
    match to {
        Destination::Queue(q) => into[q] += flow,
        Destination::Topic(t) => {
            let topic = &scenario.topics[t];
            let share = if topic.deliver == Deliver::All { 1.0 } else { 1.0 / topic.subscriptions.len() as f64 };
            topic.subscriptions.iter().for_each(|q| into[*q] += flow * share);
        }
    }
}

/// x of (I − m) x = b, by elimination with partial pivoting; `None` if it is singular.
fn solve(m: &[Vec<f64>], b: &[f64]) -> Option<Vec<f64>> {
    let n = b.len();
    let mut a: Vec<Vec<f64>> =
        m.iter().enumerate().map(|(i, row)| row.iter().enumerate().map(|(j, x)| f64::from(i == j) - x).collect()).collect();
    let mut x = b.to_vec();
    for i in 0..n {
        let pivot = (i..n).max_by(|p, q| a[*p][i].abs().total_cmp(&a[*q][i].abs()))?;
        a.swap(i, pivot);
        x.swap(i, pivot);
        if a[i][i].abs() < ZERO {
            return None;
        }
        for k in i + 1..n {
            let factor = a[k][i] / a[i][i];
            if factor != 0.0 {
                let (above, below) = a.split_at_mut(k);
                below[0][i..].iter_mut().zip(&above[i][i..]).for_each(|(x, p)| *x -= factor * p);
                x[k] -= factor * x[i];
            }
        }
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| a[i][j] * x[j]).sum();
        x[i] = (x[i] - known) / a[i][i];
    }
    x.iter().all(|v| v.is_finite()).then_some(x)
}

/// A queue's load at an arrival rate; `None` if its servers are without limit or take no time, or it has none.
pub fn offered(scenario: &Scenario, queue: usize, rate: f64) -> Option<Load> {
    let groups: Vec<&Consumer> = scenario.consumers_of(queue).map(|(_, c)| c).collect();
    if groups.is_empty() {
        return None;
    }
    let mut capacity = 0.0;
    for consumer in &groups {
        let work = brought(scenario, queue).unwrap_or_else(|| consumer.service_time.mean());
        let batch = consumer.batch.map_or(1.0, |b| f64::from(b.max));
        let time = work / batch + consumer.service_time_per_message.mean();
        let up = consumer.outages.as_ref().map_or(1.0, |o| o.up.mean() / (o.up.mean() + o.down.mean()));
        let up = if up.is_nan() { 1.0 } else { up };
        capacity += f64::from(consumer.most_servers()?) * up / (time * deliveries(scenario, consumer));
    }
    if !(capacity.is_finite() && rate > 0.0) {
        return None;
    }
    let rho = rate / capacity;
    let enough = match groups[..] {
        [one] if one.autoscale.is_none() => {
            one.most_servers().map(|c| rho * f64::from(c)).filter(|busy| *busy < 1e9).map(|busy| busy as u64 + 1)
        }
        _ => None,
    };
    Some(Load { rho, capacity, enough })
}

/// Deliveries that a message needs on average, if a delivery fails with a probability and is tried again.
fn deliveries(scenario: &Scenario, consumer: &Consumer) -> f64 {
    let fails = consumer.failure;
    match scenario.deliveries_at_most(consumer) {
        Some(limit) if fails >= 1.0 => limit.into(),
        Some(limit) => (1.0 - fails.powf(limit.into())) / (1.0 - fails),
        None if fails >= 1.0 => 1.0,
        None => 1.0 / (1.0 - fails),
    }
}

/// The mean work that messages bring to a queue, if every message there comes straight from a producer that says.
fn brought(scenario: &Scenario, queue: usize) -> Option<f64> {
    let to = Destination::Queue(queue);
    let direct: Vec<_> = scenario.producers.iter().filter(|p| p.to == to).collect();
    let (mut rate, mut work) = (0.0, 0.0);
    for producer in &direct {
        rate += producer.rate;
        work += producer.rate * producer.service_time.as_ref()?.mean();
    }
    (rate > 0.0).then(|| work / rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Ack, Producer, Queue, Route};
    use crate::workload::laws::Law;

    fn feedback(probability: f64) -> Scenario {
        let mut consumer = Consumer::group("c", 0, 2, Law::exponential(0.1));
        consumer.to = vec![Route { to: Destination::Queue(0), probability }];
        Scenario::single(Producer::poisson("p", 0, 6.0), Queue::default(), consumer)
    }

    #[test]
    fn feedback_multiplies_the_rate() {
        let scenario = feedback(0.25);
        let arriving = Flow::of(&scenario).expect("messages leave").arrivals(&scenario);
        assert!((arriving[0] - 8.0).abs() < 1e-12);
        let load = offered(&scenario, 0, arriving[0]).expect("two servers");
        assert!((load.rho - 0.4).abs() < 1e-12 && load.enough == Some(1));
    }

    #[test]
    fn what_is_given_up_goes_no_further() {
        let mut scenario = feedback(0.5);
        (scenario.consumers[0].failure, scenario.consumers[0].ack) = (0.5, Ack::Auto);
        let arriving = Flow::of(&scenario).expect("messages leave").arrivals(&scenario);
        assert!((arriving[0] - 8.0).abs() < 1e-12);
        assert!((offered(&scenario, 0, arriving[0]).expect("two servers").rho - 0.4).abs() < 1e-12);
    }

    #[test]
    fn a_loop_without_exit_is_found() {
        assert!(Flow::of(&feedback(1.0)).is_none());
        assert_eq!(Flow::stuck(&feedback(1.0)), Some(0));
    }
}

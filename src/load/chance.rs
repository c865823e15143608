//! What is left to chance while a run lasts: drawn by message, way and count, never by the order of events, so that threads change nothing
//! and a simulation of the same plan draws the same.

use crate::rng::Key;
use crate::scenario::{Arrivals, Consumer, Destination, Discipline, Keys, Outages, Producer, Queue, Scenario};
use crate::workload::laws::Law;

/// Nobody's: a message that was there from the start.
pub const NOBODY: u32 = u32::MAX;

/// A message on its way: what its draws depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Journey {
    /// Its position in the plan, or another number that is its own.
    pub chance: u64,
    /// A number for the way it came.
    pub path: u64,
    /// Index of its producer; [`NOBODY`] if it has none.
    pub producer: u32,
    /// Whether it comes as the plan has it, which knows its first work.
    pub planned: bool,
}

impl Journey {
    /// As a producer sends it.
    pub fn planned(position: u64, producer: u32) -> Self {
        Journey { chance: position, path: 0, producer, planned: true }
    }

    /// As a client of a closed loop sends it for so manieth time.
    pub fn of_client(number: u64, round: u64, producer: u32) -> Self {
        Journey { chance: ((number + 1) << 40) | round, path: 0, producer, planned: false }
    }

    /// One that waits in a queue from the start.
    pub fn of_backlog(queue: usize, number: u64) -> Self {
        Journey { chance: (1 << 62) | ((queue as u64) << 40) | number, path: 0, producer: NOBODY, planned: false }
    }

    /// On from a consumer, after so many deliveries.
    pub fn onward(self, deliveries: u32) -> Self {
        Journey { planned: false, ..self.branch(deliveries.into()) }
    }

    /// One of its copies: another way than the original's and the other copies'.
    pub fn branch(self, number: u64) -> Self {
        Journey { path: self.path.wrapping_add(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15), ..self }
    }

    /// Its way as a dead letter.
    pub fn dead(self) -> Self {
        Journey { path: self.path.wrapping_add(0x5851_f42d_4c95_7f2d), planned: false, ..self }
    }

    /// The number of its draws at a delivery.
    pub fn count(self, deliveries: u32) -> u64 {
        self.path.wrapping_add(deliveries.into())
    }
}

/// The keys of a run's draws.
#[derive(Debug)]
pub struct Chance {
    groups: Vec<GroupKeys>,
    /// By queue.
    ttl: Vec<Key>,
    order: Vec<Key>,
    /// By topic.
    deliver: Vec<Key>,
    /// By producer.
    keys: Vec<(Key, Option<Table>)>,
    own: Vec<Option<(Law, Key)>>,
    /// How closed loops think and send.
    think: Vec<(Key, Key)>,
    no_key: Key,
    /// Played nanoseconds in a second of the scenario.
    scale: f64,
}

#[derive(Debug)]
struct GroupKeys {
    service: Key,
    per_message: Key,
    failure: Key,
    retry: Key,
    route: Key,
    up: Key,
    down: Key,
}

/// The law of message keys as cumulated probabilities.
#[derive(Debug)]
struct Table(Vec<f64>);

impl Table {
    fn new(keys: &Keys) -> Self {
        let weight = |k: u32| match keys {
            Keys::Uniform { .. } => 1.0,
            Keys::Zipf { exponent, .. } => f64::from(k).powf(-exponent),
        };
        let (Keys::Uniform { count } | Keys::Zipf { count, .. }) = *keys;
        let mut all = 0.0;
        let mut sums: Vec<f64> = (1..=count)
            .map(|k| {
                all += weight(k);
                all
            })
            .collect();
        sums.iter_mut().for_each(|s| *s /= all);
        Table(sums)
    }

    fn at(&self, uniform: f64) -> u64 {
        self.0.partition_point(|&sum| sum < uniform) as u64
    }
}

impl Chance {
    pub fn new(scenario: &Scenario) -> Self {
        let run = Key::new(scenario.seed, 0);
        let group = |c: &Consumer| {
            let role = |role: &str| run.role(role, &c.name);
            GroupKeys {
                service: role("service again"),
                per_message: role("per message again"),
                failure: role("failure"),
                retry: role("retry"),
                route: role("route"),
                up: role("up"),
                down: role("down"),
            }
        };
        let queues = |role: &str| scenario.queues.iter().map(|q| run.role(role, &q.name)).collect();
        Chance {
            groups: scenario.consumers.iter().map(group).collect(),
            ttl: queues("ttl"),
            order: queues("order"),
            deliver: scenario.topics.iter().map(|t| run.role("deliver", &t.name)).collect(),
            keys: scenario.producers.iter().map(|p| (run.role("key", &p.name), p.keys.as_ref().map(Table::new))).collect(),
            own: scenario.producers.iter().map(|p| p.service_time.clone().map(|law| (law, run.role("work again", &p.name)))).collect(),
            think: scenario.producers.iter().map(|p| (run.role("think", &p.name), run.role("send", &p.name))).collect(),
            no_key: run.role("keys", ""),
            scale: 1e9 / scenario.measurement.speed,
        }
    }

    /// Seconds of the scenario as nanoseconds of the run.
    pub fn played(&self, seconds: f64) -> u64 {
        (seconds * self.scale).round() as u64
    }

    fn time(&self, law: &Law, key: Key, journey: Journey, count: u64) -> u64 {
        self.played(law.draw_at(key, journey.chance, count))
    }

    /// The law of the work that a producer's messages bring to the queues it sends to, if they do.
    fn brought(&self, scenario: &Scenario, queue: usize, journey: Journey) -> Option<&(Law, Key)> {
        let producer = journey.producer as usize;
        let fed = match scenario.producers.get(producer)?.to {
            Destination::Queue(to) => to == queue,
            Destination::Topic(topic) => scenario.topics[topic].subscriptions.contains(&queue),
        };
        self.own[producer].as_ref().filter(|_| fed)
    }

    /// Whether a message brings its work to a queue.
    pub fn brings(&self, scenario: &Scenario, queue: usize, journey: Journey) -> bool {
        self.brought(scenario, queue, journey).is_some()
    }

    /// The work that a message brings to a queue, if it does: by the message alone, or by its way and delivery.
    pub fn own(&self, scenario: &Scenario, queue: usize, journey: Journey, delivery: Option<u32>) -> Option<u64> {
        let (law, key) = self.brought(scenario, queue, journey)?;
        Some(self.time(law, *key, journey, delivery.map_or(0, |deliveries| journey.count(deliveries).wrapping_sub(1))))
    }

    /// A group's time for a message or, once, for a batch that it is the first of.
    pub fn service(&self, consumer: &Consumer, group: usize, journey: Journey, deliveries: u32) -> u64 {
        self.time(&consumer.service_time, self.groups[group].service, journey, journey.count(deliveries).wrapping_sub(1))
    }

    /// What each message adds to it.
    pub fn per_message(&self, consumer: &Consumer, group: usize, journey: Journey, deliveries: u32) -> u64 {
        let law = &consumer.service_time_per_message;
        if law.is_zero() {
            return 0;
        }
        self.time(law, self.groups[group].per_message, journey, journey.count(deliveries).wrapping_sub(1))
    }

    /// Whether the handler of a group fails at this delivery: by the producer's own probability, if it has one, or by the group's.
    pub fn fails(&self, scenario: &Scenario, group: usize, journey: Journey, deliveries: u32) -> bool {
        let own = scenario.producers.get(journey.producer as usize).and_then(|p| p.failure);
        let probability = own.unwrap_or(scenario.consumers[group].failure);
        let uniform = || self.groups[group].failure.uniform_at(journey.chance, journey.count(deliveries));
        probability > 0.0 && uniform() <= probability
    }

    /// How long a failed message stays away: doubled at each delivery up to the bound; with jitter, anything in the upper half of that.
    pub fn retry_delay(&self, consumer: &Consumer, group: usize, journey: Journey, deliveries: u32) -> u64 {
        let Some(retry) = consumer.retry_delay else { return 0 };
        let doubled = retry.min * 2.0_f64.powi(deliveries.saturating_sub(1).min(1000) as i32);
        let delay = doubled.min(retry.max).max(retry.min);
        let uniform = || self.groups[group].retry.uniform_at(journey.chance, journey.count(deliveries));
        self.played(if retry.jitter { delay * (0.5 + 0.5 * uniform()) } else { delay })
    }

    /// How long a server is up before it breaks for the so manieth time, and how long it is then down.
    pub fn outage(&self, outages: &Outages, group: usize, server: u64, number: u64) -> (u64, u64) {
        let keys = &self.groups[group];
        (self.played(outages.up.draw_at(keys.up, server, number)), self.played(outages.down.draw_at(keys.down, server, number)))
    }

    /// A number on (0, 1] that decides where a processed message goes.
    pub fn route(&self, group: usize, journey: Journey, deliveries: u32) -> f64 {
        self.groups[group].route.uniform_at(journey.chance, journey.count(deliveries))
    }

    /// How long a client of a closed loop thinks, and how long it then takes to send.
    pub fn think(&self, producer: &Producer, index: usize, number: u64, round: u64) -> (u64, u64) {
        let Arrivals::Closed { think_time, .. } = &producer.arrivals else { return (0, 0) };
        let (think, send) = self.think[index];
        (self.played(think_time.draw_at(think, number, round)), self.played(producer.send_time.draw_at(send, number, round)))
    }

    /// One of so many subscriptions, for a number of the pick.
    pub fn pick(&self, topic: usize, journey: Journey, number: u64, among: usize) -> usize {
        let bits = self.deliver[topic].bits_at(journey.chance, journey.path.wrapping_add(number));
        ((u128::from(bits) * among as u128) >> 64) as usize
    }

    /// A message's key; one without keys is dealt out evenly.
    pub fn key_of(&self, journey: Journey) -> u64 {
        match self.keys.get(journey.producer as usize) {
            Some((key, Some(table))) => table.at(key.uniform_at(journey.chance, 0)),
            _ => self.no_key.bits_at(journey.chance, journey.path) >> 32,
        }
    }

    pub fn ttl(&self, queue: &Queue, index: usize, journey: Journey) -> Option<u64> {
        queue.message_ttl.as_ref().map(|law| self.time(law, self.ttl[index], journey, journey.path))
    }

    /// A message's place in a line that is not in the order of arrival: smaller is sooner.
    pub fn rank(&self, queue: &Queue, index: usize, journey: Journey, facts: &Facts) -> i64 {
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        match queue.discipline {
            Discipline::Priority => -i64::from(facts.priority),
            Discipline::Shortest => number(facts.demand),
            Discipline::Deadline => number(facts.due.saturating_add(facts.ttl.unwrap_or(0))),
            Discipline::Random => (self.order[index].bits_at(journey.chance, journey.path) >> 1) as i64,
            Discipline::Fifo | Discipline::Lifo | Discipline::RoundRobin | Discipline::ProcessorSharing => 0,
        }
    }
}

/// What a message's rank can follow from.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    pub priority: i32,
    pub demand: u64,
    pub due: u64,
    pub ttl: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::RetryDelay;

    #[test]
    fn keys_follow_their_law() {
        let mut scenario = Scenario::mgc(1.0, Law::deterministic(1.0), 1);
        scenario.producers[0].keys = Some(Keys::Zipf { count: 3, exponent: 1.0 });
        let chance = Chance::new(&scenario);
        let count = |key| (0..11_000).filter(|&m| chance.key_of(Journey::planned(m, 0)) == key).count() as f64;
        // 6/11, 3/11 and 2/11 of 11 000, each within five standard deviations of a binomial (< 265).
        for (key, expected) in [(0, 6_000.0), (1, 3_000.0), (2, 2_000.0)] {
            assert!((count(key) - expected).abs() < 265.0, "{key}: {}", count(key));
        }
    }

    #[test]
    fn retries_back_off_within_bounds() {
        let mut scenario = Scenario::mgc(1.0, Law::deterministic(1.0), 1);
        scenario.consumers[0].retry_delay = Some(RetryDelay { min: 0.1, max: 0.3, jitter: false });
        let chance = Chance::new(&scenario);
        let delays = [1, 2, 3, 9].map(|n| chance.retry_delay(&scenario.consumers[0], 0, Journey::planned(5, 0), n));
        assert_eq!(delays, [100_000_000, 200_000_000, 300_000_000, 300_000_000]);
    }
}

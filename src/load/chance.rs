//! What is left to chance while a run lasts: drawn by message and count, never by the order of events, so that threads change nothing.

use crate::rng::Key;
use crate::scenario::{Consumer, Discipline, Keys, Queue, Scenario};
use crate::workload::laws::Law;

/// The keys of a run's draws.
#[derive(Debug)]
pub struct Chance {
    run: Key,
    /// By group.
    service: Vec<Key>,
    failure: Vec<Key>,
    jitter: Vec<Key>,
    routing: Vec<Key>,
    /// By queue.
    ttl: Vec<Key>,
    order: Vec<Key>,
    /// By producer.
    keys: Vec<(Key, Option<Table>)>,
    /// Played seconds a scenario's second, in nanoseconds.
    scale: f64,
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
        let mut sums: Vec<f64> = (1..=count).scan(0.0, |sum, k| Some(*sum += weight(k)).map(|()| *sum)).collect();
        let all = sums.last().copied().unwrap_or(1.0);
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
        let groups = |role: &str| scenario.consumers.iter().map(|c| run.role(role, &c.name)).collect();
        let queues = |role: &str| scenario.queues.iter().map(|q| run.role(role, &q.name)).collect();
        Chance {
            run,
            service: groups("service again"),
            failure: groups("failure"),
            jitter: groups("jitter"),
            routing: groups("routing"),
            ttl: queues("ttl"),
            order: queues("order"),
            keys: scenario.producers.iter().map(|p| (run.role("keys", &p.name), p.keys.as_ref().map(Table::new))).collect(),
            scale: 1e9 / scenario.measurement.speed,
        }
    }

    /// Seconds of the scenario as nanoseconds of the run.
    pub fn played(&self, seconds: f64) -> u64 {
        (seconds * self.scale).round() as u64
    }

    fn time(&self, law: &Law, key: Key, message: usize, count: u32) -> u64 {
        self.played(law.draw_at(key, message as u64, count.into()))
    }

    /// What so many messages together cost a server of a group, the first of them at this delivery.
    pub fn service(&self, consumer: &Consumer, group: usize, first: usize, count: u32, messages: usize) -> u64 {
        let key = self.service[group];
        let whole = self.time(&consumer.service_time, key, first, count);
        let each = &consumer.service_time_per_message;
        let more = key.role("per message", "");
        (0..messages).filter(|_| !each.is_zero()).fold(whole, |sum, m| sum.saturating_add(self.time(each, more, first, count + m as u32)))
    }

    /// Whether the handler fails at this delivery.
    pub fn fails(&self, consumer: &Consumer, group: usize, message: usize, deliveries: u32) -> bool {
        consumer.failure > 0.0 && self.failure[group].uniform_at(message as u64, deliveries.into()) <= consumer.failure
    }

    /// How long a failed message stays away: doubled at each delivery up to the bound; with jitter anything up to that.
    pub fn retry_delay(&self, consumer: &Consumer, group: usize, message: usize, deliveries: u32) -> u64 {
        let Some(retry) = consumer.retry_delay else { return 0 };
        let whole = (retry.min * 2.0_f64.powf(f64::from(deliveries) - 1.0)).min(retry.max.max(retry.min));
        let share = if retry.jitter { self.jitter[group].uniform_at(message as u64, deliveries.into()) } else { 1.0 };
        self.played(whole * share)
    }

    /// A number on (0, 1] that decides where a processed message goes.
    pub fn route(&self, group: usize, message: usize) -> f64 {
        self.routing[group].uniform_at(message as u64, 0)
    }

    /// One of so many subscriptions, for a count of tries.
    pub fn pick(&self, topic: &str, message: usize, count: u64, among: usize) -> usize {
        let uniform = self.run.role("deliver", topic).uniform_at(message as u64, count);
        ((uniform * among as f64).ceil() as usize).clamp(1, among) - 1
    }

    /// A message's key; its own position where the producer has none.
    pub fn key_of(&self, producer: usize, message: usize) -> u64 {
        match &self.keys[producer] {
            (key, Some(table)) => table.at(key.uniform_at(message as u64, 0)),
            (_, None) => message as u64,
        }
    }

    pub fn ttl(&self, queue: &Queue, index: usize, message: usize) -> Option<u64> {
        queue.message_ttl.as_ref().map(|law| self.time(law, self.ttl[index], message, 0))
    }

    /// A message's place in a line that is not in the order of arrival: smaller is sooner.
    pub fn rank(&self, queue: &Queue, index: usize, message: usize, facts: &Facts) -> i64 {
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        match queue.discipline {
            Discipline::Priority => -i64::from(facts.priority),
            Discipline::Shortest => number(facts.demand),
            Discipline::Deadline => number(facts.due.saturating_add(self.ttl(queue, index, message).unwrap_or(0))),
            Discipline::Random => (self.order[index].bits_at(message as u64, 0) >> 1) as i64,
            Discipline::Fifo | Discipline::Lifo | Discipline::ProcessorSharing => 0,
        }
    }
}

/// What a message's rank can follow from.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    pub priority: i32,
    pub demand: u64,
    pub due: u64,
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
        let count = |key| (0..11_000).filter(|&m| chance.key_of(0, m) == key).count() as f64;
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
        let delays = [1, 2, 3, 9].map(|n| chance.retry_delay(&scenario.consumers[0], 0, 5, n));
        assert_eq!(delays, [100_000_000, 200_000_000, 300_000_000, 300_000_000]);
    }
}

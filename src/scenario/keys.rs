//! Which queue of a topic, and which partition of a queue, a message's key leads to.
//!
//! A topic by key takes the remainder of the key, and whatever chooses by key behind it takes the remainder
//! of what that leaves, the quotient: so every choice is independent of those before it, in simulation,
//! theory and the real queue alike.

use super::model::{Deliver, Destination, Keys, Producer, Scenario};
use crate::rng::mix;

/// Keys that are counted one by one; the others, of which none has more than a few millionths of the weight,
/// are spread evenly.
const MOST_KEYS: u64 = 1 << 18;

/// One of several places, by the digits of a key that no choice before has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyChoice {
    before: u64,
    among: u64,
}

impl KeyChoice {
    pub(crate) fn of(self, key: u64) -> usize {
        (key / self.before % self.among) as usize
    }

    /// Keys after which the choice begins again.
    fn period(self) -> u64 {
        self.before.saturating_mul(self.among)
    }
}

/// The queues and topics that what leaves a place may come to.
struct Ahead {
    queues: Vec<bool>,
    topics: Vec<bool>,
}

impl Scenario {
    /// Which subscription of a topic a key leads to.
    pub(crate) fn choice_of_topic(&self, topic: usize) -> KeyChoice {
        let mine = self.ahead(Destination::Topic(topic));
        // Of two topics that lead to each other, the first chooses first.
        let before = |other: usize| {
            other != topic
                && self.ahead(Destination::Topic(other)).topics[topic]
                && (other < topic || !mine.topics[other])
        };
        KeyChoice {
            before: self.read_before(before),
            among: self.topics[topic].subscriptions.len().max(1) as u64,
        }
    }

    /// Which partition of a queue a key leads to.
    pub(crate) fn choice_of_partition(&self, queue: usize) -> KeyChoice {
        let before = |topic: usize| self.ahead(Destination::Topic(topic)).queues[queue];
        KeyChoice {
            before: self.read_before(before),
            among: u64::from(self.queues[queue].partitions.unwrap_or(1).max(1)),
        }
    }

    /// How many ways the topics by key have together that choose before.
    fn read_before(&self, before: impl Fn(usize) -> bool) -> u64 {
        let by_key =
            (0..self.topics.len()).filter(|&t| self.topics[t].deliver == Deliver::ByKey && before(t));
        by_key.map(|t| self.topics[t].subscriptions.len().max(1) as u64).fold(1, u64::saturating_mul)
    }

    fn ahead(&self, from: Destination) -> Ahead {
        let (mut queues, mut topics) = (vec![false; self.queues.len()], vec![false; self.topics.len()]);
        let mut open = vec![from];
        while let Some(place) = open.pop() {
            match place {
                Destination::Queue(queue) if !std::mem::replace(&mut queues[queue], true) => {
                    open.extend(self.queues[queue].dead_letter.map(Destination::Queue));
                    let routes = self
                        .consumers_of(queue)
                        .flat_map(|(_, c)| &c.to)
                        .filter(|route| route.probability > 0.0);
                    open.extend(routes.map(|route| route.to));
                }
                Destination::Topic(topic) if !std::mem::replace(&mut topics[topic], true) => {
                    open.extend(
                        self.topics[topic].subscriptions.iter().map(|queue| Destination::Queue(*queue)),
                    );
                }
                _ => {}
            }
        }
        Ahead { queues, topics }
    }

    /// The producers whose messages may come to a queue.
    pub(crate) fn producers_reaching(&self, queue: usize) -> impl Iterator<Item = &Producer> {
        self.producers.iter().filter(move |p| self.ahead(p.to).queues[queue])
    }

    /// Whether a topic by key with more than one queue may choose before what comes to a queue is there.
    pub(crate) fn is_chosen_by_key(&self, queue: usize) -> bool {
        self.choice_of_partition(queue).before > 1
    }

    /// Copies of a producer's messages that come to a queue without passing another, by partition: of one
    /// message, on average.
    pub(crate) fn direct(&self, producer: &Producer, queue: usize) -> Vec<f64> {
        let (keys, partition) = (producer.keys.as_ref(), self.choice_of_partition(queue));
        let evenly = |copies: f64| shares(keys, partition).into_iter().map(|share| share * copies).collect();
        let Destination::Topic(t) = producer.to else {
            return evenly(if producer.to == Destination::Queue(queue) { 1.0 } else { 0.0 });
        };
        let topic = &self.topics[t];
        let copies = topic.subscriptions.iter().filter(|q| **q == queue).count() as f64;
        match topic.deliver {
            _ if copies == 0.0 => evenly(0.0),
            Deliver::All => evenly(copies),
            Deliver::ByKey => {
                let subscription = self.choice_of_topic(t);
                let mut sums = vec![0.0; partition.among as usize];
                let period = subscription.period().max(partition.period());
                let own = 1.0 / (subscription.among as f64 * partition.among as f64);
                let rest = weigh(keys, period, |key, weight| {
                    if topic.subscriptions[subscription.of(key)] == queue {
                        sums[partition.of(key)] += weight;
                    }
                });
                sums.into_iter().map(|sum| sum + rest * copies * own).collect()
            }
            _ => evenly(copies / topic.subscriptions.len() as f64),
        }
    }
}

/// The share of the messages that each way of a choice gets.
pub(crate) fn shares(keys: Option<&Keys>, choice: KeyChoice) -> Vec<f64> {
    let mut sums = vec![0.0; choice.among as usize];
    let rest = weigh(keys, choice.period(), |key, weight| sums[choice.of(key)] += weight);
    sums.into_iter().map(|sum| sum + rest / choice.among as f64).collect()
}

/// Tells keys with their share of the messages, and says what share is spread evenly beyond. What chooses
/// begins again after `period` keys.
fn weigh(keys: Option<&Keys>, period: u64, mut each: impl FnMut(u64, f64)) -> f64 {
    match keys {
        // A message without a key has one of its own.
        None if period <= MOST_KEYS => (0..period).for_each(|key| each(key, 1.0 / period as f64)),
        None => return 1.0,
        Some(Keys::Uniform { count }) => {
            let count = u64::from(*count);
            if count.min(period) > MOST_KEYS {
                return 1.0;
            }
            let alike = |key: u64| count / period + u64::from(key < count % period);
            (0..count.min(period)).for_each(|key| each(key, alike(key) as f64 / count as f64));
        }
        Some(Keys::Zipf { count, exponent }) => {
            let single = u64::from(*count).min(MOST_KEYS);
            let weights: Vec<f64> = (1..=single).map(|k| (k as f64).powf(-exponent)).collect();
            let rest = if u64::from(*count) > single {
                zipf_tail(single as f64, f64::from(*count), *exponent)
            } else {
                0.0
            };
            let total = weights.iter().sum::<f64>() + rest;
            weights.into_iter().enumerate().for_each(|(key, weight)| each(key as u64, weight / total));
            return rest / total;
        }
    }
    0.0
}

/// Hashes that are tried, and how many of them are left out at either end.
const HASHES: u64 = 100;
const LEFT_OUT: usize = 5;
/// Keys that a hash deals one by one; the others are spread evenly.
const MOST_HASHED: u64 = 5_000;

/// What share of the messages the busiest of some servers gets if keys come to partitions by a hash, and these
/// to servers in turn: in nine of ten hashes it lies between these two. `None` where that hardly differs, as
/// there are many keys alike, or each message has one of its own.
pub(crate) fn hash_spread(keys: Option<&Keys>, partitions: u32, servers: u32) -> Option<(f64, f64)> {
    let mut weights = Vec::new();
    match keys? {
        Keys::Uniform { count } if u64::from(*count) > MOST_HASHED => return None,
        keys => weigh(Some(keys), MOST_KEYS, |_, weight| weights.push(weight)),
    };
    weights.truncate(MOST_HASHED as usize);
    let rest = (1.0 - weights.iter().sum::<f64>()).max(0.0) / f64::from(servers);
    let busiest = |seed: u64| {
        let mut shares = vec![rest; servers as usize];
        for (key, weight) in (0u64..).zip(&weights) {
            let partition = mix(seed << 32 | key) % u64::from(partitions);
            shares[(partition % u64::from(servers)) as usize] += weight;
        }
        shares.into_iter().fold(0.0, f64::max)
    };
    let mut all: Vec<f64> = (0..HASHES).map(busiest).collect();
    all.sort_by(f64::total_cmp);
    Some((all[LEFT_OUT], all[all.len() - 1 - LEFT_OUT]))
}

/// Σ k^(−s) for a < k ≤ b, by the midpoint rule read backwards: ∫ x^(−s) from a + ½ to b + ½.
pub(crate) fn zipf_tail(a: f64, b: f64, s: f64) -> f64 {
    let (low, high) = (a + 0.5, b + 0.5);
    if (s - 1.0).abs() < 1e-12 {
        (high / low).ln()
    } else {
        (high.powf(1.0 - s) - low.powf(1.0 - s)) / (1.0 - s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Complete, Consumer, Queue, Route, Topic};
    use crate::workload::laws::Law;

    /// A topic by key over two queues of so many partitions.
    fn keyed(partitions: u32, keys: Option<Keys>) -> Scenario {
        let mut s = Scenario::mgc(1.0, Law::exponential(0.1), 2);
        s.queues[0].partitions = Some(partitions);
        s.queues.push(Queue { name: "b".into(), ..s.queues[0].clone() });
        s.topics = vec![Topic {
            name: "t".into(),
            subscriptions: vec![0, 1],
            deliver: Deliver::ByKey,
            complete_when: Complete::Each,
        }];
        (s.producers[0].to, s.producers[0].keys) = (Destination::Topic(0), keys);
        s
    }

    #[test]
    fn a_partition_reads_what_the_topic_leaves_of_a_key() {
        for keys in [
            None,
            Some(Keys::Uniform { count: 1_000_000 }),
            Some(Keys::Zipf { count: 4_000_000, exponent: 0.0 }),
        ] {
            let s = keyed(2, keys.clone());
            let shares = s.direct(&s.producers[0], 1);
            assert!(
                shares.len() == 2 && shares.iter().all(|share| (share - 0.25).abs() < 1e-6),
                "{keys:?}: {shares:?}"
            );
        }
        // Zipf: 1, 1/2, 1/3 and 1/4; the first queue gets keys 0 and 2, one in each partition.
        let s = keyed(2, Some(Keys::Zipf { count: 4, exponent: 1.0 }));
        let shares = s.direct(&s.producers[0], 0);
        assert!(
            (shares[0] - 12.0 / 25.0).abs() < 1e-12 && (shares[1] - 4.0 / 25.0).abs() < 1e-12,
            "{shares:?}"
        );
    }

    /// Two keys alike on two partitions: every other hash puts both on one. And n keys on n partitions: the
    /// fullest has some ln n / ln ln n of them (Gonnet 1981).
    #[test]
    fn a_hash_deals_keys_by_chance() {
        let of = |count, partitions| hash_spread(Some(&Keys::Uniform { count }), partitions, partitions);
        assert_eq!(of(2, 2), Some((0.5, 1.0)));
        let (low, high) = of(24, 24).expect("few keys");
        assert!(low >= 2.0 / 24.0 && (4.0 / 24.0..=6.0 / 24.0).contains(&high), "{low} {high}");
        assert_eq!((of(1_000_000, 8), hash_spread(None, 8, 8)), (None, None));
        // The hottest key alone is the least that the busiest has.
        let zipf = hash_spread(Some(&Keys::Zipf { count: 4, exponent: 1.0 }), 4, 4).expect("few keys");
        assert!(zipf.0 >= 12.0 / 25.0 - 1e-12 && zipf.1 > 15.0 / 25.0, "{zipf:?}");
    }

    #[test]
    fn topics_one_behind_the_other_choose_independently() {
        let mut s = keyed(1, None);
        s.queues.extend(["c", "d"].map(|name| Queue { name: name.into(), ..Queue::default() }));
        s.topics.push(Topic { name: "u".into(), subscriptions: vec![2, 3], ..s.topics[0].clone() });
        s.consumers[0].to = vec![Route { to: Destination::Topic(1), probability: 1.0 }];
        let way = |s: &Scenario, key: u64| (s.choice_of_topic(0).of(key), s.choice_of_topic(1).of(key));
        assert_eq!([0, 1, 2, 3].map(|key| way(&s, key)), [(0, 0), (1, 0), (0, 1), (1, 1)]);
        // In a circle, too.
        s.consumers.push(Consumer::group("back", 2, 1, Law::exponential(0.1)));
        s.consumers[1].to = vec![Route { to: Destination::Topic(0), probability: 0.5 }];
        assert_eq!([0, 1, 2, 3].map(|key| way(&s, key)), [(0, 0), (1, 0), (0, 1), (1, 1)]);
    }
}

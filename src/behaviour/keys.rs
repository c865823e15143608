//! Keys of messages, which decide partitions and subscriptions by key.

use super::{Draws, MessageIdentity, Role};
use crate::rng::Key;
use crate::scenario::{Keys, Scenario, zipf_tail as tail};

/// The keys of all messages.
#[derive(Debug, Clone)]
pub(crate) struct MessageKeys {
    /// By producer, if its messages have keys.
    laws: Vec<Option<(KeyLaw, Key)>>,
    keyless: Key,
}

impl MessageKeys {
    pub(crate) fn new(scenario: &Scenario, draws: Draws) -> Self {
        let laws = scenario
            .producers
            .iter()
            .map(|p| Some((KeyLaw::new(p.keys.as_ref()?), draws.key(Role::MessageKey, &p.name))));
        MessageKeys { laws: laws.collect(), keyless: draws.key(Role::NoKey, "") }
    }

    /// The key of a message of a producer; one without keys is dealt out evenly.
    pub(crate) fn of(&self, message: MessageIdentity, producer: u32) -> u32 {
        match self.laws.get(producer as usize) {
            Some(Some((law, key))) => law.key(key.uniform_at(message.number, 0)),
            _ => (self.keyless.bits_at(message.number, message.path) >> 32) as u32,
        }
    }
}

/// Keys that get a probability of their own; beyond, the sum is taken as an integral, within 10⁻⁶ of it.
const TABLE: u32 = 1 << 20;

/// A law of keys that can be inverted.
#[derive(Debug, Clone)]
enum KeyLaw {
    Uniform(u32),
    Zipf {
        /// Sums of k^(−exponent) up to each key.
        sums: Vec<f64>,
        count: u32,
        exponent: f64,
        total: f64,
    },
}

impl KeyLaw {
    fn new(keys: &Keys) -> Self {
        match *keys {
            Keys::Uniform { count } => KeyLaw::Uniform(count),
            Keys::Zipf { count, exponent } => {
                let mut sum = 0.0;
                let sums: Vec<f64> = (1..=count.min(TABLE))
                    .map(|k| {
                        sum += f64::from(k).powf(-exponent);
                        sum
                    })
                    .collect();
                let total = sum
                    + if count > TABLE { tail(f64::from(TABLE), f64::from(count), exponent) } else { 0.0 };
                KeyLaw::Zipf { sums, count, exponent, total }
            }
        }
    }

    /// The key at a uniform number in (0, 1].
    fn key(&self, u: f64) -> u32 {
        match self {
            KeyLaw::Uniform(count) => ((u * f64::from(*count)).ceil() as u32).clamp(1, *count) - 1,
            KeyLaw::Zipf { sums, count, exponent, total } => {
                let wanted = u * total;
                let at = sums.partition_point(|sum| *sum < wanted);
                if at < sums.len() || *count <= TABLE {
                    return at.min(sums.len() - 1) as u32;
                }
                let (mut low, mut high) = (TABLE, *count);
                let rest = wanted - sums[sums.len() - 1];
                while low < high {
                    let middle = low + (high - low) / 2;
                    if tail(f64::from(TABLE), f64::from(middle), *exponent) < rest {
                        low = middle + 1
                    } else {
                        high = middle
                    }
                }
                low.min(*count) - 1
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_three_zipf_keys_has_six_elevenths() {
        let law = KeyLaw::new(&Keys::Zipf { count: 3, exponent: 1.0 });
        let (n, mut seen) = (110_000_u64, [0_u64; 3]);
        for i in 0..n {
            seen[law.key(Key::new(1, 0).uniform_at(i, 0)) as usize] += 1;
        }
        // Weights 1, 1/2, 1/3; five standard deviations are below 850.
        for (seen, expected) in seen.iter().zip([60_000_u64, 30_000, 20_000]) {
            assert!(seen.abs_diff(expected) < 850, "{seen} {expected}");
        }
    }

    #[test]
    fn keys_are_in_range_to_the_last() {
        for keys in [
            Keys::Uniform { count: 7 },
            Keys::Zipf { count: 5, exponent: 0.0 },
            Keys::Zipf { count: 3_000_000, exponent: 1.1 },
            Keys::Zipf { count: 3_000_000, exponent: 0.0 },
            Keys::Zipf { count: 100_000_000, exponent: 0.9 },
        ] {
            let law = KeyLaw::new(&keys);
            let count = match keys {
                Keys::Uniform { count } | Keys::Zipf { count, .. } => count,
            };
            assert_eq!((law.key(1e-300), law.key(1.0)), (0, count - 1), "{keys:?}");
        }
        let even = KeyLaw::new(&Keys::Zipf { count: 3_000_000, exponent: 0.0 });
        assert!(even.key(0.5).abs_diff(1_500_000) <= 1);
    }
}

//! Queues that share their servers: in which order a free one asks them, and how one that waits hears of a
//! message.

use crate::behaviour::{Draws, Role};
use crate::rng::Key;
use crate::scenario::{Consumer, Scenario};
use parking_lot::{Condvar, Mutex};
use std::time::Duration;

/// The queues of one group that has several.
#[derive(Debug)]
pub(super) struct SharedQueues {
    pub group: usize,
    pub queues: Vec<usize>,
    /// Empty if each goes before the next.
    weights: Vec<f64>,
    chance: Key,
    /// How many messages were sent to any of them, and who waits for another.
    sent: Mutex<u64>,
    more: Condvar,
}

impl SharedQueues {
    /// Those of every group that has several.
    pub(super) fn all(scenario: &Scenario, draws: Draws) -> Vec<Self> {
        let several = scenario.consumers.iter().enumerate().filter(|(_, consumer)| !consumer.also.is_empty());
        several.map(|(group, consumer)| SharedQueues::of(group, consumer, draws)).collect()
    }

    fn of(group: usize, consumer: &Consumer, draws: Draws) -> Self {
        SharedQueues {
            group,
            queues: consumer.queues().collect(),
            weights: consumer.weights.clone(),
            chance: draws.key(Role::SharedQueue, &consumer.name),
            sent: Mutex::default(),
            more: Condvar::default(),
        }
    }

    /// The places of the queues in the list, in the order in which a server asks them: that of the list, or
    /// by chance, so that the first that has a message is each of those with a probability in proportion to
    /// its weight. `asked` tells one time from another, for which the server is `server`.
    pub(super) fn order(&self, server: u32, asked: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.queues.len()).collect();
        if !self.weights.is_empty() {
            // The first of several exponential clocks is each of them in proportion to its rate.
            let number = asked.wrapping_mul(1 << 20).wrapping_add(server.into());
            let rings = |at: usize| -self.chance.uniform_at(number, at as u64).ln() / self.weights[at];
            order.sort_by(|a, b| rings(*a).total_cmp(&rings(*b)));
        }
        order
    }

    /// Tells of a message that was sent to one of the queues: one server that waits looks for it.
    pub(super) fn tell(&self) {
        *self.sent.lock() += 1;
        self.more.notify_one();
    }

    /// How many messages have been told of, to be asked before looking for one.
    pub(super) fn told(&self) -> u64 {
        *self.sent.lock()
    }

    /// Waits until more than so many have been told of, or for some nanoseconds.
    pub(super) fn wait(&self, told: u64, most: u64) {
        let mut sent = self.sent.lock();
        if *sent == told {
            self.more.wait_for(&mut sent, Duration::from_nanos(most));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::TimeScale;
    use std::sync::Arc;
    use std::time::Instant;

    fn shared(weights: &[f64]) -> SharedQueues {
        let consumer = Consumer { also: vec![4, 2], weights: weights.to_vec(), ..Consumer::default() };
        SharedQueues::of(0, &consumer, Draws::new(Key::new(1, 0), TimeScale::REAL))
    }

    /// Of 30,000 draws 5 : 3 : 2 are 15,000, 9,000 and 6,000 with a standard deviation below 90; of those two
    /// that are left without the first, 3 : 2.
    #[test]
    fn queues_are_asked_in_order_or_by_weight() {
        assert_eq!(shared(&[]).order(0, 7), [0, 1, 2]);
        let by_weight = shared(&[5.0, 3.0, 2.0]);
        let (mut first, mut second_before_third) = ([0; 3], 0);
        for asked in 0..30_000 {
            let order = by_weight.order(3, asked);
            first[order[0]] += 1;
            let at = |queue| order.iter().position(|other| *other == queue);
            second_before_third += i32::from(at(1) < at(2));
        }
        for (found, right) in
            first.into_iter().chain([second_before_third]).zip([15_000, 9_000, 6_000, 18_000])
        {
            assert!(i32::abs(found - right) < 450, "{first:?} {second_before_third}");
        }
    }

    #[test]
    fn who_waits_hears_of_a_message_and_of_one_that_was_sent_before() {
        let shared = Arc::new(shared(&[]));
        let told = shared.told();
        shared.tell();
        let begun = Instant::now();
        shared.wait(told, 60_000_000_000);
        let (told, other) = (shared.told(), Arc::clone(&shared));
        let teller = std::thread::spawn(move || other.tell());
        shared.wait(told, 60_000_000_000);
        assert!(begun.elapsed() < Duration::from_secs(30));
        assert!(teller.join().is_ok());
        // Nobody says anything.
        shared.wait(shared.told(), 1_000_000);
    }
}

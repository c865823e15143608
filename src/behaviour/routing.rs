//! Where messages go: through topics, and on from consumers.

use super::{Draws, MessageIdentity, Role};
use crate::rng::Key;
use crate::scenario::{Complete, Consumer, Deliver, Destination, KeyChoice, Route, Scenario};

/// The rules of a topic.
#[derive(Debug, Clone)]
pub(crate) struct TopicPolicy {
    pub deliver: Deliver,
    pub complete: Complete,
    /// How many copies have to come together, if they rejoin.
    pub rejoining: Option<u32>,
    /// Indices of queues.
    pub subscriptions: Vec<usize>,
    key: Key,
    /// Which subscription a message's key leads to.
    by_key: KeyChoice,
}

impl TopicPolicy {
    pub(crate) fn new(scenario: &Scenario, index: usize, draws: Draws) -> Self {
        let topic = &scenario.topics[index];
        TopicPolicy {
            deliver: topic.deliver,
            complete: topic.complete_when,
            rejoining: scenario
                .queues
                .iter()
                .any(|queue| queue.join == Some(index))
                .then(|| topic.copies_to_rejoin()),
            subscriptions: topic.subscriptions.clone(),
            key: draws.key(Role::Subscription, &topic.name),
            by_key: scenario.choice_of_topic(index),
        }
    }

    /// Whether every subscription gets a copy of a message; else one of them gets it.
    pub(crate) fn copies(&self) -> bool {
        self.deliver == Deliver::All
    }

    /// The queue that gets a message, by how many messages queues have inside, a turn that counts the topic's
    /// messages, and the message's key.
    pub(crate) fn choose(
        &self,
        message: MessageIdentity,
        inside: impl Fn(usize) -> u64,
        turn: impl FnOnce() -> u64,
        key: impl FnOnce() -> u32,
    ) -> usize {
        let queues = &self.subscriptions;
        let at = self.deliver.choose(
            queues.len(),
            |at| inside(queues[at]),
            |count| self.bits(message, count),
            turn,
            || self.by_key(key()),
        );
        queues[at]
    }

    /// A message's random bits for a number of the pick.
    pub(crate) fn bits(&self, message: MessageIdentity, count: u64) -> u64 {
        self.key.bits_at(message.number, message.path.wrapping_add(count))
    }

    /// The subscription to which a key leads.
    pub(crate) fn by_key(&self, key: u32) -> usize {
        self.by_key.of(key.into())
    }
}

/// Where a group's messages go on to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Routes {
    /// Nowhere: they leave.
    Out,
    Sure(Destination),
    /// Destinations with the sums of the probabilities up to them; beyond the last sum messages leave.
    Chance(Vec<(f64, Destination)>),
    /// Those of each producer's messages, and in the end those of messages that no producer sent.
    ByProducer(Vec<Routes>),
}

impl Routes {
    /// Those of a group, where there are so many producers.
    pub(crate) fn new(consumer: &Consumer, producers: usize) -> Self {
        if consumer.own_routes.is_empty() {
            return Routes::of(&consumer.to);
        }
        let who = (0..producers).map(Some).chain([None]);
        Routes::ByProducer(who.map(|producer| Routes::of(&consumer.routes_of(producer))).collect())
    }

    fn of(list: &[Route]) -> Self {
        let mut sum = 0.0;
        let with_sum = |route: &Route| {
            sum += route.probability;
            // A sum of probabilities that is 1 but for rounding is 1.
            (if sum > 1.0 - 1e-9 { 1.0 } else { sum }, route.to)
        };
        let sums: Vec<(f64, Destination)> = list.iter().map(with_sum).collect();
        match sums[..] {
            [] => Routes::Out,
            [(1.0.., to)] => Routes::Sure(to),
            _ => Routes::Chance(sums),
        }
    }

    /// Where a producer's message goes, by a number on (0, 1] where that is left to chance.
    pub(crate) fn next(&self, producer: u32, uniform: impl FnOnce() -> f64) -> Option<Destination> {
        match self {
            Routes::Out => None,
            Routes::Sure(to) => Some(*to),
            Routes::Chance(sums) => {
                let u = uniform();
                sums.iter().find(|(sum, _)| u <= *sum).map(|(_, to)| *to)
            }
            Routes::ByProducer(each) => match &each[(producer as usize).min(each.len() - 1)] {
                Routes::ByProducer(_) => None,
                routes => routes.next(producer, uniform),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::TimeScale;
    use super::*;
    use crate::scenario::{OwnRoute, Queue, Topic};
    use crate::workload::laws::Law;

    fn to(queue: usize, probability: f64) -> Route {
        Route { to: Destination::Queue(queue), probability }
    }

    #[test]
    fn probabilities_share_messages_out_and_the_rest_leaves() {
        let mut group = Consumer::group("workers", 0, 1, Law::deterministic(1.0));
        assert_eq!(Routes::new(&group, 1), Routes::Out);
        group.to = vec![to(1, 1.0)];
        assert_eq!(Routes::new(&group, 1), Routes::Sure(Destination::Queue(1)));
        group.to = vec![to(1, 0.5), to(2, 0.25)];
        let routes = Routes::new(&group, 1);
        let next = |u| routes.next(0, || u);
        assert_eq!(
            [0.5, 0.75, 0.76].map(next),
            [Some(Destination::Queue(1)), Some(Destination::Queue(2)), None]
        );
    }

    #[test]
    fn a_topic_by_key_sends_a_key_to_one_queue() {
        let mut s = Scenario::mgc(1.0, Law::deterministic(1.0), 1);
        let (deliver, complete_when) = (Deliver::ByKey, Complete::Each);
        s.queues.push(Queue::default());
        s.topics = vec![Topic { name: "t".into(), subscriptions: vec![1, 0], deliver, complete_when }];
        let topic = TopicPolicy::new(&s, 0, Draws::new(Key::new(1, 0), TimeScale::REAL));
        let queue = |key| topic.choose(MessageIdentity::planned(3), |_| 0, || 0, || key);
        assert_eq!([0, 1, 2, 3].map(queue), [1, 0, 1, 0]);
        assert!(!topic.copies());
    }

    #[test]
    fn producers_may_have_routes_of_their_own() {
        let mut group = Consumer::group("workers", 0, 1, Law::deterministic(1.0));
        group.own_routes = vec![OwnRoute { producers: vec![1], route: to(3, 1.0) }];
        let routes = Routes::new(&group, 2);
        assert_eq!(
            [0, 1, u32::MAX].map(|producer| routes.next(producer, || 1.0)),
            [None, Some(Destination::Queue(3)), None]
        );
    }
}

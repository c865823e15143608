//! What a consumer group decides about a delivery.

use super::{Draws, MessageIdentity, RandomTime, Role, Routes, TimeScale, WorkPolicy, retry};
use crate::rng::Key;
use crate::scenario::{Consumer, Destination, RetryDelay, Scenario};

/// The rules for the deliveries and servers of a group.
#[derive(Debug, Clone)]
pub(crate) struct ConsumerPolicy {
    pub work: WorkPolicy,
    pub breakdowns: Option<Breakdowns>,
    pub routes: Routes,
    route: Key,
    failure: (f64, Key),
    retry: Option<(RetryDelay, Key)>,
    /// To a server with a message, and back with its acknowledgement.
    transit: Option<[RandomTime; 2]>,
    scale: TimeScale,
}

impl ConsumerPolicy {
    pub(crate) fn new(scenario: &Scenario, consumer: &Consumer, draws: Draws) -> Self {
        let key = |role| draws.key(role, &consumer.name);
        ConsumerPolicy {
            work: WorkPolicy::new(consumer, draws),
            breakdowns: Breakdowns::of(consumer, draws),
            routes: Routes::new(consumer, scenario.producers.len()),
            route: key(Role::Route),
            failure: (consumer.failure, key(Role::Failure)),
            retry: consumer.retry_delay.map(|retry| (retry, key(Role::RetryDelay))),
            transit: consumer.transit.as_ref().map(|law| {
                [Role::TransitOut, Role::TransitBack].map(|role| draws.times(law, role, &consumer.name))
            }),
            scale: draws.scale,
        }
    }

    /// How long a message is on its way to a server.
    pub(crate) fn transit(&self, message: MessageIdentity, deliveries: u32) -> u64 {
        self.transit.as_ref().map_or(0, |[out, _]| out.at(message.number, message.count(deliveries)))
    }

    /// How long the acknowledgement of a delivery is on its way back.
    pub(crate) fn transit_back(&self, message: MessageIdentity, deliveries: u32) -> u64 {
        self.transit.as_ref().map_or(0, |[_, back]| back.at(message.number, message.count(deliveries)))
    }

    /// Whether the handler fails at a delivery: by the producer's own probability, if it has one, or by the
    /// group's.
    pub(crate) fn fails(&self, message: MessageIdentity, deliveries: u32, own: Option<f64>) -> bool {
        let (group, key) = self.failure;
        let probability = own.unwrap_or(group);
        probability > 0.0 && key.uniform_at(message.number, message.count(deliveries)) <= probability
    }

    /// How long a message stays away whose delivery failed.
    pub(crate) fn retry_delay(&self, message: MessageIdentity, deliveries: u32) -> u64 {
        let Some((retry, key)) = &self.retry else { return 0 };
        let delay = retry::delay(retry.min, retry.max, deliveries);
        let uniform = || key.uniform_at(message.number, message.count(deliveries));
        self.scale.nanos(if retry.jitter { retry::jittered(delay, uniform()) } else { delay })
    }

    /// Where a producer's message goes that was processed at a delivery.
    pub(crate) fn route(
        &self,
        message: MessageIdentity,
        deliveries: u32,
        producer: u32,
    ) -> Option<Destination> {
        self.routes.next(producer, || self.route.uniform_at(message.number, message.count(deliveries)))
    }
}

/// When servers break and for how long they are down, each by itself.
#[derive(Debug, Clone)]
pub(crate) struct Breakdowns {
    /// Whether a server breaks only while it works.
    pub only_busy: bool,
    /// Whether the message in progress is delivered again; else the server goes on with it after the repair.
    pub redeliver: bool,
    /// Whether all servers of the group are up and down together.
    pub together: bool,
    up: RandomTime,
    down: RandomTime,
}

impl Breakdowns {
    fn of(consumer: &Consumer, draws: Draws) -> Option<Self> {
        let outages = consumer.outages.as_ref()?;
        Some(Breakdowns {
            only_busy: outages.only_busy,
            redeliver: outages.redeliver,
            together: outages.together,
            up: draws.times(&outages.up, Role::TimeUp, &consumer.name),
            down: draws.times(&outages.down, Role::TimeDown, &consumer.name),
        })
    }

    /// How long a server, by its number among those of all queues, is up before its nth breakdown, counted
    /// from 1.
    pub(crate) fn time_up(&self, server: u64, nth: u64) -> u64 {
        self.up.at(self.clock(server), nth)
    }

    /// How long it is then down.
    pub(crate) fn time_down(&self, server: u64, nth: u64) -> u64 {
        self.down.at(self.clock(server), nth)
    }

    /// Whose draws a server's are: those of one for all, where they break together.
    fn clock(&self, server: u64) -> u64 {
        if self.together { 0 } else { server }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Outages;
    use crate::workload::laws::Law;

    fn policy(set: impl FnOnce(&mut Consumer), scale: TimeScale) -> ConsumerPolicy {
        let mut scenario = Scenario::mgc(1.0, Law::deterministic(1.0), 1);
        set(&mut scenario.consumers[0]);
        ConsumerPolicy::new(&scenario, &scenario.consumers[0], Draws::new(Key::new(1, 0), scale))
    }

    #[test]
    fn a_producers_probability_takes_the_place_of_the_groups() {
        let policy = policy(|c| c.failure = 0.5, TimeScale::REAL);
        let failed = |own| (0..1000).filter(|&m| policy.fails(MessageIdentity::planned(m), 1, own)).count();
        assert_eq!((failed(Some(0.0)), failed(Some(1.0))), (0, 1000));
        // Binomial: five standard deviations are 79.
        assert!(failed(None).abs_diff(500) < 79, "{}", failed(None));
    }

    #[test]
    fn retries_back_off_by_the_engines_clock() {
        let retry = RetryDelay { min: 0.1, max: 0.3, jitter: false };
        let delays = |retry, scale| {
            let policy = policy(|c| c.retry_delay = retry, scale);
            [1, 2, 3, 9].map(|n| policy.retry_delay(MessageIdentity::planned(5), n))
        };
        assert_eq!(
            delays(Some(retry), TimeScale::REAL),
            [100_000_000, 200_000_000, 300_000_000, 300_000_000]
        );
        assert_eq!(
            delays(Some(retry), TimeScale::faster(100.0)),
            [1_000_000, 2_000_000, 3_000_000, 3_000_000]
        );
        assert_eq!(delays(None, TimeScale::REAL), [0; 4]);
        let spread = delays(Some(RetryDelay { jitter: true, ..retry }), TimeScale::REAL);
        assert!(
            spread
                .iter()
                .zip([50_000_000, 100_000_000, 150_000_000, 150_000_000])
                .all(|(d, half)| (half..=2 * half).contains(d))
        );
    }

    #[test]
    fn breakdowns_are_of_each_server_and_its_nth_outage() {
        let outages = Outages {
            up: Law::exponential(10.0),
            down: Law::deterministic(3.0),
            only_busy: true,
            together: false,
            redeliver: false,
        };
        let policy = policy(|c| c.outages = Some(outages), TimeScale::REAL);
        let breakdowns = policy.breakdowns.expect("servers break");
        assert_eq!(breakdowns.time_down(1, 1), 3_000_000_000);
        assert_ne!(breakdowns.time_up(0, 1), breakdowns.time_up(1, 1));
        assert_ne!(breakdowns.time_up(0, 1), breakdowns.time_up(0, 2));
    }
}

//! What a producer decides about its messages beside the plan.

use super::{Draws, MessageIdentity, RandomTime, Role, TimeScale};
use crate::scenario::{Arrivals, Producer, Scenario};

/// The rules for a producer's messages.
#[derive(Debug, Clone)]
pub(crate) struct ProducerPolicy {
    /// The probability that handling one of its messages fails, if it has one of its own.
    pub failure: Option<f64>,
    pub closed_loop: Option<ClosedLoop>,
    /// When it sends again what is not answered, if it does.
    pub resend: Option<ResendPolicy>,
    /// The work that its messages bring, if they do, and how long they may wait, and in which queues.
    work: Option<RandomTime>,
    time_to_live: Option<RandomTime>,
    feeds: Vec<bool>,
}

impl ProducerPolicy {
    pub(crate) fn new(scenario: &Scenario, producer: &Producer, draws: Draws) -> Self {
        let fed = scenario.queues_of(producer.to);
        ProducerPolicy {
            failure: producer.failure,
            closed_loop: ClosedLoop::of(producer, draws),
            resend: ResendPolicy::of(producer, draws.scale),
            work: producer
                .service_time
                .as_ref()
                .map(|law| draws.times(law, Role::BroughtWork, &producer.name)),
            time_to_live: producer
                .ttl
                .as_ref()
                .map(|law| draws.times(law, Role::OwnTimeToLive, &producer.name)),
            feeds: (0..scenario.queues.len()).map(|queue| fed.contains(&queue)).collect(),
        }
    }

    /// The work that a message brings to a queue, where the plan does not know it; `None` if it brings none
    /// there.
    #[inline]
    pub(crate) fn brings_to(&self, queue: usize) -> Option<&RandomTime> {
        self.work.as_ref().filter(|_| self.feeds[queue])
    }

    /// How long a message may wait in a queue by its producer's own limit, if it has one there.
    pub(crate) fn time_to_live(&self, message: MessageIdentity, queue: usize) -> Option<u64> {
        let own = self.time_to_live.as_ref().filter(|_| self.feeds[queue]);
        own.map(|times| times.at(message.number, message.path))
    }
}

/// When a client sends again.
#[derive(Debug, Clone)]
pub(crate) struct ResendPolicy {
    /// Nanoseconds of the engine's clock without an answer.
    pub after: u64,
    /// Copies beside the first.
    pub at_most: u32,
    /// Whether it gives up when the last of them has not been answered in time either.
    pub gives_up: bool,
}

impl ResendPolicy {
    fn of(producer: &Producer, scale: TimeScale) -> Option<Self> {
        let policy =
            |after: f64, at_most, gives_up| ResendPolicy { after: scale.nanos(after), at_most, gives_up };
        let resend = producer.resend.map(|resend| policy(resend.after, resend.at_most, true));
        resend.or(producer.hedge.map(|hedge| policy(hedge.after, hedge.at_most, false)))
    }
}

/// Clients that think, send, and wait until all that became of their message has left.
#[derive(Debug, Clone)]
pub(crate) struct ClosedLoop {
    pub concurrency: u32,
    think: RandomTime,
    send: RandomTime,
}

impl ClosedLoop {
    fn of(producer: &Producer, draws: Draws) -> Option<Self> {
        let Arrivals::Closed { concurrency, think_time } = &producer.arrivals else { return None };
        Some(ClosedLoop {
            concurrency: *concurrency,
            think: draws.times(think_time, Role::ThinkTime, &producer.name),
            send: draws.times(&producer.send_time, Role::SendTime, &producer.name),
        })
    }

    /// When the message of a client that begins to think at an instant is due, and when it reaches its queue.
    pub(crate) fn next(&self, client: u64, round: u64, from: u64) -> (u64, u64) {
        let due = from.saturating_add(self.think.at(client, round));
        (due, due.saturating_add(self.send.at(client, round)))
    }
}

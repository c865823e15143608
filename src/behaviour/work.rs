//! How much work a delivery is.

use super::{Draws, MessageIdentity, RandomTime, Role};
use crate::scenario::Consumer;

/// The rules for a group's work, where the plan does not know it.
#[derive(Debug, Clone)]
pub(crate) struct WorkPolicy {
    service: RandomTime,
    per_message: Option<RandomTime>,
    /// Whether a message is the same work at each of its deliveries: one that brings its work, and others.
    repeats: [bool; 2],
}

/// A message that is handed to a group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WorkItem<'a> {
    pub message: MessageIdentity,
    /// Its deliveries in this queue before this one.
    pub earlier: u32,
    /// The work that it brings, if it does.
    pub brought: Option<&'a RandomTime>,
}

/// How long a server takes for work, by how many times as fast it is as its group's `service_time` says.
#[inline]
pub(crate) fn at_speed(work: u64, speed: f64) -> u64 {
    if speed == 1.0 { work } else { (work as f64 / speed).round() as u64 }
}

impl WorkPolicy {
    pub(crate) fn new(consumer: &Consumer, draws: Draws) -> Self {
        let times = |law, role| draws.times(law, role, &consumer.name);
        let extra = &consumer.service_time_per_message;
        WorkPolicy {
            service: times(&consumer.service_time, Role::Service),
            per_message: (!extra.is_zero()).then(|| times(extra, Role::ServicePerMessage)),
            repeats: [consumer.repeats_work(false), consumer.repeats_work(true)],
        }
    }

    /// Whether a message is the same work at each of its deliveries.
    #[inline]
    pub(crate) fn repeats(&self, brought: bool) -> bool {
        self.repeats[usize::from(brought)]
    }

    /// The deliveries before, as far as they make a difference to the work.
    #[inline]
    fn earlier(&self, item: &WorkItem<'_>) -> u32 {
        if self.repeats(item.brought.is_some()) { 0 } else { item.earlier }
    }

    fn brought(&self, item: &WorkItem<'_>) -> Option<u64> {
        // What is the same at each delivery is the same wherever the message comes to.
        let count = if self.repeats(true) { 0 } else { item.message.count(item.earlier) };
        item.brought.map(|times| times.at(item.message.number, count))
    }

    fn added(&self, message: MessageIdentity, earlier: u32) -> u64 {
        self.per_message.as_ref().map_or(0, |times| times.at(message.number, message.count(earlier)))
    }

    /// The work of one message: what it brings, or else the group's time.
    pub(crate) fn of_message(&self, item: WorkItem<'_>) -> u64 {
        self.brought(&item).unwrap_or_else(|| {
            let (message, earlier) = (item.message, self.earlier(&item));
            self.service
                .at(message.number, message.count(earlier))
                .saturating_add(self.added(message, earlier))
        })
    }

    /// The work of messages that are handled together: the group's time once, drawn for the first of them,
    /// its time for each message, and the sum of what messages bring, in place of the group's time where all
    /// of them do.
    pub(crate) fn of_batch<'a>(&self, batch: impl Iterator<Item = WorkItem<'a>>) -> u64 {
        let (mut sum, mut once, mut first) = (0_u64, false, None);
        for item in batch {
            first = first.or(Some((item.message, item.earlier)));
            match self.brought(&item) {
                Some(work) => sum = sum.saturating_add(work),
                None => once = true,
            }
            sum = sum.saturating_add(self.added(item.message, self.earlier(&item)));
        }
        let time = first
            .filter(|_| once)
            .map(|(message, earlier)| self.service.at(message.number, message.count(earlier)));
        sum.saturating_add(time.unwrap_or(0))
    }

    /// The work of messages that follow one another in the plan and come by the same way, each at its first
    /// delivery.
    pub(crate) fn fill(&self, first: MessageIdentity, out: &mut [u64]) {
        self.service.fill(first.number, first.path, out);
        if let Some(times) = &self.per_message {
            let mut more = vec![0; out.len()];
            times.fill(first.number, first.path, &mut more);
            out.iter_mut().zip(more).for_each(|(work, more)| *work = work.saturating_add(more));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ProducerPolicy, TimeScale};
    use super::*;
    use crate::rng::Key;
    use crate::scenario::Scenario;
    use crate::workload::laws::Law;

    fn item(number: u64, brought: Option<&RandomTime>) -> WorkItem<'_> {
        WorkItem { message: MessageIdentity::planned(number), earlier: 0, brought }
    }

    #[test]
    fn a_batch_is_its_time_once_and_a_time_for_each_message() {
        let mut scenario = Scenario::mgc(1.0, Law::deterministic(10.0), 1);
        scenario.consumers[0].service_time_per_message = Law::deterministic(1.0);
        scenario.producers[0].service_time = Some(Law::deterministic(5.0));
        let draws = Draws::new(Key::new(1, 0), TimeScale::REAL);
        let (work, producer) = (
            WorkPolicy::new(&scenario.consumers[0], draws),
            ProducerPolicy::new(&scenario, &scenario.producers[0], draws),
        );
        let brought = producer.brings_to(0);
        let seconds = |batch: &[WorkItem<'_>]| work.of_batch(batch.iter().copied()) / 1_000_000_000;
        assert_eq!(seconds(&[item(0, None), item(1, None), item(2, None)]), 13);
        assert_eq!(seconds(&[item(0, brought), item(1, None)]), 17);
        assert_eq!(seconds(&[item(0, brought), item(1, brought)]), 12);
        assert_eq!(work.of_message(item(0, brought)) / 1_000_000_000, 5);
        assert_eq!(work.of_message(item(0, None)) / 1_000_000_000, 11);
    }

    #[test]
    fn work_is_drawn_again_unless_the_message_brought_it() {
        let mut scenario = Scenario::mgc(1.0, Law::exponential(1.0), 1);
        scenario.producers[0].service_time = Some(Law::exponential(1.0));
        let draws = Draws::new(Key::new(1, 0), TimeScale::REAL);
        let (work, producer) = (
            WorkPolicy::new(&scenario.consumers[0], draws),
            ProducerPolicy::new(&scenario, &scenario.producers[0], draws),
        );
        for (brought, same) in [(producer.brings_to(0), true), (None, false)] {
            let again = WorkItem { earlier: 1, ..item(3, brought) };
            assert_eq!(work.of_message(item(3, brought)) == work.of_message(again), same);
        }
    }
}

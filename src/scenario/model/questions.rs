//! What follows from a scenario: the questions that several methods ask of it.

use super::{
    Ack, Arrivals, Consumer, Destination, Discipline, Length, Precision, Producer, Queue, Scenario, Warmup,
};
use crate::answer::{AskedStatistic, MetricId, PlaceId, Quantity, Statistic};

impl Producer {
    /// Whether it waits for its messages before it sends again.
    pub fn is_closed(&self) -> bool {
        matches!(self.arrivals, Arrivals::Closed { .. })
    }
}

impl Scenario {
    /// Whether some producer waits for its messages before it sends again.
    pub fn is_closed(&self) -> bool {
        self.producers.iter().any(Producer::is_closed)
    }

    /// The consumer groups of a queue, with their indices.
    pub fn consumers_of(&self, queue: usize) -> impl Iterator<Item = (usize, &Consumer)> {
        self.consumers.iter().enumerate().filter(move |(_, c)| c.queues().any(|q| q == queue))
    }

    /// The same of every queue.
    pub fn consumers_by_queue(&self) -> Vec<Vec<(usize, &Consumer)>> {
        let mut all = vec![Vec::new(); self.queues.len()];
        for (index, consumer) in self.consumers.iter().enumerate() {
            for (at, queue) in consumer.queues().enumerate() {
                // A queue may be named twice.
                if !consumer.queues().take(at).any(|before| before == queue) {
                    all[queue].push((index, consumer));
                }
            }
        }
        all
    }

    /// The producers that send to each queue directly.
    pub(crate) fn producers_by_queue(&self) -> Vec<Vec<&Producer>> {
        let mut all = vec![Vec::new(); self.queues.len()];
        for producer in &self.producers {
            if let Destination::Queue(queue) = producer.to {
                all[queue].push(producer);
            }
        }
        all
    }

    /// Whether what is asked for is a stretch of time from an empty start where there could be a steady
    /// state. What repeats at fixed instants is played in whole cycles all the same.
    pub fn is_of_the_start(&self) -> bool {
        let asked = matches!(self.simulation.length, Length::Duration(_));
        let starts = matches!(self.simulation.warmup, Warmup::Messages(0) | Warmup::Duration(0.0));
        let steady = |p: &Producer| {
            matches!(p.arrivals, Arrivals::Schedule { repeat: true, .. }) || p.arrivals.timetable().is_none()
        };
        let traced = self.producers.iter().any(|p| matches!(p.arrivals, Arrivals::Trace { .. }));
        asked
            && starts
            && !traced
            && self.backlog() == 0
            && self.producers.iter().all(steady)
            && self.cycle().is_none()
    }

    /// Whether nothing ever leaves a queue: nobody consumes from it, and nothing in it expires.
    pub fn keeps_for_good(&self, queue: usize) -> bool {
        self.consumers_of(queue).next().is_none() && self.queues[queue].message_ttl.is_none()
    }

    /// Whether a queue gets what others could not have served.
    pub fn takes_dead_letters(&self, queue: usize) -> bool {
        self.queues.iter().any(|other| other.dead_letter == Some(queue))
    }

    /// Whether a queue gets nothing but dead letters.
    pub fn takes_only_dead_letters(&self, queue: usize) -> bool {
        let sent = self
            .producers
            .iter()
            .map(|p| p.to)
            .chain(self.consumers.iter().flat_map(|c| c.to.iter().map(|route| route.to)));
        self.takes_dead_letters(queue) && !sent.into_iter().any(|to| self.queues_of(to).contains(&queue))
    }

    /// The queues that a destination means, all of a topic's.
    pub fn queues_of(&self, to: Destination) -> Vec<usize> {
        match to {
            Destination::Queue(queue) => vec![queue],
            Destination::Topic(topic) => self.topics[topic].subscriptions.clone(),
        }
    }

    /// Whether a sender to a destination may have to wait for room.
    pub(crate) fn blocks(&self, to: Destination) -> bool {
        match to {
            Destination::Queue(queue) => self.queues[queue].blocks(),
            Destination::Topic(topic) => {
                self.topics[topic].subscriptions.iter().any(|queue| self.queues[*queue].blocks())
            }
        }
    }

    /// Whether a group's servers may have to wait for room where their messages go on to.
    pub(crate) fn may_wait(&self, consumer: &Consumer) -> bool {
        consumer.to.iter().any(|route| self.blocks(route.to))
    }

    /// Deliveries of a message to a group before it is given up: one, if it is acknowledged beforehand;
    /// `None` is without end.
    pub fn deliveries_at_most(&self, consumer: &Consumer) -> Option<u32> {
        if consumer.ack == Ack::Auto { Some(1) } else { self.queues[consumer.from].delivery_limit }
    }

    /// Whether a delivery to a group may fail, by the group's own probability or by a producer's.
    pub(crate) fn may_fail(&self, consumer: &Consumer) -> bool {
        consumer.failure > 0.0 || self.producers_fail()
    }

    /// Whether deliveries of some producer's messages may fail, whoever gets them.
    pub(crate) fn producers_fail(&self) -> bool {
        self.producers.iter().any(|p| p.failure.is_some_and(|probability| probability > 0.0))
    }

    /// Whether messages may expire in a queue: all of them, or some producers'.
    pub(crate) fn may_expire(&self, queue: usize) -> bool {
        self.queues[queue].message_ttl.is_some() || self.some_expire(queue)
    }

    /// The same of every queue.
    pub(crate) fn expiring(&self) -> Vec<bool> {
        let mut all: Vec<bool> = self.queues.iter().map(|queue| queue.message_ttl.is_some()).collect();
        for producer in self.producers.iter().filter(|p| p.ttl.is_some()) {
            self.queues_of(producer.to).into_iter().for_each(|queue| all[queue] = true);
        }
        all
    }

    /// Whether some producers' messages have a time to live of their own in a queue.
    pub(crate) fn some_expire(&self, queue: usize) -> bool {
        let own = |p: &Producer| p.ttl.is_some() && self.queues_of(p.to).contains(&queue);
        self.producers.iter().any(own)
    }

    /// Whether a message may come to a group several times, or to it after another, so that its servers' time
    /// is counted by delivery.
    pub fn counts_deliveries(&self, consumer: &Consumer) -> bool {
        let groups: Vec<_> = self.consumers_of(consumer.from).collect();
        self.counts_deliveries_among(consumer, &groups, self.producers_fail())
    }

    /// The same where the groups of its queue are known, and whether producers' messages fail.
    pub(crate) fn counts_deliveries_among(
        &self,
        consumer: &Consumer,
        groups: &[(usize, &Consumer)],
        producers_fail: bool,
    ) -> bool {
        let queue = &self.queues[consumer.from];
        let fails =
            producers_fail && !groups.is_empty() || groups.iter().any(|(_, group)| group.failure > 0.0);
        let breaks = groups.len() > 1 && groups.iter().any(|(_, group)| group.is_broken_off());
        queue.discipline != Discipline::ProcessorSharing
            && (fails || breaks || queue.visibility_timeout.is_some())
    }

    /// What its objectives and its precision ask of times beside the usual statistics, percentiles first.
    pub fn asked_statistics(&self) -> Vec<AskedStatistic> {
        let mut out: Vec<AskedStatistic> =
            self.asked_paths().filter_map(AskedStatistic::beyond_usual).collect();
        let order = |asked: &AskedStatistic| asked.statistic.share().unwrap_or(f64::INFINITY);
        out.sort_by(|a, b| order(a).total_cmp(&order(b)).then_with(|| a.name.cmp(&b.name)));
        out.dedup();
        out
    }

    /// The metric paths of its objectives and its precision.
    fn asked_paths(&self) -> impl Iterator<Item = &str> {
        let precision: &[(String, f64)] =
            if let Precision::Paths(paths) = &self.simulation.precision { paths } else { &[] };
        self.objectives.iter().map(|o| o.metric.as_str()).chain(precision.iter().map(|p| p.0.as_str()))
    }

    /// What its objectives and its precision ask of a queue.
    pub(crate) fn asked_of<'a>(&'a self, queue: &str) -> impl Iterator<Item = MetricId<'a>> {
        self.asked_paths().filter_map(MetricId::parse).filter(move |id| id.place == PlaceId::Queue(queue))
    }

    /// Whether an objective or a precision asks for how long the oldest message has waited.
    pub(crate) fn asks_age(&self) -> bool {
        self.asked_paths().any(|path| Quantity::Age.is_of(path))
    }

    /// Whether one asks for the standard deviation over time of how many messages are in a queue.
    pub(crate) fn asks_spread(&self, queue: &Queue) -> bool {
        self.asked_of(&queue.name).any(|id| id.quantity.is_level() && id.statistic == Statistic::Sd)
    }

    /// The instants, in seconds from the beginning, at which they ask for a value.
    pub(crate) fn asked_instants(&self) -> impl Iterator<Item = (MetricId<'_>, f64)> {
        self.asked_paths().filter_map(MetricId::parse).filter_map(|id| match id.statistic {
            Statistic::At(instant) => Some((id, instant)),
            _ => None,
        })
    }

    /// Whether it begins somewhere, with a backlog, with a timetable that ends, or with nothing there, rather
    /// than going on for ever.
    pub(crate) fn has_a_beginning(&self) -> bool {
        self.may_drain() || self.is_of_the_start()
    }

    /// Whether it begins with a backlog, or follows a timetable that ends.
    pub(crate) fn may_drain(&self) -> bool {
        let ends = |p: &Producer| p.arrivals.timetable().is_some_and(|(.., repeat)| !repeat);
        self.backlog() > 0 || self.producers.iter().any(ends)
    }

    /// Messages that wait in all queues from the start.
    pub fn backlog(&self) -> u64 {
        self.queues.iter().map(|q| q.initial_backlog).sum()
    }
}

//! Listens to one run and keeps what its statistics need: sums, counts in buckets, levels; no single message.
//!
//! Stays are counted queue by queue, and whole producer through all queues producer by producer. A single
//! queue is a network of one, of which a message's only stay is its whole way: what an engine tells of in
//! blocks is counted once for both.

use super::places::Places;
use super::producer_stats::ProducerStats;
use super::queue_stats::{GroupStats, QueueStats};
use crate::message::{Exit, Level, Outcome, Record, Recorder, Served};
use std::ops::Range;

/// Listens to the messages of a window, by the order in which they reached the first of their queues.
#[derive(Debug, Clone)]
pub struct Collector {
    pub(super) places: Places,
    window: Range<u64>,
    pub(super) producers: Vec<ProducerStats>,
    /// Messages that were there from the start, which no producer sent.
    pub(super) backlog: ProducerStats,
    pub(super) queues: Vec<QueueStats>,
    pub(super) consumers: Vec<GroupStats>,
    /// Whether there are one producer and one group, whose services in a block are counted once for both.
    alone: bool,
    /// The window of time, for stays that reach across its edges.
    time: Range<u64>,
}

/// Tells a collector of what ends after its window of time.
#[derive(Debug)]
pub struct AfterWindow<'a>(pub &'a mut Collector);

impl AfterWindow<'_> {
    fn late(&mut self, r: &Record) {
        if self.0.window.contains(&r.message.id) && r.outcome != Outcome::Unfinished {
            self.0.queues[r.queue as usize].across.late(r, self.0.time.end);
        }
    }
}

impl Recorder for AfterWindow<'_> {
    fn record(&mut self, r: &Record) {
        self.late(r);
        self.0.record(r);
    }

    fn passed(&mut self, stay: &Record) {
        self.late(stay);
        self.0.passed(stay);
    }

    fn delivery(&mut self, group: u32, ended: u64, worked: u64) {
        self.0.delivery(group, ended, worked);
    }

    fn level(&mut self, level: &Level) {
        self.0.level(level);
    }

    fn level_held(&mut self, level: &Level, instants: &[u64]) {
        self.0.level_held(level, instants);
    }

    fn left(&mut self, exit: &Exit) {
        self.0.left(exit);
    }
}

impl Collector {
    /// Counts the messages of a window.
    pub fn new(places: &Places, window: Range<u64>) -> Self {
        // The only group of each queue.
        let mut only: Vec<Option<usize>> = vec![None; places.queues.len()];
        let mut groups = vec![0; places.queues.len()];
        for (group, place) in places.consumers.iter().enumerate() {
            groups[place.queue] += 1;
            let alone = groups[place.queue] == 1 && places.queues[place.queue].shares.is_none();
            only[place.queue] = alone.then_some(group);
        }
        Collector {
            producers: vec![ProducerStats::default(); places.producers.len()],
            backlog: ProducerStats::default(),
            queues: only
                .into_iter()
                .zip(&places.watched)
                .map(|(only, watched)| QueueStats::new(only, *watched))
                .collect(),
            consumers: vec![GroupStats::default(); places.consumers.len()],
            alone: places.producers.len() == 1 && places.consumers.len() == 1,
            places: places.clone(),
            window,
            time: 0..u64::MAX,
        }
    }

    /// Positions of the messages that count.
    pub fn window(&self) -> Range<u64> {
        self.window.clone()
    }

    /// Keeps no levels over time: they are told of one run alone.
    pub fn leave_out_trails(&mut self) {
        self.queues.iter_mut().for_each(|queue| queue.trail = None);
    }

    /// Makes room for the times of the window's messages, all of which are one producer's with one stay each.
    pub fn make_room(&mut self) {
        let messages = usize::try_from(self.window.end - self.window.start).unwrap_or(usize::MAX);
        for producer in &mut self.producers {
            let times = [&mut producer.wait, &mut producer.service, &mut producer.messages.latency];
            times.into_iter().for_each(|times| times.counts.make_room(messages));
        }
    }

    /// Counts the messages of another window from now on.
    pub fn set_window(&mut self, window: Range<u64>) {
        self.window = window;
    }

    /// Adds what another of the same places heard of the window that follows.
    pub fn merge(&mut self, mut next: Collector) {
        for part in [&mut *self, &mut next] {
            part.count();
            part.share();
        }
        self.window.end = next.window.end;
        self.time.end = next.time.end;
        self.producers.iter_mut().zip(&next.producers).for_each(|(a, b)| a.merge(b));
        self.backlog.merge(&next.backlog);
        self.queues.iter_mut().zip(&next.queues).for_each(|(a, b)| a.merge(b));
        self.consumers.iter_mut().zip(&next.consumers).for_each(|(a, b)| a.merge(b));
    }

    /// The window of time begins, at an instant in nanoseconds.
    pub fn begins(&mut self, at: u64) {
        self.time.start = at;
    }

    /// It ends; who is told of what ends later is [`AfterWindow`].
    pub fn ends(&mut self, at: u64) {
        self.time.end = at;
    }

    /// What stays in a queue that were told of before the window spend after its start, and how much of it is
    /// service, in nanoseconds.
    pub fn told_before(&mut self, queue: usize, stay: u64, service: u64) {
        self.queues[queue].across.told_before(stay, service);
    }

    /// What stays in a queue that were told of before the window's end spend after it.
    pub fn told_ahead(&mut self, queue: usize, stay: u64, service: u64) {
        self.queues[queue].across.told_ahead(stay, service);
    }

    /// A message's only stay, in two parts.
    #[inline(never)]
    fn passed_on(&mut self, r: &Record) {
        self.record(r);
        self.left(&r.exit());
    }

    /// Counts the stays in a queue whose rows are full, or all of them.
    #[inline(never)]
    fn count_stays(&mut self, queue: usize) {
        let stays = &mut self.queues[queue];
        stays.count(stays.only.map(|group| &mut self.consumers[group].times));
    }

    /// Whether all messages of a run are the window's.
    fn has_all(&self, run: &Served<'_>) -> bool {
        run.first >= self.window.start && run.first + run.due.len() as u64 <= self.window.end
    }

    /// Counts all rows.
    pub(super) fn count(&mut self) {
        self.producers.iter_mut().for_each(ProducerStats::count);
        self.backlog.count();
        (0..self.queues.len()).for_each(|queue| self.count_stays(queue));
        self.consumers.iter_mut().for_each(GroupStats::count);
    }

    /// Gives the times of messages that had one stay only to their queues and groups, too.
    fn share(&mut self) {
        for (index, producer) in self.producers.iter_mut().enumerate() {
            if let Some(group) = self.places.group_of(index) {
                let queue = self.places.consumers[group].queue;
                producer.share(&mut self.queues[queue], &mut self.consumers[group]);
            }
        }
    }

    /// A message that an engine tells of in a block: its only stay, one value after the other.
    fn only_stay(&mut self, r: &Record) {
        if !self.window.contains(&r.message.id) {
            return self.passed_on(r);
        }
        let producer = &mut self.producers[r.message.producer as usize];
        producer.done += u64::from(self.time.contains(&r.finished));
        producer.wait.add(r.taken - r.sent);
        producer.messages.latency.add(r.finished - r.message.due);
        producer.messages.send.add(r.sent - r.message.due);
        self.queues[r.queue as usize].deliveries += u64::from(r.deliveries);
        let service = r.finished - r.taken;
        if self.alone {
            return producer.service.add(service);
        }
        producer.messages.service.add(service);
        self.consumers[r.consumer as usize].times.add(service);
    }
}

impl Recorder for Collector {
    #[inline(always)]
    fn record(&mut self, r: &Record) {
        let stays = &mut self.queues[r.queue as usize];
        // What is rare is shown a copy, so that what is usual can stay in registers.
        if r.outcome != Outcome::Served || !self.window.contains(&r.message.id) {
            return stays.other(&Record { ..*r }, self.window.contains(&r.message.id), &self.time);
        }
        stays.deliveries += u64::from(r.deliveries);
        let (full, shared) = (stays.rows.push([r.sent, r.taken, r.finished]), stays.only.is_none());
        if full {
            self.count_stays(r.queue as usize);
        }
        if shared {
            let services = &mut self.consumers[r.consumer as usize];
            if services.rows.push([r.taken, r.finished]) {
                services.count();
            }
        }
    }

    fn stays(&mut self, run: &Served<'_>) {
        match self.queues[run.queue as usize].only.filter(|_| self.has_all(run)) {
            Some(group) => self.queues[run.queue as usize].add_all(run, &mut self.consumers[group].times),
            None => (0..run.due.len()).for_each(|i| self.record(&run.record(i))),
        }
    }

    fn served(&mut self, run: &Served<'_>) {
        let whole = self.has_all(run) && self.time.end == u64::MAX;
        if !(whole && run.producer.is_empty() && run.consumer.is_empty()) {
            return (0..run.due.len()).for_each(|i| self.only_stay(&run.record(i)));
        }
        let producer = &mut self.producers[0];
        producer.done += run.due.len() as u64;
        producer.wait.add_between(run.sent, run.taken);
        producer.messages.latency.add_between(run.due, run.finished);
        producer.messages.send.add_lags(run.due, run.sent);
        self.queues[run.queue as usize].deliveries += run.due.len() as u64;
        if self.alone {
            return producer.service.add_between(run.taken, run.finished);
        }
        producer.messages.service.add_between(run.taken, run.finished);
        self.consumers[0].times.add_between(run.taken, run.finished);
    }

    /// Where a group serves one producer's messages and no others, or is the only one, what its queue sees of
    /// a message alone and what its producer sees are the same times.
    #[inline(always)]
    fn passed(&mut self, r: &Record) {
        let alone = self.consumers.len() == 1
            || self.places.alone.get(r.message.producer as usize).copied().flatten().is_some();
        if !alone || !self.window.contains(&r.message.id) {
            return self.passed_on(&Record { ..*r });
        }
        let Some(producer) = self.producers.get_mut(r.message.producer as usize) else {
            return self.passed_on(&Record { ..*r });
        };
        producer.done += u64::from(self.time.contains(&r.finished));
        self.queues[r.queue as usize].deliveries += u64::from(r.deliveries);
        producer.push([r.message.due, r.sent, r.sent + (r.finished - r.taken), r.finished], true);
    }

    fn passed_all(&mut self, run: &Served<'_>) {
        let whole = self.has_all(run) && run.producer.is_empty();
        let alone = self.consumers.len() == 1 || self.places.alone.first().is_some_and(Option::is_some);
        let Some(producer) = self.producers.first_mut().filter(|_| whole && alone) else {
            return (0..run.due.len()).for_each(|i| self.passed(&run.record(i)));
        };
        producer.done += run.finished.iter().filter(|at| self.time.contains(at)).count() as u64;
        self.queues[run.queue as usize].deliveries += run.due.len() as u64;
        producer.push_all([run.due, run.sent, run.taken, run.finished]);
    }

    fn delivery(&mut self, group: u32, ended: u64, worked: u64) {
        if self.time.contains(&ended) {
            self.consumers[group as usize].deliveries.add(worked);
        }
    }

    fn level(&mut self, level: &Level) {
        self.level_held(level, &[level.at]);
    }

    fn level_held(&mut self, level: &Level, instants: &[u64]) {
        self.queues[level.queue as usize].level(level, instants);
    }

    #[inline(always)]
    fn left(&mut self, exit: &Exit) {
        let producer = self.producers.get_mut(exit.message.producer as usize).unwrap_or(&mut self.backlog);
        producer.done += u64::from(exit.outcome == Outcome::Served && self.time.contains(&exit.finished));
        if !self.window.contains(&exit.message.id) {
            return;
        }
        if exit.outcome != Outcome::Served {
            return producer.lose(exit.outcome);
        }
        if exit.held > 0 {
            producer.messages.blocked.add(exit.held);
        }
        producer.push([exit.message.due, exit.sent, exit.sent + exit.worked, exit.finished], false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{GroupSpan, QueueSpan, Span};

    /// Told of in one block, in blocks that the window's edges cut, or one after the other: the figures are
    /// the same.
    #[test]
    fn a_block_is_told_of_as_its_messages_are() {
        let sent: Vec<u64> = (0..4000).map(|i| i * 1000 + i * i % 777).collect();
        let taken: Vec<u64> = sent.iter().map(|at| at + at % 513).collect();
        let finished: Vec<u64> = taken.iter().map(|at| at + 1 + at % 1999).collect();
        let run = Served {
            queue: 0,
            first: 0,
            due: &sent,
            sent: &sent,
            taken: &taken,
            finished: &finished,
            producer: &[],
            consumer: &[],
        };
        let places = Places::of_one_queue(&["p"], "q", &[("c", Some(1))]);
        let span = Span {
            lasted: 1.0,
            queues: vec![QueueSpan::default()],
            groups: vec![GroupSpan::default()],
            ..Span::default()
        };
        let figures = |tell: &dyn Fn(&mut Collector)| {
            let mut collector = Collector::new(&places, 100..3000);
            tell(&mut collector);
            collector.summary(&span)
        };
        let block = figures(&|c| c.served(&run.rows(100..3000)));
        let others = [
            figures(&|c| c.served(&run)),
            figures(&|c| (0..4000).for_each(|i| c.passed(&run.record(i)))),
            figures(&|c| {
                [0..77, 77..2000, 2000..4000].into_iter().for_each(|rows| c.passed_all(&run.rows(rows)))
            }),
            figures(&|c| {
                [0..77, 77..2000, 2000..4000].into_iter().for_each(|rows| c.stays(&run.rows(rows)));
                (0..4000).for_each(|i| c.left(&run.record(i).exit()));
            }),
            figures(&|c| {
                (0..4000).map(|i| run.record(i)).for_each(|stay| {
                    c.record(&stay);
                    c.left(&stay.exit());
                })
            }),
        ];
        assert_eq!(block.served, 2900);
        for other in others {
            assert_eq!(
                (block.offered, block.served, &block.counts),
                (other.offered, other.served, &other.counts)
            );
            for (path, value) in &block.values {
                assert!(
                    (value - other.values[path]).abs() <= 1e-12 * value.abs() || path.ends_with("throughput"),
                    "{path}"
                );
            }
        }
    }
}

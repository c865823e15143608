//! What a collector listened to, as numbers by metric path.

use super::checks::Balance;
use super::collector::Collector;
use super::message_stats::MessageStats;
use super::moments::{SharedTimes, TimeMoments};
use super::places::{ConsumerPlace, QueuePlace};
use super::producer_stats::ProducerStats;
use super::span::{GroupSpan, Span};
use super::summary::Summary;
use crate::answer::{BalanceLaw, path};
use crate::message::Outcome;
use crate::units::NANOS_PER_SECOND;

const SECONDS_PER_HOUR: f64 = 3600.0;

/// A run as numbers, put together of what several collectors heard of queues that have nothing to do with one
/// another.
#[derive(Debug, Default)]
pub struct SummaryOfParts {
    /// Of each, all places but the total.
    parts: Vec<Summary>,
    /// All producers' messages together, and how many of them were done within the window of time.
    all: MessageStats<SharedTimes>,
    done: u64,
    /// Whether messages may get to dead-letter queues, and senders may have to wait.
    dies: bool,
    blocks: bool,
}

impl SummaryOfParts {
    /// Adds what one of them heard, in the order of their producers.
    pub fn add(&mut self, part: Collector, span: &Span) {
        part.tell(self, span);
    }

    /// All parts, which lasted so many seconds; see [`Summary::whole`].
    pub fn finish(self, lasted: f64) -> Summary {
        let SummaryOfParts { mut parts, all, done, dies, blocks } = self;
        let asked = parts.last().map(|part| part.asked.clone()).unwrap_or_default();
        let mut total = Summary { asked: asked.clone(), ..Summary::default() };
        total.producer("total", &all, done as f64 / lasted);
        lost_or_blocked(&mut total, "total", &all, (dies, blocks));
        total.forget_histograms();
        parts.push(total);
        Summary {
            asked,
            offered: all.offered(),
            served: all.wait.moments.count,
            unfinished: all.unfinished,
            trails: parts.iter_mut().flat_map(|part| std::mem::take(&mut part.trails)).collect(),
            parts,
            ..Summary::default()
        }
    }
}

/// What messages meet where they may get to dead-letter queues, and where their senders may have to wait.
fn lost_or_blocked(
    out: &mut Summary,
    place: &str,
    messages: &MessageStats<SharedTimes>,
    (dies, blocks): (bool, bool),
) {
    if dies {
        out.dead_letters(place, messages);
    }
    if blocks {
        out.blocked(place, messages);
    }
}

impl Collector {
    /// The run as numbers.
    pub fn summary(self, span: &Span) -> Summary {
        let mut parts = SummaryOfParts::default();
        parts.add(self, span);
        parts.finish(span.lasted).whole()
    }

    /// Tells of all places but the total, to which it adds its messages.
    fn tell(mut self, parts: &mut SummaryOfParts, span: &Span) {
        self.count();
        let SummaryOfParts { parts, all, done, dies, blocks } = parts;
        let out = &mut Summary { asked: self.places.asked.clone(), ..Summary::default() };
        let told = self.backlog.done + self.producers.iter().map(|producer| producer.done).sum::<u64>();
        *done += span.done.unwrap_or(told);
        let (messages, queues, groups) = self.shared();
        all.join(&std::mem::take(&mut self.backlog.messages).shared());
        for ((name, producer), messages) in self.places.producers.iter().zip(&self.producers).zip(&messages) {
            let own = span.done.filter(|_| self.producers.len() == 1).unwrap_or(producer.done);
            out.producer(&format!("producers.{name}"), messages, own as f64 / span.lasted);
            all.join(messages);
        }
        let served = self.groups_of();
        for ((index, place), wait) in self.places.queues.iter().enumerate().zip(&queues) {
            let of = &served[index];
            self.queue(out, (index, place), wait, of, span);
            self.laws(out, (index, place), wait, (of, &groups), span);
        }
        *dies |= self.places.queues.iter().any(|q| q.sends_on);
        *blocks |= self.places.queues.iter().any(|q| q.blocks);
        for (name, messages) in self.places.producers.iter().zip(&messages) {
            lost_or_blocked(out, &format!("producers.{name}"), messages, (*dies, *blocks));
        }
        for ((index, place), times) in self.places.consumers.iter().enumerate().zip(groups) {
            let by_delivery =
                place.by_delivery.then(|| std::mem::take(&mut self.consumers[index].deliveries));
            let times = by_delivery.map_or(times, SharedTimes::from);
            consumer(out, place, &times, &span.groups[index], span.lasted);
        }
        out.forget_histograms();
        parts.push(std::mem::take(out));
    }

    /// The times of producers, queues and groups: one histogram where they are the same.
    fn shared(&mut self) -> (Vec<MessageStats<SharedTimes>>, Vec<SharedTimes>, Vec<SharedTimes>) {
        use std::mem::take;
        let mut queues: Vec<SharedTimes> =
            self.queues.iter_mut().map(|queue| take(&mut queue.wait).into()).collect();
        let mut groups: Vec<SharedTimes> =
            self.consumers.iter_mut().map(|group| take(&mut group.times).into()).collect();
        let mut of_producer = |(index, producer): (usize, &mut ProducerStats)| {
            let mut messages = take(&mut producer.messages).shared();
            if let Some(group) = self.places.group_of(index) {
                let (wait, service) = (take(&mut producer.wait).into(), take(&mut producer.service).into());
                queues[self.places.consumers[group].queue].join(&wait);
                groups[group].join(&service);
                messages.wait.join(&wait);
                messages.service.join(&service);
            }
            messages
        };
        let messages = self.producers.iter_mut().enumerate().map(&mut of_producer).collect();
        (messages, queues, groups)
    }

    /// The groups of each queue.
    fn groups_of(&self) -> Vec<Vec<usize>> {
        let mut of = vec![Vec::new(); self.queues.len()];
        self.places.consumers.iter().enumerate().for_each(|(group, place)| of[place.queue].push(group));
        of
    }

    fn queue(
        &self,
        out: &mut Summary,
        (index, queue): (usize, &QueuePlace),
        wait: &SharedTimes,
        groups: &[usize],
        span: &Span,
    ) {
        let (place, stays, levels) =
            (format!("queues.{}", queue.name), &self.queues[index], &span.queues[index]);
        let trail = |out: &mut Summary| {
            if let Some(trail) = &stays.trail {
                out.trails.insert(queue.name.clone(), trail.points());
            }
        };
        let mut set =
            |key: &str, statistic: &str, value: f64| out.values.insert(path(&place, key, statistic), value);
        let (served, unserved) = (wait.moments.count, stays.lost.values().sum::<u64>());
        let dead = stays.lost.get(&Outcome::DeadLettered).copied().unwrap_or(0);
        let gone = (served + unserved).max(1) as f64;
        set("arrival_rate", "", levels.offered as f64 / span.lasted);
        set("throughput", "", levels.served as f64 / span.lasted);
        if queue.keeps_for_good {
            // What lies there becomes more and more: a mean would only say how long the run was.
            set("growth", "", (levels.after - levels.before) / span.lasted);
            trail(out);
            return;
        }
        set("loss", "", (unserved - dead) as f64 / gone);
        if queue.sends_on {
            set("dead_lettered", "", dead as f64 / gone);
        }
        if queue.blocks {
            set("blocked", "mean", levels.held);
            set("blocked", "max", levels.held_peak as f64);
        }
        set("queue_length", "mean", levels.waiting);
        set("in_system", "mean", levels.waiting + levels.serving);
        set("queue_length", "max", levels.peak as f64);
        if let Some([waiting, inside, held]) = levels.squares {
            let sd = |square: f64, mean: f64| (square - mean * mean).max(0.0).sqrt();
            set("queue_length", "sd", sd(waiting, levels.waiting));
            set("in_system", "sd", sd(inside, levels.waiting + levels.serving));
            if queue.blocks {
                set("blocked", "sd", sd(held, levels.held));
            }
        }
        let most = match queue.servers.filter(|_| levels.peak > 0) {
            Some(servers) => levels.peak + u64::from(servers),
            None => stays.in_system.max().max(levels.peak),
        };
        set("in_system", "max", most as f64);
        let accepted = (served + stays.accepted_lost) as f64;
        if accepted > 0.0 {
            set("attempts", "", stays.deliveries as f64 / accepted);
            set(
                "delayed",
                "",
                (wait.counts.above(self.places.at_once) + stays.delayed_lost) as f64 / accepted,
            );
        }
        if let Some(utilization) = self.utilization(index, groups, span) {
            set("utilization", "", utilization);
        }
        for (key, counts) in [("queue_length", &stays.waiting), ("in_system", &stays.in_system)] {
            out.levels(&place, key, counts);
        }
        out.times(&place, "wait", wait);
        if let Some(age) = &stays.age {
            out.times(&place, "age", &SharedTimes::from(TimeMoments::clone(age)));
            // The oldest of all was hardly looked at.
            out.values.remove(&path(&place, "age", "max"));
        }
        trail(out);
    }

    /// The share of a queue's servers that were at work; `None` if it has none, or no limit of them.
    fn utilization(&self, queue: usize, groups: &[usize], span: &Span) -> Option<f64> {
        if let Some(servers) = self.places.queues[queue].servers {
            return Some(span.queues[queue].serving / f64::from(servers));
        }
        if let Some(group) = self.places.queues[queue].shares {
            // Of the servers that it shares, those that are at work for it.
            return Some(span.queues[queue].serving / span.groups[group].count)
                .filter(|share| share.is_finite());
        }
        let groups = || groups.iter().map(|&group| (&self.places.consumers[group], &span.groups[group]));
        let (busy, count) =
            groups().fold((0.0, 0.0), |(busy, count), (_, group)| (busy + group.busy, count + group.count));
        (count > 0.0 && !groups().any(|(place, _)| place.unlimited)).then(|| busy / count)
    }

    /// Checks the laws that hold in a queue and among its servers.
    fn laws(
        &self,
        out: &mut Summary,
        (index, queue): (usize, &QueuePlace),
        wait: &SharedTimes,
        (groups, times): (&[usize], &[SharedTimes]),
        span: &Span,
    ) {
        let (name, stays, levels) = (queue.name.as_str(), &self.queues[index], &span.queues[index]);
        let second = |nanos: u128| nanos as f64 / NANOS_PER_SECOND;
        let served: u128 = groups.iter().map(|&group| times[group].moments.sum).sum();
        let worked = second(served + u128::from(stays.lost_service));
        let stayed = second(wait.moments.sum + served + u128::from(stays.lost_stay));
        let little = stays.across.stays(levels.waiting + levels.serving, stayed, span.lasted);
        // What was served is known of each group, and not of each of its queues.
        if !queue.keeps_for_good && queue.shares.is_none() {
            // Stays that never end are in no sum.
            out.balances.insert(BalanceLaw::Little(name.into()), little);
        }
        let flow =
            Balance { over_time: levels.came as f64, of_messages: levels.accounted as f64, edges: 0.0 };
        out.balances.insert(BalanceLaw::Conservation(name.into()), flow);
        let groups = groups.iter().map(|&group| (&self.places.consumers[group], &span.groups[group]));
        for (place, group) in groups.filter(|(place, _)| place.plain) {
            let balance = stays.across.services(group.busy + group.absent, worked, span.lasted);
            out.balances.insert(BalanceLaw::Utilization(place.name.clone()), balance);
        }
    }
}

fn consumer(out: &mut Summary, place: &ConsumerPlace, times: &SharedTimes, group: &GroupSpan, lasted: f64) {
    let name = format!("consumers.{}", place.name);
    let mut set = |key: &str, value: f64| out.values.insert(path(&name, key, ""), value);
    set("throughput", group.handled as f64 / lasted);
    set("busy", group.busy);
    if !place.unlimited {
        let count = place.servers.map_or(group.count, f64::from);
        set("count", count);
        if count > 0.0 {
            set("utilization", group.busy / count);
        }
    }
    if let Some(scalings) = group.scalings {
        set("scalings", scalings as f64 / lasted * SECONDS_PER_HOUR);
    }
    if group.batches > 0 {
        set("batch_size", group.handled as f64 / group.batches as f64);
    }
    out.times(&name, "service", times);
}

//! What a collector listened to, as numbers by metric path.

use super::checks::Balance;
use super::collector::Collector;
use super::moments::TimeMoments;
use super::places::{ConsumerPlace, QueuePlace};
use super::span::{GroupSpan, Span};
use super::summary::Summary;
use crate::answer::{BalanceLaw, path};
use crate::message::Outcome;
use crate::units::NANOS_PER_SECOND;

impl Collector {
    /// The run as numbers.
    pub fn summary(&self, span: &Span) -> Summary {
        self.counted().figures(span)
    }

    /// The same when all rows have been counted.
    fn figures(&self, span: &Span) -> Summary {
        let mut out = Summary { asked: self.places.asked.clone(), ..Summary::default() };
        let mut all = self.backlog.messages.clone();
        let told = self.backlog.done + self.producers.iter().map(|producer| producer.done).sum::<u64>();
        let done = span.done.unwrap_or(told);
        for (name, producer) in self.places.producers.iter().zip(&self.producers) {
            let own = span.done.filter(|_| self.producers.len() == 1).unwrap_or(producer.done);
            out.producer(&format!("producers.{name}"), &producer.messages, own as f64 / span.lasted);
            all.merge(&producer.messages);
        }
        out.producer("total", &all, done as f64 / span.lasted);
        out.offered = all.offered();
        out.served = all.wait.moments.count;
        out.unfinished = all.unfinished;
        for (index, place) in self.places.queues.iter().enumerate() {
            self.queue(&mut out, index, place, span);
            self.laws(&mut out, index, place, span);
        }
        let names = self.places.producers.iter().map(|name| format!("producers.{name}"));
        let messages = self.producers.iter().map(|producer| &producer.messages);
        let (dies, blocks) =
            (self.places.queues.iter().any(|q| q.sends_on), self.places.queues.iter().any(|q| q.blocks));
        for (place, messages) in names.zip(messages).chain([("total".into(), &all)]) {
            if dies {
                out.dead_letters(&place, messages);
            }
            if blocks {
                out.blocked(&place, messages);
            }
        }
        for (index, place) in self.places.consumers.iter().enumerate() {
            let services = &self.consumers[index];
            let times = if place.by_delivery { &services.deliveries } else { &services.times };
            self.consumer(&mut out, place, times, &span.groups[index], span.lasted);
        }
        out
    }

    fn queue(&self, out: &mut Summary, index: usize, queue: &QueuePlace, span: &Span) {
        let (place, stays, levels) =
            (format!("queues.{}", queue.name), &self.queues[index], &span.queues[index]);
        let mut set =
            |key: &str, statistic: &str, value: f64| out.values.insert(path(&place, key, statistic), value);
        let (served, unserved) = (stays.wait.moments.count, stays.lost.values().sum::<u64>());
        let dead = stays.lost.get(&Outcome::DeadLettered).copied().unwrap_or(0);
        let gone = (served + unserved).max(1) as f64;
        set("arrival_rate", "", levels.offered as f64 / span.lasted);
        set("throughput", "", levels.served as f64 / span.lasted);
        if queue.keeps_for_good {
            // What lies there becomes more and more: a mean would only say how long the run was.
            set("growth", "", (levels.after - levels.before) / span.lasted);
            out.trails.insert(queue.name.clone(), stays.trail.points());
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
                (stays.wait.counts.above(self.places.at_once) + stays.delayed_lost) as f64 / accepted,
            );
        }
        if let Some(utilization) = self.utilization(index, span) {
            set("utilization", "", utilization);
        }
        for (key, counts) in [("queue_length", &stays.waiting), ("in_system", &stays.in_system)] {
            out.levels(&place, key, counts);
        }
        out.times(&place, "wait", &stays.wait);
        out.trails.insert(queue.name.clone(), stays.trail.points());
    }

    /// The share of a queue's servers that were at work; `None` if it has none, or no limit of them.
    fn utilization(&self, queue: usize, span: &Span) -> Option<f64> {
        if let Some(servers) = self.places.queues[queue].servers {
            return Some(span.queues[queue].serving / f64::from(servers));
        }
        if let Some(group) = self.places.queues[queue].shares {
            // Of the servers that it shares, those that are at work for it.
            return Some(span.queues[queue].serving / span.groups[group].count)
                .filter(|share| share.is_finite());
        }
        let groups =
            || self.places.consumers.iter().zip(&span.groups).filter(|(place, _)| place.queue == queue);
        let (busy, count) =
            groups().fold((0.0, 0.0), |(busy, count), (_, group)| (busy + group.busy, count + group.count));
        (count > 0.0 && !groups().any(|(place, _)| place.unlimited)).then(|| busy / count)
    }

    /// Checks the laws that hold in a queue and among its servers.
    fn laws(&self, out: &mut Summary, index: usize, queue: &QueuePlace, span: &Span) {
        let (name, stays, levels) = (queue.name.as_str(), &self.queues[index], &span.queues[index]);
        let groups = || {
            self.consumers
                .iter()
                .zip(&self.places.consumers)
                .zip(&span.groups)
                .filter(|((_, c), _)| c.queue == index)
        };
        let second = |nanos: u128| nanos as f64 / NANOS_PER_SECOND;
        let served: u128 = groups().map(|((services, _), _)| services.times.moments.sum).sum();
        let worked = second(served + u128::from(stays.lost_service));
        let stayed = second(stays.wait.moments.sum + served + u128::from(stays.lost_stay));
        let little = stays.across.stays(levels.waiting + levels.serving, stayed, span.lasted);
        // What was served is known of each group, and not of each of its queues.
        if !queue.keeps_for_good && queue.shares.is_none() {
            // Stays that never end are in no sum.
            out.balances.insert(BalanceLaw::Little(name.into()), little);
        }
        let flow =
            Balance { over_time: levels.came as f64, of_messages: levels.accounted as f64, edges: 0.0 };
        out.balances.insert(BalanceLaw::Conservation(name.into()), flow);
        for ((_, place), group) in groups().filter(|((_, place), _)| place.plain) {
            let balance = stays.across.services(group.busy + group.absent, worked, span.lasted);
            out.balances.insert(BalanceLaw::Utilization(place.name.clone()), balance);
        }
    }

    fn consumer(
        &self,
        out: &mut Summary,
        place: &ConsumerPlace,
        times: &TimeMoments,
        group: &GroupSpan,
        lasted: f64,
    ) {
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
        if group.batches > 0 {
            set("batch_size", group.handled as f64 / group.batches as f64);
        }
        out.times(&name, "service", times);
    }
}

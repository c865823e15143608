//! A server of a consumer group: takes a message or a batch, spends its demand, settles and forwards, over
//! and over.

mod acquire;
mod outage;
mod settle;
mod totals;

pub(super) use totals::{ServerTotals, ServiceTime};

use super::clock::Clock;
use super::context::RunContext;
use super::delivery_sample::DeliverySample;
use super::message_copy::MessageCopy;
use super::outages::Breaks;
use super::run_plan::ServerId;
use super::targets::{Delivery, Publisher, Receiver};
use super::visit_log::ServedBy;
use super::work::Worker;
use crate::behaviour::{TokenBucket, at_speed, bucket};
use crate::message::{HandOff, Overrun};
use crate::scenario::{Ack, Consumer, LimitScope};
use settle::CompletedDelivery;
use std::sync::atomic::Ordering;

/// How often a server that breaks looks whether all is over, in nanoseconds.
const LOOK: u64 = 20_000_000;

/// A server's handles of the target.
pub(super) struct ServerHandles<'w> {
    pub receiver: Box<dyn Receiver + 'w>,
    /// For its further queues, if it has several.
    pub others: Vec<Box<dyn Receiver + 'w>>,
    /// Of a server that sends messages on.
    pub publisher: Option<Box<dyn Publisher + 'w>>,
}

/// A server with all that it needs.
pub(super) struct Server<'a, 'w, C> {
    pub worker: &'w mut Worker<'a, C>,
    pub context: RunContext<'w>,
    handles: ServerHandles<'w>,
    pub start: u64,
    pub server_id: ServerId,
    /// What its services took longer than planned.
    pub overruns: Vec<Overrun>,
    /// How long it was free for its messages, where it takes them from a broker.
    pub samples: Vec<DeliverySample>,
    /// When it became free, in nanoseconds from the start.
    free: u64,
    /// When it breaks, if it does, and until when it is down in a service that it did not end.
    breaks: Option<Breaks<'w>>,
    down_until: Option<u64>,
    /// When it tries again what failed, if it keeps it until then.
    keeps_until: Option<u64>,
    /// The tokens of its own that it takes messages by, if it does.
    bucket: Option<TokenBucket>,
    /// Of several queues, which of them what it has comes from, and how often it asked them.
    at: usize,
    asked: u64,
}

impl<'a, 'w, C: Clock> Server<'a, 'w, C> {
    /// A server that has room to tell of so many services.
    pub(super) fn new(
        worker: &'w mut Worker<'a, C>,
        context: RunContext<'w>,
        handles: ServerHandles<'w>,
        start: u64,
        server_id: ServerId,
        room: usize,
    ) -> Self {
        Server {
            worker,
            context,
            handles,
            start,
            server_id,
            overruns: Vec::with_capacity(room),
            samples: Vec::with_capacity(if context.run_plan.on_broker { room } else { 0 }),
            free: 0,
            breaks: None,
            down_until: None,
            keeps_until: None,
            bucket: None,
            at: 0,
            asked: 0,
        }
    }

    /// Serves until its queue is closed and settled, or the target halted. Once the worker is stopped it
    /// works no more.
    pub(super) fn serve(&mut self) -> ServerTotals {
        let most = self.most();
        let batches = self.consumer().batch.is_some();
        let (mut totals, mut last) = (ServerTotals::default(), None);
        let mut deliveries = Vec::with_capacity(most);
        self.breaks = Breaks::of(self.context.run_plan, self.server_id);
        let own = self.consumer().rate_limit.filter(|limit| limit.by == LimitScope::Server);
        self.bucket = own.map(|limit| bucket(limit, self.context.run_plan.rules.scale));
        while self.take(most, &mut deliveries) {
            if batches {
                self.work(&deliveries, &mut totals, &mut last);
                deliveries.clear();
            }
            // The window slides: what is done makes room for another, which waits here and no longer in the
            // queue.
            while !deliveries.is_empty() {
                self.work(&deliveries[..1], &mut totals, &mut last);
                if let Some(until) = self.keeps_until.take() {
                    self.worker.pacer.wait_until(until);
                    deliveries[0].deliveries += 1;
                    continue;
                }
                let done = deliveries.remove(0);
                deliveries.extend(self.next_of_key(&done));
                if most > 1 && !self.worker.pacer.stopped() {
                    self.handles.receiver.take(most - deliveries.len(), 0, &mut deliveries);
                }
            }
        }
        totals
    }

    fn queue(&self) -> usize {
        let (run_plan, group) = (self.context.run_plan, self.server_id.group);
        run_plan.shared(group).map_or(run_plan.groups[group].queue, |shared| shared.queues[self.at])
    }

    /// The handle by which it took what it has.
    fn receiver(&mut self) -> &mut (dyn Receiver + 'w) {
        match self.at.checked_sub(1) {
            Some(other) => self.handles.others[other].as_mut(),
            None => self.handles.receiver.as_mut(),
        }
    }

    fn lease(&self) -> Option<u64> {
        self.context.run_plan.groups[self.server_id.group].lease
    }

    fn consumer(&self) -> &'w Consumer {
        &self.context.run_plan.scenario.consumers[self.server_id.group]
    }

    /// The visit that a delivery belongs to, and which copy of its message that is; `None` if nobody has ever
    /// sent it.
    fn visit(&self, delivery: &Delivery) -> Option<(usize, MessageCopy)> {
        let (mut visit, queue) = (delivery.message as usize, self.queue() as u32);
        let mut origin = *self.context.visits.origin(visit)?;
        // What was sent to another queue has been thrown here from there, maybe by way of others.
        while origin.queue != queue {
            let next = self.context.run_plan.scenario.queues[origin.queue as usize].dead_letter?;
            let dead = origin.thrown(next as u32, visit);
            let now = self.worker.pacer.now().saturating_sub(self.start);
            visit = self.context.visits.dead_letter_visit(visit, || self.context.visits.begin(dead, now))?;
            origin = dead;
        }
        Some((visit, origin.copy))
    }

    /// Spends the demand of messages that are served together, and settles them.
    fn work(&mut self, batch: &[Delivery], totals: &mut ServerTotals, last: &mut Option<u64>) {
        if self.worker.pacer.stopped() {
            // What is not settled would be waited for.
            batch.iter().for_each(|delivery| _ = self.acknowledge(delivery, &mut ServerTotals::default()));
            return;
        }
        let at = self.worker.pacer.now();
        let taken_at = at.saturating_sub(self.start);
        let group = self.server_id.group;
        let auto = self.consumer().ack == Ack::Auto;
        // Between its acknowledgement and its end a message is in no queue.
        let early = auto || self.lease().is_some();
        self.context.busy.fetch_add(u64::from(early), Ordering::SeqCst);
        let acknowledged: Vec<bool> = if auto {
            batch.iter().map(|delivery| self.acknowledge(delivery, totals)).collect()
        } else {
            Vec::new()
        };
        let known: Vec<(&Delivery, Option<(usize, MessageCopy)>)> =
            batch.iter().map(|delivery| (delivery, self.visit(delivery))).collect();
        let mut copies =
            known.iter().filter_map(|(delivery, visit)| visit.map(|(_, copy)| (copy, delivery.deliveries)));
        let first = copies.clone().next();
        let planned = match self.consumer().batch {
            Some(_) => self.context.run_plan.work(group, copies),
            None => copies
                .next()
                .map_or(0, |(copy, deliveries)| self.context.run_plan.demand(group, copy, deliveries)),
        };
        self.sample(taken_at, known.first());
        let planned = at_speed(planned, self.consumer().speed_of(self.server_id.server));
        let (done, down, whole) = self.spend(at, planned);
        let planned = planned + down;
        for (index, (delivery, visit)) in known.into_iter().enumerate() {
            let Some((visit, copy)) = visit else {
                totals.duplicated += 1;
                self.acknowledge(delivery, &mut ServerTotals::default());
                continue;
            };
            let served_by = ServedBy {
                group: group as u32,
                server: self.server_id.server,
                deliveries: delivery.deliveries,
            };
            totals.duplicated += u64::from(!self.context.visits.take(visit, taken_at, served_by));
            if delivery.deliveries == 1 {
                totals.disordered +=
                    u64::from(self.context.run_plan.groups[group].ordered && *last > Some(delivery.message));
                *last = Some(delivery.message);
            }
            let completed = CompletedDelivery {
                delivery,
                visit,
                copy,
                served_by,
                done,
                acknowledged: acknowledged.get(index).copied(),
            };
            let counts =
                if whole { self.settle(&completed, totals) } else { self.give_back(&completed, totals) };
            // What timed out was in service until then, and waits or is in another's since.
            let until = if counts { done } else { done.min(delivery.until) };
            self.context.visits.work(visit, until.saturating_sub(at));
        }
        self.context.busy.fetch_sub(u64::from(early), Ordering::SeqCst);
        self.free = done.saturating_sub(self.start);
        if let Some(repaired) = self.down_until.take() {
            self.stay_down(repaired);
            self.free = self.worker.pacer.now().saturating_sub(self.start);
        } else if !self.worker.pacer.stopped() {
            self.record_service(at, done, planned, first, totals);
        }
    }

    /// Records how long a broker took to bring a message, or the first of a batch, for which this server was
    /// free; what was delivered before has waited somewhere else meanwhile.
    fn sample(&mut self, taken: u64, first: Option<&(&Delivery, Option<(usize, MessageCopy)>)>) {
        let waits = self.consumer().batch.is_some_and(|batch| batch.linger > 0.0);
        let Some((delivery, Some((visit, copy)))) = first else { return };
        if !self.context.run_plan.on_broker || waits || delivery.deliveries != 1 {
            return;
        }
        let Some(sent) = self.context.visits.trace(*visit).sent else { return };
        let hand_off = HandOff {
            consumer: self.server_id.group as u32,
            message: copy.identity.number,
            count: copy.identity.count(0),
            nanos: taken.saturating_sub(self.free.max(sent)),
        };
        let (queue, idle) = (self.queue() as u32, sent > self.free);
        self.samples.push(DeliverySample { hand_off, queue, at: taken, idle });
    }

    /// Records what a service took beside what was planned; `first` is the first copy that was served, with
    /// its deliveries.
    fn record_service(
        &mut self,
        at: u64,
        done: u64,
        planned: u64,
        first: Option<(MessageCopy, u32)>,
        totals: &mut ServerTotals,
    ) {
        let real = done.saturating_sub(at);
        let half =
            &mut totals.halves[usize::from(at.saturating_sub(self.start) > self.context.run_plan.span() / 2)];
        *half = half.plus(ServiceTime { planned, real });
        self.overruns.extend(first.map(|(copy, deliveries)| Overrun {
            consumer: self.server_id.group as u32,
            message: copy.identity.number,
            count: copy.identity.count(deliveries.saturating_sub(1)),
            nanos: real as i64 - planned as i64,
        }));
    }
}

#[cfg(test)]
mod tests;

//! A server of a consumer group: takes a message or a batch, spends its demand, settles and forwards, over and over.

use super::clock::Clock;
use super::context::RunContext;
use super::message_copy::MessageCopy;
use super::outages::Breaks;
use super::scaler::ServerDuty;
use super::targets::{Delivery, Publisher, Receiver};
use super::visit_log::{ServedBy, VisitOrigin};
use super::work::Worker;
use crate::message::Overrun;
use crate::scenario::{Ack, Consumer};
use std::sync::atomic::Ordering;

/// How often a server that breaks looks whether all is over, in nanoseconds.
const LOOK: u64 = 20_000_000;

/// A server: its consumer group and its number in that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ServerId {
    pub group: usize,
    pub server: u32,
}

/// What a server counted, summed over servers at the end: faults of the target, and time in service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ServerTotals {
    /// Messages that came although they had been taken, that were done twice, or that were never in the plan.
    pub duplicated: u64,
    /// First deliveries that came after a later message of the same line.
    pub disordered: u64,
    /// Settlements that the target would not have.
    pub unsettled: u64,
    /// What was planned and what it came to, in the first half of the run and in the second.
    pub halves: [ServiceTime; 2],
}

/// A delivery whose work is over.
struct CompletedDelivery<'t> {
    delivery: &'t Delivery,
    visit: usize,
    copy: MessageCopy,
    served_by: ServedBy,
    /// When its work was over, by the run's clock.
    done: u64,
    /// Whether the target would have its acknowledgement, if that came before the work.
    acknowledged: Option<bool>,
}

/// Nanoseconds of service that were planned, and that it really took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ServiceTime {
    pub planned: u64,
    pub real: u64,
}

impl ServiceTime {
    pub(super) fn plus(self, other: ServiceTime) -> ServiceTime {
        ServiceTime { planned: self.planned + other.planned, real: self.real + other.real }
    }

    /// By what share it took longer than planned.
    pub(super) fn overrun(self) -> Option<f64> {
        (self.planned > 0).then(|| self.real as f64 / self.planned as f64 - 1.0)
    }
}

impl ServerTotals {
    pub(super) fn merge(&mut self, other: &ServerTotals) {
        self.duplicated += other.duplicated;
        self.disordered += other.disordered;
        self.unsettled += other.unsettled;
        self.halves = [self.halves[0].plus(other.halves[0]), self.halves[1].plus(other.halves[1])];
    }

    /// All services together.
    pub(super) fn service_time(&self) -> ServiceTime {
        self.halves[0].plus(self.halves[1])
    }
}

/// A server's handles of the target.
pub(super) struct ServerHandles<'w> {
    pub receiver: Box<dyn Receiver + 'w>,
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
    /// When it breaks, if it does, and until when it is down in a service that it did not end.
    breaks: Option<Breaks<'w>>,
    down_until: Option<u64>,
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
        Server { worker, context, handles, start, server_id, overruns: Vec::with_capacity(room), breaks: None, down_until: None }
    }

    /// Serves until its queue is closed and settled, or the target halted. Once the worker is stopped it works no more.
    pub(super) fn serve(&mut self) -> ServerTotals {
        let most = self.most();
        let batches = self.consumer().batch.is_some();
        let (mut totals, mut last) = (ServerTotals::default(), None);
        let mut deliveries = Vec::with_capacity(most);
        self.breaks = Breaks::of(self.context.run_plan, self.server_id);
        while self.take(most, &mut deliveries) {
            if batches {
                self.work(&deliveries, &mut totals, &mut last);
                deliveries.clear();
            }
            // The window slides: what is done makes room for another, which waits here and no longer in the queue.
            while !deliveries.is_empty() {
                self.work(&deliveries[..1], &mut totals, &mut last);
                deliveries.remove(0);
                if most > 1 && !self.worker.pacer.stopped() {
                    self.handles.receiver.take(most - deliveries.len(), 0, &mut deliveries);
                }
            }
        }
        totals
    }

    /// Takes a message, a window of them or a whole batch; false once there are none any more.
    fn take(&mut self, most: usize, deliveries: &mut Vec<Delivery>) -> bool {
        if self.breaks.is_some() {
            return self.take_while_up(most, deliveries);
        }
        if self.context.scalers[self.server_id.group].is_some() {
            return self.take_while_scaled_in(most, deliveries);
        }
        let run_plan = self.context.run_plan;
        let _batch_lock = run_plan.batch_lock(self.server_id.group);
        let open = self.handles.receiver.take(most, u64::MAX, deliveries);
        self.fill(most, deliveries);
        open
    }

    /// Takes what comes until an instant of the run's clock.
    fn take_until(&mut self, until: u64, most: usize, deliveries: &mut Vec<Delivery>) {
        let run_plan = self.context.run_plan;
        let _batch_lock = run_plan.batch_lock(self.server_id.group);
        self.handles.receiver.take(most, until, deliveries);
        self.fill(most, deliveries);
    }

    /// Takes a message while the autoscaler wants this server.
    fn take_while_scaled_in(&mut self, most: usize, deliveries: &mut Vec<Delivery>) -> bool {
        let (scalers, server) = (self.context.scalers, self.server_id.server);
        let Some(scaler) = &scalers[self.server_id.group] else { return false };
        scaler.set_busy(server, 0);
        while !self.context.closed.load(Ordering::SeqCst) && !self.worker.pacer.stopped() {
            let now = self.worker.pacer.now().saturating_sub(self.start);
            match scaler.duty(server, now) {
                ServerDuty::Off => scaler.wait(LOOK),
                ServerDuty::Starting(at) => self.stay_down(at),
                ServerDuty::On => {
                    let until = scaler.next().min(now + LOOK).max(now + 1_000_000);
                    self.take_until(self.start + until, most, deliveries);
                }
            }
            if !deliveries.is_empty() {
                scaler.set_busy(server, deliveries.len() as u64);
                return true;
            }
        }
        false
    }

    /// Takes a message between breaks, which an idle server has, too.
    fn take_while_up(&mut self, most: usize, deliveries: &mut Vec<Delivery>) -> bool {
        while !self.context.closed.load(Ordering::SeqCst) && !self.worker.pacer.stopped() {
            let Some(breaks) = &mut self.breaks else { return false };
            // One that breaks only while it works looks again at times, whether all is over.
            let now = self.worker.pacer.now().saturating_sub(self.start);
            let next = breaks.when_idle().unwrap_or(now + LOOK);
            if next <= now {
                let repaired = breaks.breaks(next);
                self.stay_down(repaired);
                continue;
            }
            self.take_until(self.start + next.min(now + LOOK), most, deliveries);
            if !deliveries.is_empty() {
                return true;
            }
        }
        false
    }

    /// Does nothing until it is repaired, or all is over.
    fn stay_down(&mut self, until: u64) {
        loop {
            let now = self.worker.pacer.now().saturating_sub(self.start);
            if now >= until || self.context.closed.load(Ordering::SeqCst) || self.worker.pacer.stopped() {
                return;
            }
            self.worker.pacer.wait_until(self.start + until.min(now + LOOK));
        }
    }

    /// Spends a demand, breaks included. Says when it was over, how much of that it was down, and whether the work was done.
    fn spend(&mut self, at: u64, planned: u64) -> (u64, u64, bool) {
        let (mut from, mut left, mut down) = (at, planned, 0);
        loop {
            let since = from.saturating_sub(self.start);
            let Some((breaks, broken)) = self.breaks.as_mut().and_then(|b| b.within(since, left).map(|at| (b, at))) else {
                let done = self.worker.spend(from, left);
                self.breaks.iter_mut().for_each(|b| b.worked(left));
                return (done, down, true);
            };
            let repaired = breaks.breaks(broken);
            let resumes = breaks.resumes();
            let done = self.worker.spend(from, broken - since);
            if !resumes {
                self.down_until = Some(repaired);
                return (done, down, false);
            }
            left -= broken - since;
            down += repaired - broken;
            self.stay_down(repaired);
            from = self.start + repaired;
        }
    }

    fn queue(&self) -> usize {
        self.context.run_plan.groups[self.server_id.group].queue
    }

    fn lease(&self) -> Option<u64> {
        self.context.run_plan.groups[self.server_id.group].lease
    }

    fn consumer(&self) -> &'w Consumer {
        &self.context.run_plan.scenario.consumers[self.server_id.group]
    }

    /// How many messages it holds at most: those of a batch, or of its window where no dispatcher hands them out one by one.
    fn most(&self) -> usize {
        let consumer = self.consumer();
        match self.context.run_plan.window(self.server_id.group, self.server_id.server) {
            Some(_) => 1,
            None => consumer.batch.map_or(consumer.prefetch, |b| b.max).max(1) as usize,
        }
    }

    /// Waits for the rest of a batch, if it is one, until its first message has waited for the linger.
    fn fill(&mut self, most: usize, deliveries: &mut Vec<Delivery>) {
        let Some(batch) = self.consumer().batch else { return };
        let linger = self.context.run_plan.rules.scale.nanos(batch.linger);
        let Some((visit, _)) = deliveries.first().and_then(|delivery| self.visit(delivery)) else { return };
        let until = self.start + self.context.visits.sent(visit) + linger;
        while deliveries.len() < most && self.worker.pacer.now() < until && !self.worker.pacer.stopped() {
            self.handles.receiver.take(most - deliveries.len(), until, deliveries);
        }
        if self.lease().is_some() && linger > 0 {
            // A batch is taken when it is whole. What was taken away meanwhile is somebody else's.
            deliveries.retain_mut(|delivery| self.handles.receiver.extend(delivery));
        }
    }

    /// The visit that a delivery belongs to, and which copy of its message that is; `None` if nobody has ever sent it.
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
        let acknowledged: Vec<bool> =
            if auto { batch.iter().map(|delivery| self.acknowledge(delivery, totals)).collect() } else { Vec::new() };
        let known: Vec<(&Delivery, Option<(usize, MessageCopy)>)> = batch.iter().map(|delivery| (delivery, self.visit(delivery))).collect();
        let mut copies = known.iter().filter_map(|(delivery, visit)| visit.map(|(_, copy)| (copy, delivery.deliveries)));
        let first = copies.clone().next();
        let planned = match self.consumer().batch {
            Some(_) => self.context.run_plan.work(group, copies),
            None => copies.next().map_or(0, |(copy, deliveries)| self.context.run_plan.demand(group, copy, deliveries)),
        };
        let (done, down, whole) = self.spend(at, planned);
        let planned = planned + down;
        for (index, (delivery, visit)) in known.into_iter().enumerate() {
            let Some((visit, copy)) = visit else {
                totals.duplicated += 1;
                self.acknowledge(delivery, &mut ServerTotals::default());
                continue;
            };
            let served_by = ServedBy { group: group as u32, server: self.server_id.server, deliveries: delivery.deliveries };
            totals.duplicated += u64::from(!self.context.visits.take(visit, taken_at, served_by));
            if delivery.deliveries == 1 {
                totals.disordered += u64::from(self.context.run_plan.groups[group].ordered && *last > Some(delivery.message));
                *last = Some(delivery.message);
            }
            let completed = CompletedDelivery { delivery, visit, copy, served_by, done, acknowledged: acknowledged.get(index).copied() };
            let counts = if whole { self.settle(&completed, totals) } else { self.give_back(&completed, totals) };
            // What timed out was in service until then, and waits or is in another's since.
            let until = if counts { done } else { done.min(delivery.until) };
            self.context.visits.work(visit, until.saturating_sub(at));
        }
        self.context.busy.fetch_sub(u64::from(early), Ordering::SeqCst);
        if let Some(repaired) = self.down_until.take() {
            self.stay_down(repaired);
        } else if !self.worker.pacer.stopped() {
            let real = done.saturating_sub(at);
            let half = &mut totals.halves[usize::from(taken_at > self.context.run_plan.span() / 2)];
            *half = half.plus(ServiceTime { planned, real });
            self.overruns.extend(first.map(|(copy, deliveries)| Overrun {
                consumer: group as u32,
                message: copy.identity.number,
                count: copy.identity.count(deliveries.saturating_sub(1)),
                nanos: real as i64 - planned as i64,
            }));
        }
    }

    /// A server that breaks has done nothing: another takes the message, unless it was acknowledged beforehand. Says whether that counts.
    fn give_back(&mut self, completed: &CompletedDelivery, totals: &mut ServerTotals) -> bool {
        match completed.acknowledged {
            Some(counts) => self.lost_if(counts, completed),
            None => self.nack(completed, 0, totals),
        }
    }

    /// A message's work is over: it is done, or it failed and comes again. Says whether that counts: it does not after the delivery timed out.
    fn settle(&mut self, completed: &CompletedDelivery, totals: &mut ServerTotals) -> bool {
        let (group, deliveries) = (self.server_id.group, completed.delivery.deliveries);
        if self.worker.pacer.stopped() {
            return match completed.acknowledged {
                Some(counts) => counts,
                None => self.acknowledge(completed.delivery, &mut ServerTotals::default()),
            };
        }
        let rules = &self.context.run_plan.rules;
        if rules.fails(group, completed.copy, deliveries) {
            let delay = rules.consumers[group].retry_delay(completed.copy.identity, deliveries);
            return match completed.acknowledged {
                Some(counts) => self.lost_if(counts, completed),
                None => self.nack(completed, delay, totals),
            };
        }
        if completed.acknowledged.is_none() && self.lease().is_none() {
            // Sent on before it is acknowledged: it may come twice but is not lost.
            if self.done(completed) {
                self.forward(completed);
            }
            return self.acknowledge(completed.delivery, totals);
        }
        // Where another may have it, only the acknowledgement tells who has done it.
        let counts = match completed.acknowledged {
            Some(counts) => counts,
            None => self.acknowledge(completed.delivery, totals),
        };
        if counts {
            totals.duplicated += u64::from(!self.done(completed));
            self.forward(completed);
        }
        counts
    }

    fn done(&self, completed: &CompletedDelivery) -> bool {
        self.context.visits.finish(completed.visit, completed.done.saturating_sub(self.start), completed.served_by)
    }

    /// What failed after it was acknowledged is lost, if that acknowledgement counted.
    fn lost_if(&self, counts: bool, completed: &CompletedDelivery) -> bool {
        if counts {
            let at = completed.done.saturating_sub(self.start);
            self.context.visits.fail(completed.visit, at);
            self.context.clients.less(self.context.visits.origin(completed.visit).and_then(|o| o.client), at);
        }
        counts
    }

    /// Gives a message back. Said beforehand, for it may come again at once.
    fn nack(&mut self, completed: &CompletedDelivery, delay: u64, totals: &mut ServerTotals) -> bool {
        self.context.visits.give_back(completed.visit);
        let kept = self.handles.receiver.nack(completed.delivery, delay);
        if !kept {
            self.context.visits.not_given_back(completed.visit);
            totals.unsettled += u64::from(!self.may_be_over(completed.delivery));
        }
        kept
    }

    /// Says that a message is done, and whether the target will have it.
    fn acknowledge(&mut self, delivery: &Delivery, totals: &mut ServerTotals) -> bool {
        let settled = self.handles.receiver.ack(delivery);
        totals.unsettled += u64::from(!settled && !self.may_be_over(delivery));
        settled
    }

    /// Whether the time in which a delivery is to be settled may be over, which is no fault of the target: the queue had its message for
    /// that long.
    fn may_be_over(&self, delivery: &Delivery) -> bool {
        let (now, visits) = (self.worker.pacer.now().saturating_sub(self.start), self.context.visits);
        let sent = self.visit(delivery).map_or(0, |(visit, _)| visits.sent(visit).min(visits.sent(delivery.message as usize)));
        self.lease().is_some_and(|lease| now >= sent + lease)
    }

    /// Sends a processed message on.
    fn forward(&mut self, completed: &CompletedDelivery) {
        let (visit, copy, deliveries) = (completed.visit, completed.copy, completed.delivery.deliveries);
        let Some(origin) = self.context.visits.origin(visit) else { return };
        let to = self.context.run_plan.rules.consumers[self.server_id.group].route(copy.identity, deliveries, copy.producer);
        let now = self.worker.pacer.now().saturating_sub(self.start);
        if let Some(to) = to {
            // Its copies are counted before it is no more.
            let onward = VisitOrigin { copy: copy.forwarded(deliveries), before: Some(visit), topic: None, dead: false, ..*origin };
            if let Some(publisher) = &mut self.handles.publisher {
                let (worker, start) = (&self.worker, self.start);
                self.context.send(publisher.as_mut(), to, onward, now, || worker.pacer.now().saturating_sub(start));
            }
        }
        self.context.clients.less(origin.client, now);
    }
}

#[cfg(test)]
mod tests {
    use super::super::clients::Clients;
    use super::super::clock::Fake;
    use super::super::message_copy::MessageCopy;
    use super::super::pacing::{MARGIN, Pacer};
    use super::super::run_plan::RunPlan;
    use super::super::targets::{Direct, PublishRequest, Sent, SharedQueue, Subscription, Target};
    use super::super::visit_log::VisitLog;
    use super::*;
    use crate::scenario::{Scenario, Work};
    use crate::workload::Block;
    use crate::workload::laws::Law;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    /// Hands out the messages that it was made with, each with the number of its delivery.
    struct Script(Mutex<Vec<(u64, u32)>>);

    impl SharedQueue for Script {
        fn publish(&self, _: usize, _: &PublishRequest) -> Sent {
            Sent::Closed
        }
        fn consume(&self, _: Subscription, _: usize, out: &mut Vec<Delivery>) -> bool {
            let message = self.0.lock().expect("no thread panicked").pop();
            out.extend(message.map(|(message, deliveries)| Delivery { message, deliveries, tag: 0, part: 0, until: u64::MAX }));
            message.is_some()
        }
        fn ack(&self, _: usize, delivery: &Delivery) -> bool {
            delivery.message != 2
        }
        fn close(&self, _: usize) {}
        fn halt(&self) {}
        fn in_system(&self, _: usize) -> Option<u64> {
            None
        }
    }

    fn handles(target: &Direct<Script>) -> ServerHandles<'_> {
        let receiver = target.receiver(Subscription { queue: 0, part: 0 }).expect("a handle");
        ServerHandles { receiver, publisher: None }
    }

    #[test]
    fn faults_of_a_target_are_counted() {
        let scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 1);
        let plan = Block { due: vec![0; 4], sent: vec![0; 4], demand: vec![vec![1_000_000; 4]], ..Block::default() };
        let run_plan = RunPlan::new(&scenario, &plan).expect("the scenario is the simplest there is");
        let (clock, stop, visits) = (Fake { read: 20, ..Fake::default() }, AtomicBool::new(false), VisitLog::new(4, 4));
        for id in 0..4 {
            let copy = MessageCopy::planned(id, 0);
            visits.begin(VisitOrigin::new(id, 0, copy), 0).expect("room");
        }
        let (clients, busy, closed) = (Clients::new(&run_plan), AtomicU64::new(0), AtomicBool::new(false));
        let mut worker = Worker::new(Pacer::new(&clock, &stop, MARGIN), &clock, Work::Auto);
        let target = Direct(Script(Mutex::new([9, 1, 2, 3, 1, 0].map(|message| (message, 1)).to_vec())));
        let server_id = ServerId { group: 0, server: 0 };
        let context = RunContext {
            run_plan: &run_plan,
            target: &target,
            visits: &visits,
            clients: &clients,
            busy: &busy,
            scalers: &[None],
            closed: &closed,
        };
        let mut server = Server::new(&mut worker, context, handles(&target), 0, server_id, 0);
        let totals = server.serve();
        // 1 came twice and 9 is unknown; 2 came after 3 and 1 after 2; 2 was not to be settled.
        assert_eq!((totals.duplicated, totals.disordered, totals.unsettled), (2, 2, 1));
        let service_time = totals.service_time();
        assert_eq!(service_time.planned, 5_000_000);
        assert!((5_000_000..5_000_500).contains(&service_time.real), "{service_time:?}");
        assert!(server.overruns.iter().all(|o| o.nanos < 100));
        let trace = visits.trace(0);
        let service_time = trace.finished.expect("served") - trace.taken.expect("served").0;
        assert!((1_000_000..1_000_100).contains(&service_time), "{service_time}");
    }

    /// What a server of a queue whose deliveries time out after so many seconds notices of services of a millisecond.
    fn totals_of(timeout: f64, script: Vec<(u64, u32)>) -> ServerTotals {
        let mut scenario = Scenario::mgc(1.0, Law::deterministic(0.001), 1);
        scenario.queues[0].visibility_timeout = Some(timeout);
        let plan = Block { due: vec![0; 4], sent: vec![0; 4], demand: vec![vec![1_000_000; 4]], ..Block::default() };
        let run_plan = RunPlan::new(&scenario, &plan).expect("it can be played");
        let (clock, stop, visits) = (Fake { read: 20, ..Fake::default() }, AtomicBool::new(false), VisitLog::new(4, 4));
        for id in 0..4 {
            visits.begin(VisitOrigin::new(id, 0, MessageCopy::planned(id, 0)), 0).expect("room");
        }
        let (clients, busy, closed) = (Clients::new(&run_plan), AtomicU64::new(0), AtomicBool::new(false));
        let mut worker = Worker::new(Pacer::new(&clock, &stop, MARGIN), &clock, Work::Auto);
        let target = Direct(Script(Mutex::new(script)));
        let server_id = ServerId { group: 0, server: 0 };
        let context = RunContext {
            run_plan: &run_plan,
            target: &target,
            visits: &visits,
            clients: &clients,
            busy: &busy,
            scalers: &[None],
            closed: &closed,
        };
        let totals = Server::new(&mut worker, context, handles(&target), 0, server_id, 0).serve();
        assert_eq!(busy.into_inner(), 0);
        totals
    }

    #[test]
    fn only_what_is_in_time_may_be_acknowledged_and_only_once() {
        // Message 2 is never to be settled: after a millisecond and two that may be so for a timeout of two, and not for one of an hour.
        let faults = |totals: ServerTotals| (totals.duplicated, totals.disordered, totals.unsettled);
        assert_eq!(faults(totals_of(0.002, vec![(2, 1), (1, 1), (0, 1)])), (0, 0, 0));
        assert_eq!(faults(totals_of(3600.0, vec![(2, 1), (1, 1), (0, 1)])), (0, 0, 1));
        assert_eq!(faults(totals_of(0.002, vec![(1, 2), (1, 1), (0, 1)])), (1, 0, 0), "both acknowledgements of 1 were accepted");
    }

    #[test]
    fn what_the_host_takes_from_a_service_is_told() {
        let scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 1);
        let plan = Block { due: vec![0; 2], sent: vec![0; 2], demand: vec![vec![1_000_000; 2]], ..Block::default() };
        let run_plan = RunPlan::new(&scenario, &plan).expect("the scenario is the simplest there is");
        // The program stands still from the middle of the second service until 300 µs after its end.
        let clock = Fake { read: 20, stall: Some((1_500_000, 800_000)), ..Fake::default() };
        let (stop, visits) = (AtomicBool::new(false), VisitLog::new(2, 2));
        for id in 0..2 {
            visits.begin(VisitOrigin::new(id, 0, MessageCopy::planned(id, 0)), 0).expect("room");
        }
        let (clients, busy, closed) = (Clients::new(&run_plan), AtomicU64::new(0), AtomicBool::new(false));
        let mut worker = Worker::new(Pacer::new(&clock, &stop, MARGIN), &clock, Work::Auto);
        let target = Direct(Script(Mutex::new(vec![(1, 1), (0, 1)])));
        let server_id = ServerId { group: 0, server: 0 };
        let context = RunContext {
            run_plan: &run_plan,
            target: &target,
            visits: &visits,
            clients: &clients,
            busy: &busy,
            scalers: &[None],
            closed: &closed,
        };
        let mut server = Server::new(&mut worker, context, handles(&target), 0, server_id, 0);
        let service_time = server.serve().service_time();
        let near = |nanos: i64, expected: i64| (nanos - expected).abs() < 500;
        assert!(near(service_time.real as i64 - service_time.planned as i64, 300_000), "{service_time:?}");
        let overruns: Vec<i64> = server.overruns.iter().map(|o| o.nanos).collect();
        assert!(near(overruns[0], 0) && near(overruns[1], 300_000), "{overruns:?}");
        assert!(visits.trace(1).finished.is_some_and(|at| near(at as i64, 2_300_000)));
    }
}

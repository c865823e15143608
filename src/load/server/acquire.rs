//! Taking messages: one, a window of them or a whole batch, while the server is up and wanted.

use super::{LOOK, Server};
use crate::load::clock::Clock;
use crate::load::scaler::ServerDuty;
use crate::load::shared_queues::SharedQueues;
use crate::load::targets::Delivery;
use std::sync::atomic::Ordering;

impl<C: Clock> Server<'_, '_, C> {
    /// Takes a message, a window of them or a whole batch; false once there are none any more.
    pub(super) fn take(&mut self, most: usize, deliveries: &mut Vec<Delivery>) -> bool {
        if self.breaks.is_some() {
            return self.take_while_up(most, deliveries);
        }
        if self.context.scalers[self.server_id.group].is_some() {
            return self.take_while_scaled_in(most, deliveries);
        }
        let run_plan = self.context.run_plan;
        if let Some(shared) = run_plan.shared(self.server_id.group) {
            return self.take_of_several(shared, deliveries);
        }
        let _take_lock = run_plan.take_lock(self.server_id.group);
        if self.consumer().rate_limit.is_some() && !self.await_token() {
            return false;
        }
        let open = self.handles.receiver.take(most, u64::MAX, deliveries);
        if !deliveries.is_empty() {
            self.take_token();
        }
        self.fill(most, deliveries);
        if let Some(locks) = run_plan.key_locks(self.server_id.group) {
            deliveries.retain(|delivery| self.key_of(delivery).is_none_or(|key| locks.enter(key, delivery)));
        }
        open
    }

    /// Takes a message from the first of several queues that has one; false once nothing will come any more.
    fn take_of_several(&mut self, shared: &SharedQueues, deliveries: &mut Vec<Delivery>) -> bool {
        loop {
            let told = shared.told();
            self.asked += 1;
            for at in shared.order(self.server_id.server, self.asked) {
                self.at = at;
                self.receiver().take(1, 0, deliveries);
                if !deliveries.is_empty() {
                    return true;
                }
            }
            if self.context.closed.load(Ordering::SeqCst) || self.worker.pacer.stopped() {
                return false;
            }
            shared.wait(told, LOOK);
        }
    }

    /// Waits until the group, or this server, may take a message; false if all is over before.
    fn await_token(&mut self) -> bool {
        loop {
            let shared = self.context.run_plan.bucket(self.server_id.group).map(|bucket| bucket.free_at());
            let at = shared.or(self.bucket.as_ref().map(|bucket| bucket.free_at())).unwrap_or(0);
            let now = self.worker.pacer.now().saturating_sub(self.start);
            if self.context.closed.load(Ordering::SeqCst) || self.worker.pacer.stopped() {
                return false;
            }
            if at <= now {
                return true;
            }
            self.worker.pacer.wait_until(self.start + at.min(now + LOOK));
        }
    }

    fn take_token(&mut self) {
        let now = self.worker.pacer.now().saturating_sub(self.start);
        let run_plan = self.context.run_plan;
        run_plan.bucket(self.server_id.group).into_iter().for_each(|mut bucket| bucket.take(now));
        self.bucket.iter_mut().for_each(|bucket| bucket.take(now));
    }

    /// The key of a delivered message; `None` if nobody has ever sent it.
    fn key_of(&self, delivery: &Delivery) -> Option<u32> {
        self.visit(delivery).map(|(_, copy)| self.context.run_plan.rules.key_of(copy))
    }

    /// After a delivery whose work is over: the next of its key, where keys are locked and it does not come
    /// again.
    pub(super) fn next_of_key(&self, delivery: &Delivery) -> Option<Delivery> {
        let (run_plan, group) = (self.context.run_plan, self.server_id.group);
        let locks = run_plan.key_locks(group)?;
        let (_, copy) = self.visit(delivery)?;
        let consumer = self.consumer();
        let last =
            run_plan.scenario.deliveries_at_most(consumer).is_some_and(|most| delivery.deliveries >= most);
        let again =
            !last && !self.worker.pacer.stopped() && run_plan.rules.fails(group, copy, delivery.deliveries);
        if again { None } else { locks.leave(run_plan.rules.key_of(copy)) }
    }

    /// Takes what comes until an instant of the run's clock.
    fn take_until(&mut self, until: u64, most: usize, deliveries: &mut Vec<Delivery>) {
        let run_plan = self.context.run_plan;
        let _take_lock = run_plan.take_lock(self.server_id.group);
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
                ServerDuty::Off => {
                    self.handles.receiver.cancel();
                    scaler.wait(LOOK);
                }
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

    /// How many messages it holds at most: those of a batch, or of its window where no dispatcher hands them
    /// out one by one.
    pub(super) fn most(&self) -> usize {
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
}

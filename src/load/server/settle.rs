//! Settling deliveries whose work is over, and sending their messages on.

use super::{Server, ServerTotals};
use crate::load::clock::Clock;
use crate::load::message_copy::MessageCopy;
use crate::load::targets::Delivery;
use crate::load::visit_log::{ServedBy, VisitOrigin};
use crate::scenario::RetryOrder;

/// A delivery whose work is over.
pub(super) struct CompletedDelivery<'t> {
    pub delivery: &'t Delivery,
    pub visit: usize,
    pub copy: MessageCopy,
    pub served_by: ServedBy,
    /// When its work was over, by the run's clock.
    pub done: u64,
    /// Whether the target would have its acknowledgement, if that came before the work.
    pub acknowledged: Option<bool>,
}

impl<C: Clock> Server<'_, '_, C> {
    /// A server that breaks has done nothing: another takes the message, unless it was acknowledged
    /// beforehand. Says whether that counts.
    pub(super) fn give_back(&mut self, completed: &CompletedDelivery, totals: &mut ServerTotals) -> bool {
        match completed.acknowledged {
            Some(counts) => self.lost_if(counts, completed),
            None => self.nack(completed, 0, totals),
        }
    }

    /// A message's work is over: it is done, or it failed and comes again. Says whether that counts: it does
    /// not after the delivery timed out.
    pub(super) fn settle(&mut self, completed: &CompletedDelivery, totals: &mut ServerTotals) -> bool {
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
                None if self.consumer().retry_order == RetryOrder::Blocking => {
                    self.context.visits.give_back(completed.visit);
                    self.keeps_until = Some(completed.done.saturating_add(delay));
                    true
                }
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
        self.context.visits.finish(
            completed.visit,
            completed.done.saturating_sub(self.start),
            completed.served_by,
        )
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
        let kept = self.receiver().nack(completed.delivery, delay);
        if !kept {
            self.context.visits.not_given_back(completed.visit);
            totals.unsettled += u64::from(!self.may_be_over(completed.delivery));
        }
        kept
    }

    /// Says that a message is done, and whether the target will have it.
    pub(super) fn acknowledge(&mut self, delivery: &Delivery, totals: &mut ServerTotals) -> bool {
        let settled = self.receiver().ack(delivery);
        totals.unsettled += u64::from(!settled && !self.may_be_over(delivery));
        settled
    }

    /// Whether the time in which a delivery is to be settled may be over, which is no fault of the target:
    /// the queue had its message for that long, or its connection was lost.
    fn may_be_over(&self, delivery: &Delivery) -> bool {
        if self.context.listener.is_disconnected() {
            return true;
        }
        let (now, visits) = (self.worker.pacer.now().saturating_sub(self.start), self.context.visits);
        let sent = self
            .visit(delivery)
            .map_or(0, |(visit, _)| visits.sent(visit).min(visits.sent(delivery.message as usize)));
        self.lease().is_some_and(|lease| now >= sent + lease)
    }

    /// Sends a processed message on.
    fn forward(&mut self, completed: &CompletedDelivery) {
        let (visit, copy, deliveries) = (completed.visit, completed.copy, completed.delivery.deliveries);
        let Some(origin) = self.context.visits.origin(visit) else { return };
        let to = self.context.run_plan.rules.consumers[self.server_id.group].route(
            copy.identity,
            deliveries,
            copy.producer,
        );
        let now = self.worker.pacer.now().saturating_sub(self.start);
        if let Some(to) = to {
            // Its copies are counted before it is no more.
            let onward = VisitOrigin {
                copy: copy.forwarded(deliveries),
                before: Some(visit),
                topic: None,
                dead: false,
                ..*origin
            };
            if let Some(publisher) = &mut self.handles.publisher {
                let (worker, start) = (&self.worker, self.start);
                self.context
                    .send(publisher.as_mut(), to, onward, now, || worker.pacer.now().saturating_sub(start));
            }
        }
        self.context.clients.less(origin.client, now);
    }
}

//! Taking from a broker whose sessions are renewed: what a session delivered is settled by that session
//! alone.

use super::state::Renewal;
use crate::load::LoadError;
use crate::load::targets::{Delivery, Receiver, Subscription};
use std::sync::Arc;

/// The bits of a tag that say which session a delivery is of.
const SESSION: u32 = 48;

/// One server's way to take.
pub(super) struct RenewedReceiver {
    renewal: Arc<Renewal>,
    of: Subscription,
    /// The number of a session, and its handle; none between two sessions.
    inner: Option<(u64, Box<dyn Receiver>)>,
    /// The session whose end was noticed last.
    ended: u64,
}

impl RenewedReceiver {
    /// # Errors
    /// The session has none to give.
    pub(super) fn new(renewal: &Arc<Renewal>, of: Subscription) -> Result<Self, LoadError> {
        let (number, session) = renewal.first()?;
        let inner = Some((number, session.own_receiver(of)?));
        Ok(RenewedReceiver { renewal: Arc::clone(renewal), of, inner, ended: 0 })
    }

    /// Goes over to the next session, if there is one by an instant.
    fn renew(&mut self, until: u64) {
        let Some((number, session)) = self.renewal.next_session(self.ended, self.of.queue, until) else {
            return;
        };
        match session.own_receiver(self.of) {
            Ok(receiver) => self.inner = Some((number, receiver)),
            Err(error) => {
                self.ended = number;
                self.renewal.on_lost(number, error.to_string());
            }
        }
    }

    /// The handle of the session that a delivery is of, and the delivery as that knows it.
    fn of_session(&mut self, delivery: &Delivery) -> Option<(&mut dyn Receiver, Delivery)> {
        let (number, receiver) = self.inner.as_mut()?;
        let tag = delivery.tag & ((1 << SESSION) - 1);
        (delivery.tag >> SESSION == *number).then_some((receiver.as_mut(), Delivery { tag, ..*delivery }))
    }
}

impl Receiver for RenewedReceiver {
    fn take(&mut self, most: usize, until: u64, out: &mut Vec<Delivery>) -> bool {
        let before = out.len();
        loop {
            let Some((number, receiver)) = &mut self.inner else {
                self.renew(until);
                match &self.inner {
                    Some(_) => continue,
                    None if self.renewal.is_over(self.of.queue) => return false,
                    None if self.renewal.is_past(until) => return true,
                    None => continue,
                }
            };
            let (number, open) = (*number, receiver.take(most, until, out));
            for delivery in &mut out[before..] {
                delivery.tag |= number << SESSION;
                delivery.deliveries = self.renewal.deliver(self.of.queue, delivery.message);
            }
            if out.len() > before {
                return true;
            }
            if open && until != u64::MAX {
                return true;
            }
            if self.renewal.is_over(self.of.queue) {
                return false;
            }
            if !open {
                (self.inner, self.ended) = (None, number);
            }
        }
    }

    fn ack(&mut self, delivery: &Delivery) -> bool {
        let Some((receiver, own)) = self.of_session(delivery) else { return false };
        let settled = receiver.ack(&own);
        if settled {
            self.renewal.leave(self.of.queue, delivery.message);
        }
        settled
    }

    fn nack(&mut self, delivery: &Delivery, delay: u64) -> bool {
        // What an earlier session delivered comes again anyway.
        self.of_session(delivery).is_none_or(|(receiver, own)| receiver.nack(&own, delay))
    }

    fn cancel(&mut self) {
        if let Some((_, receiver)) = &mut self.inner {
            receiver.cancel();
        }
    }
}

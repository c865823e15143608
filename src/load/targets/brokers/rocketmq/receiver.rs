//! A server's handle of a line.

use super::RocketMqRun;
use super::line::PopLine;
use super::sender::RocketMqPublisher;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{Delivery, LostMessage, PublishRequest, Publisher, Receiver};
use crate::message::Outcome;
use std::sync::Arc;

/// Takes messages for one server.
pub(super) struct PopReceiver {
    pub run: Arc<RocketMqRun>,
    pub line: Arc<PopLine>,
    pub queue: usize,
    pub delivery_limit: Option<u32>,
    pub dead_letter: Option<usize>,
    /// Sends what is given up to another queue, where there is one.
    pub publisher: Option<RocketMqPublisher>,
}

impl Receiver for PopReceiver {
    fn take(&mut self, most: usize, until: u64, out: &mut Vec<Delivery>) -> bool {
        let session = &self.run.session;
        let Some(mut reader) = self.line.turn(until) else { return !session.is_over(self.queue) };
        let waited = self.line.wait(&mut reader, most, until);
        if reader.hand_out(most, out) {
            return true;
        }
        drop(reader);
        waited.map_err(|why| session.broke(&why, Some(self.queue))).is_ok() && !session.is_over(self.queue)
    }

    fn ack(&mut self, delivery: &Delivery) -> bool {
        let settled = self.line.done(delivery);
        if settled {
            self.run.session.inside.leave(self.queue);
        }
        settled
    }

    fn nack(&mut self, delivery: &Delivery, delay: u64) -> bool {
        let &Delivery { message, deliveries, .. } = delivery;
        if self.delivery_limit.is_none_or(|limit| deliveries < limit) {
            return self.line.give_back(delivery, delay);
        }
        let (queue, at, dead) = (self.queue, Monotonic.now(), self.dead_letter);
        let outcome = if dead.is_some() { Outcome::DeadLettered } else { Outcome::Dropped };
        self.run.session.listener.lost(LostMessage { queue, message, at, outcome, deliveries });
        if let (Some(dead), Some(publisher)) = (dead, &mut self.publisher) {
            // What becomes of it is told as of any message.
            let _sent = publisher.publish(dead, &PublishRequest { message, ..PublishRequest::default() });
        }
        self.ack(delivery)
    }
}

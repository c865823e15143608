//! A server's handle of a partition.

use super::GiveUp;
use super::line::PartitionReader;
use super::publisher::KafkaPublisher;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{Delivery, LostMessage, PublishRequest, Publisher, Receiver};
use crate::message::Outcome;
use std::time::Duration;

/// For how long one waits before it looks whether all is over, or a message was given back: nanoseconds.
const SLICE: u64 = 10_000_000;

/// The client knows milliseconds only.
const MILLISECOND: u64 = 1_000_000;

/// Takes messages for one server.
pub(super) struct KafkaReceiver<'a> {
    pub reader: &'a PartitionReader,
    pub give_up: GiveUp,
    /// Sends what is given up to another queue.
    pub publisher: KafkaPublisher<'a>,
}

impl Receiver for KafkaReceiver<'_> {
    fn take(&mut self, most: usize, until: u64, out: &mut Vec<Delivery>) -> bool {
        let (reader, before) = (self.reader, out.len());
        while !self.publisher.state().is_over(reader.queue) {
            while out.len() - before < most {
                let Some(delivery) = reader.take_again() else { break };
                out.push(delivery);
            }
            let left = until.saturating_sub(Monotonic.now()).min(SLICE);
            let wait = if out.len() > before { 0 } else { left };
            if let Some(_reading) = reader.lock(Duration::from_nanos(wait)) {
                let mut wait = Duration::from_nanos(wait);
                while out.len() - before < most {
                    let Some(delivery) = reader.read(wait) else { break };
                    out.push(delivery);
                    wait = Duration::ZERO;
                }
            }
            if out.len() > before || left == 0 {
                return true;
            }
            if left < MILLISECOND {
                std::thread::sleep(Duration::from_nanos(left.min(50_000)));
            }
        }
        false
    }

    fn ack(&mut self, delivery: &Delivery) -> bool {
        let known = self.reader.settle(delivery.tag);
        if known {
            self.publisher.state().inside.leave(self.reader.queue);
        }
        known
    }

    fn nack(&mut self, delivery: &Delivery, _delay: u64) -> bool {
        if self.give_up.limit.is_none_or(|limit| delivery.deliveries < limit) {
            return self.reader.give_back(delivery);
        }
        let (queue, message, at) = (self.reader.queue, delivery.message, Monotonic.now());
        let dead = self.give_up.dead_letter;
        let outcome = if dead.is_some() { Outcome::DeadLettered } else { Outcome::Dropped };
        let lost = LostMessage { queue, message, at, outcome, deliveries: delivery.deliveries };
        self.publisher.state().listener.lost(lost);
        if let Some(dead) = dead {
            // What becomes of it is told as of any message.
            let _sent =
                self.publisher.publish(dead, &PublishRequest { message, ..PublishRequest::default() });
        }
        self.ack(delivery)
    }
}

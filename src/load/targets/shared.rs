//! Queues within this process: every thread calls them directly, so that one handle is as good as another.

use super::{Delivery, PublishRequest, Publisher, Receiver, Sent, Subscription, Target};
use crate::load::LoadError;

/// Queues that all threads share.
pub(crate) trait SharedQueue: Sync {
    /// As [`Publisher::publish`].
    fn publish(&self, queue: usize, request: &PublishRequest) -> Sent;

    /// Takes up to `most` messages, waiting until there is one. False once the queue is closed and all is
    /// settled, or halted.
    fn consume(&self, of: Subscription, most: usize, out: &mut Vec<Delivery>) -> bool;

    /// Takes what is there, or comes until an instant of the run's clock. Never called where only single
    /// messages are taken.
    fn refill(&self, _of: Subscription, _most: usize, _until: u64, _out: &mut Vec<Delivery>) {}

    /// As [`Receiver::ack`].
    fn ack(&self, queue: usize, delivery: &Delivery) -> bool;

    /// As [`Receiver::nack`].
    fn nack(&self, _queue: usize, _delivery: &Delivery, _delay: u64) -> bool {
        false
    }

    /// As [`Receiver::extend`].
    fn extend(&self, _queue: usize, _delivery: &mut Delivery) -> bool {
        true
    }

    /// As [`Target::close`].
    fn close(&self, queue: usize);

    /// As [`Target::halt`].
    fn halt(&self);

    /// As [`Target::in_system`].
    fn in_system(&self, queue: usize) -> Option<u64>;

    /// As [`Target::threads`].
    fn threads(&self) -> usize {
        0
    }

    /// As [`Target::commits`].
    fn commits(&self, _queue: usize) -> Vec<u64> {
        Vec::new()
    }
}

/// One thread's handle.
struct Handle<'a, Q> {
    queues: &'a Q,
    of: Subscription,
}

/// Shared queues as a target.
pub(crate) struct Direct<Q>(pub Q);

impl<Q: SharedQueue> Target for Direct<Q> {
    fn publisher(&self) -> Result<Box<dyn Publisher + '_>, LoadError> {
        Ok(Box::new(Handle { queues: &self.0, of: Subscription { queue: 0, part: 0, hold: 1 } }))
    }

    fn receiver(&self, of: Subscription) -> Result<Box<dyn Receiver + '_>, LoadError> {
        Ok(Box::new(Handle { queues: &self.0, of }))
    }

    fn close(&self, queue: usize) {
        self.0.close(queue);
    }

    fn halt(&self) {
        self.0.halt();
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        self.0.in_system(queue)
    }

    fn threads(&self) -> usize {
        self.0.threads()
    }

    fn commits(&self, queue: usize) -> Vec<u64> {
        self.0.commits(queue)
    }
}

impl<Q: SharedQueue> Publisher for Handle<'_, Q> {
    fn publish(&mut self, queue: usize, request: &PublishRequest) -> Sent {
        self.queues.publish(queue, request)
    }
}

impl<Q: SharedQueue> Receiver for Handle<'_, Q> {
    fn take(&mut self, most: usize, until: u64, out: &mut Vec<Delivery>) -> bool {
        if until == u64::MAX {
            return self.queues.consume(self.of, most, out);
        }
        self.queues.refill(self.of, most, until, out);
        true
    }

    fn ack(&mut self, delivery: &Delivery) -> bool {
        self.queues.ack(self.of.queue, delivery)
    }

    fn nack(&mut self, delivery: &Delivery, delay: u64) -> bool {
        self.queues.nack(self.of.queue, delivery, delay)
    }

    fn extend(&mut self, delivery: &mut Delivery) -> bool {
        self.queues.extend(self.of.queue, delivery)
    }
}

//! A queue of the scenario as the crate's own queue: in parts where it is partitioned, with prefetch windows
//! where its consumers have such.

use crate::load::targets::{Delivery, PublishRequest, Sent};
use crate::queue::{self, Partitioned, PrefetchDispatcher, PublishError, Queue, Tag, Terms};
use std::cell::RefCell;
use std::thread::LocalKey;
use std::time::Duration;

/// What a target does with a queue of the scenario, whatever its messages are.
pub(super) trait Backend: Send + Sync {
    fn publish(&self, request: &PublishRequest) -> Sent;
    /// As [`SharedQueue::consume`](crate::load::targets::SharedQueue::consume), from a consumer's window
    /// where there are such.
    fn consume(&self, part: usize, most: usize, out: &mut Vec<Delivery>) -> bool;
    /// As [`SharedQueue::refill`](crate::load::targets::SharedQueue::refill).
    fn refill(&self, part: usize, most: usize, until: u64, out: &mut Vec<Delivery>);
    fn ack(&self, delivery: &Delivery) -> bool;
    fn nack(&self, delivery: &Delivery, delay: u64) -> bool;
    /// Begins a delivery's visibility timeout anew; false if it is over.
    fn extend(&self, delivery: &mut Delivery) -> bool;
    fn inside(&self) -> u64;
    fn close(&self);
    fn halt(&self);
    /// Dispatches to windows, where there are such. The life of a thread.
    fn dispatch(&self);
    /// Commits what is sent, where it goes to a disk. The life of another.
    fn commit(&self);
    /// Nanoseconds that each commit took.
    fn commits(&self) -> Vec<u64>;
}

/// A queue of this crate with messages of some kind.
pub(super) trait Parts: Send + Sync {
    type Body: Body;

    /// The queue of a part; one that is not partitioned has one part, whoever asks.
    fn part(&self, part: usize) -> &Queue<Self::Body>;
    fn publish(&self, request: &PublishRequest) -> Result<(), PublishError>;
    fn ack(&self, part: usize, tag: Tag) -> bool;
    fn nack(&self, part: usize, tag: Tag, delay: Duration) -> bool;
    fn inside(&self) -> u64;
    fn close(&self);
    fn halt(&self);
    fn commit(&self) {}
    fn commits(&self) -> Vec<u64> {
        Vec::new()
    }
}

/// A message, by its position in the run's log of visits.
pub(super) trait Body: Clone + Send + 'static {
    fn message(&self) -> u64;
    /// Where a thread's deliveries land, so that taking one allocates nothing.
    fn buffer() -> &'static LocalKey<RefCell<Vec<queue::Delivery<Self>>>>;
}

impl Body for u64 {
    fn message(&self) -> u64 {
        *self
    }

    fn buffer() -> &'static LocalKey<RefCell<Vec<queue::Delivery<u64>>>> {
        thread_local!(static TAKEN: RefCell<Vec<queue::Delivery<u64>>> = RefCell::new(Vec::with_capacity(1)));
        &TAKEN
    }
}

impl Parts for Partitioned<u64> {
    type Body = u64;

    fn part(&self, part: usize) -> &Queue<u64> {
        self.member_of(part)
    }

    fn publish(&self, request: &PublishRequest) -> Result<(), PublishError> {
        let outcome = self.publish_to(request.part, request.message, terms(request));
        outcome.map(|_| ()).map_err(|refused| refused.why)
    }

    fn ack(&self, part: usize, tag: Tag) -> bool {
        self.member_of(part).ack(tag).is_ok()
    }

    fn nack(&self, part: usize, tag: Tag, delay: Duration) -> bool {
        self.member_of(part).nack_after(tag, delay).is_ok()
    }

    fn inside(&self) -> u64 {
        Partitioned::inside(self)
    }

    fn close(&self) {
        Partitioned::close(self);
    }

    fn halt(&self) {
        Partitioned::halt(self);
    }
}

/// A queue with the prefetch windows of its consumers, if they have such.
pub(super) struct QueueBackend<P: Parts> {
    pub parts: P,
    pub windows: Option<PrefetchDispatcher<P::Body>>,
}

impl<P: Parts> QueueBackend<P> {
    /// Takes messages in the way that is given, by way of this thread's buffer.
    fn take(
        &self,
        part: usize,
        out: &mut Vec<Delivery>,
        how: impl FnOnce(&Queue<P::Body>, &mut Vec<queue::Delivery<P::Body>>) -> bool,
    ) -> bool {
        P::Body::buffer().with_borrow_mut(|taken| {
            let open = how(self.parts.part(part), taken);
            out.extend(taken.drain(..).map(|delivery| as_delivery(&delivery, part)));
            open
        })
    }

    /// A delivery is over: its consumer's window has room for another.
    fn settled(&self, delivery: &Delivery) {
        self.windows.iter().for_each(|windows| windows.settled(delivery.part));
    }
}

impl<P: Parts> Backend for QueueBackend<P> {
    fn publish(&self, request: &PublishRequest) -> Sent {
        match self.parts.publish(request) {
            Ok(()) => Sent::Accepted,
            Err(PublishError::Full) => Sent::Rejected,
            Err(PublishError::Wait | PublishError::Closed) => Sent::Closed,
        }
    }

    fn consume(&self, part: usize, most: usize, out: &mut Vec<Delivery>) -> bool {
        match &self.windows {
            Some(windows) => windows.take(part).map(|d| out.push(as_delivery(&d, part))).is_some(),
            None => self.take(part, out, |queue, taken| queue.consume(most, taken)),
        }
    }

    fn refill(&self, part: usize, most: usize, until: u64, out: &mut Vec<Delivery>) {
        self.take(part, out, |queue, taken| match until {
            0 => queue.try_consume(most, taken) > 0,
            _ => queue.consume_until(most, until, taken),
        });
    }

    fn ack(&self, delivery: &Delivery) -> bool {
        let settled = self.parts.ack(delivery.part, Tag::from(delivery.tag));
        self.settled(delivery);
        settled
    }

    fn nack(&self, delivery: &Delivery, delay: u64) -> bool {
        let kept = self.parts.nack(delivery.part, Tag::from(delivery.tag), Duration::from_nanos(delay));
        self.settled(delivery);
        kept
    }

    fn extend(&self, delivery: &mut Delivery) -> bool {
        let until = self.parts.part(delivery.part).extend(Tag::from(delivery.tag));
        delivery.until = until.unwrap_or(delivery.until);
        until.is_ok()
    }

    fn inside(&self) -> u64 {
        self.parts.inside()
    }

    fn close(&self) {
        self.parts.close();
    }

    fn halt(&self) {
        self.parts.halt();
        self.windows.iter().for_each(PrefetchDispatcher::halt);
    }

    fn dispatch(&self) {
        self.windows.iter().for_each(|windows| windows.dispatch(self.parts.part(0)));
    }

    fn commit(&self) {
        self.parts.commit();
    }

    fn commits(&self) -> Vec<u64> {
        self.parts.commits()
    }
}

pub(super) fn terms(request: &PublishRequest) -> Terms {
    Terms { rank: request.rank, ttl: request.ttl }
}

fn as_delivery<B: Body>(delivery: &queue::Delivery<B>, part: usize) -> Delivery {
    Delivery {
        message: delivery.body.message(),
        deliveries: delivery.deliveries,
        tag: delivery.tag.into(),
        part,
        until: delivery.until,
    }
}

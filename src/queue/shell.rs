//! The queue for threads: one lock around the state, and the waiting of those who find nothing or no room.
//!
//! The waiting decides the latency, not the lock: parked hand-offs cost 15 µs and more, spinning ones less
//! than 1 µs. How it is done is told in the file on waiting. What happens in a queue by itself (a lease that
//! ends, a delay that is over) is waited for by those who wait for messages anyway; there is no thread of its
//! own.

use super::counts::Counts;
use super::delivery::{Delivery, Lost, Misuse, PublishError, Refused};
use super::settings::{Settings, Terms};
use super::slots::Tag;
use super::state::State;
use super::sync::{AtomicBool, Mutex, MutexGuard};
use sleepers::Sleepers;
use std::time::Duration;
use waiting::Waited;

mod sleepers;
mod waiting;

/// "At no time."
const NEVER: u64 = u64::MAX;

/// A queue that threads share. Bodies are cloned at delivery: use something cheap, such as an index or an
/// `Arc`.
pub struct Queue<T> {
    inner: Mutex<Inner<T>>,
    /// Whether something is ready or everybody is to go: what waiting consumers look at without the lock.
    /// Written under it.
    hint: WaitingFlag,
    now: Box<dyn Fn() -> u64 + Send + Sync>,
    on_loss: Box<dyn Fn(Lost<T>) + Send + Sync>,
    spins: u32,
}

/// In a cache line of its own: those who look at it do not slow those who work beside it.
#[repr(align(128))]
struct WaitingFlag(AtomicBool);

// What every call writes first, beside the lock itself: the fewer cache lines it takes, the fewer follow the
// lock from processor to processor.
#[repr(C)]
struct Inner<T> {
    state: State<T>,
    /// Whether everybody is to go, whatever is inside.
    halted: bool,
    /// How much the consumer that waited last would take at once.
    bite: u64,
    /// Consumers that look at the hint; each looks under the lock before it sleeps, so they need no waking.
    looking: u64,
    /// The instant at which a sleeping consumer will look by itself.
    armed: u64,
    /// Consumers that sleep.
    idle: Sleepers,
    /// Publishers that sleep for want of room.
    blocked: Sleepers,
}

impl<T: Clone> Queue<T> {
    /// A queue with a source of time (nanoseconds from any fixed instant; it is asked only where something
    /// depends on it) and a listener for lost messages, which is called without the lock by the thread whose
    /// call lost them.
    pub fn new(
        settings: Settings,
        now: impl Fn() -> u64 + Send + Sync + 'static,
        on_loss: impl Fn(Lost<T>) + Send + Sync + 'static,
    ) -> Self {
        let spins = settings.spins;
        Queue {
            inner: Mutex::new(Inner {
                state: State::new(settings),
                looking: 0,
                idle: Sleepers::default(),
                blocked: Sleepers::default(),
                bite: 1,
                armed: NEVER,
                halted: false,
            }),
            hint: WaitingFlag(AtomicBool::new(false)),
            now: Box::new(now),
            on_loss: Box::new(on_loss),
            spins,
        }
    }

    /// Publishes one message; waits for room where overflow is `block`. Returns the message's number.
    ///
    /// # Errors
    /// A full or closed queue gives the message back.
    pub fn publish(&self, body: T) -> Result<u64, Refused<T>> {
        self.publish_with(body, Terms::default())
    }

    /// Publishes one message with a rank or a time to live of its own.
    ///
    /// # Errors
    /// A full or closed queue gives the message back.
    pub fn publish_with(&self, body: T, terms: Terms) -> Result<u64, Refused<T>> {
        let mut inner = self.lock();
        let outcome = self.offer(&mut inner, body, terms);
        self.leave(inner);
        outcome
    }

    /// Publishes many messages under one lock, in order; waits for room where overflow is `block`. Says how
    /// many were accepted; what was refused is pushed onto `refused`.
    pub fn publish_many(&self, bodies: impl IntoIterator<Item = T>, refused: &mut Vec<Refused<T>>) -> usize {
        let mut inner = self.lock();
        let mut bodies = bodies.into_iter();
        let mut accepted = 0;
        loop {
            let now = self.now_if_needed(&inner);
            accepted += inner.state.fill(&mut bodies, now);
            // The next one finds the queue full or closed.
            let Some(body) = bodies.next() else { break };
            match self.offer(&mut inner, body, Terms::default()) {
                Ok(_) => accepted += 1,
                Err(no) => refused.push(no),
            }
        }
        self.leave(inner);
        accepted
    }

    /// Keeps a place for a message that cannot be taken yet, such as one that is on its way to a disk; waits
    /// for room where overflow is `block`. Neither the bound nor a closing of the queue refuses the message
    /// any more. Such a message is not taken at once by a consumer that stands waiting, so a queue of length
    /// 0 has no place for it.
    ///
    /// # Errors
    /// Why there is no place: the queue is full or closed.
    pub fn reserve(&self) -> Result<Reservation<'_, T>, PublishError> {
        let mut inner = self.lock();
        let outcome = loop {
            let now = self.now_if_needed(&inner);
            match inner.state.reserve(now) {
                Err(PublishError::Wait) => self.wait_for_room(&mut inner),
                outcome => break outcome,
            }
        };
        self.leave(inner);
        outcome.map(|()| Reservation { queue: self })
    }

    /// Publishes a message for which a [`Reservation::keep`] was called.
    pub(super) fn fulfil(&self, body: T, terms: Terms) -> u64 {
        let mut inner = self.lock();
        let now = if terms.ttl.is_some() { (self.now)() } else { self.now_if_needed(&inner) };
        let id = inner.state.fulfil(body, terms, now);
        self.leave(inner);
        id
    }

    /// Gives a place up for which a [`Reservation::keep`] was called.
    pub(super) fn release(&self) {
        let mut inner = self.lock();
        inner.state.release();
        self.leave(inner);
    }

    /// Puts messages in that were there before, whatever the bound is.
    pub(super) fn restore(&self, bodies: impl IntoIterator<Item = T>) {
        let now = (self.now)();
        let mut inner = self.lock();
        bodies.into_iter().for_each(|body| inner.state.restore(body, now));
        self.leave(inner);
    }

    /// Takes up to `max` messages onto the end of `out`, waiting until there is one. False if there will
    /// never be one again: the queue is closed and all is settled. Whoever still holds deliveries waits for
    /// himself then, so settle first or use [`Queue::try_consume`].
    pub fn consume(&self, max: usize, out: &mut Vec<Delivery<T>>) -> bool {
        let mut inner = self.lock();
        let waited = self.await_ready(&mut inner, max, out, NEVER);
        self.leave(inner);
        waited == Waited::Taken
    }

    /// Takes up to `max` messages onto the end of `out`, waiting for one until an instant of the queue's
    /// source of time: after [`Queue::consume`], the rest of a batch that lingers.
    pub fn consume_until(&self, max: usize, instant: u64, out: &mut Vec<Delivery<T>>) -> bool {
        let mut inner = self.lock();
        let waited = self.await_ready(&mut inner, max, out, instant);
        self.leave(inner);
        waited == Waited::Taken
    }

    /// Takes up to `max` messages onto the end of `out` without waiting, and says how many.
    pub fn try_consume(&self, max: usize, out: &mut Vec<Delivery<T>>) -> usize {
        let mut inner = self.lock();
        let now = self.now_if_needed(&inner);
        let count = inner.state.consume(max, now, out);
        self.leave(inner);
        count
    }

    /// Settles a delivery: the message is done.
    ///
    /// # Errors
    /// A tag that names no delivery under way, as for all settlements.
    pub fn ack(&self, tag: Tag) -> Result<(), Misuse> {
        let mut inner = self.lock();
        let now = self.now_if_needed(&inner);
        let outcome = inner.state.ack(tag, now);
        self.leave(inner);
        outcome
    }

    /// Settles many deliveries under one lock, all that can be.
    ///
    /// # Errors
    /// The first tag that names no delivery under way.
    pub fn ack_many(&self, tags: impl IntoIterator<Item = Tag>) -> Result<(), Misuse> {
        let mut inner = self.lock();
        let now = self.now_if_needed(&inner);
        let outcome = inner.state.ack_many(tags, now);
        self.leave(inner);
        outcome
    }

    /// Acknowledges all deliveries at hand and takes up to `max` messages instead, waiting as
    /// [`Queue::consume`] does: the loop of a consumer that works in batches, under one lock. False if there
    /// will never be any again.
    ///
    /// # Errors
    /// The first tag that names no delivery under way: the others are settled, and nothing is taken.
    pub fn ack_and_consume(&self, max: usize, hand: &mut Vec<Delivery<T>>) -> Result<bool, Misuse> {
        let mut inner = self.lock();
        let now = self.now_if_needed(&inner);
        let settled = inner.state.ack_many(hand.drain(..).map(|delivery| delivery.tag), now);
        let outcome = settled.map(|()| self.await_ready(&mut inner, max, hand, NEVER) == Waited::Taken);
        self.leave(inner);
        outcome
    }

    /// Gives a message back: it takes its old place in line.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn nack(&self, tag: Tag) -> Result<(), Misuse> {
        self.settle(|state, now| state.nack(tag, now))
    }

    /// Gives a message back, to join the end of the line after a delay.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn nack_after(&self, tag: Tag, delay: Duration) -> Result<(), Misuse> {
        self.settle(|state, now| state.nack_after(tag, nanos(delay), now))
    }

    /// Gives a message up: the listener for losses is told.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn reject(&self, tag: Tag) -> Result<(), Misuse> {
        self.settle(|state, now| state.reject(tag, now))
    }

    /// Begins a delivery's visibility timeout anew, and says until when it lasts.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn extend(&self, tag: Tag) -> Result<u64, Misuse> {
        self.settle(|state, now| state.extend(tag, now))
    }

    /// The body of a delivery under way, and how often it has been delivered.
    pub(super) fn delivered(&self, tag: Tag) -> Result<(T, u32), Misuse> {
        self.settle(|state, now| {
            state.delivered(tag, now).map(|(body, deliveries)| (body.clone(), deliveries))
        })
    }

    /// Accepts no more messages. What is inside can still be consumed, settled and given back; consumers that
    /// wait are let go when all is settled.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.state.close();
        self.leave(inner);
    }

    /// Closes, and lets everybody go at once, whatever is inside.
    pub fn halt(&self) {
        let mut inner = self.lock();
        inner.state.close();
        inner.halted = true;
        self.leave(inner);
    }

    /// The counters as they are now, with everything that has happened by itself.
    pub fn counts(&self) -> Counts {
        let mut inner = self.lock();
        let now = self.now_if_needed(&inner);
        inner.state.tick(now);
        let counts = inner.state.counts();
        self.leave(inner);
        counts
    }

    fn settle<R>(&self, change: impl FnOnce(&mut State<T>, u64) -> Result<R, Misuse>) -> Result<R, Misuse> {
        let now = (self.now)();
        let mut inner = self.lock();
        let outcome = change(&mut inner.state, now);
        self.leave(inner);
        outcome
    }

    /// The time, where something depends on it: reading the clock costs more than the rest.
    #[inline]
    fn now_if_needed(&self, inner: &Inner<T>) -> u64 {
        if inner.state.needs_time() { (self.now)() } else { 0 }
    }

    /// Publishes, waiting for room where that is wanted.
    #[inline]
    fn offer(&self, inner: &mut MutexGuard<'_, Inner<T>>, body: T, terms: Terms) -> Result<u64, Refused<T>> {
        let mut offer = body;
        loop {
            let now = if terms.ttl.is_some() { (self.now)() } else { self.now_if_needed(inner) };
            match inner.state.publish(offer, terms, now) {
                Err(Refused { body, why: PublishError::Wait }) => {
                    offer = body;
                    self.wait_for_room(inner);
                }
                outcome => return outcome,
            }
        }
    }
}

/// A place in a queue that is kept for a message; given up when it is dropped.
pub struct Reservation<'a, T: Clone> {
    queue: &'a Queue<T>,
}

impl<'a, T: Clone> Reservation<'a, T> {
    /// Publishes the message. Returns its number.
    pub fn publish(self, body: T, terms: Terms) -> u64 {
        let queue = self.keep();
        queue.fulfil(body, terms)
    }

    /// Leaves the place kept, for somebody else who will publish the message or give the place up.
    pub(super) fn keep(self) -> &'a Queue<T> {
        let queue = self.queue;
        std::mem::forget(self);
        queue
    }
}

impl<T: Clone> Drop for Reservation<'_, T> {
    fn drop(&mut self) {
        self.queue.release();
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

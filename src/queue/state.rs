//! The queue as a pure state machine: time is a parameter, nothing waits, nothing is read or written.
//!
//! A message is *ready* (waits for a consumer), *unacked* (delivered, not yet settled) or *delayed* (given
//! back and kept away), until it is acknowledged or lost; [`Counts::balanced`] holds after every call. The
//! bound counts ready messages alone, as brokers do, less those for which a consumer already stands waiting:
//! they are as good as taken, and so a queue of length 0 passes messages from hand to hand. A place that is
//! reserved counts as a ready message, and where places are reserved nothing passes from hand to hand: the
//! message has yet to come. What happens by itself (a lease that ends, a delay that is over, a message at the
//! head whose time to live is over) happens at its own instant, in order, however late the next call comes.

use super::counts::Counts;
use super::delivery::{Delivery, Loss, Lost, PublishError, Refused};
use super::line::WaitingLine;
use super::settings::{Overflow, Settings, Terms};
use super::timers::Timers;
use held::{Extra, HeldMessage, MessageStore, NEVER};

mod held;
mod reserve;
mod settle;
mod time;

/// One queue's messages and counters. Bodies are cloned at delivery: use something cheap, such as an index or
/// an `Arc`.
///
/// Times are nanoseconds from any fixed instant; one that lies before an earlier call's counts as that.
#[derive(Debug, Clone)]
// In this order: what every call touches stands together, in few cache lines that have to follow the lock
// from processor to processor.
#[repr(C)]
pub struct State<T> {
    counts: Counts,
    line: WaitingLine,
    held: MessageStore<T>,
    /// Consumers that wait for a message.
    takers: u64,
    /// Places that are kept for messages to come, and whether ever one was.
    reserved: u64,
    reserving: bool,
    /// Messages that came back after a delay and joined the end: by so many is the order of arrival ahead of
    /// the published.
    late: u64,
    /// Until when everything that happens by itself has happened.
    now: u64,
    /// Whether anything can happen by itself.
    timed: bool,
    closed: bool,
    lost: Vec<Lost<T>>,
    settings: Settings,
    leases: Timers,
    delays: Timers,
}

impl<T: Clone> State<T> {
    /// An empty queue.
    pub fn new(settings: Settings) -> Self {
        let reserve = settings.reserve;
        State {
            held: MessageStore::with_capacity(reserve),
            line: WaitingLine::new(settings.order, reserve),
            leases: Timers::default(),
            delays: Timers::default(),
            takers: 0,
            reserved: 0,
            reserving: false,
            counts: Counts::default(),
            lost: Vec::new(),
            closed: false,
            late: 0,
            now: 0,
            timed: settings.message_ttl.is_some() || settings.visibility_timeout.is_some(),
            settings,
        }
    }

    /// Accepts a message and gives it a number.
    ///
    /// # Errors
    /// A full or closed queue gives the message back. [`PublishError::Wait`] is not counted: the publisher is
    /// to come again.
    pub fn publish(&mut self, body: T, terms: Terms, now: u64) -> Result<u64, Refused<T>> {
        self.tick(now);
        if self.closed {
            return Err(Refused { body, why: PublishError::Closed });
        }
        if !self.has_room() {
            match self.settings.overflow {
                Overflow::Block => return Err(Refused { body, why: PublishError::Wait }),
                Overflow::RejectPublish => {
                    self.counts.rejected += 1;
                    return Err(Refused { body, why: PublishError::Full });
                }
                Overflow::DropHead => {}
            }
        }
        let expires = self.expiry(terms.ttl);
        let id = self.accept(body, terms.rank, expires);
        self.trim();
        Ok(id)
    }

    /// Accepts messages about which nothing is said, as long as there is room, and says how many. What is
    /// left in the iterator has found none.
    pub fn fill(&mut self, bodies: &mut impl Iterator<Item = T>, now: u64) -> usize {
        self.tick(now);
        let expires = self.expiry(None);
        let mut room = if self.closed { 0 } else { self.room() };
        let from = self.counts.published;
        while room > 0
            && let Some(body) = bodies.next()
        {
            self.accept(body, 0, expires);
            room -= 1;
        }
        (self.counts.published - from) as usize
    }

    /// Accepts a message that was there before, whatever the bound is.
    pub(super) fn restore(&mut self, body: T, now: u64) {
        self.tick(now);
        let expires = self.expiry(None);
        self.accept(body, 0, expires);
    }

    /// A message's number is how many were published before.
    #[inline]
    fn accept(&mut self, body: T, rank: i64, expires: u64) -> u64 {
        let id = self.counts.published;
        let extra = Extra { turn: id + self.late, rank, expires, lease: NEVER };
        let slot = self.held.insert(id, body, extra);
        self.line.push(extra.place(slot));
        self.counts.published += 1;
        self.counts.ready += 1;
        id
    }

    /// Delivers up to `max` messages onto the end of `out`, and says how many.
    pub fn consume(&mut self, max: usize, now: u64, out: &mut Vec<Delivery<T>>) -> usize {
        self.tick(now);
        let until = self.settings.visibility_timeout.map(|timeout| self.now.saturating_add(timeout));
        let most = max.min(self.counts.ready as usize);
        out.reserve(most);
        for taken in 0..most {
            if self.timed {
                self.expire(self.now);
            }
            let Some(slot) = self.pop() else { return taken };
            self.deliver(slot, until, out);
        }
        most
    }

    /// Hands a message out that was taken from the line.
    #[inline]
    fn deliver(&mut self, slot: u32, until: Option<u64>, out: &mut Vec<Delivery<T>>) {
        self.counts.ready -= 1;
        self.counts.unacked += 1;
        self.counts.delivered += 1;
        let tag = self.held.slots.lease(slot);
        if let Some(until) = until {
            self.set_lease(tag, until);
        }
        let entry = self.held.slots.get_mut(slot);
        entry.deliveries += 1;
        // Last: should a body fail to be cloned, its message is with a consumer that says nothing.
        let (id, deliveries, body) = (entry.id, entry.deliveries, entry.body.clone());
        out.push(Delivery { tag, id, deliveries, until: until.unwrap_or(NEVER), body });
    }

    /// A consumer begins to wait: one message more may be accepted, for it is taken at once.
    pub fn begin_wait(&mut self) {
        self.takers += 1;
    }

    /// A consumer stops waiting, with or without a message.
    pub fn end_wait(&mut self) {
        assert!(self.takers > 0, "a consumer that stops waiting has begun to");
        self.takers -= 1;
    }

    /// Accepts no more messages. What is inside can still be consumed, settled and given back.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Whether [`State::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether no message will ever be ready again: closed, and all is settled.
    pub fn is_exhausted(&self) -> bool {
        self.closed && self.counts.inside() == 0 && self.reserved == 0
    }

    /// Whether a message would be accepted without losing another.
    #[inline]
    pub fn has_room(&self) -> bool {
        self.room() > 0
    }

    /// How many messages would be accepted without losing another.
    #[inline]
    fn room(&self) -> u64 {
        self.most_ready().map_or(u64::MAX, |most| most.saturating_sub(self.counts.ready + self.reserved))
    }

    /// How many messages and kept places there may be.
    #[inline]
    fn most_ready(&self) -> Option<u64> {
        self.settings.max_length.map(|max| max.saturating_add(if self.reserving { 0 } else { self.takers }))
    }

    /// Whether there is so much room that a publisher should be woken.
    pub fn has_room_to_wake(&self) -> bool {
        self.settings.max_length.is_none_or(|max| self.room() >= self.settings.wake_room.clamp(1, max.max(1)))
    }

    /// What the queue holds and what became of the rest.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The messages lost since the last call.
    pub fn take_lost(&mut self) -> Vec<Lost<T>> {
        std::mem::take(&mut self.lost)
    }

    /// Whether [`State::take_lost`] has something to give.
    pub fn has_lost(&self) -> bool {
        !self.lost.is_empty()
    }

    /// The slot of the next message.
    #[inline]
    fn first(&self) -> Option<u32> {
        self.line.first(|slot| self.held.extra(slot).turn)
    }

    #[inline]
    fn pop(&mut self) -> Option<u32> {
        self.line.pop(|slot| self.held.extra(slot).turn)
    }

    /// Drops the oldest messages that exceed the bound: with length 0 and nobody waiting, the newcomer
    /// itself. A place that is kept is none.
    #[inline]
    fn trim(&mut self) {
        let Some(most) = self.most_ready().filter(|_| self.settings.overflow == Overflow::DropHead) else {
            return;
        };
        while self.counts.ready > 0 && self.counts.ready + self.reserved > most {
            let slot = self
                .line
                .pop_oldest(|slot| self.held.extra(slot).turn)
                .expect("the counted ready messages are in line");
            let entry = self.held.slots.remove(slot);
            self.counts.ready -= 1;
            self.lose(entry, Loss::Dropped, self.now);
        }
    }

    fn lose(&mut self, entry: HeldMessage<T>, why: Loss, at: u64) {
        self.counts.lose(why);
        self.lost.push(Lost { id: entry.id, at, why, deliveries: entry.deliveries, body: entry.body });
    }
}

#[cfg(test)]
mod tests;

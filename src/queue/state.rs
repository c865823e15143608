//! The queue as a pure state machine: time is a parameter, nothing waits, nothing is read or written.
//!
//! A message is *ready* (waits for a consumer) or *unacked* (delivered, not yet settled), until it is acknowledged or lost.
//! After every call `published = ready + unacked + acked + dropped`. The bound counts ready messages alone, as brokers
//! do, less those for which a consumer already stands waiting: they are as good as taken, and so a queue of length 0
//! passes messages from hand to hand.

use super::settings::{Overflow, Settings};
use super::slots::{Slots, Tag};
use std::collections::VecDeque;

/// One queue's messages and counters. Bodies are cloned at delivery: use something cheap, such as an index or an `Arc`.
#[derive(Debug, Clone)]
pub struct State<T> {
    settings: Settings,
    slots: Slots<Entry<T>>,
    /// Slots of the ready messages, the next to be taken in front.
    ready: VecDeque<u32>,
    /// Consumers that wait for a message.
    takers: u64,
    counts: Counts,
    lost: Vec<Lost<T>>,
    closed: bool,
    next_id: u64,
}

#[derive(Debug, Clone)]
struct Entry<T> {
    id: u64,
    deliveries: u32,
    body: T,
}

/// A message handed to a consumer, to be settled by its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery<T> {
    pub tag: Tag,
    /// Its number among the published, from 0.
    pub id: u64,
    /// How often it has been delivered, this time included.
    pub deliveries: u32,
    pub body: T,
}

/// A message that left without being acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost<T> {
    pub id: u64,
    pub at: u64,
    pub why: Loss,
    pub body: T,
}

/// Why a message was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// Thrown out to make room for a newer one.
    Dropped,
}

/// A message that was not accepted, given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused<T> {
    pub body: T,
    pub why: Refusal,
}

/// Why a message was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    #[error("the queue is full; consume faster, raise max_length, or let publishers wait with overflow = \"block\"")]
    Full,
    #[error("the queue is full; publish again when there is room")]
    Wait,
    #[error("the queue is closed; publish before closing it")]
    Closed,
}

/// A settlement that names no delivery under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this delivery has been settled before; settle each delivery once, with the tag it came with")]
pub struct Misuse(pub Tag);

/// What has become of the messages so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Accepted.
    pub published: u64,
    /// Waiting.
    pub ready: u64,
    /// Delivered and not yet settled.
    pub unacked: u64,
    pub acked: u64,
    /// Thrown out to make room.
    pub dropped: u64,
    /// Never accepted: not among the published.
    pub rejected: u64,
    /// Handed to consumers, again and again included.
    pub delivered: u64,
}

impl Counts {
    /// Whether every published message is in one place.
    pub fn balanced(&self) -> bool {
        self.published == self.ready + self.unacked + self.acked + self.dropped
    }
}

impl<T: Clone> State<T> {
    pub fn new(settings: Settings) -> Self {
        let reserve = settings.reserve;
        State {
            settings,
            slots: Slots::with_capacity(reserve),
            ready: VecDeque::with_capacity(reserve),
            takers: 0,
            counts: Counts::default(),
            lost: Vec::new(),
            closed: false,
            next_id: 0,
        }
    }

    /// Accepts a message and gives it a number.
    ///
    /// # Errors
    /// A full or closed queue gives the message back. [`Refusal::Wait`] is not counted: the publisher is to come again.
    pub fn publish(&mut self, body: T, now: u64) -> Result<u64, Refused<T>> {
        if self.closed {
            return Err(Refused { body, why: Refusal::Closed });
        }
        if !self.has_room() {
            match self.settings.overflow {
                Overflow::Block => return Err(Refused { body, why: Refusal::Wait }),
                Overflow::RejectPublish => {
                    self.counts.rejected += 1;
                    return Err(Refused { body, why: Refusal::Full });
                }
                Overflow::DropHead => {}
            }
        }
        let id = self.next_id;
        self.next_id += 1;
        let slot = self.slots.insert(Entry { id, deliveries: 0, body });
        self.ready.push_back(slot);
        self.counts.published += 1;
        self.counts.ready += 1;
        self.trim(now);
        Ok(id)
    }

    /// Delivers up to `max` messages onto the end of `out`, and says how many.
    pub fn consume(&mut self, max: usize, out: &mut Vec<Delivery<T>>) -> usize {
        let count = max.min(self.ready.len());
        for _ in 0..count {
            let slot = self.ready.pop_front().expect("no more are taken than are ready");
            let (tag, entry) = self.slots.lease(slot);
            entry.deliveries += 1;
            out.push(Delivery { tag, id: entry.id, deliveries: entry.deliveries, body: entry.body.clone() });
        }
        self.counts.ready -= count as u64;
        self.counts.unacked += count as u64;
        self.counts.delivered += count as u64;
        count
    }

    /// Settles a delivery: the message is done.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn ack(&mut self, tag: Tag) -> Result<(), Misuse> {
        self.slots.settle(tag).ok_or(Misuse(tag))?;
        self.counts.unacked -= 1;
        self.counts.acked += 1;
        Ok(())
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

    /// Accepts no more messages. What is inside can still be consumed and settled.
    pub fn close(&mut self) {
        self.closed = true;
    }

    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether no message will ever be ready again.
    pub fn is_exhausted(&self) -> bool {
        self.closed && self.ready.is_empty()
    }

    /// Whether a message would be accepted without losing another.
    pub fn has_room(&self) -> bool {
        self.settings.max_length.is_none_or(|max| self.counts.ready < max.saturating_add(self.takers))
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The messages lost since the last call.
    pub fn take_lost(&mut self) -> Vec<Lost<T>> {
        std::mem::take(&mut self.lost)
    }

    pub fn has_lost(&self) -> bool {
        !self.lost.is_empty()
    }

    /// Drops from the head what exceeds the bound: with length 0 and nobody waiting, the newcomer itself.
    fn trim(&mut self, now: u64) {
        let Some(max) = self.settings.max_length else { return };
        while self.counts.ready > max.saturating_add(self.takers) {
            let slot = self.ready.pop_front().expect("the counted ready messages are in line");
            let entry = self.slots.remove(slot);
            self.counts.ready -= 1;
            self.counts.dropped += 1;
            self.lost.push(Lost { id: entry.id, at: now, why: Loss::Dropped, body: entry.body });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded(max: u64, overflow: Overflow) -> State<u32> {
        State::new(Settings { max_length: Some(max), overflow, ..Settings::default() })
    }

    #[test]
    fn a_delivery_is_settled_once() {
        let mut state = State::new(Settings::default());
        state.publish('a', 0).expect("there is no bound");
        let mut out = Vec::new();
        assert_eq!(state.consume(5, &mut out), 1);
        let tag = out[0].tag;
        assert_eq!(state.ack(tag), Ok(()));
        assert_eq!(state.ack(tag), Err(Misuse(tag)));
        // The slot's next message is not the old tag's.
        state.publish('b', 0).expect("there is no bound");
        assert_eq!(state.ack(tag), Err(Misuse(tag)));
        state.consume(1, &mut out);
        assert_eq!(state.ack(tag), Err(Misuse(tag)));
        assert_eq!(state.ack(out[1].tag), Ok(()));
        assert!(state.counts().balanced());
    }

    #[test]
    fn the_bound_counts_ready_messages_alone() {
        let mut state = bounded(1, Overflow::RejectPublish);
        let mut out = Vec::new();
        assert!(state.publish(0, 0).is_ok());
        state.consume(1, &mut out);
        assert!(state.publish(1, 0).is_ok(), "the first is in service");
        assert_eq!(state.publish(2, 0), Err(Refused { body: 2, why: Refusal::Full }));
        assert_eq!(state.counts().rejected, 1);
    }

    #[test]
    fn a_queue_of_length_zero_hands_over_or_refuses() {
        let mut state = bounded(0, Overflow::RejectPublish);
        assert!(state.publish(0, 0).is_err());
        state.begin_wait();
        assert!(state.publish(1, 0).is_ok());
        assert!(state.publish(2, 0).is_err(), "the one who waits has his");
        let mut out = Vec::new();
        state.consume(1, &mut out);
        state.end_wait();
        assert!(state.publish(3, 0).is_err());
    }

    #[test]
    fn drop_head_loses_the_oldest() {
        let mut state = bounded(2, Overflow::DropHead);
        for body in 0..3 {
            assert!(state.publish(body, 7).is_ok());
        }
        assert_eq!(state.take_lost(), [Lost { id: 0, at: 7, why: Loss::Dropped, body: 0 }]);
        assert!(!state.has_lost());
    }

    #[test]
    fn a_closed_queue_can_be_drained() {
        let mut state = State::new(Settings::default());
        state.publish(1, 0).expect("there is no bound");
        state.close();
        assert!(!state.is_exhausted());
        assert_eq!(state.publish(2, 0).map_err(|r| r.why), Err(Refusal::Closed));
        assert_eq!(state.consume(9, &mut Vec::new()), 1);
        assert!(state.is_exhausted());
    }
}

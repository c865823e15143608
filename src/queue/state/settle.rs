//! Settling deliveries: a message is done, given back or given up.

use super::State;
use super::held::NEVER;
use crate::queue::delivery::{Loss, Misuse};
use crate::queue::slots::Tag;

impl<T: Clone> State<T> {
    /// Settles a delivery: the message is done.
    ///
    /// # Errors
    /// A tag that names no delivery under way, as for all settlements.
    pub fn ack(&mut self, tag: Tag, now: u64) -> Result<(), Misuse> {
        self.ack_many([tag], now)
    }

    /// Settles many deliveries, all that can be.
    ///
    /// # Errors
    /// The first tag that names no delivery under way.
    pub fn ack_many(&mut self, tags: impl IntoIterator<Item = Tag>, now: u64) -> Result<(), Misuse> {
        self.tick(now);
        let mut outcome = Ok(());
        for tag in tags {
            if self.held.slots.settle(tag).is_some() {
                self.counts.unacked -= 1;
                self.counts.acked += 1;
            } else {
                outcome = outcome.and(Err(Misuse(tag)));
            }
        }
        outcome
    }

    /// Gives a message back: it takes its old place in line.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn nack(&mut self, tag: Tag, now: u64) -> Result<(), Misuse> {
        self.tick(now);
        self.give_back(tag, 0).ok_or(Misuse(tag))
    }

    /// Gives a message back, to join the end of the line after so many nanoseconds; at once, it takes its old
    /// place.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn nack_after(&mut self, tag: Tag, delay: u64, now: u64) -> Result<(), Misuse> {
        self.tick(now);
        self.give_back(tag, delay).ok_or(Misuse(tag))
    }

    /// Gives a message up: it is lost as [`Loss::Rejected`].
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn reject(&mut self, tag: Tag, now: u64) -> Result<(), Misuse> {
        self.tick(now);
        let entry = self.held.slots.settle(tag).ok_or(Misuse(tag))?;
        self.counts.unacked -= 1;
        self.lose(entry, Loss::Rejected, self.now);
        Ok(())
    }

    /// Begins a delivery's visibility timeout anew, and says until when it lasts.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn extend(&mut self, tag: Tag, now: u64) -> Result<u64, Misuse> {
        self.tick(now);
        self.held.slots.leased(tag).ok_or(Misuse(tag))?;
        let Some(timeout) = self.settings.visibility_timeout else { return Ok(NEVER) };
        let until = self.now.saturating_add(timeout);
        self.set_lease(tag, until);
        Ok(until)
    }

    /// The body of a delivery under way, and how often it has been delivered.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub(in crate::queue) fn delivered(&mut self, tag: Tag, now: u64) -> Result<(&T, u32), Misuse> {
        self.tick(now);
        self.held.slots.leased(tag).map(|held| (&held.body, held.deliveries)).ok_or(Misuse(tag))
    }

    /// Ends a delivery: the message goes back into line, now or later, or is lost if it has been delivered
    /// too often.
    pub(super) fn give_back(&mut self, tag: Tag, delay: u64) -> Option<()> {
        let deliveries = self.held.slots.leased(tag)?.deliveries;
        self.counts.unacked -= 1;
        if self.settings.delivery_limit.is_some_and(|limit| deliveries >= limit) {
            let entry = self.held.slots.settle(tag)?;
            self.lose(entry, Loss::TooOften, self.now);
            return Some(());
        }
        self.counts.returned += 1;
        let tag = self.held.slots.release(tag)?;
        if delay > 0 {
            self.delays.set(self.now.saturating_add(delay), tag);
            self.counts.delayed += 1;
            self.timed = true;
        } else {
            self.line.put_back(self.held.extra(tag.slot()).place(tag.slot()));
            self.counts.ready += 1;
        }
        Some(())
    }
}

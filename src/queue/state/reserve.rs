//! Places that are kept for messages to come.

use super::State;
use crate::queue::delivery::PublishError;
use crate::queue::settings::{Overflow, Terms};

impl<T: Clone> State<T> {
    /// Keeps a place for a message that cannot be taken yet, on its way to a disk for instance. The publisher
    /// comes back with
    /// [`State::fulfil`], which no bound and no closing refuses any more, or with [`State::release`].
    ///
    /// # Errors
    /// A full or closed queue, as for a message.
    pub fn reserve(&mut self, now: u64) -> Result<(), PublishError> {
        self.tick(now);
        if self.closed {
            return Err(PublishError::Closed);
        }
        self.reserving = true;
        let refused = match self.settings.overflow {
            Overflow::Block if !self.has_room() => Some(PublishError::Wait),
            Overflow::RejectPublish if !self.has_room() => Some(PublishError::Full),
            Overflow::DropHead if self.most_ready().is_some_and(|most| self.reserved >= most) => {
                Some(PublishError::Full)
            }
            _ => None,
        };
        if let Some(why) = refused {
            self.counts.rejected += u64::from(why == PublishError::Full);
            return Err(why);
        }
        self.reserved += 1;
        self.trim();
        Ok(())
    }

    /// Accepts the message for which a place was kept, and gives it a number.
    ///
    /// # Panics
    /// Without such a place.
    pub fn fulfil(&mut self, body: T, terms: Terms, now: u64) -> u64 {
        self.release();
        self.tick(now);
        let expires = self.expiry(terms.ttl);
        self.accept(body, terms.rank, expires)
    }

    /// Gives a place up that was kept: its message will not come.
    ///
    /// # Panics
    /// Without such a place.
    pub fn release(&mut self) {
        assert!(self.reserved > 0, "a place that is given up was kept");
        self.reserved -= 1;
    }
}

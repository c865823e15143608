//! What happens by itself: leases end, delays are over, messages expire.

use super::State;
use super::held::NEVER;
use crate::queue::delivery::Loss;
use crate::queue::settings::Overflow;
use crate::queue::slots::Tag;

impl<T: Clone> State<T> {
    /// Lets happen what happens by itself until an instant.
    #[inline]
    pub fn tick(&mut self, now: u64) {
        if self.timed {
            self.happen(now);
        }
        self.now = self.now.max(now);
    }

    /// When something will happen by itself next, unless the next call comes earlier. May be early, never
    /// late.
    pub fn next_timer(&self) -> Option<u64> {
        if !self.timed {
            return None;
        }
        let head = self.first().map(|slot| self.held.extra(slot).expires).filter(|&at| at != NEVER);
        [head, self.leases.next(), self.delays.next()].into_iter().flatten().min()
    }

    /// Whether calls need to be told the time: otherwise nothing depends on it.
    #[inline]
    pub fn needs_time(&self) -> bool {
        self.timed || (self.settings.overflow == Overflow::DropHead && !self.has_room())
    }

    /// Lets a delivery's lease end at an instant, whatever was said before.
    pub(super) fn set_lease(&mut self, tag: Tag, until: u64) {
        let number = self.leases.set(until, tag);
        self.held.change(tag.slot(), |extra| extra.lease = number);
    }

    /// When a message that is published now has waited too long.
    pub(super) fn expiry(&mut self, ttl: Option<u64>) -> u64 {
        let lower = [ttl, self.settings.message_ttl].into_iter().flatten().min();
        self.timed |= lower.is_some();
        lower.map_or(NEVER, |ttl| self.now.saturating_add(ttl))
    }

    /// Lets everything happen by itself until an instant, in the order in which it does.
    fn happen(&mut self, until: u64) {
        while let Some(at) = self.next_timer().filter(|&at| at <= until) {
            self.now = self.now.max(at);
            if self.expire(self.now) {
            } else if let Some(lease) = self.leases.due(at) {
                // A lease that was extended or settled since has left its timer behind.
                let under_way = self.held.slots.leased(lease.tag).is_some();
                if under_way && self.held.extra(lease.tag.slot()).lease == lease.number {
                    self.give_back(lease.tag, 0);
                }
            } else if let Some(delay) = self.delays.due(at) {
                let turn = self.counts.published + self.late;
                self.late += 1;
                let slot = delay.tag.slot();
                self.held.change(slot, |extra| extra.turn = turn);
                self.line.push(self.held.extra(slot).place(slot));
                self.counts.delayed -= 1;
                self.counts.ready += 1;
            }
        }
    }

    /// Loses the messages at the head whose time to live is over, and says whether there were any.
    #[inline]
    pub(super) fn expire(&mut self, now: u64) -> bool {
        let before = self.counts.expired;
        while self.timed
            && let Some(slot) = self.first()
            && self.held.extra(slot).expires <= now
        {
            self.pop();
            self.counts.ready -= 1;
            let entry = self.held.slots.remove(slot);
            self.lose(entry, Loss::Expired, now);
        }
        self.counts.expired > before
    }
}

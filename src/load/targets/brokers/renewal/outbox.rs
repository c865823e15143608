//! What is published and not confirmed, in the order of the publishes: the next session gets it again.

use crate::load::targets::PublishRequest;
use std::collections::{BTreeMap, HashMap};

/// Publishes without a confirm.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// The session by which messages are published now; `None` while there is none.
    pub live: Option<u64>,
    next: u64,
    /// By number.
    entries: BTreeMap<u64, OutboxEntry>,
    /// By message: its number.
    numbers: HashMap<u64, u64>,
}

/// A publish without a confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OutboxEntry {
    pub number: u64,
    pub queue: usize,
    pub request: PublishRequest,
    /// Whether it was published before.
    pub tried: bool,
}

impl Outbox {
    /// A message is to be published: by which session, if there is one.
    pub(super) fn add(&mut self, queue: usize, request: PublishRequest) -> Option<u64> {
        self.next += 1;
        let number = self.next;
        self.numbers.insert(request.message, number);
        self.entries.insert(number, OutboxEntry { number, queue, request, tried: self.live.is_some() });
        self.live
    }

    /// A message has its verdict.
    pub(super) fn confirm(&mut self, message: u64) {
        if let Some(number) = self.numbers.remove(&message) {
            self.entries.remove(&number);
        }
    }

    /// What was added after the entry with a number, and has no verdict.
    pub(super) fn after(&self, number: u64) -> Vec<OutboxEntry> {
        self.entries.range(number + 1..).map(|(_, entry)| *entry).collect()
    }

    /// An entry is published again.
    pub(super) fn try_again(&mut self, number: u64) {
        self.entries.entry(number).and_modify(|entry| entry.tried = true);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(message: u64) -> PublishRequest {
        PublishRequest { message, ..PublishRequest::default() }
    }

    #[test]
    fn what_has_no_verdict_is_kept_in_the_order_of_its_publish() {
        let mut outbox = Outbox { live: Some(1), ..Outbox::default() };
        assert_eq!((outbox.add(0, request(9)), outbox.add(1, request(7))), (Some(1), Some(1)));
        outbox.live = None;
        assert_eq!(outbox.add(0, request(8)), None);
        outbox.confirm(7);
        outbox.confirm(7);
        let told = |outbox: &Outbox, after| {
            outbox.after(after).iter().map(|e| (e.number, e.request.message, e.tried)).collect::<Vec<_>>()
        };
        assert_eq!(told(&outbox, 0), [(1, 9, true), (3, 8, false)]);
        outbox.try_again(3);
        assert_eq!(told(&outbox, 1), [(3, 8, true)]);
        outbox.confirm(8);
        outbox.confirm(9);
        assert!(outbox.is_empty());
    }
}

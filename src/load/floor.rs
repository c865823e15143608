//! What the threads of a run share, and how any of them sends a message.

use super::clients::Clients;
use super::roster::Roster;
use super::score::Score;
use super::stays::{Origin, Stays};
use super::targets::{Publisher, Sent, Target};
use crate::scenario::Destination;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// The score, the queue that is played against, and what happens on it.
#[derive(Clone, Copy)]
pub(super) struct Floor<'a> {
    pub score: &'a Score<'a>,
    pub target: &'a dyn Target,
    pub stays: &'a Stays,
    pub clients: &'a Clients,
    /// Servers that work on what they have acknowledged already.
    pub busy: &'a AtomicU64,
    /// By group: its roster, where that changes.
    pub rosters: &'a [Option<Roster>],
    /// Whether nothing will ever come again.
    pub closed: &'a AtomicBool,
}

impl Floor<'_> {
    /// Sends a message to a destination by a thread's handle, at an instant from the start; false once the target is closed. `now` is asked when there was room
    /// where the sender may have to wait for that.
    pub(super) fn send(&self, by: &mut dyn Publisher, to: Destination, origin: Origin, at: u64, now: impl Fn() -> u64) -> bool {
        let mut open = true;
        self.clients.more(origin.client, self.score.copies(to));
        self.score.deliver(to, origin.copy, self.target, |queue, copy, topic| {
            let Some(stay) = self.stays.begin(Origin { queue: queue as u32, copy, topic, ..origin }, at) else {
                open = false;
                return;
            };
            let outcome = by.publish(queue, &self.score.offer(queue, copy, stay, at));
            if outcome == Sent::Accepted && self.score.blocks(queue) {
                self.stays.accept(stay, now());
            }
            match outcome {
                // What nobody consumes has left.
                Sent::Accepted if self.score.first_group(queue).is_none() => self.clients.less(origin.client, at),
                Sent::Accepted => {}
                Sent::Rejected => {
                    self.stays.refuse(stay);
                    self.clients.less(origin.client, at);
                }
                Sent::Closed => open = false,
            }
        });
        open
    }
}

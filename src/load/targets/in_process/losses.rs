//! What a run loses: told, and published to the dead-letter queue if there is one.

use super::backend::{Backend, Body};
use crate::load::targets::{Listener, LostMessage, PublishRequest, Sent};
use crate::message::Outcome;
use crate::queue::{Loss, Lost};
use std::sync::{Arc, OnceLock};

/// The queues of a target, which their listeners know, too.
pub(super) struct Shared {
    /// By queue of the scenario.
    backends: OnceLock<Vec<Box<dyn Backend>>>,
    listener: Arc<dyn Listener>,
}

impl Shared {
    pub(super) fn new(listener: Arc<dyn Listener>) -> Self {
        Shared { backends: OnceLock::new(), listener }
    }

    /// The queues, once they are made.
    pub(super) fn set(&self, backends: Vec<Box<dyn Backend>>) {
        assert!(self.backends.set(backends).is_ok(), "the queues of a target are made once");
    }

    pub(super) fn backends(&self) -> &[Box<dyn Backend>] {
        self.backends.get().map_or(&[], Vec::as_slice)
    }

    /// The listener of a queue. The queues belong to what is shared, which must not keep itself alive.
    pub(super) fn listener<B: Body>(
        self: &Arc<Self>,
        queue: usize,
        dead_letter: Option<usize>,
    ) -> impl Fn(Lost<B>) + Send + Sync + Clone + 'static {
        let shared = Arc::downgrade(self);
        move |lost: Lost<B>| {
            if let Some(shared) = shared.upgrade() {
                shared.lose(queue, dead_letter, lost.body.message(), &lost);
            }
        }
    }

    fn lose<B>(&self, queue: usize, dead_letter: Option<usize>, message: u64, lost: &Lost<B>) {
        let (at, deliveries) = (lost.at, lost.deliveries);
        let outcome = match lost.why {
            _ if dead_letter.is_some() => Outcome::DeadLettered,
            Loss::Expired => Outcome::Expired,
            Loss::Dropped | Loss::Rejected | Loss::TooOften => Outcome::Dropped,
        };
        self.listener.lost(LostMessage { queue, message, at, outcome, deliveries });
        let Some(queue) = dead_letter else { return };
        let request = PublishRequest { message, ..PublishRequest::default() };
        // A dead letter that finds no room is lost for good, as in brokers.
        if self.backends()[queue].publish(&request) == Sent::Rejected {
            let outcome = Outcome::Rejected;
            self.listener.lost(LostMessage { queue, message, at, outcome, deliveries: 0 });
        }
    }
}

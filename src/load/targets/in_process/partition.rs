//! The queue of one part of a scenario's queue, with the prefetch windows of its consumers.

use super::prefetch::{PrefetchDispatcher, lease_from_now};
use crate::load::targets::Delivery;
use crate::queue::{self, Queue, Tag};
use std::cell::RefCell;

thread_local! {
    /// Where a consumer's deliveries land, so that taking one allocates nothing.
    static DELIVERIES: RefCell<Vec<queue::Delivery<u64>>> = RefCell::new(Vec::with_capacity(1));
}

/// The queue of one part, with its prefetch windows.
pub(super) struct PartitionQueue {
    pub queue: Queue<u64>,
    /// Nanoseconds within which a delivery is to be settled.
    pub lease: Option<u64>,
    pub dispatcher: Option<PrefetchDispatcher>,
}

impl PartitionQueue {
    /// As [`SharedQueue::consume`](crate::load::targets::SharedQueue::consume), from a consumer's window
    /// where there are such.
    pub(super) fn consume(&self, part: usize, most: usize, out: &mut Vec<Delivery>) -> bool {
        match &self.dispatcher {
            Some(dispatcher) => dispatcher
                .take(part)
                .map(|(delivery, until)| out.push(as_delivery(&delivery, part, until)))
                .is_some(),
            None => self.take(part, out, |deliveries| self.queue.consume(most, deliveries)),
        }
    }

    /// As [`SharedQueue::refill`](crate::load::targets::SharedQueue::refill).
    pub(super) fn refill(&self, part: usize, most: usize, until: u64, out: &mut Vec<Delivery>) {
        self.take(part, out, |deliveries| match until {
            0 => self.queue.try_consume(most, deliveries) > 0,
            _ => self.queue.consume_until(most, until, deliveries),
        });
    }

    /// Takes messages in the way that is given, by way of this thread's buffer.
    fn take(
        &self,
        part: usize,
        out: &mut Vec<Delivery>,
        how: impl FnOnce(&mut Vec<queue::Delivery<u64>>) -> bool,
    ) -> bool {
        DELIVERIES.with_borrow_mut(|deliveries| {
            let open = how(deliveries);
            let until = lease_from_now(self.lease);
            out.extend(deliveries.drain(..).map(|d| as_delivery(&d, part, until)));
            open
        })
    }

    /// Begins a delivery's visibility timeout anew; false if it is over.
    pub(super) fn extend(&self, delivery: &mut Delivery) -> bool {
        let kept = self.queue.extend(Tag::from(delivery.tag)).is_ok();
        delivery.until = if kept { lease_from_now(self.lease) } else { delivery.until };
        kept
    }

    /// A delivery is over: its consumer's window has room for another.
    pub(super) fn settled(&self, delivery: &Delivery) {
        if let Some(dispatcher) = &self.dispatcher {
            dispatcher.settled(delivery.part);
        }
    }

    pub(super) fn halt(&self) {
        self.queue.halt();
        self.dispatcher.iter().for_each(PrefetchDispatcher::halt);
    }
}

fn as_delivery(delivery: &queue::Delivery<u64>, part: usize, until: u64) -> Delivery {
    Delivery {
        message: delivery.body,
        deliveries: delivery.deliveries,
        tag: delivery.tag.into(),
        part,
        until,
    }
}

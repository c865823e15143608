//! The crate's own queue as a target: a [`Queue`] of plan positions for each queue of the scenario.

use super::{Sent, Taken, Target};
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::queue::{self, Delivery, Queue, Settings, Tag};
use crate::scenario::{Discipline, Overflow, Scenario};
use parking_lot::Mutex;
use std::cell::RefCell;
use std::sync::Arc;

struct InProcess {
    queues: Vec<Queue<u64>>,
    dropped: Arc<Mutex<Vec<(u64, u64)>>>,
}

thread_local! {
    /// Where a consumer's deliveries land, so that taking one allocates nothing.
    static HAND: RefCell<Vec<Delivery<u64>>> = RefCell::new(Vec::with_capacity(1));
}

pub(super) fn open(scenario: &Scenario, messages: usize) -> Result<Box<dyn Target>, LoadError> {
    let dropped = Arc::new(Mutex::new(Vec::with_capacity(messages)));
    let mut queues = Vec::new();
    for queue in &scenario.queues {
        if queue.discipline != Discipline::Fifo {
            return Err(LoadError::Unsupported {
                what: format!("queues.{} is not first in, first out", queue.name),
                instead: "measure discipline = \"fifo\"; the simulation answers the others".into(),
            });
        }
        let listener = Arc::clone(&dropped);
        let settings =
            Settings { max_length: queue.max_length, overflow: overflow(queue.overflow), reserve: messages, ..Settings::default() };
        queues.push(Queue::new(settings, || Monotonic.now(), move |lost| listener.lock().push((lost.body, lost.at))));
    }
    Ok(Box::new(InProcess { queues, dropped }))
}

fn overflow(asked: Overflow) -> queue::Overflow {
    match asked {
        Overflow::RejectPublish => queue::Overflow::RejectPublish,
        Overflow::DropHead => queue::Overflow::DropHead,
        Overflow::Block => queue::Overflow::Block,
    }
}

impl Target for InProcess {
    fn publish(&self, queue: usize, message: u64) -> Sent {
        use crate::queue::Refusal::{Closed, Full, Wait};
        match self.queues[queue].publish(message).map_err(|refused| refused.why) {
            Ok(_) => Sent::Accepted,
            Err(Full) => Sent::Rejected,
            Err(Wait | Closed) => Sent::Closed,
        }
    }

    fn consume(&self, queue: usize) -> Option<Taken> {
        HAND.with_borrow_mut(|hand| {
            self.queues[queue].consume(1, hand);
            hand.pop().map(|d| Taken { message: d.body, deliveries: d.deliveries, tag: d.tag.into() })
        })
    }

    fn ack(&self, queue: usize, taken: &Taken) -> bool {
        self.queues[queue].ack(Tag::from(taken.tag)).is_ok()
    }

    fn close(&self) {
        self.queues.iter().for_each(Queue::close);
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        let counts = self.queues[queue].counts();
        Some(counts.ready + counts.unacked)
    }

    fn dropped(&self) -> Vec<(u64, u64)> {
        std::mem::take(&mut self.dropped.lock())
    }
}

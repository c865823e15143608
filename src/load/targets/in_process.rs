//! The crate's own queue as a target: a [`Queue`] of plan positions for each queue of the scenario, or for each server's share of a
//! partitioned one.

use super::{Lost, Offer, Sent, Taken, Target, Want};
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::score::share_of;
use crate::message::Outcome;
use crate::queue::{self, Delivery, Loss, Order, Queue, Settings, Tag, Terms};
use crate::scenario::{self, Discipline, Overflow, Scenario};
use parking_lot::Mutex;
use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

struct InProcess(Arc<Shared>);

/// What the queues' listeners know, too: a lost message goes to a dead-letter queue.
struct Shared {
    /// By queue of the scenario, then by part.
    queues: OnceLock<Vec<Vec<Queue<u64>>>>,
    lost: Mutex<Vec<Lost>>,
}

thread_local! {
    /// Where a consumer's deliveries land, so that taking one allocates nothing.
    static HAND: RefCell<Vec<Delivery<u64>>> = RefCell::new(Vec::with_capacity(1));
}

pub(super) fn open(scenario: &Scenario, messages: usize) -> Result<Box<dyn Target>, LoadError> {
    let shared = Arc::new(Shared { queues: OnceLock::new(), lost: Mutex::new(Vec::with_capacity(messages)) });
    let queues = scenario.queues.iter().enumerate().map(|(index, queue)| {
        let parts = if queue.partitions.is_some() { scenario.consumers_of(index).map(|(_, c)| share_of(c)).sum() } else { 1 };
        let settings = settings(scenario, queue, messages);
        (0..parts).map(|_| lane(&shared, index, queue.dead_letter, settings.clone())).collect()
    });
    let opened = shared.queues.set(queues.collect());
    assert!(opened.is_ok(), "the queues of a target are made once");
    Ok(Box::new(InProcess(shared)))
}

fn settings(scenario: &Scenario, queue: &scenario::Queue, messages: usize) -> Settings {
    let played = |seconds: f64| (seconds * 1e9 / scenario.measurement.speed).round() as u64;
    Settings {
        order: match queue.discipline {
            Discipline::Fifo => Order::Fifo,
            Discipline::Lifo => Order::Lifo,
            _ => Order::Ranked,
        },
        max_length: queue.max_length,
        overflow: match queue.overflow {
            Overflow::RejectPublish => queue::Overflow::RejectPublish,
            Overflow::DropHead => queue::Overflow::DropHead,
            Overflow::Block => queue::Overflow::Block,
        },
        delivery_limit: queue.delivery_limit,
        visibility_timeout: queue.visibility_timeout.map(played),
        reserve: messages,
        ..Settings::default()
    }
}

/// A queue whose losses are written down and go to the dead-letter queue, if there is one.
fn lane(shared: &Arc<Shared>, queue: usize, dead_letter: Option<usize>, settings: Settings) -> Queue<u64> {
    // The queues belong to the shared part, which must not keep itself alive.
    let shared = Arc::downgrade(shared);
    let told = move |lost: queue::Lost<u64>| {
        let Some(shared) = shared.upgrade() else { return };
        let outcome = match lost.why {
            Loss::Dropped => Outcome::Dropped,
            Loss::Expired => Outcome::Expired,
            Loss::Rejected | Loss::TooOften => Outcome::DeadLettered,
        };
        shared.lost.lock().push(Lost { queue, message: lost.body, at: lost.at, outcome, deliveries: lost.deliveries });
        if let Some(dead) = dead_letter {
            // A dead letter that finds no room is lost for good, as in brokers; its record tells.
            let _refused = shared.queues()[dead][0].publish(lost.body);
        }
    };
    Queue::new(settings, || Monotonic.now(), told)
}

impl Shared {
    fn queues(&self) -> &[Vec<Queue<u64>>] {
        self.queues.get().map_or(&[], Vec::as_slice)
    }
}

impl InProcess {
    fn lane(&self, queue: usize, part: usize) -> &Queue<u64> {
        &self.0.queues()[queue][part]
    }

    /// Takes messages in the way that is given, by way of this thread's hand.
    fn take(&self, part: usize, out: &mut Vec<Taken>, how: impl FnOnce(&mut Vec<Delivery<u64>>) -> bool) -> bool {
        HAND.with_borrow_mut(|hand| {
            let taken = how(hand);
            out.extend(hand.drain(..).map(|d| Taken { message: d.body, deliveries: d.deliveries, tag: d.tag.into(), part }));
            taken
        })
    }
}

impl Target for InProcess {
    fn publish(&self, queue: usize, offer: &Offer) -> Sent {
        use crate::queue::Refusal::{Closed, Full, Wait};
        let terms = Terms { rank: offer.rank, ttl: offer.ttl };
        match self.lane(queue, offer.part).publish_with(offer.message, terms).map_err(|refused| refused.why) {
            Ok(_) => Sent::Accepted,
            Err(Full) => Sent::Rejected,
            Err(Wait | Closed) => Sent::Closed,
        }
    }

    fn consume(&self, queue: usize, want: &Want, out: &mut Vec<Taken>) -> bool {
        let lane = self.lane(queue, want.part);
        self.take(want.part, out, |hand| lane.consume(want.max, hand))
    }

    fn refill(&self, queue: usize, want: &Want, until: u64, out: &mut Vec<Taken>) {
        let lane = self.lane(queue, want.part);
        self.take(want.part, out, |hand| match until {
            0 => lane.try_consume(want.max, hand) > 0,
            _ => lane.consume_until(want.max, until, hand),
        });
    }

    fn ack(&self, queue: usize, taken: &Taken) -> bool {
        self.lane(queue, taken.part).ack(Tag::from(taken.tag)).is_ok()
    }

    fn nack(&self, queue: usize, taken: &Taken, delay: u64) -> bool {
        self.lane(queue, taken.part).nack_after(Tag::from(taken.tag), std::time::Duration::from_nanos(delay)).is_ok()
    }

    fn close(&self, queue: usize) {
        self.0.queues()[queue].iter().for_each(Queue::close);
    }

    fn halt(&self) {
        self.0.queues().iter().flatten().for_each(Queue::halt);
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        Some(self.0.queues()[queue].iter().map(|lane| lane.counts().inside()).sum())
    }

    fn lost(&self) -> Vec<Lost> {
        std::mem::take(&mut self.0.lost.lock())
    }
}

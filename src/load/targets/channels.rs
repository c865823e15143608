//! Channels as targets, for comparison: they hand messages over and know nothing else. What a scenario asks
//! for beyond that is refused by name.

#[cfg(feature = "channels")]
pub(super) mod crates;

use super::{Delivery, Direct, Opening, PublishRequest, Sent, SharedQueue, Subscription, Target};
use crate::load::LoadError;
use crate::scenario::{Overflow, Scenario};
use parking_lot::{Mutex, RwLock};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

/// A channel for plan positions: the receiving end, with the sending end beside it.
trait Channel: Send + Sync + Sized + 'static {
    type Sender: Send + Sync;

    /// A channel with room for so many messages, or without bound.
    fn open(room: Option<usize>) -> (Self::Sender, Self);

    /// Waits for room; false if nobody receives any more.
    fn send(sender: &Self::Sender, message: u64) -> bool;

    /// False if there is no room.
    fn try_send(sender: &Self::Sender, message: u64) -> bool;

    /// Waits; `None` once all senders are gone and the channel is empty.
    fn receive(&self) -> Option<u64>;
}

/// A channel for every queue of a scenario.
struct Channels<C: Channel>(Vec<ChannelQueue<C>>);

/// A channel with the counters that channels do not have.
struct ChannelQueue<C: Channel> {
    /// Gone once the queue is closed.
    sender: RwLock<Option<C::Sender>>,
    receiver: C,
    rejects: bool,
    accepted: AtomicU64,
    acked: AtomicU64,
}

fn open<C: Channel>(scenario: &Scenario) -> Result<Box<dyn Target>, LoadError> {
    let queues = scenario.queues.iter().map(|queue| {
        let (sender, receiver) = C::open(queue.max_length.map(|m| usize::try_from(m).unwrap_or(usize::MAX)));
        let rejects = queue.max_length.is_some() && queue.overflow == Overflow::RejectPublish;
        ChannelQueue {
            sender: RwLock::new(Some(sender)),
            receiver,
            rejects,
            accepted: 0.into(),
            acked: 0.into(),
        }
    });
    Ok(Box::new(Direct(Channels(queues.collect()))))
}

impl<C: Channel> SharedQueue for Channels<C> {
    fn publish(&self, queue: usize, request: &PublishRequest) -> Sent {
        let queue = &self.0[queue];
        let sender = queue.sender.read();
        let Some(sender) = sender.as_ref() else { return Sent::Closed };
        if queue.rejects && !C::try_send(sender, request.message) {
            return Sent::Rejected;
        }
        if !queue.rejects && !C::send(sender, request.message) {
            return Sent::Closed;
        }
        queue.accepted.fetch_add(1, Ordering::Relaxed);
        Sent::Accepted
    }

    fn consume(
        &self,
        Subscription { queue, .. }: Subscription,
        _most: usize,
        out: &mut Vec<Delivery>,
    ) -> bool {
        let message = self.0[queue].receiver.receive();
        out.extend(message.map(|message| Delivery {
            message,
            deliveries: 1,
            tag: 0,
            part: 0,
            until: u64::MAX,
        }));
        message.is_some()
    }

    fn ack(&self, queue: usize, _delivery: &Delivery) -> bool {
        self.0[queue].acked.fetch_add(1, Ordering::Relaxed);
        true
    }

    fn close(&self, queue: usize) {
        // A sender that waits for room holds this lock; the consumers make room, for they never stop taking.
        self.0[queue].sender.write().take();
    }

    fn halt(&self) {
        (0..self.0.len()).for_each(|queue| self.close(queue));
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        let acked = self.0[queue].acked.load(Ordering::Acquire);
        Some(self.0[queue].accepted.load(Ordering::Acquire).saturating_sub(acked))
    }
}

/// The standard library's channel, which has one receiver: those who share it queue for its lock.
struct Std(Mutex<mpsc::Receiver<u64>>);

/// Its two kinds of sender.
enum StdSender {
    Unbounded(mpsc::Sender<u64>),
    Bounded(mpsc::SyncSender<u64>),
}

impl Channel for Std {
    type Sender = StdSender;

    fn open(room: Option<usize>) -> (StdSender, Self) {
        let (sender, receiver) = match room {
            None => {
                let (sender, receiver) = mpsc::channel();
                (StdSender::Unbounded(sender), receiver)
            }
            Some(room) => {
                let (sender, receiver) = mpsc::sync_channel(room);
                (StdSender::Bounded(sender), receiver)
            }
        };
        (sender, Std(Mutex::new(receiver)))
    }

    fn send(sender: &StdSender, message: u64) -> bool {
        match sender {
            StdSender::Unbounded(sender) => sender.send(message).is_ok(),
            StdSender::Bounded(sender) => sender.send(message).is_ok(),
        }
    }

    fn try_send(sender: &StdSender, message: u64) -> bool {
        match sender {
            StdSender::Unbounded(sender) => sender.send(message).is_ok(),
            StdSender::Bounded(sender) => sender.try_send(message).is_ok(),
        }
    }

    fn receive(&self) -> Option<u64> {
        self.0.lock().recv().ok()
    }
}

pub(super) fn std_mpsc(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    open::<Std>(opening.scenario)
}

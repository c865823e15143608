//! The queue for threads: one lock around the state, and the waiting of those who find nothing or no room.
//!
//! The waiting decides the latency, not the lock (parked hand-offs cost 15 µs and more, spinning ones less than 1 µs):
//! a consumer looks a few hundred times before it parks, and a publisher wakes somebody only if more messages are
//! ready than consumers are looking. Those who are woken are woken after the lock is free.

use super::settings::Settings;
use super::slots::Tag;
use super::state::{Counts, Delivery, Lost, Misuse, Refusal, Refused, State};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::sync::atomic::{AtomicBool, Ordering};

/// A queue that threads share. Bodies are cloned at delivery: use something cheap, such as an index or an `Arc`.
pub struct Queue<T> {
    inner: Mutex<Inner<T>>,
    /// Whether something is ready or closed: what waiting consumers look at without the lock. Written under it.
    hint: AtomicBool,
    arrived: Condvar,
    freed: Condvar,
    now: Box<dyn Fn() -> u64 + Send + Sync>,
    on_loss: Box<dyn Fn(Lost<T>) + Send + Sync>,
    spins: u32,
}

struct Inner<T> {
    state: State<T>,
    /// Consumers that look at the hint; each looks under the lock before it parks, so they need no waking.
    looking: u64,
    /// Consumers that sleep.
    parked: u64,
    /// Publishers that sleep for want of room.
    blocked: u64,
}

impl<T: Clone> Queue<T> {
    /// A queue with a source of time (nanoseconds from any fixed instant; it stamps losses) and a listener for lost messages, which is called
    /// without the lock by the thread whose call lost them.
    pub fn new(
        settings: Settings,
        now: impl Fn() -> u64 + Send + Sync + 'static,
        on_loss: impl Fn(Lost<T>) + Send + Sync + 'static,
    ) -> Self {
        let spins = settings.spins;
        Queue {
            inner: Mutex::new(Inner { state: State::new(settings), looking: 0, parked: 0, blocked: 0 }),
            hint: AtomicBool::new(false),
            arrived: Condvar::new(),
            freed: Condvar::new(),
            now: Box::new(now),
            on_loss: Box::new(on_loss),
            spins,
        }
    }

    /// Publishes one message; waits for room where overflow is `block`. Returns the message's number.
    ///
    /// # Errors
    /// A full or closed queue gives the message back.
    pub fn publish(&self, body: T) -> Result<u64, Refused<T>> {
        let mut inner = self.inner.lock();
        let mut offer = body;
        let outcome = loop {
            match self.offer(&mut inner, offer) {
                Err(Refused { body, why: Refusal::Wait }) => {
                    offer = body;
                    self.wait_for_room(&mut inner);
                }
                outcome => break outcome,
            }
        };
        self.leave(inner);
        outcome
    }

    /// Publishes many messages under one lock, in order; waits for room where overflow is `block`. Says how many were
    /// accepted; what was refused is pushed onto `refused`.
    pub fn publish_many(&self, bodies: impl IntoIterator<Item = T>, refused: &mut Vec<Refused<T>>) -> usize {
        let mut inner = self.inner.lock();
        let mut accepted = 0;
        for body in bodies {
            let mut offer = body;
            loop {
                match self.offer(&mut inner, offer) {
                    Ok(_) => accepted += 1,
                    Err(Refused { body, why: Refusal::Wait }) => {
                        offer = body;
                        self.wait_for_room(&mut inner);
                        continue;
                    }
                    Err(no) => refused.push(no),
                }
                break;
            }
        }
        self.leave(inner);
        accepted
    }

    /// Takes up to `max` messages onto the end of `out`, waiting until there is one. False if the queue is closed and
    /// will never have one again.
    pub fn consume(&self, max: usize, out: &mut Vec<Delivery<T>>) -> bool {
        let mut inner = self.inner.lock();
        if inner.state.consume(max, out) > 0 {
            self.leave(inner);
            return true;
        }
        inner.state.begin_wait();
        // Whoever stands waiting is room for a publisher.
        self.wake_publisher(&inner);
        let mut looks = self.spins;
        let taken = loop {
            if inner.state.is_exhausted() {
                break false;
            }
            if looks > 0 {
                inner.looking += 1;
                MutexGuard::unlocked(&mut inner, || self.look(&mut looks));
                inner.looking -= 1;
            } else {
                inner.parked += 1;
                self.arrived.wait(&mut inner);
                inner.parked -= 1;
            }
            if inner.state.consume(max, out) > 0 {
                break true;
            }
        };
        inner.state.end_wait();
        self.leave(inner);
        taken
    }

    /// Takes up to `max` messages onto the end of `out` without waiting, and says how many.
    pub fn try_consume(&self, max: usize, out: &mut Vec<Delivery<T>>) -> usize {
        let mut inner = self.inner.lock();
        let count = inner.state.consume(max, out);
        self.leave(inner);
        count
    }

    /// Settles a delivery: the message is done.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn ack(&self, tag: Tag) -> Result<(), Misuse> {
        self.inner.lock().state.ack(tag)
    }

    /// Settles many deliveries under one lock, all that can be.
    ///
    /// # Errors
    /// The first tag that names no delivery under way.
    pub fn ack_many(&self, tags: &[Tag]) -> Result<(), Misuse> {
        let mut inner = self.inner.lock();
        let mut first = Ok(());
        for &tag in tags {
            first = first.and(inner.state.ack(tag));
        }
        first
    }

    /// Accepts no more messages and lets everybody go who waits in vain. What is inside can still be consumed.
    pub fn close(&self) {
        let mut inner = self.inner.lock();
        inner.state.close();
        self.hint.store(true, Ordering::Release);
        drop(inner);
        self.arrived.notify_all();
        self.freed.notify_all();
    }

    pub fn counts(&self) -> Counts {
        self.inner.lock().state.counts()
    }

    fn offer(&self, inner: &mut Inner<T>, body: T) -> Result<u64, Refused<T>> {
        inner.state.publish(body, (self.now)())
    }

    /// Looks at the hint until it says something or the patience is over.
    fn look(&self, looks: &mut u32) {
        while *looks > 0 && !self.hint.load(Ordering::Acquire) {
            std::hint::spin_loop();
            *looks -= 1;
        }
        // A hint that somebody else used up costs a look, so that a busy queue cannot keep a consumer here for ever.
        *looks = looks.saturating_sub(1);
    }

    /// Sleeps until somebody makes room, having told consumers of what was published so far.
    fn wait_for_room(&self, inner: &mut MutexGuard<'_, Inner<T>>) {
        self.set_hint(inner);
        self.wake_consumers(inner.needed());
        inner.blocked += 1;
        self.freed.wait(inner);
        inner.blocked -= 1;
    }

    fn wake_publisher(&self, inner: &Inner<T>) {
        if inner.blocked > 0 && inner.state.has_room() {
            self.freed.notify_one();
        }
    }

    fn wake_consumers(&self, count: u64) {
        for _ in 0..count {
            self.arrived.notify_one();
        }
    }

    fn set_hint(&self, inner: &Inner<T>) {
        let says = inner.state.counts().ready > 0 || inner.state.is_closed();
        if self.hint.load(Ordering::Relaxed) != says {
            self.hint.store(says, Ordering::Release);
        }
    }

    /// Lets go of the lock, having told those who look; then wakes those who sleep and reports what was lost.
    fn leave(&self, mut inner: MutexGuard<'_, Inner<T>>) {
        self.set_hint(&inner);
        self.wake_publisher(&inner);
        let lost = if inner.state.has_lost() { inner.state.take_lost() } else { Vec::new() };
        let needed = inner.needed();
        drop(inner);
        self.wake_consumers(needed);
        lost.into_iter().for_each(|l| (self.on_loss)(l));
    }
}

impl<T: Clone> Inner<T> {
    /// How many sleeping consumers the ready messages call for, beyond those that are looking.
    fn needed(&self) -> u64 {
        self.state.counts().ready.saturating_sub(self.looking).min(self.parked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Overflow;
    use std::sync::atomic::AtomicU64;
    use std::thread;

    fn queue(settings: Settings) -> Queue<u64> {
        Queue::new(settings, || 0, |_| {})
    }

    /// Sends `count` numbers through the queue with so many threads a side, and returns what came out.
    fn pump(queue: &Queue<u64>, count: u64, sides: u64) -> Vec<u64> {
        let left = AtomicU64::new(sides);
        let mut all: Vec<u64> = thread::scope(|scope| {
            let consumers: Vec<_> = (0..sides)
                .map(|_| {
                    scope.spawn(|| {
                        let (mut seen, mut out) = (Vec::new(), Vec::new());
                        while queue.consume(8, &mut out) {
                            let tags: Vec<Tag> = out.iter().map(|d| d.tag).collect();
                            seen.extend(out.drain(..).map(|d| d.body));
                            queue.ack_many(&tags).expect("each is settled once");
                        }
                        seen
                    })
                })
                .collect();
            for side in 0..sides {
                let left = &left;
                scope.spawn(move || {
                    for body in (side..count).step_by(sides as usize) {
                        queue.publish(body).expect("the queue waits for room and is open");
                    }
                    if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                        queue.close();
                    }
                });
            }
            consumers.into_iter().flat_map(|c| c.join().expect("a consumer does not panic")).collect()
        });
        all.sort_unstable();
        all
    }

    #[test]
    fn every_message_leaves_exactly_once_under_threads() {
        for (max_length, spins) in [(None, 0), (None, 500), (Some(3), 0), (Some(3), 50), (Some(0), 0), (Some(0), 50)] {
            let queue = queue(Settings { max_length, overflow: Overflow::Block, spins, ..Settings::default() });
            assert_eq!(pump(&queue, 4_000, 3), (0..4_000).collect::<Vec<_>>(), "{max_length:?} {spins}");
            let counts = queue.counts();
            assert!(counts.balanced() && counts.acked == 4_000 && counts.ready == 0, "{counts:?}");
        }
    }

    #[test]
    fn a_batch_wider_than_the_queue_waits_for_room_and_passes() {
        let queue = queue(Settings { max_length: Some(2), overflow: Overflow::Block, ..Settings::default() });
        thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(queue.publish_many(0..100, &mut Vec::new()), 100);
                queue.close();
            });
            let (mut out, mut next) = (Vec::new(), 0);
            while queue.consume(1, &mut out) {
                let delivery = out.pop().expect("a consumer that returns true has a message");
                assert_eq!(delivery.body, next);
                next += 1;
                queue.ack(delivery.tag).expect("each is settled once");
            }
            assert_eq!(next, 100);
        });
    }

    #[test]
    fn losses_are_told_with_their_instant() {
        let (sender, lost) = std::sync::mpsc::channel();
        let settings = Settings { max_length: Some(1), overflow: Overflow::DropHead, ..Settings::default() };
        let queue = Queue::new(settings, || 42, move |l| sender.send(l).expect("the test listens"));
        let mut refused = Vec::new();
        assert_eq!(queue.publish_many(0..3_u64, &mut refused), 3);
        assert_eq!(lost.try_iter().map(|l| (l.body, l.at)).collect::<Vec<_>>(), [(0, 42), (1, 42)]);
        assert!(refused.is_empty());
    }

    #[test]
    fn closing_releases_those_who_wait() {
        let queue = queue(Settings { max_length: Some(0), overflow: Overflow::Block, ..Settings::default() });
        thread::scope(|scope| {
            let publisher = scope.spawn(|| queue.publish(1).map_err(|r| r.why));
            thread::sleep(std::time::Duration::from_millis(5));
            queue.close();
            assert_eq!(publisher.join().expect("a publisher does not panic"), Err(Refusal::Closed));
            assert!(!queue.consume(1, &mut Vec::new()));
        });
    }
}

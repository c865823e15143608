//! The queue for threads: one lock around the state, and the waiting of those who find nothing or no room.
//!
//! The waiting decides the latency, not the lock (parked hand-offs cost 15 µs and more, spinning ones less than 1 µs):
//! a consumer looks a few hundred times before it parks, and a publisher wakes somebody only if more messages are
//! ready than consumers are looking. Those who are woken are woken after the lock is free. What happens in a queue by itself (a lease
//! that ends, a delay that is over) is waited for by those who wait for messages anyway; there is no thread of its own.

use super::counts::Counts;
use super::delivery::{Delivery, Lost, Misuse, Refusal, Refused};
use super::settings::{Settings, Terms};
use super::slots::Tag;
use super::state::State;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// "At no time."
const NEVER: u64 = u64::MAX;

/// A queue that threads share. Bodies are cloned at delivery: use something cheap, such as an index or an `Arc`.
pub struct Queue<T> {
    inner: Mutex<Inner<T>>,
    /// Whether something is ready or everybody is to go: what waiting consumers look at without the lock. Written under it.
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
    /// The instant at which a sleeping consumer will look by itself.
    armed: u64,
    /// Whether everybody is to go, whatever is inside.
    halted: bool,
}

/// How a wait for messages ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waited {
    Taken,
    /// The patience was over.
    InVain,
    /// There will never be any again.
    Exhausted,
}

impl<T: Clone> Queue<T> {
    /// A queue with a source of time (nanoseconds from any fixed instant; it is asked only where something depends on it) and a listener for lost messages, which is called
    /// without the lock by the thread whose call lost them.
    pub fn new(
        settings: Settings,
        now: impl Fn() -> u64 + Send + Sync + 'static,
        on_loss: impl Fn(Lost<T>) + Send + Sync + 'static,
    ) -> Self {
        let spins = settings.spins;
        Queue {
            inner: Mutex::new(Inner { state: State::new(settings), looking: 0, parked: 0, blocked: 0, armed: NEVER, halted: false }),
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
        self.publish_with(body, Terms::default())
    }

    /// Publishes one message with a rank or a time to live of its own.
    ///
    /// # Errors
    /// A full or closed queue gives the message back.
    pub fn publish_with(&self, body: T, terms: Terms) -> Result<u64, Refused<T>> {
        let mut inner = self.inner.lock();
        let outcome = self.offer(&mut inner, body, terms);
        self.leave(inner);
        outcome
    }

    /// Publishes many messages under one lock, in order; waits for room where overflow is `block`. Says how many were
    /// accepted; what was refused is pushed onto `refused`.
    pub fn publish_many(&self, bodies: impl IntoIterator<Item = T>, refused: &mut Vec<Refused<T>>) -> usize {
        let mut inner = self.inner.lock();
        let mut accepted = 0;
        for body in bodies {
            match self.offer(&mut inner, body, Terms::default()) {
                Ok(_) => accepted += 1,
                Err(no) => refused.push(no),
            }
        }
        self.leave(inner);
        accepted
    }

    /// Puts messages in that were there before, whatever the bound is.
    pub(super) fn restore(&self, bodies: impl IntoIterator<Item = T>) {
        let now = (self.now)();
        let mut inner = self.inner.lock();
        bodies.into_iter().for_each(|body| inner.state.restore(body, now));
        self.leave(inner);
    }

    /// Takes up to `max` messages onto the end of `out`, waiting until there is one. False if there will never be one
    /// again: the queue is closed and all is settled. Whoever still holds deliveries waits for himself then, so settle first or
    /// use [`Queue::try_consume`].
    pub fn consume(&self, max: usize, out: &mut Vec<Delivery<T>>) -> bool {
        let mut inner = self.inner.lock();
        let waited = self.await_ready(&mut inner, max, out, NEVER);
        self.leave(inner);
        waited == Waited::Taken
    }

    /// Takes a batch: waits for the first message like [`Queue::consume`], then for further ones until there are `max` or the `linger` is over.
    pub fn consume_batch(&self, max: usize, linger: Duration, out: &mut Vec<Delivery<T>>) -> bool {
        let mut inner = self.inner.lock();
        let from = out.len();
        let first = self.await_ready(&mut inner, max, out, NEVER);
        let until = if linger.is_zero() { 0 } else { (self.now)().saturating_add(nanos(linger)) };
        while first == Waited::Taken && until > 0 && out.len() - from < max {
            let missing = max - (out.len() - from);
            if self.await_ready(&mut inner, missing, out, until) != Waited::Taken {
                break;
            }
        }
        self.leave(inner);
        first == Waited::Taken
    }

    /// Takes up to `max` messages onto the end of `out`, waiting for one until an instant of the queue's source of time.
    pub fn consume_until(&self, max: usize, instant: u64, out: &mut Vec<Delivery<T>>) -> bool {
        let mut inner = self.inner.lock();
        let waited = self.await_ready(&mut inner, max, out, instant);
        self.leave(inner);
        waited == Waited::Taken
    }

    /// Takes up to `max` messages onto the end of `out` without waiting, and says how many.
    pub fn try_consume(&self, max: usize, out: &mut Vec<Delivery<T>>) -> usize {
        let mut inner = self.inner.lock();
        let now = self.now_if_needed(&inner);
        let count = inner.state.consume(max, now, out);
        self.leave(inner);
        count
    }

    /// Settles a delivery: the message is done.
    ///
    /// # Errors
    /// A tag that names no delivery under way, as for all settlements.
    pub fn ack(&self, tag: Tag) -> Result<(), Misuse> {
        let mut inner = self.inner.lock();
        let now = self.now_if_needed(&inner);
        let outcome = inner.state.ack(tag, now);
        self.leave(inner);
        outcome
    }

    /// Settles many deliveries under one lock, all that can be.
    ///
    /// # Errors
    /// The first tag that names no delivery under way.
    pub fn ack_many(&self, tags: impl IntoIterator<Item = Tag>) -> Result<(), Misuse> {
        let mut inner = self.inner.lock();
        let now = self.now_if_needed(&inner);
        let mut first = Ok(());
        for tag in tags {
            let outcome = inner.state.ack(tag, now);
            first = first.and(outcome);
        }
        self.leave(inner);
        first
    }

    /// Gives a message back: it takes its old place in line, or joins the end after the back-off if there is one.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn nack(&self, tag: Tag) -> Result<(), Misuse> {
        self.settle(|state, now| state.nack(tag, now))
    }

    /// Gives a message back, to join the end of the line after a delay.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn nack_after(&self, tag: Tag, delay: Duration) -> Result<(), Misuse> {
        self.settle(|state, now| state.nack_after(tag, nanos(delay), now))
    }

    /// Gives a message up: the listener for losses is told.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn reject(&self, tag: Tag) -> Result<(), Misuse> {
        self.settle(|state, now| state.reject(tag, now))
    }

    /// Begins a delivery's visibility timeout anew.
    ///
    /// # Errors
    /// A tag that names no delivery under way.
    pub fn extend(&self, tag: Tag) -> Result<(), Misuse> {
        self.settle(|state, now| state.extend(tag, now))
    }

    /// Accepts no more messages. What is inside can still be consumed, settled and given back; consumers that wait are let
    /// go when all is settled.
    pub fn close(&self) {
        let mut inner = self.inner.lock();
        inner.state.close();
        self.leave(inner);
        self.freed.notify_all();
    }

    /// Closes, and lets everybody go at once, whatever is inside.
    pub fn halt(&self) {
        let mut inner = self.inner.lock();
        inner.state.close();
        inner.halted = true;
        self.leave(inner);
        self.freed.notify_all();
    }

    /// The counters as they are now, with everything that has happened by itself.
    pub fn counts(&self) -> Counts {
        let mut inner = self.inner.lock();
        let now = self.now_if_needed(&inner);
        inner.state.tick(now);
        let counts = inner.state.counts();
        self.leave(inner);
        counts
    }

    fn settle(&self, change: impl FnOnce(&mut State<T>, u64) -> Result<(), Misuse>) -> Result<(), Misuse> {
        let now = (self.now)();
        let mut inner = self.inner.lock();
        let outcome = change(&mut inner.state, now);
        self.leave(inner);
        outcome
    }

    /// The time, where something depends on it: reading the clock costs more than the rest.
    #[inline]
    fn now_if_needed(&self, inner: &Inner<T>) -> u64 {
        if inner.state.needs_time() { (self.now)() } else { 0 }
    }

    /// Publishes, waiting for room where that is wanted.
    #[inline]
    fn offer(&self, inner: &mut MutexGuard<'_, Inner<T>>, body: T, terms: Terms) -> Result<u64, Refused<T>> {
        let mut offer = body;
        loop {
            let now = if terms.ttl.is_some() { (self.now)() } else { self.now_if_needed(inner) };
            match inner.state.publish(offer, terms, now) {
                Err(Refused { body, why: Refusal::Wait }) => {
                    offer = body;
                    self.wait_for_room(inner);
                }
                outcome => return outcome,
            }
        }
    }

    /// Waits for messages until an instant and takes them: looking first, then asleep.
    fn await_ready(&self, inner: &mut MutexGuard<'_, Inner<T>>, max: usize, out: &mut Vec<Delivery<T>>, until: u64) -> Waited {
        let now = self.now_if_needed(inner);
        if inner.state.consume(max, now, out) > 0 {
            return Waited::Taken;
        }
        inner.state.begin_wait();
        // Whoever stands waiting is room for a publisher.
        self.wake_publisher(inner);
        let mut looks = self.spins;
        let waited = loop {
            if inner.halted || inner.state.is_exhausted() {
                break Waited::Exhausted;
            }
            if inner.state.has_lost() {
                let lost = inner.state.take_lost();
                MutexGuard::unlocked(inner, || lost.into_iter().for_each(|l| (self.on_loss)(l)));
            } else if looks > 0 {
                inner.looking += 1;
                MutexGuard::unlocked(inner, || self.look(&mut looks));
                inner.looking -= 1;
            } else {
                self.park(inner, until);
            }
            let now = self.now_if_needed(inner);
            if inner.state.consume(max, now, out) > 0 {
                break Waited::Taken;
            }
            if until != NEVER && (self.now)() >= until {
                break Waited::InVain;
            }
        };
        inner.state.end_wait();
        waited
    }

    /// Sleeps until somebody publishes, something happens by itself, or the instant has come.
    fn park(&self, inner: &mut MutexGuard<'_, Inner<T>>, until: u64) {
        let until = until.min(inner.state.next_timer().unwrap_or(NEVER));
        inner.parked += 1;
        if until == NEVER {
            self.arrived.wait(inner);
        } else {
            inner.armed = inner.armed.min(until);
            let left = until.saturating_sub((self.now)());
            self.arrived.wait_for(inner, Duration::from_nanos(left));
            // Who else sleeps until when is not known: the next to leave wakes somebody to look.
            inner.armed = NEVER;
        }
        inner.parked -= 1;
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
        if inner.blocked > 0 && inner.state.has_room_to_wake() {
            self.freed.notify_one();
        }
    }

    fn wake_consumers(&self, count: u64) {
        for _ in 0..count {
            self.arrived.notify_one();
        }
    }

    fn set_hint(&self, inner: &Inner<T>) {
        let says = inner.state.counts().ready > 0 || inner.all_go();
        if self.hint.load(Ordering::Relaxed) != says {
            self.hint.store(says, Ordering::Release);
        }
    }

    /// Lets go of the lock, having told those who look; then wakes those who sleep and reports what was lost.
    #[inline]
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
    /// Whether nobody has anything to wait for.
    fn all_go(&self) -> bool {
        self.halted || self.state.is_exhausted()
    }

    /// How many sleeping consumers are to be woken: for the ready messages beyond those that are looking, for a timer that
    /// nobody waits for, or for good.
    #[inline]
    fn needed(&self) -> u64 {
        if self.parked == 0 {
            return 0;
        }
        let timer = self.state.next_timer().is_some_and(|at| at < self.armed);
        let ready = self.state.counts().ready.saturating_sub(self.looking);
        if self.all_go() { self.parked } else { ready.max(u64::from(timer)).min(self.parked) }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
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
                            seen.extend(out.iter().map(|d| d.body));
                            queue.ack_many(out.drain(..).map(|d| d.tag)).expect("each is settled once");
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

    #[test]
    fn what_is_given_back_and_what_is_late_comes_again_without_further_calls() {
        let start = std::time::Instant::now();
        let settings = Settings { visibility_timeout: Some(5_000_000), ..Settings::default() };
        let queue = Queue::new(settings, move || start.elapsed().as_nanos() as u64, |_| {});
        queue.publish(7).expect("there is no bound");
        let mut out = Vec::new();
        thread::scope(|scope| {
            assert!(queue.consume(1, &mut out));
            let other = scope.spawn(|| {
                let mut out = Vec::new();
                assert!(queue.consume(1, &mut out), "the first consumer never answers");
                queue.nack_after(out[0].tag, Duration::from_millis(5)).expect("it is under way");
                assert!(queue.consume(1, &mut out), "the delay ends by itself");
                queue.ack(out[1].tag).expect("it is under way");
                out[1].deliveries
            });
            assert_eq!(other.join().expect("the consumer does not panic"), 3);
        });
        assert!(queue.ack(out[0].tag).is_err());
    }

    #[test]
    fn a_batch_waits_for_its_fill_or_for_the_linger() {
        let start = std::time::Instant::now();
        let queue = Queue::new(Settings::default(), move || start.elapsed().as_nanos() as u64, |_| {});
        let mut out = Vec::new();
        queue.publish_many(0..5, &mut Vec::new());
        assert!(queue.consume_batch(3, Duration::from_secs(60), &mut out));
        assert_eq!(out.len(), 3, "a full batch waits for nothing");
        assert!(queue.consume_batch(3, Duration::from_millis(1), &mut out));
        assert_eq!(out.len(), 5, "the linger is over");
        queue.ack_many(out.iter().map(|d| d.tag)).expect("each is settled once");
        queue.close();
        assert!(!queue.consume_batch(3, Duration::from_secs(60), &mut out));
    }

    #[test]
    fn halting_leaves_what_is_inside() {
        let queue = queue(Settings::default());
        queue.publish(1).expect("there is no bound");
        assert!(queue.consume(1, &mut Vec::new()));
        queue.halt();
        assert!(!queue.consume(1, &mut Vec::new()), "nobody waits for the unsettled one");
        assert_eq!(queue.counts().unacked, 1);
    }
}

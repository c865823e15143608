//! The threads of a run: one that sends, one for every server, and the caller's, which watches.

use super::clock::{Clock, Monotonic};
use super::floor::Floor;
use super::generator::generate;
use super::message_copy::MessageCopy;
use super::pacing::{Meter, Pacer};
use super::records::Watched;
use super::server::{Hands, Notes, Post, Server};
use super::stays::Origin;
use super::targets::{Offer, Publisher};
use super::witness::Hindrance;
use super::work::Worker;
use super::{Control, LoadError, system};
use crate::message::Overrun;
use crate::scenario::{Ack, Work};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};

/// How long the threads have to begin, after all are there.
const HEAD_START: u64 = 20_000_000;

/// How long after the plan's last send the queue may take to empty, beyond the backlog that was to be expected.
const GRACE: u64 = 2_000_000_000;

/// Between two looks at the target's counters.
const LOOK: u64 = 10_000_000;

/// What all threads of a run share.
pub(super) struct Stage<'a> {
    floor: Floor<'a>,
    work: Work,
    margin: u64,
    /// Ends all waiting and working.
    halt: AtomicBool,
    /// The instant of the run's clock at which it begins; 0 until it is known.
    start: AtomicU64,
    /// Threads that have begun and not ended.
    present: AtomicU64,
    /// Whether nothing comes from outside any more.
    sent: AtomicBool,
}

/// What one thread leaves.
#[derive(Default)]
struct Left {
    hindrance: Hindrance,
    meter: Meter,
    notes: Notes,
    overruns: Vec<Overrun>,
}

/// What all of them leave.
pub(super) struct Performance {
    pub hindrance: Hindrance,
    pub generator: Meter,
    /// Nanoseconds that all threads spent looking at the clock.
    pub spun: u64,
    pub inversions: u64,
    pub notes: Notes,
    pub overruns: Vec<Overrun>,
    pub watched: Watched,
}

impl<'a> Stage<'a> {
    pub(super) fn new(floor: Floor<'a>, work: Work, margin: u64) -> Self {
        Stage { floor, work, margin, halt: false.into(), start: 0.into(), present: 0.into(), sent: false.into() }
    }

    /// Starts the threads, watches over them, and gathers what they leave behind.
    ///
    /// # Errors
    /// A host that lets no thread start.
    pub(super) fn perform(&self, control: &Control<'_>) -> Result<Performance, LoadError> {
        let posts: Vec<Post> = (0..self.floor.score.groups.len())
            .flat_map(|group| (0..self.floor.score.groups[group].servers).map(move |server| Post { group, server }))
            .collect();
        thread::scope(|scope| {
            let publisher = self.floor.target.publisher()?;
            let hands = posts.iter().map(|post| self.hands(*post)).collect::<Result<Vec<_>, _>>()?;
            let started: Result<Vec<_>, _> = std::iter::once(self.spawn(scope, "generator", || self.generator(publisher)))
                .chain(posts.iter().zip(hands).map(|(&post, hands)| self.spawn(scope, "server", move || self.server(post, hands))))
                .collect();
            let threads = started.map_err(|error| {
                self.halt();
                LoadError::NoThread { why: error.to_string() }
            })?;
            let watched = self.watch(threads.len() as u64, control)?;
            let mut left = threads.into_iter().map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            let generator = left.next().expect("the generator is the first of the threads");
            let mut sum = Performance {
                hindrance: generator.hindrance,
                generator: generator.meter,
                spun: generator.meter.spun,
                inversions: generator.meter.inversions,
                notes: Notes::default(),
                overruns: Vec::new(),
                watched,
            };
            for server in left {
                sum.hindrance = sum.hindrance.plus(server.hindrance);
                sum.spun += server.meter.spun;
                sum.inversions += server.meter.inversions;
                sum.notes.merge(&server.notes);
                sum.overruns.extend(server.overruns);
            }
            Ok(sum)
        })
    }

    fn spawn<'scope, 'env>(
        &'scope self,
        scope: &'scope Scope<'scope, 'env>,
        name: &str,
        part: impl FnOnce() -> Left + Send + 'scope,
    ) -> std::io::Result<ScopedJoinHandle<'scope, Left>> {
        thread::Builder::new().name(name.into()).stack_size(256 * 1024).spawn_scoped(scope, move || {
            let _presence = Presence::enter(&self.present);
            system::exact_sleeps();
            let before = Hindrance::now();
            let left = part();
            Left { hindrance: Hindrance::now().since(before), ..left }
        })
    }

    /// A server's handles: one to take by, and one to send by if it sends on.
    fn hands(&self, post: Post) -> Result<Hands<'a>, LoadError> {
        let (score, target) = (self.floor.score, self.floor.target);
        let sends = !score.scenario.consumers[post.group].to.is_empty();
        let publisher = sends.then(|| target.publisher()).transpose()?;
        Ok(Hands { receiver: target.receiver(score.subscription_of(post.group, post.server))?, publisher })
    }

    fn generator(&self, mut publisher: Box<dyn Publisher + '_>) -> Left {
        // Whatever happens here, the consumers must not wait for more.
        let _leaving = Leaving(&self.sent);
        let Some(start) = self.await_start() else { return Left::default() };
        let mut pacer = Pacer::new(&Monotonic, &self.halt, self.margin);
        generate(&mut pacer, &self.floor, publisher.as_mut(), start);
        Left { meter: pacer.meter, ..Left::default() }
    }

    fn server(&self, post: Post, hands: Hands<'_>) -> Left {
        let Some(start) = self.await_start() else { return Left::default() };
        let mut worker = Worker::new(Pacer::new(&Monotonic, &self.halt, self.margin), &Monotonic, self.work);
        // What waits from the start is not to be taken before.
        worker.pacer.wait_until(start);
        // Room for twice its share of the messages, so that a usual run allocates nothing.
        let room = 2 * self.floor.score.len() / (self.floor.score.groups[post.group].servers as usize).max(1);
        let mut server = Server::new(&mut worker, self.floor, hands, start, post, room);
        let notes = server.serve();
        let overruns = std::mem::take(&mut server.overruns);
        drop(server);
        Left { meter: worker.pacer.meter, notes, overruns, ..Left::default() }
    }

    fn await_start(&self) -> Option<u64> {
        while !self.halt.load(Ordering::Relaxed) {
            match self.start.load(Ordering::Acquire) {
                0 => Monotonic.sleep_until(Monotonic.now() + 1_000_000),
                start => return Some(start),
            }
        }
        None
    }

    /// Starts the run once all threads are there, and looks after it until they have gone.
    ///
    /// # Errors
    /// The target gives no handle to put backlogs in place.
    fn watch(&self, threads: u64, control: &Control<'_>) -> Result<Watched, LoadError> {
        while self.present.load(Ordering::Acquire) < threads {
            Monotonic.sleep_until(Monotonic.now() + 100_000);
        }
        let start = Monotonic.now() + HEAD_START;
        if let Err(error) = self.put_backlogs(start) {
            self.halt();
            return Err(error);
        }
        self.start.store(start, Ordering::Release);
        let span = self.floor.score.span();
        let expected = span + self.floor.score.backlog();
        let deadline = expected + GRACE;
        let mut watched = Watched { start, levels: Vec::with_capacity((deadline / LOOK + 1) as usize), ..Watched::default() };
        let (mut next, mut empty) = (start + LOOK, false);
        while self.present.load(Ordering::Acquire) > 0 {
            let scales = self.floor.rosters.iter().flatten().map(|roster| start + roster.next()).min();
            Monotonic.sleep_until(next.min(scales.unwrap_or(next)));
            let at = Monotonic.now() - start;
            self.scale(at);
            if start + at < next {
                continue;
            }
            next = start + (at / LOOK + 1) * LOOK;
            if !watched.cut_short && ((control.stopped)() || at > deadline || self.floor.stays.is_full()) {
                watched.cut_short = true;
                watched.ended = at;
                self.halt();
            } else if !watched.cut_short {
                watched.ended = at;
                watched.levels.extend(self.inside().map(|inside| (at, inside)));
                // Twice, since nobody looks into all queues at one instant.
                let was = std::mem::replace(&mut empty, self.is_empty());
                if was && empty {
                    self.floor.closed.store(true, Ordering::SeqCst);
                    (0..self.floor.score.queues()).for_each(|queue| self.floor.target.close(queue));
                }
            }
            if (at / LOOK).is_multiple_of(10) {
                (control.progress)((at as f64 / expected.max(1) as f64).min(1.0));
            }
        }
        Ok(watched)
    }

    /// Puts in place what waits in the queues from the start.
    fn put_backlogs(&self, start: u64) -> Result<(), LoadError> {
        let score = self.floor.score;
        if score.waiting() == 0 {
            return Ok(());
        }
        let mut publisher = self.floor.target.publisher()?;
        let mut id = 0;
        for (queue, waiting) in score.scenario.queues.iter().map(|q| q.initial_backlog).enumerate() {
            for number in 0..waiting {
                let copy = MessageCopy::of_backlog(queue, number);
                let Some(stay) = self.floor.stays.begin(Origin { queue: queue as u32, ..Origin::new(id, 0, copy) }, 0) else {
                    return Ok(());
                };
                id += 1;
                let offer = score.offer(queue, copy, stay, 0);
                // Its time to live counts from the start.
                let ttl = offer.ttl.map(|ttl| ttl.saturating_add(start.saturating_sub(Monotonic.now())));
                // A scenario whose backlog finds no room is refused.
                let _accepted = publisher.publish(queue, &Offer { ttl, ..offer });
            }
        }
        Ok(())
    }

    /// Lets the rosters look that are due.
    fn scale(&self, at: u64) {
        for (group, roster) in self.floor.rosters.iter().enumerate() {
            let queue = self.floor.score.groups[group].queue;
            if let Some(roster) = roster.as_ref().filter(|roster| roster.next() <= at) {
                roster.look(self.floor.target.in_system(queue).unwrap_or(0), at);
            }
        }
    }

    /// Whether nothing comes any more and nobody holds anything.
    fn is_empty(&self) -> bool {
        let inside = |queue: usize| self.floor.target.in_system(queue).unwrap_or(0);
        let consumed = |queue: &usize| self.floor.score.first_group(*queue).is_some();
        self.sent.load(Ordering::SeqCst)
            && self.floor.busy.load(Ordering::SeqCst) == 0
            && (0..self.floor.score.queues()).filter(consumed).all(|queue| inside(queue) == 0)
    }

    /// Messages inside by the target's own count, over all queues.
    fn inside(&self) -> Option<u64> {
        let score = self.floor.score;
        // A sender that waits for room is inside by the records and outside by the target; what was acknowledged beforehand is the other way round.
        let odd = (0..score.queues()).any(|queue| score.blocks(queue)) || score.scenario.consumers.iter().any(|c| c.ack == Ack::Auto);
        if odd {
            return None;
        }
        // What nobody consumes has left the run.
        (0..score.queues()).filter(|&queue| score.first_group(queue).is_some()).map(|queue| self.floor.target.in_system(queue)).sum()
    }

    fn halt(&self) {
        self.halt.store(true, Ordering::Relaxed);
        self.floor.target.halt();
    }
}

/// Counts a thread while it is there, panics included.
struct Presence<'a>(&'a AtomicU64);

impl<'a> Presence<'a> {
    fn enter(present: &'a AtomicU64) -> Self {
        present.fetch_add(1, Ordering::AcqRel);
        Presence(present)
    }
}

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Tells when the generator leaves, panics included.
struct Leaving<'a>(&'a AtomicBool);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

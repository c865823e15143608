//! The threads of a run: one that sends, one for every server, and the caller's, which watches.

use super::clock::{Clock, Monotonic};
use super::generator::generate;
use super::lives::Lives;
use super::pacing::{Meter, Pacer};
use super::records::Watched;
use super::score::Score;
use super::server::{Notes, Post, Server};
use super::targets::Target;
use super::witness::Hindrance;
use super::work::Worker;
use super::{Control, LoadError, system};
use crate::message::Overrun;
use crate::scenario::{Destination, Work};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};

/// How long the threads have to begin, after all are there.
const HEAD_START: u64 = 20_000_000;

/// How long after the plan's last send the queue may take to empty, beyond the backlog that was to be expected.
const GRACE: u64 = 2_000_000_000;

/// Between two looks at the target's counters.
const LOOK: u64 = 10_000_000;

/// What all threads of a run share.
pub struct Stage<'a> {
    score: &'a Score<'a>,
    target: &'a dyn Target,
    lives: &'a Lives,
    work: Work,
    margin: u64,
    /// Ends all waiting and working.
    halt: AtomicBool,
    /// The instant of the run's clock at which it begins; 0 until it is known.
    start: AtomicU64,
    /// Threads that have begun and not ended.
    present: AtomicU64,
    /// By queue: threads that may still send to it.
    feeders: Vec<AtomicU64>,
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
pub struct Performance {
    pub hindrance: Hindrance,
    pub generator: Meter,
    pub inversions: u64,
    pub notes: Notes,
    pub overruns: Vec<Overrun>,
    pub watched: Watched,
}

impl<'a> Stage<'a> {
    pub fn new(score: &'a Score<'a>, target: &'a dyn Target, lives: &'a Lives, work: Work, margin: u64) -> Self {
        let feeders = (0..score.queues()).map(|queue| {
            let servers = score.groups.iter().enumerate().filter(|(group, _)| feeds(score, *group, queue));
            AtomicU64::new(1 + servers.map(|(_, group)| u64::from(group.servers)).sum::<u64>())
        });
        let feeders = feeders.collect();
        Stage { score, target, lives, work, margin, halt: false.into(), start: 0.into(), present: 0.into(), feeders }
    }

    /// One who may have sent to a queue has gone; with the last of them the queue is closed.
    fn gone(&self, queue: usize) {
        if self.feeders[queue].fetch_sub(1, Ordering::AcqRel) == 1 {
            self.target.close(queue);
        }
    }

    /// Starts the threads, watches over them, and gathers what they leave behind.
    ///
    /// # Errors
    /// A host that lets no thread start.
    pub fn perform(&self, control: &Control<'_>) -> Result<Performance, LoadError> {
        let posts: Vec<Post> = (0..self.score.groups.len())
            .flat_map(|group| (0..self.score.groups[group].servers).map(move |server| Post { group, server }))
            .collect();
        thread::scope(|scope| {
            let started: Result<Vec<_>, _> = std::iter::once(self.spawn(scope, "generator", || self.generator()))
                .chain(posts.iter().map(|&post| self.spawn(scope, "server", move || self.server(post))))
                .collect();
            let threads = started.map_err(|error| {
                self.halt();
                LoadError::NoThread { why: error.to_string() }
            })?;
            let watched = self.watch(threads.len() as u64, control);
            let mut left = threads.into_iter().map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            let generator = left.next().expect("the generator is the first of the threads");
            let mut sum = Performance {
                hindrance: generator.hindrance,
                generator: generator.meter,
                inversions: generator.meter.inversions,
                notes: Notes::default(),
                overruns: Vec::new(),
                watched,
            };
            for server in left {
                sum.hindrance = sum.hindrance.plus(server.hindrance);
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

    fn generator(&self) -> Left {
        // Whatever happens here, the consumers must not wait for more.
        let _leaving = Leaving { stage: self, group: None };
        let Some(start) = self.await_start() else { return Left::default() };
        let mut pacer = Pacer::new(&Monotonic, &self.halt, self.margin);
        generate(&mut pacer, self.score, self.target, self.lives, start);
        Left { meter: pacer.meter, ..Left::default() }
    }

    fn server(&self, post: Post) -> Left {
        let _leaving = Leaving { stage: self, group: Some(post.group) };
        let Some(start) = self.await_start() else { return Left::default() };
        let mut worker = Worker::new(Pacer::new(&Monotonic, &self.halt, self.margin), &Monotonic, self.work);
        // Room for twice its share of the messages, so that a usual run allocates nothing.
        let room = 2 * self.score.len() / (self.score.groups[post.group].servers as usize).max(1);
        let overruns = Vec::with_capacity(room);
        let mut server = Server { worker: &mut worker, score: self.score, target: self.target, lives: self.lives, start, post, overruns };
        let notes = server.serve();
        let overruns = server.overruns;
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
    fn watch(&self, threads: u64, control: &Control<'_>) -> Watched {
        while self.present.load(Ordering::Acquire) < threads {
            Monotonic.sleep_until(Monotonic.now() + 100_000);
        }
        let start = Monotonic.now() + HEAD_START;
        self.start.store(start, Ordering::Release);
        let span = self.score.sent(self.score.len() - 1);
        let expected = span + self.score.backlog().min(span);
        let deadline = expected + GRACE;
        let mut watched = Watched { start, levels: Vec::with_capacity((deadline / LOOK + 1) as usize), ..Watched::default() };
        let mut next = start + LOOK;
        while self.present.load(Ordering::Acquire) > 0 {
            Monotonic.sleep_until(next);
            let at = Monotonic.now() - start;
            next = start + (at / LOOK + 1) * LOOK;
            if !watched.cut_short && ((control.stopped)() || at > deadline) {
                watched.cut_short = true;
                watched.ended = at;
                self.halt();
            } else if !watched.cut_short {
                watched.ended = at;
                watched.levels.extend(self.inside().map(|inside| (at, inside)));
            }
            if (at / LOOK).is_multiple_of(10) {
                (control.progress)((at as f64 / expected.max(1) as f64).min(1.0));
            }
        }
        watched
    }

    /// Messages inside by the target's own count, over all queues.
    fn inside(&self) -> Option<u64> {
        let queues = self.score.queues();
        // A sender that waits for room is inside by the records and outside by the target.
        if (0..queues).any(|queue| self.score.blocks(queue)) {
            return None;
        }
        // What nobody consumes has left the run.
        (0..queues).filter(|&queue| self.score.first_group(queue).is_some()).map(|queue| self.target.in_system(queue)).sum()
    }

    fn halt(&self) {
        self.halt.store(true, Ordering::Relaxed);
        self.target.halt();
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

/// Whether servers of a group may send to a queue: by forwarding, or because what they give up goes there.
fn feeds(score: &Score<'_>, group: usize, queue: usize) -> bool {
    let consumer = &score.scenario.consumers[group];
    let forwards = consumer.to.iter().any(|route| match route.to {
        Destination::Queue(to) => to == queue,
        Destination::Topic(topic) => score.scenario.topics[topic].subscriptions.contains(&queue),
    });
    forwards || score.scenario.queues[consumer.from].dead_letter == Some(queue)
}

/// Tells the queues when a thread that may send to them leaves, panics included. The generator counts for all.
struct Leaving<'a> {
    stage: &'a Stage<'a>,
    group: Option<usize>,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let fed = |queue: &usize| self.group.is_none_or(|group| feeds(self.stage.score, group, *queue));
        (0..self.stage.score.queues()).filter(fed).for_each(|queue| self.stage.gone(queue));
    }
}

//! The threads of a run: one that sends, one for every server, and the caller's, which watches.

use super::clock::{Clock, Monotonic};
use super::generator::generate;
use super::lives::Lives;
use super::pacing::{Meter, Pacer};
use super::records::Watched;
use super::score::Score;
use super::server::{Faults, Post, serve};
use super::targets::Target;
use super::witness::Hindrance;
use super::work::Worker;
use super::{Control, LoadError, system};
use crate::scenario::Work;
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
}

/// What one thread leaves.
#[derive(Default)]
struct Left {
    hindrance: Hindrance,
    meter: Meter,
    faults: Faults,
}

/// What all of them leave.
pub struct Performance {
    pub hindrance: Hindrance,
    pub generator: Meter,
    pub inversions: u64,
    pub faults: Faults,
    pub watched: Watched,
}

impl<'a> Stage<'a> {
    pub fn new(score: &'a Score<'a>, target: &'a dyn Target, lives: &'a Lives, work: Work, margin: u64) -> Self {
        Stage { score, target, lives, work, margin, halt: false.into(), start: 0.into(), present: 0.into() }
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
                faults: Faults::default(),
                watched,
            };
            for server in left {
                sum.hindrance = sum.hindrance.plus(server.hindrance);
                sum.inversions += server.meter.inversions;
                sum.faults.merge(&server.faults);
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
        let _closing = Closing(self.target);
        let Some(start) = self.await_start() else { return Left::default() };
        let mut pacer = Pacer::new(&Monotonic, &self.halt, self.margin);
        generate(&mut pacer, self.score, self.target, self.lives, start);
        Left { meter: pacer.meter, ..Left::default() }
    }

    fn server(&self, post: Post) -> Left {
        let Some(start) = self.await_start() else { return Left::default() };
        let mut worker = Worker::new(Pacer::new(&Monotonic, &self.halt, self.margin), &Monotonic, self.work);
        let faults = serve(&mut worker, self.score, self.target, self.lives, start, post);
        Left { meter: worker.pacer.meter, faults, ..Left::default() }
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
        (0..queues).map(|queue| self.target.in_system(queue)).sum()
    }

    fn halt(&self) {
        self.halt.store(true, Ordering::Relaxed);
        self.target.close();
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

/// Closes the target when its generator leaves, panics included.
struct Closing<'a>(&'a dyn Target);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

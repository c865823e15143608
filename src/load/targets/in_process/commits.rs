//! Durability: a message can be taken once the disk has it, and all that come during one commit are in the
//! next.

use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::PublishRequest;
use crate::queue::log::{Event, Folder, Log, LogError, Position};
use parking_lot::{Condvar, Mutex};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a segment.
const SEGMENT: u64 = 16 << 20;

/// A write-ahead log in front of a queue.
pub(super) struct Commits {
    log: Log,
    folder: PathBuf,
    /// By message: its number in the log.
    numbers: Vec<AtomicU64>,
    pending: Mutex<Pending>,
    come: Condvar,
    /// Messages that are written and not yet handed over.
    inside: AtomicU64,
}

#[derive(Default)]
struct Pending {
    /// In the order of the log.
    requests: Vec<PublishRequest>,
    last: Option<Position>,
    /// When the first of them came.
    since: u64,
    closed: bool,
    /// Nanoseconds that each commit so far took.
    took: Vec<u64>,
}

impl Commits {
    /// A log for so many messages, in a folder of its own among the temporary files.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn open(messages: usize) -> Result<Self, LogError> {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("queuelab-{}-{run}", std::process::id()));
        let (log, _) = Log::open(Box::new(Folder::open(&folder)?), SEGMENT)?;
        // The first commit makes the segment, which is no part of a run.
        let (number, position) = log.publish(Vec::new())?;
        log.note(number, Event::Settled)?;
        log.commit(position)?;
        let numbers = (0..messages).map(|_| AtomicU64::new(u64::MAX)).collect();
        let took = Vec::with_capacity(messages);
        Ok(Commits {
            log,
            folder,
            numbers,
            pending: Mutex::new(Pending { took, ..Pending::default() }),
            come: Condvar::new(),
            inside: 0.into(),
        })
    }

    /// Notes a message for the next commit; false if the log is poisoned or closed.
    pub(super) fn write(&self, request: &PublishRequest) -> bool {
        let mut pending = self.pending.lock();
        if pending.closed {
            return false;
        }
        let Ok((number, position)) = self.log.publish(vec![0; request.size as usize]) else { return false };
        if let Some(cell) = self.numbers.get(request.message as usize) {
            cell.store(number, Ordering::Relaxed);
        }
        if pending.requests.is_empty() {
            pending.since = Monotonic.now();
        }
        pending.last = Some(position);
        pending.requests.push(*request);
        self.inside.fetch_add(1, Ordering::Relaxed);
        drop(pending);
        self.come.notify_one();
        true
    }

    /// Commits what comes and hands it over, until all is closed or the disk fails. The life of a thread.
    pub(super) fn run(&self, hand_over: impl Fn(&PublishRequest)) {
        let (mut batch, mut before) = (Vec::new(), 0);
        loop {
            let mut pending = self.pending.lock();
            while pending.requests.is_empty() && !pending.closed {
                self.come.wait(&mut pending);
            }
            let Some(last) = pending.last.filter(|_| !pending.requests.is_empty()) else { return };
            std::mem::swap(&mut batch, &mut pending.requests);
            let since = pending.since.max(before);
            drop(pending);
            if self.log.commit(last).is_err() {
                // Nothing that comes now would be confirmed; what is missing then is told by the run's
                // accounts.
                self.pending.lock().closed = true;
                return;
            }
            for request in batch.drain(..) {
                hand_over(&request);
                self.inside.fetch_sub(1, Ordering::Relaxed);
            }
            before = Monotonic.now();
            self.pending.lock().took.push(before.saturating_sub(since));
        }
    }

    /// A message is settled, or was given back after so many deliveries. It is written down with the next
    /// commit.
    pub(super) fn note(&self, message: u64, event: Event) {
        let number = self
            .numbers
            .get(message as usize)
            .map(|cell| cell.load(Ordering::Relaxed))
            .filter(|&n| n != u64::MAX);
        if let Some(number) = number {
            // A poisoned log refuses the next message, which is what counts.
            let _noted = self.log.note(number, event);
        }
    }

    /// No more messages come.
    pub(super) fn close(&self) {
        self.pending.lock().closed = true;
        self.come.notify_all();
    }

    /// Messages that are written and not yet handed over.
    pub(super) fn inside(&self) -> u64 {
        self.inside.load(Ordering::Relaxed)
    }

    /// Nanoseconds that each commit took, from when it could have begun.
    pub(super) fn took(&self) -> Vec<u64> {
        self.pending.lock().took.clone()
    }
}

impl Drop for Commits {
    fn drop(&mut self) {
        // What cannot be removed is for the system to clear away.
        let _removed = std::fs::remove_dir_all(&self.folder);
    }
}

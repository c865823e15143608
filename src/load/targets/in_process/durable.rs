//! The crate's durable queue as a target: what is sent is committed by a thread of its own, so that senders
//! go on and all that come during one commit are in the next.

use super::backend::{Body, Parts, terms};
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::PublishRequest;
use crate::queue::log::LogError;
use crate::queue::{self, DurableError, DurableQueue, Lost, PublishError, Queue, Settings, Stored, Tag};
use parking_lot::Mutex;
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::LocalKey;
use std::time::Duration;

/// A durable queue in a folder that goes with it.
pub(super) struct DurableParts {
    queue: DurableQueue,
    folder: PathBuf,
    /// Nanoseconds that each commit so far took.
    took: Mutex<Vec<u64>>,
}

impl DurableParts {
    /// In a folder of its own among the temporary files.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn open(
        parts: u32,
        settings: &Settings,
        on_loss: impl Fn(Lost<Stored>) + Send + Sync + Clone + 'static,
    ) -> Result<Self, LogError> {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("queuelab-{}-{run}", std::process::id()));
        let now = || Monotonic.now();
        let queue = DurableQueue::open_partitioned(&folder, parts, settings, now, part_of, on_loss)?;
        queue.prepare()?;
        Ok(DurableParts { queue, folder, took: Mutex::new(Vec::with_capacity(settings.reserve)) })
    }
}

/// A message's content: its position and its part, then nothing up to its size.
fn content(request: &PublishRequest) -> Vec<u8> {
    let mut bytes = vec![0; (request.size as usize).max(16)];
    bytes[..8].copy_from_slice(&request.message.to_le_bytes());
    bytes[8..16].copy_from_slice(&(request.part as u64).to_le_bytes());
    bytes
}

/// The number that a content has at some place.
fn number(content: &[u8], at: usize) -> u64 {
    content.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}

fn part_of(content: &[u8]) -> usize {
    number(content, 8) as usize
}

impl Body for Stored {
    fn message(&self) -> u64 {
        number(&self.bytes, 0)
    }

    fn buffer() -> &'static LocalKey<RefCell<Vec<queue::Delivery<Stored>>>> {
        thread_local!(static TAKEN: RefCell<Vec<queue::Delivery<Stored>>> = const { RefCell::new(Vec::new()) });
        &TAKEN
    }
}

impl Parts for DurableParts {
    type Body = Stored;

    fn part(&self, part: usize) -> &Queue<Stored> {
        self.queue.member_of(part)
    }

    fn publish(&self, request: &PublishRequest) -> Result<(), PublishError> {
        self.queue.send(&content(request), terms(request)).map_err(|error| match error {
            DurableError::Refused(why) => why,
            // What is missing then is told by the run's accounts.
            _ => PublishError::Closed,
        })
    }

    fn ack(&self, part: usize, tag: Tag) -> bool {
        // A poisoned log refuses the next message, which is what counts.
        !matches!(self.queue.ack_in(part, tag), Err(DurableError::Misuse(_)))
    }

    fn nack(&self, part: usize, tag: Tag, delay: Duration) -> bool {
        !matches!(self.queue.nack_in(part, tag, delay), Err(DurableError::Misuse(_)))
    }

    fn inside(&self) -> u64 {
        self.queue.inside()
    }

    fn close(&self) {
        self.queue.close();
    }

    fn halt(&self) {
        self.queue.halt();
    }

    fn commit(&self) {
        while let Some(took) = self.queue.commit_sent() {
            self.took.lock().push(took);
        }
    }

    fn commits(&self) -> Vec<u64> {
        self.took.lock().clone()
    }
}

impl Drop for DurableParts {
    fn drop(&mut self) {
        // What cannot be removed is for the system to clear away.
        let _removed = std::fs::remove_dir_all(&self.folder);
    }
}

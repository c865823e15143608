//! The outbox of a durable queue: messages of publishers that do not wait for the disk.

use super::delivery::PublishError;
use super::log::Position;
use super::sync::{AtomicU64, Mutex, Ordering, Thread, current, park};

/// Messages on their way to the disk.
pub(super) struct Outbox<M> {
    state: Mutex<OutboxState<M>>,
    /// Those that are sent and not yet handed over.
    inside: AtomicU64,
}

struct OutboxState<M> {
    /// In the order of the log.
    messages: Vec<M>,
    last: Option<Position>,
    /// When the first of them came.
    since: u64,
    /// When the commit before was over.
    before: u64,
    closed: bool,
    /// Whether somebody commits, and who sleeps until there is something to commit.
    committing: bool,
    committer: Option<Thread>,
}

/// What is committed together.
pub(super) struct SentBatch<M> {
    pub messages: Vec<M>,
    pub last: Position,
    /// When the commit could have begun.
    pub since: u64,
}

impl<M> Outbox<M> {
    pub(super) fn new() -> Self {
        let state = OutboxState {
            messages: Vec::new(),
            last: None,
            since: 0,
            before: 0,
            closed: false,
            committing: false,
            committer: None,
        };
        Outbox { state: Mutex::new(state), inside: AtomicU64::new(0) }
    }

    /// Puts a message in that is written to the log meanwhile, so that both keep one order.
    pub(super) fn put<E: From<PublishError>>(
        &self,
        now: impl Fn() -> u64,
        write: impl FnOnce() -> Result<(M, Position), E>,
    ) -> Result<(), E> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(PublishError::Closed.into());
        }
        let (message, position) = write()?;
        if state.messages.is_empty() {
            state.since = now();
        }
        state.last = Some(position);
        state.messages.push(message);
        self.inside.fetch_add(1, Ordering::Relaxed);
        let committer = state.committer.take();
        drop(state);
        committer.iter().for_each(Thread::unpark);
        Ok(())
    }

    /// Waits until there is something to commit; `None` if there never will be again.
    pub(super) fn take(&self) -> Option<SentBatch<M>> {
        loop {
            let mut state = self.state.lock();
            state.committing = true;
            if let Some(last) = state.last.take() {
                let since = state.since.max(state.before);
                return Some(SentBatch { messages: std::mem::take(&mut state.messages), last, since });
            }
            if state.closed {
                return None;
            }
            state.committer = Some(current());
            drop(state);
            park();
        }
    }

    /// A message can be consumed.
    pub(super) fn handed_over(&self) {
        self.inside.fetch_sub(1, Ordering::Relaxed);
    }

    /// A commit is over: how long it took since it could have begun.
    pub(super) fn finished(&self, since: u64, now: u64) -> u64 {
        self.state.lock().before = now;
        now.saturating_sub(since)
    }

    /// No more messages come. Says whether somebody commits what there is.
    pub(super) fn close(&self) -> bool {
        let mut state = self.state.lock();
        state.closed = true;
        let (committing, committer) = (state.committing, state.committer.take());
        drop(state);
        committer.iter().for_each(Thread::unpark);
        committing
    }

    /// Messages that are sent and not yet handed over.
    pub(super) fn inside(&self) -> u64 {
        self.inside.load(Ordering::Relaxed)
    }
}

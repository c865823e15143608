//! A queue whose confirmed messages survive crashes: a [`Queue`] with a write-ahead [`Log`] beneath it.

use super::delivery::{Delivery, Misuse};
use super::log::{Disk, Event, Folder, Log, LogError, SEGMENT};
use super::settings::{Settings, Terms};
use super::shell::Queue;
use super::{Counts, PublishError};
use std::path::Path;
use std::sync::Arc;

/// A message of a durable queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its number in the log, which it keeps over crashes.
    pub number: u64,
    /// How often it had been given back before the queue was opened.
    pub before: u32,
    /// The content.
    pub bytes: Arc<[u8]>,
}

/// What a publisher wants to know before it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Confirm {
    /// The message can be consumed. A crash may lose it.
    Enqueued,
    /// The message is on the disk, and can be consumed.
    #[default]
    Durable,
}

/// Why a durable queue would not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurableError {
    /// The log failed, or was refused.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The queue is full or closed.
    #[error(transparent)]
    Refused(#[from] PublishError),
    /// The delivery is not under way.
    #[error(transparent)]
    Misuse(#[from] Misuse),
}

/// A durable queue, shared by threads.
///
/// ```
/// use queuelab::queue::{Confirm, DurableQueue, Settings};
///
/// let folder = std::env::temp_dir().join(format!("queuelab-example-{}", std::process::id()));
/// let open = || DurableQueue::open(&folder, Settings::default(), || 0);
/// let queue = open()?;
/// queue.publish(b"pay invoice 12", Confirm::Durable)?;
/// drop(queue); // Or the power fails: what was confirmed is there again.
///
/// let queue = open()?;
/// let mut hand = Vec::new();
/// queue.consume(1, &mut hand);
/// assert_eq!(&*hand[0].body.bytes, b"pay invoice 12");
/// queue.ack(&hand[0])?;
/// # drop(queue);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DurableQueue {
    queue: Queue<Stored>,
    log: Arc<Log>,
}

impl DurableQueue {
    /// Opens the queue of a folder, with the messages that it owes in their order, and a source of time for
    /// the queue.
    ///
    /// # Errors
    /// A folder that another process holds or that cannot be read and written.
    pub fn open(
        folder: &Path,
        settings: Settings,
        now: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Result<Self, LogError> {
        Self::on(Box::new(Folder::open(folder)?), SEGMENT, settings, now)
    }

    /// Opens the queue of a disk, with segments of so many bytes. Recovered messages are in the queue
    /// whatever its bound is.
    ///
    /// # Errors
    /// A disk that cannot be read and written.
    pub fn on(
        disk: Box<dyn Disk>,
        segment: u64,
        settings: Settings,
        now: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Result<Self, LogError> {
        let (log, owed) = Log::open(disk, segment)?;
        let log = Arc::new(log);
        let listener = Arc::clone(&log);
        let queue = Queue::new(settings, now, move |lost: super::Lost<Stored>| {
            // A log that fails here fails the next publisher, too; until then the message is owed, which is
            // the safe side.
            let _noted = listener.note(lost.body.number, Event::Settled);
        });
        queue.restore(owed.into_iter().map(|o| Stored {
            number: o.id,
            before: o.deliveries,
            bytes: o.body.into(),
        }));
        Ok(DurableQueue { queue, log })
    }

    /// Publishes a message and waits for the confirmation that is asked for.
    ///
    /// # Errors
    /// A queue that is full or closed, a disk that fails. A message that was not confirmed may be there after
    /// a crash nevertheless.
    pub fn publish(&self, bytes: &[u8], confirm: Confirm) -> Result<(), DurableError> {
        // Before it is written: what finds no room costs no sync, and what is on the disk is in the queue.
        let place = self.queue.reserve()?;
        let (number, position) = self.log.publish(bytes.to_vec())?;
        if confirm == Confirm::Durable {
            self.log.commit(position)?;
        }
        place.publish(Stored { number, before: 0, bytes: bytes.into() }, Terms::default());
        Ok(())
    }

    /// Takes up to `max` messages onto the end of `out`, as [`Queue::consume`] does.
    pub fn consume(&self, max: usize, out: &mut Vec<Delivery<Stored>>) -> bool {
        self.queue.consume(max, out)
    }

    /// Takes what is there without waiting, as [`Queue::try_consume`] does.
    pub fn try_consume(&self, max: usize, out: &mut Vec<Delivery<Stored>>) -> usize {
        self.queue.try_consume(max, out)
    }

    /// Settles a delivery. It is written down with the next commit: after a crash before that the message
    /// comes again.
    ///
    /// # Errors
    /// A delivery that was settled before, or a poisoned log.
    pub fn ack(&self, delivery: &Delivery<Stored>) -> Result<(), DurableError> {
        self.queue.ack(delivery.tag)?;
        self.log.note(delivery.body.number, Event::Settled)?;
        Ok(())
    }

    /// Gives a message back; how often that happened outlives crashes.
    ///
    /// # Errors
    /// A delivery that was settled before, or a poisoned log.
    pub fn nack(&self, delivery: &Delivery<Stored>) -> Result<(), DurableError> {
        // Written first: once it is back, somebody else may settle it.
        self.log.note(delivery.body.number, Event::Returned(delivery.body.before + delivery.deliveries))?;
        self.queue.nack(delivery.tag)?;
        Ok(())
    }

    /// Waits until everything that was done so far is on the disk.
    ///
    /// # Errors
    /// The failure that has poisoned the log.
    pub fn flush(&self) -> Result<(), LogError> {
        self.log.flush()
    }

    /// Accepts no more messages, as [`Queue::close`] does.
    pub fn close(&self) {
        self.queue.close();
    }

    /// What the queue holds and what became of the rest.
    pub fn counts(&self) -> Counts {
        self.queue.counts()
    }
}

impl Drop for DurableQueue {
    fn drop(&mut self) {
        // Whoever must know calls flush himself; what cannot be written now comes again.
        let _flushed = self.log.flush();
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;
    use crate::queue::Overflow;

    #[test]
    fn what_finds_no_room_is_not_written() {
        let folder = std::env::temp_dir().join(format!("queuelab-bounded-{}", std::process::id()));
        let bounded =
            Settings { max_length: Some(1), overflow: Overflow::RejectPublish, ..Settings::default() };
        let open =
            |settings: Settings| DurableQueue::open(&folder, settings, || 0).expect("the folder is ours");
        let queue = open(bounded);
        queue.publish(b"kept", Confirm::Durable).expect("there is room for one");
        assert_eq!(
            queue.publish(b"refused", Confirm::Durable),
            Err(DurableError::Refused(PublishError::Full))
        );
        assert_eq!(
            queue.log.publish(Vec::new()).expect("the disk is fine").0,
            1,
            "the refused one has no number in the log"
        );
        drop(queue);
        let (queue, mut hand) = (open(Settings::default()), Vec::new());
        queue.try_consume(3, &mut hand);
        assert_eq!(&*hand[0].body.bytes, b"kept");
        drop(queue);
        std::fs::remove_dir_all(&folder).expect("the folder is ours");
    }
}

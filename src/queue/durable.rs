//! A queue whose confirmed messages survive crashes: a [`Queue`] with a write-ahead [`Log`] beneath it.

use super::PublishError;
use super::delivery::{Delivery, Lost, Misuse};
use super::log::{Event, Folder, Log, LogError, SEGMENT};
use super::outbox::Outbox;
use super::partitioned::Partitioned;
use super::settings::{Settings, Terms};
use super::shell::Queue;
use super::slots::Tag;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

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

/// A message that can be consumed once it is on the disk.
struct SentMessage {
    stored: Stored,
    terms: Terms,
    partition: usize,
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

/// A durable queue, shared by threads. A publisher waits for the disk, or goes on at once
/// ([`DurableQueue::send`]) while another thread commits what was sent.
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
    queues: Partitioned<Stored>,
    log: Arc<Log>,
    outbox: Outbox<SentMessage>,
    /// To which partition a content belongs.
    partition_of: fn(&[u8]) -> usize,
    now: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl DurableQueue {
    /// Opens the queue of a folder, with the messages that it owes in their order, and a source of time for
    /// the queue. Recovered messages are in the queue whatever its bound is.
    ///
    /// # Errors
    /// A folder that another process holds or that cannot be read and written.
    pub fn open(
        folder: &Path,
        settings: Settings,
        now: impl Fn() -> u64 + Send + Sync + Clone + 'static,
    ) -> Result<Self, LogError> {
        Self::open_partitioned(folder, 1, &settings, now, |_| 0, |_| {})
    }

    /// Opens the queue of a folder with a partition for each of so many members of a consumer group, one log
    /// in front of all. `partition_of` says to which a content belongs, `on_loss` is told of lost messages.
    ///
    /// # Errors
    /// A folder that another process holds or that cannot be read and written.
    pub fn open_partitioned(
        folder: &Path,
        members: u32,
        settings: &Settings,
        now: impl Fn() -> u64 + Send + Sync + Clone + 'static,
        partition_of: fn(&[u8]) -> usize,
        on_loss: impl Fn(Lost<Stored>) + Send + Sync + Clone + 'static,
    ) -> Result<Self, LogError> {
        let (log, owed) = Log::open(Box::new(Folder::open(folder)?), SEGMENT)?;
        let log = Arc::new(log);
        let listener = Arc::clone(&log);
        let on_loss = move |lost: Lost<Stored>| {
            // A log that fails here fails the next publisher, too; until then the message is owed, which is
            // the safe side.
            let _noted = listener.note(lost.body.number, Event::Settled);
            on_loss(lost);
        };
        let queues = Partitioned::new(members, members, settings, now.clone(), on_loss);
        for o in owed {
            let stored = Stored { number: o.id, before: o.deliveries, bytes: o.body.into() };
            queues.member_of(partition_of(&stored.bytes)).restore([stored]);
        }
        Ok(DurableQueue { queues, log, outbox: Outbox::new(), partition_of, now: Box::new(now) })
    }

    /// Makes room on the disk, so that the first publisher does not wait for that.
    ///
    /// # Errors
    /// A disk that cannot be written.
    pub fn prepare(&self) -> Result<(), LogError> {
        let (number, position) = self.log.publish(Vec::new())?;
        self.log.note(number, Event::Settled)?;
        self.log.commit(position)
    }

    /// Publishes a message and waits for the confirmation that is asked for.
    ///
    /// # Errors
    /// A queue that is full or closed, a disk that fails. A message that was not confirmed may be there after
    /// a crash nevertheless.
    pub fn publish(&self, bytes: &[u8], confirm: Confirm) -> Result<(), DurableError> {
        // Before it is written: what finds no room costs no sync, and what is on the disk is in the queue.
        let place = self.queues.reserve((self.partition_of)(bytes))?;
        let (number, position) = self.log.publish(bytes.to_vec())?;
        if confirm == Confirm::Durable {
            self.log.commit(position)?;
        }
        place.publish(Stored { number, before: 0, bytes: bytes.into() }, Terms::default());
        Ok(())
    }

    /// Sends a message and goes on: it has its place, and can be consumed once [`DurableQueue::commit_sent`]
    /// has brought it to the disk, with all that were sent meanwhile.
    ///
    /// # Errors
    /// A queue that is full or closed, a disk that has failed.
    pub fn send(&self, bytes: &[u8], terms: Terms) -> Result<(), DurableError> {
        let partition = (self.partition_of)(bytes);
        let place = self.queues.reserve(partition)?;
        self.outbox.put(&self.now, || {
            let (number, position) = self.log.publish(bytes.to_vec())?;
            let stored = Stored { number, before: 0, bytes: bytes.into() };
            Ok::<_, DurableError>((SentMessage { stored, terms, partition }, position))
        })?;
        place.keep();
        Ok(())
    }

    /// Waits for messages that are sent, commits all that there are together, and lets them be consumed. Says
    /// how many nanoseconds that took since it could have begun; `None`, and all is closed, once no more come
    /// or the disk has failed. What one thread does again and again.
    pub fn commit_sent(&self) -> Option<u64> {
        let committed = self.outbox.take().filter(|batch| self.log.commit(batch.last).is_ok());
        let Some(batch) = committed else {
            // Nothing that comes now would be confirmed.
            self.outbox.close();
            self.queues.close();
            return None;
        };
        for SentMessage { stored, terms, partition } in batch.messages {
            self.queues.member_of(partition).fulfil(stored, terms);
            self.outbox.handed_over();
        }
        Some(self.outbox.finished(batch.since, (self.now)()))
    }

    /// What the member consumes that has a partition. Deliveries are settled here and not there, or their
    /// messages come again after a crash.
    pub fn member_of(&self, partition: usize) -> &Queue<Stored> {
        self.queues.member_of(partition)
    }

    /// Takes up to `max` messages of the first partition onto the end of `out`, as [`Queue::consume`] does.
    pub fn consume(&self, max: usize, out: &mut Vec<Delivery<Stored>>) -> bool {
        self.member_of(0).consume(max, out)
    }

    /// Settles a delivery. It is written down with the next commit: after a crash before that the message
    /// comes again.
    ///
    /// # Errors
    /// A delivery that was settled before, or a poisoned log.
    pub fn ack(&self, delivery: &Delivery<Stored>) -> Result<(), DurableError> {
        self.ack_in((self.partition_of)(&delivery.body.bytes), delivery.tag)
    }

    /// Settles a delivery of a partition.
    ///
    /// # Errors
    /// As [`DurableQueue::ack`].
    pub fn ack_in(&self, partition: usize, tag: Tag) -> Result<(), DurableError> {
        let queue = self.member_of(partition);
        let (stored, _) = queue.delivered(tag)?;
        queue.ack(tag)?;
        self.log.note(stored.number, Event::Settled)?;
        Ok(())
    }

    /// Gives a message of a partition back, to join the end of the line after a delay; at once, it takes its
    /// old place. How often that happened outlives crashes.
    ///
    /// # Errors
    /// A delivery that was settled before, or a poisoned log.
    pub fn nack_in(&self, partition: usize, tag: Tag, delay: Duration) -> Result<(), DurableError> {
        let queue = self.member_of(partition);
        let (stored, deliveries) = queue.delivered(tag)?;
        // Written first: once it is back, somebody else may settle it.
        self.log.note(stored.number, Event::Returned(stored.before + deliveries))?;
        queue.nack_after(tag, delay)?;
        Ok(())
    }

    /// Waits until everything that was done so far is on the disk.
    ///
    /// # Errors
    /// The failure that has poisoned the log.
    pub fn flush(&self) -> Result<(), LogError> {
        self.log.flush()
    }

    /// Messages that are not settled, those on their way to the disk included.
    pub fn inside(&self) -> u64 {
        self.queues.inside() + self.outbox.inside()
    }

    /// Accepts no more messages, as [`Queue::close`] does. What was sent is committed first, by whoever
    /// commits.
    pub fn close(&self) {
        if !self.outbox.close() {
            self.queues.close();
        }
    }

    /// Closes, and lets everybody go at once.
    pub fn halt(&self) {
        self.outbox.close();
        self.queues.halt();
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
        queue.consume(3, &mut hand);
        assert_eq!(&*hand[0].body.bytes, b"kept");
        drop(queue);
        std::fs::remove_dir_all(&folder).expect("the folder is ours");
    }

    #[test]
    fn what_is_sent_can_be_consumed_once_it_is_committed() {
        let folder = std::env::temp_dir().join(format!("queuelab-sent-{}", std::process::id()));
        let parts = |content: &[u8]| usize::from(content[0] - b'0');
        let open = || {
            DurableQueue::open_partitioned(&folder, 2, &Settings::default(), || 0, parts, |_| {})
                .expect("the folder is ours")
        };
        let queue = open();
        [b"0a", b"1b", b"1c"].iter().for_each(|content| {
            queue.send(&content[..], Terms::default()).expect("there is no bound");
        });
        let mut hand = Vec::new();
        assert_eq!((queue.inside(), queue.member_of(1).try_consume(9, &mut hand)), (3, 0));
        assert!(queue.commit_sent().is_some() && queue.inside() == 3);
        queue.member_of(1).consume(9, &mut hand);
        assert_eq!(hand.iter().map(|d| &*d.body.bytes).collect::<Vec<_>>(), [b"1b", b"1c"]);
        queue.ack(&hand[0]).expect("it is under way");
        queue.nack_in(1, hand[1].tag, Duration::ZERO).expect("it is under way");
        queue.send(b"0d", Terms::default()).expect("there is no bound");
        queue.close();
        assert!(queue.send(b"0e", Terms::default()).is_err(), "it is closed");
        assert!(queue.commit_sent().is_some() && queue.commit_sent().is_none());
        drop(queue);
        let (queue, mut hand) = (open(), Vec::new());
        queue.member_of(0).try_consume(9, &mut hand);
        queue.member_of(1).try_consume(9, &mut hand);
        let again: Vec<_> = hand.iter().map(|d| (&*d.body.bytes, d.body.before)).collect();
        assert_eq!(again, [(&b"0a"[..], 0), (b"0d", 0), (b"1c", 1)]);
        drop(queue);
        std::fs::remove_dir_all(&folder).expect("the folder is ours");
    }
}

//! The write-ahead log: what was confirmed as durable is there after any crash.
//!
//! Records go into zero-filled segments; one thread writes and syncs for all that wait (a *leader*: whoever comes while nobody
//! writes), so that many publishers share one sync. Any failure poisons the log: everybody is told, nothing is tried again and then
//! confirmed, since a disk that failed a sync may have thrown the data away. What is not waited for (acknowledgements) goes with the next
//! commit: a message may come twice after a crash, but none that was confirmed is lost.

#[cfg(test)]
mod crash_test;
mod disk;
mod error;
mod record;
mod recover;
mod segments;

pub use disk::{Disk, Folder, Medium};
pub use error::LogError;
pub use record::Event;
pub use recover::{Owed, Recovered, recover};

use parking_lot::{Condvar, Mutex};
use segments::{Segments, Written};

/// Bytes of a segment unless said otherwise.
pub const SEGMENT: u64 = 16 << 20;

/// An open log, shared by threads.
pub struct Log {
    inner: Mutex<Inner>,
    done: Condvar,
}

struct Inner {
    /// What is to be written, in order.
    pending: Vec<(u64, Event)>,
    /// The number of the first of them.
    first: u64,
    /// The number of messages so far, settled ones included.
    next_id: u64,
    /// Records below this number are durable.
    durable: u64,
    /// Absent while a leader writes.
    segments: Option<Segments>,
    poisoned: Option<LogError>,
}

/// A place in the log, to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(u64);

impl Log {
    /// Opens the log of a disk, and says which messages it owes.
    ///
    /// # Errors
    /// A disk that cannot be read or written.
    pub fn open(disk: Box<dyn Disk>, segment: u64) -> Result<(Self, Vec<Owed>), LogError> {
        let found = recover(disk.as_ref())?;
        let segments = Segments::new(disk, segment, &found)?;
        let first = found.next_sequence;
        let inner = Inner { pending: Vec::new(), first, next_id: found.next_id, durable: first, segments: Some(segments), poisoned: None };
        Ok((Log { inner: Mutex::new(inner), done: Condvar::new() }, found.owed))
    }

    /// Notes a message; returns its number and the place to wait for.
    ///
    /// # Errors
    /// A message too large, or a poisoned log.
    pub fn publish(&self, body: Vec<u8>) -> Result<(u64, Position), LogError> {
        if body.len() > record::MOST {
            return Err(LogError::TooLarge { bytes: body.len(), most: record::MOST });
        }
        let mut inner = self.inner.lock();
        let id = inner.next_id;
        let position = inner.note(id, Event::Published(body))?;
        inner.next_id += 1;
        Ok((id, position))
    }

    /// Notes what became of a message, to be written with the next commit.
    ///
    /// # Errors
    /// A poisoned log.
    pub fn note(&self, id: u64, event: Event) -> Result<Position, LogError> {
        self.inner.lock().note(id, event)
    }

    /// Waits until everything up to a place is durable, writing and syncing it if nobody else does.
    ///
    /// # Errors
    /// The failure that has poisoned the log.
    pub fn commit(&self, position: Position) -> Result<(), LogError> {
        let mut inner = self.inner.lock();
        loop {
            if inner.durable > position.0 {
                return Ok(());
            }
            if let Some(why) = &inner.poisoned {
                return Err(why.clone());
            }
            let Some(mut segments) = inner.segments.take() else {
                self.done.wait(&mut inner);
                continue;
            };
            let (batch, first, next_id) = (std::mem::take(&mut inner.pending), inner.first, inner.next_id);
            inner.first += batch.len() as u64;
            let outcome = parking_lot::MutexGuard::unlocked(&mut inner, || write(&mut segments, &batch, first, next_id));
            inner.segments = Some(segments);
            match outcome {
                Ok(()) => inner.durable = first + batch.len() as u64,
                Err(error) => inner.poisoned = Some(error.into()),
            }
            self.done.notify_all();
        }
    }

    /// Makes everything durable that was noted so far.
    ///
    /// # Errors
    /// The failure that has poisoned the log.
    pub fn flush(&self) -> Result<(), LogError> {
        let last = {
            let inner = self.inner.lock();
            inner.first + inner.pending.len() as u64
        };
        if last == 0 { Ok(()) } else { self.commit(Position(last - 1)) }
    }
}

impl Inner {
    fn note(&mut self, id: u64, event: Event) -> Result<Position, LogError> {
        if let Some(why) = &self.poisoned {
            return Err(why.clone());
        }
        self.pending.push((id, event));
        Ok(Position(self.first + self.pending.len() as u64 - 1))
    }
}

/// Writes a batch, in as few syncs as the segments allow.
fn write(segments: &mut Segments, batch: &[(u64, Event)], first: u64, next_id: u64) -> std::io::Result<()> {
    let mut rest = batch;
    let mut sequence = first;
    while !rest.is_empty() {
        let room = segments.room(record::size(&rest[0].1) as u64, sequence, next_id)?;
        let (mut bytes, mut written, mut count) = (Vec::new(), Written::default(), 0);
        for (id, event) in rest {
            if (bytes.len() + record::size(event)) as u64 > room.bytes {
                break;
            }
            record::write(&mut bytes, room.segment, sequence, *id, event);
            match event {
                Event::Published(_) => written.published.push(*id),
                Event::Settled => written.settled.push(*id),
                Event::Returned(_) => {}
            }
            sequence += 1;
            count += 1;
        }
        segments.write(&bytes, &written)?;
        rest = &rest[count..];
    }
    Ok(())
}

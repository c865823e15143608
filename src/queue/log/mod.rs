//! The write-ahead log: what was confirmed as durable is there after any crash.
//!
//! Records go into zero-filled segments; one thread writes and syncs for all that wait (a *leader*: whoever
//! comes while nobody writes), so that many publishers share one sync. Any failure poisons the log: everybody
//! is told, nothing is tried again and then confirmed, since a disk that failed a sync may have thrown the
//! data away. What is not waited for (acknowledgements) goes with the next commit: a message may come twice
//! after a crash, but none that was confirmed is lost.
//!
//! A segment goes when all its messages are settled, the oldest first. One message that stays would keep all
//! that came after it, so once the segments hold four times what is owed, what is owed of the oldest is
//! written once more at the end.

#[cfg(test)]
mod crash_test;
mod disk;
mod error;
#[cfg(test)]
mod memory;
mod record;
mod recover;
mod segments;

pub use disk::{Disk, Folder, Medium};
pub use error::LogError;
#[cfg(all(test, shuttle))]
pub use memory::Memory;
pub use record::Event;
pub use recover::{Owed, Recovered, recover};

use super::sync::{AtomicU64, Mutex, MutexGuard, Ordering, Thread, current, park, yield_now};
use segments::{Carried, Segments};
use std::collections::HashSet;

/// Bytes of a segment unless said otherwise.
pub const SEGMENT: u64 = 16 << 20;

/// An open log, shared by threads.
pub struct Log {
    inner: Mutex<LogState>,
    /// Records below this number are durable: for those who were woken, who need no lock to see that they are
    /// done.
    durable: AtomicU64,
}

struct LogState {
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
    /// How many records were written together last.
    usual: usize,
    /// Those who sleep until a place is durable.
    sleepers: Vec<(Position, Thread)>,
    poisoned: Option<LogError>,
}

/// A place in the log, to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(u64);

impl Log {
    /// Opens the log of a disk, and says which messages it owes.
    ///
    /// # Errors
    /// A disk that cannot be read or written; segments of another version, or damaged ones before the last:
    /// nothing is changed then.
    pub fn open(disk: Box<dyn Disk>, segment: u64) -> Result<(Self, Vec<Owed>), LogError> {
        let mut found = recover(disk.as_ref())?;
        if let Some(why) = found.short.take() {
            return Err(why);
        }
        let segments = Segments::new(disk, segment, &found)?;
        let first = found.next_sequence;
        let inner = LogState {
            pending: Vec::new(),
            first,
            next_id: found.next_id,
            durable: first,
            segments: Some(segments),
            usual: 1,
            sleepers: Vec::new(),
            poisoned: None,
        };
        Ok((Log { inner: Mutex::new(inner), durable: AtomicU64::new(first) }, found.owed))
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
        let me = current();
        let mut inner = self.inner.lock();
        loop {
            if inner.durable > position.0 {
                return Ok(());
            }
            if let Some(why) = &inner.poisoned {
                return Err(why.clone());
            }
            if let Some(segments) = inner.segments.take() {
                inner = self.lead(inner, segments);
                continue;
            }
            inner.sleepers.push((position, me.clone()));
            drop(inner);
            park();
            if self.durable.load(Ordering::Acquire) > position.0 {
                return Ok(());
            }
            inner = self.inner.lock();
            // Not all who wake have been woken.
            inner.sleepers.retain(|(_, sleeper)| sleeper.id() != me.id());
        }
    }

    /// Writes and syncs all that is pending, and wakes those who waited for it.
    fn lead<'a>(
        &'a self,
        mut inner: MutexGuard<'a, LogState>,
        mut segments: Segments,
    ) -> MutexGuard<'a, LogState> {
        // Those whom the last sync has set free are on their way with their next messages: let them come
        // along.
        let mut there = 0;
        while inner.pending.len() < inner.usual && inner.pending.len() > there {
            there = inner.pending.len();
            MutexGuard::unlocked(&mut inner, yield_now);
        }
        let carried = MutexGuard::unlocked(&mut inner, || segments.stragglers());
        let carried = carried.map(|messages| inner.carry(messages));
        let (batch, first, next_id) = (std::mem::take(&mut inner.pending), inner.first, inner.next_id);
        inner.first += batch.len() as u64;
        inner.usual = batch.len();
        let outcome = MutexGuard::unlocked(&mut inner, || {
            carried.and_then(|()| write(&mut segments, &batch, first, next_id))
        });
        inner.segments = Some(segments);
        match outcome {
            Ok(()) => inner.durable = first + batch.len() as u64,
            Err(error) => inner.poisoned = Some(error.into()),
        }
        self.durable.store(inner.durable, Ordering::Release);
        let woken = inner.rise();
        MutexGuard::unlocked(&mut inner, || woken.iter().for_each(|(_, sleeper)| sleeper.unpark()));
        inner
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

impl LogState {
    fn note(&mut self, id: u64, event: Event) -> Result<Position, LogError> {
        if let Some(why) = &self.poisoned {
            return Err(why.clone());
        }
        self.pending.push((id, event));
        Ok(Position(self.first + self.pending.len() as u64 - 1))
    }

    /// Notes messages once more that are still owed, with how often they had been given back.
    fn carry(&mut self, messages: Vec<Carried>) {
        if messages.is_empty() {
            return;
        }
        let settled: HashSet<u64> =
            self.pending.iter().filter(|(_, event)| *event == Event::Settled).map(|(id, _)| *id).collect();
        for Carried { id, body, deliveries } in messages.into_iter().filter(|m| !settled.contains(&m.id)) {
            self.pending.push((id, Event::Published(body)));
            if deliveries > 0 {
                self.pending.push((id, Event::Returned(deliveries)));
            }
        }
    }

    /// Those who are to be woken: whoever is to lead next, so that the disk is soon at work again, then all
    /// who are done.
    fn rise(&mut self) -> Vec<(Position, Thread)> {
        if self.poisoned.is_some() {
            return std::mem::take(&mut self.sleepers);
        }
        let durable = self.durable;
        let mut woken: Vec<_> = self.sleepers.extract_if(.., |(position, _)| position.0 < durable).collect();
        if !self.sleepers.is_empty() {
            woken.insert(0, self.sleepers.swap_remove(0));
        }
        woken
    }
}

/// Writes a batch, in as few syncs as the segments allow.
fn write(segments: &mut Segments, batch: &[(u64, Event)], first: u64, next_id: u64) -> std::io::Result<()> {
    let mut rest = batch;
    let mut sequence = first;
    while !rest.is_empty() {
        let room = segments.room(record::size(&rest[0].1) as u64, sequence, next_id)?;
        let (mut bytes, mut count) = (Vec::new(), 0);
        for (id, event) in rest {
            if (bytes.len() + record::size(event)) as u64 > room.bytes {
                break;
            }
            record::write(&mut bytes, room.segment, sequence, *id, event);
            sequence += 1;
            count += 1;
        }
        segments.write(&bytes, &rest[..count])?;
        rest = &rest[count..];
    }
    Ok(())
}

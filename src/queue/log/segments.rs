//! The writing end: the segment that is filled, and the older ones that wait for their messages to be
//! settled.

use super::disk::{Disk, Medium};
use super::record::{Event, Header, SEGMENT_HEAD};
use super::recover::{Recovered, published};
use std::collections::{HashMap, VecDeque};
use std::io;

/// The segments of an open log. One thread at a time writes.
pub(super) struct Segments {
    disk: Box<dyn Disk>,
    /// Bytes of a segment.
    length: u64,
    next: u64,
    open: Option<OpenSegment>,
    /// The oldest first, the open one last, and how many messages each is kept for.
    kept: VecDeque<(u64, u64)>,
    /// Where a message that is owed was written.
    home: HashMap<u64, Home>,
    /// Bytes of all that is owed.
    owed: u64,
}

struct Home {
    segment: u64,
    bytes: u64,
    deliveries: u32,
}

struct OpenSegment {
    number: u64,
    medium: Box<dyn Medium>,
    at: u64,
    length: u64,
}

/// A message that is carried into a newer segment: its body, and how often it had been given back.
pub(super) struct Carried {
    pub id: u64,
    pub body: Vec<u8>,
    pub deliveries: u32,
}

/// Where the next records go, and how many bytes of them.
pub(super) struct Room {
    pub segment: u64,
    pub bytes: u64,
}

impl Segments {
    /// Goes on after what was recovered: in a new segment, so that no torn record is ever written over.
    pub(super) fn new(disk: Box<dyn Disk>, length: u64, found: &Recovered) -> io::Result<Self> {
        // What comes next counts on from what was found, so none of that may go any more.
        for &number in &found.segments {
            disk.keep(number)?;
        }
        disk.sync()?;
        for &number in &found.stale {
            disk.remove(number)?;
            disk.sync()?;
        }
        let (kept, home) = (VecDeque::new(), HashMap::new());
        let mut segments =
            Segments { disk, length, next: found.next_segment, open: None, kept, home, owed: 0 };
        segments.kept.extend(found.segments.iter().map(|&number| (number, 0)));
        for (message, &segment) in found.owed.iter().zip(&found.homes) {
            segments.lives(message.id, segment, message.body.len() as u64, message.deliveries);
        }
        Ok(segments)
    }

    /// Room in the open segment, at least for the next record; a new segment is made if there is none.
    pub(super) fn room(&mut self, least: u64, sequence: u64, next_id: u64) -> io::Result<Room> {
        if let Some(open) = self.open.as_ref().filter(|o| o.length - o.at >= least) {
            return Ok(Room { segment: open.number, bytes: open.length - open.at });
        }
        let number = self.next;
        self.next += 1;
        let length = self.length.max(SEGMENT_HEAD as u64 + least);
        let mut medium = self.disk.create(number, length)?;
        self.disk.sync()?;
        // It is synced with the records that it is made for; before, nobody relies on it.
        medium.write_at(0, &Header { segment: number, sequence, next_id }.bytes())?;
        self.open = Some(OpenSegment { number, medium, at: SEGMENT_HEAD as u64, length });
        self.kept.push_back((number, 0));
        Ok(Room { segment: number, bytes: length - SEGMENT_HEAD as u64 })
    }

    /// Writes records into the open segment and makes them durable; removes what is needed no more. `events`
    /// is what the records say.
    pub(super) fn write(&mut self, bytes: &[u8], events: &[(u64, Event)]) -> io::Result<()> {
        let open = self.open.as_mut().expect("room was made before the records were");
        open.medium.write_at(open.at, bytes)?;
        open.medium.sync()?;
        open.at += bytes.len() as u64;
        let number = open.number;
        for (id, event) in events {
            match event {
                Event::Published(body) => self.lives(*id, number, body.len() as u64, 0),
                Event::Returned(deliveries) => {
                    if let Some(home) = self.home.get_mut(id) {
                        home.deliveries = home.deliveries.max(*deliveries);
                    }
                }
                Event::Settled => drop(self.leaves(*id)),
            }
        }
        self.reclaim()
    }

    /// What is still owed of the oldest segment, if all segments together hold four times what is owed or
    /// more: written once more it frees the segment, and those behind it that only waited for that.
    pub(super) fn stragglers(&self) -> io::Result<Vec<Carried>> {
        let Some(&(oldest, _)) = self.kept.front() else { return Ok(Vec::new()) };
        if self.kept.len() < 4 || self.kept.len() as u64 * self.length < 4 * self.owed {
            return Ok(Vec::new());
        }
        let mut carried = Vec::new();
        for (id, body) in published(&self.disk.read(oldest)?, oldest) {
            if let Some(home) = self.home.get(&id).filter(|home| home.segment == oldest) {
                carried.push(Carried { id, body, deliveries: home.deliveries });
            }
        }
        Ok(carried)
    }

    /// A message is owed, and was last written in a segment.
    fn lives(&mut self, id: u64, segment: u64, bytes: u64, deliveries: u32) {
        let before = self.leaves(id).map_or(0, |home| home.deliveries);
        self.home.insert(id, Home { segment, bytes, deliveries: before.max(deliveries) });
        self.owed += bytes;
        self.keep(segment, 1);
    }

    fn leaves(&mut self, id: u64) -> Option<Home> {
        let home = self.home.remove(&id)?;
        self.owed -= home.bytes;
        self.keep(home.segment, -1);
        Some(home)
    }

    fn keep(&mut self, number: u64, change: i64) {
        if let Some((_, messages)) = self.kept.iter_mut().rev().find(|(n, _)| *n == number) {
            *messages = messages.saturating_add_signed(change);
        }
    }

    /// Removes segments from the front, each for certain before the next, so that no gap is ever found.
    fn reclaim(&mut self) -> io::Result<()> {
        while self.kept.len() > 1
            && let Some(&(number, 0)) = self.kept.front()
        {
            self.disk.remove(number)?;
            self.disk.sync()?;
            self.kept.pop_front();
        }
        Ok(())
    }
}

//! The writing end: the segment that is filled, and the older ones that wait for their messages to be settled.

use super::disk::{Disk, Medium};
use super::record::{Header, SEGMENT_HEAD};
use super::recover::Recovered;
use std::collections::{HashMap, VecDeque};
use std::io;

/// The segments of an open log. One thread at a time writes.
pub(super) struct Segments {
    disk: Box<dyn Disk>,
    /// Bytes of a segment.
    length: u64,
    next: u64,
    open: Option<Open>,
    /// The oldest first, the open one last, and how many messages each is kept for.
    kept: VecDeque<(u64, u64)>,
    /// In which segment a message that is owed was published.
    home: HashMap<u64, u64>,
}

struct Open {
    number: u64,
    medium: Box<dyn Medium>,
    at: u64,
    length: u64,
}

/// What is written together: settled messages are told apart because they free segments.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub published: Vec<u64>,
    pub settled: Vec<u64>,
}

/// Where the next records go, and how many bytes of them.
pub(super) struct Room {
    pub segment: u64,
    pub bytes: u64,
}

impl Segments {
    /// Goes on after what was recovered: in a new segment, so that no torn record is ever written over.
    pub fn new(disk: Box<dyn Disk>, length: u64, found: &Recovered) -> io::Result<Self> {
        for &number in &found.stale {
            disk.remove(number)?;
        }
        let mut segments = Segments { disk, length, next: found.next_segment, open: None, kept: VecDeque::new(), home: HashMap::new() };
        for (number, messages) in &found.segments {
            segments.kept.push_back((*number, messages.len() as u64));
            segments.home.extend(messages.iter().map(|&id| (id, *number)));
        }
        Ok(segments)
    }

    /// Room in the open segment, at least for the next record; a new segment is made if there is none.
    pub fn room(&mut self, least: u64, sequence: u64, next_id: u64) -> io::Result<Room> {
        if let Some(open) = self.open.as_ref().filter(|o| o.length - o.at >= least) {
            return Ok(Room { segment: open.number, bytes: open.length - open.at });
        }
        let number = self.next;
        self.next += 1;
        let length = self.length.max(SEGMENT_HEAD as u64 + least);
        let mut medium = self.disk.create(number, length)?;
        // It is synced with the records that it is made for; before, nobody relies on it.
        medium.write_at(0, &Header { segment: number, sequence, next_id }.bytes())?;
        self.open = Some(Open { number, medium, at: SEGMENT_HEAD as u64, length });
        self.kept.push_back((number, 0));
        Ok(Room { segment: number, bytes: length - SEGMENT_HEAD as u64 })
    }

    /// Writes records into the open segment and makes them durable; removes what is needed no more.
    pub fn write(&mut self, bytes: &[u8], written: &Written) -> io::Result<()> {
        let open = self.open.as_mut().expect("room was made before the records were");
        open.medium.write_at(open.at, bytes)?;
        open.medium.sync()?;
        open.at += bytes.len() as u64;
        let number = open.number;
        for &id in &written.published {
            self.home.insert(id, number);
            self.keep(number, 1);
        }
        for id in &written.settled {
            if let Some(home) = self.home.remove(id) {
                self.keep(home, -1);
            }
        }
        self.reclaim()
    }

    fn keep(&mut self, number: u64, change: i64) {
        if let Some((_, messages)) = self.kept.iter_mut().find(|(n, _)| *n == number) {
            *messages = messages.saturating_add_signed(change);
        }
    }

    /// Removes segments from the front, one after the other, so that no gap is ever found.
    fn reclaim(&mut self) -> io::Result<()> {
        while self.kept.len() > 1
            && let Some(&(number, 0)) = self.kept.front()
        {
            self.disk.remove(number)?;
            self.kept.pop_front();
        }
        Ok(())
    }
}

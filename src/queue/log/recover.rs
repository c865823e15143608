//! From the segments that are found to the messages that are still owed.
//!
//! The log is the longest run of whole records with consecutive numbers. What was confirmed is inside it,
//! because it was synced in order; what lies behind a torn record was confirmed to nobody.
//!
//! Only the last segment can be torn, because each is synced before the next is begun. A segment that goes on
//! further than the one before it reaches is therefore a sign of damage, not of a crash; so is one without a
//! header before the others, for what a crash leaves is removed before the next is begun.

use super::LogError;
use super::disk::Disk;
use super::record::{self, Event, Header, SEGMENT_HEAD};
use std::collections::BTreeMap;
use std::io;

/// A message that was published and not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// Its number in the log.
    pub id: u64,
    /// The content.
    pub body: Vec<u8>,
    /// How often it had been given back, as far as was written down.
    pub deliveries: u32,
}

/// What is known after reading everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// In the order in which they were published.
    pub owed: Vec<Owed>,
    /// The number of the next message.
    pub next_id: u64,
    /// The number of the next record.
    pub next_sequence: u64,
    /// The number of the next segment.
    pub next_segment: u64,
    /// Segments that hold the log, the oldest first.
    pub(super) segments: Vec<u64>,
    /// By message that is owed: the segment in which it was last written.
    pub(super) homes: Vec<u64>,
    /// Segments that hold nothing of it.
    pub(super) stale: Vec<u64>,
    /// Why this is not all that was confirmed.
    pub(super) short: Option<LogError>,
}

/// Reads all segments. Changes nothing.
///
/// # Errors
/// A disk that cannot be read. Bytes of any kind are no error.
pub fn recover(disk: &dyn Disk) -> io::Result<Recovered> {
    let mut numbers = disk.list()?;
    numbers.sort_unstable();
    let mut found = Recovered::default();
    let mut owed: BTreeMap<u64, (Owed, u64)> = BTreeMap::new();
    for number in numbers {
        found.next_segment = found.next_segment.max(number.saturating_add(1));
        let bytes = disk.read(number)?;
        let header = Header::read(&bytes).filter(|h| h.segment == number);
        match header {
            // The oldest segment begins wherever it does; any other goes on where the one before ended.
            Some(h) if found.segments.is_empty() || h.sequence == found.next_sequence => {
                if let (true, Some(&before)) = (found.segments.is_empty(), found.stale.first()) {
                    let damage = LogError::Damaged { segment: before, missing: h.sequence, next: number };
                    found.short.get_or_insert(damage);
                }
                found.next_sequence = h.sequence;
                found.next_id = found.next_id.max(h.next_id);
                found.segments.push(number);
                play(&bytes[SEGMENT_HEAD..], number, &mut found, &mut owed);
            }
            other => {
                found.short = found
                    .short
                    .or_else(|| shortfall(&found.segments, found.next_sequence, number, other, &bytes));
                found.stale.push(number);
            }
        }
    }
    (found.owed, found.homes) = owed.into_values().unzip();
    Ok(found)
}

/// What a segment that does not follow on tells of what is missing before it.
fn shortfall(
    segments: &[u64],
    next_sequence: u64,
    number: u64,
    header: Option<Header>,
    bytes: &[u8],
) -> Option<LogError> {
    match header {
        Some(h) => {
            let missing = h.sequence.checked_sub(next_sequence).filter(|&missing| missing > 0)?;
            Some(LogError::Damaged { segment: *segments.last()?, missing, next: number })
        }
        None => Header::is_foreign(bytes).then_some(LogError::OtherVersion { segment: number }),
    }
}

/// Applies a segment's records until one is not whole.
fn play(mut bytes: &[u8], segment: u64, found: &mut Recovered, owed: &mut BTreeMap<u64, (Owed, u64)>) {
    while let Some((record, length)) = record::read(bytes, segment, found.next_sequence) {
        bytes = &bytes[length..];
        found.next_sequence += 1;
        match record.event {
            Event::Published(body) => {
                found.next_id = found.next_id.max(record.id.saturating_add(1));
                // One that was carried forward is the same message.
                let deliveries = owed.get(&record.id).map_or(0, |(message, _)| message.deliveries);
                owed.insert(record.id, (Owed { id: record.id, body, deliveries }, segment));
            }
            Event::Returned(deliveries) => {
                if let Some((message, _)) = owed.get_mut(&record.id) {
                    message.deliveries = message.deliveries.max(deliveries);
                }
            }
            Event::Settled => {
                owed.remove(&record.id);
            }
        }
    }
}

/// The messages that a segment holds, settled ones among them.
pub(super) fn published(bytes: &[u8], segment: u64) -> Vec<(u64, Vec<u8>)> {
    let Some(header) = Header::read(bytes).filter(|h| h.segment == segment) else { return Vec::new() };
    let (mut rest, mut sequence, mut found) = (&bytes[SEGMENT_HEAD..], header.sequence, Vec::new());
    while let Some((record, length)) = record::read(rest, segment, sequence) {
        rest = &rest[length..];
        sequence += 1;
        if let Event::Published(body) = record.event {
            found.push((record.id, body));
        }
    }
    found
}

//! Records and segment headers as bytes.
//!
//! A record is `length: u32 · crc: u32 · segment: u64 · sequence: u64 · kind: u8 · id: u64 · payload`,
//! little-endian; the length counts all of it, the checksum covers all but itself. Since segments are
//! zero-filled, a length of zero ends them.

/// Bytes before the payload.
const HEAD: usize = 33;
/// Bytes of a segment's header: magic, number, first sequence number, next message number, checksum.
pub(super) const SEGMENT_HEAD: usize = 36;
/// The last byte is the version.
const MAGIC: [u8; 8] = *b"queuelg1";
/// The largest payload.
pub(super) const MOST: usize = 16 << 20;

/// What happened to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It was published with this content.
    Published(Vec<u8>),
    /// It was given back after so many deliveries.
    Returned(u32),
    /// It is done, or lost for good: nobody will have it again.
    Settled,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogRecord {
    /// Its number among all records.
    pub sequence: u64,
    /// The message that it is about.
    pub id: u64,
    pub event: Event,
}

/// Appends a record to a buffer.
pub(super) fn write(out: &mut Vec<u8>, segment: u64, sequence: u64, id: u64, event: &Event) {
    let (kind, count);
    let payload: &[u8] = match event {
        Event::Published(body) => {
            kind = 1;
            body
        }
        Event::Returned(deliveries) => {
            kind = 2;
            count = deliveries.to_le_bytes();
            &count
        }
        Event::Settled => {
            kind = 3;
            &[]
        }
    };
    let from = out.len();
    out.extend_from_slice(&((HEAD + payload.len()) as u32).to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&segment.to_le_bytes());
    out.extend_from_slice(&sequence.to_le_bytes());
    out.push(kind);
    out.extend_from_slice(&id.to_le_bytes());
    out.extend_from_slice(payload);
    let crc = checksum(&out[from..]);
    out[from + 4..from + 8].copy_from_slice(&crc.to_le_bytes());
}

/// How many bytes a record takes.
pub(super) fn size(event: &Event) -> usize {
    HEAD + match event {
        Event::Published(body) => body.len(),
        Event::Returned(_) => 4,
        Event::Settled => 0,
    }
}

/// Over all but the checksum's own bytes.
fn checksum(record: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&record[..4]);
    crc.update(&record[8..]);
    crc.finalize()
}

/// Reads the record at the beginning of the bytes: it and its length, or nothing if there is none that is
/// whole and expected here.
pub(super) fn read(bytes: &[u8], segment: u64, sequence: u64) -> Option<(LogRecord, usize)> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    if length < HEAD {
        return None;
    }
    let record = bytes.get(..length)?;
    let number = |from: usize| Some(u64::from_le_bytes(record.get(from..from + 8)?.try_into().ok()?));
    if checksum(record).to_le_bytes() != record[4..8] || number(8)? != segment || number(16)? != sequence {
        return None;
    }
    let payload = &record[HEAD..];
    let event = match record[24] {
        1 => Event::Published(payload.to_vec()),
        2 => Event::Returned(u32::from_le_bytes(payload.try_into().ok()?)),
        3 => Event::Settled,
        _ => return None,
    };
    Some((LogRecord { sequence, id: number(25)?, event }, length))
}

/// What a segment begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub segment: u64,
    /// The number of its first record.
    pub sequence: u64,
    /// The number of the first message that is published in it or later.
    pub next_id: u64,
}

impl Header {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for number in [self.segment, self.sequence, self.next_id] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Header> {
        let head = bytes.get(..SEGMENT_HEAD)?;
        let number = |at: usize| Some(u64::from_le_bytes(head[at..at + 8].try_into().ok()?));
        let header = Header { segment: number(8)?, sequence: number(16)?, next_id: number(24)? };
        (header.bytes() == head).then_some(header)
    }

    /// Whether a segment begins as one of another version does.
    pub(super) fn is_foreign(bytes: &[u8]) -> bool {
        bytes.get(..8).is_some_and(|magic| magic[..7] == MAGIC[..7] && magic[7] != MAGIC[7] && magic[7] != 0)
    }
}

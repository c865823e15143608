//! The log of visits of messages to queues, a row each, written without a lock by the threads where it
//! happens.

use super::message_copy::MessageCopy;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

/// "Has not happened", or "nobody".
const NEVER: u64 = u64::MAX;

/// Set in `sent` when the queue refused the message.
const REFUSED: u64 = 1 << 63;

/// Set in `finished` when the work failed and nobody has the message any more.
const FAILED: u64 = 1 << 63;

/// Rows that are made at once. Those that a run is expected to need are made before it.
const CHUNK: usize = 1 << 14;

/// How a visit came about: what is known when a message is sent to a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct VisitOrigin {
    /// The message's number among all that reach the network.
    pub id: u64,
    /// When its sending was due, in nanoseconds from the start.
    pub due: u64,
    pub queue: u32,
    pub copy: MessageCopy,
    /// The visit from which it was sent on, if it was.
    pub before: Option<usize>,
    /// The topic of which this is one of the copies.
    pub topic: Option<u32>,
    /// Whether it was thrown here as a dead letter.
    pub dead: bool,
    /// The client of a closed loop that waits for it.
    pub client: Option<u32>,
}

impl VisitOrigin {
    /// A message's first visit, in a queue that is not known yet.
    pub(super) fn new(id: u64, due: u64, copy: MessageCopy) -> Self {
        VisitOrigin { id, due, queue: 0, copy, before: None, topic: None, dead: false, client: None }
    }

    /// The next visit of a message that is lost in this one, as a dead letter in another queue.
    pub(super) fn thrown(&self, queue: u32, visit: usize) -> Self {
        let copy = self.copy.dead_lettered();
        VisitOrigin { queue, copy, before: Some(visit), topic: None, dead: true, client: None, ..*self }
    }
}

/// Rows for visits. Times are nanoseconds from the start.
#[derive(Debug)]
pub(super) struct VisitLog {
    chunks: Vec<OnceLock<Box<[VisitRow]>>>,
    next: AtomicUsize,
    /// More came than there is room for.
    full: AtomicBool,
}

#[derive(Debug)]
struct VisitRow {
    origin: OnceLock<VisitOrigin>,
    sent: AtomicU64,
    /// When there was room for it, where its sender may have had to wait for that.
    accepted: AtomicU64,
    /// When a broker confirmed that it has it.
    confirmed: AtomicU64,
    taken: AtomicU64,
    finished: AtomicU64,
    /// Who took it at its latest delivery, and how often it was taken.
    served_by: AtomicU64,
    takes: AtomicU64,
    /// Deliveries that ended because its consumer gave it back.
    returned: AtomicU64,
    /// Who had it when it was finished.
    finisher: AtomicU64,
    /// Nanoseconds in service at all deliveries together.
    worked: AtomicU64,
    /// The visit that it went on to as a dead letter.
    dead_letter_visit: AtomicU64,
}

/// Which server took a message, and at which delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ServedBy {
    pub group: u32,
    pub server: u32,
    pub deliveries: u32,
}

/// What happened in a visit so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct VisitTrace {
    pub sent: Option<u64>,
    pub accepted: Option<u64>,
    pub confirmed: Option<u64>,
    pub refused: bool,
    /// At its latest delivery that is known.
    pub taken: Option<(u64, ServedBy)>,
    /// Deliveries that ended because its consumer gave it back.
    pub returned: u64,
    pub finished: Option<u64>,
    /// Who had it then.
    pub finisher: Option<ServedBy>,
    /// Whether it was lost then, by a consumer that had acknowledged it beforehand.
    pub failed: bool,
    pub worked: u64,
    pub dead_letter_visit: Option<usize>,
}

impl VisitRow {
    fn new() -> Self {
        let never = || AtomicU64::new(NEVER);
        VisitRow {
            origin: OnceLock::new(),
            sent: never(),
            accepted: never(),
            confirmed: never(),
            taken: never(),
            finished: never(),
            // Of no delivery.
            served_by: 0.into(),
            takes: 0.into(),
            returned: 0.into(),
            finisher: never(),
            worked: 0.into(),
            dead_letter_visit: never(),
        }
    }
}

impl VisitLog {
    /// Rows for as many visits as are expected, and room for more up to a limit.
    pub(super) fn new(expected: usize, limit: usize) -> Self {
        let chunks: Vec<_> =
            (0..limit.max(expected).div_ceil(CHUNK).max(1)).map(|_| OnceLock::new()).collect();
        let visits = VisitLog { chunks, next: 0.into(), full: false.into() };
        (0..expected.div_ceil(CHUNK)).for_each(|chunk| _ = visits.chunk(chunk));
        visits
    }

    fn chunk(&self, chunk: usize) -> &[VisitRow] {
        self.chunks[chunk].get_or_init(|| (0..CHUNK).map(|_| VisitRow::new()).collect())
    }

    fn row(&self, visit: usize) -> &VisitRow {
        &self.chunk(visit / CHUNK)[visit % CHUNK]
    }

    /// A new visit, which begins at an instant. `None` if there is no room for it.
    pub(super) fn begin(&self, origin: VisitOrigin, sent: u64) -> Option<usize> {
        let visit = self.next.fetch_add(1, Relaxed);
        if visit >= self.chunks.len() * CHUNK {
            self.full.store(true, Relaxed);
            return None;
        }
        let row = self.row(visit);
        let written = row.origin.set(origin);
        debug_assert!(written.is_ok(), "a row is given once");
        row.sent.store(sent, Relaxed);
        Some(visit)
    }

    /// Visits so far.
    pub(super) fn len(&self) -> usize {
        self.next.load(Relaxed).min(self.chunks.len() * CHUNK)
    }

    pub(super) fn is_full(&self) -> bool {
        self.full.load(Relaxed)
    }

    /// How a visit came about, if there is such a visit.
    pub(super) fn origin(&self, visit: usize) -> Option<&VisitOrigin> {
        if visit < self.len() { self.row(visit).origin.get() } else { None }
    }

    pub(super) fn sent(&self, visit: usize) -> u64 {
        self.row(visit).sent.load(Relaxed) & !REFUSED
    }

    /// When a visit began, where that is known only later.
    pub(super) fn set_sent(&self, visit: usize, at: u64) {
        self.row(visit).sent.store(at, Relaxed);
    }

    /// There was room for it at last.
    pub(super) fn accept(&self, visit: usize, at: u64) {
        self.row(visit).accepted.store(at, Relaxed);
    }

    /// A broker has confirmed it. What is no visit is ignored.
    pub(super) fn confirm(&self, visit: usize, at: u64) {
        if visit < self.len() {
            self.row(visit).confirmed.store(at, Relaxed);
        }
    }

    /// A service took so long, whether it was the last or not.
    pub(super) fn work(&self, visit: usize, time: u64) {
        self.row(visit).worked.fetch_add(time, Relaxed);
    }

    /// The queue would not have it.
    pub(super) fn refuse(&self, visit: usize) {
        self.row(visit).sent.fetch_or(REFUSED, Relaxed);
    }

    /// A server took it. False if it was taken more often than it has been delivered.
    ///
    /// Deliveries come to be known in any order: one that timed out may have waited in a consumer's window
    /// while the next was dealt with.
    pub(super) fn take(&self, visit: usize, at: u64, served_by: ServedBy) -> bool {
        let row = self.row(visit);
        if row.served_by.fetch_max(served_by.pack(), SeqCst) < served_by.pack() {
            row.taken.store(at, Relaxed);
        }
        let takes = row.takes.fetch_add(1, SeqCst) + 1;
        takes <= u64::from(ServedBy::unpack(row.served_by.load(SeqCst)).deliveries)
    }

    /// It was served by a server. False if it had been before.
    pub(super) fn finish(&self, visit: usize, at: u64, served_by: ServedBy) -> bool {
        let row = self.row(visit);
        let first = row.finished.compare_exchange(NEVER, at, Relaxed, Relaxed).is_ok();
        if first {
            row.finisher.store(served_by.pack(), Relaxed);
        }
        first
    }

    /// Its consumer gives it back.
    pub(super) fn give_back(&self, visit: usize) {
        self.row(visit).returned.fetch_add(1, Relaxed);
    }

    /// The queue would not have it back: the delivery had ended before.
    pub(super) fn not_given_back(&self, visit: usize) {
        self.row(visit).returned.fetch_sub(1, Relaxed);
    }

    /// Its consumer failed after it had acknowledged it.
    pub(super) fn fail(&self, visit: usize, at: u64) {
        self.row(visit).finished.store(at | FAILED, Relaxed);
    }

    /// The visit that a lost message went on to as a dead letter, begun now unless it is known.
    pub(super) fn dead_letter_visit(
        &self,
        visit: usize,
        begin: impl FnOnce() -> Option<usize>,
    ) -> Option<usize> {
        let cell = &self.row(visit).dead_letter_visit;
        let known = cell.load(Relaxed);
        if known != NEVER {
            return Some(known as usize);
        }
        // Deliveries of a message come one after another, so that nobody else begins it meanwhile.
        let begun = begin()?;
        cell.store(begun as u64, Relaxed);
        Some(begun)
    }

    pub(super) fn trace(&self, visit: usize) -> VisitTrace {
        let row = self.row(visit);
        let known = |cell: &AtomicU64| Some(cell.load(Relaxed)).filter(|&at| at != NEVER);
        let (sent, finished) = (known(&row.sent), known(&row.finished));
        VisitTrace {
            sent: sent.map(|at| at & !REFUSED),
            accepted: known(&row.accepted),
            confirmed: known(&row.confirmed),
            refused: sent.is_some_and(|at| at & REFUSED != 0),
            taken: known(&row.taken).zip(known(&row.served_by).map(ServedBy::unpack)),
            returned: row.returned.load(Relaxed),
            finisher: known(&row.finisher).map(ServedBy::unpack),
            finished: finished.map(|at| at & !FAILED),
            failed: finished.is_some_and(|at| at & FAILED != 0),
            worked: row.worked.load(Relaxed),
            dead_letter_visit: known(&row.dead_letter_visit).map(|visit| visit as usize),
        }
    }
}

impl ServedBy {
    fn pack(self) -> u64 {
        // The latest delivery is the greatest number. There are at most 512 servers, and so no more groups.
        u64::from(self.deliveries) << 32
            | u64::from(self.group & 0xfff) << 20
            | u64::from(self.server & 0xf_ffff)
    }

    fn unpack(packed: u64) -> ServedBy {
        ServedBy {
            group: (packed >> 20) as u32 & 0xfff,
            server: packed as u32 & 0xf_ffff,
            deliveries: (packed >> 32) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(id: u64) -> VisitOrigin {
        VisitOrigin::new(id, 0, MessageCopy::planned(id, 0))
    }

    #[test]
    fn a_visit_is_read_as_it_was_written() {
        let visits = VisitLog::new(1, 2);
        let served_by = ServedBy { group: 3, server: 511, deliveries: 1 };
        let first = visits.begin(origin(7), 10).expect("room");
        assert!(visits.take(first, 20, served_by));
        assert!(!visits.take(first, 20, served_by), "twice in one delivery");
        assert!(
            visits.finish(first, 30, served_by) && !visits.finish(first, 40, served_by),
            "it is done once"
        );
        let finisher = Some(served_by);
        assert_eq!(
            visits.trace(first),
            VisitTrace {
                sent: Some(10),
                taken: Some((20, served_by)),
                finished: Some(30),
                finisher,
                ..VisitTrace::default()
            }
        );
        assert_eq!(visits.origin(first).map(|o| o.id), Some(7));
        let second = visits.begin(origin(8), 0).expect("room");
        visits.refuse(second);
        assert_eq!(
            visits.trace(second),
            VisitTrace { sent: Some(0), refused: true, ..VisitTrace::default() }
        );
        assert_eq!((visits.len(), visits.origin(2)), (2, None));
        assert_eq!(visits.dead_letter_visit(first, || Some(second)), Some(second));
        assert_eq!(visits.dead_letter_visit(first, || None), Some(second));
    }

    #[test]
    fn deliveries_may_be_recorded_in_any_order_but_each_once() {
        let visits = VisitLog::new(1, 1);
        let served_by = |server, deliveries| ServedBy { group: 0, server, deliveries };
        let visit = visits.begin(origin(0), 0).expect("room");
        // The first waited in a window for so long that the second was done before.
        assert!(visits.take(visit, 20, served_by(7, 2)) && visits.take(visit, 40, served_by(8, 1)));
        assert_eq!(visits.trace(visit).taken, Some((20, served_by(7, 2))));
        assert!(!visits.take(visit, 50, served_by(8, 1)), "the first for a second time");
    }

    #[test]
    fn there_is_room_beyond_what_was_expected_and_an_end_to_it() {
        let visits = VisitLog::new(1, CHUNK + 1);
        assert!((0..2 * CHUNK as u64).all(|i| visits.begin(origin(i), i).is_some()));
        assert_eq!(visits.origin(CHUNK).map(|o| o.id), Some(CHUNK as u64));
        assert!(!visits.is_full() && visits.begin(origin(0), 0).is_none() && visits.is_full());
    }
}

//! What happened to each message in each queue, written by the threads where it happens: a row for every stay, no lock.

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

/// How a stay came about: what is known when a message is sent to a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    /// The message's number among all that reach the network.
    pub id: u64,
    /// When its sending was due, in nanoseconds from the start.
    pub due: u64,
    pub queue: u32,
    pub copy: MessageCopy,
    /// The stay from which it was sent on, if it was.
    pub before: Option<usize>,
    /// The topic of which this is one of the copies.
    pub topic: Option<u32>,
    /// Whether it was thrown here as a dead letter.
    pub dead: bool,
    /// The client of a closed loop that waits for it.
    pub client: Option<u32>,
}

impl Origin {
    /// A message's first stay, in a queue that is not known yet.
    pub(super) fn new(id: u64, due: u64, copy: MessageCopy) -> Self {
        Origin { id, due, queue: 0, copy, before: None, topic: None, dead: false, client: None }
    }

    /// The next stay of a message that is lost in this one, as a dead letter in another queue.
    pub(super) fn thrown(&self, queue: u32, stay: usize) -> Self {
        let copy = self.copy.dead_lettered();
        Origin { queue, copy, before: Some(stay), topic: None, dead: true, client: None, ..*self }
    }
}

/// Rows for stays. Times are nanoseconds from the start.
#[derive(Debug)]
pub(super) struct Stays {
    chunks: Vec<OnceLock<Box<[Row]>>>,
    next: AtomicUsize,
    /// More came than there is room for.
    full: AtomicBool,
}

#[derive(Debug)]
struct Row {
    origin: OnceLock<Origin>,
    sent: AtomicU64,
    /// When there was room for it, where its sender may have had to wait for that.
    accepted: AtomicU64,
    taken: AtomicU64,
    finished: AtomicU64,
    /// Who took it at its latest delivery, and how often it was taken.
    who: AtomicU64,
    takes: AtomicU64,
    /// Deliveries that ended because its consumer gave it back.
    returned: AtomicU64,
    /// Who had it when it was finished.
    finisher: AtomicU64,
    /// Nanoseconds in service at all deliveries together.
    worked: AtomicU64,
    /// The stay that it went on to as a dead letter.
    afterlife: AtomicU64,
}

/// The server that took a message, and at which delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Who {
    pub group: u32,
    pub server: u32,
    pub deliveries: u32,
}

/// A stay as far as it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Past {
    pub sent: Option<u64>,
    pub accepted: Option<u64>,
    pub refused: bool,
    /// At its latest delivery that is known.
    pub taken: Option<(u64, Who)>,
    /// Deliveries that ended because its consumer gave it back.
    pub returned: u64,
    pub finished: Option<u64>,
    /// Who had it then.
    pub finisher: Option<Who>,
    /// Whether it was lost then, by a consumer that had acknowledged it beforehand.
    pub failed: bool,
    pub worked: u64,
    pub afterlife: Option<usize>,
}

impl Row {
    fn new() -> Self {
        let never = || AtomicU64::new(NEVER);
        Row {
            origin: OnceLock::new(),
            sent: never(),
            accepted: never(),
            taken: never(),
            finished: never(),
            // Of no delivery.
            who: 0.into(),
            takes: 0.into(),
            returned: 0.into(),
            finisher: never(),
            worked: 0.into(),
            afterlife: never(),
        }
    }
}

impl Stays {
    /// Rows for as many stays as are expected, and room for more up to a limit.
    pub(super) fn new(expected: usize, limit: usize) -> Self {
        let chunks: Vec<_> = (0..limit.max(expected).div_ceil(CHUNK).max(1)).map(|_| OnceLock::new()).collect();
        let stays = Stays { chunks, next: 0.into(), full: false.into() };
        (0..expected.div_ceil(CHUNK)).for_each(|chunk| _ = stays.chunk(chunk));
        stays
    }

    fn chunk(&self, chunk: usize) -> &[Row] {
        self.chunks[chunk].get_or_init(|| (0..CHUNK).map(|_| Row::new()).collect())
    }

    fn row(&self, stay: usize) -> &Row {
        &self.chunk(stay / CHUNK)[stay % CHUNK]
    }

    /// A new stay, which begins at an instant. `None` if there is no room for it.
    pub(super) fn begin(&self, origin: Origin, sent: u64) -> Option<usize> {
        let stay = self.next.fetch_add(1, Relaxed);
        if stay >= self.chunks.len() * CHUNK {
            self.full.store(true, Relaxed);
            return None;
        }
        let row = self.row(stay);
        let written = row.origin.set(origin);
        debug_assert!(written.is_ok(), "a row is given once");
        row.sent.store(sent, Relaxed);
        Some(stay)
    }

    /// Stays so far.
    pub(super) fn len(&self) -> usize {
        self.next.load(Relaxed).min(self.chunks.len() * CHUNK)
    }

    pub(super) fn is_full(&self) -> bool {
        self.full.load(Relaxed)
    }

    /// How a stay came about, if there is such a stay.
    pub(super) fn origin(&self, stay: usize) -> Option<&Origin> {
        if stay < self.len() { self.row(stay).origin.get() } else { None }
    }

    pub(super) fn sent(&self, stay: usize) -> u64 {
        self.row(stay).sent.load(Relaxed) & !REFUSED
    }

    /// When a stay began, where that is known only later.
    pub(super) fn set_sent(&self, stay: usize, at: u64) {
        self.row(stay).sent.store(at, Relaxed);
    }

    /// There was room for it at last.
    pub(super) fn accept(&self, stay: usize, at: u64) {
        self.row(stay).accepted.store(at, Relaxed);
    }

    /// A service took so long, whether it was the last or not.
    pub(super) fn work(&self, stay: usize, time: u64) {
        self.row(stay).worked.fetch_add(time, Relaxed);
    }

    /// The queue would not have it.
    pub(super) fn refuse(&self, stay: usize) {
        self.row(stay).sent.fetch_or(REFUSED, Relaxed);
    }

    /// A server took it. False if it was taken more often than it has been delivered.
    ///
    /// Deliveries come to be known in any order: one that timed out may have waited in a consumer's window while the next was dealt with.
    pub(super) fn take(&self, stay: usize, at: u64, who: Who) -> bool {
        let row = self.row(stay);
        if row.who.fetch_max(who.pack(), SeqCst) < who.pack() {
            row.taken.store(at, Relaxed);
        }
        let takes = row.takes.fetch_add(1, SeqCst) + 1;
        takes <= u64::from(Who::unpack(row.who.load(SeqCst)).deliveries)
    }

    /// It was served by a server. False if it had been before.
    pub(super) fn finish(&self, stay: usize, at: u64, who: Who) -> bool {
        let row = self.row(stay);
        let first = row.finished.compare_exchange(NEVER, at, Relaxed, Relaxed).is_ok();
        if first {
            row.finisher.store(who.pack(), Relaxed);
        }
        first
    }

    /// Its consumer gives it back.
    pub(super) fn give_back(&self, stay: usize) {
        self.row(stay).returned.fetch_add(1, Relaxed);
    }

    /// The queue would not have it back: the delivery had ended before.
    pub(super) fn not_given_back(&self, stay: usize) {
        self.row(stay).returned.fetch_sub(1, Relaxed);
    }

    /// Its consumer failed after it had acknowledged it.
    pub(super) fn fail(&self, stay: usize, at: u64) {
        self.row(stay).finished.store(at | FAILED, Relaxed);
    }

    /// Where a lost message went on as a dead letter: the stay that is told here if none was before.
    pub(super) fn afterlife(&self, stay: usize, begin: impl FnOnce() -> Option<usize>) -> Option<usize> {
        let cell = &self.row(stay).afterlife;
        let known = cell.load(Relaxed);
        if known != NEVER {
            return Some(known as usize);
        }
        // Deliveries of a message come one after another, so that nobody else begins it meanwhile.
        let begun = begin()?;
        cell.store(begun as u64, Relaxed);
        Some(begun)
    }

    pub(super) fn past(&self, stay: usize) -> Past {
        let row = self.row(stay);
        let known = |cell: &AtomicU64| Some(cell.load(Relaxed)).filter(|&at| at != NEVER);
        let (sent, finished) = (known(&row.sent), known(&row.finished));
        Past {
            sent: sent.map(|at| at & !REFUSED),
            accepted: known(&row.accepted),
            refused: sent.is_some_and(|at| at & REFUSED != 0),
            taken: known(&row.taken).zip(known(&row.who).map(Who::unpack)),
            returned: row.returned.load(Relaxed),
            finisher: known(&row.finisher).map(Who::unpack),
            finished: finished.map(|at| at & !FAILED),
            failed: finished.is_some_and(|at| at & FAILED != 0),
            worked: row.worked.load(Relaxed),
            afterlife: known(&row.afterlife).map(|stay| stay as usize),
        }
    }
}

impl Who {
    fn pack(self) -> u64 {
        // The latest delivery is the greatest number. There are at most 512 servers, and so no more groups.
        u64::from(self.deliveries) << 32 | u64::from(self.group & 0xfff) << 20 | u64::from(self.server & 0xf_ffff)
    }

    fn unpack(packed: u64) -> Who {
        Who { group: (packed >> 20) as u32 & 0xfff, server: packed as u32 & 0xf_ffff, deliveries: (packed >> 32) as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(id: u64) -> Origin {
        Origin::new(id, 0, MessageCopy::planned(id, 0))
    }

    #[test]
    fn a_stay_is_told_as_it_was() {
        let stays = Stays::new(1, 2);
        let who = Who { group: 3, server: 511, deliveries: 1 };
        let first = stays.begin(origin(7), 10).expect("room");
        assert!(stays.take(first, 20, who));
        assert!(!stays.take(first, 20, who), "twice in one delivery");
        assert!(stays.finish(first, 30, who) && !stays.finish(first, 40, who), "it is done once");
        let finisher = Some(who);
        assert_eq!(stays.past(first), Past { sent: Some(10), taken: Some((20, who)), finished: Some(30), finisher, ..Past::default() });
        assert_eq!(stays.origin(first).map(|o| o.id), Some(7));
        let second = stays.begin(origin(8), 0).expect("room");
        stays.refuse(second);
        assert_eq!(stays.past(second), Past { sent: Some(0), refused: true, ..Past::default() });
        assert_eq!((stays.len(), stays.origin(2)), (2, None));
        assert_eq!(stays.afterlife(first, || Some(second)), Some(second));
        assert_eq!(stays.afterlife(first, || None), Some(second));
    }

    #[test]
    fn deliveries_may_be_told_of_in_any_order_but_each_once() {
        let stays = Stays::new(1, 1);
        let who = |server, deliveries| Who { group: 0, server, deliveries };
        let stay = stays.begin(origin(0), 0).expect("room");
        // The first waited in a window for so long that the second was done before.
        assert!(stays.take(stay, 20, who(7, 2)) && stays.take(stay, 40, who(8, 1)));
        assert_eq!(stays.past(stay).taken, Some((20, who(7, 2))));
        assert!(!stays.take(stay, 50, who(8, 1)), "the first for a second time");
    }

    #[test]
    fn there_is_room_beyond_what_was_expected_and_an_end_to_it() {
        let stays = Stays::new(1, CHUNK + 1);
        assert!((0..2 * CHUNK as u64).all(|i| stays.begin(origin(i), i).is_some()));
        assert_eq!(stays.origin(CHUNK).map(|o| o.id), Some(CHUNK as u64));
        assert!(!stays.is_full() && stays.begin(origin(0), 0).is_none() && stays.is_full());
    }
}

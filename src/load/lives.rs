//! What happened to each message, written by the threads where it happens: 48 bytes a message, no lock.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// "Has not happened."
const NEVER: u64 = u64::MAX;

/// Set in `sent` when the queue refused the message.
const REFUSED: u64 = 1 << 63;

/// A row for each message of the plan and each queue that it may visit, queue by queue. Times are nanoseconds from the start.
#[derive(Debug)]
pub struct Lives(Vec<Life>);

#[derive(Debug)]
struct Life {
    sent: AtomicU64,
    taken: AtomicU64,
    finished: AtomicU64,
    who: AtomicU64,
    /// By which way it came.
    path: AtomicU64,
    /// Nanoseconds in service at all deliveries together.
    worked: AtomicU64,
}

/// The server that took a message, and at which delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    pub group: u32,
    pub server: u32,
    pub deliveries: u32,
}

/// A message's life as far as it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Past {
    pub sent: Option<u64>,
    pub refused: bool,
    pub taken: Option<(u64, Who)>,
    pub finished: Option<u64>,
    pub worked: u64,
}

impl Lives {
    pub fn new(rows: usize) -> Self {
        let never = || AtomicU64::new(NEVER);
        Lives(
            (0..rows)
                .map(|_| Life { sent: never(), taken: never(), finished: never(), who: never(), path: 0.into(), worked: 0.into() })
                .collect(),
        )
    }

    pub fn send(&self, message: usize, at: u64) {
        self.0[message].sent.store(at, Relaxed);
    }

    /// By which way a message came to this queue, as a number that its draws depend on.
    pub fn come_by(&self, message: usize, path: u64) {
        self.0[message].path.store(path, Relaxed);
    }

    pub fn path(&self, message: usize) -> u64 {
        self.0[message].path.load(Relaxed)
    }

    /// A service took so long, whether it was the last or not.
    pub fn work(&self, message: usize, time: u64) {
        self.0[message].worked.fetch_add(time, Relaxed);
    }

    /// The queue would not have it.
    pub fn refuse(&self, message: usize) {
        self.0[message].sent.fetch_or(REFUSED, Relaxed);
    }

    /// A server took it. False if somebody had taken it before in the same delivery.
    pub fn take(&self, message: usize, at: u64, who: Who) -> bool {
        let life = &self.0[message];
        life.taken.store(at, Relaxed);
        let before = life.who.swap(who.pack(), Relaxed);
        before == NEVER || Who::unpack(before).deliveries < who.deliveries
    }

    pub fn finish(&self, message: usize, at: u64) {
        self.0[message].finished.store(at, Relaxed);
    }

    pub fn past(&self, message: usize) -> Past {
        let life = &self.0[message];
        let known = |cell: &AtomicU64| Some(cell.load(Relaxed)).filter(|&at| at != NEVER);
        let sent = known(&life.sent);
        Past {
            sent: sent.map(|at| at & !REFUSED),
            refused: sent.is_some_and(|at| at & REFUSED != 0),
            taken: known(&life.taken).zip(known(&life.who).map(Who::unpack)),
            finished: known(&life.finished),
            worked: life.worked.load(Relaxed),
        }
    }
}

impl Who {
    fn pack(self) -> u64 {
        u64::from(self.group) << 52 | u64::from(self.server & 0xf_ffff) << 32 | u64::from(self.deliveries)
    }

    fn unpack(packed: u64) -> Who {
        Who { group: (packed >> 52) as u32, server: (packed >> 32) as u32 & 0xf_ffff, deliveries: packed as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_told_as_it_was() {
        let lives = Lives::new(2);
        assert_eq!(lives.past(0), Past::default());
        let who = Who { group: 3, server: 511, deliveries: 1 };
        lives.send(0, 10);
        assert!(lives.take(0, 20, who));
        assert!(!lives.take(0, 20, who), "twice in one delivery");
        lives.finish(0, 30);
        assert_eq!(lives.past(0), Past { sent: Some(10), refused: false, taken: Some((20, who)), finished: Some(30), worked: 0 });
        lives.send(1, 0);
        lives.refuse(1);
        assert_eq!(lives.past(1), Past { sent: Some(0), refused: true, ..Past::default() });
    }
}

//! Random instants at which engines tell of queue levels.

use crate::rng::Key;

/// The instants at which an engine tells of the levels of its queues: one in each cell of a fixed length, at
/// random within it.
#[derive(Debug, Clone, Copy)]
pub struct LevelSampler {
    every: u64,
    cell: u64,
    pub(super) next: u64,
    key: Key,
}

impl LevelSampler {
    /// An instant in every cell of `every` nanoseconds.
    pub fn new(every: u64, key: Key) -> Self {
        let mut sampler = LevelSampler { every: every.max(1), cell: 0, next: 0, key };
        sampler.place();
        sampler
    }

    /// All instants before one.
    pub fn before(mut self, instant: u64) -> Vec<u64> {
        let mut instants = Vec::new();
        while self.next < instant {
            instants.push(self.next);
            self.pass();
        }
        instants
    }

    /// No instant at all.
    pub(super) fn never() -> Self {
        LevelSampler { every: 0, cell: 0, next: u64::MAX, key: Key::new(0, 0) }
    }

    fn place(&mut self) {
        let offset = (self.key.uniform_at(self.cell, 0) * self.every as f64) as u64;
        self.next = self.cell.saturating_mul(self.every).saturating_add(offset);
    }

    /// Goes on to the next cell.
    pub(super) fn pass(&mut self) {
        self.cell += 1;
        self.place();
    }
}

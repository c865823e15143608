//! A disk for tests, in memory, which fails and forgets when it is told to.

use super::{Disk, Medium};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

/// How a disk fails at its n-th call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing works any more; what was not synced is kept or lost piece by piece.
    PowerCut,
    /// The process ends; what it wrote can be read, and is no more durable than before.
    Kill,
    /// This one call fails; half of a write may be done, a failed sync throws away what it should have kept.
    Error,
}

#[derive(Debug, Default)]
pub(super) struct MemoryState {
    pub files: BTreeMap<u64, Vec<u8>>,
    /// Files that came since the names were synced.
    came: BTreeSet<u64>,
    /// Files that went since then.
    went: BTreeMap<u64, Vec<u8>>,
    /// Writes since the last sync: where, and what.
    pending: BTreeMap<u64, Vec<(u64, Vec<u8>)>>,
    calls: u64,
    pub fault: Option<(u64, Fault)>,
    off: bool,
    pub chance: u64,
}

impl MemoryState {
    /// A coin whose tosses follow from the seed.
    fn toss(&mut self) -> bool {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.chance >> 63 == 1
    }

    /// Whether this call fails.
    fn call(&mut self) -> io::Result<()> {
        self.calls += 1;
        match self.fault {
            Some((at, Fault::PowerCut | Fault::Kill)) if self.calls >= at => self.off = true,
            Some((at, Fault::Error)) if self.calls == at => return Err(io::ErrorKind::StorageFull.into()),
            _ => {}
        }
        if self.off { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
    }

    /// Keeps some of a file's unsynced writes, piece by piece, in any order.
    fn scatter(&mut self, number: u64) {
        for (at, bytes) in self.pending.remove(&number).unwrap_or_default() {
            for (piece, content) in bytes.chunks(16).enumerate() {
                let from = at as usize + piece * 16;
                if self.toss()
                    && let Some(place) =
                        self.files.get_mut(&number).and_then(|f| f.get_mut(from..from + content.len()))
                {
                    place.copy_from_slice(content);
                }
            }
        }
    }

    /// The process starts again, and the machine too if it was that.
    pub(super) fn restart(&mut self) {
        let killed = matches!(self.fault, Some((_, Fault::Kill)));
        (self.fault, self.off, self.calls) = (None, false, 0);
        if killed {
            return;
        }
        let open: Vec<u64> = self.pending.keys().copied().collect();
        open.into_iter().for_each(|number| self.scatter(number));
        for number in std::mem::take(&mut self.came) {
            if self.toss() {
                self.files.remove(&number);
            }
        }
        for (number, file) in std::mem::take(&mut self.went) {
            if self.toss() {
                self.files.insert(number, file);
            }
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Memory(pub Arc<Mutex<MemoryState>>);

#[cfg(shuttle)]
impl Memory {
    /// Whether a message would be there if the power failed now and nothing more was kept than must be.
    pub fn keeps(&self, id: u64) -> bool {
        super::recover(self).expect("it can be read").owed.iter().any(|o| o.id == id)
    }

    /// Lets a call fail.
    pub fn fails_at(&self, call: u64) {
        self.0.lock().fault = Some((call, Fault::Error));
    }
}

impl Disk for Memory {
    fn list(&self) -> io::Result<Vec<u64>> {
        Ok(self.0.lock().files.keys().copied().collect())
    }

    fn read(&self, number: u64) -> io::Result<Vec<u8>> {
        let state = self.0.lock();
        let mut file = state.files.get(&number).cloned().ok_or(io::ErrorKind::NotFound)?;
        for (at, bytes) in state.pending.get(&number).into_iter().flatten() {
            put(&mut file, *at, bytes);
        }
        Ok(file)
    }

    fn create(&self, number: u64, length: u64) -> io::Result<Box<dyn Medium>> {
        let mut state = self.0.lock();
        let outcome = state.call();
        // A call that fails may have made the file, or a part of it.
        let length = if outcome.is_ok() { length } else { length / 2 };
        if outcome.is_ok() || state.toss() {
            state.files.insert(number, vec![0; length as usize]);
            state.came.insert(number);
        }
        outcome.map(|()| Box::new(MemoryFile { state: Arc::clone(&self.0), number }) as Box<dyn Medium>)
    }

    fn remove(&self, number: u64) -> io::Result<()> {
        let mut state = self.0.lock();
        let outcome = state.call();
        if (outcome.is_ok() || state.toss())
            && let Some(file) = state.files.remove(&number)
            && !state.came.remove(&number)
        {
            state.went.insert(number, file);
        }
        outcome
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.0.lock();
        state.call()?;
        (state.came, state.went) = Default::default();
        Ok(())
    }

    fn keep(&self, number: u64) -> io::Result<()> {
        MemoryFile { state: Arc::clone(&self.0), number }.sync()
    }
}

struct MemoryFile {
    state: Arc<Mutex<MemoryState>>,
    number: u64,
}

impl Medium for MemoryFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock();
        let outcome = state.call();
        let done = if outcome.is_ok() { bytes } else { &bytes[..bytes.len() / 2] };
        state.pending.entry(self.number).or_default().push((at, done.to_vec()));
        outcome
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.state.lock();
        let outcome = state.call();
        if outcome.is_err() {
            if !state.off {
                state.scatter(self.number);
            }
            return outcome;
        }
        let writes = state.pending.remove(&self.number).unwrap_or_default();
        let file = state.files.get_mut(&self.number).expect("an open segment is there");
        writes.iter().for_each(|(at, bytes)| put(file, *at, bytes));
        Ok(())
    }
}

/// As much of a write as the file has room for: one that was being made when the process ended may be
/// shorter.
fn put(file: &mut [u8], at: u64, bytes: &[u8]) {
    for (place, byte) in file.iter_mut().skip(at as usize).zip(bytes) {
        *place = *byte;
    }
}

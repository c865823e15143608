//! The log on a disk that fails and forgets: power cuts at any call, lost, torn and reordered writes, full disks, failed syncs,
//! and bytes of any kind.

use super::*;
use parking_lot::Mutex;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// How a disk fails at its n-th call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing works any more; what was not synced is kept or lost piece by piece.
    PowerCut,
    /// This one call fails; half of a write may be done, a failed sync throws away what it should have kept.
    Error,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<u64, Vec<u8>>,
    /// Writes since the last sync: where, and what.
    pending: BTreeMap<u64, Vec<(u64, Vec<u8>)>>,
    calls: u64,
    fault: Option<(u64, Fault)>,
    off: bool,
    chance: u64,
}

impl State {
    /// A coin whose tosses follow from the seed.
    fn toss(&mut self) -> bool {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.chance >> 63 == 1
    }

    /// Whether this call fails.
    fn call(&mut self) -> io::Result<()> {
        self.calls += 1;
        match self.fault {
            Some((at, Fault::PowerCut)) if self.calls >= at => self.off = true,
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
                    && let Some(place) = self.files.get_mut(&number).and_then(|f| f.get_mut(from..from + content.len()))
                {
                    place.copy_from_slice(content);
                }
            }
        }
    }

    /// The machine starts again.
    fn restart(&mut self) {
        let open: Vec<u64> = self.pending.keys().copied().collect();
        open.into_iter().for_each(|number| self.scatter(number));
        (self.fault, self.off, self.calls) = (None, false, 0);
    }
}

#[derive(Debug, Clone, Default)]
struct Memory(Arc<Mutex<State>>);

impl Disk for Memory {
    fn list(&self) -> io::Result<Vec<u64>> {
        Ok(self.0.lock().files.keys().copied().collect())
    }

    fn read(&self, number: u64) -> io::Result<Vec<u8>> {
        self.0.lock().files.get(&number).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn create(&self, number: u64, length: u64) -> io::Result<Box<dyn Medium>> {
        let mut state = self.0.lock();
        let outcome = state.call();
        // A call that fails may have made the file, or a part of it.
        let length = if outcome.is_ok() { length } else { length / 2 };
        if outcome.is_ok() || state.toss() {
            state.files.insert(number, vec![0; length as usize]);
        }
        outcome.map(|()| Box::new(Open { state: Arc::clone(&self.0), number }) as Box<dyn Medium>)
    }

    fn remove(&self, number: u64) -> io::Result<()> {
        let mut state = self.0.lock();
        let outcome = state.call();
        if outcome.is_ok() || state.toss() {
            state.files.remove(&number);
        }
        outcome
    }
}

struct Open {
    state: Arc<Mutex<State>>,
    number: u64,
}

impl Medium for Open {
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
        for (at, bytes) in writes {
            file[at as usize..at as usize + bytes.len()].copy_from_slice(&bytes);
        }
        Ok(())
    }
}

/// What publishers and consumers know.
#[derive(Debug, Default)]
struct Known {
    /// Bodies that were handed to the log, by number.
    attempted: BTreeMap<u64, Vec<u8>>,
    /// Numbers whose commit returned.
    confirmed: Vec<u64>,
    /// Numbers whose settlement was noted, and those of them that were committed.
    settled: Vec<u64>,
    gone: Vec<u64>,
}

/// Plays a script of publishing (0 to 5), lazy settling (6, 7) and flushing (8) until something fails.
fn play(log: &Log, script: &[(u8, u8)], known: &mut Known) -> Result<(), LogError> {
    for &(what, size) in script {
        match what {
            0..6 => {
                let body = vec![size; usize::from(size)];
                let (id, position) = log.publish(body.clone())?;
                known.attempted.insert(id, body);
                if what < 4 {
                    log.commit(position)?;
                    let owed = |id: &&u64| !known.confirmed.contains(id);
                    let durable: Vec<u64> = known.attempted.keys().filter(|i| **i <= id).filter(owed).copied().collect();
                    known.confirmed.extend(durable);
                    known.gone.clone_from(&known.settled);
                }
            }
            6 | 7 => {
                let open: Vec<u64> = known.attempted.keys().filter(|id| !known.settled.contains(id)).copied().collect();
                if let Some(&id) = open.get(usize::from(size) % open.len().max(1)) {
                    known.settled.push(id);
                    log.note(id, Event::Settled)?;
                }
            }
            _ => {
                log.flush()?;
                known.confirmed = known.attempted.keys().copied().collect();
                known.gone.clone_from(&known.settled);
            }
        }
    }
    Ok(())
}

/// Confirmed ⊆ recovered ⊆ attempted, whole, in order, and nothing that is settled for certain.
fn holds(known: &Known, owed: &[Owed]) -> Result<(), TestCaseError> {
    prop_assert!(owed.is_sorted_by_key(|o| o.id), "the order is kept");
    for message in owed {
        prop_assert_eq!(known.attempted.get(&message.id), Some(&message.body), "nothing is invented or torn");
        prop_assert!(!known.gone.contains(&message.id), "{} was settled for certain", message.id);
    }
    for id in known.confirmed.iter().filter(|id| !known.settled.contains(id)) {
        prop_assert!(owed.iter().any(|o| o.id == *id), "{id} was confirmed and is lost: {known:?}");
    }
    Ok(())
}

/// A script with a fault at a call, then recovery, twice over: the second life fails, too.
fn survive(script: &[(u8, u8)], fault: Fault, at: u64, again: u64, seed: u64) -> Result<(), TestCaseError> {
    let memory = Memory::default();
    let mut known = Known::default();
    memory.0.lock().chance = seed;
    for at in [at, again] {
        memory.0.lock().fault = Some((at, fault));
        if let Ok((log, owed)) = Log::open(Box::new(memory.clone()), 400) {
            holds(&known, &owed)?;
            // What came back is settled or confirmed from here on; what did not is forgotten.
            known.attempted.retain(|id, _| owed.iter().any(|o| o.id == *id));
            known = Known { confirmed: known.attempted.keys().copied().collect(), attempted: known.attempted, ..Known::default() };
            let failed = play(&log, script, &mut known);
            if failed.is_err() {
                prop_assert!(log.publish(vec![1]).is_err() || log.flush().is_err(), "a failed log stays failed");
            }
        }
        memory.0.lock().restart();
    }
    let (_, owed) = Log::open(Box::new(memory), 400).expect("the disk works again");
    holds(&known, &owed)
}

fn cases(most: u32) -> ProptestConfig {
    let asked = std::env::var("CRASH_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(most), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(3_000))]

    /// `CRASH_CASES=100000` makes the long version.
    #[test]
    fn confirmed_messages_survive_power_cuts(
        script in prop::collection::vec((0..9_u8, 0..90_u8), 1..40), at in 1..60_u64, again in 1..60_u64, seed: u64
    ) {
        survive(&script, Fault::PowerCut, at, again, seed)?;
    }

    #[test]
    fn confirmed_messages_survive_failing_calls(
        script in prop::collection::vec((0..9_u8, 0..90_u8), 1..40), at in 1..60_u64, again in 1..60_u64, seed: u64
    ) {
        survive(&script, Fault::Error, at, again, seed)?;
    }

    /// Any bytes: no panic, no more than there is, and a valid prefix of what was written.
    #[test]
    fn bytes_of_any_kind_are_read_as_what_is_whole(
        script in prop::collection::vec((0..9_u8, 0..90_u8), 1..30),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let (memory, mut known) = (Memory::default(), Known::default());
        let (log, _) = Log::open(Box::new(memory.clone()), 400).expect("nothing fails");
        play(&log, &script, &mut known).expect("nothing fails");
        drop(log);
        {
            let mut state = memory.0.lock();
            for (at, byte) in damage {
                let numbers: Vec<u64> = state.files.keys().copied().collect();
                if let Some(&number) = numbers.get(at.index(numbers.len().max(1))) {
                    let file = state.files.get_mut(&number).expect("it is listed");
                    let at = at.index(file.len());
                    file[at] = byte;
                }
            }
            state.files.insert(u64::MAX, noise);
        }
        let found = recover(&memory).expect("the disk can be read");
        prop_assert!(found.owed.is_sorted_by_key(|o| o.id));
        for message in &found.owed {
            prop_assert_eq!(known.attempted.get(&message.id), Some(&message.body));
        }
    }
}

#[test]
fn every_prefix_of_a_log_is_read_as_that_prefix() {
    let memory = Memory::default();
    let (log, _) = Log::open(Box::new(memory.clone()), 100_000).expect("nothing fails");
    let mut ends = vec![record::SEGMENT_HEAD];
    for n in 0..30_u8 {
        let (id, position) = log.publish(vec![n; usize::from(n)]).expect("nothing fails");
        log.commit(position).expect("nothing fails");
        ends.push(ends[ends.len() - 1] + record::size(&Event::Published(vec![n; usize::from(n)])));
        assert_eq!(id, u64::from(n));
    }
    let whole = memory.0.lock().files[&0].clone();
    for cut in 0..ends[30] {
        let shorter = Memory::default();
        shorter.0.lock().files.insert(0, whole[..cut].to_vec());
        let expected = ends.iter().filter(|&&end| end <= cut).count().saturating_sub(1);
        assert_eq!(recover(&shorter).expect("it can be read").owed.len(), expected, "cut at {cut}");
    }
}

#[test]
fn settled_segments_go_and_the_rest_stays() {
    let memory = Memory::default();
    let (log, _) = Log::open(Box::new(memory.clone()), 400).expect("nothing fails");
    let segments = || memory.0.lock().files.len();
    for n in 0..200 {
        let (id, position) = log.publish(vec![7; 50]).expect("nothing fails");
        log.commit(position).expect("nothing fails");
        // The tenth stays for a while.
        if n != 10 {
            log.note(id, Event::Settled).expect("nothing fails");
        }
    }
    assert!(segments() > 30, "an unsettled message keeps its segment and what follows: {}", segments());
    log.note(10, Event::Settled).expect("nothing fails");
    log.flush().expect("nothing fails");
    assert!(segments() <= 2, "{}", segments());
    drop(log);
    let (log, owed) = Log::open(Box::new(memory.clone()), 400).expect("nothing fails");
    assert!(owed.is_empty());
    assert_eq!(log.publish(vec![]).expect("nothing fails").0, 200, "numbers go on");
}

#[test]
fn many_publishers_share_syncs_and_all_are_confirmed() {
    let memory = Memory::default();
    let (log, _) = Log::open(Box::new(memory.clone()), 4_000).expect("nothing fails");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..100_u8 {
                    let (_, position) = log.publish(vec![n]).expect("nothing fails");
                    log.commit(position).expect("nothing fails");
                }
            });
        }
    });
    memory.0.lock().restart();
    assert_eq!(recover(&memory).expect("it can be read").owed.len(), 800);
}

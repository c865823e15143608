//! The workers of a sweep as they know of one another: a file of each says which points it has under way, and
//! is locked for as long as the worker lives.
//!
//! Nothing hangs on clocks or on process ids. Where files cannot be locked, everybody works alone.

use super::parts::{BegunPart, Part, PartPlayer, Parts};
use crate::cli::progress::{self, Stopwatch};
use crate::study::WantedRuns;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

/// Replications of fewer messages for each queue are not worth a file.
const LEAST_MESSAGES: u64 = 100_000;
/// Between two looks whether another has played a replication.
const LOOK: Duration = Duration::from_millis(1);

/// This worker.
pub(super) struct Worker<'a> {
    pub parts: Parts<'a>,
    name: String,
    /// Its file; `None` if it works alone.
    file: Option<Mutex<File>>,
    /// Messages of a replication that others may play, at least.
    least: u64,
    open: Mutex<BTreeMap<usize, OpenPoint>>,
    clock: Stopwatch,
}

/// A point that this worker has under way.
struct OpenPoint {
    /// What is wanted of it, the last one last.
    runs: Vec<WantedRuns>,
    since: Duration,
    /// Replications of the last ones that this worker has begun.
    begun: u32,
}

/// What another worker says.
pub(super) struct Announcement {
    pub worker: String,
    pub open: Vec<WantedRuns>,
}

impl<'a> Worker<'a> {
    /// A worker of this name, for a scenario of so many queues; alone if it is to be.
    pub(super) fn new(parts: Parts<'a>, name: String, queues: usize, alone: bool) -> Self {
        let (open, clock) = (Mutex::default(), Stopwatch::start());
        let least = LEAST_MESSAGES * queues as u64;
        let mut worker = Worker { parts, name, file: None, least, open, clock };
        worker.file = if alone { None } else { worker.locked().map(Mutex::new) };
        worker.announce(&BTreeMap::new());
        worker
    }

    fn locked(&self) -> Option<File> {
        std::fs::create_dir_all(self.parts.folder()).ok()?;
        let file = File::create_new(self.path(&self.name)).ok()?;
        file.lock().ok()?;
        // What cannot be locked is as good as locked by nobody.
        self.lives(&self.name).then_some(file)
    }

    fn path(&self, worker: &str) -> PathBuf {
        self.parts.folder().join(format!("{worker}.{SUFFIX}"))
    }

    /// Whether a worker lives.
    fn lives(&self, worker: &str) -> bool {
        let file = File::open(self.path(worker));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    fn announce(&self, open: &BTreeMap<usize, OpenPoint>) {
        let line = |runs: &WantedRuns| {
            let WantedRuns { point, warmup, messages, from, to } = runs;
            format!("{point},{warmup},{messages},{from},{to}\n")
        };
        let text: String = open.values().filter_map(|point| point.runs.last()).map(line).collect();
        self.write(&(WORKING.to_string() + &text));
    }

    fn write(&self, body: &str) {
        let Some(file) = &self.file else { return };
        let (mut file, bytes) = (file.lock(), self.parts.sealed(body.as_bytes()));
        let mut written = || {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&bytes)?;
            file.set_len(bytes.len() as u64)
        };
        // Whoever reads what is not whole does not help.
        let _ = written();
    }

    /// It has answered all of its share, and only helps.
    pub(super) fn has_answered(&self) {
        self.write("");
    }

    /// What a worker says; `None` if it is no more, or has answered its share.
    fn said(&self, worker: &str) -> Option<Announcement> {
        // What it is just writing says that it works, and nothing else.
        let body = self.parts.read(&self.path(worker)).unwrap_or_else(|| WORKING.into());
        let text = std::str::from_utf8(&body).ok()?.strip_prefix(WORKING)?;
        let runs = |line: &str| {
            let mut numbers = line.split(',').map_while(|number| number.parse::<u64>().ok());
            let mut next = || numbers.next();
            let (point, warmup, messages) = (usize::try_from(next()?).ok()?, next()?, next()?);
            let (from, to) = (u32::try_from(next()?).ok()?, u32::try_from(next()?).ok()?);
            Some(WantedRuns { point, warmup, messages, from, to })
        };
        let open = text.lines().filter_map(runs).collect();
        self.lives(worker).then(|| Announcement { worker: worker.into(), open })
    }

    /// The other workers that live and have points to answer.
    pub(super) fn others(&self) -> Vec<Announcement> {
        if self.file.is_none() {
            return Vec::new();
        }
        let entries = std::fs::read_dir(self.parts.folder()).into_iter().flatten().flatten();
        let name = |path: PathBuf| {
            let known = path.extension().is_some_and(|e| e == SUFFIX);
            path.file_stem().filter(|_| known).map(|name| name.to_string_lossy().into_owned())
        };
        let names = entries.filter_map(|entry| name(entry.path())).filter(|name| *name != self.name);
        names.filter_map(|name| self.said(&name)).collect()
    }

    /// Begins the last replication that a worker wants and that nobody has begun, `tried` being those that
    /// are left.
    pub(super) fn begin(&self, worker: &str, runs: &WantedRuns, tried: &mut u32) -> Option<(u32, BegunPart)> {
        // The first is that of whoever answers the point.
        while *tried > runs.from.max(1) {
            *tried -= 1;
            if let Some(part) = self.parts.help(runs, *tried, &self.name) {
                // A point is announced no more before its parts are thrown away.
                let wanted = self.said(worker).is_some_and(|said| said.open.contains(runs));
                return wanted.then_some((*tried, part));
            }
        }
        None
    }

    /// Announces replications that are long enough.
    pub(super) fn wants(&self, runs: &WantedRuns) {
        if self.file.is_none() || runs.warmup + runs.messages < self.least {
            return;
        }
        // What somebody began who is no more, as this worker before.
        (runs.from..runs.to).filter(|one| self.is_abandoned(runs, *one)).for_each(|one| {
            self.parts.remove(runs, one);
        });
        let mut open = self.open.lock();
        let point = open.entry(runs.point).or_insert_with(|| OpenPoint {
            runs: Vec::new(),
            since: Duration::ZERO,
            begun: 0,
        });
        (point.since, point.begun) = (self.clock.elapsed(), 0);
        point.runs.push(*runs);
        self.announce(&open);
    }

    fn is_abandoned(&self, runs: &WantedRuns, replication: u32) -> bool {
        match self.parts.find(runs, replication) {
            Part::Begun(PartPlayer::Owner(name) | PartPlayer::Helper(name)) => {
                name == self.name || !self.lives(&name)
            }
            Part::Begun(PartPlayer::Unknown) => true,
            Part::Free | Part::Played(_) => false,
        }
    }

    /// What another has played of a replication, if it has; this worker waits for one that is under way, but
    /// no longer than it would take to play it twice.
    pub(super) fn played_elsewhere(&self, runs: &WantedRuns, replication: u32) -> Option<Vec<u8>> {
        let patience = || {
            let open = self.open.lock();
            let point = open.get(&runs.point)?;
            let each = (self.clock.elapsed() - point.since) / point.begun.saturating_sub(1).max(1);
            Some(2 * rayon::current_num_threads() as u32 * each)
        };
        let begins = || {
            self.open.lock().get_mut(&runs.point).is_some_and(|point| {
                point.begun += 1;
                self.parts.own(runs, replication, &self.name)
            })
        };
        let announced = self.open.lock().get(&runs.point).is_some_and(|open| open.runs.contains(runs));
        if !announced || begins() {
            return None;
        }
        let until = self.clock.elapsed() + patience()?;
        loop {
            match self.parts.find(runs, replication) {
                Part::Played(bytes) => {
                    // It has taken no time.
                    self.open.lock().get_mut(&runs.point)?.begun -= 1;
                    return Some(bytes);
                }
                Part::Begun(PartPlayer::Helper(name)) if self.lives(&name) => {}
                Part::Begun(PartPlayer::Unknown) => {}
                _ => return None,
            }
            if self.clock.elapsed() > until || progress::is_stopped() {
                return None;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// A point is answered, or left: nothing of it is wanted any more.
    pub(super) fn closes(&self, point: usize) {
        let mut open = self.open.lock();
        let Some(closed) = open.remove(&point) else { return };
        self.announce(&open);
        drop(open);
        for runs in &closed.runs {
            (runs.from..runs.to).for_each(|one| self.parts.remove(runs, one));
        }
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        if self.file.is_none() {
            return;
        }
        self.has_answered();
        // What others have played of points that were left is there for whoever goes on.
        for runs in self.open.lock().values().flat_map(|point| &point.runs) {
            let own =
                |one: &u32| self.parts.find(runs, *one) == Part::Begun(PartPlayer::Owner(self.name.clone()));
            (runs.from..runs.to).filter(own).for_each(|one| self.parts.remove(runs, one));
        }
        let _ = std::fs::remove_file(self.path(&self.name));
        // Only if nobody has anything in it.
        let _ = std::fs::remove_dir(self.parts.folder());
    }
}

const SUFFIX: &str = "worker";
/// What the file of a worker begins with that has points to answer.
const WORKING: &str = "working\n";

#[cfg(test)]
mod tests {
    use super::super::parts;
    use super::*;
    use crate::cli::files::random_number;
    use crate::cli::segments::Segments;
    use std::path::Path;

    const RUNS: WantedRuns = WantedRuns { point: 4, warmup: 1000, messages: 200_000, from: 0, to: 5 };

    /// A folder of a sweep, with its plan's segments.
    fn sweep(with: &dyn Fn(&Path, &Segments)) {
        let folder = std::env::temp_dir().join(format!("queuelab-parts-{}", random_number()));
        with(&folder, &Segments::of(&folder, 7));
        assert!(!parts::folder(&folder).exists(), "something is left");
        let _ = std::fs::remove_dir_all(&folder);
    }

    #[test]
    fn whoever_begins_a_replication_plays_it_and_what_is_wrong_is_not_taken() {
        sweep(&|folder, segments| {
            let parts = Parts::of(folder, segments);
            std::fs::create_dir_all(parts.folder()).expect("a folder");
            assert_eq!(parts.find(&RUNS, 2), Part::Free);
            assert!(parts.own(&RUNS, 2, "a") && !parts.own(&RUNS, 2, "b"));
            assert!(parts.help(&RUNS, 2, "b").is_none());
            assert_eq!(parts.find(&RUNS, 2), Part::Begun(PartPlayer::Owner("a".into())));
            drop(parts.help(&RUNS, 3, "b").expect("nobody has begun it"));
            assert_eq!(parts.find(&RUNS, 3), Part::Free, "it was given up");
            let part = parts.help(&RUNS, 3, "b").expect("nobody has begun it");
            assert_eq!(parts.find(&RUNS, 3), Part::Begun(PartPlayer::Helper("b".into())));
            part.give(&parts, b"what was played");
            assert_eq!(parts.find(&RUNS, 3), Part::Played(b"what was played".to_vec()));
            // Under another number, of another warm-up, of another plan, changed or cut.
            let path = parts.folder().join("4-3-1000-200000.part");
            let sound = std::fs::read(&path).expect("it is there");
            let (other, longer) = (Segments::of(folder, 8), WantedRuns { warmup: 2000, ..RUNS });
            std::fs::write(parts.folder().join("4-4-1000-200000.part"), &sound).expect("written");
            assert_eq!(parts.find(&RUNS, 4), Part::Begun(PartPlayer::Unknown));
            assert_eq!(parts.find(&longer, 3), Part::Free);
            assert_eq!(Parts::of(folder, &other).find(&RUNS, 3), Part::Begun(PartPlayer::Unknown));
            for bit in 0..8 * sound.len() {
                let mut bytes = sound.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                std::fs::write(&path, bytes).expect("written");
                assert!(matches!(parts.find(&RUNS, 3), Part::Begun(_)), "bit {bit}");
            }
            for end in 0..sound.len() {
                std::fs::write(&path, &sound[..end]).expect("written");
                assert!(matches!(parts.find(&RUNS, 3), Part::Begun(_)), "cut at {end}");
            }
            std::fs::remove_dir_all(parts.folder()).expect("it is a folder");
        });
    }

    #[test]
    fn workers_know_of_one_another_while_they_live() {
        sweep(&|folder, segments| {
            let worker = |name: &str| Worker::new(Parts::of(folder, segments), name.into(), 1, false);
            let (a, b) = (worker("a"), worker("b"));
            assert!(b.others().len() == 1 && b.others()[0].open.is_empty());
            a.wants(&WantedRuns { messages: 10, warmup: 0, ..RUNS });
            assert!(b.others()[0].open.is_empty(), "too short for a file");
            a.wants(&RUNS);
            assert_eq!((b.others()[0].worker.as_str(), &b.others()[0].open), ("a", &vec![RUNS]));
            // The last ones are for those who help, and none that the worker plays itself.
            assert_eq!(a.played_elsewhere(&RUNS, 0), None);
            let mut left = RUNS.to;
            let (one, part) = b.begin("a", &RUNS, &mut left).expect("there is one");
            assert_eq!(one, 4);
            part.give(&b.parts, b"by b");
            assert_eq!(a.played_elsewhere(&RUNS, 1), None);
            assert_eq!(a.played_elsewhere(&RUNS, 4), Some(b"by b".to_vec()));
            let (one, unfinished) = b.begin("a", &RUNS, &mut left).expect("there is one");
            assert_eq!((one, a.played_elsewhere(&RUNS, 3)), (3, None), "it does not wait for ever");
            assert_eq!(b.begin("a", &RUNS, &mut left).map(|begun| begun.0), Some(2));
            assert!(b.begin("a", &RUNS, &mut left).is_none() && left == 1);
            drop(unfinished);
            a.closes(RUNS.point);
            assert!(b.others()[0].open.is_empty() && b.begin("a", &RUNS, &mut 5).is_none());
            a.has_answered();
            assert!(b.others().is_empty());
            a.wants(&RUNS);
            assert_eq!(b.others().len(), 1);
            drop(a);
            assert!(b.others().is_empty());
            // What one leaves who is killed is nobody's.
            let name = parts::folder(folder).join("c.worker");
            std::fs::write(&name, b.parts.sealed(b"working\n4,1000,200000,0,5\n")).expect("written");
            assert!(b.others().is_empty());
            assert!(b.parts.own(&RUNS, 1, "c") && b.parts.own(&RUNS, 2, "b"));
            b.wants(&RUNS);
            assert_eq!([1, 2].map(|one| b.parts.find(&RUNS, one)), [Part::Free, Part::Free]);
            std::fs::remove_file(name).expect("it is there");
        });
    }
}

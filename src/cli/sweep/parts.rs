//! Replications that workers play for one another, in a folder beside the segments: a file for each, which is
//! there as soon as somebody has begun to play it.
//!
//! Whoever makes the file plays the replication: a line in it says who, until what was played stands there
//! with the checksum of a segment. A file that is wrong in any way only means that the replication is played
//! by whoever answers the point, so none of this decides about answers.

use crate::cli::segments::Segments;
use crate::study::WantedRuns;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The parts of a sweep's points.
pub(super) struct Parts<'a> {
    segments: &'a Segments,
    folder: PathBuf,
}

/// What there is of a replication.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Nobody has begun it.
    Free,
    /// Somebody plays it.
    Begun(PartPlayer),
    /// It was played.
    Played(Vec<u8>),
}

/// Who plays a replication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PartPlayer {
    /// Who answers the point: it keeps what it plays to itself.
    Owner(String),
    /// A worker that gives it away.
    Helper(String),
    /// It does not say so yet.
    Unknown,
}

/// A replication that this worker helps with: given up unless it is given.
pub(super) struct BegunPart {
    path: PathBuf,
    file: File,
    given: bool,
}

impl<'a> Parts<'a> {
    pub(super) fn of(sweep: &Path, segments: &'a Segments) -> Self {
        Parts { segments, folder: folder(sweep) }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file's bytes as this plan's.
    pub(super) fn sealed(&self, body: &[u8]) -> Vec<u8> {
        self.segments.sealed(body)
    }

    /// What a file of this plan says; `None` if there is none.
    pub(super) fn read(&self, path: &Path) -> Option<Vec<u8>> {
        self.segments.opened(&std::fs::read(path).ok()?)
    }

    fn path(&self, runs: &WantedRuns, replication: u32) -> PathBuf {
        let WantedRuns { point, warmup, messages, .. } = runs;
        self.folder.join(format!("{point}-{replication}-{warmup}-{messages}.part"))
    }

    /// What there is of a replication.
    pub(super) fn find(&self, runs: &WantedRuns, replication: u32) -> Part {
        let path = self.path(runs, replication);
        let Ok(bytes) = std::fs::read(&path) else { return Part::Free };
        let said = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_suffix('\n'));
        let player = match said.and_then(|text| text.split_once(' ')) {
            Some((OWNER, name)) => PartPlayer::Owner(name.into()),
            Some((HELPER, name)) => PartPlayer::Helper(name.into()),
            _ => PartPlayer::Unknown,
        };
        let name = named(&path);
        let played =
            self.segments.opened(&bytes).and_then(|body| Some(body.strip_prefix(&name[..])?.to_vec()));
        played.map_or(Part::Begun(player), Part::Played)
    }

    /// Begins a replication, if nobody has: the file that says so.
    fn begin(&self, runs: &WantedRuns, replication: u32, line: &str) -> Option<(PathBuf, File)> {
        let path = self.path(runs, replication);
        let mut file = File::create_new(&path).ok()?;
        file.write_all(line.as_bytes()).ok()?;
        Some((path, file))
    }

    /// Begins a replication of a point that this worker answers, unless somebody has begun it.
    pub(super) fn own(&self, runs: &WantedRuns, replication: u32, worker: &str) -> bool {
        self.begin(runs, replication, &format!("{OWNER} {worker}\n")).is_some()
    }

    /// Begins a replication for another worker, unless somebody has begun it.
    pub(super) fn help(&self, runs: &WantedRuns, replication: u32, worker: &str) -> Option<BegunPart> {
        let (path, file) = self.begin(runs, replication, &format!("{HELPER} {worker}\n"))?;
        Some(BegunPart { path, file, given: false })
    }

    /// Throws away what there is of a replication.
    pub(super) fn remove(&self, runs: &WantedRuns, replication: u32) {
        let _ = std::fs::remove_file(self.path(runs, replication));
    }
}

impl BegunPart {
    /// Gives what was played. That it cannot be written means that the point's worker plays it.
    pub(super) fn give(mut self, parts: &Parts<'_>, bytes: &[u8]) {
        let body = [&named(&self.path), bytes].concat();
        let mut written = || {
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(&parts.sealed(&body))
        };
        self.given = written().is_ok();
    }
}

impl Drop for BegunPart {
    fn drop(&mut self) {
        if !self.given {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

const OWNER: &str = "owner";
const HELPER: &str = "helper";

/// The folder of a sweep's parts.
pub(super) fn folder(sweep: &Path) -> PathBuf {
    sweep.join("parts")
}

/// The line that says in a file which one it is.
fn named(path: &Path) -> Vec<u8> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}\n").into_bytes()
}

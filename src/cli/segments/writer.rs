//! Appends points to a segment.

use super::found::PointKind;
use super::{SUFFIX, Segments, sum_line};
use crate::cli::planned_files::checksum;
use crate::cli::{Ending, files, style, system};
use parking_lot::Mutex;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

/// Bytes that may be lost with the machine.
const UNSYNCED: usize = 1 << 20;

/// A segment of a worker's own; its file is made with its first point.
pub(in crate::cli) struct SegmentWriter<'a> {
    segments: &'a Segments,
    pub(super) path: PathBuf,
    /// The file and how many bytes of it may not be on the disk yet.
    file: Mutex<Option<(File, usize)>>,
}

impl<'a> SegmentWriter<'a> {
    pub(in crate::cli) fn new(segments: &'a Segments) -> Self {
        let name = format!("{}-{:016x}.{SUFFIX}", machine(), files::random_number());
        SegmentWriter { segments, path: segments.folder().join(name), file: Mutex::default() }
    }

    /// A name that no other worker has.
    pub(in crate::cli) fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Appends a point's rows.
    ///
    /// # Errors
    /// They cannot be written; it is said.
    pub(in crate::cli) fn keep(&self, index: usize, kind: PointKind, rows: &str) -> Result<(), Ending> {
        let mut bytes = format!("point {index},{},{}\n{rows}", kind.name(), rows.len());
        bytes += &sum_line(checksum(bytes.as_bytes()));
        self.append(bytes).map_err(|why| {
            style::note(&format!("error: cannot write {}: {}\n", self.path.display(), system::reason(&why)));
            Ending::Failed
        })
    }

    fn append(&self, bytes: String) -> std::io::Result<()> {
        let mut open = self.file.lock();
        let Some((file, unsynced)) = &mut *open else {
            std::fs::create_dir_all(self.segments.folder())?;
            let mut file = File::create_new(&self.path)?;
            file.write_all((self.segments.heading.clone() + &bytes).as_bytes())?;
            *open = Some((file, bytes.len()));
            return Ok(());
        };
        file.write_all(bytes.as_bytes())?;
        *unsynced += bytes.len();
        if *unsynced >= UNSYNCED {
            file.sync_data()?;
            *unsynced = 0;
        }
        Ok(())
    }
}

impl Drop for SegmentWriter<'_> {
    fn drop(&mut self) {
        if let Some((file, _)) = &*self.file.lock() {
            // Only a machine that fails now loses it, and then it is answered again.
            let _ = file.sync_data();
        }
    }
}

/// The machine's name as far as a file's name takes it.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    if name.is_empty() { "worker".into() } else { name }
}

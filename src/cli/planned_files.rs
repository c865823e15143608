//! The files that a planned sweep's scenario names, as they were when it was planned: copies in the sweep's
//! folder.
//!
//! So every machine answers the same question, wherever it is started, and whatever becomes of the originals.

use super::files::ScenarioFolder;
use super::system;
use crate::scenario::{FileError, Files};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The checksum of bytes.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// Reads files beside a scenario and keeps what was read.
pub(super) struct FilesSeen {
    beside: ScenarioFolder,
    seen: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl FilesSeen {
    pub(super) fn beside(folder: ScenarioFolder) -> Self {
        FilesSeen { beside: folder, seen: Mutex::default() }
    }

    /// What was read, by the path that the scenario has.
    pub(super) fn seen(self) -> BTreeMap<String, Vec<u8>> {
        self.seen.into_inner()
    }
}

impl Files for FilesSeen {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        let name = path.display().to_string();
        if let Some(bytes) = self.seen.lock().get(&name) {
            return Ok(bytes.clone());
        }
        let bytes = self.beside.read(path)?;
        self.seen.lock().insert(name, bytes.clone());
        Ok(bytes)
    }
}

/// The copies in a sweep's folder.
#[derive(Debug, Clone)]
pub(super) struct PlannedFiles {
    folder: PathBuf,
    /// By the path that the scenario has: the checksum.
    pub checksums: BTreeMap<String, u32>,
}

impl PlannedFiles {
    /// Those in the folder of a sweep.
    pub(super) fn of(folder: &Path, checksums: BTreeMap<String, u32>) -> Self {
        PlannedFiles { folder: folder.join("inputs"), checksums }
    }

    /// The name of a copy.
    pub(super) fn name(checksum: u32) -> String {
        format!("{checksum:08x}")
    }
}

impl Files for PlannedFiles {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        let known = self.checksums.get(&path.display().to_string());
        let checksum_then =
            known.copied().ok_or("the plan of the sweep has no copy of it; plan again with --fresh")?;
        let copy = self.folder.join(Self::name(checksum_then));
        let bytes = std::fs::read(&copy)
            .map_err(|e| FileError(format!("{}: {}", copy.display(), system::reason(&e))))?;
        if checksum(&bytes) != checksum_then {
            return Err(FileError(format!(
                "{} is not what was planned; plan again with --fresh",
                copy.display()
            )));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_was_changed_is_refused() {
        let folder = std::env::temp_dir().join(format!("queuelab-planned-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("inputs")).expect("a folder");
        let name = PlannedFiles::name(checksum(b"1\n2\n"));
        std::fs::write(folder.join("inputs").join(&name), b"1\n2\n").expect("a file");
        let files = PlannedFiles::of(&folder, [("a.csv".to_string(), checksum(b"1\n2\n"))].into());
        assert_eq!(files.read(Path::new("a.csv")), Ok(b"1\n2\n".to_vec()));
        assert!(files.read(Path::new("b.csv")).is_err());
        std::fs::write(folder.join("inputs").join(&name), b"1\n3\n").expect("a file");
        assert!(files.read(Path::new("a.csv")).is_err_and(|why| why.0.contains("not what was planned")));
        std::fs::remove_dir_all(&folder).expect("it was there");
    }
}

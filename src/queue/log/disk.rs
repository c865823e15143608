//! Where segments lie: a folder, or something that behaves worse, for tests.

use super::LogError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A place for numbered segments. That one came or went may be forgotten in a crash until the next
/// [`Disk::sync`].
pub trait Disk: Send + Sync {
    /// The numbers of the segments, in any order.
    fn list(&self) -> io::Result<Vec<u64>>;

    /// The bytes of a segment.
    fn read(&self, number: u64) -> io::Result<Vec<u8>>;

    /// A new segment of so many bytes, all zero and durable: writing over them later costs half of what
    /// growing a file does.
    fn create(&self, number: u64, length: u64) -> io::Result<Box<dyn Medium>>;

    /// Removes a segment.
    fn remove(&self, number: u64) -> io::Result<()>;

    /// Makes durable which segments there are.
    fn sync(&self) -> io::Result<()>;

    /// Makes durable all that can be read of a segment: a process that was killed may have left what no sync
    /// has seen.
    fn keep(&self, number: u64) -> io::Result<()>;
}

/// An open segment.
pub trait Medium: Send {
    /// Not durable until the next [`Medium::sync`].
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes durable what was written.
    fn sync(&mut self) -> io::Result<()>;
}

/// A folder of the file system, held by this process alone.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Locked for as long as it is open.
    lock: File,
}

impl Folder {
    /// Opens or makes a folder.
    ///
    /// # Errors
    /// A folder that another process holds, or that cannot be written to.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let named = |error: io::Error| match error.kind() {
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                LogError::NotAFolder { path: path.display().to_string() }
            }
            kind => io::Error::new(kind, format!("{}: {error}", path.display())).into(),
        };
        make(path).map_err(named)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(named)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LogError::InUse { path: path.display().to_string() });
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        Ok(Folder { path: path.to_owned(), lock })
    }

    fn file(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:016x}.log"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A process that this one starts has the file open, too, for a moment, so that closing it here would
        // not free the folder.
        let _freed = self.lock.unlock();
    }
}

/// Makes a folder whose name is durable, as are those above it.
fn make(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> =
        path.ancestors().take_while(|p| !p.as_os_str().is_empty() && !p.exists()).collect();
    fs::create_dir_all(path)?;
    for made in missing {
        let above = made.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(above)?.sync_all()?;
    }
    Ok(())
}

/// Fills a new file with zeros, durably.
fn zero(file: &mut File, length: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 16];
    let mut left = length;
    while left > 0 {
        let some = left.min(zeros.len() as u64);
        file.write_all(&zeros[..some as usize])?;
        left -= some;
    }
    file.sync_all()
}

impl Disk for Folder {
    fn list(&self) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let number = name
                .to_str()
                .and_then(|n| n.strip_suffix(".log"))
                .and_then(|n| u64::from_str_radix(n, 16).ok());
            // Other files that happen to read as a number are none of ours.
            numbers.extend(number.filter(|&n| self.file(n).file_name() == Some(name.as_os_str())));
        }
        Ok(numbers)
    }

    fn read(&self, number: u64) -> io::Result<Vec<u8>> {
        fs::read(self.file(number))
    }

    fn create(&self, number: u64, length: u64) -> io::Result<Box<dyn Medium>> {
        let mut file = OpenOptions::new().create_new(true).write(true).open(self.file(number))?;
        if let Err(error) = zero(&mut file, length) {
            // Half a segment only takes the room that is wanting; if it cannot go now, the next opening
            // removes it.
            let _gone = self.remove(number);
            return Err(error);
        }
        Ok(Box::new(file))
    }

    fn remove(&self, number: u64) -> io::Result<()> {
        fs::remove_file(self.file(number))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    fn keep(&self, number: u64) -> io::Result<()> {
        File::open(self.file(number))?.sync_all()
    }
}

impl Medium for File {
    #[cfg(unix)]
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, at)
    }

    #[cfg(not(unix))]
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        use std::io::{Seek, SeekFrom};
        self.seek(SeekFrom::Start(at))?;
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_free_once_it_is_dropped_whoever_else_has_its_lock_open() {
        let path = std::env::temp_dir().join(format!("queuelab-disk-{}", std::process::id()));
        let folder = Folder::open(&path).expect("a folder among the temporary files");
        // As a process has it that is being started just then.
        let inherited = folder.lock.try_clone().expect("a file can be shared");
        drop(folder);
        let again = Folder::open(&path).map(|_| ());
        drop(inherited);
        std::fs::remove_dir_all(&path).expect("it can be removed");
        assert!(again.is_ok(), "{again:?}");
    }
}

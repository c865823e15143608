//! Why the log will not go on.

use std::io::{Error, ErrorKind};

/// A refusal of the log. [`LogError::Full`], [`LogError::ReadOnly`] and [`LogError::Disk`] are final for an
/// open log: what was not confirmed may or may not be there after it is opened anew. What is refused at
/// opening leaves the files as they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Somebody holds the folder.
    #[error(
        "the log in {path} is open already, here or in another process; close it there, or open another \
            folder"
    )]
    InUse {
        /// The folder.
        path: String,
    },
    /// The path is something else.
    #[error("{path} is not a folder; name a folder, which is made if it is not there")]
    NotAFolder {
        /// What was named.
        path: String,
    },
    /// There is no room on the disk.
    #[error(
        "the disk has no room for the log's next segment; free some space and open the log again: what was \
            confirmed is kept"
    )]
    Full,
    /// The folder or its disk does not take writes.
    #[error("the log cannot be written ({why}); open it in a folder where this process may write")]
    ReadOnly {
        /// What the system says.
        why: String,
    },
    /// The log is in another format.
    #[error(
        "segment {segment:016x} of the log was written by another version of queuelab; open the log with \
            that version"
    )]
    OtherVersion {
        /// The first such segment.
        segment: u64,
    },
    /// Records in the middle of the log cannot be read.
    #[error(
        "segment {segment:016x} of the log is damaged: up to {missing} records before segment {next:016x} \
            cannot be read; put back a copy of the damaged file, \
         or move the segments behind it elsewhere to open what lies before the damage"
    )]
    Damaged {
        /// The damaged segment.
        segment: u64,
        /// How many records may be lost at most.
        missing: u64,
        /// The segment behind the damage.
        next: u64,
    },
    /// Anything else that the system says.
    #[error(
        "the disk failed ({why}); open the log again to see what is kept: no confirmed message is lost by \
            this process"
    )]
    Disk {
        /// Its words.
        why: String,
    },
    /// A message does not fit a record.
    #[error(
        "a message of {bytes} bytes is more than the {most} that a record may hold; store it elsewhere and \
            publish where it is"
    )]
    TooLarge {
        /// The message's bytes.
        bytes: usize,
        /// How many may be.
        most: usize,
    },
}

impl From<Error> for LogError {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => LogError::Full,
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
                LogError::ReadOnly { why: error.to_string() }
            }
            _ => LogError::Disk { why: error.to_string() },
        }
    }
}

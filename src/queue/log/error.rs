//! Why the log will not go on.

use std::io::{Error, ErrorKind};

/// A refusal of the log. [`LogError::Full`], [`LogError::ReadOnly`] and [`LogError::Disk`] are final for an open log: what was not
/// confirmed may or may not be there after it is opened anew. What is refused at opening leaves the files as they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    #[error("the log in {path} is open already, here or in another process; close it there, or open another folder")]
    InUse { path: String },
    #[error("{path} is not a folder; name a folder, which is made if it is not there")]
    NotAFolder { path: String },
    #[error("the disk has no room for the log's next segment; free some space and open the log again: what was confirmed is kept")]
    Full,
    #[error("the log cannot be written ({why}); open it in a folder where this process may write")]
    ReadOnly { why: String },
    #[error("segment {segment:016x} of the log was written by another version of queuelab; open the log with that version")]
    OtherVersion { segment: u64 },
    #[error(
        "segment {segment:016x} of the log is damaged: up to {missing} records before segment {next:016x} cannot be read; put back a copy of the damaged file, \
         or move the segments behind it elsewhere to open what lies before the damage"
    )]
    Damaged { segment: u64, missing: u64, next: u64 },
    #[error("the disk failed ({why}); open the log again to see what is kept: no confirmed message is lost by this process")]
    Disk { why: String },
    #[error("a message of {bytes} bytes is more than the {most} that a record may hold; store it elsewhere and publish where it is")]
    TooLarge { bytes: usize, most: usize },
}

impl From<Error> for LogError {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => LogError::Full,
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => LogError::ReadOnly { why: error.to_string() },
            _ => LogError::Disk { why: error.to_string() },
        }
    }
}

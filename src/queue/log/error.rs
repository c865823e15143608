//! Why the log will not go on.

use std::io::{Error, ErrorKind};

/// A refusal of the log. All but [`LogError::InUse`] are final for the open log: what was not confirmed may or may not be there
/// after it is opened anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    #[error("{path} belongs to another process; open another folder, or end that process")]
    InUse { path: String },
    #[error("the disk is full; free some space and open the log again: what was confirmed is kept")]
    Full,
    #[error("the folder cannot be written to ({why}); open the log where this process may write")]
    ReadOnly { why: String },
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

//! Why a conversation with a broker cannot go on.

use std::fmt;

/// Bytes that are no frame, and why, as a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::load::targets) struct Malformed(pub &'static str);

/// Why a conversation with a broker cannot go on.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::load::targets) enum WireError {
    /// The broker ended it.
    Closed,
    /// What the operating system says.
    System(String),
    /// What came is not of the protocol.
    Malformed(&'static str),
    /// Nothing came for so many seconds.
    Silent(f64),
    /// The broker says why.
    Told(String),
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::Closed => f.write_str("the broker closed the connection"),
            WireError::System(why) | WireError::Told(why) => f.write_str(why),
            WireError::Malformed(why) => write!(f, "the broker sent what is not of its protocol: {why}"),
            WireError::Silent(seconds) => write!(f, "the broker said nothing for {seconds} s"),
        }
    }
}

impl From<Malformed> for WireError {
    fn from(Malformed(why): Malformed) -> Self {
        WireError::Malformed(why)
    }
}

impl From<std::io::Error> for WireError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        match error.kind() {
            BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof => WireError::Closed,
            _ => WireError::System(error.to_string()),
        }
    }
}

//! Where something was written.

/// A stretch of one of the sources: 0 is the file, the others are values from the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub origin: usize,
    pub start: usize,
    pub end: usize,
}

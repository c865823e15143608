//! Reports of studies that ask more than one question: capacity searches, sweeps, comparisons.

pub mod capacity;
mod page;
pub mod points;
pub mod sweep;

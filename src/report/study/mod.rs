//! Reports of studies that ask more than one question: capacity searches, sweeps, comparisons.

pub mod capacity;
pub mod compare;
mod page;
pub mod points;
pub mod sweep;

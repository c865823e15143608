//! Reports of studies that ask more than one question: capacity searches, sweeps, comparisons.

pub mod capacity;

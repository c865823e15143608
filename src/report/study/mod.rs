//! Reports of studies that ask more than one question: capacity searches, sweeps, comparisons.

pub mod audit;
pub mod bench;
pub mod capacity;
pub mod cheapest;
pub mod compare;
mod compare_sentences;
pub mod explain;
pub mod fit;
mod fit_models;
mod fit_notes;
pub mod fit_throughput;
pub mod index;
pub mod points;
pub mod predict;
pub mod sweep;
mod sweep_table;
mod timetable;
mod trials;

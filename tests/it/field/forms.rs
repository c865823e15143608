//! What the closed forms answer: percentiles of any name, unlike servers, batches by size or time, classes
//! with ways of their own.

mod classes;
mod laws;
mod lingering;
mod percentiles;
mod unequal;

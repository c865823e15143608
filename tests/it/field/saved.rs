//! Nothing is overwritten or lost.

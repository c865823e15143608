//! Verdicts use the best witness.

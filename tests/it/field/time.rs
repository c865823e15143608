//! Time that repeats, ends, or runs out.

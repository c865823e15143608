//! What arrives and how much work it brings: laws of times, arrival processes and the plan drawn from them.

pub mod laws;

//! What arrives and how much work it brings: laws of times, arrival processes and the plan drawn from them.

mod block;
pub mod laws;
pub mod math;

pub use block::{Block, Kept, Source};

//! What arrives and how much work it brings: laws of times, arrival processes and the plan drawn from them.

pub mod arrivals;
mod block;
pub mod file;
mod instants;
pub mod laws;
pub(crate) mod math;
pub mod plan;
mod plan_error;
mod token_bucket;
mod tournament;

pub use block::{Block, Blocks, Kept};
pub use plan::Plan;
pub use plan_error::PlanError;
pub(crate) use token_bucket::TokenBucket;
pub(crate) use tournament::Tournament;

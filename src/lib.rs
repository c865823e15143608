//! One question, several answers: will this queue hold?

pub mod answer;
pub mod load;
pub mod message;
pub mod queue;
pub mod rng;
pub mod scenario;
pub mod study;
pub mod units;
pub mod workload;

//! One question, several answers: will this queue hold?

pub mod answer;
pub mod cli;
pub mod discipline;
pub mod load;
pub mod message;
pub mod queue;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod sim;
pub mod stats;
pub mod study;
pub mod theory;
pub mod units;
pub mod workload;

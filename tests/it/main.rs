//! One test binary, a file per kind of truth.

mod agreement;
mod answers;
mod cli;
mod combinations;
mod coverage;
mod crash;
mod engine;
mod field;
mod gallery;
mod hand_over;
mod layers;
mod literature;
mod metrics;
mod networks;
mod oracle;
mod pairs;
mod queue;
mod readme;
mod schema;
mod semantics;
mod stopping;
mod studies;
mod theory;
mod timeouts;
mod verdicts;
mod wakeups;

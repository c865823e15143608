//! One test binary, a file per kind of truth.

mod agreement;
mod cli;
mod crash;
mod layers;
mod literature;
mod oracle;
mod queue;
mod readme;

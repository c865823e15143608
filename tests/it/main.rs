//! One test binary, a file per kind of truth.

mod agreement;
mod cli;
mod engine;
mod coverage;
mod layers;
mod literature;
mod networks;
mod oracle;
mod readme;

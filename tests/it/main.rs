//! One test binary, a file per kind of truth.

mod agreement;
mod cli;
mod coverage;
mod layers;
mod literature;
mod oracle;
mod readme;

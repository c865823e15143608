//! One test binary, a file per kind of truth.

mod agreement;
mod cli;
mod layers;
mod literature;
mod oracle;
mod readme;

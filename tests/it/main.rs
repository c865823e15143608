//! One test binary, a file per kind of truth.

mod agreement;
mod cli;
mod layers;
mod oracle;
mod readme;

//! A scenario: TOML text becomes a checked, immutable model, or every problem at once.

pub mod model;
mod plan;

pub use model::*;

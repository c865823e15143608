//! PNG in a program that is built without the feature `png`: there is none.

use std::collections::BTreeSet;
use thiserror::Error;

/// Why a plot cannot be drawn.
#[derive(Debug, Error)]
#[error("this program was built without the cargo feature `png`")]
pub struct PngError;

/// A plot as PNG, and letters that it lacks.
///
/// # Errors
/// Always: it takes the feature.
pub fn png(_: &str) -> Result<(Vec<u8>, BTreeSet<char>), PngError> {
    Err(PngError)
}

//! PNG in a program that is built without the feature `png`: there is none.

/// A plot as PNG.
///
/// # Errors
/// Always: it takes the feature.
pub fn png(_: &str) -> Result<Vec<u8>, String> {
    Err("this program was built without the cargo feature `png`".into())
}

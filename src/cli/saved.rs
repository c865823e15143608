//! Saved results, read again.

use super::{Ending, style, system};
use crate::study::document::{self, Document};
use std::path::Path;

/// Reads a result from its folder or its `answer.json`.
pub(super) fn read(path: &Path) -> Result<Document<'static>, Ending> {
    let file = if path.is_dir() { path.join("answer.json") } else { path.to_path_buf() };
    let text = std::fs::read(&file).map_err(|e| system::reason(&e));
    text.and_then(|text| document::read(&text).map_err(|e| e.to_string())).map_err(|why| {
        style::note(&format!(
            "error: cannot read the result {}: {why}; `queuelab run` writes one\n",
            file.display()
        ));
        Ending::Wrong
    })
}

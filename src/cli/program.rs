//! This program, as what it writes names it.

use super::planned_files::checksum;
use std::sync::OnceLock;

/// This program: its version and revision; one that was built from changed files is known by its own bytes.
pub(super) fn program() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let revision = option_env!("QUEUELAB_REVISION").filter(|revision| !revision.ends_with("-dirty"));
        let own = || std::env::current_exe().and_then(std::fs::read).map_or(0, |bytes| checksum(&bytes));
        let revision = revision.map_or_else(|| format!("{:08x}", own()), String::from);
        format!("{} {revision}", env!("CARGO_PKG_VERSION"))
    })
}

//! `queuelab audit`: whether a published table of a benchmark can be true.

use super::{Ending, files, style, system};
use crate::report::study::audit as report;
use crate::study::audit;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct AuditArguments {
    /// CSV file with a row for each run and columns such as clients, rate, mean_ms, p50_ms, p99_ms, max_ms,
    /// sd_ms, samples, duration_s; - for standard input
    #[arg(value_name = "TABLE.csv")]
    file: PathBuf,
    /// Exit with 1 if figures cannot be true together
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    speech: super::Speech,
}

pub(super) fn audit(arguments: &AuditArguments) -> Ending {
    let wrong = |why: String| {
        style::note(&format!("error: cannot check {}: {why}\n", arguments.file.display()));
        Ending::Wrong
    };
    let bytes = if arguments.file == Path::new("-") {
        files::standard_input()
    } else {
        std::fs::read(&arguments.file).map_err(|e| system::reason(&e))
    };
    let audit = match bytes {
        Ok(bytes) => audit::audit(&bytes),
        Err(why) => return wrong(why),
    };
    let audit = match audit {
        Ok(audit) => audit,
        Err(why) => return wrong(why.to_string()),
    };
    let said = arguments.speech.say(&report::document(&audit), &[], |style| report::text(&audit, &style));
    said.worse(if arguments.check && audit.impossible_rows() > 0 { Ending::Missed } else { Ending::Fine })
}

//! `queuelab fit`: laws and arrivals from a file of measured times.

use super::{End, files, style};
use crate::report::study::fit as report;
use crate::scenario;
use crate::study;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct FitArguments {
    /// CSV file with columns such as timestamp_ns, gap_ms, service_ms or latency_ms
    #[arg(value_name = "TRACE.csv")]
    file: PathBuf,
    /// The folder under which a folder for the fit is written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    speech: super::Speech,
}

pub fn fit(arguments: &FitArguments) -> End {
    fitted(arguments).unwrap_or_else(|end| end)
}

fn fitted(arguments: &FitArguments) -> Result<End, End> {
    let wrong = |why: &str| {
        style::note(&format!("error: cannot fit {}: {why}\n", arguments.file.display()));
        End::Wrong
    };
    // Bytes that are no text spoil their own row, not the file.
    let bytes = std::fs::read(&arguments.file).map_err(|e| wrong(&files::reason(&e)))?;
    let text = String::from_utf8_lossy(&bytes);
    let stem = arguments.file.file_stem().map_or("fit".into(), |s| s.to_string_lossy().into_owned());
    let folder = arguments.speech.folder(arguments.out.as_ref(), &stem);
    if let Some(folder) = &folder {
        files::prepare(folder)?;
    }
    let fit = study::fit::fit(&text).map_err(|why| wrong(&why))?;
    let (resolved, toml) = (scenario::resolved(&fit.scenario), scenario::resolved_toml(&fit.scenario));
    let made = report::files(&fit, &resolved, &toml, &arguments.file.display().to_string());
    let written = folder.map_or(Ok(Vec::new()), |folder| files::add(&folder, &made))?;
    Ok(arguments.speech.say(&String::from_utf8_lossy(&made[0].1), &written, |style| report::text(&fit, &style)))
}

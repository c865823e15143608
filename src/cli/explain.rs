//! `queuelab explain`: what a scenario is. Runs nothing, unless it is asked what matters.

use super::progress::Bar;
use super::{Ending, Input, files, style};
use crate::report::Style;
use crate::report::study::explain::{self as report, ExplainReport};
use crate::study::sensitivity;
use crate::units;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct ExplainArguments {
    /// Scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    input: Input,
    /// The lag at which to page so that messages are done within this time, such as 60s
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = span)]
    lag_for: Option<f64>,
    /// How p99 latency answers to each rate; where theory does not know, by short simulations
    #[arg(long)]
    sensitivity: bool,
    /// One JSON document on stdout, nothing else there
    #[arg(long)]
    json: bool,
    /// Plain ASCII signs
    #[arg(long)]
    ascii: bool,
    /// Also say of each closed form by itself why it does not apply
    #[arg(long, short)]
    verbose: bool,
}

/// A time that is more than none.
fn span(text: &str) -> Result<f64, String> {
    let seconds = units::duration(text).map_err(|e| e.to_string())?;
    if seconds > 0.0 {
        Ok(seconds)
    } else {
        Err("no lag is worked off in no time; write the time that is promised, such as 60s".into())
    }
}

pub(super) fn explain(arguments: &ExplainArguments) -> Ending {
    let given = match files::read(&arguments.file, &arguments.input) {
        Ok(given) => given,
        Err(end) => return end,
    };
    let bar = Bar::new(arguments.json);
    let mut explained = ExplainReport::of(&given.scenario, &given.stem);
    explained.lags =
        arguments.lag_for.map_or(Vec::new(), |within| sensitivity::lags(&given.scenario, within));
    if arguments.sensitivity {
        explained.sensitivities = sensitivity::sensitivities(&given.scenario, &bar);
        explained.dominant = sensitivity::dominant(&given.scenario, &bar);
    }
    bar.clear();
    let (ascii, verbose) = (arguments.ascii, arguments.verbose);
    let shown = Style { width: style::width(), ascii, verbose, ..Style::default() };
    let text = if arguments.json { report::document(&explained) } else { report::text(&explained, &shown) };
    style::out(&text)
}

//! `queuelab fit`: laws and arrivals from a file of measured times.

use super::{Ending, files, style, system};
use crate::report::study::{fit as report, fit_throughput as by_load};
use crate::scenario::{self, Arrivals, Scenario};
use crate::study;
use crate::workload::file::{self, By, ColumnRole, Want};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct FitArguments {
    /// CSV file with columns such as timestamp_ns, gap_ms, service_ms or latency_ms, or what JMeter, k6, hey,
    /// oha, vegeta, warp, Locust or ab wrote; packed by gzip or not; - for standard input
    #[arg(value_name = "TRACE.csv")]
    file: PathBuf,
    /// Which column is what, where its name does not say it: arrival, gap, service, latency, start, end or
    /// count; NAME is a heading or a number from 1, with :ns, :us, :ms or :s for its unit
    #[arg(long, value_name = "ROLE=NAME", value_parser = column)]
    column: Vec<(ColumnRole, String)>,
    /// The file has a row for each load that was tried: concurrency, throughput and perhaps latency; says
    /// which law of the throughput predicts rows that it has not seen
    #[arg(long, conflicts_with = "column")]
    throughput: bool,
    /// With --throughput, the concurrencies whose rows alone are learnt from; else each row is left out in
    /// turn
    #[arg(long, value_name = "N,N,…", value_delimiter = ',', requires = "throughput")]
    learn: Vec<u32>,
    /// The folder under which a folder for the fit is written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pictures: super::pictures::Pictures,
    #[command(flatten)]
    speech: super::Speech,
}

/// `service=NAME`, as a person says which column is what.
fn column(text: &str) -> Result<(ColumnRole, String), String> {
    let words: Vec<&str> = ColumnRole::ALL.iter().map(|role| role.word()).collect();
    let told = || format!("write ROLE=NAME, with one of the roles {}", words.join(", "));
    let (word, name) = text.split_once('=').ok_or_else(told)?;
    let role = ColumnRole::ALL.into_iter().find(|role| role.word() == word.trim()).ok_or_else(told)?;
    Ok((role, name.to_string()))
}

pub(super) fn fit(arguments: &FitArguments) -> Ending {
    fitted(arguments).unwrap_or_else(|end| end)
}

fn fitted(arguments: &FitArguments) -> Result<Ending, Ending> {
    let standard = arguments.file == Path::new("-");
    let wrong = |why: &str| {
        style::note(&format!("error: cannot fit {}: {why}\n", arguments.file.display()));
        Ending::Wrong
    };
    let bytes = if standard {
        files::standard_input()
    } else {
        std::fs::read(&arguments.file).map_err(|e| system::reason(&e))
    };
    let bytes = bytes.map_err(|why| wrong(&why))?;
    if arguments.throughput {
        return fitted_by_load(arguments, &bytes, standard);
    }
    let measured = file::read(bytes.as_slice(), Want::All, &arguments.column)
        .map_err(|why| wrong(&format!("{why}; {}", why.instead(By::Flag))))?;
    let folder = arguments.speech.folder(arguments.out.as_ref(), &stem(arguments, standard));
    if let Some(folder) = &folder {
        files::prepare(folder)?;
    }
    let mut fit = study::fit::fit(measured).map_err(|why| wrong(&why.to_string()))?;
    if folder.is_none() {
        reads_itself(&mut fit.scenario, &arguments.file);
    }
    let (resolved, toml) = (scenario::resolved(&fit.scenario), scenario::resolved_toml(&fit.scenario));
    let made =
        report::files(&fit, &resolved, &toml, &arguments.file.display().to_string(), &super::command());
    let written =
        folder.map_or(Ok(Vec::new()), |folder| files::add(&folder, &arguments.pictures.of(made.clone())?))?;
    Ok(arguments
        .speech
        .say(&String::from_utf8_lossy(&made[0].1), &written, |style| report::text(&fit, &style)))
}

/// What a fit is called that is kept.
fn stem(arguments: &FitArguments, standard: bool) -> String {
    let name = arguments.file.file_stem().filter(|_| !standard);
    name.map_or("fit".into(), |name| name.to_string_lossy().into_owned())
}

/// The fit of a file whose rows are loads.
fn fitted_by_load(arguments: &FitArguments, bytes: &[u8], standard: bool) -> Result<Ending, Ending> {
    let wrong = |why: String| {
        style::note(&format!("error: cannot fit {}: {why}\n", arguments.file.display()));
        Ending::Wrong
    };
    let rows =
        file::read_load_rows(bytes).map_err(|why| wrong(format!("{why}; {}", why.instead(By::Flag))))?;
    let fit = study::fit::fit_throughput(rows, &arguments.learn).map_err(|why| wrong(why.to_string()))?;
    let folder = arguments.speech.folder(arguments.out.as_ref(), &stem(arguments, standard));
    if let Some(folder) = &folder {
        files::prepare(folder)?;
    }
    let (resolved, toml) = (scenario::resolved(&fit.scenario), scenario::resolved_toml(&fit.scenario));
    let made =
        by_load::files(&fit, &resolved, &toml, &arguments.file.display().to_string(), &super::command());
    let written =
        folder.map_or(Ok(Vec::new()), |folder| files::add(&folder, &arguments.pictures.of(made.clone())?))?;
    let document = String::from_utf8_lossy(&made[0].1);
    Ok(arguments.speech.say(&document, &written, |style| by_load::text(&fit, &style)))
}

/// Without a folder for a file of its arrivals, a scenario that plays them reads the file that was fitted.
fn reads_itself(scenario: &mut Scenario, from: &Path) {
    for producer in &mut scenario.producers {
        if let Arrivals::Trace { file, .. } = &mut producer.arrivals {
            *file = from.to_path_buf();
        }
    }
}

//! `queuelab bench`: the highest rate that a queue sustains, and its latency below that.

use super::files;
use super::progress::Bar;
use super::{Ending, style};
use crate::report::study::bench as report;
use crate::scenario;
use crate::study::Watch;
use crate::study::bench::{self, BenchError, BenchLoad, SHARES};
use crate::units;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct BenchArguments {
    /// What is measured, one or several with commas; `queuelab targets` lists them
    #[arg(value_name = "TARGETS", value_delimiter = ',', required = true)]
    targets: Vec<String>,
    /// Content of a message
    #[arg(long, value_name = "BYTES", default_value = "100B", value_parser = size)]
    size: u64,
    /// Producers, which share the rate
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    producers: u32,
    /// Consumers, which do nothing with a message
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=512))]
    consumers: u32,
    /// Messages that a consumer holds at most
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    prefetch: u32,
    /// Messages are written to disk
    #[arg(long)]
    durable: bool,
    /// Of each run; there are about twenty for a target
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = duration)]
    duration: f64,
    /// Shares of the highest rate at which latency is measured [default: 0.1,0.3,0.5,0.7,0.8,0.9,0.95]
    #[arg(long, value_name = "SHARES", value_delimiter = ',', value_parser = share)]
    at: Vec<f64>,
    /// The folder under which a folder for the benchmark is written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    speech: super::Speech,
}

fn size(text: &str) -> Result<u64, String> {
    units::size(text).map_err(|e| e.to_string())
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.01..=1.0).contains(share));
    share.ok_or_else(|| "write shares between 0.01 and 1, such as 0.5,0.9".into())
}

fn duration(text: &str) -> Result<f64, String> {
    let seconds = units::duration(text).map_err(|e| e.to_string())?;
    let sensible = (0.5..=600.0).contains(&seconds);
    sensible.then_some(seconds).ok_or_else(|| "a run takes between 0.5s and 10min".into())
}

pub(super) fn bench(arguments: &BenchArguments) -> Ending {
    benched(arguments).unwrap_or_else(|end| end)
}

fn benched(arguments: &BenchArguments) -> Result<Ending, Ending> {
    let load = BenchLoad {
        producers: arguments.producers,
        consumers: arguments.consumers,
        prefetch: arguments.prefetch,
        size: arguments.size,
        durable: arguments.durable,
        duration: arguments.duration,
        shares: if arguments.at.is_empty() { SHARES.to_vec() } else { arguments.at.clone() },
    };
    let wrong = |why: BenchError| {
        style::note(&match &why {
            BenchError::Scenario(problems) => format!("{}\n", problems.render(false).trim_end()),
            why => format!("error: {why}\n"),
        });
        Ending::Wrong
    };
    let scenarios: Result<Vec<_>, _> =
        arguments.targets.iter().map(|target| load.scenario(target, 1_000.0)).collect();
    let scenarios = scenarios.map_err(wrong)?;
    let folder = arguments.speech.folder(arguments.out.as_ref(), "bench");
    folder.as_ref().map_or(Ok(()), |folder| files::prepare(folder))?;
    let bar = Bar::new(arguments.speech.quiet);
    let (mut all, mut end) = (Vec::new(), Ending::Fine);
    for target in &arguments.targets {
        match bench::bench(target, &load, &bar) {
            Ok(one) => all.push(one),
            Err(why) => {
                style::note(&format!("error: {why}\n"));
                end = Ending::Failed;
            }
        }
        if bar.stopped() {
            break;
        }
    }
    bar.clear();
    if all.is_empty() {
        return Err(if bar.stopped() { Ending::Interrupted } else { end });
    }
    let scenario = scenarios.first().map(scenario::resolved).unwrap_or_default();
    let document = report::document(&all, &scenario, &super::command());
    let written = folder.map_or(Ok(Vec::new()), |folder| {
        files::add(&folder, &report::files(&all, &document, &scenario, &super::command()))
    })?;
    let said = arguments.speech.say(&document, &written, |style| report::text(&all, &style));
    if bar.stopped() {
        style::note("interrupted: what was measured by then is reported\n");
        return Ok(Ending::Interrupted);
    }
    Ok(said.worse(end))
}

//! `queuelab bench`: the highest rate that a queue sustains, and its latency below that.

use super::files;
use super::progress::Bar;
use super::{Ending, style};
use crate::report::study::bench as report;
use crate::scenario;
use crate::study::Watch;
use crate::study::bench::{self, BenchCase, BenchError, BenchLoad, SHARES};
use crate::units;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct BenchArguments {
    /// What is measured, one or several with commas; `queuelab targets` lists them
    #[arg(value_name = "TARGETS", value_delimiter = ',', required = true)]
    targets: Vec<String>,
    /// Content of a message; with several, as in 100B,10KiB, each target is measured with each
    #[arg(long, value_name = "BYTES", default_value = "100B", value_delimiter = ',', value_parser = size)]
    size: Vec<u64>,
    /// Producers, which share the rate
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    producers: u32,
    /// Consumers, which do nothing with a message
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=512))]
    consumers: u32,
    /// Messages that a consumer holds at most; with several, as in 1,100, each target is measured with each
    #[arg(long, value_name = "N", default_value = "1", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=100_000))]
    prefetch: Vec<u32>,
    /// Messages are written to disk
    #[arg(long)]
    durable: bool,
    /// Of each run; there are about twenty for a target
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = duration)]
    duration: f64,
    /// Searches for the highest rate of each target, in turns A B, B A; from two on, rates have intervals and
    /// targets are compared
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Shares of the highest rate at which latency is measured [default: 0.1,0.3,0.5,0.7,0.8,0.9,0.95]
    #[arg(long, value_name = "SHARES", value_delimiter = ',', value_parser = share)]
    at: Vec<f64>,
    /// The folder under which a folder for the benchmark is written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pictures: super::pictures::Pictures,
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

/// Each target with each size and each prefetch, named by what differs.
fn cases(arguments: &BenchArguments) -> Vec<BenchCase> {
    let mut cases = Vec::new();
    for target in &arguments.targets {
        for &size in &arguments.size {
            for &prefetch in &arguments.prefetch {
                let sizes = (arguments.size.len() > 1).then(|| format!("{size} B"));
                let held = (arguments.prefetch.len() > 1).then(|| format!("prefetch {prefetch}"));
                let name =
                    std::iter::once(target.clone()).chain(sizes).chain(held).collect::<Vec<_>>().join(", ");
                let load = BenchLoad {
                    producers: arguments.producers,
                    consumers: arguments.consumers,
                    prefetch,
                    size,
                    durable: arguments.durable,
                    duration: arguments.duration,
                    shares: if arguments.at.is_empty() { SHARES.to_vec() } else { arguments.at.clone() },
                };
                cases.push(BenchCase { name, target: target.clone(), load });
            }
        }
    }
    cases
}

fn benched(arguments: &BenchArguments) -> Result<Ending, Ending> {
    let cases = cases(arguments);
    if let Some(twice) = cases.iter().enumerate().find(|(i, case)| cases[..*i].contains(case)) {
        style::note(&format!("error: {} is named twice; once is enough\n", twice.1.name));
        return Err(Ending::Wrong);
    }
    let wrong = |why: BenchError| {
        style::note(&match &why {
            BenchError::Scenario(problems) => format!("{}\n", problems.render(false).trim_end()),
            why => format!("error: {why}\n"),
        });
        Ending::Wrong
    };
    let scenarios: Result<Vec<_>, _> =
        cases.iter().map(|case| case.load.scenario(&case.target, 1_000.0)).collect();
    let scenarios = scenarios.map_err(wrong)?;
    let folder = arguments.speech.folder(arguments.out.as_ref(), "bench");
    folder.as_ref().map_or(Ok(()), |folder| files::prepare(folder))?;
    let bar = Bar::new(arguments.speech.quiet);
    let (mut all, mut end) = (Vec::new(), Ending::Fine);
    for outcome in bench::bench(&cases, arguments.rounds, &bar) {
        match outcome {
            // Whoever stopped it before its first run has nothing.
            Ok(one) if one.search.is_empty() => {}
            Ok(one) => all.push(one),
            Err(why) => {
                style::note(&format!("error: {why}\n"));
                end = Ending::Failed;
            }
        }
    }
    bar.clear();
    if all.is_empty() {
        return Err(if bar.stopped() { Ending::Interrupted } else { end });
    }
    let scenario = scenarios.first().map(scenario::resolved).unwrap_or_default();
    let document = report::document(&all, &scenario, &super::command());
    let written = folder.map_or(Ok(Vec::new()), |folder| {
        let made = report::files(&all, &document, &scenario, &super::command());
        files::add(&folder, &arguments.pictures.of(made)?)
    })?;
    let said = arguments.speech.say(&document, &written, |style| report::text(&all, &style));
    if bar.stopped() {
        style::note("interrupted: what was measured by then is reported\n");
        return Ok(Ending::Interrupted);
    }
    Ok(said.worse(end))
}

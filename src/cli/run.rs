//! `queuelab run`: the main job.

use super::files::{self, Given};
use super::progress::Bar;
use super::{End, Input, style};
use crate::answer::{Method, Trust};
use crate::report;
use crate::scenario::{self, Length, Precision, Scenario};
use crate::study::{self, Accord, Met, Study, Watch};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct RunArguments {
    /// Scenario files
    #[arg(value_name = "FILE", required_unless_present = "rate")]
    files: Vec<PathBuf>,
    /// Without a file: messages a second, as in 1k/s
    #[arg(long, conflicts_with = "files", requires = "service", help_heading = "Without a file")]
    rate: Option<String>,
    /// Without a file: the law of a consumer's service time, as in "lognormal(20ms, scv=2)"
    #[arg(long, requires = "rate", help_heading = "Without a file")]
    service: Option<String>,
    /// Without a file: how many consumers
    #[arg(long, requires = "rate", default_value = "1", help_heading = "Without a file")]
    consumers: String,
    #[command(flatten)]
    input: Input,
    /// Only these methods: theory, simulation, measurement (with rehearsal and replay), separated by commas
    #[arg(long, value_name = "METHODS", value_parser = super::methods)]
    only: Option<std::vec::Vec<Method>>,
    /// The folder under which a folder for each scenario is written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// One JSON document on stdout, nothing else there; no files unless --out is given
    #[arg(long)]
    json: bool,
    /// Say nothing but errors; the files are written all the same
    #[arg(long, short)]
    quiet: bool,
    /// Exit with 1 if methods disagree, 3 if a measurement cannot be trusted
    #[arg(long)]
    check: bool,
    /// Fewer messages and a shorter measurement: a first look
    #[arg(long, conflicts_with = "precise")]
    quick: bool,
    /// Replications until the mean and the 99th percentile of the latency are within 1 %
    #[arg(long)]
    precise: bool,
    /// Show every gate of the measurement, not only those that failed
    #[arg(long)]
    gates: bool,
    /// Plain ASCII signs
    #[arg(long)]
    ascii: bool,
    /// Threads for the simulation; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,
}

const EVERYTHING: [Method; 3] = [Method::Theory, Method::Simulation, Method::Measurement];

pub fn run(arguments: &RunArguments) -> End {
    if let Some(threads) = arguments.threads {
        // Refused only if the pool is in use already, which nothing before this does.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let given: Vec<Result<Given, End>> = match (&arguments.rate, &arguments.service) {
        (Some(rate), Some(service)) => vec![files::quick(rate, service, &arguments.consumers, &arguments.input)],
        _ => arguments.files.iter().map(|file| files::read(file, &arguments.input)).collect(),
    };
    // Nothing runs for an hour before the last file turns out to be wrong.
    if given.iter().any(Result::is_err) {
        return End::Wrong;
    }
    let given: Vec<Given> = given.into_iter().flatten().collect();
    let mut stems: Vec<&str> = given.iter().map(|g| g.stem.as_str()).collect();
    stems.sort_unstable();
    if let Some(twice) = stems.windows(2).find(|pair| pair[0] == pair[1]) {
        style::note(&format!("error: two scenarios would write the same folder `{}`; run them one at a time with --out\n", twice[0]));
        return End::Wrong;
    }
    if arguments.json && given.len() > 1 {
        style::note("error: --json prints one document; give one scenario at a time\n");
        return End::Wrong;
    }
    let bar = Bar::new(arguments.quiet);
    let mut end = End::Fine;
    for one in &given {
        end = end.worse(answer(arguments, one, &bar));
        if bar.stopped() {
            return End::Interrupted;
        }
    }
    end
}

/// Answers one scenario, says so and keeps it.
fn answer(arguments: &RunArguments, given: &Given, bar: &Bar) -> End {
    let mut scenario = given.scenario.clone();
    hurry(&mut scenario, arguments);
    let wanted = arguments.only.clone().unwrap_or(EVERYTHING.to_vec());
    let study = study::run(&scenario, &wanted, bar);
    bar.clear();
    let extras = report::Extras { scenario: scenario::resolved(&scenario), command: command(), source: given.text.clone() };
    let files = report::files(&study, &extras);
    let mut written = Vec::new();
    if !arguments.json || arguments.out.is_some() {
        match files::write(&super::results(arguments.out.as_ref(), &given.stem), &files) {
            Ok(paths) => written = paths,
            Err(end) => return end,
        }
    }
    if arguments.json {
        let document = files.iter().find(|(name, _)| name == "answer.json").map(|(_, bytes)| String::from_utf8_lossy(bytes));
        style::out(document.as_deref().unwrap_or_default());
    } else if !arguments.quiet {
        let look = report::Style {
            width: style::width(),
            ascii: arguments.ascii,
            colour: style::colour_on_stdout(),
            all_gates: arguments.gates,
            written: written.iter().map(|p| p.display().to_string()).collect(),
        };
        style::out(&report::text(&study, &look));
    }
    judged(&study, arguments.check)
}

/// Shortens or sharpens a scenario as the flags say.
fn hurry(scenario: &mut Scenario, arguments: &RunArguments) {
    if arguments.quick {
        match &mut scenario.simulation.length {
            Length::Messages(n) => *n = (*n).min(20_000),
            length @ Length::Auto => *length = Length::Messages(20_000),
            Length::Duration(_) => (),
        }
        scenario.simulation.precision = Precision::None;
        scenario.measurement.duration = scenario.measurement.duration.min(2.0);
    }
    if arguments.precise {
        let paths = ["total.latency.mean", "total.latency.p99"].map(|p| (p.to_string(), 0.01));
        scenario.simulation.precision = Precision::Paths(paths.to_vec());
    }
}

/// The exit code of a study.
fn judged(study: &Study, check: bool) -> End {
    let mut end = End::Fine;
    for judgement in &study.objectives {
        end = end.worse(match judgement.outcome {
            Met::Pass => End::Fine,
            Met::Fail => End::Missed,
            Met::Inconclusive => End::Inconclusive,
        });
    }
    if study.answers.is_empty() {
        end = end.worse(End::Failed);
    }
    if check {
        if study.agreement.iter().any(|a| a.verdict == Accord::Differ) {
            end = end.worse(End::Missed);
        }
        if study.answers.iter().any(|a| a.trust() == Trust::Invalid) {
            end = end.worse(End::Inconclusive);
        }
    }
    end
}

/// The command as it was typed, for making the result again.
fn command() -> String {
    let quote = |word: String| if word.chars().all(|c| c.is_alphanumeric() || "-_./=,:%".contains(c)) { word } else { format!("'{word}'") };
    std::iter::once("queuelab".to_string()).chain(std::env::args().skip(1).map(quote)).collect::<Vec<_>>().join(" ")
}

//! `queuelab run`: the main job.

use super::files::{self, LoadedScenario};
use super::progress::Bar;
use super::{Ending, Input, style};
use crate::answer::{Method, Reason, Trust, Unanswered};
use crate::report;
use crate::scenario::{self, Length, Precision, Scenario};
use crate::study::{self, AgreementStatus, ObjectiveStatus, Study, Watch};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct RunArguments {
    /// Scenario files; - for standard input
    #[arg(value_name = "FILE", add = super::complete::scenarios())]
    files: Vec<PathBuf>,
    /// Without a file: messages a second, as in 1k/s
    #[arg(long, requires = "service", help_heading = "Without a file")]
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
    #[arg(long, value_name = "METHODS", value_parser = super::methods, add = super::complete::methods())]
    only: Vec<std::vec::Vec<Method>>,
    /// The folder under which a folder for each scenario is written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pictures: super::pictures::Pictures,
    #[command(flatten)]
    speech: super::Speech,
    /// Also write the answers in another format: openmetrics=FILE, for Prometheus and its kin
    #[arg(long, value_name = "FORMAT=FILE", value_parser = export)]
    export: Option<PathBuf>,
    /// Also read the measurement as other tools would have printed it, beside what it says: latency from the
    /// start of the send (which hides a late sender), clients that wait for answers (which send less while it
    /// is slow), percentiles of each second averaged (which drown the bad ones), a decaying reservoir (which
    /// forgets), sleeps of whole milliseconds (which send in bursts)
    #[arg(long)]
    rulers: bool,
    /// Exit with 1 if methods disagree, 3 if a measurement cannot be trusted
    #[arg(long)]
    check: bool,
    /// Fewer messages and a shorter measurement: a first look
    #[arg(long, conflicts_with = "precise")]
    quick: bool,
    /// Replications until the mean and the 99th percentile of the latency are within 1 %
    #[arg(long)]
    precise: bool,
    /// Threads for the simulation; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,
}

/// `openmetrics=FILE`: so far the only format.
fn export(text: &str) -> Result<PathBuf, String> {
    match text.split_once('=') {
        Some(("openmetrics", file)) if !file.is_empty() => Ok(file.into()),
        _ => Err("write openmetrics=FILE, as in --export openmetrics=queuelab.prom".into()),
    }
}

const EVERYTHING: [Method; 3] = [Method::Theory, Method::Simulation, Method::Measurement];

/// The methods that are asked.
fn wanted(arguments: &RunArguments) -> Vec<Method> {
    if arguments.only.is_empty() { EVERYTHING.to_vec() } else { arguments.only.concat() }
}

/// What is asked for is either a file or a rate, and one of them.
fn contradiction(arguments: &RunArguments) -> Option<String> {
    match (arguments.files.first(), &arguments.rate) {
        (None, None) => Some(
            "there is nothing to run; give a scenario FILE, or --rate 900/s --service 4ms for a first look; \
             `queuelab init quickstart` writes a file to start from"
                .into(),
        ),
        (Some(file), Some(rate)) => Some(format!(
            "{} is a scenario already, and --rate makes one without a file; to change the file's rate, \
                write --set \
             producers.NAME.rate={rate}",
            file.display()
        )),
        _ => None,
    }
}

pub(super) fn run(arguments: &RunArguments) -> Ending {
    if let Some(why) = contradiction(arguments) {
        style::note(&format!("error: {why}\n"));
        return Ending::Wrong;
    }
    if let Some(threads) = arguments.threads {
        // Refused only if the pool is in use already, which nothing before this does.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let given: Vec<Result<LoadedScenario, Ending>> = match (&arguments.rate, &arguments.service) {
        (Some(rate), Some(service)) => {
            vec![files::quick(rate, service, &arguments.consumers, &arguments.input)]
        }
        _ => arguments.files.iter().map(|file| files::read(file, &arguments.input)).collect(),
    };
    // Nothing runs for an hour before the last file turns out to be wrong.
    if given.iter().any(Result::is_err) {
        return Ending::Wrong;
    }
    let given: Vec<LoadedScenario> = given.into_iter().flatten().collect();
    let mut stems: Vec<&str> = given.iter().map(|g| g.stem.as_str()).collect();
    stems.sort_unstable();
    if let Some(twice) = stems.windows(2).find(|pair| pair[0] == pair[1]) {
        style::note(&format!(
            "error: two scenarios would write the same folder `{}`; run them one at a time with --out\n",
            twice[0]
        ));
        return Ending::Wrong;
    }
    if arguments.rulers && !wanted(arguments).contains(&Method::Measurement) {
        style::note(
            "error: --rulers reads a measurement, which --only leaves out; add `measurement` to it\n",
        );
        return Ending::Wrong;
    }
    if arguments.speech.json && given.len() > 1 {
        style::note("error: --json prints one document; give one scenario at a time\n");
        return Ending::Wrong;
    }
    if arguments.export.is_some() && given.len() > 1 {
        style::note("error: --export writes one file; give one scenario at a time\n");
        return Ending::Wrong;
    }
    let bar = Bar::new(arguments.speech.quiet);
    let mut end = Ending::Fine;
    for one in &given {
        end = end.worse(answer(arguments, one, &bar));
        if bar.stopped() {
            return Ending::Interrupted;
        }
    }
    end
}

/// Answers one scenario, says so and keeps it.
fn answer(arguments: &RunArguments, given: &LoadedScenario, bar: &Bar) -> Ending {
    let mut scenario = given.scenario.clone();
    hurry(&mut scenario, arguments);
    let wanted = wanted(arguments);
    let folder = arguments.speech.folder(arguments.out.as_ref(), &given.stem);
    if let Some(Err(end)) = folder.as_deref().map(files::prepare) {
        return end;
    }
    if !scenario.sweep.is_empty() && !arguments.speech.quiet {
        style::note(&format!(
            "note: its [sweep] is not run here; `queuelab sweep {}` runs it\n",
            given.source.name
        ));
    }
    let study = match arguments.rulers {
        true => study::run_with_rulers(&scenario, &wanted, bar),
        false => study::run(&scenario, &wanted, bar),
    };
    bar.clear();
    let extras = report::Extras {
        scenario: scenario::resolved(&scenario),
        command: super::command(),
        source: given.text.clone(),
        bearing: study::bearing_of(&study),
    };
    // What was found is said even if it cannot be kept.
    let kept = folder.as_deref().map_or(Ok(Vec::new()), |folder| {
        let files = arguments.pictures.of(report::files(&study, &extras))?;
        let methods: Vec<Method> = study.answers.iter().map(|answer| answer.method).collect();
        files::write(folder, &report::long_files(&study, &extras), &files, &methods)
    });
    let written = kept.as_deref().unwrap_or_default();
    let exported = arguments
        .export
        .as_ref()
        .map_or(Ok(()), |file| files::write_alone(file, report::openmetrics(&study).into_bytes()));
    let document = arguments.speech.json.then(|| report::document(&study, &extras));
    let said = arguments.speech.say(document.as_deref().unwrap_or_default(), written, |style| {
        report::text(&study, &extras.bearing, &style)
    });
    let end = judged(&study, arguments.check);
    if arguments.speech.quiet && !bar.stopped() {
        match end {
            Ending::Failed | Ending::Wrong => {
                style::note(&format!("error: {}: {}\n", given.source.name, refusals(&study)));
            }
            Ending::Missed | Ending::Inconclusive => {
                style::note(&format!("{}: {}\n", given.source.name, report::shortfalls(&study)));
            }
            _ => (),
        }
    }
    end.worse(said).worse(kept.err().or(exported.err()).unwrap_or(Ending::Fine))
}

/// Why methods failed or, if none did, why there is no answer, in one line.
fn refusals(study: &Study) -> String {
    let failed = |refusal: &&Unanswered| matches!(refusal.reason, Reason::Failed(_));
    let any = study.unanswered.iter().any(|refusal| failed(&refusal));
    let said = study.unanswered.iter().filter(|refusal| !any || failed(refusal));
    said.map(|Unanswered { method, reason }| format!("{}: {reason}", method.name()))
        .collect::<Vec<_>>()
        .join("; ")
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
fn judged(study: &Study, check: bool) -> Ending {
    let mut end = Ending::Fine;
    for judgement in &study.objectives {
        end = end.worse(match judgement.outcome {
            ObjectiveStatus::Pass => Ending::Fine,
            ObjectiveStatus::Fail => Ending::Missed,
            ObjectiveStatus::Inconclusive => Ending::Inconclusive,
        });
    }
    // That a queue grows without end is an answer.
    if study.answers.is_empty() && study.unstable().is_none() {
        let unsupported = study.unanswered.iter().all(|u| matches!(u.reason, Reason::Unsupported(_)));
        end = end.worse(if unsupported { Ending::Wrong } else { Ending::Failed });
    }
    // What was answered all the same has been said.
    if study.unanswered.iter().any(|u| matches!(u.reason, Reason::Failed(_))) {
        end = end.worse(Ending::Failed);
    }
    if check {
        if study.unstable().is_some() {
            end = end.worse(Ending::Missed);
        }
        if study.agreement.iter().any(|a| a.verdict == AgreementStatus::Differ) {
            end = end.worse(Ending::Missed);
        }
        if study.answers.iter().any(|a| a.trust() == Trust::Invalid) {
            end = end.worse(Ending::Inconclusive);
        }
    }
    end
}

//! `queuelab compare`: configurations or saved results, compared with the first.

mod from_sweep;

use super::files::{self, LoadedScenario};
use super::progress::{self, Bar};
use super::{Ending, Input, saved, style};
use crate::answer::Method;
use crate::report::study::compare as report;
use crate::scenario::{self, Scenario};
use crate::study::compare::{self, CompareError, CompareMethod, Comparison, TrafficDifference, Verdict};
use crate::study::document::Document;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct CompareArguments {
    /// Scenario files, or folders of saved results; the first is what the others are held against
    #[arg(value_name = "A B", required_unless_present = "from_sweep", num_args = 1.., add = super::complete::scenarios())]
    sides: Vec<PathBuf>,
    /// With a single file: other configurations of it, as in --against consumers.workers.count=5; may be
    /// given often
    #[arg(long, value_name = "PATH=VALUE", add = super::complete::settings())]
    against: Vec<String>,
    /// Compare points of a sweep that was run, on one machine or many: its folder, which has the scenario.
    /// The point that has the scenario's own settings is what those of --against are held against
    #[arg(long, value_name = "DIR", conflicts_with_all = ["sides", "set", "calibration", "seed", "rounds"])]
    from_sweep: Option<PathBuf>,
    #[command(flatten)]
    input: Input,
    /// By which method: simulation (on the same random numbers), theory, or measurement (in turns, A B B A)
    #[arg(long, value_name = "METHOD", value_parser = super::methods, add = super::complete::methods())]
    only: Option<std::vec::Vec<Method>>,
    /// Rounds of A B B A when measuring
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Exit with 1 if anything is worse
    #[arg(long)]
    check: bool,
    /// Print Markdown, for a pull request's comment: a sentence, a table, what is to be kept in mind
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Compare although the traffic differs
    #[arg(long)]
    force: bool,
    /// The folder under which a folder for the comparison is written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pictures: super::pictures::Pictures,
    #[command(flatten)]
    speech: super::Speech,
}

pub(super) fn compare(arguments: &CompareArguments) -> Ending {
    compared(arguments).unwrap_or_else(|end| end)
}

fn wrong(what: &str) -> Ending {
    style::note(&format!("error: {what}\n"));
    Ending::Wrong
}

fn compared(arguments: &CompareArguments) -> Result<Ending, Ending> {
    let stored = |path: &PathBuf| path.is_dir() || path.extension().is_some_and(|e| e == "json");
    if let Some(missing) = arguments.sides.iter().find(|side| !side.exists() && *side != Path::new("-")) {
        return Err(wrong(&format!("there is neither a scenario nor a saved result {}", missing.display())));
    }
    if let Some(what) = contradiction(arguments, arguments.sides.iter().any(stored)) {
        return Err(wrong(&what));
    }
    if let Some(folder) = folder(arguments) {
        files::prepare(&folder)?;
    }
    let compared = if let Some(folder) = &arguments.from_sweep {
        from_sweep::compared(arguments, folder)?
    } else if arguments.sides.iter().all(stored) {
        of_results(arguments)?
    } else if arguments.sides.iter().any(stored) {
        return Err(wrong("saved results and scenarios cannot be compared; give two of one kind"));
    } else {
        of_scenarios(arguments)?
    };
    let said = say(arguments, &compared)?;
    Ok(if progress::is_stopped() { said.worse(Ending::Interrupted) } else { said })
}

/// What is asked for and cannot be had together.
fn contradiction(arguments: &CompareArguments, saved: bool) -> Option<String> {
    let several = arguments.only.as_ref().is_some_and(|only| only.len() > 1);
    let turned = !arguments.input.set.is_empty()
        || arguments.input.seed.is_some()
        || arguments.input.calibration.is_some();
    if several {
        Some(
            "a comparison is made by one method; write --only with one of theory, simulation, measurement"
                .into(),
        )
    } else if !arguments.against.is_empty() && arguments.sides.len() > 1 {
        Some(
            "--against turns the settings of a single file; give one file, or write the other's setting \
            into its file"
                .into(),
        )
    } else if saved && (turned || !arguments.against.is_empty()) {
        Some(
            "what is saved cannot be turned any more; give scenario files with --set, --seed, \
            --calibration or --against"
                .into(),
        )
    } else {
        None
    }
}

/// Where the comparison is kept, if it is.
fn folder(arguments: &CompareArguments) -> Option<PathBuf> {
    // A sweep's folder is named as every other one; that above it is named after the scenario.
    let swept = arguments.from_sweep.as_deref().and_then(Path::parent);
    let side = swept.or(arguments.sides.first().map(PathBuf::as_path));
    let stem = side.and_then(Path::file_stem);
    let stem = stem.map_or("comparison".into(), |stem| stem.to_string_lossy().into_owned());
    arguments.speech.folder(arguments.out.as_ref(), &stem)
}

/// Scenarios, each with its name.
fn given(arguments: &CompareArguments) -> Result<Vec<(String, LoadedScenario)>, Ending> {
    let mut out = Vec::new();
    for file in &arguments.sides {
        let given = files::read(file, &arguments.input)?;
        out.push((given.stem.clone(), given));
    }
    if let [(_, base)] = out.as_slice() {
        let base = base.clone();
        for setting in &arguments.against {
            let (path, value) = setting
                .split_once('=')
                .ok_or_else(|| wrong("--against lacks its value; write PATH=VALUE"))?;
            let source = base.source.given("--against", path.trim(), value.trim());
            let scenario = files::checked(files::parsed(&source))?;
            out.push((setting.clone(), LoadedScenario { scenario, source, ..base.clone() }));
        }
    }
    if out.len() < 2 {
        return Err(wrong("there is only one side; give a second file, or --against PATH=VALUE"));
    }
    Ok(out)
}

fn of_scenarios(arguments: &CompareArguments) -> Result<Comparison, Ending> {
    let given: Vec<(String, Scenario)> =
        given(arguments)?.into_iter().map(|(name, given)| (name, given.scenario)).collect();
    let resolved: Vec<_> = given.iter().map(|(_, scenario)| scenario::resolved(scenario)).collect();
    for other in &resolved[1..] {
        same(arguments, &compare::other_questions(&resolved[0], other))?;
    }
    let method = match arguments.only.as_deref() {
        Some([Method::Measurement]) => CompareMethod::Measurement(arguments.rounds),
        Some([Method::Theory]) => CompareMethod::Theory,
        _ => CompareMethod::Simulation,
    };
    let bar = Bar::new(arguments.speech.quiet);
    let compared = Comparison::of_scenarios(given, method, &bar);
    bar.clear();
    compared.map_err(refused)
}

/// Says why there is nothing to compare.
fn refused(why: CompareError) -> Ending {
    match why {
        CompareError::Refused(..) if progress::is_stopped() => Ending::Interrupted,
        CompareError::Refused(name, reason) => {
            let name = name.map_or(String::new(), |name| format!("{name}: "));
            style::note(&format!("error: cannot compare: {name}{reason}\n"));
            Ending::Failed
        }
        CompareError::Unlike(reason) => wrong(&format!("cannot compare: {reason}")),
        CompareError::NoMethod => wrong("no method answered in all of them"),
        CompareError::Interrupted => {
            style::note(
                "interrupted before both sides had an interval: there is nothing to compare or to keep\n",
            );
            Ending::Interrupted
        }
    }
}

/// Refuses different questions, unless told to compare them all the same.
fn same(arguments: &CompareArguments, others: &[TrafficDifference]) -> Result<(), Ending> {
    if others.is_empty() || arguments.force {
        return Ok(());
    }
    style::note(
        "error: these are different questions, their traffic differs; compare them all the same with \
            --force\n",
    );
    others.iter().for_each(|other| style::note(&format!("  {}\n", report::traffic(other))));
    Err(Ending::Wrong)
}

fn of_results(arguments: &CompareArguments) -> Result<Comparison, Ending> {
    let name = |path: &PathBuf| Ok((path.display().to_string(), saved::read(path)?));
    let results: Vec<(String, Document<'_>)> =
        arguments.sides.iter().map(name).collect::<Result<_, Ending>>()?;
    if results.len() < 2 {
        return Err(wrong("there is only one result; give a second one"));
    }
    for (_, other) in &results[1..] {
        same(arguments, &compare::other_questions(&results[0].1.scenario, &other.scenario))?;
    }
    let usual = [Method::Simulation, Method::Measurement, Method::Theory];
    Comparison::of_saved(&results, arguments.only.as_deref().unwrap_or(&usual)).map_err(refused)
}

fn say(arguments: &CompareArguments, compared: &Comparison) -> Result<Ending, Ending> {
    let command = super::command();
    let document = report::document(compared, &command);
    let written = folder(arguments).map_or(Ok(Vec::new()), |folder| {
        files::add(&folder, &arguments.pictures.of(report::files(compared, &command))?)
    })?;
    let worse = report::sentences(compared)
        .iter()
        .any(|(verdict, _)| matches!(verdict, Verdict::Worse | Verdict::Mixed));
    let said = arguments.speech.say(&document, &written, |style| match arguments.markdown {
        true => report::markdown(compared),
        false => report::text(compared, &style),
    });
    Ok(said.worse(if arguments.check && worse { Ending::Missed } else { Ending::Fine }))
}

//! `queuelab compare`: configurations or saved results, held against the first.

use super::files::{self, LoadedScenario};
use super::progress::{self, Bar};
use super::{Ending, Input, saved, style};
use crate::answer::{Answer, Method, Reason, Unanswered};
use crate::report::study::compare::{self as report, ComparisonReport};
use crate::scenario::{self, Scenario};
use crate::study::compare::{self, Row, Verdict};
use crate::study::document::{Document, Intervals};
use crate::study::{Watch, differing};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct CompareArguments {
    /// Scenario files, or folders of saved results; the first is what the others are held against
    #[arg(value_name = "A B", required = true, num_args = 1..)]
    sides: Vec<PathBuf>,
    /// With a single file: other configurations of it, as in --against consumers.workers.count=5; may be
    /// given often
    #[arg(long, value_name = "PATH=VALUE")]
    against: Vec<String>,
    #[command(flatten)]
    input: Input,
    /// By which method: simulation (on the same random numbers), theory, or measurement (in turns, A B B A)
    #[arg(long, value_name = "METHOD", value_parser = super::methods)]
    only: Option<std::vec::Vec<Method>>,
    /// Rounds of A B B A when measuring
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Exit with 1 if anything is worse
    #[arg(long)]
    check: bool,
    /// Compare although the traffic differs
    #[arg(long)]
    force: bool,
    /// The folder under which a folder for the comparison is written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
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
    if let Some(missing) = arguments.sides.iter().find(|side| !side.exists()) {
        return Err(wrong(&format!("there is neither a scenario nor a saved result {}", missing.display())));
    }
    if let Some(what) = contradiction(arguments, arguments.sides.iter().any(stored)) {
        return Err(wrong(&what));
    }
    if let Some(folder) = folder(arguments) {
        files::prepare(&folder)?;
    }
    let compared = if arguments.sides.iter().all(stored) {
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
    let stem =
        arguments.sides[0].file_stem().map_or("comparison".into(), |s| s.to_string_lossy().into_owned());
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
            let source = base.source.with(path.trim(), value.trim());
            let scenario = files::checked(files::parsed(&source))?;
            out.push((setting.clone(), LoadedScenario { scenario, source, ..base.clone() }));
        }
    }
    if out.len() < 2 {
        return Err(wrong("there is only one side; give a second file, or --against PATH=VALUE"));
    }
    Ok(out)
}

fn of_scenarios(arguments: &CompareArguments) -> Result<ComparisonReport, Ending> {
    let given = given(arguments)?;
    let resolved: Vec<_> = given.iter().map(|(_, g)| scenario::resolved(&g.scenario)).collect();
    for other in &resolved[1..] {
        same(arguments, &compare::other_questions(&resolved[0], other))?;
    }
    let mut scenarios: Vec<_> = given.iter().map(|(_, g)| g.scenario.clone()).collect();
    compare::alike(&mut scenarios).map_err(|why| wrong(&format!("cannot compare: {why}")))?;
    let confidence = scenarios[0].simulation.confidence;
    let also: Vec<String> =
        scenarios.iter().flat_map(|s| s.objectives.iter().map(|o| o.metric.clone())).collect();
    let only = |method| arguments.only.as_ref().is_some_and(|only| only.contains(&method));
    let bar = Bar::new(arguments.speech.quiet);
    let names = differing::names(&given.iter().map(|g| g.0.clone()).collect::<Vec<_>>(), &resolved);
    let mut notes = Vec::new();
    let mut unstable = vec![None; names.len()];
    let (by, rows): (String, Vec<Vec<Row>>) = if only(Method::Measurement) {
        let mut rows = Vec::new();
        for (name, b) in names[1..].iter().zip(&scenarios[1..]) {
            let (a, b) = compare::measured(&scenarios[0], b, arguments.rounds, &bar)
                .map_err(|u| wrong_run(&bar, &u.reason.to_string()))?;
            notes.extend(compare::untrusted(&[(&names[0], &a), (name, &b)]));
            rows.push(compare::paired(&a.figures, &b.figures, confidence, &also));
        }
        (format!("measured in turns A B B A, {} times", arguments.rounds), rows)
    } else if only(Method::Theory) {
        let answers = sides(&bar, &names, &scenarios, &mut unstable, &compare::by_theory)?;
        let pair = |b: &Option<Answer>| match (&answers[0], b) {
            (Some(a), Some(b)) => compare::unpaired(&a.metrics, &b.metrics, confidence, 1, &also),
            _ => Vec::new(),
        };
        let by: Vec<&str> = answers.iter().flatten().map(|a| a.by.as_str()).collect();
        (
            if by.is_empty() { "theory".into() } else { format!("theory ({})", by.join(" and ")) },
            answers[1..].iter().map(pair).collect(),
        )
    } else {
        let runs =
            sides(&bar, &names, &scenarios, &mut unstable, &|scenario| compare::simulated(scenario, &bar))?;
        let known: Vec<_> = names
            .iter()
            .zip(&runs)
            .filter_map(|(name, runs)| Some((name.as_str(), runs.as_deref()?)))
            .collect();
        notes = compare::undrained(&known);
        notes.extend(compare::too_short(&scenarios));
        let pair = |b: &Option<Vec<compare::RunFigures>>| match (&runs[0], b) {
            (Some(a), Some(b)) => compare::paired(a, b, confidence, &also),
            _ => Vec::new(),
        };
        let by = format!(
            "simulated on the same random numbers, {} replications",
            scenarios[0].simulation.replications
        );
        (by, runs[1..].iter().map(pair).collect())
    };
    bar.clear();
    // What was interrupted is compared as far as it went, if both sides have an interval by then.
    if bar.stopped() && rows.iter().any(|rows| rows.iter().all(|row| row.half_width.is_none())) {
        style::note(
            "interrupted before both sides had an interval: there is nothing to compare or to keep\n",
        );
        return Err(Ending::Interrupted);
    }
    if bar.stopped() {
        notes.push("interrupted: these are the replications or rounds that were finished by then".into());
    }
    let differences = compare::judged(rows, confidence);
    let (asked, scenarios, command) = (also, resolved, super::command());
    Ok(ComparisonReport { names, unstable, by, confidence, asked, differences, scenarios, command, notes })
}

/// What a method says about every side; nothing about one that grows without end, which is noted down.
fn sides<T>(
    bar: &Bar,
    names: &[String],
    scenarios: &[Scenario],
    unstable: &mut [Option<String>],
    ask: &dyn Fn(&Scenario) -> Result<T, Unanswered>,
) -> Result<Vec<Option<T>>, Ending> {
    let mut out = Vec::new();
    for (i, (name, scenario)) in names.iter().zip(scenarios).enumerate() {
        bar.says("compare", i as f64 / scenarios.len() as f64, name);
        out.push(match ask(scenario) {
            Ok(known) => Some(known),
            Err(refusal) if refusal.reason.is_unstable() => {
                unstable[i] = Some(refusal.reason.to_string());
                None
            }
            Err(refusal) => return Err(wrong_run(bar, &format!("{name}: {}", refusal.reason))),
        });
    }
    Ok(out)
}

fn wrong_run(bar: &Bar, why: &str) -> Ending {
    bar.clear();
    if bar.stopped() {
        return Ending::Interrupted;
    }
    style::note(&format!("error: cannot compare: {why}\n"));
    Ending::Failed
}

/// Refuses different questions, unless told to compare them all the same.
fn same(arguments: &CompareArguments, others: &[String]) -> Result<(), Ending> {
    if others.is_empty() || arguments.force {
        return Ok(());
    }
    style::note(
        "error: these are different questions, their traffic differs; compare them all the same with \
            --force\n",
    );
    others.iter().for_each(|other| style::note(&format!("  {other}\n")));
    Err(Ending::Wrong)
}

fn of_results(arguments: &CompareArguments) -> Result<ComparisonReport, Ending> {
    let results: Vec<Document> =
        arguments.sides.iter().map(|path| saved::read(path)).collect::<Result<_, _>>()?;
    if results.len() < 2 {
        return Err(wrong("there is only one result; give a second one"));
    }
    for other in &results[1..] {
        same(arguments, &compare::other_questions(&results[0].scenario, &other.scenario))?;
    }
    let scenarios: Vec<_> = results.iter().map(|r| r.scenario.clone().into_owned()).collect();
    let names = differing::names(
        &arguments.sides.iter().map(|p| p.display().to_string()).collect::<Vec<_>>(),
        &scenarios,
    );
    let unstable: Vec<Option<String>> = results.iter().map(|r| r.unstable().map(Reason::to_string)).collect();
    let wanted =
        arguments.only.clone().unwrap_or(vec![Method::Simulation, Method::Measurement, Method::Theory]);
    // Of one that does not hold there are no figures to compare.
    let holds = || results.iter().filter(|r| r.unstable().is_none());
    let method = wanted.into_iter().find(|m| holds().all(|r| r.answer(*m).is_some()));
    let method = method.ok_or_else(|| wrong("no method answered in all of them"))?;
    let of = |r: &Document| r.answer(method).map(|a| a.metrics.clone()).unwrap_or_default();
    let Intervals { confidence, replications } = results[0].intervals;
    let degrees = u64::from(replications).saturating_sub(1).max(1);
    let first = of(&results[0]);
    let both = |r: &Document| results[0].unstable().is_none() && r.unstable().is_none();
    let pair =
        |r| if both(r) { compare::unpaired(&first, &of(r), confidence, degrees, &[]) } else { Vec::new() };
    let rows = results[1..].iter().map(pair).collect();
    let notes = vec![
        "saved results were made apart: running the scenarios side by side would see smaller differences"
            .to_string(),
    ];
    Ok(ComparisonReport {
        unstable,
        names,
        by: format!("{} as saved", method.name()),
        confidence,
        asked: Vec::new(),
        differences: compare::judged(rows, confidence),
        scenarios,
        command: super::command(),
        notes,
    })
}

fn say(arguments: &CompareArguments, compared: &ComparisonReport) -> Result<Ending, Ending> {
    let document = report::document(compared);
    let written =
        folder(arguments).map_or(Ok(Vec::new()), |folder| files::add(&folder, &report::files(compared)))?;
    let worse = report::sentences(compared)
        .iter()
        .any(|(verdict, _)| matches!(verdict, Verdict::Worse | Verdict::Mixed));
    let said = arguments.speech.say(&document, &written, |style| report::text(compared, &style));
    Ok(said.worse(if arguments.check && worse { Ending::Missed } else { Ending::Fine }))
}

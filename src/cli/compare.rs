//! `queuelab compare`: configurations or saved results, held against the first.

use super::files::{self, Given};
use super::progress::Bar;
use super::{End, Input, saved, style};
use crate::answer::Method;
use crate::report::study::compare::{self as report, Compared};
use crate::scenario;
use crate::study::Watch;
use crate::study::compare::{self, Row};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct CompareArguments {
    /// Scenario files, or folders of saved results; the first is what the others are held against
    #[arg(value_name = "A B", required = true, num_args = 1..)]
    sides: Vec<PathBuf>,
    /// With a single file: other configurations of it, as in --against consumers.workers.count=5; may be given often
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
    /// Compare although the traffic differs
    #[arg(long)]
    force: bool,
    /// The folder under which a folder for the comparison is written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    speech: super::Speech,
}

pub fn compare(arguments: &CompareArguments) -> End {
    compared(arguments).unwrap_or_else(|end| end)
}

fn wrong(what: &str) -> End {
    style::note(&format!("error: {what}\n"));
    End::Wrong
}

fn compared(arguments: &CompareArguments) -> Result<End, End> {
    let stored = |path: &PathBuf| path.is_dir() || path.extension().is_some_and(|e| e == "json");
    let compared = if arguments.sides.iter().all(stored) {
        of_results(arguments)?
    } else if arguments.sides.iter().any(stored) {
        return Err(wrong("saved results and scenarios cannot be compared; give two of one kind"));
    } else {
        of_scenarios(arguments)?
    };
    say(arguments, &compared)
}

/// Scenarios, each with its name.
fn given(arguments: &CompareArguments) -> Result<Vec<(String, Given)>, End> {
    let mut out = Vec::new();
    for file in &arguments.sides {
        let given = files::read(file, &arguments.input)?;
        out.push((given.stem.clone(), given));
    }
    if let [(_, base)] = out.as_slice() {
        let base = base.clone();
        for setting in &arguments.against {
            let (path, value) = setting.split_once('=').ok_or_else(|| wrong("--against lacks its value; write PATH=VALUE"))?;
            let source = base.source.with(path.trim(), value.trim());
            let scenario = files::checked(files::parsed(&source))?;
            out.push((setting.clone(), Given { scenario, source, ..base.clone() }));
        }
    }
    if out.len() < 2 {
        return Err(wrong("there is only one side; give a second file, or --against PATH=VALUE"));
    }
    Ok(out)
}

fn of_scenarios(arguments: &CompareArguments) -> Result<Compared, End> {
    let given = given(arguments)?;
    let resolved: Vec<_> = given.iter().map(|(_, g)| scenario::resolved(&g.scenario)).collect();
    for other in &resolved[1..] {
        same(arguments, &compare::other_questions(&resolved[0], other))?;
    }
    let mut scenarios: Vec<_> = given.iter().map(|(_, g)| g.scenario.clone()).collect();
    compare::alike(&mut scenarios).map_err(|why| wrong(&format!("cannot compare: {why}")))?;
    let confidence = scenarios[0].simulation.confidence;
    let also: Vec<String> = scenarios.iter().flat_map(|s| s.objectives.iter().map(|o| o.metric.clone())).collect();
    let only = |method| arguments.only.as_ref().is_some_and(|only| only.contains(&method));
    let bar = Bar::new(arguments.speech.quiet);
    let failed = |why: crate::answer::Unanswered| wrong_run(&bar, &why.why);
    let mut notes = Vec::new();
    let (by, rows): (String, Vec<Vec<Row>>) = if only(Method::Measurement) {
        let pair = |b| compare::measured(&scenarios[0], b, arguments.rounds, &bar).map(|(a, b)| compare::paired(&a, &b, confidence, &also));
        (
            format!("measured in turns A B B A, {} times", arguments.rounds),
            scenarios[1..].iter().map(pair).collect::<Result<_, _>>().map_err(failed)?,
        )
    } else if only(Method::Theory) {
        let answers: Vec<_> = scenarios.iter().map(compare::by_theory).collect::<Result<_, _>>().map_err(failed)?;
        let pair = |b: &crate::answer::Answer| compare::unpaired(&answers[0].metrics, &b.metrics, confidence, 1, &also);
        (
            format!("theory ({})", answers.iter().map(|a| a.by.as_str()).collect::<Vec<_>>().join(" and ")),
            answers[1..].iter().map(pair).collect(),
        )
    } else {
        let mut runs = Vec::new();
        for ((name, _), scenario) in given.iter().zip(&scenarios) {
            bar.says("compare", runs.len() as f64 / scenarios.len() as f64, name);
            runs.push(compare::simulated(scenario, &bar).map_err(|u| wrong_run(&bar, &format!("{name}: {}", u.why)))?);
        }
        let sides: Vec<_> = given.iter().zip(&runs).map(|((name, _), runs)| (name.as_str(), runs.as_slice())).collect();
        notes = compare::undrained(&sides);
        let by = format!("simulated on the same random numbers, {} replications", runs[0].len());
        (by, runs[1..].iter().map(|b| compare::paired(&runs[0], b, confidence, &also)).collect())
    };
    bar.clear();
    if bar.stopped() {
        return Err(End::Interrupted);
    }
    let names = given.into_iter().map(|g| g.0).collect();
    let differences = compare::judged(rows, confidence);
    Ok(Compared { names, by, confidence, asked: also, differences, scenarios: resolved, command: super::command(), notes })
}

fn wrong_run(bar: &Bar, why: &str) -> End {
    bar.clear();
    if bar.stopped() {
        return End::Interrupted;
    }
    style::note(&format!("error: cannot compare: {why}\n"));
    End::Failed
}

/// Refuses different questions, unless told to compare them all the same.
fn same(arguments: &CompareArguments, others: &[String]) -> Result<(), End> {
    if others.is_empty() || arguments.force {
        return Ok(());
    }
    style::note("error: these are different questions, their traffic differs; compare them all the same with --force\n");
    others.iter().for_each(|other| style::note(&format!("  {other}\n")));
    Err(End::Wrong)
}

fn of_results(arguments: &CompareArguments) -> Result<Compared, End> {
    let results: Vec<saved::Result> = arguments.sides.iter().map(|path| saved::read(path)).collect::<Result<_, _>>()?;
    if results.len() < 2 {
        return Err(wrong("there is only one result; give a second one"));
    }
    for other in &results[1..] {
        same(arguments, &compare::other_questions(&results[0].scenario, &other.scenario))?;
    }
    let wanted = arguments.only.clone().unwrap_or(vec![Method::Simulation, Method::Measurement, Method::Theory]);
    let method = wanted.into_iter().find(|m| results.iter().all(|r| r.answers.iter().any(|a| a.method == *m)));
    let method = method.ok_or_else(|| wrong("no method answered in all of them"))?;
    let of = |r: &saved::Result| r.answers.iter().find(|a| a.method == method).map(|a| a.metrics.clone()).unwrap_or_default();
    let (confidence, degrees) = results[0].interval();
    let first = of(&results[0]);
    let rows = results[1..].iter().map(|r| compare::unpaired(&first, &of(r), confidence, degrees, &[])).collect();
    let notes = vec!["saved results were made apart: running the scenarios side by side would see smaller differences".to_string()];
    Ok(Compared {
        names: arguments.sides.iter().map(|p| p.display().to_string()).collect(),
        by: format!("{} as saved", method.name()),
        confidence,
        asked: Vec::new(),
        differences: compare::judged(rows, confidence),
        scenarios: results.into_iter().map(|r| r.scenario).collect(),
        command: super::command(),
        notes,
    })
}

fn say(arguments: &CompareArguments, compared: &Compared) -> Result<End, End> {
    let document = report::document(compared);
    let mut written = Vec::new();
    if !arguments.speech.json || arguments.out.is_some() {
        let stem = arguments.sides[0].file_stem().map_or("comparison".into(), |s| s.to_string_lossy().into_owned());
        let folder = super::results(arguments.out.as_ref(), &stem);
        written = files::add(&folder, &report::files(compared))?;
    }
    let said = if arguments.speech.json {
        style::out(&document)
    } else if arguments.speech.quiet {
        End::Fine
    } else {
        let look = crate::report::Style {
            width: style::width(),
            ascii: arguments.speech.ascii,
            colour: style::colour_on_stdout(),
            written: written.iter().map(|p| p.display().to_string()).collect(),
            ..Default::default()
        };
        style::out(&report::text(compared, &look))
    };
    Ok(said)
}

//! `queuelab sweep`: a scenario at every point of a grid; on one machine, or in shards on many.
//!
//! A sweep lives in a folder: `plan.json` says what it is, `points/` keeps each point as soon as it is done
//! (whole or not at all), and when none is missing everything else is made from these. So a sweep may be
//! stopped at any time, and the same command goes on; shards need nothing but the folder.

use super::files;
use super::plan::{PlanArguments, SweepPlan};
use super::progress::{self, Bar};
use super::{Ending, style, system};
use crate::answer::Method;
use crate::report::study::{points, sweep as report};
use crate::scenario::Scenario;
use crate::study::sweep::{Grid, SweepPoint};
use crate::study::{self, Watch};
use parking_lot::Mutex;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct SweepArguments {
    #[command(subcommand)]
    step: Option<SweepCommand>,
    #[command(flatten)]
    plan: PlanArguments,
    #[command(flatten)]
    look: Look,
}

/// How the outcome is shown.
#[derive(Debug, Clone, clap::Args)]
struct Look {
    /// One JSON document on stdout, nothing else there
    #[arg(long)]
    json: bool,
    /// Print errors only; still write files
    #[arg(long, short)]
    quiet: bool,
    /// Plain ASCII signs
    #[arg(long)]
    ascii: bool,
    /// Threads; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,
}

#[derive(Debug, clap::Subcommand)]
enum SweepCommand {
    /// Write down what is to be answered, for `sweep run` on any number of machines that share the folder
    Plan(PlanArguments),
    /// Answer the points of a planned sweep, or a share of them
    Run {
        /// The folder of the plan
        folder: PathBuf,
        /// Only every N-th point, beginning at the I-th: --shard 3/16
        #[arg(long, value_name = "I/N", value_parser = shard, default_value = "1/1")]
        shard: Shard,
        #[command(flatten)]
        look: Look,
    },
    /// Say how many points are done
    Status {
        /// The folder of the plan
        folder: PathBuf,
    },
    /// Make tables, plots and the page from the points; exit code 4 if some are missing
    Merge {
        /// The folder of the plan
        folder: PathBuf,
        #[command(flatten)]
        look: Look,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shard {
    at: usize,
    of: usize,
}

fn shard(text: &str) -> Result<Shard, String> {
    let parts = text
        .split_once('/')
        .and_then(|(i, n)| Some((i.trim().parse::<usize>().ok()?, n.trim().parse::<usize>().ok()?)));
    match parts {
        Some((i, of)) if i >= 1 && i <= of => Ok(Shard { at: i - 1, of }),
        _ => Err("write which of how many, as in 3/16".into()),
    }
}

pub(super) fn sweep(arguments: &SweepArguments) -> Ending {
    let whole = Shard { at: 0, of: 1 };
    let ended = match &arguments.step {
        Some(SweepCommand::Plan(plan)) => SweepPlan::make(plan).and_then(|(plan, folder)| {
            let points = plan.keep(&folder)?.grid.points();
            style::out(&format!(
                "{points} points are planned; answer them with `queuelab sweep run {} --shard I/N`\n",
                folder.display()
            ));
            Ok(Ending::Fine)
        }),
        Some(SweepCommand::Run { folder, shard, look }) => SweepPlan::read(folder).and_then(|plan| {
            files::share(folder)?;
            run(&plan, folder, *shard, look)
        }),
        Some(SweepCommand::Status { folder }) => {
            SweepPlan::read(folder).and_then(|plan| status(&plan, folder))
        }
        Some(SweepCommand::Merge { folder, look }) => {
            SweepPlan::read(folder).and_then(|plan| merge(&plan, folder, look))
        }
        None => SweepPlan::make(&arguments.plan).and_then(|(plan, folder)| {
            files::prepare(&folder)?;
            let plan = plan.keep(&folder)?;
            match run(&plan, &folder, whole, &arguments.look)? {
                Ending::Fine => merge(&plan, &folder, &arguments.look),
                other => Ok(other),
            }
        }),
    };
    ended.unwrap_or_else(|end| end)
}

/// A point's file; measurements have their own, for they come later.
fn file(index: usize, measured: bool) -> String {
    format!("{index:06}{}.csv", if measured { ".measured" } else { "" })
}

fn missing(plan: &SweepPlan, folder: &Path, measured: bool) -> Vec<usize> {
    (0..plan.grid.points()).filter(|i| !folder.join("points").join(file(*i, measured)).exists()).collect()
}

/// Answers the points of a shard that are not there yet.
fn run(plan: &SweepPlan, folder: &Path, shard: Shard, look: &Look) -> Result<Ending, Ending> {
    if let Some(threads) = look.threads {
        // Refused only if the pool is in use already, which nothing before this does.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let mine =
        |measured: bool| missing(plan, folder, measured).into_iter().filter(|i| i % shard.of == shard.at);
    let scenarios = |indices: Vec<usize>| -> Result<Vec<(usize, Scenario)>, Ending> {
        let one = |i| {
            Ok((
                i,
                plan.grid
                    .scenario(&plan.source, &files::ScenarioFolder::beside(&plan.source), i)
                    .map_err(|p| files::refused(&p))?,
            ))
        };
        indices.into_iter().map(one).collect()
    };
    let bar = Bar::new(look.quiet);
    let failed = Mutex::new(false);
    let keep = |index: usize, measured: bool, point: &SweepPoint| {
        // Where one cannot be kept, the others would only be answered for nothing.
        let mut failed = failed.lock();
        if !*failed
            && files::add(
                &folder.join("points"),
                &[(file(index, measured), points::rows(point).into_bytes())],
            )
            .is_err()
        {
            *failed = true;
            progress::stop();
        }
    };
    study::sweep::sweep(&scenarios(mine(false).collect())?, &plan.grid, &plan.methods, &bar, &|point| {
        keep(point.index, false, &point)
    });
    if plan.methods.contains(&Method::Measurement) && !bar.stopped() {
        // One at a time, and nothing beside it.
        for (index, scenario) in scenarios(mine(true).collect())? {
            let study = study::run(&scenario, &[Method::Measurement], &bar);
            if bar.stopped() {
                break;
            }
            let point = SweepPoint {
                index,
                values: plan.grid.values(index),
                answers: study.answers,
                unanswered: study.unanswered,
            };
            keep(index, true, &point);
        }
    }
    bar.clear();
    if *failed.lock() {
        return Err(Ending::Failed);
    }
    if bar.stopped() {
        let left = missing(plan, folder, false).len();
        style::note(&format!(
            "{} of {} points are kept; the same command goes on\n",
            plan.grid.points() - left,
            plan.grid.points()
        ));
        return Err(Ending::Interrupted);
    }
    Ok(Ending::Fine)
}

fn status(plan: &SweepPlan, folder: &Path) -> Result<Ending, Ending> {
    let (all, left) = (plan.grid.points(), missing(plan, folder, false).len());
    style::out(&format!("{} of {all} points are done\n", all - left));
    if plan.methods.contains(&Method::Measurement) {
        style::out(&format!("{} of {all} points are measured\n", all - missing(plan, folder, true).len()));
    }
    Ok(if left == 0 { Ending::Fine } else { Ending::Incomplete })
}

/// Makes everything else from the points.
fn merge(plan: &SweepPlan, folder: &Path, look: &Look) -> Result<Ending, Ending> {
    let mut left = missing(plan, folder, false);
    if plan.methods.contains(&Method::Measurement) {
        left.extend(missing(plan, folder, true));
    }
    if let Some(first) = left.first() {
        style::note(&format!(
            "error: {} points are missing, the first is {first}; `queuelab sweep run {}`\n",
            left.len(),
            folder.display()
        ));
        return Err(Ending::Incomplete);
    }
    let swept = plan.swept(points_of(&plan.grid, folder, plan.methods.contains(&Method::Measurement))?);
    let files = report::files(&swept);
    let written = files::add(folder, &files)?;
    let document =
        files.iter().find(|(name, _)| name == "sweep.json").map(|(_, bytes)| String::from_utf8_lossy(bytes));
    let speech = super::Speech { json: look.json, quiet: look.quiet, ascii: look.ascii };
    Ok(speech.say(document.as_deref().unwrap_or_default(), &written, |style| report::text(&swept, &style)))
}

fn points_of(grid: &Grid, folder: &Path, measured: bool) -> Result<Vec<SweepPoint>, Ending> {
    let mut text = String::new();
    for index in 0..grid.points() {
        for measured in [false, true].into_iter().take(1 + usize::from(measured)) {
            let path = folder.join("points").join(file(index, measured));
            text += &std::fs::read_to_string(&path).map_err(|e| {
                style::note(&format!("error: cannot read {}: {}\n", path.display(), system::reason(&e)));
                Ending::Failed
            })?;
        }
    }
    points::read(grid, &text).map_err(|why| {
        style::note(&format!(
            "error: {}: {why}; sweep again with --fresh\n",
            folder.join("points").display()
        ));
        Ending::Failed
    })
}

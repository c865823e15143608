//! `queuelab sweep`: a scenario at every point of a grid; on one machine, or in shards on many.
//!
//! A sweep lives in a folder: `plan.json` says what it is, `points/` keeps each point as soon as it is done
//! (whole or not at all), and when none is missing everything else is made from these. So a sweep may be
//! stopped at any time, and the same command goes on; shards need nothing but the folder.

use super::files;
use super::plan::{PlanArguments, SweepPlan};
use super::point_files::{PointFault, PointFiles, ranges};
use super::progress::{self, Bar};
use super::recipe::{Scheduler, recipe};
use super::shard::{Shard, shard};
use super::{Ending, style};
use crate::answer::Method;
use crate::report::study::{points, sweep as report};
use crate::scenario::Scenario;
use crate::study::sweep::SweepPoint;
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
        /// Only every N-th point, beginning at the I-th: --shard 3/16; auto: as Slurm, Grid Engine, AWS Batch,
        /// Cloud Run or Google Batch number their tasks; auto/N: as Kubernetes and GNU parallel do
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
    /// Print what a scheduler is given to answer a planned sweep in shares
    Recipe {
        /// Who spreads them
        scheduler: Scheduler,
        /// The folder of the plan
        folder: PathBuf,
        /// How many shares
        #[arg(short = 'n', long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        shards: u32,
    },
    /// Make tables, plots and the page from the points; exit code 4 if some are missing
    Merge {
        /// The folder of the plan
        folder: PathBuf,
        #[command(flatten)]
        look: Look,
    },
}

pub(super) fn sweep(arguments: &SweepArguments) -> Ending {
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
        Some(SweepCommand::Recipe { scheduler, folder, shards }) => SweepPlan::read(folder).and_then(|_| {
            let text = recipe(*scheduler, folder, *shards).map_err(|why| {
                style::note(&format!("error: {why}\n"));
                Ending::Wrong
            })?;
            style::out(&text);
            Ok(Ending::Fine)
        }),
        Some(SweepCommand::Merge { folder, look }) => {
            SweepPlan::read(folder).and_then(|plan| merge(&plan, folder, look))
        }
        None => SweepPlan::make(&arguments.plan).and_then(|(plan, folder)| {
            files::prepare(&folder)?;
            let plan = plan.keep(&folder)?;
            match run(&plan, &folder, Shard::WHOLE, &arguments.look)? {
                Ending::Fine => merge(&plan, &folder, &arguments.look),
                other => Ok(other),
            }
        }),
    };
    ended.unwrap_or_else(|end| end)
}

/// Points without a sound file, and what is wrong with those that have one.
fn missing(plan: &SweepPlan, points: &PointFiles, measured: bool) -> Vec<(usize, PointFault)> {
    let fault = |index| points.read(index, measured).err().map(|fault| (index, fault));
    (0..plan.grid.points()).filter_map(fault).collect()
}

/// Says what is wrong with files that are there.
fn warn(points: &PointFiles, left: &[(usize, PointFault)], measured: bool) {
    const SHOWN: usize = 5;
    let faults: Vec<_> = left.iter().filter(|(_, fault)| *fault != PointFault::Missing).collect();
    for (index, fault) in faults.iter().take(SHOWN) {
        style::note(&format!(
            "warning: {} does not count: {fault}\n",
            points.path(*index, measured).display()
        ));
    }
    if faults.len() > SHOWN {
        style::note(&format!("warning: neither do {} more files of points\n", faults.len() - SHOWN));
    }
}

/// Answers the points of a shard that are not there yet.
fn run(plan: &SweepPlan, folder: &Path, shard: Shard, look: &Look) -> Result<Ending, Ending> {
    if let Some(threads) = look.threads {
        // Refused only if the pool is in use already, which nothing before this does.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let (points, inputs) = (plan.points(folder), plan.files(folder));
    let mine = |measured: bool| -> Vec<usize> {
        let mut left = missing(plan, &points, measured);
        left.retain(|(index, _)| index % shard.of == shard.at);
        warn(&points, &left, measured);
        left.into_iter().map(|(index, _)| index).collect()
    };
    let scenarios = |indices: Vec<usize>| -> Result<Vec<(usize, Scenario)>, Ending> {
        let one = |i| Ok((i, plan.grid.scenario(&plan.source, &inputs, i).map_err(|p| files::refused(&p))?));
        indices.into_iter().map(one).collect()
    };
    let bar = Bar::new(look.quiet);
    let failed = Mutex::new(false);
    let keep = |index: usize, measured: bool, point: &SweepPoint| {
        // Where one cannot be kept, the others would only be answered for nothing.
        let mut failed = failed.lock();
        if !*failed && points.keep(index, measured, points::rows(point)).is_err() {
            *failed = true;
            progress::stop();
        }
    };
    study::sweep::sweep(&scenarios(mine(false))?, &plan.grid, &plan.methods, &bar, &|point| {
        keep(point.index, false, &point)
    });
    if plan.methods.contains(&Method::Measurement) && !bar.stopped() {
        // One at a time, and nothing beside it.
        for (index, scenario) in scenarios(mine(true))? {
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
        let left = missing(plan, &points, false).len();
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
    let (all, points) = (plan.grid.points(), plan.points(folder));
    let mut end = Ending::Fine;
    let kinds = [(false, "done"), (true, "measured")];
    for (measured, what) in
        kinds.into_iter().take(1 + usize::from(plan.methods.contains(&Method::Measurement)))
    {
        let left = missing(plan, &points, measured);
        warn(&points, &left, measured);
        let indices: Vec<usize> = left.iter().map(|(index, _)| *index).collect();
        let which = if left.is_empty() { String::new() } else { format!("; missing: {}", ranges(&indices)) };
        style::out(&format!("{} of {all} points are {what}{which}\n", all - left.len()));
        if !left.is_empty() {
            end = Ending::Incomplete;
        }
    }
    Ok(end)
}

/// Makes everything else from the points.
fn merge(plan: &SweepPlan, folder: &Path, look: &Look) -> Result<Ending, Ending> {
    let points = plan.points(folder);
    let kinds = [false, true].into_iter().take(1 + usize::from(plan.methods.contains(&Method::Measurement)));
    let (mut text, mut left) = (String::new(), Vec::new());
    for index in 0..plan.grid.points() {
        for measured in kinds.clone() {
            match points.read(index, measured) {
                Ok(rows) => text += &rows,
                Err(fault) => left.push((index, measured, fault)),
            }
        }
    }
    if !left.is_empty() {
        for measured in kinds {
            let of: Vec<_> = left.iter().filter(|l| l.1 == measured).map(|l| (l.0, l.2.clone())).collect();
            warn(&points, &of, measured);
        }
        let mut indices: Vec<usize> = left.iter().map(|(index, ..)| *index).collect();
        indices.dedup();
        style::note(&format!(
            "error: {} points are missing: {}; `queuelab sweep run {}` answers them\n",
            indices.len(),
            ranges(&indices),
            folder.display()
        ));
        return Err(Ending::Incomplete);
    }
    let rows = points::read(&plan.grid, &text).map_err(|why| {
        style::note(&format!("error: {}: {why}; sweep again with --fresh\n", points.folder().display()));
        Ending::Failed
    })?;
    let swept = plan.swept(rows);
    let files = report::files(&swept);
    let written = files::add(folder, &files)?;
    let document =
        files.iter().find(|(name, _)| name == "sweep.json").map(|(_, bytes)| String::from_utf8_lossy(bytes));
    let speech = super::Speech { json: look.json, quiet: look.quiet, ascii: look.ascii };
    Ok(speech.say(document.as_deref().unwrap_or_default(), &written, |style| report::text(&swept, &style)))
}

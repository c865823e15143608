//! `queuelab sweep`: a scenario at every point of a grid; on one machine, or in shards on many.
//!
//! A sweep lives in a folder: `plan.json` says what it is, the segments in `points/` keep each point as soon
//! as it is done, and when none is missing everything else is made from these. So a sweep may be stopped at
//! any time, and the same command goes on; shards need nothing but the folder.

mod help;
mod parts;
mod peers;
mod time_limit;
mod worker;

use super::files;
use super::pictures::Pictures;
use super::plan::{PlanArguments, SweepPlan};
use super::recipe::{Scheduler, recipe};
use super::segments::{Found, FoundRows, PointKind, SegmentFault, ranges};
use super::shard::{Shard, shard};
use super::{Ending, style, system};
use crate::report::study::{points, sweep as report};
use crate::study::sweep::{SweepPoint, Swept};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use time_limit::{TimeLimit, time_limit};
use worker::run;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct SweepArguments {
    #[command(subcommand)]
    step: Option<SweepCommand>,
    #[command(flatten)]
    plan: PlanArguments,
    #[command(flatten)]
    pictures: Pictures,
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
    /// Show all that is known, not what fits on a screen: more rows, every column, every file
    #[arg(long, short)]
    verbose: bool,
    /// Threads; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,
}

#[derive(Debug, clap::Subcommand)]
enum SweepCommand {
    /// Write down what is to be answered, for `sweep run` on any number of machines that share the folder
    Plan(PlanArguments),
    /// Answer the points of a planned sweep, or a share of them; then play replications of points that other
    /// workers in the folder have under way
    Run {
        /// The folder of the plan
        folder: PathBuf,
        /// Only every N-th point, beginning at the I-th: --shard 3/16; auto: as Slurm, Grid Engine, AWS
        /// Batch, Cloud Run or Google Batch number their tasks; auto/N: as Kubernetes and GNU parallel do
        #[arg(long, value_name = "I/N", value_parser = shard, default_value = "1/1")]
        shard: Shard,
        /// End by then, such as 50m, as after SIGTERM: no point is begun that would not be done, going by the
        /// one that took longest so far
        #[arg(long, value_name = "TIME", value_parser = time_limit)]
        time_limit: Option<Duration>,
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
        pictures: Pictures,
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
        Some(SweepCommand::Run { folder, shard, time_limit, look }) => {
            let limit = TimeLimit::of(*time_limit);
            SweepPlan::read(folder).and_then(|plan| {
                files::share(folder)?;
                run(&plan, folder, *shard, &limit, look)
            })
        }
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
        Some(SweepCommand::Merge { folder, pictures, look }) => SweepPlan::read(folder)
            .and_then(|plan| merge(&plan, folder, &found(&plan, folder), pictures, look)),
        None => SweepPlan::make(&arguments.plan).and_then(|(plan, folder)| {
            files::prepare(&folder)?;
            let plan = plan.keep(&folder)?;
            match run(&plan, &folder, Shard::WHOLE, &TimeLimit::of(None), &arguments.look)? {
                // What is wrong with segments has been said.
                Ending::Fine => {
                    let found = plan.segments(&folder).find(plan.grid.points());
                    merge(&plan, &folder, &found, &arguments.pictures, &arguments.look)
                }
                other => Ok(other),
            }
        }),
    };
    ended.unwrap_or_else(|end| end)
}

/// What a sweep's folder holds; what is wrong with its segments is said.
pub(super) fn found(plan: &SweepPlan, folder: &Path) -> Found {
    const SHOWN: usize = 5;
    let found = plan.segments(folder).find(plan.grid.points());
    for (path, fault) in found.faults.iter().take(SHOWN) {
        let part = if matches!(fault, SegmentFault::Cut | SegmentFault::Damaged) { " in full" } else { "" };
        style::note(&format!("warning: {} does not count{part}: {fault}\n", path.display()));
    }
    if found.faults.len() > SHOWN {
        style::note(&format!("warning: neither do {} more files\n", found.faults.len() - SHOWN));
    }
    found
}

fn status(plan: &SweepPlan, folder: &Path) -> Result<Ending, Ending> {
    let (all, found) = (plan.grid.points(), found(plan, folder));
    let mut end = Ending::Fine;
    for kind in plan.kinds() {
        let left = found.missing(*kind);
        let what = if *kind == PointKind::Answered { "done" } else { "measured" };
        let which = if left.is_empty() { String::new() } else { format!("; missing: {}", listed(&left)) };
        style::out(&format!("{} of {all} points are {what}{which}\n", all - left.len()));
        if !left.is_empty() {
            end = Ending::Incomplete;
        }
    }
    Ok(end)
}

/// The missing points as people list them, cut where there are many stretches of them.
fn listed(points: &[usize]) -> String {
    const SHOWN: usize = 2000;
    let all = ranges(points);
    match all.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}, …", all[..at].rsplit_once(',').map_or("", |(before, _)| before)),
        None => all,
    }
}

/// Whether all points of a sweep are answered, each in one way; what is wrong is said.
pub(super) fn complete(plan: &SweepPlan, folder: &Path, found: &Found) -> Result<(), Ending> {
    if let Some((index, one, other)) = found.differing.first() {
        style::note(&format!(
            "error: {} and {} answer point {index} differently: remove the one that you do not trust, and \
             answer what is missing by `queuelab sweep run {}`\n",
            one.display(),
            other.display(),
            folder.display()
        ));
        return Err(Ending::Failed);
    }
    let mut left: Vec<usize> = plan.kinds().iter().flat_map(|kind| found.missing(*kind)).collect();
    left.sort_unstable();
    left.dedup();
    if !left.is_empty() {
        style::note(&format!(
            "error: {} points are missing: {}; `queuelab sweep run {}` answers them\n",
            left.len(),
            listed(&left),
            folder.display()
        ));
        return Err(Ending::Incomplete);
    }
    Ok(())
}

/// Makes everything else from the points.
fn merge(
    plan: &SweepPlan,
    folder: &Path,
    found: &Found,
    pictures: &Pictures,
    look: &Look,
) -> Result<Ending, Ending> {
    complete(plan, folder, found)?;
    let (table, swept) = tabled(plan, folder, found)?;
    let mut kept = KeptPoints::of(plan, folder, found);
    let document = files::Draft::written(folder, "sweep.json", |file| {
        if report::shown(&swept).is_none() {
            return report::document(&swept, swept.points.iter().cloned().map(Ok), file);
        }
        // They are read once more: of so many not all that is written is in memory.
        let each = (0..plan.grid.points()).map(|index| kept.read(index).map(|(_, points)| points));
        report::document(&swept, each.flat_map(points_or_why), file)
    })?;
    let mut written = vec![document.finish()?, table.finish()?];
    written.extend(files::add(folder, &pictures.of(report::pictures(&swept))?)?);
    // What killed workers left there; nothing is wanted any more.
    let _ = std::fs::remove_dir_all(parts::folder(folder));
    let document = match look.json {
        true => std::fs::read_to_string(&written[0]).map_err(|why| {
            let (path, why) = (written[0].display(), system::reason(&why));
            style::note(&format!("error: {path} was written and cannot be read: {why}\n"));
            Ending::Failed
        })?,
        false => String::new(),
    };
    let Look { json, quiet, ascii, verbose, .. } = *look;
    let speech = super::Speech { json, quiet, ascii, verbose };
    Ok(speech.say(&document, &written, |style| report::text(&swept, &style)))
}

/// The points, or why they cannot be read.
fn points_or_why(read: std::io::Result<Vec<SweepPoint>>) -> Vec<std::io::Result<SweepPoint>> {
    match read {
        Ok(points) => points.into_iter().map(Ok).collect(),
        Err(why) => vec![Err(why)],
    }
}

/// Reads what the folder keeps of each point.
struct KeptPoints<'a> {
    plan: &'a SweepPlan,
    folder: &'a Path,
    rows: FoundRows<'a>,
    /// The metrics that are shown of many points; `None` where all are.
    shown: Option<BTreeSet<String>>,
}

impl<'a> KeptPoints<'a> {
    fn of(plan: &'a SweepPlan, folder: &'a Path, found: &'a Found) -> Self {
        let shown = report::shown(&plan.swept(Vec::new()));
        KeptPoints { plan, folder, rows: found.rows(), shown }
    }

    /// A point's rows, and what is shown of it.
    fn read(&mut self, index: usize) -> std::io::Result<(String, Vec<SweepPoint>)> {
        let mut text = String::new();
        for kind in self.plan.kinds() {
            text += &self.rows.read(index, *kind)?.unwrap_or_default();
        }
        let mut point = points::read(&self.plan.grid, self.plan.refinement, &text).map_err(|why| {
            let path = self.folder.join("points");
            std::io::Error::other(format!("{}: {why}; sweep again with --fresh", path.display()))
        })?;
        if let Some(shown) = &self.shown {
            let answers = point.iter_mut().flat_map(|point| &mut point.answers);
            answers.for_each(|answer| answer.metrics.retain(|metric, _| shown.contains(metric)));
        }
        Ok((text, point))
    }
}

/// The points' rows as one table in a draft, and of each point what is shown of it.
fn tabled(plan: &SweepPlan, folder: &Path, found: &Found) -> Result<(files::Draft, Swept), Ending> {
    let empty = plan.swept(Vec::new());
    let (mut kept, mut answered) =
        (KeptPoints::of(plan, folder, found), Vec::with_capacity(plan.grid.points()));
    let table = files::Draft::written(folder, "sweep.csv", |file| {
        file.write_all(points::header(&plan.grid, plan.refinement).as_bytes())?;
        for index in 0..plan.grid.points() {
            let (text, mut point) = kept.read(index)?;
            file.write_all(text.as_bytes())?;
            if kept.shown.is_some() {
                point.iter_mut().for_each(|point| point.thin(&empty.objectives));
            }
            answered.append(&mut point);
        }
        Ok(())
    })?;
    Ok((table, Swept { points: answered, ..empty }))
}

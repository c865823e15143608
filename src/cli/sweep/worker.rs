//! A worker of a sweep: it answers the points of its share that nobody has answered, into a segment of its
//! own. Then it helps others.

use super::help::help;
use super::parts::Parts;
use super::peers::Worker;
use super::time_limit::{LimitedBar, TimeLimit};
use super::{Look, found};
use crate::answer::Method;
use crate::cli::plan::SweepPlan;
use crate::cli::progress::{self, Bar};
use crate::cli::segments::{PointKind, SegmentWriter};
use crate::cli::shard::Shard;
use crate::cli::{Ending, files, style};
use crate::report::study::points;
use crate::study::sweep::SweepPoint;
use crate::study::{self, Watch};
use parking_lot::Mutex;
use std::path::Path;

/// Answers the points of a shard that are not there yet, as far as time allows.
pub(super) fn run(
    plan: &SweepPlan,
    folder: &Path,
    shard: Shard,
    limit: &TimeLimit,
    look: &Look,
) -> Result<Ending, Ending> {
    if let Some(threads) = look.threads {
        // Refused only if the pool is in use already, which nothing before this does.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let (segments, inputs, all) = (plan.segments(folder), plan.files(folder), plan.grid.points());
    let there = found(plan, folder);
    let mine = |kind: PointKind| -> Vec<usize> {
        there.missing(kind).into_iter().filter(|index| index % shard.of == shard.at).collect()
    };
    let (bar, writer) = (Bar::new(look.quiet), SegmentWriter::new(&segments));
    let measures = plan.kinds().contains(&PointKind::Measured);
    // Nothing is to be played beside a measurement, which may be made on the same machine.
    let worker = Worker::new(Parts::of(folder, &segments), writer.name(), plan.queues(), measures);
    let (watch, failed) = (LimitedBar { bar: &bar, limit, worker: &worker }, Mutex::new(None));
    // Where one step fails, those that come after it are not tried: they would be for nothing.
    let step = |does: &dyn Fn() -> Option<Ending>| {
        let mut failed = failed.lock();
        if failed.is_none() {
            *failed = does();
            failed.is_some().then(progress::stop);
        }
    };
    let scenario = |index: usize| {
        if !limit.begins() {
            return None;
        }
        let made = plan.grid.scenario(&plan.source, &inputs, index);
        made.map_err(|problems| step(&|| Some(files::refused(&problems)))).ok()
    };
    let keep = |kind: PointKind, point: &SweepPoint| {
        let rows = points::rows(point, plan.refinement);
        step(&|| writer.keep(point.index, kind, &rows).err());
        worker.closes(point.index);
        limit.ends();
    };
    study::sweep::sweep(
        &mine(PointKind::Answered),
        &scenario,
        &plan.grid,
        &plan.methods,
        plan.refinement,
        &watch,
        &|point| keep(PointKind::Answered, &point),
    );
    let measured = if measures { mine(PointKind::Measured) } else { vec![] };
    // One at a time, and nothing beside it.
    for index in measured {
        let Some(scenario) = Some(index).filter(|_| !watch.stopped()).and_then(scenario) else { break };
        let study = study::run(&scenario, &[Method::Measurement], &watch);
        if watch.stopped() {
            break;
        }
        let (answers, unanswered) = (study.answers, study.unanswered);
        keep(
            PointKind::Measured,
            &SweepPoint { index, values: plan.grid.values(index), answers, unanswered },
        );
    }
    drop(writer);
    let left = bar.stopped() || limit.is_reached();
    if !left {
        help(plan, folder, &worker, limit, &watch);
    }
    bar.clear();
    if let Some(ending) = failed.into_inner() {
        return Err(ending);
    }
    if left {
        let kept = all - segments.find(all).missing(PointKind::Answered).len();
        let (why, on) = match (limit.is_reached(), limit.is_too_short()) {
            (_, true) => ("the time limit is reached before a point was done: ", "give it more time"),
            (true, _) => ("the time limit is reached: ", "the same command goes on"),
            _ => ("", "the same command goes on"),
        };
        style::note(&format!("{why}{kept} of {all} points are kept; {on}\n"));
        return Err(Ending::Interrupted);
    }
    Ok(Ending::Fine)
}

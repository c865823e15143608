//! What a worker does that has answered its share: it plays replications of points that others have under
//! way.

use super::peers::Worker;
use super::time_limit::{LimitedBar, TimeLimit};
use crate::cli::plan::SweepPlan;
use crate::cli::progress::Stopwatch;
use crate::cli::segments::PointKind;
use crate::study::{WantedRuns, Watch, sweep};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// A worker that finds nothing to do waits for a tenth of the time that it has worked, within these bounds.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];
/// Between two looks passes a tenth of the time that it has waited, within these.
const LOOKS: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(200)];

/// Helps for as long as there is anybody to be helped, or something may come.
pub(super) fn help(
    plan: &SweepPlan,
    folder: &Path,
    worker: &Worker<'_>,
    limit: &TimeLimit,
    watch: &LimitedBar<'_>,
) {
    worker.has_answered();
    watch.says("sweep", 1.0, "this share is done");
    if worker.others().is_empty() {
        return;
    }
    let inputs = plan.files(folder);
    let found = plan.segments(folder).find(plan.grid.points());
    let missing: BTreeSet<usize> = found.missing(PointKind::Answered).into_iter().collect();
    let patience = (limit.elapsed() / 10).clamp(WAITS[0], WAITS[1]);
    let mut idle = Stopwatch::start();
    // Replications that are left to be tried.
    let mut left: BTreeMap<WantedRuns, u32> = BTreeMap::new();
    while !missing.is_empty() && !watch.stopped() {
        let others = worker.others();
        if others.is_empty() || idle.elapsed() > patience {
            return;
        }
        let open = others.iter().flat_map(|other| other.open.iter().map(|runs| (&other.worker, *runs)));
        let mut wanted = open.filter(|(_, runs)| missing.contains(&runs.point));
        let next = wanted.find_map(|(other, runs)| {
            let tried = left.entry(runs).or_insert(runs.to);
            let begun = worker.begin(other, &runs, tried)?;
            Some((other.clone(), runs, begun))
        });
        let Some((other, runs, first)) = next else {
            std::thread::sleep((idle.elapsed() / 10).clamp(LOOKS[0], LOOKS[1]));
            continue;
        };
        watch.says("sweep", 1.0, &format!("helping with point {}", runs.point));
        let Ok(scenario) = plan.grid.scenario(&plan.source, &inputs, runs.point) else { return };
        let (first, tried) = (Mutex::new(Some(first)), Mutex::new(left[&runs]));
        let begun = Mutex::new(BTreeMap::new());
        let next = || {
            let (one, part) =
                first.lock().take().or_else(|| worker.begin(&other, &runs, &mut tried.lock()))?;
            begun.lock().insert(one, part);
            Some(one)
        };
        let give = |one: u32, bytes: &[u8]| {
            if let Some(part) = begun.lock().remove(&one) {
                part.give(&worker.parts, bytes);
            }
        };
        sweep::help(&scenario, &runs, watch, &next, &give);
        left.insert(runs, tried.into_inner());
        idle = Stopwatch::start();
    }
}

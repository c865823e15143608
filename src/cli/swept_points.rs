//! The points of a sweep that was run, for commands that answer from them.

use super::plan::SweepPlan;
use super::planned_files::PlannedFiles;
use super::segments::Found;
use super::sweep::{complete, found};
use super::{Ending, files, style, system};
use crate::report::study::points;
use crate::scenario::{self, Scenario};
use crate::study::sweep::SweepPoint;
use std::path::{Path, PathBuf};

/// A sweep of which every point is answered.
pub(super) struct SweptPoints {
    pub plan: SweepPlan,
    /// The scenario of its plan, as it was written.
    pub scenario: Scenario,
    /// The files that it names, as they were planned.
    pub files: PlannedFiles,
    folder: PathBuf,
    found: Found,
}

impl SweptPoints {
    /// The sweep of a folder; what is missing of it or wrong with it is said.
    pub(super) fn of(folder: &Path) -> Result<Self, Ending> {
        let plan = SweepPlan::read(folder)?;
        let files = plan.files(folder);
        let scenario = files::checked(scenario::parse(&plan.source, &files))?;
        let found = found(&plan, folder);
        complete(&plan, folder, &found)?;
        Ok(SweptPoints { plan, scenario, files, folder: folder.into(), found })
    }

    /// What its scenario is called.
    pub(super) fn stem(&self) -> String {
        let stem = Path::new(&self.plan.source.name).file_stem();
        stem.map_or("sweep".into(), |stem| stem.to_string_lossy().into_owned())
    }

    /// Some of its points, each by one value for each of its axes, with the metrics that are needed.
    pub(super) fn points(
        &self,
        which: impl Iterator<Item = Vec<String>>,
        needed: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<SweepPoint>, Ending> {
        let mut rows = self.found.rows();
        let unreadable = |why: String| {
            style::note(&format!("error: {}: {why}; sweep again with --fresh\n", self.folder.display()));
            Ending::Failed
        };
        let mut points = Vec::new();
        for values in which {
            let place = values.iter().zip(&self.plan.grid.axes).fold(0, |place, (value, axis)| {
                place * axis.values.len() + axis.values.iter().position(|v| v == value).unwrap_or(0)
            });
            let mut text = String::new();
            for kind in self.plan.kinds() {
                let read = rows.read(place, *kind).map_err(|why| unreadable(system::reason(&why)))?;
                text += &read.unwrap_or_default();
            }
            let read = points::read(&self.plan.grid, self.plan.refinement, &text);
            let read = read.map_err(|why| unreadable(why.to_string()))?;
            let mut point = read.into_iter().next().ok_or_else(|| unreadable("a point is empty".into()))?;
            point.answers.iter_mut().for_each(|answer| answer.metrics.retain(|path, _| needed(path)));
            points.push(point);
        }
        Ok(points)
    }

    /// Why a point cannot be had, if a path is not varied or does not have a value.
    pub(super) fn lacks(&self, path: &str, values: &[String]) -> Option<String> {
        let axes = &self.plan.grid.axes;
        let Some(axis) = axes.iter().find(|axis| axis.path == path) else {
            let paths: Vec<&str> = axes.iter().map(|axis| axis.path.as_str()).collect();
            return Some(format!("the sweep does not vary {path}, but {}", paths.join(" and ")));
        };
        let value = values.iter().find(|value| !axis.values.contains(value))?;
        Some(format!("the sweep has no point with {path} = {value}, but with {}", axis.values.join(", ")))
    }
}

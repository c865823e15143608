//! Capacity from the points of a sweep that was run, spread over machines or not.

use super::{
    CapacityArguments, Ending, LoadedScenario, alone, asked, axes, ordered, prices, say, several, style,
};
use crate::answer::{MetricId, Quantity};
use crate::cli::files;
use crate::cli::swept_points::SweptPoints;
use crate::scenario::{self, Scenario};
use crate::study::Trial;
use crate::study::capacity::{Search, SeveralSearch};
use crate::study::sweep::{Grid, SweepPoint, SweptSetting};
use std::path::Path;

fn wrong(what: String) -> Ending {
    style::note(&format!("error: {what}\n"));
    Ending::Wrong
}

/// Searches among the points of a sweep, and says what was found.
pub(super) fn search(arguments: &CapacityArguments, folder: &Path) -> Result<Ending, Ending> {
    let swept = SweptPoints::of(folder)?;
    let (scenario, source) = (swept.scenario.clone(), swept.plan.source.clone());
    let given = LoadedScenario { scenario, text: None, source, stem: swept.stem() };
    let mut source = asked(arguments, &given).map_err(wrong)?;
    let scenario = files::checked(scenario::parse(&source, &swept.files))?;
    let prices = prices(arguments, &scenario).map_err(wrong)?;
    let picked = picked(arguments, &swept, &scenario).map_err(wrong)?;
    // What has one value is no longer varied.
    let (fixed, varied): (Vec<_>, Vec<_>) = picked.iter().cloned().partition(|axis| axis.values.len() == 1);
    if varied.is_empty() {
        return Err(wrong(
            "this is one point of the sweep; leave out a --vary, or give it more values".into(),
        ));
    }
    source = fixed.iter().fold(source, |source, axis| source.given("--vary", &axis.path, &axis.values[0]));
    let known = known(&swept, picked, &scenario)?;
    if let Some(folder) = super::folder(arguments, &given) {
        files::prepare(&folder)?;
    }
    let files = &swept.files;
    if let Some(SweptSetting { path, values }) = alone(arguments, &varied) {
        let search = Search { source: &source, files, path, values, largest: arguments.max };
        let capacity = search.among(known).map_err(|problems| files::refused(&problems))?;
        let costs = super::costs(&prices, &source, files, &capacity);
        return say(arguments, &given, &costs, &capacity);
    }
    let prices = several::priced(arguments, &varied, prices).map_err(wrong)?;
    let search = SeveralSearch { source: &source, files, grid: Grid { axes: varied }, prices: &prices };
    let cheapest = search.among(known).map_err(|why| several::refused(why).map_or_else(|end| end, wrong))?;
    several::say(arguments, &given, &cheapest)
}

/// The axes of a sweep with the values that are asked for, numbers from low to high.
fn picked(
    arguments: &CapacityArguments,
    swept: &SweptPoints,
    scenario: &Scenario,
) -> Result<Vec<SweptSetting>, String> {
    let asked = if arguments.vary.is_empty() { Vec::new() } else { axes(arguments, scenario)? };
    if let Some(what) = asked.iter().find_map(|axis| swept.lacks(&axis.path, &axis.values)) {
        return Err(what);
    }
    let one = |axis: &SweptSetting| match asked.iter().find(|asked| asked.path == axis.path) {
        Some(asked) => Ok(asked.clone()),
        None if asked.is_empty() || axis.values.len() == 1 => {
            let values = ordered(axis.values.clone()).unwrap_or_else(|_| axis.values.clone());
            Ok(SweptSetting { path: axis.path.clone(), values })
        }
        None => {
            Err(format!("the sweep varies {0}, too; say which of its values: --vary {0}=VALUE", axis.path))
        }
    };
    swept.plan.grid.axes.iter().map(one).collect()
}

/// What the sweep knows of each combination that is asked for, in the order of these.
fn known(swept: &SweptPoints, axes: Vec<SweptSetting>, scenario: &Scenario) -> Result<Vec<Trial>, Ending> {
    let grid = Grid { axes };
    let which = (0..grid.points()).map(|index| grid.values(index));
    let points = swept.points(which, &|path| needed(path, scenario))?;
    let stable: Vec<&SweepPoint> = points.iter().filter(|point| !point.unstable()).collect();
    let lacks = |metric: &str| !stable.is_empty() && stable.iter().all(|point| point.best(metric).is_none());
    if let Some(objective) = scenario.objectives.iter().find(|objective| lacks(&objective.metric)) {
        return Err(wrong(format!(
            "the sweep's points have no {}; sweep again with it among the [objectives]",
            objective.metric
        )));
    }
    let starts = scenario.is_of_the_start();
    Ok(points.into_iter().map(|point| Trial::of_point(point, &scenario.objectives, starts)).collect())
}

/// Whether a metric decides or has a price.
fn needed(path: &str, scenario: &Scenario) -> bool {
    scenario.objectives.iter().any(|objective| objective.metric == path)
        || MetricId::parse(path).is_some_and(|id| id.quantity == Quantity::Count)
}

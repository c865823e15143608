//! A comparison of points of a sweep that was run, spread over machines or not.

use super::{CompareArguments, refused, same, wrong};
use crate::answer::Method;
use crate::cli::swept_points::SweptPoints;
use crate::cli::{Ending, files};
use crate::scenario;
use crate::study::compare::{self, Comparison};
use crate::study::document::{Document, Intervals};
use crate::study::sweep::{SweepPoint, VARIED};
use serde_json::Value;
use std::borrow::Cow;
use std::path::Path;

/// Compares the point that has the scenario's own settings with others.
pub(super) fn compared(arguments: &CompareArguments, folder: &Path) -> Result<Comparison, Ending> {
    let swept = SweptPoints::of(folder)?;
    let (names, sides) = sides(arguments, &swept).map_err(|what| wrong(&what))?;
    let points = swept.points(sides.iter().cloned(), &|_| true)?;
    let mut results = Vec::new();
    for ((name, values), point) in names.into_iter().zip(&sides).zip(points) {
        let axes = swept.plan.grid.axes.iter().zip(values);
        let source = axes
            .fold(swept.plan.source.clone(), |source, (axis, value)| source.given(VARIED, &axis.path, value));
        let at = files::checked(scenario::parse(&source, &swept.files))?;
        let simulation = &at.simulation;
        let intervals =
            Intervals { confidence: simulation.confidence, replications: simulation.replications };
        results.push((name, document(point, scenario::resolved(&at), at.seed, intervals)));
    }
    for (_, other) in &results[1..] {
        same(arguments, &compare::other_questions(&results[0].1.scenario, &other.scenario))?;
    }
    let usual = [Method::Simulation, Method::Measurement, Method::Theory];
    Comparison::of_saved(&results, arguments.only.as_deref().unwrap_or(&usual)).map_err(refused)
}

/// What each side is called, and its values of the sweep's axes.
fn sides(
    arguments: &CompareArguments,
    swept: &SweptPoints,
) -> Result<(Vec<String>, Vec<Vec<String>>), String> {
    if arguments.against.is_empty() {
        return Err("there is only one side; name others of the sweep's points: --against PATH=VALUE".into());
    }
    let axes = &swept.plan.grid.axes;
    let mut own = Vec::new();
    for axis in axes {
        let value = scenario::setting(&swept.scenario, &axis.path).unwrap_or("none".into());
        // As it is written in the sweep: `200/s` may be echoed otherwise.
        let written = axis.values.iter().find(|v| **v == value || same_number(v, &value));
        own.push(written.cloned().ok_or_else(|| {
            format!(
                "the sweep has no point with the scenario's own {} = {value}, but with {}",
                axis.path,
                axis.values.join(", ")
            )
        })?);
    }
    let (mut names, mut sides) = (vec![swept.stem()], vec![own.clone()]);
    for against in &arguments.against {
        let (path, value) = against.split_once('=').ok_or("--against lacks its value; write PATH=VALUE")?;
        let (path, value) = (path.trim(), value.trim().to_string());
        if let Some(what) = swept.lacks(path, std::slice::from_ref(&value)) {
            return Err(what);
        }
        let turned = axes.iter().zip(&own).map(|(axis, own)| if axis.path == path { &value } else { own });
        sides.push(turned.cloned().collect());
        names.push(against.clone());
    }
    Ok((names, sides))
}

fn same_number(one: &str, other: &str) -> bool {
    use crate::study::sweep::number;
    number(one).zip(number(other)).is_some_and(|(one, other)| one == other)
}

/// A point as a result that was saved.
fn document(point: SweepPoint, scenario: Value, seed: u64, intervals: Intervals) -> Document<'static> {
    let SweepPoint { answers, unanswered, .. } = point;
    Document {
        answers: Cow::Owned(answers),
        unanswered: Cow::Owned(unanswered),
        ..Document::empty(scenario, seed, intervals)
    }
}

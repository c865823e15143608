//! Comparison of configurations: differences with intervals, and whether they are more than chance.
//!
//! Simulations play the same plan, replication for replication, so that a difference is that of pairs and the
//! chance they share cancels. Measurements take turns, A B B A, so that a host that slows down or warms up
//! favours neither.

mod comparison;
mod differences;
mod traffic;

pub use comparison::{CompareError, CompareMethod, ComparedBy, Comparison, ComparisonNote};
pub use differences::{Difference, Row, Verdict, judged, metrics, paired, undrained, unpaired};
pub use traffic::{TrafficDifference, other_questions};

use super::watch::Watch;
use super::{measurement, simulation, transient};
use crate::answer::{Answer, Method, Reason, Trust, Unanswered};
use crate::scenario::{Length, Scenario};
use std::collections::BTreeMap;

/// The figures of one run, by metric path.
pub type RunFigures = BTreeMap<String, f64>;

/// What a scenario is asked with, beside its own settings, so that all are asked alike. Where there is no
/// steady state all are played for as long as the one that takes longest.
///
/// # Errors
/// Only some of them have a steady state, or nothing says how long to play.
pub fn alike(scenarios: &mut [Scenario]) -> Result<(), Reason> {
    let Some((seed, mut simulation, measurement)) =
        scenarios.first().map(|s| (s.seed, s.simulation.clone(), s.measurement.clone()))
    else {
        return Ok(());
    };
    let transient = scenarios.iter().filter(|s| transient::applies(s) || s.is_of_the_start()).count();
    if transient > 0 && transient < scenarios.len() {
        return Err("one has a beginning and an end (a timetable that changes, or a backlog), another a \
            steady state: they have no figure in common"
            .into());
    }
    if transient > 0 && !matches!(simulation.length, Length::Duration(_)) {
        let longest = scenarios
            .iter()
            .map(transient::horizon)
            .try_fold(0.0, |longest, one| Ok::<f64, Reason>(f64::max(longest, one?)))?;
        simulation.length = Length::Duration(longest);
    }
    for scenario in scenarios {
        (scenario.seed, scenario.simulation, scenario.measurement) =
            (seed, simulation.clone(), measurement.clone());
        // Pairs need equally many replications.
        scenario.simulation.precision = crate::scenario::Precision::None;
        scenario.simulation.replications = scenario.simulation.replications.max(2);
    }
    Ok(())
}

/// Every replication of a scenario.
///
/// # Errors
/// Why there is no simulation.
pub fn simulated(scenario: &Scenario, watch: &dyn Watch) -> Result<Vec<RunFigures>, Unanswered> {
    simulation::replications(scenario, watch)
}

/// What was measured of one side.
#[derive(Debug, Clone, Default)]
pub struct MeasuredSide {
    /// Of each run.
    pub figures: Vec<RunFigures>,
    /// What makes a run less than valid, one sentence a run.
    pub doubts: Vec<String>,
}

/// Measures two scenarios in turns, A B B A, so many times over.
///
/// # Errors
/// The target failed.
pub fn measured(
    a: &Scenario,
    b: &Scenario,
    rounds: u32,
    watch: &dyn Watch,
) -> Result<(MeasuredSide, MeasuredSide), Unanswered> {
    let (mut first, mut second) = (MeasuredSide::default(), MeasuredSide::default());
    for turn in 0..4 * rounds {
        let is_first = matches!(turn % 4, 0 | 3);
        let answers = measurement::measure(if is_first { a } else { b }, watch)?;
        let side = if is_first { &mut first } else { &mut second };
        if let Some(answer) = answers.into_iter().find(|x| x.method == Method::Measurement) {
            side.doubts.extend(doubt(&answer));
            side.figures
                .push(answer.metrics.into_iter().filter_map(|(path, e)| Some((path, e.value?))).collect());
        }
        if watch.stopped() {
            break;
        }
    }
    Ok((first, second))
}

/// Why a measurement is not to be trusted; `None` if it is.
fn doubt(answer: &Answer) -> Option<String> {
    let worst =
        answer.gates.iter().filter(|gate| gate.trust == Trust::Invalid).map(|gate| gate.name.to_string());
    (answer.trust() == Trust::Invalid).then(|| worst.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests;

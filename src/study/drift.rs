//! Whether a simulated scenario has a steady state at all, or a backlog that grows without end.

use super::play::Play;
use super::span::Drift;
use crate::scenario::Scenario;
use crate::stats::half_width;
use crate::theory::{Load, ModelError, explain};
use crate::units::significant;

/// Confidence of the statement that a backlog grows.
const DRIFT_CONFIDENCE: f64 = 0.999;
/// A backlog that grows by less than this share of the arrivals is not told from one that has not settled.
const LEAST_DRIFT: f64 = 0.005;
/// Half-widths below this share of the value are those of equal values, but for rounding.
const ALIKE: f64 = 1e-9;
/// Growth over how far the mean lay above the start: 2 where a backlog grows evenly, 1 where a queue has
/// filled up.
const EVENLY: f64 = 1.5;

/// Why there is no steady state, if there is none: rho at least 1 without a bound, and how fast the backlog
/// grows.
pub(super) fn unstable(scenario: &Scenario, play: &Play<'_>, runs: &[Vec<Drift>]) -> Option<String> {
    match explain(scenario).loads.as_slice() {
        [load] if load.is_known() && load.rho.is_some_and(f64::is_finite) && play.is_one_queue => {
            load.grows().then(|| grows(load, growth(runs, 0)))
        }
        _ => drifting(scenario, runs),
    }
}

/// By how much a queue's backlog grew in each replication, a second.
fn growth(runs: &[Vec<Drift>], queue: usize) -> (f64, Option<f64>) {
    let growth: Vec<f64> = runs.iter().map(|r| r[queue].grown).collect();
    half_width(&growth, DRIFT_CONFIDENCE)
}

/// That a single queue's backlog grows, and how fast.
fn grows(load: &Load, (mean, half): (f64, Option<f64>)) -> String {
    match load.fullest() {
        Some(rho) if rho > 1.0 + ALIKE => {
            let spread = half.map_or(String::new(), |h| format!(" ± {}", significant(h, 2)));
            format!(
                "rho = {}, the backlog grows by {}{spread} messages/s",
                significant(rho, 4),
                significant(mean, 3)
            )
        }
        _ => ModelError::Critical.to_string(),
    }
}

/// The queue of a network whose backlog grows fastest, if any does beyond chance.
fn drifting(scenario: &Scenario, runs: &[Vec<Drift>]) -> Option<String> {
    let mut worst: Option<(f64, String)> = None;
    for (q, queue) in scenario.queues.iter().enumerate() {
        if scenario.consumers_of(q).next().is_none() {
            continue;
        }
        let came = runs.iter().map(|r| r[q].came).sum::<f64>() / runs.len() as f64;
        let (mean, half) = growth(runs, q);
        let risen = runs.iter().map(|r| r[q].risen).sum::<f64>() / runs.len() as f64;
        // Replications that are all alike say no more than one of them, and that says nothing of chance.
        let half = half.filter(|half| *half > ALIKE * mean.abs());
        let beyond_chance = match half {
            Some(half) => mean - half > LEAST_DRIFT * came,
            None => is_overloaded(scenario, q).unwrap_or(mean > LEAST_DRIFT * came),
        };
        if beyond_chance && mean > EVENLY * risen && worst.as_ref().is_none_or(|(most, _)| mean > *most) {
            let spread = half.map_or(String::new(), |half| format!(" ± {}", significant(half, 2)));
            let grows = format!("{}{spread} messages/s", significant(mean, 3));
            worst = Some((mean, format!("the backlog of queue `{}` grows by {grows}", queue.name)));
        }
    }
    worst.map(|(_, why)| why).or_else(|| overloaded(scenario))
}

/// The queue to which most comes that its servers cannot do, all of them or one that has partitions of its
/// own.
pub(super) fn overloaded(scenario: &Scenario) -> Option<String> {
    let loads = explain(scenario).loads;
    let growing = loads.iter().filter(|load| load.grows()).filter_map(|load| Some((load.fullest()?, load)));
    let (rho, load) = growing.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let whose = match &load.partitions {
        Some(parts) if parts.at_least == rho => {
            format!("at the busiest of the {} servers with a partition of queue", parts.servers)
        }
        _ => "in queue".into(),
    };
    let slowly = if rho > 1.0 + ALIKE { "" } else { ", though slower and slower" };
    Some(format!(
        "rho = {} {whose} `{}`, whose backlog grows without end{slowly}",
        significant(rho, 4),
        load.queue
    ))
}

/// Whether more comes to a queue than its servers can do, by mean rates; `None` where these are not known.
fn is_overloaded(scenario: &Scenario, queue: usize) -> Option<bool> {
    explain(scenario).loads.get(queue).filter(|load| load.is_known()).map(|load| load.grows())
}

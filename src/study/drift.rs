//! Whether a simulated scenario has a steady state at all, or a backlog that grows without end.

use super::play::{Drift, Play};
use crate::scenario::{Arrivals, Deliver, Producer, Queue, Scenario, Topic};
use crate::stats::half_width;
use crate::theory::explain;
use crate::units::significant;

/// Confidence of the statement that a backlog grows.
const DRIFT_CONFIDENCE: f64 = 0.999;
/// A backlog that grows by less than this share of the arrivals is not told from one that has not settled.
const LEAST_DRIFT: f64 = 0.005;
/// Half-widths below this share of the value are those of equal values, but for rounding.
const ALIKE: f64 = 1e-9;
/// Growth over how far the mean lay above the start: 2 where a backlog grows evenly, 1 where a queue has filled up.
const EVENLY: f64 = 1.5;

/// Why there is no steady state, if there is none: rho at least 1 without a bound, and how fast the backlog grows.
pub(super) fn unstable(scenario: &Scenario, play: &Play<'_>, runs: &[Vec<Drift>]) -> Option<String> {
    let known = super::rho(scenario).filter(|rho| rho.is_finite() && !play.is_network());
    let Some(rho) = known else { return drifting(scenario, runs) };
    if rho < 1.0 || play.is_bounded() || (!scenario.has_chance() && rho <= 1.0 + ALIKE) {
        return None;
    }
    let growth: Vec<f64> = runs.iter().map(|r| r[0].grown).collect();
    let (mean, half) = half_width(&growth, DRIFT_CONFIDENCE);
    let spread = half.map_or(String::new(), |h| format!(" ± {}", significant(h, 2)));
    Some(format!("unstable: rho = {}, the backlog grows by {}{spread} messages/s", significant(rho, 4), significant(mean, 3)))
}

/// The queue of a network whose backlog grows fastest, if any does beyond chance.
fn drifting(scenario: &Scenario, runs: &[Vec<Drift>]) -> Option<String> {
    let mut worst: Option<(f64, String)> = None;
    for (q, queue) in scenario.queues.iter().enumerate() {
        if scenario.consumers_of(q).next().is_none() {
            continue;
        }
        let growth: Vec<f64> = runs.iter().map(|r| r[q].grown).collect();
        let came = runs.iter().map(|r| r[q].came).sum::<f64>() / runs.len() as f64;
        let (mean, half) = half_width(&growth, DRIFT_CONFIDENCE);
        let risen = runs.iter().map(|r| r[q].risen).sum::<f64>() / runs.len() as f64;
        // Replications that are all alike say no more than one of them, and that says nothing of chance.
        let half = half.filter(|half| *half > ALIKE * mean.abs());
        let beyond_chance = half.map_or_else(|| is_overloaded(scenario, q), |half| mean - half > LEAST_DRIFT * came);
        if beyond_chance && mean > EVENLY * risen && worst.as_ref().is_none_or(|(most, _)| mean > *most) {
            let spread = half.map_or(String::new(), |half| format!(" ± {}", significant(half, 2)));
            let grows = format!("{}{spread} messages/s", significant(mean, 3));
            worst = Some((mean, format!("unstable: the backlog of queue `{}` grows by {grows}", queue.name)));
        }
    }
    worst.map(|(_, why)| why).or_else(|| overloaded(scenario))
}

/// The queue to which most comes that its servers cannot do, where mean rates alone decide it: nothing is lost on the way.
fn overloaded(scenario: &Scenario) -> Option<String> {
    let even = |t: &Topic| t.deliver == Deliver::All;
    let open = |p: &Producer| p.rate > 0.0 && !matches!(p.arrivals, Arrivals::Closed { .. });
    let keeps = |q: &Queue| q.max_length.is_none() && q.message_ttl.is_none() && q.delivery_limit.is_none();
    if !(scenario.topics.iter().all(even) && scenario.producers.iter().all(open) && scenario.queues.iter().all(keeps)) {
        return None;
    }
    let loads = explain(scenario).loads;
    let (rho, load) = loads.iter().filter_map(|load| Some((load.rho?, load))).max_by(|a, b| a.0.total_cmp(&b.0))?;
    let why = || format!("unstable: rho = {} in queue `{}`, whose backlog grows without end", significant(rho, 4), load.queue);
    (rho > 1.0 + ALIKE).then(why)
}

/// Whether more comes to a queue than its servers can do, by mean rates.
fn is_overloaded(scenario: &Scenario, queue: usize) -> bool {
    explain(scenario).loads.get(queue).is_some_and(|load| load.is_overloaded())
}

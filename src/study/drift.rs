//! Whether a simulated scenario has a steady state at all, or a backlog that grows without end.

use super::play::Play;
use super::span::Drift;
use crate::answer::Growth;
use crate::scenario::Scenario;
use crate::stats::{half_width, t_quantile};
use crate::theory::{self, Load};

/// Confidence of the statement that a backlog grows, of all queues together: of very many, chance would let
/// some seem to grow.
const DRIFT_CONFIDENCE: f64 = 0.999;
/// A backlog that grows by less than this share of the arrivals is not told from one that has not settled.
const LEAST_DRIFT: f64 = 0.005;
/// Half-widths below this share of the value are those of equal values, but for rounding.
const ALIKE: f64 = 1e-9;
/// A backlog that grows in one replication by more than this share of the arrivals, and so many times as
/// much as is usual in the others, has collapsed there.
const COLLAPSE: f64 = 0.02;
const UNUSUAL: f64 = 20.0;
/// Growth over how far the mean lay above the start: 2 where a backlog grows evenly, 1 where a queue has
/// filled up.
const EVENLY: f64 = 1.5;

/// Why there is no steady state, if there is none: rho at least 1 without a bound, and how fast the backlog
/// grows; `loads` are those of the scenario's queues.
pub(super) fn unstable(
    scenario: &Scenario,
    loads: &[Load],
    play: &Play<'_>,
    runs: &[Vec<Drift>],
) -> Option<Growth> {
    if let Some(unsent) = unsent(scenario) {
        return Some(unsent);
    }
    match loads {
        [load] if load.is_known() && load.rho.is_some_and(f64::is_finite) && play.is_one_queue => {
            load.grows().then(|| grows(load, growth(runs, 0)))
        }
        _ => drifting(scenario, loads, runs),
    }
}

/// By how much a queue's backlog grew in each replication, a second.
fn growth(runs: &[Vec<Drift>], queue: usize) -> (f64, Option<f64>) {
    let growth: Vec<f64> = runs.iter().map(|r| r[queue].grown).collect();
    half_width(&growth, DRIFT_CONFIDENCE)
}

/// How many times as wide an interval is that has to hold for all of so many queues (Bonferroni).
fn widened(runs: usize, queues: usize) -> f64 {
    let Some(degrees) = runs.checked_sub(1).filter(|degrees| *degrees > 0) else { return 1.0 };
    let all = 1.0 - (1.0 - DRIFT_CONFIDENCE) / queues.max(1) as f64;
    t_quantile(all, degrees as u64) / t_quantile(DRIFT_CONFIDENCE, degrees as u64)
}

/// That a single queue's backlog grows, and how fast.
fn grows(load: &Load, (growth, half_width): (f64, Option<f64>)) -> Growth {
    match load.fullest() {
        Some(rho) if rho > 1.0 + ALIKE => Growth::Simulated { rho, growth, half_width },
        _ => Growth::Critical,
    }
}

/// The queue of a network whose backlog grows fastest, if any does beyond chance.
fn drifting(scenario: &Scenario, loads: &[Load], runs: &[Vec<Drift>]) -> Option<Growth> {
    let mut worst: Option<(f64, Growth)> = None;
    let groups = scenario.consumers_by_queue();
    let widened = widened(runs.len(), scenario.queues.len());
    for (q, queue) in scenario.queues.iter().enumerate().filter(|(q, _)| !groups[*q].is_empty()) {
        let came = runs.iter().map(|r| r[q].came).sum::<f64>() / runs.len() as f64;
        let (mean, half) = growth(runs, q);
        let risen = runs.iter().map(|r| r[q].risen).sum::<f64>() / runs.len() as f64;
        // Replications that are all alike say no more than one of them, and that says nothing of chance.
        let half = half.filter(|half| *half > ALIKE * mean.abs());
        let beyond_chance = match half {
            Some(half) => mean - widened * half > LEAST_DRIFT * came,
            None => is_overloaded(loads, q).unwrap_or(mean > LEAST_DRIFT * came),
        };
        if beyond_chance && mean > EVENLY * risen && worst.as_ref().is_none_or(|(most, _)| mean > *most) {
            let queue = queue.name.clone();
            worst = Some((mean, Growth::Drifting { queue, growth: mean, half_width: half }));
        }
    }
    worst.map(|(_, grows)| grows).or_else(|| fullest(loads)).or_else(|| collapsing(scenario, loads, runs))
}

/// The queue of which nobody knows beforehand whether it holds, and that was seen to grow until the end in
/// some replications: clients that send again keep up an overload that chance began.
fn collapsing(scenario: &Scenario, loads: &[Load], runs: &[Vec<Drift>]) -> Option<Growth> {
    let unknown = |queue: &usize| loads.get(*queue).is_none_or(|load| !load.is_known());
    let groups = scenario.consumers_by_queue();
    let consumed = (0..scenario.queues.len()).filter(|queue| !groups[*queue].is_empty());
    consumed.filter(unknown).find_map(|queue| {
        let mut usual: Vec<f64> = runs.iter().map(|run| run[queue].grown.abs()).collect();
        usual.sort_by(f64::total_cmp);
        let usual = usual[usual.len() / 2];
        let grew = runs.iter().map(|run| &run[queue]).filter(|drift| {
            drift.grown > (COLLAPSE * drift.came).max(UNUSUAL * usual) && drift.grown > EVENLY * drift.risen
        });
        let (grew, of) = (grew.count(), runs.len());
        (grew > 0).then(|| Growth::Collapsing { queue: scenario.queues[queue].name.clone(), grew, of })
    })
}

/// The queue to which most comes that its servers cannot do, all of them or one that has partitions of its
/// own.
pub(super) fn overloaded(scenario: &Scenario) -> Option<Growth> {
    unsent(scenario).or_else(|| fullest(&theory::loads(scenario)))
}

/// The first producer that makes more than its rate limit lets it send.
fn unsent(scenario: &Scenario) -> Option<Growth> {
    scenario.producers.iter().find_map(|p| {
        p.outgrown_limit().map(|limit| Growth::Unsent { producer: p.name.clone(), rate: p.rate, limit })
    })
}

fn fullest(loads: &[Load]) -> Option<Growth> {
    let growing = loads.iter().filter(|load| load.grows()).filter_map(|load| Some((load.fullest()?, load)));
    let (rho, load) = growing.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let parts = load.partitions.as_ref().filter(|parts| parts.at_least == rho);
    Some(Growth::Overloaded {
        queue: load.queue.clone(),
        rho,
        servers: parts.map(|parts| parts.servers),
        critical: rho <= 1.0 + ALIKE,
    })
}

/// Whether more comes to a queue than its servers can do, by mean rates; `None` where these are not known.
fn is_overloaded(loads: &[Load], queue: usize) -> Option<bool> {
    loads.get(queue).filter(|load| load.is_known()).map(|load| load.grows())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_replication_that_collapses_is_enough_where_nobody_knows_the_load() {
        let scenario = Scenario::mgc(50.0, crate::workload::laws::Law::exponential(0.01), 1);
        let run = |grown, risen| vec![Drift { grown, risen, came: 50.0 }];
        let mut runs = vec![run(0.01, 0.02); 9];
        assert_eq!(collapsing(&scenario, &[], &runs), None);
        runs.push(run(40.0, 10.0));
        let queue = scenario.queues[0].name.clone();
        assert_eq!(collapsing(&scenario, &[], &runs), Some(Growth::Collapsing { queue, grew: 1, of: 10 }));
        assert_eq!(collapsing(&scenario, &theory::loads(&scenario), &runs), None, "rho is 0.5");
        // It has filled up, and stays full.
        runs[9] = run(40.0, 39.0);
        assert_eq!(collapsing(&scenario, &[], &runs), None);
    }

    #[test]
    fn of_many_queues_more_is_asked_than_of_one() {
        assert_eq!(widened(10, 1), 1.0);
        assert_eq!(widened(1, 1000), 1.0);
        // Student's t with 9 degrees of freedom: 4.781 at 0.1 %, 12.29 at 0.1 % of a thousandth of it (two-sided).
        let thousand = widened(10, 1000);
        assert!((2.2..3.0).contains(&thousand), "{thousand}");
        assert!(widened(10, 20_000) > thousand && widened(10, 20_000) < 5.0);
    }
}

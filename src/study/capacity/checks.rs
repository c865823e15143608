//! What is asked beside the answer: more traffic, one consumer less, burstier arrivals.

use super::super::trial::{Effort, Trial, by_theory_alone, trial};
use super::super::watch::Watch;
use super::super::{ObjectiveStatus, load};
use super::search;
use crate::scenario::{Consumer, Scenario, Servers};
use std::convert::Infallible;

/// How many steps head-room is searched in.
const STEPS: usize = 100;
/// How often theory halves the step in which the boundary lies.
const HALVINGS: usize = 20;
/// The most traffic that is tried where no load bounds it, as a multiple.
const MOST_TRAFFIC: f64 = 4.0;
/// By how much gaps are made more variable.
const BURST: f64 = 4.0;

/// One thing that could be otherwise, and what comes of it.
#[derive(Debug, Clone)]
pub struct Check {
    /// What is otherwise.
    pub what: Altered,
    /// What comes of it; `None` if nobody is left to serve.
    pub trial: Option<Trial>,
}

/// What a check alters in the scenario.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Altered {
    /// A consumer group has one server less.
    ServerLost {
        /// The group's name.
        group: String,
        /// How many servers it had.
        of: u32,
    },
    /// Gaps vary more.
    Burstier {
        /// Their squared coefficient of variation, as a multiple.
        factor: f64,
    },
}

/// How much more traffic the answer bears.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Headroom {
    /// The largest multiple of the traffic that still passes.
    pub factor: f64,
    /// Messages a second then, of all producers.
    pub rate: f64,
    /// Whether an exact or approximate theory said so, rather than a short simulation.
    pub by_theory: bool,
    /// Whether nothing larger was tried.
    pub at_least: bool,
}

/// One consumer lost, and burstier arrivals. A configuration that was tried already, as `known` tells, has
/// one verdict.
pub(super) fn checks(
    scenario: &Scenario,
    known: &dyn Fn(&Scenario) -> Option<Trial>,
    watch: &dyn Watch,
) -> Vec<Check> {
    let tried =
        |scenario: &Scenario| known(scenario).unwrap_or_else(|| trial(scenario, Effort::Short, watch));
    let lost = scenario.consumers.iter().enumerate().filter_map(|(i, consumer)| {
        let most = consumer.most_servers().filter(|most| *most > 0)?;
        let what = Altered::ServerLost { group: consumer.name.clone(), of: most };
        let fewer = one_fewer(consumer).map(|group| {
            let mut fewer = scenario.clone();
            fewer.consumers[i] = group;
            fewer
        });
        Some(Check { what, trial: fewer.as_ref().map(tried) })
    });
    let lost: Vec<Check> = lost.collect();
    let bursts = load::burstier(scenario, BURST)
        .map(|burstier| Check { what: Altered::Burstier { factor: BURST }, trial: Some(tried(&burstier)) });
    lost.into_iter().chain(bursts).collect()
}

/// A group without one of its servers, the fastest where they differ: at all times where their number follows
/// the clock, and at most where it follows the backlog. `None` if nobody is left.
fn one_fewer(group: &Consumer) -> Option<Consumer> {
    let mut fewer = group.clone();
    let Servers::Count(count) = group.count else { return None };
    fewer.count = Servers::Count(count.saturating_sub(1));
    if let Some(scale) = &mut fewer.autoscale {
        scale.max -= 1;
        scale.min = scale.min.min(scale.max);
        fewer.count = Servers::Count(count.clamp(scale.min, scale.max));
    }
    fewer.shifts.iter_mut().for_each(|shift| shift.count = shift.count.saturating_sub(1));
    if let Some(kind) = fewer.servers.iter_mut().max_by(|a, b| a.speed.total_cmp(&b.speed)) {
        kind.count -= 1;
    }
    fewer.servers.retain(|kind| kind.count > 0);
    (fewer.most_servers() > Some(0)).then_some(fewer)
}

/// The largest multiple of the traffic that still passes: by theory where it knows the objectives, else by
/// short simulations.
pub(super) fn headroom(scenario: &Scenario, watch: &dyn Watch) -> Option<Headroom> {
    let rate: f64 = scenario.producers.iter().map(|p| p.rate).sum();
    let loads = crate::theory::loads(scenario);
    let rho = loads.iter().filter(|l| !l.bounded).filter_map(|l| l.fullest()).fold(0.0, f64::max);
    let most = if rho > 0.0 { (1.0 / rho).min(MOST_TRAFFIC) } else { MOST_TRAFFIC };
    if rate.is_nan() || rate <= 0.0 {
        return None;
    }
    if most <= 1.0 {
        // All servers are always busy, and yet it passes.
        return Some(Headroom { factor: 1.0, rate, by_theory: true, at_least: false });
    }
    // Position 0 is the most traffic, the last one the traffic as it is.
    let factor = |position: usize| 1.0 + (most - 1.0) * (STEPS - position) as f64 / STEPS as f64;
    let by_theory = by_theory_alone(scenario).is_some_and(|met| met != ObjectiveStatus::Inconclusive);
    let bears = |factor: f64| {
        let more = load::times(scenario, factor);
        if by_theory {
            by_theory_alone(&more) == Some(ObjectiveStatus::Pass)
        } else {
            trial(&more, Effort::Short, watch).outcome == ObjectiveStatus::Pass
        }
    };
    let mut passes = |position: usize| -> Result<bool, Infallible> { Ok(bears(factor(position))) };
    let Ok(found) = search::boundary(STEPS + 1, STEPS / 2, watch, &mut passes);
    let position = found?;
    let mut largest = factor(position);
    // Theory is quick and exact enough to say more than which step it is.
    if by_theory && position > 0 {
        let mut too_much = factor(position - 1);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (largest + too_much);
            if bears(middle) { largest = middle } else { too_much = middle }
        }
    }
    Some(Headroom {
        factor: largest,
        rate: rate * largest,
        by_theory,
        at_least: position == 0 && most == MOST_TRAFFIC,
    })
}

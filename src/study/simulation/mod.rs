//! The simulation's answer: replications of the scenario's plan through an ideal queue, until they are
//! enough.

mod apart;
mod elsewhere;
mod long;
mod replicate;
mod runs;
mod warmup;

use super::drift::overloaded;
use super::watch::Watch;
use super::window::cut_short;
use super::{clock, shares, transient};
use crate::answer::{Answer, Caveat, Distribution, Method, Moment, Reason, SimulationCaveat, Unanswered};
use crate::scenario::{Length, Scenario};
use crate::stats::Combined;
pub(super) use elsewhere::help;
use runs::Runs;
use std::collections::BTreeMap;

/// Messages played between two reports of progress.
const CHUNK: u64 = 1 << 16;

/// Answers a scenario by simulation.
///
/// # Errors
/// A refusal that says why: what no engine plays, or a queue that grows without end.
pub(super) fn simulate(scenario: &Scenario, watch: &dyn Watch) -> Result<Answer, Unanswered> {
    if let Some(faster) = clock::beyond(scenario) {
        return clock::slowed(&faster, simulate(&faster.scenario, watch));
    }
    if transient::applies(scenario) {
        return transient::answer(scenario, Vec::new(), watch);
    }
    if scenario.is_of_the_start() {
        let grows = overloaded(scenario).map(Reason::Unstable);
        let first =
            transient::answer(scenario, grows.iter().cloned().map(Caveat::Unstable).collect(), watch)?;
        return Ok(Answer { unstable: grows, ..first });
    }
    if let Some(cycle) = cut_short(scenario) {
        let stretch = transient::horizon(scenario).unwrap_or_default();
        let why = SimulationCaveat::CycleUncovered { what: cycle.what, lasts: cycle.lasts, stretch };
        return transient::answer(scenario, vec![why.into()], watch);
    }
    let refuse = |reason: Reason| reason.by(Method::Simulation);
    let run = Runs::new(scenario).map_err(&refuse)?;
    let (warmup, mut caveats) = run.warmup(watch);
    let outcome = match scenario.simulation.replications {
        1 if run.has_batches() => run.long(warmup, watch, &mut caveats),
        _ => run.repeated(warmup, watch, &mut caveats),
    };
    match outcome {
        Ok(Simulated { mut combined, made, trails, messages }) => {
            shares::certain(scenario, &mut combined);
            caveats.extend(run.warm_up_caveat(warmup));
            caveats.extend(run.caveats(&combined, made));
            caveats.extend(scenario.caveats());
            let effort = run.effort(made, messages, warmup);
            let answer = answer(scenario, effort, combined, trails, caveats);
            Ok(Answer { replications: Some(made), ..answer })
        }
        // What grows has figures all the same where it is said how long it is watched.
        Err(grows) if grows.is_unstable() && matches!(scenario.simulation.length, Length::Duration(_)) => {
            let first = transient::answer(scenario, vec![Caveat::Unstable(grows.clone())], watch)?;
            Ok(Answer { unstable: Some(grows), ..first })
        }
        Err(reason) => Err(refuse(reason)),
    }
}

/// Levels of queues over time by queue name: seconds, waiting, in system.
type Trails = BTreeMap<String, Vec<Moment>>;

/// What all replications gave.
struct Simulated {
    combined: Combined,
    made: u32,
    /// Of the first.
    trails: Trails,
    /// Messages that counted, in all replications.
    messages: u64,
}

/// What every replication gave by metric path, in their order. Replication for replication, two scenarios
/// that name their producers and consumers alike draw the same numbers, so that their differences can be
/// paired.
///
/// # Errors
/// As [`simulate`].
pub(super) fn replications(
    scenario: &Scenario,
    watch: &dyn Watch,
) -> Result<Vec<BTreeMap<String, f64>>, Unanswered> {
    if let Some(faster) = clock::beyond(scenario) {
        return Ok(replications(&faster.scenario, watch)?
            .into_iter()
            .map(|values| faster.values(values))
            .collect());
    }
    if transient::applies(scenario) || scenario.is_of_the_start() || cut_short(scenario).is_some() {
        return transient::replications(scenario, watch);
    }
    let refuse = |reason: Reason| reason.by(Method::Simulation);
    let run = Runs::new(scenario).map_err(&refuse)?;
    let (warmup, _) = run.warmup(watch);
    let all = scenario.simulation.replications;
    let (mut values, mut drifts) = (Vec::new(), Vec::new());
    run.replicate(0..all, all, warmup, watch, |one| {
        if !watch.stopped() || one.played == run.messages {
            values.push(one.summary.whole().values);
            drifts.push(one.drifts);
        }
    });
    match run.unstable(&drifts) {
        Some(growth) => Err(refuse(growth.into())),
        None => Ok(values),
    }
}

/// What is to be said where percentiles are taken of every replication of a scenario on its own.
pub(super) fn short_for_percentiles(scenario: &Scenario) -> Option<Caveat> {
    let steady =
        !transient::applies(scenario) && !scenario.is_of_the_start() && cut_short(scenario).is_none();
    Runs::new(scenario).ok().filter(|_| steady)?.settling(scenario.simulation.replications).caveat_of_own()
}

fn answer(
    scenario: &Scenario,
    by: String,
    combined: Combined,
    trails: Trails,
    caveats: Vec<Caveat>,
) -> Answer {
    let mut out = Answer::new(Method::Simulation, by);
    out.latency = combined.counts.get("total.latency").map(|c| Distribution::Histogram(c.to_hdr()));
    out.metrics = combined.metrics;
    out.caveats = caveats;
    let known = trails.into_iter().filter(|(name, _)| scenario.queues.iter().any(|q| q.name == *name));
    out.timelines = known.collect();
    out
}

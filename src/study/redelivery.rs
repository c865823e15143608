//! What the work of redelivered messages is taken to be, said where there are some.

use crate::answer::{Caveat, Estimate, RepeatedWork, SimulationCaveat};
use crate::scenario::{Consumer, Scenario};
use std::collections::BTreeMap;

/// Deliveries a message from which it matters what a further one takes.
const SOME: f64 = 1.001;

/// One for each group to which messages come again with work that varies.
pub(super) fn caveats(scenario: &Scenario, metrics: &BTreeMap<String, Estimate>) -> Vec<Caveat> {
    let again = |c: &&Consumer| {
        let path = format!("queues.{}.attempts", scenario.queues[c.from].name);
        metrics.get(&path).and_then(|e| e.value).is_some_and(|attempts| attempts > SOME)
    };
    scenario.consumers.iter().filter(again).filter_map(|c| caveat(scenario, c)).collect()
}

fn caveat(scenario: &Scenario, consumer: &Consumer) -> Option<Caveat> {
    let feeding = scenario.producers.iter().filter(|p| scenario.queues_of(p.to).contains(&consumer.from));
    let laws: Vec<(bool, f64)> = feeding
        .map(|p| (p.service_time.is_some(), p.service_time.as_ref().unwrap_or(&consumer.service_time).scv()))
        .collect();
    let laws = if laws.is_empty() { vec![(false, consumer.service_time.scv())] } else { laws };
    let varying =
        || laws.iter().filter(|(_, scv)| *scv > 0.0).map(|(brought, _)| consumer.repeats_work(*brought));
    let drawn = varying().any(|same| !same);
    let kept = varying().any(|same| same);
    let work = match (drawn, kept) {
        (true, false) => RepeatedWork::DrawnAgain,
        (false, true) => RepeatedWork::Same,
        (true, true) => RepeatedWork::SameIfBrought,
        (false, false) => return None,
    };
    Some(SimulationCaveat::RedeliveredWork { group: consumer.name.clone(), work }.into())
}

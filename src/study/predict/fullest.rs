//! The load of the fullest queue, where it is a matter of rates.

use crate::answer::{Reason, path};
use crate::scenario::{Length, Precision, Scenario};
use crate::study::simulation::simulate;
use crate::study::transient;
use crate::study::watch::NoProgress;
use crate::theory::{Load, loads};
use crate::units::plain;

/// Messages of the simulation that looks whether a queue of unknown load is the fullest.
const LOOK: u64 = 20_000;

/// The present load of the fullest queue; why there is none that rates could turn, if so.
pub(super) fn turned(scenario: &Scenario) -> Result<f64, Reason> {
    if let Some(closed) = scenario.producers.iter().find(|p| p.is_closed()) {
        return Err(format!(
            "producer `{}` is a closed loop: its rate follows from the answers and cannot be turned",
            closed.name
        )
        .into());
    }
    if transient::applies(scenario) {
        return Err(
            "its rates change with the time, or a backlog is there at the start, so that it has no one \
                load: write a rate that stays"
                .into(),
        );
    }
    let known = |load: &Load| {
        load.rho.into_iter().chain(load.partitions.as_ref().and_then(|parts| parts.rho)).reduce(f64::max)
    };
    let fullest = loads(scenario).iter().filter_map(known).fold(0.0, f64::max);
    if fullest > 0.0 && fullest.is_finite() {
        Ok(fullest)
    } else {
        Err("no queue has a load: its servers are without limit, or nothing is sent".into())
    }
}

/// Whether no queue is fuller than so much at which a load is a matter of what is lost before it; a short
/// simulation says what theory cannot.
///
/// # Errors
/// One is.
pub(super) fn is_fullest(scenario: &Scenario, load: f64) -> Result<(), Reason> {
    let loads = loads(scenario);
    let open = |l: &&Load| {
        !l.depends_on.is_empty() && l.servers.is_some() && l.at_most.is_none_or(|most| most > load)
    };
    let mut open = loads.iter().filter(open).peekable();
    if open.peek().is_none() {
        return Ok(());
    }
    let mut short = scenario.clone();
    (short.simulation.length, short.simulation.replications) = (Length::Messages(LOOK), 2);
    short.simulation.precision = Precision::None;
    let answer = simulate(&short, &NoProgress).map_err(|refusal| refusal.reason)?;
    for l in open {
        let busy = answer
            .get(&path(&format!("queues.{}", l.queue), "utilization", ""))
            .and_then(|e| e.value)
            .unwrap_or(0.0);
        // Servers that are all busy do not say how much more there is to do.
        if busy > load {
            return Err(format!(
                "the load of queue `{}` depends on what is lost in `{}`, so that it does not follow the \
                    rates; where the other queues \
                 are {} % full, its servers are busy {} % of the time by simulation: give it more servers, \
                 or ask without its dead letters",
                l.queue,
                l.depends_on.join("` and `"),
                plain(load * 100.0, 3),
                plain(busy * 100.0, 3),
            )
            .into());
        }
    }
    Ok(())
}

//! What a scenario is in the literature's words: Kendall's name, loads, and which models fit.

use super::traffic::demands;
use super::{Exactness, MODELS, Station};
use crate::scenario::{Arrivals, Overflow, Queue, Scenario};
use serde::Serialize;

/// A scenario as theory sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Kendall's name, or what the network consists of.
    pub kendall: String,
    /// Erlangs over all queues.
    pub offered_load: f64,
    /// Of every queue, in the scenario's order.
    pub loads: Vec<Load>,
    /// Those that fit first, exact ones before approximate ones; else in the order in which they are asked.
    pub models: Vec<ModelNote>,
}

/// The load of one queue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Load {
    pub queue: String,
    /// Messages a second that reach it, forwarded ones included.
    pub arrival_rate: f64,
    /// Deliveries a message, failures included.
    pub attempts: f64,
    /// The offered load.
    pub erlang: f64,
    /// `None` is without limit.
    pub servers: Option<u32>,
    /// `None` for servers without limit.
    pub rho: Option<f64>,
    /// Whether something (room, time to live, waiting clients) keeps the queue finite at any load.
    pub bounded: bool,
}

/// Whether a model fits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelNote {
    pub name: &'static str,
    pub exact: bool,
    /// The first reason against it; `None` if it fits.
    pub against: Option<String>,
}

/// Explains a scenario. Runs nothing.
pub fn explain(scenario: &Scenario) -> Explanation {
    let loads: Vec<Load> = scenario
        .queues
        .iter()
        .zip(demands(scenario))
        .map(|(queue, demand)| Load {
            queue: queue.name.clone(),
            arrival_rate: demand.arrival_rate,
            attempts: demand.attempts,
            erlang: demand.offered_load(),
            servers: demand.servers,
            rho: demand.rho(),
            bounded: bounded(scenario, queue),
        })
        .collect();
    let mut models: Vec<ModelNote> = MODELS
        .iter()
        .map(|m| ModelNote { name: m.name(), exact: m.exactness() == Exactness::Exact, against: m.applies(scenario).err() })
        .collect();
    models.sort_by_key(|note| (note.against.is_some(), !note.exact));
    Explanation { kendall: kendall(scenario), offered_load: loads.iter().map(|q| q.erlang).sum(), loads, models }
}

fn bounded(scenario: &Scenario, queue: &Queue) -> bool {
    let closed = scenario.producers.iter().all(|p| matches!(p.arrivals, Arrivals::Closed { .. }));
    closed || queue.message_ttl.is_some() || queue.max_length.is_some() && queue.overflow != Overflow::Block
}

/// The queues whose backlog grows without end, by number.
pub fn growing(scenario: &Scenario) -> Vec<usize> {
    let queues = scenario.queues.iter().zip(demands(scenario)).enumerate();
    let grows = |queue: &Queue, rho: Option<f64>| rho.is_some_and(|rho| rho >= 1.0 - 1e-12) && !bounded(scenario, queue);
    queues.filter(|(_, (queue, demand))| grows(queue, demand.rho())).map(|(i, _)| i).collect()
}

fn kendall(scenario: &Scenario) -> String {
    match Station::of(scenario) {
        Ok(station) => station.kendall(),
        Err(_) => format!("network of {} queues", scenario.queues.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::laws::Law;

    #[test]
    fn every_model_fits_or_says_why_not() {
        let explanation = explain(&Scenario::mgc(900.0, Law::exponential(0.004), 4));
        assert_eq!(explanation.kendall, "M/M/4");
        assert!((explanation.offered_load - 3.6).abs() < 1e-12);
        assert!((explanation.loads[0].rho.expect("limited") - 0.9).abs() < 1e-12);
        assert_eq!(explanation.models.len(), MODELS.len());
        let of = |name: &str| explanation.models.iter().find(|m| m.name == name).map(|m| m.against.clone());
        assert_eq!(of("M/M/c"), Some(None));
        assert_eq!(of("M/G/1"), Some(Some("there is more than one server".into())));
    }
}

//! What a scenario is in the literature's words: Kendall's name, loads, and which models fit.

use super::traffic::demands;
use super::{Exactness, MODELS, Station};
use crate::scenario::Scenario;

/// A scenario as theory sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Kendall's name, or what the network consists of.
    pub kendall: String,
    /// Erlangs over all queues.
    pub offered_load: f64,
    /// In the scenario's order.
    pub queues: Vec<Load>,
    /// In the order in which they are asked.
    pub models: Vec<ModelNote>,
}

/// The load of one queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    pub queue: String,
    /// Messages a second that reach it, forwarded ones included.
    pub arrival_rate: f64,
    /// Deliveries a message, failures included.
    pub attempts: f64,
    /// In erlangs.
    pub offered_load: f64,
    /// `None` is without limit.
    pub servers: Option<u32>,
    /// `None` for servers without limit.
    pub rho: Option<f64>,
}

/// Whether a model fits.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelNote {
    pub name: &'static str,
    pub exact: bool,
    /// The first reason against it.
    pub fits: Result<(), String>,
}

/// Explains a scenario. Runs nothing.
pub fn explain(scenario: &Scenario) -> Explanation {
    let queues: Vec<Load> = scenario
        .queues
        .iter()
        .zip(demands(scenario))
        .map(|(queue, demand)| Load {
            queue: queue.name.clone(),
            arrival_rate: demand.arrival_rate,
            attempts: demand.attempts,
            offered_load: demand.offered_load(),
            servers: demand.servers,
            rho: demand.rho(),
        })
        .collect();
    let models =
        MODELS.iter().map(|m| ModelNote { name: m.name(), exact: m.exactness() == Exactness::Exact, fits: m.applies(scenario) }).collect();
    Explanation { kendall: kendall(scenario), offered_load: queues.iter().map(|q| q.offered_load).sum(), queues, models }
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
        assert!((explanation.queues[0].rho.expect("limited") - 0.9).abs() < 1e-12);
        assert_eq!(explanation.models.len(), MODELS.len());
        let of = |name: &str| explanation.models.iter().find(|m| m.name == name).map(|m| m.fits.clone());
        assert_eq!(of("M/M/c"), Some(Ok(())));
        assert_eq!(of("M/G/1"), Some(Err("there is more than one server".into())));
    }
}

//! Caveats: what keeps figures from being taken at face value. Each is data; all of their sentences are here.

mod coverage;
mod measurement;
mod scenario;
mod simulation;
mod theory;

pub use coverage::CoverageCaveat;
pub(crate) use measurement::waits_in_circle;
pub use measurement::{DeliveriesSeen, MeasurementCaveat};
pub use scenario::ScenarioCaveat;
pub use simulation::{BalanceLaw, Recurring, RepeatedWork, SimulationCaveat};
pub use theory::TheoryCaveat;

use super::Reason;
use serde_json::{Value, json};

/// What keeps an answer's figures from being taken at face value; as text, a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Caveat {
    /// What was found in a file that the scenario names, in a sentence.
    #[error("{0}")]
    File(String),
    /// There is no steady state: these are figures of the first stretch of time.
    #[error("{0}")]
    Unstable(Reason),
    /// What a setting means here, where a reader may take it for something else.
    #[error(transparent)]
    Scenario(#[from] ScenarioCaveat),
    /// What a model leaves out or only approximates.
    #[error(transparent)]
    Theory(#[from] TheoryCaveat),
    /// What a simulation hardly met or never.
    #[error(transparent)]
    Coverage(#[from] CoverageCaveat),
    /// What a simulation is too short for, or how its figures are to be read.
    #[error(transparent)]
    Simulation(#[from] SimulationCaveat),
    /// What happened in a measured run.
    #[error(transparent)]
    Measurement(#[from] MeasurementCaveat),
    /// One that was read from a file.
    #[error("{sentence}")]
    Saved {
        /// Its text.
        sentence: String,
        /// Its [`data`](Caveat::data).
        data: Value,
    },
}

impl Caveat {
    /// What it is for programs: an object with a `code` of its own and what its sentence tells; null for one
    /// that was saved without.
    pub fn data(&self) -> Value {
        let data = match self {
            Caveat::File(_) => Ok(json!({ "code": "file" })),
            Caveat::Unstable(_) => Ok(json!({ "code": "unstable" })),
            Caveat::Scenario(caveat) => serde_json::to_value(caveat),
            Caveat::Theory(caveat) => serde_json::to_value(caveat),
            Caveat::Coverage(caveat) => serde_json::to_value(caveat),
            Caveat::Simulation(caveat) => serde_json::to_value(caveat),
            Caveat::Measurement(caveat) => serde_json::to_value(caveat),
            Caveat::Saved { data, .. } => Ok(data.clone()),
        };
        data.expect("a caveat is plain data")
    }

    /// The same where the figures are those of a scenario that is slower by a factor.
    #[must_use]
    pub(crate) fn slowed(self, factor: f64) -> Caveat {
        match self {
            Caveat::Coverage(caveat) => caveat.slowed(factor).into(),
            Caveat::Simulation(caveat) => caveat.slowed(factor).into(),
            Caveat::Unstable(reason) => Caveat::Unstable(reason.slowed(factor)),
            other => other,
        }
    }
}

//! The methods that answer.

use serde::{Deserialize, Serialize};

/// The methods, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Method {
    /// Closed forms and numerics.
    Theory,
    /// Many plans, played through an ideal queue.
    Simulation,
    /// Simulation of the very plan that is measured: an ideal host.
    Rehearsal,
    /// One plan, played against the real queue and the real clock.
    Measurement,
    /// Simulation of the sends and services that really happened.
    Replay,
}

impl Method {
    /// Every method, in the order in which they are shown.
    pub const ALL: [Method; 5] =
        [Method::Theory, Method::Simulation, Method::Rehearsal, Method::Measurement, Method::Replay];

    /// As it is written in scenarios, commands and files.
    pub fn name(self) -> &'static str {
        match self {
            Method::Theory => "theory",
            Method::Simulation => "simulation",
            Method::Rehearsal => "rehearsal",
            Method::Measurement => "measurement",
            Method::Replay => "replay",
        }
    }
}

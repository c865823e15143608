//! Studies: one scenario by every method; and what asks more than once: comparisons, sweeps, capacity
//! searches, fits, predictions.
//!
//! A study holds answers and what they say about one another; the report turns it into bytes.

mod agreement;
mod apart;
pub mod audit;
mod bearing;
pub mod bench;
mod bottleneck;
pub mod capacity;
mod clock;
pub mod compare;
mod coverage;
pub mod differing;
pub mod document;
mod drift;
pub(crate) mod explained;
pub mod fit;
mod lanes;
mod load;
pub(crate) mod measurable;
mod measurement;
mod methods;
mod objectives;
mod over_time;
mod overload;
mod places;
mod play;
pub mod predict;
mod reasons;
mod redelivery;
mod rulers;
mod run;
pub mod sensitivity;
mod settling;
mod shares;
mod simulation;
mod span;
mod stopping;
pub mod sweep;
mod timed;
mod transient;
mod trial;
mod watch;
mod window;
mod work_alone;

pub use crate::answer::Formula;
pub(crate) use agreement::{off, too_few};
pub use bearing::{Bearing, Beyond, FewestServers, LargestRate, bearing, bearing_of};
pub use bottleneck::Bottleneck;
pub(crate) use bottleneck::bottleneck;
pub(crate) use methods::best;
pub(crate) use objectives::margin;
#[cfg(feature = "plots")]
pub(crate) use over_time::changes_over_time;
pub use rulers::{Reading, Ruler};
pub(crate) use run::pace;
pub use run::{run, run_with_rulers};
pub use trial::{Effort, Trial};
pub use watch::{NoProgress, WantedRuns, Watch};
pub use work_alone::{WorkAlone, work_alone};

use crate::answer::{Answer, Facts, Method, Reason, Unanswered};
use crate::scenario::{Objective, Scenario};
use serde::{Deserialize, Serialize};

/// One scenario with everything that the methods say about it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Study {
    /// What was asked.
    pub scenario: Scenario,
    /// In the order of [`Method::ALL`].
    pub answers: Vec<Answer>,
    /// Who has no answer, and why.
    pub unanswered: Vec<Unanswered>,
    /// What each two methods say about each metric.
    pub agreement: Vec<Agreement>,
    /// Back-of-envelope formulas, checked.
    pub formulas: Vec<Formula>,
    /// Whether each objective is met.
    pub objectives: Vec<Judgement>,
    /// The measurement by the rulers of other tools, the honest reading first, if that was asked for.
    pub rulers: Vec<Reading>,
    /// The machine and the program, by name.
    pub host: Facts,
}

/// What two methods say about one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The metric's path.
    pub metric: String,
    /// The one method.
    pub a: Method,
    /// The other.
    pub b: Method,
    /// Whether they agree.
    pub verdict: AgreementStatus,
    /// (b − a) / a, where both are known and a is not zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<f64>,
}

/// Whether two methods agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgreementStatus {
    /// The intervals meet, or the difference is within what the comparison allows.
    Agree,
    /// They do not.
    Differ,
    /// One of them is too uncertain, or marked invalid, to say.
    Unknown,
}

/// An objective and whether it is met.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// What was asked for.
    pub objective: Objective,
    /// By the method that was asked first.
    pub by: Option<Method>,
    /// Whether it is met.
    pub outcome: ObjectiveStatus,
}

/// Whether an objective is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectiveStatus {
    /// It is met.
    Pass,
    /// It is missed.
    Fail,
    /// The interval straddles the limit, or the metric is not known.
    Inconclusive,
}

impl Study {
    /// Why there is no steady state, if a method found that there is none.
    pub fn unstable(&self) -> Option<&Reason> {
        unstable(&self.unanswered, &self.answers)
    }

    /// The answer of a method, if it has one.
    pub fn answer(&self, method: Method) -> Option<&Answer> {
        self.answers.iter().find(|a| a.method == method)
    }
}

/// Why there is no steady state, if a method found that there is none.
fn unstable<'a>(unanswered: &'a [Unanswered], answers: &'a [Answer]) -> Option<&'a Reason> {
    let refused = unanswered.iter().map(|u| &u.reason).find(|reason| reason.is_unstable());
    refused.or_else(|| answers.iter().find_map(|answer| answer.unstable.as_ref()))
}

//! How far a measurement can be trusted: gates with their limits.

use super::{Unit, saved};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How much a result can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Trust {
    /// Every check is within its limit.
    Valid,
    /// A check is beyond its limit, and the figures are to be read with that in mind.
    Degraded,
    /// A check is so far beyond its limit that the figures say nothing.
    Invalid,
}

impl Trust {
    /// As it is written everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Trust::Valid => "VALID",
            Trust::Degraded => "DEGRADED",
            Trust::Invalid => "INVALID",
        }
    }
}

/// A validity check of a measurement: a figure, such as the generator's lateness, beside its limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Gate {
    /// What is checked, in a word or two.
    pub name: Cow<'static, str>,
    /// The figure.
    #[serde(deserialize_with = "saved::number")]
    pub value: f64,
    /// What it should not exceed, or not fall below.
    pub limit: f64,
    /// The unit of both.
    pub unit: Unit,
    /// What the run is when the limit is not kept; `Valid` while it is.
    pub trust: Trust,
    /// What it says, in a phrase.
    pub meaning: String,
}

//! Why a method gave no answer.

use super::{Growth, Method};
use crate::units::plain;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A method that gave no answer, and why: a refusal is an answer too and is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "SavedReason", try_from = "SavedReason")]
pub struct Unanswered {
    /// Who has no answer.
    pub method: Method,
    /// Why.
    pub reason: Reason,
}

/// The same as JSON: the cause for programs, and a sentence.
#[derive(Serialize, Deserialize)]
struct SavedReason {
    method: Method,
    cause: Cow<'static, str>,
    why: String,
}

impl From<Unanswered> for SavedReason {
    fn from(Unanswered { method, reason }: Unanswered) -> Self {
        SavedReason { method, cause: reason.cause().into(), why: reason.to_string() }
    }
}

/// No version has had such a cause.
#[derive(Debug, thiserror::Error)]
#[error("unknown cause `{0}`")]
pub(crate) struct UnknownCause(String);

impl TryFrom<SavedReason> for Unanswered {
    type Error = UnknownCause;

    fn try_from(SavedReason { method, cause, why }: SavedReason) -> Result<Self, UnknownCause> {
        let reason = Reason::saved(&cause, &why).ok_or_else(|| UnknownCause(cause.into()))?;
        Ok(reason.by(method))
    }
}

/// Why there is no answer; as text, a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// There is no steady state: a backlog grows without end.
    #[error("unstable: {0}")]
    Unstable(Growth),
    /// The method does not know a feature of the scenario, or the scenario asks for what cannot be.
    #[error("{0}")]
    Unsupported(String),
    /// Stopped before there were figures.
    #[error("interrupted before {0}")]
    Interrupted(Cow<'static, str>),
    /// The method knows the scenario and failed while it ran.
    #[error("{0}")]
    Failed(String),
}

impl Reason {
    /// One word for programs.
    pub fn cause(&self) -> &'static str {
        match self {
            Reason::Unstable(_) => "unstable",
            Reason::Unsupported(_) => "unsupported",
            Reason::Interrupted(_) => "interrupted",
            Reason::Failed(_) => "failed",
        }
    }

    /// From its cause and its text, as they were saved.
    pub fn saved(cause: &str, text: &str) -> Option<Reason> {
        let after = |start| text.strip_prefix(start).unwrap_or(text).to_string();
        match cause {
            "unstable" => Some(Growth::Saved(after("unstable: ")).into()),
            "unsupported" => Some(Reason::Unsupported(text.into())),
            "interrupted" => Some(Reason::Interrupted(after("interrupted before ").into())),
            "failed" => Some(Reason::Failed(text.into())),
            _ => None,
        }
    }

    /// Whether the reason is that a backlog grows without end.
    pub fn is_unstable(&self) -> bool {
        matches!(self, Reason::Unstable(_))
    }

    /// The same where the scenario that was asked for is slower by a factor than the one that was played.
    #[must_use]
    pub(crate) fn slowed(self, factor: f64) -> Reason {
        match self {
            Reason::Unstable(growth) => Reason::Unstable(growth.slowed(factor)),
            Reason::Unsupported(why) => {
                Reason::Unsupported(format!("{why} (played {} times faster)", plain(factor, 12)))
            }
            other => other,
        }
    }

    /// The refusal of a method.
    pub fn by(self, method: Method) -> Unanswered {
        Unanswered { method, reason: self }
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Reason::Unsupported(text)
    }
}

impl From<Growth> for Reason {
    fn from(growth: Growth) -> Self {
        Reason::Unstable(growth)
    }
}

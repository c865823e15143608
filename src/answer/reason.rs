//! Why a method gave no answer.

use super::Method;
use serde::{Serialize, Serializer, ser::SerializeMap};

/// A method that gave no answer, and why: a refusal is an answer too and is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Unanswered {
    /// Who has no answer.
    pub method: Method,
    /// Why.
    pub reason: Reason,
}

impl Serialize for Unanswered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("method", &self.method)?;
        map.serialize_entry("cause", self.reason.cause())?;
        map.serialize_entry("why", &self.reason.to_string())?;
        map.end()
    }
}

/// Why there is no answer; as text, a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// There is no steady state: a backlog grows without end. Which one, and how fast.
    #[error("unstable: {0}")]
    Unstable(String),
    /// The method does not know a feature of the scenario, or the scenario asks for what cannot be.
    #[error("{0}")]
    Unsupported(String),
    /// Stopped before there were figures.
    #[error("interrupted before {0}")]
    Interrupted(&'static str),
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
        match cause {
            "unstable" => Some(Reason::Unstable(text.strip_prefix("unstable: ").unwrap_or(text).into())),
            "unsupported" => Some(Reason::Unsupported(text.into())),
            "interrupted" | "failed" => Some(Reason::Failed(text.into())),
            _ => None,
        }
    }

    /// Whether the reason is that a backlog grows without end.
    pub fn is_unstable(&self) -> bool {
        matches!(self, Reason::Unstable(_))
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

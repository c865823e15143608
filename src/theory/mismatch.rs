//! Why a model does not fit a scenario.

use crate::scenario::Feature;
use std::borrow::Cow;

/// A reason against a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// The scenario asks for something that the model does not know.
    #[error("{}", .0.reason())]
    Feature(Feature),
    /// The scenario is of another kind, as a phrase about it.
    #[error("{0}")]
    Kind(Cow<'static, str>),
}

impl From<Feature> for Mismatch {
    fn from(feature: Feature) -> Self {
        Mismatch::Feature(feature)
    }
}

impl From<&'static str> for Mismatch {
    fn from(phrase: &'static str) -> Self {
        Mismatch::Kind(phrase.into())
    }
}

impl From<String> for Mismatch {
    fn from(phrase: String) -> Self {
        Mismatch::Kind(phrase.into())
    }
}

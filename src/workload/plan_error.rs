//! Why a plan cannot be drawn.

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A closed loop, whose sends follow from answers.
    #[error(
        "producers.{0} is a closed loop: it sends when answers come, so its sends cannot be planned; \
            simulate it, or give it a rate"
    )]
    Closed(String),
    /// Gaps of zero.
    #[error(
        "producers.{0} has gaps of zero, messages without end at one instant; write a rate or a longer gap"
    )]
    NoGap(String),
}

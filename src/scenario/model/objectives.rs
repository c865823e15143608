//! Service-level objectives: limits that metrics are held against.

/// A service-level objective.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// A metric path of the registry.
    pub metric: String,
    /// How the metric should stand to the limit.
    pub relation: Relation,
    /// In the metric's SI unit.
    pub limit: f64,
    /// As written, such as `< 200ms`.
    pub text: String,
}

/// How a metric should stand to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

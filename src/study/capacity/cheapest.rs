//! The cheapest combination of several settings, and what shows that nothing cheaper holds.

use super::checks::{Check, Headroom};
use super::prices::Prices;
use super::{CapacityNote, ObjectiveStatus};
use crate::answer::Estimate;
use crate::scenario::Scenario;
use crate::study::Trial;
use crate::study::sweep::Grid;

/// A combination that was tried.
#[derive(Debug, Clone)]
pub struct Combination {
    /// Its position in the grid.
    pub index: usize,
    /// One for each setting.
    pub values: Vec<String>,
    /// What is known of it.
    pub trial: Trial,
    /// What an hour costs; `None` where that is not known.
    pub cost: Option<Estimate>,
}

/// How combinations were looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookedThrough {
    /// Along the staircase of what holds: more of a setting is taken to be never worse.
    Staircase,
    /// Each one was tried.
    Each,
}

/// The cheapest combination that holds.
#[derive(Debug, Clone)]
pub struct Cheapest {
    /// The settings.
    pub grid: Grid,
    /// The scenario at the combination that was found, or at the last one.
    pub scenario: Scenario,
    /// What was tried, in the grid's order.
    pub tried: Vec<Combination>,
    /// Index in `tried` of what was found.
    pub found: Option<usize>,
    /// Indices in `tried` of what shows that nothing cheaper passes.
    pub proof: Vec<usize>,
    /// Indices in `tried` of what passes, too, and may cost no more, as far as intervals tell.
    pub rivals: Vec<usize>,
    /// Index in `tried` of what should be easier than what was found, and fails.
    pub fails_again: Option<usize>,
    /// What things cost.
    pub prices: Prices,
    /// How they were looked through.
    pub looked: LookedThrough,
    /// Pass: found, and all that is cheaper fails. Fail: nothing passes. Inconclusive: an interval straddles
    /// an objective.
    pub outcome: ObjectiveStatus,
    /// What was asked of what was found.
    pub checks: Vec<Check>,
    /// How much more traffic it would bear, where that is known.
    pub headroom: Option<Headroom>,
    /// What is to be kept in mind.
    pub notes: Vec<CapacityNote>,
    /// Whether it was interrupted before it knew.
    pub interrupted: bool,
}

/// What is to be said where nothing passes.
pub(super) fn worst(tried: &[Combination]) -> ObjectiveStatus {
    match tried.iter().any(|t| t.trial.outcome == ObjectiveStatus::Inconclusive) {
        true => ObjectiveStatus::Inconclusive,
        false => ObjectiveStatus::Fail,
    }
}

impl Combination {
    /// What it costs at least, as far as its interval tells; what is not known is dear.
    pub(super) fn least(&self) -> f64 {
        self.cost.map_or(f64::INFINITY, |cost| cost.low())
    }

    /// What it costs at most.
    pub(super) fn most(&self) -> f64 {
        self.cost.map_or(f64::INFINITY, |cost| cost.high())
    }

    fn value(&self) -> f64 {
        self.cost.and_then(|cost| cost.value).unwrap_or(f64::INFINITY)
    }
}

impl Cheapest {
    /// The combination that was looked for.
    pub fn found(&self) -> Option<&Combination> {
        self.tried.get(self.found?)
    }

    /// Finds the cheapest of combinations of which each was tried.
    pub(super) fn of_each(mut self) -> Self {
        let tried = &self.tried;
        let passing = || (0..tried.len()).filter(|at| tried[*at].trial.outcome == ObjectiveStatus::Pass);
        let found = passing().min_by(|a, b| tried[*a].value().total_cmp(&tried[*b].value()));
        let Some(at) = found else {
            self.outcome = worst(tried);
            return self;
        };
        let most = tried[at].most();
        let cheaper = |other: &usize| {
            tried[*other].trial.outcome != ObjectiveStatus::Pass && tried[*other].least() < most
        };
        let proof: Vec<usize> = (0..tried.len()).filter(cheaper).collect();
        let rivals: Vec<usize> =
            passing().filter(|other| *other != at && tried[*other].least() <= most).collect();
        let undecided = |at: &usize| tried[*at].trial.outcome == ObjectiveStatus::Inconclusive;
        self.outcome =
            if proof.iter().any(undecided) { ObjectiveStatus::Inconclusive } else { ObjectiveStatus::Pass };
        (self.found, self.proof, self.rivals) = (found, proof, rivals);
        self
    }
}

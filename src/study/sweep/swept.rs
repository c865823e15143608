//! A sweep as far as it is known, and what is asked of it as a whole.

use super::{Grid, Refinement, SweepPoint, knee};
use crate::answer::{MetricId, PlaceId, Quantity};
use crate::scenario::Objective;
use serde_json::Value;

/// A sweep as far as it is known.
#[derive(Debug, Clone)]
pub struct Swept {
    /// What it is called.
    pub title: String,
    /// The settings that are turned, with their values.
    pub grid: Grid,
    /// In the grid's order.
    pub points: Vec<SweepPoint>,
    /// What every point is to meet.
    pub objectives: Vec<Objective>,
    /// How many replications points may have.
    pub refinement: Refinement,
    /// Whether it is of the first stretch of time, from empty queues.
    pub starts: bool,
    /// What is swept, defaults included.
    pub scenario: Value,
    /// The command that makes it again.
    pub command: String,
    /// Random seed.
    pub seed: u64,
    /// Of every interval.
    pub confidence: f64,
}

impl Swept {
    /// Positions along the first axis: numbers where all values have one, else their order.
    pub fn positions(&self, axis: usize) -> Vec<f64> {
        let values = &self.grid.axes[axis].values;
        self.grid.axes[axis].numbers().unwrap_or_else(|| (0..values.len()).map(|i| i as f64).collect())
    }

    /// Whether an axis is one of rising numbers, so that there is something between its values.
    pub fn is_ordered(&self, axis: usize) -> bool {
        self.grid.axes[axis].is_ordered()
    }

    /// Whose latency it is about: that of the one producer whose latency has an objective, or of all
    /// messages.
    pub fn whose(&self) -> PlaceId<'_> {
        let ids = self.objectives.iter().filter_map(|o| MetricId::parse(&o.metric));
        let mut places: Vec<PlaceId<'_>> =
            ids.filter(|id| id.quantity == Quantity::Latency).map(|id| id.place).collect();
        places.sort_unstable();
        places.dedup();
        let several = self.has_several_producers();
        let known = |place| self.points.iter().any(|p| p.best(&format!("{place}.latency.p99")).is_some());
        match places[..] {
            [one] if several && known(one) => one,
            _ => PlaceId::Total,
        }
    }

    /// Whether one producer's messages are not all messages.
    pub fn has_several_producers(&self) -> bool {
        self.scenario["producers"].as_object().is_some_and(|p| p.len() > 1)
    }

    /// The index of the point where p99 latency bends most, on a single axis.
    pub fn knee(&self) -> Option<usize> {
        let positions = self.positions(0);
        let p99 = format!("{}.latency.p99", self.whose());
        let known: Vec<(usize, (f64, f64))> = self
            .points
            .iter()
            .filter(|_| self.grid.axes.len() == 1 && self.is_ordered(0))
            .filter_map(|p| Some((p.index, (positions[p.index], p.best(&p99)?.1.value?))))
            .collect();
        let curve: Vec<(f64, f64)> = known.iter().map(|k| k.1).collect();
        knee(&curve).map(|at| known[at].0)
    }
}

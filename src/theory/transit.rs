//! A queue from which messages travel to its consumers, and acknowledgements back.

use super::figures::LevelSummary;
use super::network::is_exact;
use super::{
    ClosedForm, Exactness, Feature, MODELS, Mismatch, ModelError, Station, SteadyState, TimeDistribution,
    figures_at,
};
use crate::answer::Answer;
use crate::scenario::{Consumer, Scenario};

/// The adapter, for windows of one message: prefetch = 1.
///
/// # Formula
/// A server is given a message when the acknowledgement of the last one is back, and has it a way later. So
/// messages leave the queue as from one whose service takes both ways longer, and are taken a way after that.
#[derive(Debug)]
pub struct Transit;

impl Transit {
    /// The groups of the same queue with messages that are there at once.
    fn without(station: &Station<'_>) -> Vec<Consumer> {
        let group = |group: &&Consumer| Consumer { transit: None, ..(**group).clone() };
        station.groups.iter().map(group).collect()
    }

    fn fits(station: &Station<'_>) -> Result<f64, Mismatch> {
        if !station.has(Feature::Transit) {
            return Err("needs a transit".into());
        }
        station.only(&[Feature::Transit, Feature::ArrivalBatches])?;
        let ways: Vec<_> = station.groups.iter().map(|group| &group.transit).collect();
        let Some(Some(way)) = ways.first().filter(|first| ways.iter().all(|way| way == *first)) else {
            return Err("groups are not equally far from their queue (transit)".into());
        };
        if way.varies() {
            return Err("messages are on their way for random times (transit)".into());
        }
        if station.groups.iter().any(|group| group.prefetch > 1) {
            return Err(
                "several messages at once are on their way to a consumer (transit with prefetch)".into()
            );
        }
        Ok(way.mean())
    }

    /// What a queue has to do whose service takes both ways longer.
    fn longer<T>(station: &Station<'_>, of: impl FnOnce(&Station<'_>) -> T) -> Result<T, Mismatch> {
        let way = Self::fits(station)?;
        let service = station.service.longer(2.0 * way).ok_or("needs services of one part")?;
        let groups = Self::without(station);
        Ok(of(&Station { service, groups: groups.iter().collect(), ..station.clone() }))
    }
}

impl ClosedForm for Transit {
    fn name(&self) -> &'static str {
        "a queue far from its consumers"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Exact
    }

    fn is_exact(&self, scenario: &Scenario) -> bool {
        is_exact(self, scenario)
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        if !scenario.simulation.overheads.delivers_at_once() {
            return Err("needs a host that hands messages over in no time".into());
        }
        let fits = |station: &Station<'_>| MODELS.iter().any(|model| model.at(station).is_some());
        let known = Self::longer(&Station::of(scenario)?, fits)?;
        known.then_some(()).ok_or_else(|| "no closed form fits the queue without it".into())
    }

    fn lacks(&self, scenario: &Scenario) -> usize {
        // The reason why a queue without it does not fit is another model's.
        match Station::of(scenario) {
            Ok(station) if station.has(Feature::Transit) => station.lacking(&[Feature::Transit]),
            _ => usize::MAX,
        }
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let station = Station::of(scenario).map_err(ModelError::from)?;
        let way = Self::fits(&station)?;
        let inner = Self::longer(&station, figures_at)??;
        let wait = TimeDistribution::of(&crate::workload::laws::Law::deterministic(way)).plus(&inner.wait);
        let waiting = inner.queue_length.mean + station.lambda() * way;
        let figures = SteadyState {
            exact: inner.exact,
            caveats: inner.caveats,
            queue_length: LevelSummary { mean: waiting, p99: None },
            in_system: LevelSummary { mean: waiting + station.offered_load(), p99: None },
            ..SteadyState::lossless(&station, None, wait)
        };
        Ok(figures.answer(&station))
    }
}

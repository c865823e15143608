//! A queue whose messages are held back for a time before they can be taken.

use super::Mismatch;
use super::figures::{LevelSummary, StreamFigures};
use super::network::is_exact;
use super::{
    ClosedForm, Exactness, Feature, MODELS, ModelError, Station, SteadyState, TimeDistribution, figures_at,
    requires,
};
use crate::answer::Answer;
use crate::scenario::{Discipline, Queue, Scenario};

/// The adapter: the queue without that, behind a delay.
///
/// # Formula
/// Delays that are independent of all else turn a Poisson process into another of the same rate, and a time
/// that is the same for all turns any process into itself, later. So messages wait for their time and then as
/// in the queue alone, independently.
/// # Source
/// The output of M/G/∞ is Poisson: Mirasol, *The output of an M/G/∞ queueing system is Poisson*, Operations
/// Research 11 (1963).
#[derive(Debug)]
pub struct HeldBack;

impl HeldBack {
    /// The same queue with messages that can be taken at once.
    fn at_once(station: &Station<'_>) -> Queue {
        Queue { deliver_after: None, ..station.queue.clone() }
    }
}

impl ClosedForm for HeldBack {
    fn name(&self) -> &'static str {
        "a queue behind a delay"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Exact
    }

    fn is_exact(&self, scenario: &Scenario) -> bool {
        is_exact(self, scenario)
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        Self::fits(&Station::of(scenario)?)
    }

    fn lacks(&self, scenario: &Scenario) -> usize {
        // The reason why a queue without it does not fit is another model's.
        Station::of(scenario).map_or(usize::MAX, |station| {
            if station.has(Feature::DeliverAfter) {
                station.lacking(&[Feature::DeliverAfter])
            } else {
                usize::MAX
            }
        })
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let station = Station::of(scenario).map_err(ModelError::from)?;
        Ok(Self::figures(&station)?.answer(&station))
    }

    fn at(&self, station: &Station<'_>) -> Option<Result<SteadyState, ModelError>> {
        Self::fits(station).is_ok().then(|| Self::figures(station))
    }
}

impl HeldBack {
    fn fits(station: &Station<'_>) -> Result<(), Mismatch> {
        let Some(law) = &station.queue.deliver_after else { return Err("needs a deliver_after".into()) };
        if law.scv() > 0.0 {
            requires::poisson(station)?;
            if station.has(Feature::ArrivalBatches) {
                // What came together is there one by one.
                return Err(Feature::ArrivalBatches.into());
            }
        }
        if station.streams.iter().any(|stream| stream.producer.is_closed()) {
            // The delay is a part of its clients' rounds.
            return Err(Feature::ClosedLoop.into());
        }
        if station.has(Feature::HeldByConsumer) {
            return Err(Feature::HeldByConsumer.into());
        }
        if station.queue.message_ttl.is_some() {
            return Err(Feature::TimeToLive.into());
        }
        if station.groups.iter().any(|group| group.batch.is_some_and(|batch| batch.linger > 0.0)) {
            // A batch lingers from when its first message came, held back or not.
            return Err(Feature::ConsumerBatches.into());
        }
        if station.queue.discipline == Discipline::ProcessorSharing {
            // What is held back waits, and there is no wait otherwise.
            return Err(Feature::ProcessorSharing.into());
        }
        let queue = Self::at_once(station);
        let other = Station { queue: &queue, ..station.clone() };
        if MODELS.iter().all(|model| model.at(&other).is_none()) {
            return Err("no closed form fits the queue without it".into());
        }
        Ok(())
    }

    fn figures(station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let queue = Self::at_once(station);
        let held = station.queue.deliver_after.as_ref().map(TimeDistribution::of);
        let mut figures = figures_at(&Station { queue: &queue, ..station.clone() })?;
        let Some(held) = held else { return Ok(figures) };
        let later = |times: &TimeDistribution| held.plus(times);
        let more = station.lambda() * held.mean;
        let longer = |level: LevelSummary| LevelSummary { mean: level.mean + more, p99: None };
        figures.delayed = None;
        figures.wait = later(&figures.wait);
        figures.sojourn = figures.sojourn.as_ref().map(later);
        figures.queue_length = longer(figures.queue_length);
        figures.in_system = longer(figures.in_system);
        for stream in &mut figures.streams {
            *stream =
                StreamFigures { wait: later(&stream.wait), sojourn: stream.sojourn.as_ref().map(later) };
        }
        Ok(figures)
    }
}

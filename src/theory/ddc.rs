//! D/D/c: clockwork. Regular arrivals and constant service never wait up to and including full load.

use super::Mismatch;
use super::phase_type::is_constant;
use super::{Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, stable};

/// Quantile of the number in service when `a` servers are busy on average: it is ⌊a⌋ or ⌈a⌉ all the time.
///
/// ```
/// use queuelab::theory::ddc::busy_quantile;
/// assert_eq!((busy_quantile(0.99, 2.5), busy_quantile(0.4, 2.5), busy_quantile(0.99, 2.0)), (3.0, 2.0, 2.0));
/// ```
pub fn busy_quantile(share: f64, a: f64) -> f64 {
    if a - a.floor() <= 1.0 - share { a.floor() } else { a.ceil() }
}

/// The adapter.
#[derive(Debug)]
pub struct Ddc;

impl QueueModel for Ddc {
    const NAME: &'static str = "D/D/c";
    // A server is always free, so order, room and time to live do not matter.
    const KNOWS: &'static [Feature] = &[Feature::Room, Feature::DropHead, Feature::Order];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        if !station.gaps().as_ref().is_some_and(is_constant) {
            return Err("needs one regular stream of arrivals".into());
        }
        if !station.service.is_constant() {
            return Err("needs constant service times".into());
        }
        let shared = station.queue.discipline == crate::scenario::Discipline::ProcessorSharing;
        let lossy = station.room().is_some() && station.rho() > 1.0 + 1e-12;
        match (shared, lossy) {
            (true, _) => Err("servers are shared".into()),
            (_, true) => Err("the queue has bounded room, and more arrives than can be served".into()),
            _ => Ok(()),
        }
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        if station.rho() > 1.0 + 1e-12 {
            stable(station)?;
        }
        let a = station.offered_load();
        let plain = SteadyState::lossless(station, Some(0.0), TimeDistribution::constant(0.0));
        Ok(SteadyState {
            queue_length: LevelSummary { mean: 0.0, p99: Some(0.0) },
            in_system: LevelSummary { mean: a, p99: Some(busy_quantile(0.99, a)) },
            ..plain
        })
    }
}

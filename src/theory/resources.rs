//! Servers of one group that need a resource for their work.

use super::network::is_exact;
use super::{ClosedForm, Exactness, Feature, MODELS, Mismatch, ModelError, Station, SteadyState, figures_at};
use crate::answer::Answer;
use crate::scenario::{Consumer, NeededResource, ResourceSharing, Scenario, Servers, ServiceRate};

/// What the features are that it knows.
const KNOWN: [Feature; 2] = [Feature::ResourceSlots, Feature::SharedResource];

/// The adapter, where no other group needs the resource.
///
/// # Formula
/// Of c servers with k slots no more than min(c, k) work, and a message is taken as soon as one can: as of a
/// queue with so many servers. Servers that share the resource do min(n, k) times what one does while n of
/// them work.
#[derive(Debug)]
pub struct AloneWithResource;

impl AloneWithResource {
    fn fits<'a>(station: &Station<'a>) -> Result<(&'a Consumer, NeededResource), Mismatch> {
        let [group] = station.groups[..] else { return Err("needs one group of consumers".into()) };
        let needed = group.resource.ok_or("needs servers that need a resource")?;
        let same = |other: &&Consumer| other.resource.is_some_and(|other| other.index == needed.index);
        if station.scenario.consumers.iter().filter(same).count() > 1 {
            return Err("several groups need one resource".into());
        }
        if station.has(Feature::Autoscaling) || station.has(Feature::CountTimetable) {
            return Err("the number of servers that need the resource changes".into());
        }
        Ok((group, needed))
    }

    /// What a queue has to do of which the resource is a part.
    fn without<T>(station: &Station<'_>, of: impl FnOnce(&Station<'_>) -> T) -> Result<T, Mismatch> {
        let (group, needed) = Self::fits(station)?;
        let mut inner = Consumer { resource: None, ..group.clone() };
        let most = station.servers.unwrap_or(u32::MAX).min(needed.capacity);
        let servers = match needed.sharing {
            ResourceSharing::Slots => {
                inner.count = Servers::Count(most);
                Some(most)
            }
            ResourceSharing::ProcessorSharing => {
                let per_busy = (1..=most).map(f64::from).collect();
                inner.service_rate = Some(ServiceRate { per_busy, ..ServiceRate::default() });
                station.servers
            }
        };
        Ok(of(&Station { servers, groups: vec![&inner], ..station.clone() }))
    }

    fn figures(station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let busy = |inner: &Station<'_>| figures_at(inner).map(|figures| (figures.busy(inner), figures));
        let (busy, figures) = Self::without(station, busy)??;
        Ok(SteadyState { busy: Some(busy), ..figures })
    }
}

impl ClosedForm for AloneWithResource {
    fn name(&self) -> &'static str {
        "servers that need a resource"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Exact
    }

    fn is_exact(&self, scenario: &Scenario) -> bool {
        is_exact(self, scenario)
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        let fits = |station: &Station<'_>| MODELS.iter().any(|model| model.at(station).is_some());
        let known = Self::without(&Station::of(scenario)?, fits)?;
        known.then_some(()).ok_or_else(|| "no closed form fits the queue without it".into())
    }

    fn lacks(&self, scenario: &Scenario) -> usize {
        // The reason why a queue without it does not fit is another model's.
        match Station::of(scenario) {
            Ok(station) if KNOWN.iter().any(|known| station.has(*known)) => station.lacking(&KNOWN),
            _ => usize::MAX,
        }
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let station = Station::of(scenario).map_err(ModelError::from)?;
        Ok(Self::figures(&station)?.answer(&station))
    }

    fn at(&self, station: &Station<'_>) -> Option<Result<SteadyState, ModelError>> {
        let known = |inner: &Station<'_>| MODELS.iter().any(|model| model.at(inner).is_some());
        Self::without(station, known).is_ok_and(|known| known).then(|| Self::figures(station))
    }
}

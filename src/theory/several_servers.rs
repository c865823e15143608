//! Messages that have several servers at once.

use super::network::is_exact;
use super::{ClosedForm, Exactness, Feature, MODELS, Mismatch, ModelError, Station, SteadyState, figures_at};
use crate::answer::Answer;
use crate::scenario::{Consumer, Scenario, Servers};

/// The adapter, where as many messages are served at once whichever they are.
///
/// # Formula
/// Of c servers, ⌊c/k⌋ messages that have k each are served at once, in order of arrival: as of a queue with
/// so many servers, of which each stands for k. Where k is not the same for all, that holds as long as ⌊c/k⌋
/// is, as where each message needs more than half of the servers.
/// # Domain
/// Other mixtures leave servers idle in front of a message that needs more: Brill & Green, *Queues in which
/// customers receive simultaneous service from a random number of servers*, Management Science 30 (1984).
#[derive(Debug)]
pub struct SeveralServers;

impl SeveralServers {
    /// The group, and how many of its messages are served at once.
    fn fits<'a>(station: &Station<'a>) -> Result<(&'a Consumer, u32), Mismatch> {
        if !station.has(Feature::ServersPerMessage) {
            return Err("needs messages that have several servers at once".into());
        }
        let [group] = station.groups[..] else { return Err("needs one group of consumers".into()) };
        let servers = station.servers.ok_or("needs a limited number of servers")?;
        let different =
            "messages need different numbers of servers, and leave some idle in front of one that needs more";
        let at_once = group.messages_at_once(servers).ok_or(different)?;
        if at_once == 0 {
            return Err("a message needs more servers than there are".into());
        }
        Ok((group, at_once))
    }

    /// What a queue has to do with a server for all that a message has.
    fn as_one<T>(station: &Station<'_>, of: impl FnOnce(&Station<'_>) -> T) -> Result<T, Mismatch> {
        let (group, at_once) = Self::fits(station)?;
        let group =
            Consumer { servers_per_message: Vec::new(), count: Servers::Count(at_once), ..group.clone() };
        Ok(of(&Station { servers: Some(at_once), groups: vec![&group], ..station.clone() }))
    }

    fn figures(station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let (group, _) = Self::fits(station)?;
        let busy = |inner: &Station<'_>| figures_at(inner).map(|figures| (figures.busy(inner), figures));
        let (busy, figures) = Self::as_one(station, busy)??;
        Ok(SteadyState { busy: Some(busy * group.mean_needed()), ..figures })
    }
}

impl ClosedForm for SeveralServers {
    fn name(&self) -> &'static str {
        "several servers for each message"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Exact
    }

    fn is_exact(&self, scenario: &Scenario) -> bool {
        is_exact(self, scenario)
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        let fits = |station: &Station<'_>| MODELS.iter().any(|model| model.at(station).is_some());
        let known = Self::as_one(&Station::of(scenario)?, fits)?;
        known.then_some(()).ok_or_else(|| "no closed form fits the queue without it".into())
    }

    fn lacks(&self, scenario: &Scenario) -> usize {
        // The reason why a queue without it does not fit is another model's.
        match Station::of(scenario) {
            Ok(station) if station.has(Feature::ServersPerMessage) => {
                station.lacking(&[Feature::ServersPerMessage])
            }
            _ => usize::MAX,
        }
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let station = Station::of(scenario).map_err(ModelError::from)?;
        Ok(Self::figures(&station)?.answer(&station))
    }

    fn at(&self, station: &Station<'_>) -> Option<Result<SteadyState, ModelError>> {
        let known = |inner: &Station<'_>| MODELS.iter().any(|model| model.at(inner).is_some());
        Self::as_one(station, known).is_ok_and(|known| known).then(|| Self::figures(station))
    }
}

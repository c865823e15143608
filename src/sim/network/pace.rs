//! Load-dependent service: how fast servers work follows how many of their group are at work, how many use a
//! resource with them, or how many messages wait. After every event that changes it, what is left of every
//! service is planned anew.

use super::Network;
use super::parts::Phase;
use crate::scenario::{Consumer, Feature, Scenario};
use crate::workload::Blocks;

/// The groups whose servers' speed depends on the load.
pub(super) fn paced(scenario: &Scenario) -> Vec<u32> {
    let groups = scenario.consumers.iter().enumerate();
    let shares = |c: &Consumer| c.features().contains(&Feature::SharedResource);
    groups.filter(|(_, c)| c.service_rate.is_some() || shares(c)).map(|(group, _)| group as u32).collect()
}

impl<S: Blocks> Network<S> {
    /// How long a server needs for work that is planned to take so long, if its speed stays what it is.
    pub(super) fn at_pace(&self, server: u32, planned: u64) -> u64 {
        let group = &self.groups[self.servers[server as usize].group as usize];
        if !group.is_paced() { planned } else { (planned as f64 / group.speed).round() as u64 }
    }

    /// From now on servers are as fast as the load lets them be.
    #[cold]
    pub(super) fn keep_pace(&mut self) {
        for i in 0..self.paced.len() {
            let group = &self.groups[self.paced[i] as usize];
            let (busy, queue) = (group.busy.level(), group.queue as usize);
            let speed = match (&group.service_rate, group.share_of) {
                _ if busy == 0 => continue,
                (Some(rate), _) => {
                    let busy = u32::try_from(busy).unwrap_or(u32::MAX);
                    rate.speed(busy, self.stations[queue].waiting.level())
                }
                (None, Some(resource)) => self.share_of(resource as usize),
                (None, None) => continue,
            };
            let was = std::mem::replace(&mut self.groups[self.paced[i] as usize].speed, speed);
            if speed != was {
                self.plan_ends_anew(self.paced[i], was / speed);
            }
        }
    }

    /// What is left of a group's services takes so many times as long.
    fn plan_ends_anew(&mut self, group: u32, longer: f64) {
        let queue = self.groups[group as usize].queue as usize;
        for &server in &self.stations[queue].servers {
            let s = &mut self.servers[server as usize];
            if s.group != group || s.phase != Phase::Busy {
                continue;
            }
            // Until it is awake it does not work.
            let from = self.now.max(s.awake);
            let left = s.end.saturating_sub(from) as f64 * longer;
            s.end = from.saturating_add(left.round() as u64);
            self.ends.set(server, s.end);
        }
    }
}

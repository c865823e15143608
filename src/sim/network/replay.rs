//! Replay: the plan as it really happened, with what a host added to each service and what its disk took.

use super::Network;
use crate::message::Happened;
use crate::workload::Blocks;
use std::collections::HashMap;

/// What services took longer than planned, in nanoseconds, by group, message, and the number of its way and delivery.
#[derive(Debug, Clone, Default)]
pub struct Overruns(HashMap<(u32, u64, u64), i64>);

impl Overruns {
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a service that was planned to take so long really took; as planned if it did not happen.
    pub fn add_to(&self, planned: u64, group: u32, message: u64, count: u64) -> u64 {
        planned.saturating_add_signed(self.0.get(&(group, message, count)).copied().unwrap_or(0))
    }
}

impl<S: Blocks> Network<S> {
    /// From now on, services and commits take what they took in a run that happened. A delivery that it did not have takes what is planned.
    pub fn replay(&mut self, happened: &Happened) {
        self.overruns = Overruns(happened.overruns.iter().map(|o| ((o.consumer, o.message, o.count), o.nanos)).collect());
        for (station, commits) in self.stations.iter_mut().zip(&happened.commits) {
            station.commits = commits.iter().copied().collect();
        }
    }

    /// What a server really takes for the delivery that it begins.
    #[cold]
    pub(super) fn really(&self, server: u32, slot: u32, planned: u64) -> u64 {
        let job = &self.jobs[slot];
        self.overruns.add_to(planned, self.servers[server as usize].group, job.chance, job.count().wrapping_sub(1))
    }
}

//! What a real host adds: the time in which sleepers wake up, and, where a run is played again as it really happened, what each
//! service took beyond its plan and what the disk took.

use super::Network;
use crate::message::Happened;
use crate::workload::Blocks;
use std::collections::HashMap;

/// A host that is not ideal.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// Nanoseconds until a message reaches a server that sleeps.
    hand_off: u64,
    /// What services took longer than planned, in nanoseconds, by group, message, and the number of its way and delivery.
    overruns: HashMap<(u32, u64, u64), i64>,
    ideal: bool,
}

impl Host {
    pub fn new(hand_off: u64) -> Self {
        Host { hand_off, overruns: HashMap::new(), ideal: hand_off == 0 }
    }

    /// Whether it adds nothing.
    #[inline(always)]
    pub fn is_ideal(&self) -> bool {
        self.ideal
    }

    /// What a service that was planned to take so long really took; as planned if it did not happen.
    pub fn add_to(&self, planned: u64, group: u32, message: u64, count: u64) -> u64 {
        planned.saturating_add_signed(self.overruns.get(&(group, message, count)).copied().unwrap_or(0))
    }
}

impl<S: Blocks> Network<S> {
    /// From now on, services and commits take what they took in a run that happened. A delivery that it did not have takes what is planned.
    #[must_use]
    pub fn replay(mut self, happened: &Happened) -> Self {
        for (station, commits) in self.stations.iter_mut().zip(&happened.commits) {
            station.commits = commits.iter().copied().collect();
        }
        if happened.overruns.is_empty() {
            return self;
        }
        self.host.overruns = happened.overruns.iter().map(|o| ((o.consumer, o.message, o.count), o.nanos)).collect();
        self.host.ideal = false;
        self.without_shortcuts()
    }

    /// Nanoseconds until a server is awake that begins now, which it then is.
    pub(super) fn wakes(&mut self, server: u32) -> u64 {
        // Who finds work at the instant at which the last was done has not slept.
        let slept = self.servers[server as usize].sleeps.take().is_some_and(|since| since < self.now);
        if slept { self.host.hand_off } else { 0 }
    }

    /// How long from now a server really takes for the delivery that it begins: until it is awake its message waits.
    #[cold]
    pub(super) fn really(&mut self, server: u32, slot: u32, planned: u64) -> u64 {
        let wakes = self.wakes(server);
        let job = &mut self.jobs[slot];
        job.began += wakes;
        let work = self.host.add_to(planned, self.servers[server as usize].group, job.chance, job.count().wrapping_sub(1));
        work.saturating_add(wakes)
    }
}

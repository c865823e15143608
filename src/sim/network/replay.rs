//! What a real host adds: the time in which sleepers wake up, and, where a run is played again as it really
//! happened, what each service took beyond its plan and what the disk took.

use super::Network;
use super::job::NONE;
use super::parts::SimServer;
use crate::behaviour::{Draws, MessageIdentity, RandomTime, Role};
use crate::message::Happened;
use crate::scenario::Overheads;
use crate::workload::Blocks;
use std::collections::HashMap;

/// A host that is not ideal.
#[derive(Debug, Clone)]
pub(super) struct Host {
    /// Time until a message reaches a server that sleeps.
    hand_off: RandomTime,
    /// Time from the end of a service until the server has the next message.
    turnaround: RandomTime,
    /// Whether it adds neither.
    is_ideal: bool,
    /// What services took longer than planned, in nanoseconds, by group, message, and the number of its way
    /// and delivery.
    overruns: HashMap<(u32, u64, u64), i64>,
    /// What deliveries took, in nanoseconds, likewise; where one is not here it takes what is usual.
    hand_offs: HashMap<(u32, u64, u64), u64>,
}

impl Host {
    pub(super) fn new(overheads: &Overheads, draws: Draws) -> Self {
        Host {
            hand_off: draws.times(&overheads.hand_off, Role::HandOff, ""),
            turnaround: draws.times(&overheads.turnaround, Role::Turnaround, ""),
            is_ideal: overheads.delivers_at_once(),
            overruns: HashMap::new(),
            hand_offs: HashMap::new(),
        }
    }

    /// Whether it adds nothing.
    pub(super) fn is_ideal(&self) -> bool {
        self.is_ideal
    }

    /// What a service of a message after so many deliveries really took that was planned to take so long; as
    /// planned if it did not happen.
    pub(super) fn add_to(&self, planned: u64, group: u32, message: MessageIdentity, earlier: u32) -> u64 {
        let which = (group, message.number, message.count(earlier));
        planned.saturating_add_signed(self.overruns.get(&which).copied().unwrap_or(0))
    }
}

impl<S: Blocks> Network<S> {
    /// From now on, services and commits take what they took in a run that happened. A delivery that it did
    /// not have takes what is planned.
    #[must_use]
    pub fn replay(mut self, happened: &Happened) -> Self {
        for (station, commits) in self.stations.iter_mut().zip(&happened.commits) {
            station.commits = commits.iter().copied().collect();
        }
        if happened.overruns.is_empty() && happened.hand_offs.is_empty() {
            return self;
        }
        self.host.overruns =
            happened.overruns.iter().map(|o| ((o.consumer, o.message, o.count), o.nanos)).collect();
        self.host.hand_offs =
            happened.hand_offs.iter().map(|h| ((h.consumer, h.message, h.count), h.nanos)).collect();
        self.as_planned = false;
        self.without_shortcuts()
    }

    /// Nanoseconds until a server that begins now has its message, and is awake.
    pub(super) fn wakes(&mut self, server: u32, slot: u32) -> u64 {
        let job = &self.jobs[slot];
        let count = job.identity.count(job.deliveries.saturating_sub(1));
        let which = (self.servers[server as usize].group, job.identity.number, count);
        // What this delivery took in the run that is played again, if that is on record.
        let happened = self.host.hand_offs.get(&which).copied();
        // Who finds work at the instant at which the last was done has not slept.
        let s = &mut self.servers[server as usize];
        let slept = s.sleeps.take().is_some_and(|since| since < self.now);
        let wakes = happened.unwrap_or_else(|| {
            let usual = if slept { &self.host.hand_off } else { &self.host.turnaround };
            usual.at(which.1, which.2)
        });
        s.awake = self.now.saturating_add(wakes);
        self.groups[s.group as usize].woken += u128::from(wakes);
        wakes
    }

    /// A message's service begins when its server is awake: until then it waits.
    pub(super) fn begins_after(&mut self, slot: u32, wakes: u64) {
        let job = &mut self.jobs[slot];
        job.began = job.began.saturating_add(wakes);
        self.stations[job.queue as usize].woken += u128::from(wakes);
    }

    /// A server breaks off what it does, maybe before it was awake for it.
    pub(super) fn breaks_off(&mut self, server: u32) {
        let s = &mut self.servers[server as usize];
        let asleep = s.awake.saturating_sub(self.now);
        s.awake = 0;
        let group = &mut self.groups[s.group as usize];
        group.woken -= u128::from(asleep);
        group.busy.down(self.now);
    }

    /// Of what was added up of the time until servers are awake, what is still to come: of each queue's
    /// messages and of each group's servers.
    pub(super) fn still_asleep(&self) -> (Vec<u128>, Vec<u128>) {
        let (mut messages, mut servers) = (vec![0; self.stations.len()], vec![0; self.groups.len()]);
        let asleep = |s: &&SimServer| s.job != NONE && s.awake > self.now;
        let servers_asleep = (0..).zip(&self.servers).filter(|(_, s)| asleep(s));
        for (number, s) in servers_asleep {
            let together = self.groups[s.group as usize].servers_at_work_with(number);
            servers[s.group as usize] += together * u128::from(s.awake - self.now);
            for (slot, stamp) in std::iter::once((s.job, s.stamp)).chain(s.more.iter().copied()) {
                let job = &self.jobs[slot];
                if self.is_under_way(slot, stamp) {
                    messages[job.queue as usize] += u128::from(job.began.saturating_sub(self.now));
                }
            }
        }
        (messages, servers)
    }

    /// How long from now a server really takes for the delivery that it begins: until it is awake its message
    /// waits.
    #[cold]
    pub(super) fn really(&mut self, server: u32, slot: u32, planned: u64) -> u64 {
        let wakes = self.wakes(server, slot);
        self.begins_after(slot, wakes);
        let job = &self.jobs[slot];
        let planned = self.at_speed(server, planned);
        let work =
            self.host.add_to(planned, self.servers[server as usize].group, job.identity, job.deliveries - 1);
        self.at_pace(server, work).saturating_add(wakes)
    }
}

//! Partitions that are dealt anew whenever a server comes or goes, and the pause that this takes.

use super::job::JobState;
use super::members::Members;
use super::parts::Phase;
use super::{Network, NetworkEvent};
use crate::discipline::{ServiceOrder as _, Ticket};
use crate::message::Recorder;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// The servers that are there at the start have the partitions.
    pub(super) fn deal_at_first(&mut self, queue: u32) {
        if self.stations[queue as usize].members.is_some() {
            self.deal_partitions(queue);
        }
    }

    /// A server of a queue has come or gone: if it has partitions, they are dealt anew, and nobody takes a
    /// message for as long as that takes.
    pub(super) fn rebalance(&mut self, queue: u32) {
        let now = self.now;
        let Some(members) = &mut self.stations[queue as usize].members else { return };
        let until = members.pause_from(now);
        self.deal_partitions(queue);
        self.timer(until, NetworkEvent::Dealt { queue });
    }

    /// Deals the partitions to the servers that are there, and what waits in them with them.
    fn deal_partitions(&mut self, queue: u32) {
        let station = &mut self.stations[queue as usize];
        let there = |s: &&u32| !matches!(self.servers[**s as usize].phase, Phase::Off | Phase::Starting);
        let numbers = station.servers.iter().filter(there).map(|s| self.servers[*s as usize].number);
        let numbers: Vec<u32> = numbers.take(station.partitions as usize).collect();
        let Some(members) = &mut station.members else { return };
        members.deal(numbers);
        let mut all: Vec<Ticket> = Vec::new();
        for lane in &mut station.lanes {
            while let Some(ticket) = lane.pop() {
                let job = &self.jobs[ticket.slot];
                if job.place == ticket.place && job.state == JobState::Ready {
                    all.push(ticket);
                } else {
                    lane.pass_over();
                }
            }
        }
        all.sort_unstable_by_key(|ticket| ticket.place);
        let held_up: Vec<u32> = station.blocked.iter().map(|(slot, _)| *slot).collect();
        for slot in all.iter().map(|ticket| ticket.slot).chain(held_up) {
            self.jobs[slot].lane = self.lane_of(slot, queue);
        }
        for ticket in all {
            let lane = self.jobs[ticket.slot].lane as usize;
            self.stations[queue as usize].lanes[lane].push(ticket);
        }
    }

    /// Servers go on, unless partitions are being dealt once more.
    pub(super) fn dealt<R: Recorder>(&mut self, queue: u32, recorder: &mut R) {
        let paused = |members: &Members| members.pause_at(self.now);
        if self.stations[queue as usize].members.as_ref().is_some_and(paused) {
            return;
        }
        for server in self.stations[queue as usize].servers.clone() {
            if self.servers[server as usize].is_idle() {
                self.set_free(server, recorder);
            }
        }
    }

    /// A server whose partitions may be another's soon has nothing to do.
    pub(super) fn free_as_member(&mut self, server: u32) {
        let queue = self.servers[server as usize].queue;
        let paused = |members: &Members| members.pause_at(self.now);
        if self.stations[queue as usize].members.as_ref().is_some_and(paused) {
            return self.rest(server);
        }
        match self.pull(server) {
            Some(slot) => self.start(server, slot),
            None => self.rest(server),
        }
    }

    /// The partitions of a queue in which messages wait, if servers beyond these are not wanted.
    pub(super) fn useful_servers(&self, group: u32) -> Option<u32> {
        let group = &self.groups[group as usize];
        let station = &self.stations[group.queue as usize];
        station.members.as_ref()?;
        if !group.only_with_lag {
            return Some(station.partitions);
        }
        let waits =
            self.jobs.inside().filter(|(_, job)| job.queue == group.queue && job.state == JobState::Ready);
        let mut with_lag: Vec<usize> = waits.map(|(slot, _)| self.partition_of(slot, group.queue)).collect();
        with_lag.sort_unstable();
        with_lag.dedup();
        Some(with_lag.len() as u32)
    }
}

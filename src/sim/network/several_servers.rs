//! Messages that have several servers at once, from their start to their end.
//!
//! The first in line waits until as many servers are idle as it needs, and nobody overtakes it, although some
//! who need fewer could begin. One of its servers is the one that works, as far as the rest of the engine
//! knows; the others are busy with it, and free when it is.

use super::Network;
use super::job::{JobState, NONE};
use super::parts::{GroupState, Phase};
use crate::discipline::Waiting;
use crate::workload::Blocks;

impl GroupState {
    /// Servers that work on what one of them does, itself included.
    pub(super) fn servers_at_work_with(&self, server: u32) -> u128 {
        let with = self.several.as_ref().and_then(|several| several.with.get(&server));
        with.map_or(1, |others| 1 + others.len() as u128)
    }

    /// The servers that were at work with one that is done are, too.
    #[inline(always)]
    pub(super) fn end_together(&mut self, server: u32, now: u64) {
        if let Some(several) = &self.several {
            let others = several.with.get(&server).map_or(0, Vec::len);
            (0..others).for_each(|_| self.busy.down(now));
        }
    }
}

impl<S: Blocks> Network<S> {
    /// How many servers a message needs: the same at each of its deliveries.
    fn servers_needed(&self, slot: u32, queue: u32) -> usize {
        let group = self.stations[queue as usize].groups.first();
        let several = group.and_then(|group| self.groups[*group as usize].several.as_ref());
        let Some(several) = several else { return 1 };
        several.needed_by(self.jobs[slot].identity) as usize
    }

    /// Whether a message that comes now would find as many idle servers as it needs, and nobody before it.
    pub(super) fn finds_several(&self, slot: u32, queue: u32) -> bool {
        let station = &self.stations[queue as usize];
        station.ready == 0 && station.idle.len() >= self.servers_needed(slot, queue)
    }

    /// The first in line, or the first of those who wait for room where nobody may wait in line.
    pub(super) fn first_in_line(&self, queue: u32) -> Option<u32> {
        let station = &self.stations[queue as usize];
        let there = |slot: u32, place: u64| {
            self.jobs[slot].place == place && self.jobs[slot].state == JobState::Ready
        };
        let ready = match &station.lanes[..] {
            [Waiting::Fifo(line)] if station.ready > 0 => line.iter().find(|t| there(t.slot, t.place)),
            _ => None,
        };
        let outside = || station.blocked.front().filter(|_| station.commit.is_none());
        ready.map(|ticket| ticket.slot).or_else(|| outside().map(|(slot, _)| *slot))
    }

    /// Idle servers take what waits in its order, as long as there are as many as the first needs.
    pub(super) fn take_together(&mut self, queue: u32) {
        while let Some(first) = self.first_in_line(queue) {
            let needed = self.servers_needed(first, queue);
            if self.stations[queue as usize].idle.len() < needed {
                return;
            }
            let Some(slot) = self.pull_from(queue, 0) else { return };
            let idle = &mut self.stations[queue as usize].idle;
            let Some(server) = idle.pop() else { return };
            let others: Vec<u32> = (1..needed).filter_map(|_| idle.pop()).collect();
            self.start(server, slot);
            self.work_with(server, others);
        }
    }

    /// Servers are busy with what another one has begun.
    fn work_with(&mut self, server: u32, others: Vec<u32>) {
        let s = &self.servers[server as usize];
        let (group, asleep) = (s.group as usize, s.awake.saturating_sub(self.now));
        for &other in &others {
            let other = &mut self.servers[other as usize];
            (other.phase, other.job) = (Phase::Busy, NONE);
            self.groups[group].busy.up(self.now);
            self.groups[group].woken += u128::from(asleep);
        }
        if let Some(several) = &mut self.groups[group].several {
            several.with.insert(server, others);
        }
    }

    /// A server has nothing to do any more, nor have those that were at work with it.
    pub(super) fn free_together(&mut self, server: u32) {
        let (queue, group) = (self.servers[server as usize].queue, self.servers[server as usize].group);
        let others =
            self.groups[group as usize].several.as_mut().and_then(|several| several.with.remove(&server));
        self.rest(server);
        for other in others.unwrap_or_default() {
            self.servers[other as usize].phase = Phase::Idle;
            self.rest(other);
        }
        self.take_together(queue);
    }
}

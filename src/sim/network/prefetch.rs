//! Prefetch: consumers take messages into a line of their own before they can work on them.

use super::Network;
use super::job::JobState;
use super::parts::{Phase, PrefetchedDelivery};
use crate::discipline::in_turn;
use crate::scenario::PrefetchBy;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// The place, among a queue's servers, of the one that the next message is dealt to: the next in turn
    /// that may hold another, busy or not. Brokers deal so: they know how many messages a consumer holds, not
    /// which one is idle.
    fn in_turn(&self, queue: u32) -> Option<usize> {
        let station = &self.stations[queue as usize];
        let room = |place: usize| {
            let server = station.servers[place];
            if station.transits { self.has_window(server) } else { self.may_hold_another(server) }
        };
        // A partition's messages have one server only: it takes them from the line as they come.
        if station.lanes.len() > 1 {
            return None;
        }
        let next = || in_turn(station.turn, station.servers.len(), room);
        // Who may hold another takes what waits, so that nobody may while something does: of many servers that
        // is known without asking each.
        if station.ready > 0 {
            debug_assert!(next().is_none(), "a message waits although a server may hold it");
            return None;
        }
        next()
    }

    fn may_hold_another(&self, server: u32) -> bool {
        let s = &self.servers[server as usize];
        let working = matches!(s.phase, Phase::Busy | Phase::Blocked) && !s.retire;
        let group = &self.groups[s.group as usize];
        s.phase == Phase::Idle
            || working
                && group.prefetch_by == PrefetchBy::Turn
                && s.buffer.len() + 1 < group.prefetch as usize
    }

    /// The server whose turn it is to be dealt a message; the turn passes on to the next.
    pub(super) fn take_turn(&mut self, queue: u32) -> Option<u32> {
        if let Some(requests) = &mut self.stations[queue as usize].requests {
            return requests.next();
        }
        let place = self.in_turn(queue)?;
        let station = &mut self.stations[queue as usize];
        station.turn = place + 1;
        Some(station.servers[place])
    }

    /// Whether a message that comes now would be dealt to a server.
    pub(super) fn may_deal(&self, queue: u32) -> bool {
        match &self.stations[queue as usize].requests {
            Some(requests) => requests.are_there(),
            None => self.in_turn(queue).is_some(),
        }
    }

    /// Hands a message to the next server in turn, if one may hold another.
    pub(super) fn deal(&mut self, slot: u32) -> bool {
        let queue = self.jobs[slot].queue;
        let Some(server) = self.take_turn(queue) else { return false };
        self.hand(server, slot);
        true
    }

    /// Gives a message to a server, which begins with it if it has nothing else to do.
    pub(super) fn hand(&mut self, server: u32, slot: u32) {
        if self.servers[server as usize].is_idle() {
            let queue = self.jobs[slot].queue;
            self.stations[queue as usize].idle.remove(server);
            self.start(server, slot);
        } else {
            self.put_into_buffer(server, slot);
        }
    }

    fn put_into_buffer(&mut self, server: u32, slot: u32) {
        self.deliver(slot);
        let job = &mut self.jobs[slot];
        job.state = JobState::Held;
        let (stamp, queue) = (job.stamp, job.queue as usize);
        self.stations[queue].waiting.up(self.now);
        let work =
            if self.stations[queue].visibility.is_some() { self.work_of_copy(server, slot) } else { 0 };
        self.servers[server as usize].buffer.push_back(PrefetchedDelivery { slot, stamp, work });
    }

    /// What the delivery that a server is handed now takes it, whatever becomes of the message meanwhile.
    fn work_of_copy(&self, server: u32, slot: u32) -> u64 {
        let (s, job) = (&self.servers[server as usize], &self.jobs[slot]);
        let planned = self.at_speed(server, self.jobs.demand(slot, s.column as usize));
        self.host.add_to(planned, s.group, job.identity, job.deliveries - 1)
    }

    /// A server begins with the next message of its own line. Says whether there was one.
    pub(super) fn begin_own(&mut self, server: u32) -> bool {
        let Some(held) = self.servers[server as usize].buffer.pop_front() else { return false };
        if self.is_held(held) {
            self.uncount(held.slot);
            self.begin_work(server, held.slot);
        } else {
            // It does not know that the delivery has timed out, and works for nothing.
            let s = &mut self.servers[server as usize];
            (s.job, s.stamp, s.start, s.phase) = (held.slot, held.stamp, self.now, Phase::Busy);
            self.groups[s.group as usize].busy.up(self.now);
            self.work_until(server, self.now.saturating_add(held.work));
        }
        if self.groups[self.servers[server as usize].group as usize].prefetch_by == PrefetchBy::Turn {
            self.fill_buffer(server);
        }
        true
    }

    /// Whether a delivery waits in a server's own line and has not timed out.
    fn is_held(&self, held: PrefetchedDelivery) -> bool {
        let job = &self.jobs[held.slot];
        job.stamp == held.stamp && job.state == JobState::Held
    }

    /// Empties a server's own line: its messages, which are then nowhere. Of those whose deliveries have
    /// timed out nothing is left.
    pub(super) fn empty_buffer(&mut self, server: u32) -> Vec<u32> {
        let all = std::mem::take(&mut self.servers[server as usize].buffer);
        let held: Vec<u32> =
            all.into_iter().filter(|&held| self.is_held(held)).map(|held| held.slot).collect();
        held.iter().for_each(|&slot| self.uncount(slot));
        held
    }

    /// A server takes from the line as many as it may hold.
    pub(super) fn fill_buffer(&mut self, server: u32) {
        let s = &self.servers[server as usize];
        let most = self.groups[s.group as usize].prefetch as usize - 1;
        while self.servers[server as usize].buffer.len() < most {
            let Some(slot) = self.pull(server) else { return };
            self.put_into_buffer(server, slot);
        }
    }
}

//! Prefetch: consumers take messages into a line of their own before they can work on them.

use super::Network;
use super::job::State;
use super::parts::Phase;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// The place, among a queue's servers, of the one that the next message is dealt to: the next in turn that may hold
    /// another, busy or not. Brokers deal so: they know how many messages a consumer holds, not which one is idle.
    fn in_turn(&self, queue: u32) -> Option<usize> {
        let station = &self.stations[queue as usize];
        let room = |place: &usize| {
            let s = &self.servers[station.servers[*place] as usize];
            let working = matches!(s.phase, Phase::Busy | Phase::Blocked) && !s.retire;
            s.phase == Phase::Idle || working && s.buffer.len() + 1 < self.groups[s.group as usize].prefetch as usize
        };
        let count = station.servers.len();
        // A partition's messages have one server only: it takes them from the line as they come.
        let places = (0..count).map(|i| (station.turn + i) % count);
        if station.lanes.len() > 1 { None } else { places.into_iter().find(room) }
    }

    /// Whether a message that comes now would be dealt to a server.
    pub(super) fn may_deal(&self, queue: u32) -> bool {
        self.in_turn(queue).is_some()
    }

    /// Hands a message to the next server in turn, if one may hold another.
    pub(super) fn deal(&mut self, slot: u32) -> bool {
        let queue = self.jobs[slot].queue;
        let Some(place) = self.in_turn(queue) else { return false };
        let station = &mut self.stations[queue as usize];
        station.turn = place + 1;
        let server = station.servers[place];
        if self.servers[server as usize].phase == Phase::Idle {
            station.idle.remove(server);
            self.start(server, slot);
        } else {
            self.put_into_buffer(server, slot);
        }
        true
    }

    fn put_into_buffer(&mut self, server: u32, slot: u32) {
        let job = &mut self.jobs[slot];
        job.state = State::Held;
        self.stations[job.queue as usize].waiting.up(self.now);
        self.servers[server as usize].buffer.push_back(slot);
    }

    /// The next message of a server's own line.
    pub(super) fn take_own(&mut self, server: u32) -> Option<u32> {
        let slot = self.servers[server as usize].buffer.pop_front()?;
        self.uncount(slot);
        Some(slot)
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

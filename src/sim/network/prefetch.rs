//! Prefetch: consumers take messages into a line of their own before they can work on them.

use super::Network;
use super::job::State;
use super::parts::Phase;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// The server that a message would be handed to although none is idle: that which holds fewest, of equals the first.
    pub(super) fn space(&self, queue: u32) -> Option<u32> {
        let working = |s: &super::parts::Server| matches!(s.phase, Phase::Busy | Phase::Blocked) && !s.retire;
        let room = |server: &&u32| {
            let s = &self.servers[**server as usize];
            working(s) && s.buffer.len() + 1 < self.groups[s.group as usize].prefetch as usize
        };
        let held = |server: &&u32| self.servers[**server as usize].buffer.len();
        self.stations[queue as usize].servers.iter().filter(room).min_by_key(held).copied()
    }

    /// Hands a message to a server's own line, if one has room.
    pub(super) fn hand_over(&mut self, slot: u32) -> bool {
        let Some(server) = self.space(self.jobs[slot].queue) else { return false };
        self.put_into_buffer(server, slot);
        true
    }

    fn put_into_buffer(&mut self, server: u32, slot: u32) {
        let job = &mut self.jobs[slot];
        job.state = State::Held;
        self.stations[job.queue as usize].waiting.up(self.now);
        self.servers[server as usize].buffer.push_back(slot);
    }

    /// The next message of a server's own line.
    pub(super) fn from_buffer(&mut self, server: u32) -> Option<u32> {
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

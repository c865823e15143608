//! The number of servers follows the backlog, late, or the clock.

use super::parts::{Phase, SimServer};
use super::{Network, NetworkEvent};
use crate::behaviour::ServerState;
use crate::message::Recorder;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// Looks at the backlog and at what the servers of a group do, and starts or stops some.
    pub(super) fn poll<R: Recorder>(&mut self, g: u32, recorder: &mut R) {
        let servers = self.servers_of(g);
        let states: Vec<ServerState> =
            servers.iter().map(|server| self.servers[*server as usize].state()).collect();
        let useful = self.useful_servers(g);
        let group = &mut self.groups[g as usize];
        let Some(scaler) = &mut group.scaler else { return };
        let waiting = self.stations[group.queue as usize].waiting.level();
        let before = scaler.scalings();
        let change = scaler.look(waiting, useful, &states, self.now);
        if scaler.scalings() != before {
            recorder.scaled(g, self.now);
        }
        let (startup, next, kills) = (scaler.startup(), scaler.next_after(self.now), scaler.kills());
        change.start.into_iter().for_each(|at| self.start_server(servers[at], startup));
        change.stop.into_iter().for_each(|at| self.stop_server(servers[at], kills, recorder));
        self.timer(next, NetworkEvent::Poll { group: g });
    }

    /// How many servers of a group are there: started and not yet stopped, up or down.
    pub fn count_of(&self, group: usize) -> u64 {
        self.groups[group].count.level()
    }

    /// How many servers of a queue are there and up, where their number changes.
    pub fn servers_there(&self, queue: usize) -> Option<u64> {
        let station = &self.stations[queue];
        let groups = || station.groups.iter().map(|group| &self.groups[*group as usize]);
        let breaks = groups().any(|group| group.policy.breakdowns.is_some());
        if !breaks && groups().all(|group| group.scaler.is_none()) {
            return None;
        }
        let is_down = |server: &&u32| self.servers[**server as usize].phase == Phase::Down;
        let down = if breaks { station.servers.iter().filter(is_down).count() as u64 } else { 0 };
        let there: u64 = groups().map(|group| group.count.level()).sum();
        Some(there.saturating_sub(down))
    }

    fn servers_of(&self, group: u32) -> Vec<u32> {
        let queue = self.groups[group as usize].queue as usize;
        self.stations[queue]
            .servers
            .iter()
            .copied()
            .filter(|s| self.servers[*s as usize].group == group)
            .collect()
    }

    fn start_server(&mut self, server: u32, startup: u64) {
        let s = &mut self.servers[server as usize];
        if s.phase == Phase::Off {
            s.phase = Phase::Starting;
            let epoch = s.epoch;
            self.timer(self.now.saturating_add(startup), NetworkEvent::Started { server, epoch });
        } else {
            // It was to go and is still there.
            s.retire = false;
            let queue = s.queue;
            self.interrupt_late(queue);
        }
    }

    fn stop_server<R: Recorder>(&mut self, server: u32, kills: bool, recorder: &mut R) {
        let s = &mut self.servers[server as usize];
        match s.phase {
            Phase::Starting => (s.phase, s.epoch) = (Phase::Off, s.epoch + 1),
            Phase::Idle => {
                s.phase = Phase::Off;
                let queue = s.queue;
                self.stations[queue as usize].idle.remove(server);
                self.groups[s.group as usize].count.down(self.now);
                self.rebalance(queue);
            }
            Phase::Busy if kills => self.kill(server, recorder),
            // It counts until it is gone.
            Phase::Busy | Phase::Blocked | Phase::Down | Phase::Off => s.retire = true,
        }
    }

    /// A server goes in the middle of its work: what it has is delivered again.
    fn kill<R: Recorder>(&mut self, server: u32, recorder: &mut R) {
        let s = &mut self.servers[server as usize];
        s.epoch += 1;
        s.phase = Phase::Off;
        let (queue, group) = (s.queue, &mut self.groups[s.group as usize]);
        group.count.down(self.now);
        let resource = group.slot_of;
        self.ends.clear(server);
        resource.into_iter().for_each(|resource| self.give_slot_back(resource));
        self.rebalance(queue);
        self.loses_its_work(server, recorder);
        resource.into_iter().for_each(|resource| self.hand_out(resource));
    }

    pub(super) fn started<R: Recorder>(&mut self, server: u32, epoch: u32, recorder: &mut R) {
        let s = &mut self.servers[server as usize];
        if s.epoch != epoch || s.phase != Phase::Starting {
            return;
        }
        let queue = s.queue;
        s.phase = Phase::Idle;
        self.groups[s.group as usize].count.up(self.now);
        self.rebalance(queue);
        self.comes_up(server);
        self.set_free(server, recorder);
    }

    /// A server that was to go is done.
    pub(super) fn stop<R: Recorder>(&mut self, server: u32, recorder: &mut R) {
        let s = &mut self.servers[server as usize];
        s.retire = false;
        s.phase = Phase::Off;
        let queue = s.queue;
        self.groups[s.group as usize].count.down(self.now);
        self.rebalance(queue);
        for slot in self.empty_buffer(server) {
            self.give_back(slot, recorder);
        }
    }
}

impl SimServer {
    /// What it does, as far as autoscaling is concerned.
    fn state(&self) -> ServerState {
        match self.phase {
            Phase::Off => ServerState::Off,
            _ if self.retire => ServerState::Stopping,
            Phase::Starting => ServerState::Starting,
            Phase::Idle => ServerState::Idle,
            Phase::Down => ServerState::Down,
            Phase::Busy => ServerState::Busy,
            Phase::Blocked => ServerState::Blocked,
        }
    }
}

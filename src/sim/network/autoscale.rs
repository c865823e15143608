//! Autoscaling: the number of servers follows the backlog, late.

use super::parts::Phase;
use super::{Event, Network};
use crate::message::Recorder;
use crate::units::{MAX_NANOS, nanos};
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// Looks at the backlog: one server for every `target_backlog` messages that wait, between `min` and `max`. More are started
    /// at once and there after `startup`; fewer only when so many were not needed for `cooldown`.
    pub(super) fn poll(&mut self, g: u32) {
        let group = &mut self.groups[g as usize];
        let Some(scale) = group.autoscale else { return };
        let backlog = self.stations[group.queue as usize].waiting.level();
        let wanted = (backlog as f64 / scale.target_backlog).ceil().min(f64::from(u32::MAX)) as u64;
        let wanted = wanted.clamp(u64::from(scale.min), u64::from(scale.max));
        let there = group.count.level() - group.retiring + group.starting;
        let time = |seconds: f64| nanos(seconds).unwrap_or(MAX_NANOS);
        if wanted >= there {
            group.needed = self.now;
            self.start_servers(g, wanted - there, time(scale.startup));
        } else if self.now - group.needed >= time(scale.cooldown) {
            self.stop_servers(g, there - wanted);
        }
        self.timer(self.now + time(scale.every).max(1), Event::Poll { group: g });
    }

    fn servers_of(&self, group: u32) -> Vec<u32> {
        let queue = self.groups[group as usize].queue as usize;
        self.stations[queue].servers.iter().copied().filter(|s| self.servers[*s as usize].group == group).collect()
    }

    fn start_servers(&mut self, group: u32, mut more: u64, startup: u64) {
        for server in self.servers_of(group) {
            let s = &mut self.servers[server as usize];
            if more == 0 {
                return;
            }
            if s.retire && s.phase != Phase::Off {
                // It was to go and is still there.
                s.retire = false;
                self.groups[group as usize].retiring -= 1;
            } else if s.phase == Phase::Off {
                s.phase = Phase::Starting;
                self.groups[group as usize].starting += 1;
                let epoch = s.epoch;
                self.timer(self.now.saturating_add(startup), Event::Started { server, epoch });
            } else {
                continue;
            }
            more -= 1;
        }
    }

    pub(super) fn started<R: Recorder>(&mut self, server: u32, epoch: u32, recorder: &mut R) {
        let s = &mut self.servers[server as usize];
        if s.epoch != epoch || s.phase != Phase::Starting {
            return;
        }
        let group = &mut self.groups[s.group as usize];
        group.starting -= 1;
        group.count.up(self.now);
        self.comes_up(server);
        self.set_free(server, recorder);
    }

    /// Takes servers away: those that are not there yet, then idle ones, then busy ones when they are done.
    fn stop_servers(&mut self, group: u32, mut fewer: u64) {
        let servers = self.servers_of(group);
        for phase in [Phase::Starting, Phase::Idle, Phase::Down, Phase::Busy, Phase::Blocked] {
            for &server in servers.iter().rev() {
                let s = &mut self.servers[server as usize];
                if fewer == 0 {
                    return;
                }
                if s.phase != phase || s.retire {
                    continue;
                }
                fewer -= 1;
                let queue = s.queue as usize;
                match phase {
                    Phase::Starting => {
                        (s.phase, s.epoch) = (Phase::Off, s.epoch + 1);
                        self.groups[group as usize].starting -= 1;
                    }
                    Phase::Idle => {
                        s.phase = Phase::Off;
                        self.stations[queue].idle.remove(server);
                        self.groups[group as usize].count.down(self.now);
                    }
                    _ => {
                        // It counts until it is gone.
                        s.retire = true;
                        self.groups[group as usize].retiring += 1;
                    }
                }
            }
        }
    }

    /// A server that was to go is done.
    pub(super) fn stop<R: Recorder>(&mut self, server: u32, recorder: &mut R) {
        let s = &mut self.servers[server as usize];
        s.retire = false;
        s.phase = Phase::Off;
        let group = &mut self.groups[s.group as usize];
        group.retiring -= 1;
        group.count.down(self.now);
        for slot in self.empty_buffer(server) {
            self.give_back(slot, recorder);
        }
    }
}

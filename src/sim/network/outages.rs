//! Servers that break and are repaired, each by itself.

use super::job::NONE;
use super::parts::Phase;
use super::{Network, NetworkEvent};
use crate::message::{Outcome, Recorder};
use crate::workload::Blocks;

/// Marks a break that comes at its time, whatever the server does; the rest says since which of its starts
/// and repairs it is up.
const ALWAYS: u32 = 1 << 31;

impl<S: Blocks> Network<S> {
    /// A server is up from now on: decides until when.
    pub(super) fn comes_up(&mut self, server: u32) {
        self.comes_up_at(server, self.now);
    }

    /// The same from an instant on.
    fn comes_up_at(&mut self, server: u32, from: u64) {
        let s = &mut self.servers[server as usize];
        let group = &self.groups[s.group as usize];
        let Some(breakdowns) = &group.policy.breakdowns else { return };
        s.breaks += 1;
        let up = breakdowns.time_up(server.into(), s.breaks);
        if breakdowns.only_busy {
            s.until_break = up;
        } else {
            let epoch = ALWAYS | s.breaks as u32;
            self.timer(from.saturating_add(up), NetworkEvent::Break { server, epoch });
        }
    }

    /// A server breaks: at this instant of its work, or, if it is still up since the same instant, whatever
    /// it does (epoch [`ALWAYS`]).
    pub(super) fn breaks<R: Recorder>(&mut self, server: u32, epoch: u32, recorder: &mut R) {
        let s = &mut self.servers[server as usize];
        let expected = if epoch & ALWAYS == 0 { s.epoch } else { ALWAYS | s.breaks as u32 };
        if epoch != expected {
            return;
        }
        let group = &self.groups[s.group as usize];
        let Some(breakdowns) = &group.policy.breakdowns else { return };
        if breakdowns.together {
            return self.all_break(server, recorder);
        }
        self.goes_down(server, recorder);
    }

    /// The servers of a group that are up and down together break, those first that have nothing to do: they
    /// do not take what the others give back.
    fn all_break<R: Recorder>(&mut self, server: u32, recorder: &mut R) {
        let s = &self.servers[server as usize];
        let (group, number) = (s.group, s.breaks);
        let mut all = self.stations[s.queue as usize].servers.clone();
        all.retain(|&other| {
            let s = &self.servers[other as usize];
            s.group == group && s.breaks == number && s.phase != Phase::Down
        });
        all.sort_by_key(|&other| self.servers[other as usize].phase != Phase::Idle);
        all.into_iter().for_each(|other| self.goes_down(other, recorder));
    }

    /// A server breaks at this instant.
    fn goes_down<R: Recorder>(&mut self, server: u32, recorder: &mut R) {
        let s = &mut self.servers[server as usize];
        let (phase, queue, number) = (s.phase, s.queue, s.breaks);
        let group = &self.groups[s.group as usize];
        let Some(breakdowns) = &group.policy.breakdowns else { return };
        let resume = !breakdowns.redeliver;
        let down = breakdowns.time_down(server.into(), number);
        match phase {
            // It is held up meanwhile, and its clock keeps in step with the others'.
            Phase::Blocked if breakdowns.together => {
                return self.comes_up_at(server, self.now.saturating_add(down));
            }
            // It has nothing to do that could be broken off: it is up again as if at once.
            Phase::Blocked => return self.comes_up(server),
            // Its clock begins anew when it is started again.
            Phase::Off | Phase::Starting => return,
            Phase::Idle | Phase::Busy | Phase::Down => {}
        }
        s.epoch += 1;
        s.phase = Phase::Down;
        self.ends.clear(server);
        self.timer(self.now.saturating_add(down), NetworkEvent::Repair { server });
        if phase == Phase::Idle {
            self.stations[queue as usize].idle.remove(server);
            return;
        }
        if resume {
            // The message stays, and so its server stays taken, until it is done after the repair.
            let s = &mut self.servers[server as usize];
            s.holds = Some(s.end - self.now);
            self.groups[s.group as usize].absent.up(self.now);
            return;
        }
        self.loses_its_work(server, recorder);
    }

    /// A server that was at work is so no more, and what it had is delivered again, or lost where it was
    /// acknowledged.
    pub(super) fn loses_its_work<R: Recorder>(&mut self, server: u32, recorder: &mut R) {
        let queue = self.servers[server as usize].queue;
        let auto_ack = self.groups[self.servers[server as usize].group as usize].auto_ack;
        let worked = self.worked(server);
        self.breaks_off(server);
        let held = self.empty_buffer(server);
        let batch = self.batch_of(server);
        let s = &self.servers[server as usize];
        let group = &mut self.groups[s.group as usize];
        if group.tells {
            group.handled += batch.len() as u64;
            group.batches += 1;
            (0..batch.len()).for_each(|_| recorder.delivery(s.group, self.now, worked));
        }
        self.servers[server as usize].job = NONE;
        for (slot, stamp) in batch {
            if !self.is_under_way(slot, stamp) {
                continue;
            }
            self.uncount(slot);
            if auto_ack {
                self.lose_for_good(slot, Outcome::Dropped, recorder);
            } else {
                self.give_back(slot, recorder);
            }
        }
        for slot in held {
            self.give_back(slot, recorder);
        }
        // What it had may be of another of its queues.
        self.stations[queue as usize].note_peak();
        let shared = self.groups[self.servers[server as usize].group as usize].shared.as_ref();
        let others = shared.map_or(Vec::new(), |shared| shared.queues().to_vec());
        others.into_iter().for_each(|queue| self.stations[queue as usize].note_peak());
    }

    pub(super) fn repaired<R: Recorder>(&mut self, server: u32, recorder: &mut R) {
        self.comes_up(server);
        let s = &mut self.servers[server as usize];
        match s.holds.take() {
            Some(left) => {
                s.phase = Phase::Busy;
                self.groups[s.group as usize].absent.down(self.now);
                if s.until_break != u64::MAX {
                    // Counted from the beginning of its work, of which the repair is a part.
                    s.until_break = s.until_break.saturating_add(self.now - s.start);
                }
                let end = self.now.saturating_add(left);
                self.work_until(server, end);
                self.interrupt_late(self.servers[server as usize].queue);
            }
            None => self.set_free(server, recorder),
        }
    }
}

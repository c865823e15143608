//! Preemption: a message that is more urgent takes a server from another, which goes on later or starts
//! again.

use super::Network;
use super::job::{FRESH, JobState, NONE};
use super::parts::Phase;
use crate::discipline::ServiceOrder as _;
use crate::scenario::{Discipline, Preemption};
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// The server whose message has to make way for a new one: that with the least urgent of all, if the new
    /// one is more so.
    pub(super) fn victim(&mut self, slot: u32) -> Option<u32> {
        let job = &self.jobs[slot];
        let station = &self.stations[job.queue as usize];
        if station.preemption == Preemption::None {
            return None;
        }
        let discipline = station.discipline;
        let mine = self.ticket(slot);
        let mut worst = None;
        for &server in &self.stations[self.jobs[slot].queue as usize].servers {
            let s = &self.servers[server as usize];
            // One that is to go takes nothing more.
            if s.phase != Phase::Busy || s.job == NONE || s.retire {
                continue;
            }
            let (place, producer) = (s.place, self.jobs[s.job].producer);
            let urgency = match discipline {
                // The newest is the most urgent.
                Discipline::Lifo => (u64::MAX - place, 0),
                Discipline::Shortest => (s.end - self.now, place),
                Discipline::Deadline => (self.jobs[s.job].expires, place),
                _ => (self.senders.get(producer as usize).map_or(self.nobody, |s| s.level), place),
            };
            if worst.is_none_or(|(least, _)| urgency > least) {
                worst = Some((urgency, server));
            }
        }
        let mine =
            if discipline == Discipline::Lifo { (u64::MAX - mine.place, 0) } else { (mine.key, mine.place) };
        worst.filter(|(urgency, _)| mine < *urgency).map(|(_, server)| server)
    }

    /// The first in a line takes a server from a lesser message that could not be interrupted before: a
    /// server was repaired and goes on with it, or stays though it was to go.
    #[cold]
    pub(super) fn interrupt_late(&mut self, queue: u32) {
        if self.stations[queue as usize].preemption == Preemption::None {
            return;
        }
        let first = self.first_of_all(queue);
        if let Some(server) = first.and_then(|slot| self.victim(slot)) {
            self.put_aside(server);
            if let Some(slot) = self.pull_from(queue, 0) {
                self.start(server, slot);
            }
        }
    }

    /// The message that would be taken next of a queue with one line; it stays there.
    fn first_of_all(&mut self, queue: u32) -> Option<u32> {
        let (station, jobs) = (&mut self.stations[queue as usize], &self.jobs);
        let [line] = &mut station.lanes[..] else { return None };
        while let Some(ticket) = line.pop() {
            let job = &jobs[ticket.slot];
            if job.place == ticket.place && job.state == JobState::Ready {
                let slot = ticket.slot;
                line.push(ticket);
                return Some(slot);
            }
        }
        None
    }

    /// A server's message goes back to its place in the line, its work done so far kept or lost.
    pub(super) fn put_aside(&mut self, server: u32) {
        let s = &mut self.servers[server as usize];
        let (slot, left) = (s.job, s.end - self.now);
        s.epoch += 1;
        s.job = NONE;
        s.phase = Phase::Idle;
        self.ends.clear(server);
        if s.until_break != u64::MAX {
            s.until_break -= self.now - s.start;
        }
        let column = s.column;
        self.breaks_off(server);
        self.uncount(slot);
        let restart = self.stations[self.jobs[slot].queue as usize].preemption == Preemption::Restart;
        let left = if restart { self.jobs.demands(slot)[column as usize] } else { left };
        let job = &mut self.jobs[slot];
        (job.left, job.left_of) = (left, column);
        debug_assert!(job.left != FRESH && job.state == JobState::Away);
        let expires = job.expires;
        if expires != u64::MAX {
            // It waits like any other; its time may even have ended while it was in service.
            self.live_until(slot, expires.max(self.now));
        }
        self.line_up(slot);
    }
}

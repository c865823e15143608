//! What waits in queues from the start.
//!
//! Where a queue is first in, first out and nothing but waiting and service ever happens in it, such a message
//! is a number until a server takes it: its work follows from its position. So ten million of them take no
//! room.

use super::Network;
use super::dispatch::Dispatch;
use super::job::{FRESH, Job, NONE};
use super::parts::{Phase, QueueState, Unmade};
use crate::behaviour::MessageIdentity;
use crate::discipline::Waiting;
use crate::message::{Outcome, Recorder};
use crate::scenario::Discipline;
use crate::workload::Blocks;

/// A message that waits from the start, with its id and its place. It is nobody's.
fn waiting_job(queue: u32, position: u64, (id, place): (u64, u64)) -> Job {
    Job {
        id,
        identity: MessageIdentity::of_backlog(queue as usize, position),
        producer: NONE,
        family: NONE,
        client: NONE,
        queue,
        place,
        left: FRESH,
        expires: u64::MAX,
        alone: true,
        ..Job::default()
    }
}

impl QueueState {
    /// Whether what waits from the start can be made when it is taken.
    fn makes_later(&self) -> bool {
        let fifo = matches!(&self.lanes[..], [Waiting::Fifo(_)]);
        self.plain
            && fifo
            && self.discipline == Discipline::Fifo
            && matches!(self.dispatch, Dispatch::LongestIdle)
            && self.unlimited.is_none()
            && !(self.parked || self.takes_otherwise || self.prefetching)
    }
}

impl<S: Blocks> Network<S> {
    /// The backlog of a queue comes into its line.
    pub(super) fn wait_from_start<R: Recorder>(&mut self, queue: u32, recorder: &mut R) {
        let (all, station) = (self.backlog[queue as usize], &self.stations[queue as usize]);
        let idle = |server: &&u32| self.servers[**server as usize].phase == Phase::Idle;
        let at_once = match station.makes_later() {
            // Those that servers take at once.
            true => all.min(station.servers.iter().filter(idle).count() as u64),
            false => all,
        };
        self.jobs.reserve(at_once as usize);
        if let [Waiting::Fifo(line)] = &mut self.stations[queue as usize].lanes[..] {
            line.reserve(at_once as usize);
        }
        for position in 0..at_once {
            self.place_backlog(queue, position, recorder);
        }
        let (left, station) = (all - at_once, &mut self.stations[queue as usize]);
        station.unmade = Unmade { left, position: at_once, id: self.offered, place: self.places + 1 };
        station.counts.offered += left;
        station.waiting.up_by(left, self.now);
        self.jobs.unmade += left;
        (self.offered, self.places) = (self.offered + left, self.places + left);
    }

    /// Makes the next message of a queue's backlog, which is at the head of its line.
    #[cold]
    #[inline(never)]
    pub(super) fn make_next(&mut self, queue: u32) -> u32 {
        let next = &mut self.stations[queue as usize].unmade;
        let job = waiting_job(queue, next.position, (next.id, next.place));
        next.left -= 1;
        (next.position, next.id, next.place) = (next.position + 1, next.id + 1, next.place + 1);
        self.jobs.unmade -= 1;
        let slot = self.jobs.add(job);
        self.bring_work(slot, queue, None);
        slot
    }

    /// Tells of what waits from the start and is waiting still when all has ended.
    pub(super) fn tell_unmade<R: Recorder>(&mut self, recorder: &mut R) {
        for queue in 0..self.stations.len() {
            while self.stations[queue].unmade.left > 0 {
                let slot = self.make_next(queue as u32);
                self.tell(slot, 0, 0, Outcome::Unfinished, recorder);
                self.told(slot, Outcome::Unfinished, recorder);
                self.jobs.remove(slot);
            }
        }
    }

    /// One message that waits from the start, whatever room there is. It is nobody's.
    fn place_backlog<R: Recorder>(&mut self, queue: u32, i: u64, recorder: &mut R) {
        self.places += 1;
        let job = waiting_job(queue, i, (self.offered, self.places));
        self.offered += 1;
        let slot = self.jobs.add(job);
        let station = &mut self.stations[queue as usize];
        station.counts.offered += 1;
        if station.parked {
            return self.park(slot, recorder);
        }
        if !matches!(station.dispatch, Dispatch::LongestIdle) {
            self.sort_in(slot, queue);
        }
        if let Some(expires) = self.stations[queue as usize].policy.time_to_live(job.identity) {
            self.jobs[slot].expires = expires;
            self.live_until(slot, expires);
        }
        self.bring_work(slot, queue, None);
        // All of it is in line before anyone takes of it, but where nobody chooses.
        let station = &self.stations[queue as usize];
        if station.discipline == Discipline::ProcessorSharing
            || station.unlimited.is_some()
            || station.prefetching
            || station.transits
        {
            self.offer(slot);
        } else {
            self.line_up(slot);
        }
    }

    /// The servers of a queue begin with what waits from the start.
    pub(super) fn open<R: Recorder>(&mut self, queue: u32, recorder: &mut R) {
        self.open_shared(queue, recorder);
        let station = &self.stations[queue as usize];
        let shared = station.groups.iter().any(|g| self.groups[*g as usize].shared.is_some());
        if self.backlog[queue as usize] == 0 || station.prefetching || station.transits || shared {
            return;
        }
        for server in self.stations[queue as usize].servers.clone() {
            if self.servers[server as usize].phase == Phase::Idle {
                self.stations[queue as usize].idle.remove(server);
                self.free(server, recorder);
            }
        }
    }
}

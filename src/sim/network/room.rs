//! Bounded queues: senders that wait for room are let in, and old messages dropped to make some.

use super::Network;
use super::job::{JobState, NONE};
use crate::discipline::ServiceOrder as _;
use crate::message::{Outcome, Recorder};
use crate::scenario::Discipline;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// Whether a message that comes now finds its queue full, and nobody who takes it at once.
    pub(super) fn finds_no_room(&mut self, slot: u32) -> bool {
        let station = &self.stations[self.jobs[slot].queue as usize];
        station.room.is_some_and(|room| station.ready >= room) && !self.hands_over_at_once(slot)
    }

    /// A message has come to its queue, where its time to live begins. Says when that ends, if it does.
    pub(super) fn starts_time_to_live(&mut self, slot: u32) -> Option<u64> {
        let expires = self.now.saturating_add(self.time_to_live(slot, self.jobs[slot].queue)?);
        self.jobs[slot].expires = expires;
        Some(expires)
    }

    /// A message whose sender waits for room, where a server is free and nobody is in line before it.
    #[cold]
    pub(super) fn take_blocked(&mut self, queue: u32, lane: u32) -> Option<u32> {
        let station = &mut self.stations[queue as usize];
        let one_line = station.lanes.len() == 1;
        let at = station.blocked.iter().position(|&(slot, _)| one_line || self.jobs[slot].lane == lane)?;
        let (slot, holder) = station.blocked.remove(at)?;
        self.uncount(slot);
        self.starts_time_to_live(slot);
        if holder != NONE {
            self.released.push_back(holder);
        }
        Some(slot)
    }

    /// Lets senders that wait for room have what there is.
    #[cold]
    pub(super) fn let_in(&mut self, queue: u32) {
        loop {
            let station = &mut self.stations[queue as usize];
            if station.room.is_some_and(|room| station.ready >= room) {
                return;
            }
            let Some((slot, holder)) = station.blocked.pop_front() else { return };
            self.uncount(slot);
            if let Some(expires) = self.starts_time_to_live(slot) {
                self.live_until(slot, expires);
            }
            if holder != NONE {
                self.released.push_back(holder);
            }
            if self.stations[queue as usize].commit.is_some() {
                let station = &mut self.stations[queue as usize];
                station.waiting.up(self.now);
                station.ready += 1;
                self.jobs[slot].state = JobState::Committing;
                self.write(slot);
            } else {
                self.line_up(slot);
            }
        }
    }

    /// Clears the tickets of messages that are gone out of an order.
    #[cold]
    pub(super) fn sweep(&mut self, slot: u32) {
        let job = &self.jobs[slot];
        let (lane, jobs) = (job.lane as usize, &self.jobs);
        let order = &mut self.stations[job.queue as usize].lanes[lane];
        order.retain(&mut |t| jobs[t.slot].place == t.place && jobs[t.slot].state == JobState::Ready);
    }

    /// The oldest message in line goes to make room; false if there is none.
    pub(super) fn drop_oldest<R: Recorder>(&mut self, queue: u32, recorder: &mut R) -> bool {
        let station = &mut self.stations[queue as usize];
        let jobs = &self.jobs;
        let mut oldest: Option<(u64, u32)> = None;
        let fifo = station.lanes.len() == 1 && station.discipline == Discipline::Fifo;
        if fifo {
            while let Some(t) = station.lanes[0].pop() {
                if jobs[t.slot].place == t.place && jobs[t.slot].state == JobState::Ready {
                    oldest = Some((t.place, t.slot));
                    break;
                }
            }
        } else {
            for lane in &mut station.lanes {
                lane.retain(&mut |t| {
                    let here = jobs[t.slot].place == t.place && jobs[t.slot].state == JobState::Ready;
                    if here && oldest.is_none_or(|(place, _)| t.place < place) {
                        oldest = Some((t.place, t.slot));
                    }
                    here
                });
            }
        }
        let Some((_, slot)) = oldest else { return false };
        self.uncount(slot);
        self.lose(slot, Outcome::Dropped, recorder);
        true
    }
}

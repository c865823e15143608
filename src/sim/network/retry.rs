//! Deliveries that fail or are not acknowledged in time, and when the message is delivered again.

use super::dispatch::Dispatch;
use super::job::{FRESH, JobState};
use super::parts::Phase;
use super::{Network, NetworkEvent};
use crate::message::{Outcome, Recorder};
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// A handler failed: the message is delivered again, unless it was acknowledged beforehand or has been
    /// delivered often enough.
    #[cold]
    pub(super) fn failed_at_queue<R: Recorder>(&mut self, slot: u32, group: u32, recorder: &mut R) {
        let job = &self.jobs[slot];
        let group = &self.groups[group as usize];
        if group.auto_ack {
            return self.lose_for_good(slot, Outcome::Dropped, recorder);
        }
        if job.deliveries >= self.stations[job.queue as usize].limit {
            return self.lose(slot, Outcome::Dropped, recorder);
        }
        let delay = group.policy.retry_delay(job.identity, job.deliveries);
        if delay == 0 {
            return self.put_back(slot, recorder);
        }
        let (queue, place) = (job.queue, job.place as u32);
        self.jobs[slot].state = JobState::Delayed;
        let station = &mut self.stations[queue as usize];
        station.waiting.up(self.now);
        station.note_peak();
        self.timer(self.now.saturating_add(delay), NetworkEvent::Retry { slot, place });
    }

    /// A handler failed, and its server tries again in place: it keeps the message and does nothing else
    /// meanwhile, unless that was the last delivery.
    #[cold]
    pub(super) fn failed_in_place<R: Recorder>(&mut self, slot: u32, server: u32, recorder: &mut R) {
        let job = &self.jobs[slot];
        let g = self.servers[server as usize].group;
        let group = &self.groups[g as usize];
        if group.auto_ack || job.deliveries >= self.stations[job.queue as usize].limit {
            return self.failed_at_queue(slot, g, recorder);
        }
        let delay = group.policy.retry_delay(job.identity, job.deliveries);
        let queue = job.queue as usize;
        self.jobs[slot].state = JobState::Delayed;
        self.stations[queue].waiting.up(self.now);
        self.stations[queue].note_peak();
        self.servers[server as usize].phase = Phase::Blocked;
        self.timer(self.now.saturating_add(delay), NetworkEvent::RetryInPlace { server, slot });
    }

    /// A server tries again what failed.
    pub(super) fn retry_in_place(&mut self, server: u32, slot: u32) {
        self.uncount(slot);
        self.jobs[slot].left = FRESH;
        self.draw_again(slot);
        self.start(server, slot);
    }

    /// A message that was handed to a consumer comes back undone, unless that was its last delivery.
    pub(super) fn give_back<R: Recorder>(&mut self, slot: u32, recorder: &mut R) {
        let job = &self.jobs[slot];
        if job.deliveries >= self.stations[job.queue as usize].limit {
            self.lose(slot, Outcome::Dropped, recorder);
        } else {
            self.put_back(slot, recorder);
        }
    }

    /// A message goes back to its old place in the line, whatever room there is: at once to a server that is
    /// idle, else by the order, in which the server that gave it back is about to ask for the next.
    pub(super) fn put_back<R: Recorder>(&mut self, slot: u32, recorder: &mut R) {
        if self.still_lives(slot, recorder) {
            let job = &self.jobs[slot];
            if self.stations[job.queue as usize].takes_otherwise || self.is_wanted(slot) {
                self.offer(slot)
            } else {
                self.line_up(slot)
            }
        }
    }

    /// A message that comes back may be too late. Says whether it is not.
    fn still_lives<R: Recorder>(&mut self, slot: u32, recorder: &mut R) -> bool {
        let expires = self.jobs[slot].expires;
        let queue = self.jobs[slot].queue;
        let behind = self.stations[queue as usize].policy.at_head && self.stations[queue as usize].ready > 0;
        if expires < self.now && !behind {
            self.lose(slot, Outcome::Expired, recorder);
            return false;
        }
        if expires >= self.now && expires != u64::MAX {
            self.live_until(slot, expires);
        }
        self.jobs[slot].left = FRESH;
        self.draw_again(slot);
        true
    }

    /// A back-off ends: the message joins the end of the line, or, where that is locked meanwhile, is the
    /// first of its key.
    pub(super) fn retry<R: Recorder>(&mut self, slot: u32, place: u32, recorder: &mut R) {
        if self.jobs[slot].place as u32 != place || self.jobs[slot].state != JobState::Delayed {
            return;
        }
        self.uncount(slot);
        if self.jobs[slot].deliveries == 0 {
            return self.no_longer_held_back(slot, recorder);
        }
        let queue = self.jobs[slot].queue as usize;
        if !matches!(self.stations[queue].dispatch, Dispatch::ByKey) {
            self.places += 1;
            self.jobs[slot].place = self.places;
        }
        if self.still_lives(slot, recorder) {
            self.offer(slot);
        }
    }

    /// A message can be taken for the first time: it joins the end of the line.
    fn no_longer_held_back<R: Recorder>(&mut self, slot: u32, recorder: &mut R) {
        self.places += 1;
        self.jobs[slot].place = self.places;
        let expires = self.jobs[slot].expires;
        if expires < self.now {
            return self.lose(slot, Outcome::Expired, recorder);
        }
        if expires != u64::MAX {
            self.live_until(slot, expires);
        }
        self.offer(slot);
        let queue = self.jobs[slot].queue as usize;
        self.stations[queue].note_peak();
    }

    /// A delivery was not acknowledged in time: it is void, and the message can be taken again.
    pub(super) fn visible<R: Recorder>(&mut self, slot: u32, stamp: u32, recorder: &mut R) {
        let job = &self.jobs[slot];
        if job.stamp != stamp || !matches!(job.state, JobState::InService | JobState::Held) {
            return;
        }
        let queue = job.queue as usize;
        self.uncount(slot);
        if self.jobs[slot].deliveries >= self.stations[queue].limit {
            return self.lose(slot, Outcome::Dropped, recorder);
        }
        if self.still_lives(slot, recorder) {
            self.offer(slot);
            self.stations[queue].note_peak();
        }
    }

    /// A message's time to live ends in the line.
    pub(super) fn expire<R: Recorder>(&mut self, slot: u32, place: u32, recorder: &mut R) {
        let job = &self.jobs[slot];
        let (queue, waits) = (job.queue, matches!(job.state, JobState::Ready | JobState::Committing));
        if job.place as u32 != place || job.expires > self.now || !waits || self.outlives(slot) {
            return;
        }
        self.uncount(slot);
        self.lose(slot, Outcome::Expired, recorder);
        self.let_in(queue);
        if self.stations[queue as usize].several {
            // Who is first now may need fewer servers.
            self.take_together(queue);
        }
    }
}

//! Keys that are locked while a message of theirs is in progress.

use super::Network;
use super::dispatch::Dispatch;
use super::parts::QueueState;
use crate::discipline::{Keyed, Waiting};
use crate::message::{Outcome, Recorder};
use crate::workload::Blocks;

impl QueueState {
    /// The order of a queue that locks keys.
    fn keyed(&mut self) -> Option<&mut Keyed> {
        match &mut self.lanes[..] {
            [Waiting::Keyed(order)] => Some(order),
            _ => None,
        }
    }

    /// Whether a message's key is not locked, where keys are.
    pub(super) fn is_free(&self, slot: u32) -> bool {
        !matches!(&self.lanes[..], [Waiting::Keyed(order)] if !order.is_free(slot))
    }
}

impl<S: Blocks> Network<S> {
    /// A message comes to a queue that tells messages apart by their keys, or by more than that.
    #[cold]
    pub(super) fn sort_in(&mut self, slot: u32, queue: u32) {
        match self.stations[queue as usize].dispatch {
            Dispatch::ByPartition => self.jobs[slot].lane = self.lane_of(slot, queue),
            Dispatch::ByKey => {
                let job = &self.jobs[slot];
                let key = self.keys.of(job.identity, job.producer);
                self.stations[queue as usize].keyed().into_iter().for_each(|order| order.meet(slot, key));
            }
            Dispatch::Shared(_)
            | Dispatch::LongestIdle
            | Dispatch::Limited
            | Dispatch::Ranked(_)
            | Dispatch::Random(_) => {}
        }
    }

    /// Takes an idle server for a message and locks its key, if that is free.
    pub(super) fn server_for_key(&mut self, slot: u32, queue: u32) -> Option<u32> {
        let station = &mut self.stations[queue as usize];
        if !station.is_free(slot) {
            return None;
        }
        let idle = station.idle.pop();
        let group = station.unlimited;
        let server = idle.or_else(|| Some(self.another_server(queue, group?)))?;
        self.stations[queue as usize].keyed().into_iter().for_each(|order| order.lock(slot));
        Some(server)
    }

    /// A message has left its queue: the next of its key may be taken, by an idle server if there is one.
    /// Where servers have no end, that is the one that served it, unless it has to wait for room.
    #[cold]
    pub(super) fn unlock<R: Recorder>(&mut self, slot: u32, group: u32, outcome: Outcome, recorder: &mut R) {
        let (queue, place) = (self.jobs[slot].queue, self.jobs[slot].place);
        let station = &mut self.stations[queue as usize];
        let Some(order) = station.keyed() else { return };
        order.leave(place, slot);
        if !order.is_ready() {
            return;
        }
        let comes = outcome == Outcome::Served && !self.groups[group as usize].may_wait;
        let unlimited = station.unlimited.filter(|_| !comes);
        let idle = station.idle.pop();
        if let Some(server) = idle.or_else(|| Some(self.another_server(queue, unlimited?))) {
            self.set_free(server, recorder);
        }
    }
}

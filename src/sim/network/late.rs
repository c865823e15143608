//! Acknowledgements that come after their delivery's visibility timeout, where they are worth something.

use super::Network;
use super::job::{Job, JobState};
use crate::message::{Outcome, Recorder};
use crate::scenario::LateAck;
use crate::workload::Blocks;

/// The deliveries of the messages that are inside queues in which a late acknowledgement may count.
#[derive(Debug, Clone, Default)]
pub(super) struct LateDeliveries(Vec<DeliveriesOfStay>);

/// By which stamps a message was handed out during its stay in a queue, in order.
#[derive(Debug, Clone, Default)]
struct DeliveriesOfStay {
    queue: u32,
    stamps: Vec<u32>,
}

impl LateDeliveries {
    /// A message has been handed out.
    fn note(&mut self, slot: u32, job: &Job) {
        let slot = slot as usize;
        if slot >= self.0.len() {
            self.0.resize_with(slot + 1, DeliveriesOfStay::default);
        }
        let stay = &mut self.0[slot];
        if job.deliveries == 1 {
            (stay.queue, stay.stamps) = (job.queue, Vec::new());
        }
        stay.stamps.push(job.stamp);
    }

    /// Which of a message's deliveries a stamp is that of, 1 being the first; `None` if of none during this
    /// stay.
    fn which(&self, slot: u32, job: &Job, stamp: u32) -> Option<u32> {
        let stay = self.0.get(slot as usize)?;
        // A slot is used again, and so is a message's where it comes back.
        let same = stay.queue == job.queue && stay.stamps.len() == job.deliveries as usize;
        let which = stay.stamps.iter().position(|of| *of == stamp).filter(|_| same)?;
        Some(which as u32 + 1)
    }
}

impl<S: Blocks> Network<S> {
    /// Remembers a delivery whose acknowledgement may count although it is late.
    #[cold]
    pub(super) fn note_delivery(&mut self, slot: u32) {
        let job = &self.jobs[slot];
        self.late.note(slot, job);
    }

    /// A server is done with a delivery whose time was over. Says whether the message is done with that and
    /// goes on; who else has it meanwhile works for nothing.
    #[cold]
    pub(super) fn acknowledged_late<R: Recorder>(
        &mut self,
        slot: u32,
        stamp: u32,
        server: u32,
        recorder: &mut R,
    ) -> bool {
        let job = &self.jobs[slot];
        let inside =
            matches!(job.state, JobState::Ready | JobState::Held | JobState::InService | JobState::Delayed);
        let (state, queue) = (job.state, job.queue);
        let Some(delivery) = self.late.which(slot, job, stamp).filter(|_| inside) else { return false };
        let counts = match self.stations[queue as usize].late_ack {
            LateAck::Void => false,
            LateAck::UntilRedelivered => delivery == job.deliveries,
            LateAck::Accepted => true,
        };
        let (number, group) = (self.servers[server as usize].number, self.servers[server as usize].group);
        if !counts || self.fails_at(slot, group, delivery) {
            return false;
        }
        self.uncount(slot);
        self.tell(slot, group, number, Outcome::Served, recorder);
        if state == JobState::Ready {
            self.let_in(queue);
        }
        true
    }
}

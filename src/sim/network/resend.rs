//! Clients that send again what is not answered in time, while what they sent before is still worked on: those
//! that give up in the end, and those that hedge.
//!
//! The copies of a message are a family of which one has to be served. The client is one of it, too: while it
//! would send again, the message is not lost, whatever became of the copies.

use super::job::{Job, JobState};
use super::leave::CopySet;
use super::{Network, NetworkEvent};
use crate::behaviour::Copies;
use crate::message::{Outcome, Recorder};
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// A client that would send again waits for the answer to a message that it sends now.
    #[cold]
    pub(super) fn await_answer(&mut self, slot: u32) {
        let job = self.jobs[slot];
        let Some(resend) = &self.senders[job.producer as usize].policy.resend else { return };
        let after = resend.after;
        let family = self.families.add(CopySet::of_client(job.client, Copies::new(2, 1)));
        self.jobs[slot].family = family;
        let client = self.jobs.add(Job { family, state: JobState::Awaited, ..job });
        self.timer(self.now.saturating_add(after), NetworkEvent::Resend { slot: client });
    }

    /// A client has waited for long enough: it sends again, or gives up, if it has had no answer.
    pub(super) fn resend<R: Recorder>(&mut self, slot: u32, recorder: &mut R) {
        let job = self.jobs[slot];
        let over = self.families.copies(job.family).is_over();
        let policy = self.senders[job.producer as usize].policy.resend.as_ref();
        let Some(resend) = policy.filter(|resend| !over && job.deliveries < resend.at_most) else {
            if !over {
                self.families.copies(job.family).give_up();
                self.tell_exit(slot, Outcome::Expired, recorder);
                self.answered(job.client);
            }
            self.told_of_copy(slot, Outcome::Expired, recorder);
            return self.jobs.remove(slot);
        };
        let (after, waits) = (resend.after, resend.gives_up || job.deliveries + 1 < resend.at_most);
        self.families.copies(job.family).add_one();
        self.jobs[slot].deliveries += 1;
        let copy = job.deliveries as usize + 1;
        let sent = Job {
            identity: job.identity.copy(copy),
            entered: self.now,
            deliveries: 0,
            state: JobState::Away,
            ..job
        };
        let sent = self.jobs.add(sent);
        if !waits {
            // It takes what is done first, and the message is lost with the last of its copies.
            self.told_of_copy(slot, Outcome::Expired, recorder);
            self.jobs.remove(slot);
        }
        self.send(sent, self.senders[job.producer as usize].to, super::job::NONE, None, recorder);
        if waits {
            self.timer(self.now.saturating_add(after), NetworkEvent::Resend { slot });
        }
    }
}

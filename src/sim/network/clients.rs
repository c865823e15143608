//! Closed loops: clients that send, wait until their message has left the network, and think.

use super::job::{Job, NONE};
use super::{Network, NetworkEvent};
use crate::behaviour::MessageIdentity;
use crate::message::Recorder;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// A client thinks, then sends.
    pub(super) fn think(&mut self, client: u32) {
        let c = &mut self.clients[client as usize];
        let Some(closed) = &self.senders[c.producer as usize].policy.closed_loop else { return };
        let (due, sent) = closed.next(c.number, c.round, self.now);
        c.due = due;
        c.round += 1;
        self.thinking += 1;
        self.timer(sent, NetworkEvent::Send { client });
    }

    /// A client's message reaches its first queue.
    pub(super) fn send_of<R: Recorder>(&mut self, client: u32, recorder: &mut R) {
        self.thinking -= 1;
        let c = &self.clients[client as usize];
        let producer = c.producer;
        let job = Job {
            id: self.offered,
            identity: MessageIdentity::of_client(c.number, c.round),
            due: c.due,
            entered: self.now,
            producer,
            family: NONE,
            client,
            ..Job::default()
        };
        self.offered += 1;
        let slot = self.jobs.add(job);
        if self.senders[producer as usize].policy.resend.is_some() {
            self.await_answer(slot);
        }
        self.send(slot, self.senders[producer as usize].to, NONE, None, recorder);
    }
}

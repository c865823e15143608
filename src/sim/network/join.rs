//! Copies of a message that rejoin: the message goes on, once, with the last copy that it needs.

use super::Network;
use super::job::NONE;
use crate::workload::Blocks;

impl<S: Blocks> Network<S> {
    /// A copy comes to the queue in front of which those of its message rejoin. Says whether the message goes
    /// on with it: it is another one from here, whichever copy came last.
    #[cold]
    pub(super) fn rejoins(&mut self, slot: u32, queue: u32) -> bool {
        let index = self.jobs[slot].family;
        if index == NONE {
            return true;
        }
        let (family, goes_on) = self.families.come_together(index);
        if !goes_on {
            self.jobs.remove(slot);
            return false;
        }
        let job = &mut self.jobs[slot];
        (job.family, job.identity) = (family.parent, family.original.rejoined());
        self.bring_work(slot, queue, None);
        true
    }
}

//! Outages of a server, idle or in the middle of a service.

use super::{LOOK, Server};
use crate::load::clock::Clock;
use std::sync::atomic::Ordering;

impl<C: Clock> Server<'_, '_, C> {
    /// Does nothing until it is repaired, or all is over.
    pub(super) fn stay_down(&mut self, until: u64) {
        self.handles.receiver.cancel();
        loop {
            let now = self.worker.pacer.now().saturating_sub(self.start);
            if now >= until || self.context.closed.load(Ordering::SeqCst) || self.worker.pacer.stopped() {
                return;
            }
            self.worker.pacer.wait_until(self.start + until.min(now + LOOK));
        }
    }

    /// Spends a demand, breaks included. Says when it was over, how much of that it was down, and whether the
    /// work was done.
    pub(super) fn spend(&mut self, at: u64, planned: u64) -> (u64, u64, bool) {
        let (mut from, mut left, mut down) = (at, planned, 0);
        loop {
            let since = from.saturating_sub(self.start);
            let Some((breaks, broken)) =
                self.breaks.as_mut().and_then(|b| b.within(since, left).map(|at| (b, at)))
            else {
                let done = self.worker.spend(from, left);
                self.breaks.iter_mut().for_each(|b| b.worked(left));
                return (done, down, true);
            };
            let repaired = breaks.breaks(broken);
            let resumes = breaks.resumes();
            let done = self.worker.spend(from, broken - since);
            if !resumes {
                self.down_until = Some(repaired);
                return (done, down, false);
            }
            left -= broken - since;
            down += repaired - broken;
            self.stay_down(repaired);
            from = self.start + repaired;
        }
    }
}

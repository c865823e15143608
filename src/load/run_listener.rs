//! What a run hears from its target outside of calls.

use super::clients::Clients;
use super::run_plan::RunPlan;
use super::targets::{Listener, LostMessage, Trouble, TroubleKind};
use super::visit_log::VisitLog;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Writes confirms and refusals into the log of visits, and keeps what is to be judged when all is over.
pub(super) struct RunListener {
    visits: Arc<VisitLog>,
    clients: Arc<Clients>,
    /// By queue: whether anybody consumes it. Where nobody does, its messages have left with their sending.
    consumed: Vec<bool>,
    /// The instant of the run's clock at which it began.
    start: AtomicU64,
    lost: Mutex<Vec<LostMessage>>,
    troubles: Mutex<Vec<Trouble>>,
    disconnected: AtomicBool,
}

impl RunListener {
    pub(super) fn new(run_plan: &RunPlan<'_>, visits: &Arc<VisitLog>, clients: &Arc<Clients>) -> Self {
        RunListener {
            visits: Arc::clone(visits),
            clients: Arc::clone(clients),
            consumed: (0..run_plan.queues()).map(|queue| run_plan.first_group(queue).is_some()).collect(),
            start: 0.into(),
            lost: Mutex::new(Vec::with_capacity(run_plan.len())),
            troubles: Mutex::default(),
            disconnected: false.into(),
        }
    }

    /// The run begins at an instant of its clock.
    pub(super) fn starts(&self, at: u64) {
        self.start.store(at, Ordering::Release);
    }

    /// Whether a connection was lost, so that nothing more can be expected of the target.
    pub(super) fn is_disconnected(&self) -> bool {
        self.disconnected.load(Ordering::Acquire)
    }

    /// What has left without being served. Asked once, at the end.
    pub(super) fn take_lost(&self) -> Vec<LostMessage> {
        std::mem::take(&mut self.lost.lock())
    }

    /// The troubles so far.
    pub(super) fn troubles(&self) -> Vec<Trouble> {
        self.troubles.lock().clone()
    }

    fn since_start(&self, at: u64) -> u64 {
        at.saturating_sub(self.start.load(Ordering::Acquire))
    }
}

impl Listener for RunListener {
    fn confirmed(&self, message: u64, at: u64) {
        self.visits.confirm(message as usize, self.since_start(at));
    }

    fn refused(&self, queue: usize, message: u64, at: u64) {
        let Some(origin) = self.visits.origin(message as usize) else { return };
        self.visits.refuse(message as usize);
        if self.consumed[queue] {
            self.clients.less(origin.client, self.since_start(at));
        }
    }

    fn lost(&self, lost: LostMessage) {
        self.lost.lock().push(lost);
    }

    fn trouble(&self, trouble: Trouble) {
        if matches!(trouble.kind, TroubleKind::Disconnected { .. }) {
            self.disconnected.store(true, Ordering::Release);
        }
        // What was mended before the run is not in it.
        let mended = matches!(trouble.kind, TroubleKind::Reconnected { .. } | TroubleKind::DeliveredAgain);
        if !mended || self.start.load(Ordering::Acquire) > 0 {
            self.troubles.lock().push(trouble);
        }
    }
}

//! State that the generator and the server threads of a run share, and how any of them sends a message.

use super::clients::Clients;
use super::run_listener::RunListener;
use super::run_plan::RunPlan;
use super::scaler::GroupScaler;
use super::targets::{Listener, Opening, Publisher, Sent, Target};
use super::visit_log::{VisitLog, VisitOrigin};
use crate::scenario::Destination;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// What the threads of a run write and read together while it lasts.
pub(super) struct RunState {
    pub visits: Arc<VisitLog>,
    clients: Arc<Clients>,
    /// What the target tells outside of calls.
    pub listener: Arc<RunListener>,
    busy: AtomicU64,
    scalers: Vec<Option<GroupScaler>>,
    closed: AtomicBool,
}

impl RunState {
    pub(super) fn new(run_plan: &RunPlan<'_>, visits: VisitLog) -> Self {
        let scalers = (0..run_plan.groups.len()).map(|group| GroupScaler::of(run_plan, group)).collect();
        let (visits, clients) = (Arc::new(visits), Arc::new(Clients::new(run_plan)));
        let listener = Arc::new(RunListener::new(run_plan, &visits, &clients));
        RunState { visits, clients, listener, busy: 0.into(), scalers, closed: false.into() }
    }

    /// Groups by number, and when their autoscalers started servers or let some go.
    pub(super) fn scaled(&self) -> Vec<(u32, u64)> {
        let of = |scaler: &Option<GroupScaler>| scaler.as_ref().map_or_else(Vec::new, GroupScaler::scaled);
        let groups = (0..).zip(&self.scalers);
        groups.flat_map(|(group, scaler)| of(scaler).into_iter().map(move |at| (group, at))).collect()
    }

    /// What a target is to know that takes part in the run.
    pub(super) fn opening<'a>(&self, run_plan: &RunPlan<'a>) -> Opening<'a> {
        let listener = Arc::clone(&self.listener) as Arc<dyn Listener>;
        Opening { scenario: run_plan.scenario, messages: run_plan.len(), listener, session: None }
    }
}

/// References to all that the threads of a run share: the plan, the target, and what is written down
/// meanwhile.
#[derive(Clone, Copy)]
pub(super) struct RunContext<'a> {
    pub run_plan: &'a RunPlan<'a>,
    pub target: &'a dyn Target,
    pub visits: &'a VisitLog,
    pub clients: &'a Clients,
    pub listener: &'a RunListener,
    /// Servers that work on what they have acknowledged already.
    pub busy: &'a AtomicU64,
    /// By group: its scaler, if it is autoscaled.
    pub scalers: &'a [Option<GroupScaler>],
    /// Whether nothing will ever come again.
    pub closed: &'a AtomicBool,
}

impl<'a> RunContext<'a> {
    pub(super) fn new(run_plan: &'a RunPlan<'a>, target: &'a dyn Target, state: &'a RunState) -> Self {
        let RunState { visits, clients, listener, busy, scalers, closed } = state;
        RunContext { run_plan, target, visits, clients, listener, busy, scalers, closed }
    }

    /// The sum of a count over the queues that are consumed, if it is known of each: what nobody consumes has
    /// left the run.
    pub(super) fn over_consumed(&self, count: impl Fn(usize) -> Option<u64>) -> Option<u64> {
        let consumed = |queue: &usize| self.run_plan.first_group(*queue).is_some();
        (0..self.run_plan.queues()).filter(consumed).map(count).sum()
    }

    /// Sends a message to a destination by a thread's handle, at an instant from the start; false once the
    /// target is closed. Where the sender may have to wait for room, `now` is asked when there was some.
    pub(super) fn send(
        &self,
        by: &mut dyn Publisher,
        to: Destination,
        origin: VisitOrigin,
        at: u64,
        now: impl Fn() -> u64,
    ) -> bool {
        let mut open = true;
        self.clients.more(origin.client, self.run_plan.copies(to));
        self.run_plan.deliver(to, origin.copy, self.target, |queue, copy, topic| {
            let Some(visit) =
                self.visits.begin(VisitOrigin { queue: queue as u32, copy, topic, ..origin }, at)
            else {
                open = false;
                return;
            };
            let outcome = by.publish(queue, &self.run_plan.request(queue, copy, visit, at));
            for shared in self.run_plan.rules.shared.iter().filter(|s| s.queues.contains(&queue)) {
                shared.tell();
            }
            if outcome == Sent::Accepted && self.run_plan.blocks(queue) {
                self.visits.accept(visit, now());
            }
            match outcome {
                // What nobody consumes has left.
                Sent::Accepted | Sent::Pending if self.run_plan.first_group(queue).is_none() => {
                    self.clients.less(origin.client, at)
                }
                Sent::Accepted | Sent::Pending => {}
                Sent::Rejected => {
                    self.visits.refuse(visit);
                    self.clients.less(origin.client, at);
                }
                Sent::Closed => open = false,
            }
        });
        open
    }
}

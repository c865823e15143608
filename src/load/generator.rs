//! The generator: every producer of the scenario in one thread, sending at the plan's instants.
//!
//! Open loop: an instant that has passed is sent at once and never skipped, and its lateness stays visible,
//! because what counts is when a send was due. The clients of closed loops send when they have thought about
//! an answer, in the same thread.

use super::clients::ClosedLoopClients;
use super::clock::Clock;
use super::context::RunContext;
use super::pacing::Pacer;
use super::run_plan::RunPlan;
use super::targets::Publisher;
use super::visit_log::VisitOrigin;

/// Sends the plan from `start` on until its end or until the pacer is stopped; says how many messages were
/// sent.
pub(super) fn generate<C: Clock>(
    pacer: &mut Pacer<'_, C>,
    context: &RunContext<'_>,
    by: &mut dyn Publisher,
    start: u64,
) -> u64 {
    let run_plan = context.run_plan;
    if run_plan.scenario.is_closed() {
        return generate_closed_loop(pacer, context, by, start);
    }
    // Until when the last send kept the generator waiting for room.
    let mut held = 0;
    for message in 0..run_plan.len() {
        let instant = start + run_plan.sent(message);
        let now = pacer.wait_until(instant);
        if pacer.stopped() {
            by.flush();
            return message as u64;
        }
        by.next_is_due(message + 1 < run_plan.len() && start + run_plan.sent(message + 1) <= now);
        // A sender that stands behind another one's wait for room has begun to wait itself when its turn was
        // due.
        let at = if instant <= held { instant } else { now };
        let to = run_plan.destination(message);
        if !context.send(by, to, planned(run_plan, message), at - start, || pacer.now().saturating_sub(start))
        {
            return message as u64 + 1;
        }
        if run_plan.scenario.blocks(to) {
            held = pacer.now();
        }
    }
    run_plan.len() as u64
}

/// A planned message's first visit.
fn planned(run_plan: &RunPlan<'_>, message: usize) -> VisitOrigin {
    VisitOrigin::new(
        run_plan.waiting() + run_plan.block.first + message as u64,
        run_plan.due(message),
        run_plan.copy_of(message),
    )
}

/// The same with clients, until the plan is over and the time of the closed loops, too.
fn generate_closed_loop<C: Clock>(
    pacer: &mut Pacer<'_, C>,
    context: &RunContext<'_>,
    by: &mut dyn Publisher,
    start: u64,
) -> u64 {
    let (run_plan, over) = (context.run_plan, start + context.run_plan.span());
    let (mut closed_loop, mut back) = (ClosedLoopClients::new(run_plan), Vec::new());
    let (mut message, mut count, mut held) = (0, 0, 0);
    loop {
        context.clients.take(&mut back);
        back.drain(..).for_each(|(client, at)| closed_loop.think(client, at));
        let planned_at = (message < run_plan.len()).then(|| run_plan.sent(message));
        let next = [planned_at, closed_loop.next()]
            .into_iter()
            .flatten()
            .min()
            .map_or(over, |at| start + at)
            .min(over);
        if !wait_or_hear(pacer, context, next) {
            continue;
        }
        if pacer.stopped() || next >= over {
            return count;
        }
        // As for who stands behind another one's wait for room in a plan.
        let at = if next <= held { next } else { pacer.now() } - start;
        let (to, origin) = match planned_at.filter(|&at| start + at == next) {
            Some(_) => {
                message += 1;
                (
                    run_plan.destination(message - 1),
                    VisitOrigin { id: run_plan.waiting() + count, ..planned(run_plan, message - 1) },
                )
            }
            None => closed_loop.send(run_plan.waiting() + count).expect("a client's send is next"),
        };
        count += 1;
        if !context.send(by, to, origin, at, || pacer.now().saturating_sub(start)) {
            return count;
        }
        if run_plan.scenario.blocks(to) {
            held = pacer.now();
        }
    }
}

/// Waits for an instant; false if a client came back before it.
fn wait_or_hear<C: Clock>(pacer: &mut Pacer<'_, C>, context: &RunContext<'_>, instant: u64) -> bool {
    loop {
        let now = pacer.now();
        if now >= instant || pacer.stopped() {
            return true;
        }
        if context.clients.some_are_back() {
            return false;
        }
        match (instant - now).checked_sub(pacer.margin) {
            Some(spare @ 1..) => context.clients.sleep(spare.min(50_000_000)),
            _ => std::hint::spin_loop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::Fake;
    use super::super::context::RunState;
    use super::super::pacing::MARGIN;
    use super::super::targets::{Delivery, Direct, PublishRequest, Sent, SharedQueue, Subscription, Target};
    use super::super::visit_log::{ServedBy, VisitLog};
    use super::*;
    use crate::scenario::{Overflow, Scenario};
    use crate::workload::Block;
    use crate::workload::laws::Law;
    use std::sync::atomic::AtomicBool;

    /// Serves every message at the very moment at which it is sent, or keeps the sender for a while at one
    /// message.
    struct Instantly<'a> {
        clock: &'a Fake,
        visits: &'a VisitLog,
        /// A message and the instant until which its sender waits for room.
        room: Option<(u64, u64)>,
    }

    impl SharedQueue for Instantly<'_> {
        fn publish(&self, _: usize, request: &PublishRequest) -> Sent {
            let message = request.message;
            if let Some((at, until)) = self.room
                && at == message
            {
                self.clock.sleep_until(until);
            }
            let served_by = ServedBy { group: 0, server: 0, deliveries: 1 };
            self.visits.finish(message as usize, self.clock.now(), served_by);
            Sent::Accepted
        }
        fn consume(&self, _: Subscription, _: usize, _: &mut Vec<Delivery>) -> bool {
            false
        }
        fn ack(&self, _: usize, _: &Delivery) -> bool {
            false
        }
        fn close(&self, _: usize) {}
        fn halt(&self) {}
        fn in_system(&self, _: usize) -> Option<u64> {
            None
        }
    }

    fn every_millisecond(count: u64) -> Block {
        let due: Vec<u64> = (0..count).map(|i| i * 1_000_000).collect();
        Block { sent: due.clone(), demand: vec![vec![0; count as usize]], due, ..Block::default() }
    }

    /// Latency from the plan's instant and from the actual send, both sorted.
    fn play(count: u64, stall: Option<(u64, u64)>) -> (Vec<u64>, Vec<u64>) {
        let (scenario, plan) = (Scenario::mgc(1000.0, Law::deterministic(0.0), 1), every_millisecond(count));
        let clock = Fake { read: 20, oversleep: 30_000, stall, ..Fake::default() };
        let run_plan = RunPlan::new(&scenario, &plan).expect("the scenario is the simplest there is");
        let (stop, state) =
            (AtomicBool::new(false), RunState::new(&run_plan, VisitLog::new(plan.len(), plan.len())));
        let visits = &state.visits;
        let target = Direct(Instantly { clock: &clock, visits, room: None });
        let start = 1_000_000;
        let context = RunContext::new(&run_plan, &target, &state);
        assert_eq!(
            generate(
                &mut Pacer::new(&clock, &stop, MARGIN),
                &context,
                target.publisher().expect("a handle").as_mut(),
                start
            ),
            count,
            "none is skipped"
        );
        let times = |i: usize| {
            (visits.trace(i).sent.expect("sent"), visits.trace(i).finished.expect("served") - start)
        };
        let since = |from: &dyn Fn(usize) -> u64| {
            let mut all: Vec<u64> = (0..plan.len()).map(|i| times(i).1 - from(i)).collect();
            all.sort_unstable();
            all
        };
        (since(&|i| plan.due[i]), since(&|i| times(i).0))
    }

    #[test]
    fn the_schedule_is_met_exactly() {
        let (latency, _) = play(5_000, None);
        assert!(*latency.last().expect("5000 messages") <= 60, "a look at the clock is 20 ns");
    }

    #[test]
    fn a_stall_of_a_second_is_in_the_latency_and_not_in_the_actual_sends() {
        let (latency, from_send) = play(100_000, Some((30_000_000_000, 1_000_000_000)));
        let p999 = latency[99_900] as f64 / 1e9;
        assert!((0.89..=0.91).contains(&p999), "{p999}");
        assert!(*from_send.last().expect("100000 messages") < 1_000);
        assert!((0.999..=1.001).contains(&(latency[99_999] as f64 / 1e9)));
    }

    #[test]
    fn who_waits_for_room_has_sent_when_the_wait_began() {
        let mut scenario = Scenario::mgc(1000.0, Law::deterministic(0.0), 1);
        (scenario.queues[0].max_length, scenario.queues[0].overflow) = (Some(1), Overflow::Block);
        let plan = every_millisecond(10);
        let (clock, stop) = (Fake { read: 20, ..Fake::default() }, AtomicBool::new(false));
        let run_plan = RunPlan::new(&scenario, &plan).expect("blocking is played");
        let state = RunState::new(&run_plan, VisitLog::new(10, 10));
        let visits = &state.visits;
        let target = Direct(Instantly { clock: &clock, visits, room: Some((3, 6_500_000)) });
        generate(
            &mut Pacer::new(&clock, &stop, MARGIN),
            &RunContext::new(&run_plan, &target, &state),
            target.publisher().expect("a handle").as_mut(),
            0,
        );
        for i in 0..10 {
            let late = visits.trace(i).sent.expect("sent") - plan.sent[i];
            assert!(late <= 40, "message {i} is {late} ns late, which is the queue's doing");
        }
        assert!(visits.trace(4).finished.expect("served") >= 6_500_000);
    }
}

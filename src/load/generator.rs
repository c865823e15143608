//! The generator: every producer of the scenario in one thread, sending at the plan's instants.
//!
//! Open loop: an instant that has passed is sent at once and never skipped, and its lateness stays visible, because
//! what counts is when a send was due. The clients of closed loops send when they have thought about an answer, in the same thread.

use super::clients::Rounds;
use super::clock::Clock;
use super::floor::Floor;
use super::pacing::Pacer;
use super::score::Score;
use super::stays::Origin;
use super::targets::Publisher;

/// Sends the plan from `start` on until its end or until the pacer is stopped; says how many messages were sent.
pub(super) fn generate<C: Clock>(pacer: &mut Pacer<'_, C>, floor: &Floor<'_>, by: &mut dyn Publisher, start: u64) -> u64 {
    let score = floor.score;
    if score.closed() {
        return in_rounds(pacer, floor, by, start);
    }
    // Until when the last send kept the generator waiting for room.
    let mut held = 0;
    for message in 0..score.len() {
        let instant = start + score.sent(message);
        let now = pacer.wait_until(instant);
        if pacer.stopped() {
            return message as u64;
        }
        // A sender that stands behind another one's wait for room has begun to wait itself when its turn was due.
        let at = if instant <= held { instant } else { now };
        let to = score.destination(message);
        if !floor.send(by, to, planned(score, message), at - start, || pacer.now().saturating_sub(start)) {
            return message as u64 + 1;
        }
        if score.scenario.blocks(to) {
            held = pacer.now();
        }
    }
    score.len() as u64
}

/// A planned message's first stay.
fn planned(score: &Score<'_>, message: usize) -> Origin {
    Origin::new(score.waiting() + score.plan.first + message as u64, score.due(message), score.copy_of(message))
}

/// The same with clients, until the plan is over and the time of the closed loops, too.
fn in_rounds<C: Clock>(pacer: &mut Pacer<'_, C>, floor: &Floor<'_>, by: &mut dyn Publisher, start: u64) -> u64 {
    let (score, over) = (floor.score, start + floor.score.span());
    let (mut rounds, mut back) = (Rounds::new(score), Vec::new());
    let (mut message, mut count, mut held) = (0, 0, 0);
    loop {
        floor.clients.take(&mut back);
        back.drain(..).for_each(|(client, at)| rounds.think(client, at));
        let planned_at = (message < score.len()).then(|| score.sent(message));
        let next = [planned_at, rounds.next()].into_iter().flatten().min().map_or(over, |at| start + at).min(over);
        if !wait_or_hear(pacer, floor, next) {
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
                (score.destination(message - 1), Origin { id: score.waiting() + count, ..planned(score, message - 1) })
            }
            None => rounds.send(score.waiting() + count).expect("a client's send is next"),
        };
        count += 1;
        if !floor.send(by, to, origin, at, || pacer.now().saturating_sub(start)) {
            return count;
        }
        if score.scenario.blocks(to) {
            held = pacer.now();
        }
    }
}

/// Waits for an instant; false if a client came back before it.
fn wait_or_hear<C: Clock>(pacer: &mut Pacer<'_, C>, floor: &Floor<'_>, instant: u64) -> bool {
    loop {
        let now = pacer.now();
        if now >= instant || pacer.stopped() {
            return true;
        }
        if floor.clients.some_are_back() {
            return false;
        }
        match (instant - now).checked_sub(pacer.margin) {
            Some(spare @ 1..) => floor.clients.sleep(spare.min(50_000_000)),
            _ => std::hint::spin_loop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::clients::Clients;
    use super::super::clock::Fake;
    use super::super::pacing::MARGIN;
    use super::super::stays::{Stays, Who};
    use super::super::targets::{Direct, Offer, Sent, SharedQueue, Subscription, Taken, Target};
    use super::*;
    use crate::scenario::{Overflow, Scenario};
    use crate::workload::Block;
    use crate::workload::laws::Law;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    /// Serves every message at the very moment at which it is sent, or keeps the sender for a while at one message.
    struct Instantly<'a> {
        clock: &'a Fake,
        stays: &'a Stays,
        /// A message and the instant until which its sender waits for room.
        room: Option<(u64, u64)>,
    }

    impl SharedQueue for Instantly<'_> {
        fn publish(&self, _: usize, offer: &Offer) -> Sent {
            let message = offer.message;
            if let Some((at, until)) = self.room
                && at == message
            {
                self.clock.sleep_until(until);
            }
            let who = Who { group: 0, server: 0, deliveries: 1 };
            self.stays.finish(message as usize, self.clock.now(), who);
            Sent::Accepted
        }
        fn consume(&self, _: Subscription, _: usize, _: &mut Vec<Taken>) -> bool {
            false
        }
        fn ack(&self, _: usize, _: &Taken) -> bool {
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
        let (stop, stays) = (AtomicBool::new(false), Stays::new(plan.len(), plan.len()));
        let score = Score::new(&scenario, &plan).expect("the scenario is the simplest there is");
        let target = Direct(Instantly { clock: &clock, stays: &stays, room: None });
        let start = 1_000_000;
        let (clients, busy, closed) = (Clients::new(&score), AtomicU64::new(0), AtomicBool::new(false));
        let floor =
            Floor { score: &score, target: &target, stays: &stays, clients: &clients, busy: &busy, rosters: &[None], closed: &closed };
        assert_eq!(
            generate(&mut Pacer::new(&clock, &stop, MARGIN), &floor, target.publisher().expect("a handle").as_mut(), start),
            count,
            "none is skipped"
        );
        let told = |i: usize| (stays.past(i).sent.expect("sent"), stays.past(i).finished.expect("served") - start);
        let since = |from: &dyn Fn(usize) -> u64| {
            let mut all: Vec<u64> = (0..plan.len()).map(|i| told(i).1 - from(i)).collect();
            all.sort_unstable();
            all
        };
        (since(&|i| plan.due[i]), since(&|i| told(i).0))
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
        let (clock, stop, stays) = (Fake { read: 20, ..Fake::default() }, AtomicBool::new(false), Stays::new(10, 10));
        let score = Score::new(&scenario, &plan).expect("blocking is played");
        let target = Direct(Instantly { clock: &clock, stays: &stays, room: Some((3, 6_500_000)) });
        let (clients, busy, closed) = (Clients::new(&score), AtomicU64::new(0), AtomicBool::new(false));
        generate(
            &mut Pacer::new(&clock, &stop, MARGIN),
            &Floor { score: &score, target: &target, stays: &stays, clients: &clients, busy: &busy, rosters: &[None], closed: &closed },
            target.publisher().expect("a handle").as_mut(),
            0,
        );
        for i in 0..10 {
            let late = stays.past(i).sent.expect("sent") - plan.sent[i];
            assert!(late <= 40, "message {i} is {late} ns late, which is the queue's doing");
        }
        assert!(stays.past(4).finished.expect("served") >= 6_500_000);
    }
}

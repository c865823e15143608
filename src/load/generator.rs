//! The generator: every producer of the scenario in one thread, sending at the plan's instants.
//!
//! Open loop: an instant that has passed is sent at once and never skipped, and its lateness stays visible, because
//! what counts is when a send was due.

use super::chance::Journey;
use super::clock::Clock;
use super::lives::Lives;
use super::pacing::Pacer;
use super::score::Score;
use super::server::send;
use super::targets::Target;
use crate::scenario::Destination;

/// Sends the plan from `start` on until its end or until the pacer is stopped; says how many messages were sent.
pub fn generate<C: Clock>(pacer: &mut Pacer<'_, C>, score: &Score<'_>, target: &dyn Target, lives: &Lives, start: u64) -> u64 {
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
        if !send(score, target, lives, to, Journey::begin(message), at - start) {
            return message as u64 + 1;
        }
        if waits(score, to) {
            held = pacer.now();
        }
    }
    score.len() as u64
}

/// Whether a sender may have to wait for room there.
fn waits(score: &Score<'_>, to: Destination) -> bool {
    match to {
        Destination::Queue(queue) => score.blocks(queue),
        Destination::Topic(topic) => score.scenario.topics[topic].subscriptions.iter().any(|&queue| score.blocks(queue)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::Fake;
    use super::super::pacing::MARGIN;
    use super::super::targets::{Lost, Offer, Sent, Taken, Want};
    use super::*;
    use crate::scenario::{Overflow, Scenario};
    use crate::workload::Block;
    use crate::workload::laws::Law;
    use std::sync::atomic::AtomicBool;

    /// Serves every message at the very moment at which it is sent, or keeps the sender for a while at one message.
    struct Instantly<'a> {
        clock: &'a Fake,
        lives: &'a Lives,
        /// A message and the instant until which its sender waits for room.
        room: Option<(u64, u64)>,
    }

    impl Target for Instantly<'_> {
        fn publish(&self, _: usize, offer: &Offer) -> Sent {
            let message = offer.message;
            if let Some((at, until)) = self.room
                && at == message
            {
                self.clock.sleep_until(until);
            }
            self.lives.finish(message as usize, self.clock.now());
            Sent::Accepted
        }
        fn consume(&self, _: usize, _: &Want, _: &mut Vec<Taken>) -> bool {
            false
        }
        fn refill(&self, _: usize, _: &Want, _: u64, _: &mut Vec<Taken>) {}
        fn ack(&self, _: usize, _: &Taken) -> bool {
            false
        }
        fn nack(&self, _: usize, _: &Taken, _: u64) -> bool {
            false
        }
        fn close(&self, _: usize) {}
        fn halt(&self) {}
        fn in_system(&self, _: usize) -> Option<u64> {
            None
        }
        fn lost(&self) -> Vec<Lost> {
            Vec::new()
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
        let (stop, lives) = (AtomicBool::new(false), Lives::new(plan.len()));
        let score = Score::new(&scenario, &plan).expect("the scenario is the simplest there is");
        let target = Instantly { clock: &clock, lives: &lives, room: None };
        let start = 1_000_000;
        assert_eq!(generate(&mut Pacer::new(&clock, &stop, MARGIN), &score, &target, &lives, start), count, "none is skipped");
        let told = |i: usize| (lives.past(i).sent.expect("sent"), lives.past(i).finished.expect("served") - start);
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
        let (clock, stop, lives) = (Fake { read: 20, ..Fake::default() }, AtomicBool::new(false), Lives::new(10));
        let score = Score::new(&scenario, &plan).expect("blocking is played");
        let target = Instantly { clock: &clock, lives: &lives, room: Some((3, 6_500_000)) };
        generate(&mut Pacer::new(&clock, &stop, MARGIN), &score, &target, &lives, 0);
        for i in 0..10 {
            let late = lives.past(i).sent.expect("sent") - plan.sent[i];
            assert!(late <= 40, "message {i} is {late} ns late, which is the queue's doing");
        }
        assert!(lives.past(4).finished.expect("served") >= 6_500_000);
    }
}

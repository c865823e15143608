//! The state machine beside a plain broker of two lists, step by step, over random histories.

use super::{Delivery, Misuse, Overflow, Settings, State};
use proptest::prelude::*;
use std::collections::VecDeque;

#[derive(Debug, Clone)]
enum Step {
    Publish,
    Consume(usize),
    /// Settles the delivery at this position among all that were ever made (modulo their number).
    Ack(usize),
    BeginWait,
    EndWait,
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Publish),
        4 => (0..4_usize).prop_map(Step::Consume),
        4 => any::<usize>().prop_map(Step::Ack),
        1 => Just(Step::BeginWait),
        1 => Just(Step::EndWait),
        1 => Just(Step::Close),
    ]
}

/// What a broker is, written as plainly as can be.
#[derive(Default)]
struct Plain {
    ready: VecDeque<u64>,
    unacked: Vec<u64>,
    acked: u64,
    dropped: Vec<u64>,
    published: u64,
    waiting: u64,
    closed: bool,
}

impl Plain {
    /// Whether the message is accepted.
    fn publish(&mut self, body: u64, max: Option<u64>, overflow: Overflow) -> bool {
        let room = max.is_none_or(|m| (self.ready.len() as u64) < m + self.waiting);
        if self.closed || (!room && overflow != Overflow::DropHead) {
            return false;
        }
        self.published += 1;
        self.ready.push_back(body);
        while max.is_some_and(|m| self.ready.len() as u64 > m + self.waiting) {
            self.dropped.extend(self.ready.pop_front());
        }
        true
    }
}

proptest! {
    #[test]
    fn the_state_machine_is_the_plain_broker(
        steps in prop::collection::vec(step(), 1..200),
        max in prop::option::of(0..5_u64),
        overflow in prop::sample::select(vec![Overflow::RejectPublish, Overflow::DropHead, Overflow::Block]),
    ) {
        let mut state = State::new(Settings { max_length: max, overflow, ..Settings::default() });
        let (mut plain, mut made, mut lost) = (Plain::default(), Vec::<Delivery<u64>>::new(), Vec::new());
        for (now, step) in steps.into_iter().enumerate() {
            let body = now as u64;
            match step {
                Step::Publish => prop_assert_eq!(state.publish(body, body).is_ok(), plain.publish(body, max, overflow)),
                Step::Consume(count) => {
                    let from = made.len();
                    state.consume(count, &mut made);
                    let expected: Vec<u64> = plain.ready.drain(..count.min(plain.ready.len())).collect();
                    prop_assert_eq!(made[from..].iter().map(|d| d.body).collect::<Vec<_>>(), expected.clone());
                    plain.unacked.extend(expected);
                }
                Step::Ack(which) if !made.is_empty() => {
                    let delivery = &made[which % made.len()];
                    let open = plain.unacked.iter().position(|&b| b == delivery.body);
                    let answer = state.ack(delivery.tag);
                    prop_assert_eq!(answer, open.map(|_| ()).ok_or(Misuse(delivery.tag)));
                    if let Some(at) = open {
                        plain.unacked.swap_remove(at);
                        plain.acked += 1;
                    }
                }
                Step::Ack(_) => {}
                Step::BeginWait => {
                    state.begin_wait();
                    plain.waiting += 1;
                }
                Step::EndWait if plain.waiting > 0 => {
                    state.end_wait();
                    plain.waiting -= 1;
                }
                Step::EndWait => {}
                Step::Close => {
                    state.close();
                    plain.closed = true;
                }
            }
            lost.extend(state.take_lost().into_iter().map(|l| l.body));
            let counts = state.counts();
            prop_assert!(counts.balanced(), "{:?}", counts);
            prop_assert_eq!(
                (counts.published, counts.ready, counts.unacked, counts.acked),
                (plain.published, plain.ready.len() as u64, plain.unacked.len() as u64, plain.acked)
            );
            prop_assert_eq!(&lost, &plain.dropped);
            prop_assert_eq!(state.is_exhausted(), plain.closed && plain.ready.is_empty());
        }
    }
}

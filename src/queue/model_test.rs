//! The state machine beside a plain broker of lists, step by step, over random histories.

use super::{Delivery, Loss, Misuse, Order, Overflow, Settings, State, Terms};
use proptest::prelude::*;
use steps::{HistoryStep, Settle, settings, step};

mod steps;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MessageState {
    Ready,
    /// By which delivery of all, until when, and as which of all timers.
    Held(usize, u64, u64),
    Away(u64, u64),
    Acked,
    Lost(Loss, u64),
}

#[derive(Debug, Clone)]
struct Plain {
    rank: i64,
    turn: u64,
    expires: u64,
    deliveries: u32,
    at: MessageState,
}

/// What a broker is, written as plainly as can be: every message there ever was, and where it is. Slow, and
/// free of cleverness.
struct Broker {
    settings: Settings,
    messages: Vec<Plain>,
    handed: usize,
    timers: u64,
    waiting: u64,
    /// Places that are kept, and whether ever one was.
    kept: u64,
    keeps: bool,
    closed: bool,
    now: u64,
    /// In the order of the losses.
    lost: Vec<(u64, Loss, u64)>,
}

impl Broker {
    fn is(&self, at: impl Fn(MessageState) -> bool) -> u64 {
        self.messages.iter().filter(|m| at(m.at)).count() as u64
    }

    fn ready(&self) -> u64 {
        self.is(|at| at == MessageState::Ready)
    }

    fn head(&self) -> Option<usize> {
        let ready = (0..self.messages.len()).filter(|&i| self.messages[i].at == MessageState::Ready);
        match self.settings.order {
            Order::Fifo => ready.min_by_key(|&i| self.messages[i].turn),
            Order::Lifo => ready.max_by_key(|&i| self.messages[i].turn),
            Order::Ranked => ready.min_by_key(|&i| (self.messages[i].rank, self.messages[i].turn)),
        }
    }

    fn lose(&mut self, i: usize, why: Loss) {
        self.messages[i].at = MessageState::Lost(why, self.now);
        self.lost.push((i as u64, why, self.now));
    }

    /// A nanosecond at a time: heads expire, leases end, delays are over.
    fn pass(&mut self, time: u64) {
        for passed in 0..=time {
            self.now += u64::from(passed > 0);
            self.expire();
            while let Some(i) = self.over(|at| {
                if let MessageState::Held(_, until, timer) = at { Some((until, timer)) } else { None }
            }) {
                self.give_back(i, 0);
                self.expire();
            }
            while let Some(i) =
                self.over(
                    |at| if let MessageState::Away(until, timer) = at { Some((until, timer)) } else { None },
                )
            {
                self.messages[i].at = MessageState::Ready;
                self.messages[i].turn = self.timer();
                self.expire();
            }
        }
    }

    /// The message whose time is over, and whose timer was set first.
    fn over(&self, timer: impl Fn(MessageState) -> Option<(u64, u64)>) -> Option<usize> {
        let all = (0..self.messages.len())
            .filter_map(|i| timer(self.messages[i].at).map(|(until, timer)| (timer, until, i)));
        all.filter(|&(_, until, _)| until <= self.now).min().map(|(_, _, i)| i)
    }

    fn timer(&mut self) -> u64 {
        self.timers += 1;
        self.timers
    }

    fn expire(&mut self) {
        while let Some(head) = self.head().filter(|&i| self.messages[i].expires <= self.now) {
            self.lose(head, Loss::Expired);
        }
    }

    fn give_back(&mut self, i: usize, delay: u64) {
        if self.settings.delivery_limit.is_some_and(|limit| self.messages[i].deliveries >= limit) {
            self.lose(i, Loss::TooOften);
        } else {
            let timer = self.timer();
            self.messages[i].at =
                if delay > 0 { MessageState::Away(self.now + delay, timer) } else { MessageState::Ready };
        }
    }

    fn bound(&self) -> Option<u64> {
        self.settings.max_length.map(|m| if self.keeps { m } else { m + self.waiting })
    }

    fn has_room(&self) -> bool {
        self.bound().is_none_or(|b| self.ready() + self.kept < b)
    }

    /// Whether a place is kept from now on.
    fn reserve(&mut self) -> bool {
        if self.closed {
            return false;
        }
        self.keeps = true;
        let drops = self.settings.overflow == Overflow::DropHead;
        if drops && self.bound().is_some_and(|b| self.kept >= b) || !drops && !self.has_room() {
            return false;
        }
        self.kept += 1;
        self.drop_oldest(self.bound());
        true
    }

    fn put(&mut self, rank: i64, ttl: Option<u64>) {
        let ttl = ttl.unwrap_or(u64::MAX).min(self.settings.message_ttl.unwrap_or(u64::MAX));
        let turn = self.timer();
        self.messages.push(Plain {
            rank,
            turn,
            expires: ttl.saturating_add(self.now),
            deliveries: 0,
            at: MessageState::Ready,
        });
    }

    fn drop_oldest(&mut self, bound: Option<u64>) {
        while self.settings.overflow == Overflow::DropHead
            && bound.is_some_and(|b| self.ready() + self.kept > b)
        {
            let ready = (0..self.messages.len()).filter(|&i| self.messages[i].at == MessageState::Ready);
            let Some(oldest) = ready.min_by_key(|&i| self.messages[i].turn) else { return };
            self.lose(oldest, Loss::Dropped);
        }
    }

    /// Whether the message is accepted.
    fn publish(&mut self, rank: i64, ttl: Option<u64>) -> bool {
        let (bound, room) = (self.bound(), self.has_room());
        if self.closed || (!room && self.settings.overflow != Overflow::DropHead) {
            return false;
        }
        self.put(rank, ttl);
        self.drop_oldest(bound);
        true
    }

    fn consume(&mut self, count: usize) -> Vec<u64> {
        let mut taken = Vec::new();
        while taken.len() < count {
            self.expire();
            let Some(head) = self.head() else { break };
            let until = self.settings.visibility_timeout.map_or(u64::MAX, |t| self.now + t);
            self.messages[head].deliveries += 1;
            let timer = self.timer();
            self.messages[head].at = MessageState::Held(self.handed, until, timer);
            self.handed += 1;
            taken.push(head as u64);
        }
        taken
    }

    /// Whether the delivery was under way.
    fn settle(&mut self, how: Settle, delivery: usize) -> bool {
        let Some(i) =
            self.messages.iter().position(|m| matches!(m.at, MessageState::Held(by, ..) if by == delivery))
        else {
            return false;
        };
        match how {
            Settle::Ack => self.messages[i].at = MessageState::Acked,
            Settle::Nack => self.give_back(i, 0),
            Settle::NackAfter(delay) => self.give_back(i, delay),
            Settle::Reject => self.lose(i, Loss::Rejected),
            Settle::Extend => {
                let until = self.settings.visibility_timeout.map_or(u64::MAX, |t| self.now + t);
                let timer = self.timer();
                self.messages[i].at = MessageState::Held(delivery, until, timer);
            }
        }
        true
    }
}

/// Plays a history on both and compares after every step.
fn play(settings: Settings, steps: Vec<HistoryStep>) -> Result<(), TestCaseError> {
    let mut state = State::new(settings.clone());
    let mut plain = Broker {
        settings,
        messages: Vec::new(),
        handed: 0,
        timers: 0,
        waiting: 0,
        kept: 0,
        keeps: false,
        closed: false,
        now: 0,
        lost: Vec::new(),
    };
    let (mut made, mut lost) = (Vec::<Delivery<u64>>::new(), Vec::new());
    for step in steps {
        // What is due at this very instant happens before the step in both.
        plain.pass(0);
        let now = plain.now;
        match step {
            HistoryStep::Publish { rank, ttl } => {
                let body = plain.messages.len() as u64;
                prop_assert_eq!(
                    state.publish(body, Terms { rank, ttl }, now).is_ok(),
                    plain.publish(rank, ttl)
                );
            }
            HistoryStep::Fill(count) => {
                let from = plain.messages.len() as u64;
                let mut bodies = from..from + count;
                let accepted = state.fill(&mut bodies, now) as u64;
                let expected =
                    (0..count).take_while(|_| plain.has_room() && plain.publish(0, None)).count() as u64;
                prop_assert_eq!((accepted, bodies), (expected, from + expected..from + count));
            }
            HistoryStep::Reserve => prop_assert_eq!(state.reserve(now).is_ok(), plain.reserve()),
            HistoryStep::Fulfil { rank, ttl } if plain.kept > 0 => {
                let body = plain.messages.len() as u64;
                prop_assert_eq!(state.fulfil(body, Terms { rank, ttl }, now), body);
                plain.kept -= 1;
                plain.put(rank, ttl);
            }
            HistoryStep::Release if plain.kept > 0 => {
                state.release();
                plain.kept -= 1;
            }
            HistoryStep::Fulfil { .. } | HistoryStep::Release => {}
            HistoryStep::Consume(count) => {
                let from = made.len();
                state.consume(count, now, &mut made);
                let bodies: Vec<u64> = made[from..].iter().map(|d| d.body).collect();
                prop_assert_eq!(bodies, plain.consume(count));
                for d in &made[from..] {
                    prop_assert_eq!(
                        (d.id, d.deliveries),
                        (d.body, plain.messages[d.body as usize].deliveries)
                    );
                }
            }
            HistoryStep::Settle(how, which) if !made.is_empty() => {
                let which = which % made.len();
                let tag = made[which].tag;
                let answer = match how {
                    Settle::Ack => state.ack(tag, now),
                    Settle::Nack => state.nack(tag, now),
                    Settle::NackAfter(delay) => state.nack_after(tag, delay, now),
                    Settle::Reject => state.reject(tag, now),
                    Settle::Extend => state.extend(tag, now).map(|_| ()),
                };
                prop_assert_eq!(answer, if plain.settle(how, which) { Ok(()) } else { Err(Misuse(tag)) });
            }
            HistoryStep::Settle(..) => {}
            HistoryStep::BeginWait => {
                state.begin_wait();
                plain.waiting += 1;
            }
            HistoryStep::EndWait if plain.waiting > 0 => {
                state.end_wait();
                plain.waiting -= 1;
            }
            HistoryStep::EndWait => {}
            HistoryStep::Pass(time) => plain.pass(time),
            HistoryStep::Close => {
                state.close();
                plain.closed = true;
            }
        }
        plain.pass(0);
        state.tick(plain.now);
        lost.extend(state.take_lost().iter().map(|l| (l.body, l.why, l.at)));
        same(&state, &plain)?;
        prop_assert_eq!(&lost, &plain.lost);
    }
    Ok(())
}

fn same(state: &State<u64>, plain: &Broker) -> Result<(), TestCaseError> {
    let counts = state.counts();
    prop_assert!(counts.balanced(), "{:?}", counts);
    prop_assert_eq!(state.has_room(), plain.has_room());
    prop_assert_eq!(state.is_exhausted(), plain.closed && counts.inside() == 0 && plain.kept == 0);
    let lost = |why: Loss| plain.is(|at| matches!(at, MessageState::Lost(w, _) if w == why));
    prop_assert_eq!(
        [counts.ready, counts.unacked, counts.delayed, counts.acked],
        [
            plain.ready(),
            plain.is(|at| matches!(at, MessageState::Held(..))),
            plain.is(|at| matches!(at, MessageState::Away(..))),
            plain.is(|at| at == MessageState::Acked)
        ]
    );
    prop_assert_eq!(
        [counts.published, counts.dropped, counts.expired, counts.dead],
        [
            plain.messages.len() as u64,
            lost(Loss::Dropped),
            lost(Loss::Expired),
            lost(Loss::Rejected) + lost(Loss::TooOften)
        ]
    );
    let next = plain.messages.iter().filter_map(|m| match m.at {
        MessageState::Held(_, until, _) | MessageState::Away(until, _) => Some(until),
        _ => None,
    });
    let next = next.filter(|&at| at != u64::MAX).min();
    prop_assert!(
        next.is_none() || state.next_timer().is_some_and(|at| Some(at) <= next),
        "{:?} is after {next:?}",
        state.next_timer()
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("MODEL_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(400), ..ProptestConfig::default() })]

    /// Some 40 000 steps; `MODEL_CASES=10000` makes a million of them.
    #[test]
    fn the_state_machine_is_the_plain_broker(settings in settings(), steps in prop::collection::vec(step(), 1..200)) {
        play(settings, steps)?;
    }
}

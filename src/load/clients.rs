//! Closed loops: clients that send, wait until all that became of their message has left, and think.

use super::message_copy::MessageCopy;
use super::run_plan::RunPlan;
use super::visit_log::VisitOrigin;
use crate::scenario::Arrivals;
use parking_lot::{Condvar, Mutex};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The clients whose messages have left: written by the servers, read by the generator.
#[derive(Debug, Default)]
pub(super) struct Clients {
    /// By client: copies of its message that have not left.
    alive: Vec<AtomicU64>,
    /// Clients whose message has left, and when.
    back: Mutex<Vec<(u32, u64)>>,
    came: Condvar,
    /// Whether somebody is back.
    some: AtomicBool,
}

impl Clients {
    pub(super) fn new(run_plan: &RunPlan<'_>) -> Self {
        let all: u32 = run_plan.scenario.producers.iter().map(|p| concurrency(&p.arrivals)).sum();
        Clients { alive: (0..all).map(|_| AtomicU64::new(0)).collect(), ..Clients::default() }
    }

    /// So many copies of a client's message are on their way.
    pub(super) fn more(&self, client: Option<u32>, copies: u64) {
        if let Some(client) = client {
            self.alive[client as usize].fetch_add(copies, Ordering::AcqRel);
        }
    }

    /// One of them has left, or gone on as others. With the last the client is back.
    pub(super) fn less(&self, client: Option<u32>, at: u64) {
        let Some(client) = client else { return };
        if self.alive[client as usize].fetch_sub(1, Ordering::AcqRel) == 1 {
            self.back.lock().push((client, at));
            self.some.store(true, Ordering::Release);
            self.came.notify_one();
        }
    }

    /// Whether somebody is back: cheap enough to be asked while spinning.
    pub(super) fn some_are_back(&self) -> bool {
        self.some.load(Ordering::Acquire)
    }

    /// Those who are back.
    pub(super) fn take(&self, into: &mut Vec<(u32, u64)>) {
        let mut back = self.back.lock();
        self.some.store(false, Ordering::Release);
        into.append(&mut back);
    }

    /// Sleeps for so many nanoseconds or until somebody is back.
    pub(super) fn sleep(&self, nanos: u64) {
        let mut back = self.back.lock();
        if back.is_empty() {
            self.came.wait_for(&mut back, Duration::from_nanos(nanos));
        }
    }
}

fn concurrency(arrivals: &Arrivals) -> u32 {
    if let Arrivals::Closed { concurrency, .. } = arrivals { *concurrency } else { 0 }
}

/// The clients as the generator knows them: what each sends next, and when.
#[derive(Debug)]
pub(super) struct ClosedLoopClients<'a> {
    run_plan: &'a RunPlan<'a>,
    each: Vec<LoopClient>,
    /// When clients send next.
    sends: BinaryHeap<Reverse<(u64, u32)>>,
}

#[derive(Debug)]
struct LoopClient {
    producer: u32,
    number: u64,
    round: u64,
    due: u64,
}

impl<'a> ClosedLoopClients<'a> {
    /// All clients, who think from the start.
    pub(super) fn new(run_plan: &'a RunPlan<'a>) -> Self {
        let producers = run_plan.scenario.producers.iter().enumerate();
        let each = producers.flat_map(|(producer, p)| {
            (0..concurrency(&p.arrivals)).map(move |number| LoopClient {
                producer: producer as u32,
                number: number.into(),
                round: 0,
                due: 0,
            })
        });
        let mut closed_loop = ClosedLoopClients { run_plan, each: each.collect(), sends: BinaryHeap::new() };
        (0..closed_loop.each.len() as u32).for_each(|client| closed_loop.think(client, 0));
        closed_loop
    }

    /// A client thinks from an instant on, then sends.
    pub(super) fn think(&mut self, client: u32, from: u64) {
        let c = &mut self.each[client as usize];
        let Some(closed) = &self.run_plan.rules.producers[c.producer as usize].closed_loop else { return };
        let (due, sent) = closed.next(c.number, c.round, from);
        (c.due, c.round) = (due, c.round + 1);
        self.sends.push(Reverse((sent, client)));
    }

    /// When the next client sends, in nanoseconds from the start.
    pub(super) fn next(&self) -> Option<u64> {
        self.sends.peek().map(|Reverse((at, _))| *at)
    }

    /// The message of the client whose turn it is, the `id`th of all, and where it goes.
    pub(super) fn send(&mut self, id: u64) -> Option<(crate::scenario::Destination, VisitOrigin)> {
        let Reverse((_, client)) = self.sends.pop()?;
        let c = &self.each[client as usize];
        let copy = MessageCopy::of_client(c.number, c.round, c.producer);
        let origin = VisitOrigin { client: Some(client), ..VisitOrigin::new(id, c.due, copy) };
        Some((self.run_plan.scenario.producers[c.producer as usize].to, origin))
    }
}

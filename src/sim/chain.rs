//! Queues one after the other, by recursion: every departure from one first-in-first-out queue is an arrival
//! at the next.
//!
//! Where every message passes the same queues and all of them take in order, nothing that happens later
//! changes a message's fate in a queue. So each queue is a recursion of its own, and there is no calendar:
//! all are played up to an instant, the first ones first; those whose departures lie beyond it stay between
//! two queues. Queues with several servers are left in another order than they are entered, so that what lies
//! between two queues is sorted, at one instant by the servers' numbers as in the event engine.

use super::depth::depths;
use super::network::{PredrawnWork, is_plain};
use super::servers::Pool;
use super::starts::Starts;
use super::{
    BlockedSenders, Engine, FifoStation, GroupTotals, LevelSampler, QueueCounts, QueueTotals, Totals,
};
use crate::behaviour::{Draws, TimeScale};
use crate::message::{Level, Message, Outcome, Record, Recorder};
use crate::rng::Key;
use crate::scenario::{Consumer, Destination, Discipline, Producer, Scenario, Servers};
use crate::workload::Blocks;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use travellers::{Traveller, Travellers};

mod travellers;

/// Plays a plan through queues that messages pass in a fixed order.
pub struct Chain<S> {
    source: S,
    cursor: usize,
    /// In the scenario's order.
    stages: Vec<Stage>,
    /// Positions of the stages such that each comes after those that feed it.
    order: Vec<usize>,
    /// The stage that each producer sends to.
    producers: Vec<(usize, Producer)>,
    travellers: Travellers,
    sampler: Option<LevelSampler>,
    /// Up to when all stages are played.
    at: u64,
    offered: u64,
}

/// One queue with its group.
struct Stage {
    queue: u32,
    group: u32,
    pool: Pool,
    /// The number of its first server among those of all queues.
    first_server: u32,
    starts: Starts,
    inbox: Inbox,
    next: Option<usize>,
    /// What planned messages bring that come to it from others, and which of the columns that they carry it
    /// is.
    ahead: Option<(PredrawnWork, usize)>,
    offered: u64,
    waited: u128,
    worked: u128,
    last: u64,
}

/// Messages between two queues: when they arrive, from which server, in which slot.
enum Inbox {
    /// From a single server they come in order.
    Ordered(VecDeque<(u64, u32, u32)>),
    Sorted(BinaryHeap<Reverse<(u64, u32, u32)>>),
}

impl<S: Blocks> Chain<S> {
    /// The chain that a scenario consists of; `None` if it is anything else. `run` is the key that a
    /// [`super::Network`] would be given.
    pub fn new(scenario: &Scenario, source: S, run: Key, sampler: Option<LevelSampler>) -> Option<Self> {
        let open = |p: &Producer| !p.is_closed();
        // A host that hands messages over in time of its own is for events to play.
        if !scenario.producers.iter().all(open) || !scenario.simulation.overheads.delivers_at_once() {
            return None;
        }
        let depths: Vec<u32> = depths(scenario, |_| true).into_iter().collect::<Option<_>>()?;
        let (mut stages, mut first_server, mut width) = (Vec::new(), 0, 0);
        for (q, depth) in depths.iter().enumerate() {
            let groups: Vec<(usize, &Consumer)> = scenario.consumers_of(q).collect();
            let [(g, consumer)] = groups[..] else { return None };
            let Servers::Count(servers) = consumer.count else { return None };
            if !is_plain(scenario, q, &groups) || scenario.queues[q].discipline != Discipline::Fifo {
                return None;
            }
            let ahead = (*depth > 0)
                .then(|| (PredrawnWork::new(consumer, Draws::new(run, TimeScale::REAL), *depth), width));
            width += usize::from(ahead.is_some());
            let next = consumer
                .to
                .first()
                .and_then(|route| if let Destination::Queue(q) = route.to { Some(q) } else { None });
            stages.push(Stage::new(q as u32, g as u32, servers, first_server, next, ahead));
            first_server += servers;
        }
        for q in 0..stages.len() {
            let feeding: u64 = stages.iter().filter(|s| s.next == Some(q)).map(|s| s.pool.len() as u64).sum();
            if feeding > 1 {
                stages[q].inbox = Inbox::Sorted(BinaryHeap::new());
            }
        }
        let mut order: Vec<usize> = (0..stages.len()).collect();
        order.sort_by_key(|&q| depths[q]);
        let to = |p: &Producer| if let Destination::Queue(q) = p.to { Some((q, p.clone())) } else { None };
        let producers = scenario.producers.iter().map(to).collect::<Option<_>>()?;
        let travellers = Travellers { width, ..Travellers::default() };
        Some(Chain { source, cursor: 0, stages, order, producers, travellers, sampler, at: 0, offered: 0 })
    }

    fn draw(&mut self) -> bool {
        if !self.source.draw() {
            return false;
        }
        self.cursor = 0;
        let block = self.source.block();
        for (ahead, _) in self.stages.iter_mut().filter_map(|s| s.ahead.as_mut()) {
            ahead.draw(block.first, block.len());
        }
        true
    }

    /// Plays so many rows of the block, with samples of the levels between them.
    fn play<R: Recorder>(&mut self, rows: usize, recorder: &mut R) {
        let end = self.cursor + rows;
        while self.cursor < end {
            let sent = &self.source.block().sent[self.cursor..end];
            let last = sent[sent.len() - 1];
            let sample = self.sampler.map(|s| s.next).filter(|&at| at < last);
            let to =
                self.cursor + sample.map_or(sent.len(), |at| sent.iter().take_while(|s| **s <= at).count());
            for row in self.cursor..to {
                self.arrive(row, recorder);
            }
            self.cursor = to;
            self.at = sample.unwrap_or(last);
            self.pass_on(self.at, recorder);
            if let (Some(at), Some(sampler)) = (sample, &mut self.sampler) {
                self.stages.iter_mut().for_each(|stage| recorder.level(&stage.level(at)));
                sampler.pass();
            }
        }
    }

    /// A planned message reaches its first queue.
    #[inline]
    fn arrive<R: Recorder>(&mut self, row: usize, recorder: &mut R) {
        let block = self.source.block();
        let (sent, producer) = (block.sent[row], block.producer_of(row));
        let (q, from) = &self.producers[producer as usize];
        let message = Message {
            id: self.offered,
            due: block.due[row],
            producer,
            size: from.size,
            priority: from.priority,
        };
        self.offered += 1;
        let work = block.demand[self.stages[*q].group as usize][row];
        let slot = self.travellers.add(Traveller { message, entered: sent, worked: 0, inside: true });
        for (ahead, column) in self.stages.iter().filter_map(|s| s.ahead.as_ref()) {
            self.travellers.work[slot as usize * self.travellers.width + column] = ahead.work[row];
        }
        self.take(*q, sent, work, slot, recorder);
    }

    /// Lets all messages arrive that are between two queues and get to the next by an instant.
    fn pass_on<R: Recorder>(&mut self, until: u64, recorder: &mut R) {
        for i in 0..self.order.len() {
            let q = self.order[i];
            let Some(column) = self.stages[q].ahead.as_ref().map(|(_, column)| *column) else { continue };
            while let Some((sent, slot)) = self.stages[q].inbox.pop(until) {
                let work = self.travellers.work[slot as usize * self.travellers.width + column];
                self.take(q, sent, work, slot, recorder);
            }
        }
    }

    /// A queue takes a message, and its whole stay there is known.
    #[inline]
    fn take<R: Recorder>(&mut self, q: usize, sent: u64, work: u64, slot: u32, recorder: &mut R) {
        let (server, start, end) = self.stages[q].take(sent, work);
        let stage = &self.stages[q];
        let traveller = &mut self.travellers.all[slot as usize];
        traveller.worked += work;
        recorder.record(&Record {
            message: traveller.message,
            sent,
            taken: start,
            finished: end,
            queue: stage.queue,
            consumer: stage.group,
            server,
            deliveries: 1,
            outcome: Outcome::Served,
        });
        if let Some(next) = stage.next {
            let server = stage.first_server + server;
            self.stages[next].inbox.push((end, server, slot));
        } else {
            recorder.left(&traveller.exit(end, Outcome::Served));
            self.travellers.remove(slot);
        }
    }
}

impl<S: Blocks> Engine for Chain<S> {
    fn name(&self) -> &'static str {
        "recursion, queue by queue"
    }

    /// When the plan ends, all messages are played to their ends.
    fn advance(&mut self, messages: u64, recorder: &mut impl Recorder) -> u64 {
        let mut left = messages;
        while left > 0 {
            let rest = self.source.block().len() - self.cursor;
            if rest == 0 {
                if !self.draw() {
                    self.pass_on(u64::MAX, recorder);
                    self.at = self.stages.iter().map(|s| s.last).max().unwrap_or(0).max(self.at);
                    break;
                }
                continue;
            }
            let rows = rest.min(usize::try_from(left).unwrap_or(usize::MAX));
            self.play(rows, recorder);
            left -= rows as u64;
        }
        messages - left
    }

    fn settle(&mut self, recorder: &mut impl Recorder) {
        self.sampler = None;
        let mark = self.offered;
        self.travellers.count_below(mark);
        let last = mark.saturating_mul(2).max(10_000);
        while self.travellers.below > 0 && self.offered < last && self.advance(64, recorder) > 0 {}
        for traveller in self.travellers.all.iter().filter(|t| t.inside && t.message.id < mark) {
            recorder.left(&traveller.exit(self.at, Outcome::Unfinished));
        }
    }

    fn totals(&mut self) -> Totals {
        let at = self.at;
        let (queues, groups): (Vec<_>, Vec<_>) = self.stages.iter_mut().map(|stage| stage.totals(at)).unzip();
        let mut in_order: Vec<(u32, GroupTotals)> = self.stages.iter().map(|s| s.group).zip(groups).collect();
        in_order.sort_by_key(|(group, _)| *group);
        let groups = in_order.into_iter().map(|(_, totals)| totals).collect();
        Totals { at, offered: self.offered, done: None, queues, groups }
    }

    fn forget_peaks(&mut self) {
        self.stages.iter_mut().for_each(|stage| stage.starts.peak = 0);
    }
}

impl Stage {
    fn new(
        queue: u32,
        group: u32,
        servers: u32,
        first_server: u32,
        next: Option<usize>,
        ahead: Option<(PredrawnWork, usize)>,
    ) -> Self {
        let station =
            FifoStation { queue, groups: vec![(group, Some(servers))], room: None, drop_head: false };
        Stage {
            queue,
            group,
            pool: Pool::new(&station),
            first_server,
            starts: Starts::default(),
            inbox: Inbox::Ordered(VecDeque::new()),
            next,
            ahead,
            offered: 0,
            waited: 0,
            worked: 0,
            last: 0,
        }
    }

    /// Gives a message to the server that is free first: which, from when and until when.
    #[inline]
    fn take(&mut self, sent: u64, work: u64) -> (u32, u64, u64) {
        let (free, _) = self.pool.first();
        let start = sent.max(free.at);
        let end = start.saturating_add(work);
        self.pool.engage(end);
        self.starts.push(start, sent);
        self.offered += 1;
        self.waited += u128::from(start - sent);
        self.worked += u128::from(end - start);
        self.last = self.last.max(end);
        (free.server, start, end)
    }

    fn level(&mut self, at: u64) -> Level {
        let waiting = self.starts.waiting_at(at);
        // While one waits, no server is idle.
        let busy = if waiting > 0 { self.pool.len() as u64 } else { self.pool.busy_at(at) };
        Level { at, queue: self.queue, waiting, busy }
    }

    fn totals(&mut self, at: u64) -> (QueueTotals, GroupTotals) {
        let Level { waiting, busy, .. } = self.level(at);
        let served = self.offered - waiting - busy;
        let busy_area = self.worked - self.pool.left_at(at);
        let counts = QueueCounts {
            offered: self.offered,
            served,
            deliveries: served,
            delivered: served,
            ..QueueCounts::default()
        };
        let queue = QueueTotals {
            waiting,
            serving: busy,
            waiting_area: self.waited - self.starts.to_wait(at),
            serving_area: busy_area,
            peak: self.starts.peak as u64,
            counts,
            drained: None,
            held: BlockedSenders::default(),
            to_stay: self.starts.to_wait(at) + self.pool.left_at(at),
            to_serve: self.pool.left_at(at),
        };
        let count_area = self.pool.len() as u128 * u128::from(at);
        (queue, GroupTotals { busy_area, absent_area: 0, count_area, handled: served, batches: served })
    }
}

impl Inbox {
    #[inline]
    fn push(&mut self, arrival: (u64, u32, u32)) {
        match self {
            Inbox::Ordered(line) => line.push_back(arrival),
            Inbox::Sorted(heap) => heap.push(Reverse(arrival)),
        }
    }

    /// The next that arrives by an instant: when, and its slot.
    #[inline]
    fn pop(&mut self, until: u64) -> Option<(u64, u32)> {
        let next = match self {
            Inbox::Ordered(line) => line.pop_front_if(|arrival| arrival.0 <= until),
            Inbox::Sorted(heap) => {
                let due = heap.peek().is_some_and(|arrival| arrival.0.0 <= until);
                if due { heap.pop().map(|arrival| arrival.0) } else { None }
            }
        };
        next.map(|(at, _, slot)| (at, slot))
    }
}

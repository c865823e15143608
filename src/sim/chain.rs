//! Queues one after the other, by recursion: every departure from one first-in-first-out queue is an arrival
//! at the next.
//!
//! Where every message passes the same queues and all of them take in order, nothing that happens later
//! changes a message's fate in a queue. So each queue is a recursion of its own, and there is no calendar:
//! all are played up to an instant, the first ones first; those whose departures lie beyond it stay between
//! two queues. What a message costs depends on its own way alone, not on how many other queues there are: a
//! queue is looked at when it is touched, for all the instants that have passed since. Queues with several
//! servers are left in another order than they are entered, so that what lies between two queues is sorted,
//! at one instant by the servers' numbers as in the event engine.

mod lone;
mod stage;
mod tandem;

pub use lone::{LoneQueue, is_lone_queue};
pub use tandem::Tandem;

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
use stage::in_order;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::Range;
use travellers::{Traveller, Travellers};

mod travellers;

/// What is told of an engine that plays each queue by a recursion of its own.
pub const QUEUE_BY_QUEUE: &str = "recursion, queue by queue";
/// So many producers or more have their messages sorted by stage.
const MANY: usize = 8;
/// All stages are looked at after so many instants at the latest.
const MOST_LOOKS: usize = 1 << 12;

/// Plays a plan through queues that messages pass in a fixed order.
pub struct Chain<S> {
    source: S,
    cursor: usize,
    /// In the scenario's order.
    stages: Vec<Stage>,
    /// The stages that others feed, such that each comes after those that feed it.
    ahead: Vec<usize>,
    /// The stages on the way from each, without itself.
    ways: Vec<Vec<usize>>,
    /// The stage that each producer sends to.
    producers: Vec<(usize, Producer)>,
    travellers: Travellers,
    sampler: Option<LevelSampler>,
    /// Rows of the block, those of one stage after those of another.
    grouped: Vec<u32>,
    /// Instants at which not all stages have been looked at.
    looks: Vec<u64>,
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
    /// What planned messages bring that come to it from others.
    ahead: Option<AheadWork>,
    /// How many of the instants it has been looked at for.
    looked: usize,
    offered: u64,
    waited: u128,
    worked: u128,
    last: u64,
}

/// What messages bring to a queue that they do not come to first.
struct AheadWork {
    work: PredrawnWork,
    /// Which of what a message carries it is.
    column: usize,
    /// Whether every message comes here, so that it is drawn for whole blocks.
    of_all: bool,
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
        let (mut stages, mut first_server) = (Vec::new(), 0);
        let groups_of = groups_of(scenario);
        for (q, depth) in depths.iter().enumerate() {
            let groups = &groups_of[q];
            let (g, consumer, servers) = only_group(scenario, q, groups)?;
            let ahead = depth.checked_sub(1).map(|column| AheadWork {
                work: PredrawnWork::new(consumer, Draws::new(run, TimeScale::REAL), *depth),
                column: column as usize,
                of_all: false,
            });
            let next = consumer
                .to
                .first()
                .and_then(|route| if let Destination::Queue(q) = route.to { Some(q) } else { None });
            stages.push(Stage::new(q as u32, g as u32, servers, first_server, next, ahead));
            first_server += servers;
        }
        let mut feeding = vec![0; stages.len()];
        for stage in &stages {
            stage.next.into_iter().for_each(|next: usize| feeding[next] += stage.pool.len());
        }
        for (stage, feeding) in stages.iter_mut().zip(feeding) {
            if feeding > 1 {
                stage.inbox = Inbox::Sorted(BinaryHeap::new());
            }
        }
        let mut ahead: Vec<usize> = (0..stages.len()).filter(|q| depths[*q] > 0).collect();
        ahead.sort_by_key(|&q| depths[q]);
        let to = |p: &Producer| if let Destination::Queue(q) = p.to { Some((q, p.clone())) } else { None };
        let producers = scenario.producers.iter().map(to).collect::<Option<Vec<_>>>()?;
        let ways = ways(&stages, &producers);
        for &q in &ahead {
            let all = producers.iter().all(|(first, _)| ways[*first].contains(&q));
            stages[q].ahead.iter_mut().for_each(|ahead| ahead.of_all = all);
        }
        let width = depths.iter().copied().max().unwrap_or(0) as usize;
        let travellers = Travellers { width, ..Travellers::default() };
        Some(Chain {
            source,
            cursor: 0,
            stages,
            ahead,
            ways,
            producers,
            travellers,
            sampler,
            grouped: Vec::new(),
            looks: Vec::new(),
            at: 0,
            offered: 0,
        })
    }

    fn draw(&mut self) -> bool {
        if !self.source.draw() {
            return false;
        }
        self.cursor = 0;
        let block = self.source.block();
        for &q in &self.ahead {
            if let Some(ahead) = self.stages[q].ahead.as_mut().filter(|ahead| ahead.of_all) {
                ahead.work.draw(block.first, block.len());
            }
        }
        true
    }

    /// Plays so many rows of the block.
    fn play<R: Recorder>(&mut self, rows: usize, recorder: &mut R) {
        let end = self.cursor + rows;
        let last = self.source.block().sent[end - 1];
        if let Some(sampler) = &mut self.sampler {
            while sampler.next < last {
                self.looks.push(sampler.next);
                sampler.pass();
            }
        }
        let first = self.offered;
        if self.producers.len() < MANY {
            for row in self.cursor..end {
                self.arrive(row, first + (row - self.cursor) as u64, recorder);
            }
        } else {
            // A stage does not ask when others' messages come: all of its own come one after the other, while
            // what is known of it is at hand.
            self.group(self.cursor..end);
            for i in 0..self.grouped.len() {
                let row = self.grouped[i] as usize;
                self.arrive(row, first + (row - self.cursor) as u64, recorder);
            }
        }
        self.offered += rows as u64;
        (self.cursor, self.at) = (end, last);
        self.pass_on(last, recorder);
        if self.looks.len() > MOST_LOOKS {
            self.look_at_all(recorder);
        }
    }

    /// Sorts rows of the block by the stages that they come to first, those of each in their order.
    fn group(&mut self, rows: Range<usize>) {
        let (block, producers) = (self.source.block(), &self.producers);
        let stage = |row: usize| producers[block.producer_of(row) as usize].0;
        let mut next = vec![0_u32; self.stages.len() + 1];
        rows.clone().for_each(|row| next[stage(row) + 1] += 1);
        (1..next.len()).for_each(|stage| next[stage] += next[stage - 1]);
        self.grouped.resize(rows.len(), 0);
        for row in rows {
            let place = &mut next[stage(row)];
            self.grouped[*place as usize] = row as u32;
            *place += 1;
        }
    }

    /// Looks at all stages for all instants that have passed.
    fn look_at_all<R: Recorder>(&mut self, recorder: &mut R) {
        if self.looks.is_empty() {
            return;
        }
        for stage in &mut self.stages {
            stage.look(&self.looks, u64::MAX, recorder);
            stage.looked = 0;
        }
        self.looks.clear();
    }

    /// A planned message reaches its first queue.
    #[inline]
    fn arrive<R: Recorder>(&mut self, row: usize, id: u64, recorder: &mut R) {
        let block = self.source.block();
        let (sent, producer) = (block.sent[row], block.producer_of(row));
        let (q, from) = &self.producers[producer as usize];
        let message = Message { id, due: block.due[row], producer, size: from.size, priority: from.priority };
        let (q, number) = (*q, block.first + row as u64);
        let work = block.work_for(self.stages[q].group as usize)[row];
        if self.stages[q].next.is_none() {
            let stay = self.stages[q].stay(message, sent, work, &self.looks, recorder);
            return recorder.passed(&stay);
        }
        let slot = self.travellers.add(Traveller { message, entered: sent, worked: 0, inside: true });
        let carried = &mut self.travellers.work[slot as usize * self.travellers.width..];
        for ahead in self.ways[q].iter().filter_map(|&next| self.stages[next].ahead.as_ref()) {
            carried[ahead.column] =
                if ahead.of_all { ahead.work.work[row] } else { ahead.work.of_one(number) };
        }
        self.take(q, sent, work, slot, recorder);
    }

    /// Lets all messages arrive that are between two queues and get to the next by an instant.
    fn pass_on<R: Recorder>(&mut self, until: u64, recorder: &mut R) {
        for i in 0..self.ahead.len() {
            let q = self.ahead[i];
            let Some(column) = self.stages[q].ahead.as_ref().map(|ahead| ahead.column) else { continue };
            while let Some((sent, slot)) = self.stages[q].inbox.pop(until) {
                let work = self.travellers.work[slot as usize * self.travellers.width + column];
                self.take(q, sent, work, slot, recorder);
            }
        }
    }

    /// A queue takes a message, and its whole stay there is known.
    #[inline]
    fn take<R: Recorder>(&mut self, q: usize, sent: u64, work: u64, slot: u32, recorder: &mut R) {
        let traveller = &mut self.travellers.all[slot as usize];
        let stage = &mut self.stages[q];
        let stay = stage.stay(traveller.message, sent, work, &self.looks, recorder);
        traveller.worked += work;
        recorder.record(&stay);
        if let Some(next) = stage.next {
            let server = stage.first_server + stay.server;
            self.stages[next].inbox.push((stay.finished, server, slot));
        } else {
            recorder.left(&traveller.exit(stay.finished, Outcome::Served));
            self.travellers.remove(slot);
        }
    }
}

/// The group of a queue, its place among all and its servers, where messages do nothing in that queue but
/// wait for them in order.
fn only_group<'a>(
    scenario: &Scenario,
    queue: usize,
    groups: &[(usize, &'a Consumer)],
) -> Option<(usize, &'a Consumer, u32)> {
    let [(place, consumer)] = groups[..] else { return None };
    let Servers::Count(servers) = consumer.count else { return None };
    let plain = is_plain(scenario, queue, groups) && scenario.queues[queue].discipline == Discipline::Fifo;
    plain.then_some((place, consumer, servers))
}

/// The groups of each queue, with their places among all.
fn groups_of(scenario: &Scenario) -> Vec<Vec<(usize, &Consumer)>> {
    let mut of = vec![Vec::new(); scenario.queues.len()];
    for (g, group) in scenario.consumers.iter().enumerate() {
        group.queues().for_each(|queue| of[queue].push((g, group)));
    }
    of
}

/// The stages that come after each to which a producer sends.
fn ways(stages: &[Stage], producers: &[(usize, Producer)]) -> Vec<Vec<usize>> {
    let mut ways = vec![Vec::new(); stages.len()];
    for (first, _) in producers {
        if ways[*first].is_empty() {
            let next = |q: &usize| stages[*q].next;
            ways[*first] = std::iter::successors(stages[*first].next, next).collect();
        }
    }
    ways
}

impl<S: Blocks> Engine for Chain<S> {
    fn name(&self) -> &'static str {
        QUEUE_BY_QUEUE
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
        self.look_at_all(recorder);
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
        let groups = in_order(self.stages.iter().map(|stage| stage.group).zip(groups).collect());
        Totals { at, offered: self.offered, done: None, queues, groups }
    }

    fn forget_peaks(&mut self) {
        self.stages.iter_mut().for_each(|stage| stage.starts.peak = 0);
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

//! First in, first out, by recursion: Lindley for one server, Kiefer–Wolfowitz for several.
//!
//! A message starts when it has arrived and a server is free: `start = max(arrival, earliest free)`. Nothing
//! else is needed, so there is no calendar: a block of the plan goes in, blocks of start and end instants
//! come out. Starts never decrease, which gives the rest: who waits at an instant are those whose start lies
//! beyond it, and a queue with room for K refuses a message while the K-th accepted before it has not
//! started.

use super::columns::{ServedColumns, first_after};
use super::servers::Pool;
use super::starts::Starts;
use super::{
    AnyInstant, BlockedSenders, Engine, FifoStation, GroupTotals, LevelSampler, QueueCounts, QueueTotals,
    Totals,
};
use crate::message::{Level, Message, Outcome, Record, Recorder, Served};
use crate::workload::{Block, Blocks};
use std::ops::Range;

/// Plays a plan through one first-in-first-out queue that refuses the newest message when it is full.
pub struct Recursion<S> {
    source: S,
    station: FifoStation,
    pool: Pool,
    /// Next row of the source's block.
    cursor: usize,
    sampler: Option<LevelSampler>,
    starts: Starts,
    out: ServedColumns,
    /// Up to when it has played.
    at: u64,
    offered: u64,
    rejected: u64,
    /// Nanoseconds waited and worked by all messages so far, those still to come of accepted ones included.
    waited: u128,
    worked: u128,
    /// The messages of each of several groups and the nanoseconds worked by it, likewise.
    of_groups: Vec<(u64, u128)>,
}

impl<S: Blocks> Recursion<S> {
    /// An empty queue of a station, with the plan that it is to play.
    pub fn new(station: &FifoStation, source: S, sampler: Option<LevelSampler>) -> Self {
        assert!(station.is_recursive(), "what may be thrown out while it waits is for events to play");
        Recursion {
            source,
            station: station.clone(),
            pool: Pool::new(station).unnamed(),
            cursor: 0,
            sampler,
            starts: Starts::default(),
            out: ServedColumns::default(),
            at: 0,
            offered: 0,
            rejected: 0,
            waited: 0,
            worked: 0,
            of_groups: vec![(0, 0); station.groups.len()],
        }
    }

    /// Lets time pass in which nobody comes.
    fn pass_time(&mut self, until: u64, recorder: &mut impl Recorder) {
        while let Some(at) = self.sampler.map(|s| s.next).filter(|&at| at < until) {
            self.sample(at, recorder);
        }
        self.at = self.at.max(until);
    }

    /// Plays rows of the block, with samples of the level between them.
    fn play(&mut self, rows: Range<usize>, recorder: &mut impl Recorder) {
        let plain = self.station.room.is_none() && self.station.groups.len() == 1;
        self.out.begin(rows.len());
        let mut from = rows.start;
        while from < rows.end {
            let sent = &self.source.block().sent[from..rows.end];
            let sample = self.sampler.map(|s| s.next).filter(|&at| at < sent[sent.len() - 1]);
            let to = from + sample.map_or(sent.len(), |at| first_after(sent, at));
            if plain {
                self.all_accepted(from..to);
            } else {
                for row in from..to {
                    self.one(row, recorder);
                }
            }
            if let Some(at) = sample {
                self.sample(at, recorder);
            }
            from = to;
        }
        self.at = self.source.block().sent[rows.end - 1];
        self.offered += rows.len() as u64;
        if plain {
            self.tell(&rows, recorder);
        }
        self.cursor = rows.end;
    }

    /// Plays rows when every message is accepted and servers are alike.
    fn all_accepted(&mut self, rows: Range<usize>) {
        let block = self.source.block();
        let (sent, demand) =
            (&block.sent[rows.clone()], &block.work_for(self.station.groups[0].0 as usize)[rows]);
        let (waited, worked) = self.out.extend(&mut self.pool, sent, demand);
        self.waited += u128::from(waited);
        self.worked += u128::from(worked);
        self.starts.extend(&self.out.taken[self.out.rows - sent.len()..self.out.rows], sent);
    }

    /// Tells of all rows that were played last.
    fn tell(&mut self, rows: &Range<usize>, recorder: &mut impl Recorder) {
        let block = self.source.block();
        let group = self.station.groups[0].0;
        if group > 0 {
            self.out.consumer.resize(rows.len(), group);
        }
        recorder.served(&Served {
            queue: self.station.queue,
            first: block.first + rows.start as u64,
            due: &block.due[rows.clone()],
            sent: &block.sent[rows.clone()],
            taken: &self.out.taken[..rows.len()],
            finished: &self.out.finished[..rows.len()],
            producer: if block.producer.is_empty() { &[] } else { &block.producer[rows.clone()] },
            consumer: &self.out.consumer,
        });
    }

    fn sample(&mut self, at: u64, recorder: &mut impl Recorder) {
        let waiting = self.starts.waiting_at(at);
        let busy = if waiting > 0 { self.pool.len() as u64 } else { self.pool.busy_at(at) };
        recorder.level(&Level { at, queue: self.station.queue, waiting, busy, oldest: None, servers: None });
        if let Some(sampler) = &mut self.sampler {
            sampler.pass();
        }
    }

    /// Plays one row where servers differ or room is limited.
    fn one(&mut self, row: usize, recorder: &mut impl Recorder) {
        let block = self.source.block();
        let (id, due, sent, producer) =
            (block.first + row as u64, block.due[row], block.sent[row], block.producer_of(row));
        if self.refuses(sent) {
            self.rejected += 1;
            let message = Message { id, due, producer, ..Message::default() };
            let stay = Record {
                message,
                sent,
                taken: sent,
                finished: sent,
                queue: self.station.queue,
                consumer: 0,
                server: 0,
                deliveries: 0,
                outcome: Outcome::Rejected,
            };
            recorder.record(&stay);
            return recorder.left(&stay.exit());
        }
        let (start, end, group) =
            assign(&mut self.pool, sent, |group| demand_of(block, &self.station, group, row));
        let (waited, worked) = (u128::from(start - sent), u128::from(end - start));
        self.waited += waited;
        self.worked += worked;
        let own = &mut self.of_groups[group as usize];
        *own = (own.0 + 1, own.1 + worked);
        self.starts.extend(&[start], &[sent]);
        recorder.served(&Served {
            queue: self.station.queue,
            first: id,
            due: &[due],
            sent: &[sent],
            taken: &[start],
            finished: &[end],
            producer: if block.producer.is_empty() {
                &[]
            } else {
                std::slice::from_ref(&block.producer[row])
            },
            consumer: &[self.station.groups[group as usize].0],
        });
    }

    /// Whether a message that arrives now finds no room.
    fn refuses(&self, now: u64) -> bool {
        match self.station.room {
            None => false,
            Some(0) => !self.pool.unlimited && self.pool.first().0.at > now,
            Some(room) => self.starts.nth_from_end_is_after(room, now),
        }
    }
}

impl<S: Blocks> Engine for Recursion<S> {
    fn name(&self) -> &'static str {
        match self.station.servers() {
            Some(1) => "Lindley recursion",
            Some(_) => "Kiefer–Wolfowitz recursion",
            None => "recursion without waiting",
        }
    }

    fn advance(&mut self, messages: u64, recorder: &mut impl Recorder) -> u64 {
        let mut left = messages;
        while left > 0 {
            if self.cursor >= self.source.block().len() {
                if !self.source.draw() {
                    break;
                }
                self.cursor = 0;
            }
            let rest = self.source.block().len() - self.cursor;
            let rows = rest.min(usize::try_from(left).unwrap_or(usize::MAX));
            self.play(self.cursor..self.cursor + rows, recorder);
            left -= rows as u64;
        }
        messages - left
    }

    /// Every message's end is told of when it arrives.
    fn settle(&mut self, _: &mut impl Recorder) {}

    fn totals(&mut self) -> Totals {
        let at = self.at;
        let waiting = self.starts.waiting_at(at);
        let to_wait = self.starts.to_wait(at);
        // What the servers still have to do beyond the instant: their present work and that of the messages
        // in line.
        let to_serve = self.pool.left_at(at);
        let serving = if waiting > 0 { self.pool.len() as u64 } else { self.pool.busy_at(at) };
        let served = self.offered - self.rejected - waiting - serving;
        let counts = QueueCounts {
            rejected: self.rejected,
            ..QueueCounts::of_one_delivery_each(self.offered, served)
        };
        let queue = QueueTotals {
            waiting,
            serving,
            waiting_area: self.waited - to_wait,
            serving_area: self.worked - to_serve,
            peak: self.starts.peak as u64,
            counts,
            held: BlockedSenders::default(),
            drained: None,
            squares: None,
            to_stay: to_wait + to_serve,
            to_serve,
        };
        let groups = match self.station.groups.len() {
            1 => vec![GroupTotals {
                busy_area: queue.serving_area,
                handled: served,
                batches: served,
                ..GroupTotals::default()
            }],
            _ => self
                .of_groups
                .iter()
                .map(|&(handled, busy_area)| GroupTotals {
                    busy_area,
                    handled,
                    batches: handled,
                    ..GroupTotals::default()
                })
                .collect(),
        };
        Totals { at, offered: self.offered, done: Some(served), queues: vec![queue], groups }
    }

    fn forget_peaks(&mut self) {
        self.starts.peak = 0;
    }
}

impl<S: Blocks> AnyInstant for Recursion<S> {
    fn advance_to(&mut self, instant: u64, recorder: &mut impl Recorder) {
        loop {
            if self.cursor >= self.source.block().len() {
                if !self.source.draw() {
                    break;
                }
                self.cursor = 0;
            }
            let rest = &self.source.block().sent[self.cursor..];
            let (rows, all) = (rest.partition_point(|&sent| sent < instant), rest.len());
            if rows > 0 {
                self.play(self.cursor..self.cursor + rows, recorder);
            }
            if rows < all {
                break;
            }
        }
        self.pass_time(instant, recorder);
    }

    fn work_off(&mut self, recorder: &mut impl Recorder) {
        self.pass_time(self.pool.all_free(), recorder);
    }
}

fn demand_of(block: &Block, station: &FifoStation, group: u32, row: usize) -> u64 {
    block.work_for(station.groups[group as usize].0 as usize)[row]
}

/// Gives a message that arrives at `sent` to the server that is free first: start, end and the group's
/// position.
fn assign(pool: &mut Pool, sent: u64, demand: impl Fn(u32) -> u64) -> (u64, u64, u32) {
    if pool.unlimited {
        let end = sent + demand(0);
        pool.engage_another(sent, end);
        return (sent, end, 0);
    }
    let (free, group) = pool.first();
    let start = sent.max(free.at);
    let end = start + demand(group);
    pool.engage(end);
    (start, end, group)
}

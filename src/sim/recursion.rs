//! First in, first out, by recursion: Lindley for one server, Kiefer–Wolfowitz for several.
//!
//! A message starts when it has arrived and a server is free: `start = max(arrival, earliest free)`. Nothing else is needed,
//! so there is no calendar: a block of the plan goes in, blocks of start and end instants come out. Starts never decrease,
//! which gives the rest: who waits at an instant are those whose start lies beyond it, and a queue with room for K refuses
//! a message while the K-th accepted before it has not started.

use super::servers::Pool;
use super::{Looks, Station, Totals};
use crate::message::{Level, Message, Outcome, Record, Recorder, Served};
use crate::workload::{Block, Blocks};

/// Plays a plan through one first-in-first-out queue that refuses the newest message when it is full.
pub struct Recursion<S> {
    source: S,
    station: Station,
    pool: Pool,
    /// Next row of the source's block.
    cursor: usize,
    looks: Option<Looks>,
    line: Starts,
    out: Out,
    totals: Totals,
    /// Nanoseconds waited and worked by all messages so far, those still to come of accepted ones included.
    waited: u128,
    worked: u128,
}

/// Starts of the messages that were accepted, ascending; the part before `head` is over.
#[derive(Default)]
struct Starts {
    at: Vec<u64>,
    head: usize,
    peak: usize,
}

/// What came of the rows played last, a row for each accepted message.
#[derive(Default)]
struct Out {
    taken: Vec<u64>,
    finished: Vec<u64>,
    consumer: Vec<u32>,
}

impl<S: Blocks> Recursion<S> {
    pub fn new(station: &Station, source: S, looks: Option<Looks>) -> Self {
        Recursion {
            source,
            station: station.clone(),
            pool: Pool::new(station),
            cursor: 0,
            looks,
            line: Starts::default(),
            out: Out::default(),
            totals: Totals::default(),
            waited: 0,
            worked: 0,
        }
    }

    pub fn name(&self) -> &'static str {
        match self.station.servers() {
            Some(1) => "Lindley recursion",
            Some(_) => "Kiefer–Wolfowitz recursion",
            None => "recursion without waiting",
        }
    }

    /// Plays so many further messages (fewer if the plan ends) and says how many.
    pub fn advance(&mut self, messages: u64, recorder: &mut impl Recorder) -> u64 {
        let mut left = messages;
        while left > 0 {
            if self.cursor >= self.source.block().len() {
                if !self.source.draw() {
                    break;
                }
                self.cursor = 0;
            }
            let sent = &self.source.block().sent[self.cursor..];
            let sent = &sent[..sent.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
            let look = self.looks.map(|l| l.next).filter(|&at| at < sent[sent.len() - 1]);
            let rows = look.map_or(sent.len(), |at| sent.partition_point(|&s| s <= at));
            if rows > 0 {
                self.play(rows, recorder);
                left -= rows as u64;
            }
            if let Some(at) = look {
                self.look(at, recorder);
            }
        }
        messages - left
    }

    fn look(&mut self, at: u64, recorder: &mut impl Recorder) {
        let waiting = self.line.waiting_at(at);
        let busy = if waiting > 0 { self.pool.len() as u64 } else { self.pool.busy_at(at) };
        recorder.level(&Level { at, queue: self.station.queue, waiting, busy });
        if let Some(looks) = &mut self.looks {
            looks.pass();
        }
    }

    /// Plays the next rows of the block.
    fn play(&mut self, rows: usize, recorder: &mut impl Recorder) {
        let block = self.source.block();
        let range = self.cursor..self.cursor + rows;
        self.totals.at = block.sent[range.end - 1];
        self.totals.offered += rows as u64;
        let first = block.first + range.start as u64;
        let plain = self.station.room.is_none() && self.station.groups.len() == 1;
        if plain {
            let demand = &block.demand[self.station.groups[0].0 as usize][range.clone()];
            self.worked += u128::from(demand.iter().sum::<u64>());
            self.out.all_accepted(&mut self.pool, &block.sent[range.clone()], demand);
            self.line.extend(&self.out.taken, &block.sent[range.clone()]);
            self.waited += total_between(&block.sent[range.clone()], &self.out.taken);
            let producer = if block.producer.is_empty() { &[] } else { &block.producer[range.clone()] };
            let group = self.station.groups[0].0;
            self.out.consumer.clear();
            if group > 0 {
                self.out.consumer.resize(rows, group);
            }
            recorder.served(&Served {
                queue: self.station.queue,
                first,
                due: &block.due[range.clone()],
                sent: &block.sent[range.clone()],
                taken: &self.out.taken,
                finished: &self.out.finished,
                producer,
                consumer: &self.out.consumer,
            });
        } else {
            for row in range.clone() {
                self.one(row, recorder);
            }
        }
        self.cursor = range.end;
    }

    /// Plays one row where servers differ or room is limited.
    fn one(&mut self, row: usize, recorder: &mut impl Recorder) {
        let block = self.source.block();
        let (due, sent) = (block.due[row], block.sent[row]);
        let message = Message { id: block.first + row as u64, due, producer: block.producer_of(row), ..Message::default() };
        let mut record = Record {
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
        if self.refuses(sent) {
            recorder.record(&record);
            return;
        }
        let (start, end, group) = assign(&mut self.pool, sent, |group| demand_of(block, &self.station, group, row), &mut record);
        self.worked += u128::from(end - start);
        self.waited += u128::from(start - sent);
        self.line.extend(&[start], &[sent]);
        record.taken = start;
        record.finished = end;
        record.consumer = self.station.groups[group as usize].0;
        record.deliveries = 1;
        record.outcome = Outcome::Served;
        recorder.record(&record);
    }

    /// Whether a message that arrives now finds no room.
    fn refuses(&self, now: u64) -> bool {
        match self.station.room {
            None => false,
            Some(0) => !self.pool.unlimited && self.pool.first().0.at > now,
            Some(room) => self.line.nth_from_end_is_after(room, now),
        }
    }

    pub fn totals(&mut self) -> Totals {
        let at = self.totals.at;
        let waiting = self.line.waiting_at(at);
        let to_wait: u128 = self.line.at[self.line.head..].iter().map(|&start| u128::from(start - at)).sum();
        // What the servers still have to do beyond the instant: their present work and that of the messages in line.
        Totals {
            waiting,
            busy: if waiting > 0 { self.pool.len() as u64 } else { self.pool.busy_at(at) },
            waiting_area: self.waited - to_wait,
            busy_area: self.worked - self.pool.left_at(at),
            ..self.totals
        }
    }

    pub fn peak(&self) -> u64 {
        self.line.peak as u64
    }

    pub fn forget_peak(&mut self) {
        self.line.peak = 0;
    }
}

fn demand_of(block: &Block, station: &Station, group: u32, row: usize) -> u64 {
    block.demand[station.groups[group as usize].0 as usize][row]
}

/// Gives a message that arrives at `sent` to the server that is free first: start, end and the group's position.
fn assign(pool: &mut Pool, sent: u64, demand: impl Fn(u32) -> u64, record: &mut Record) -> (u64, u64, u32) {
    if pool.unlimited {
        let end = sent + demand(0);
        pool.engage_another(sent, end);
        return (sent, end, 0);
    }
    let (free, group) = pool.first();
    let start = sent.max(free.at);
    let end = start + demand(group);
    pool.engage(end);
    record.server = free.server;
    (start, end, group)
}

fn total_between(from: &[u64], to: &[u64]) -> u128 {
    u128::from(from.iter().zip(to).map(|(a, b)| b - a).sum::<u64>())
}

impl Starts {
    /// Adds starts with their arrivals and keeps the longest line in sight.
    fn extend(&mut self, starts: &[u64], arrivals: &[u64]) {
        if self.head > 1 << 16 && self.head * 2 > self.at.len() {
            self.at.drain(..self.head);
            self.head = 0;
        }
        let base = self.at.len();
        self.at.extend_from_slice(starts);
        let mut peak = self.peak;
        for (i, &arrival) in arrivals.iter().enumerate() {
            // With this one, `peak + 1` wait if the one `peak` places ahead of it has not started.
            while base + i >= self.head + peak && self.at[base + i - peak] > arrival {
                peak += 1;
            }
        }
        self.peak = peak;
        if self.head + 4 * crate::rng::BLOCK < base {
            // Nothing that started before the last arrival is asked for again.
            let last = arrivals[arrivals.len() - 1];
            self.waiting_at(last);
        }
    }

    /// How many wait at an instant not before the last one asked for.
    fn waiting_at(&mut self, at: u64) -> u64 {
        self.head += self.at[self.head..].partition_point(|&start| start <= at);
        (self.at.len() - self.head) as u64
    }

    /// Whether the `n`-th start from the end lies after an instant.
    fn nth_from_end_is_after(&self, n: u64, at: u64) -> bool {
        let open = self.at.len() - self.head;
        usize::try_from(n).is_ok_and(|n| n <= open && self.at[self.at.len() - n] > at)
    }
}

impl Out {
    /// Starts and ends when every message is accepted and servers are alike.
    fn all_accepted(&mut self, pool: &mut Pool, sent: &[u64], demand: &[u64]) {
        self.taken.resize(sent.len(), 0);
        self.finished.resize(sent.len(), 0);
        let (taken, finished) = (self.taken.as_mut_slice(), self.finished.as_mut_slice());
        if pool.unlimited {
            for i in 0..sent.len() {
                (taken[i], finished[i]) = (sent[i], sent[i] + demand[i]);
                pool.engage_another(sent[i], finished[i]);
            }
            return;
        }
        match pool.len() {
            1 => sorted::<1>(pool, sent, demand, taken, finished),
            2 => sorted::<2>(pool, sent, demand, taken, finished),
            3 => sorted::<3>(pool, sent, demand, taken, finished),
            4 => sorted::<4>(pool, sent, demand, taken, finished),
            5 => sorted::<5>(pool, sent, demand, taken, finished),
            6 => sorted::<6>(pool, sent, demand, taken, finished),
            7 => sorted::<7>(pool, sent, demand, taken, finished),
            8 => sorted::<8>(pool, sent, demand, taken, finished),
            _ => {
                for i in 0..sent.len() {
                    let start = sent[i].max(pool.first().0.at);
                    (taken[i], finished[i]) = (start, start + demand[i]);
                    pool.engage(finished[i]);
                }
            }
        }
    }
}

/// The recursion over an ascending list of free instants, kept in registers: no branch depends on the data.
fn sorted<const C: usize>(pool: &mut Pool, sent: &[u64], demand: &[u64], taken: &mut [u64], finished: &mut [u64]) {
    let mut free = [0; C];
    free.copy_from_slice(&pool.sorted());
    let rows = sent.iter().zip(demand).zip(taken.iter_mut().zip(finished.iter_mut()));
    for ((&arrival, &work), (start, end)) in rows {
        *start = arrival.max(free[0]);
        *end = *start + work;
        let mut carried = *end;
        for k in 1..C {
            let (low, high) = (carried.min(free[k]), carried.max(free[k]));
            (free[k - 1], carried) = (low, high);
        }
        free[C - 1] = carried;
    }
    pool.restore(&free);
}

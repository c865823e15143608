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
use std::ops::Range;

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
pub(super) struct Starts {
    at: Vec<u64>,
    head: usize,
    pub peak: usize,
}

/// What came of the rows played last, a row for each accepted message; `rows` of them are there.
#[derive(Default)]
struct Out {
    rows: usize,
    taken: Vec<u64>,
    finished: Vec<u64>,
    consumer: Vec<u32>,
}

impl<S: Blocks> Recursion<S> {
    /// An empty queue of a station, with the plan that it is to play.
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

    /// What it is called in an answer.
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
            let rest = self.source.block().len() - self.cursor;
            let rows = rest.min(usize::try_from(left).unwrap_or(usize::MAX));
            self.play(self.cursor..self.cursor + rows, recorder);
            left -= rows as u64;
        }
        messages - left
    }

    /// Plays all that happens up to an instant, arrivals at it left out.
    pub fn advance_until(&mut self, instant: u64, recorder: &mut impl Recorder) {
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

    /// Lets time pass until all who are inside are done.
    pub fn work_off(&mut self, recorder: &mut impl Recorder) {
        self.pass_time(self.pool.all_free(), recorder);
    }

    /// Lets time pass in which nobody comes.
    fn pass_time(&mut self, until: u64, recorder: &mut impl Recorder) {
        while let Some(at) = self.looks.map(|l| l.next).filter(|&at| at < until) {
            self.look(at, recorder);
        }
        self.totals.at = self.totals.at.max(until);
    }

    /// Plays rows of the block, with the looks between them.
    fn play(&mut self, rows: Range<usize>, recorder: &mut impl Recorder) {
        let plain = self.station.room.is_none() && self.station.groups.len() == 1;
        self.out.begin(rows.len());
        let mut from = rows.start;
        while from < rows.end {
            let sent = &self.source.block().sent[from..rows.end];
            let look = self.looks.map(|l| l.next).filter(|&at| at < sent[sent.len() - 1]);
            let to = from + look.map_or(sent.len(), |at| first_after(sent, at));
            if plain {
                self.all_accepted(from..to);
            } else {
                for row in from..to {
                    self.one(row, recorder);
                }
            }
            if let Some(at) = look {
                self.look(at, recorder);
            }
            from = to;
        }
        self.totals.at = self.source.block().sent[rows.end - 1];
        self.totals.offered += rows.len() as u64;
        if plain {
            self.tell(&rows, recorder);
        }
        self.cursor = rows.end;
    }

    /// Plays rows when every message is accepted and servers are alike.
    fn all_accepted(&mut self, rows: Range<usize>) {
        let block = self.source.block();
        let (sent, demand) = (&block.sent[rows.clone()], &block.demand[self.station.groups[0].0 as usize][rows]);
        let (waited, worked) = self.out.extend(&mut self.pool, sent, demand);
        self.waited += u128::from(waited);
        self.worked += u128::from(worked);
        self.line.extend(&self.out.taken[self.out.rows - sent.len()..self.out.rows], sent);
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

    fn look(&mut self, at: u64, recorder: &mut impl Recorder) {
        let waiting = self.line.waiting_at(at);
        let busy = if waiting > 0 { self.pool.len() as u64 } else { self.pool.busy_at(at) };
        recorder.level(&Level { at, queue: self.station.queue, waiting, busy });
        if let Some(looks) = &mut self.looks {
            looks.pass();
        }
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

    /// The running totals at the present instant.
    pub fn totals(&mut self) -> Totals {
        let at = self.totals.at;
        let waiting = self.line.waiting_at(at);
        let to_wait = self.line.to_wait(at);
        // What the servers still have to do beyond the instant: their present work and that of the messages in line.
        Totals {
            waiting,
            busy: if waiting > 0 { self.pool.len() as u64 } else { self.pool.busy_at(at) },
            waiting_area: self.waited - to_wait,
            busy_area: self.worked - self.pool.left_at(at),
            ..self.totals
        }
    }

    /// The most messages that waited at once since [`Recursion::forget_peak`].
    pub fn peak(&self) -> u64 {
        self.line.peak as u64
    }

    /// Begins a new search for the longest line.
    pub fn forget_peak(&mut self) {
        self.line.peak = 0;
    }
}

/// Position of the first of some ascending instants that lies after another; in growing steps, for it is near.
fn first_after(ascending: &[u64], at: u64) -> usize {
    let mut reach = 32;
    while reach < ascending.len() && ascending[reach] <= at {
        reach *= 2;
    }
    let near = &ascending[..reach.min(ascending.len())];
    near.partition_point(|&s| s <= at)
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

impl Starts {
    /// Adds one start with its arrival and keeps the longest line in sight.
    #[inline]
    pub(super) fn push(&mut self, start: u64, arrival: u64) {
        let base = self.at.len();
        self.at.push(start);
        while base >= self.head + self.peak && self.at[base - self.peak] > arrival {
            self.peak += 1;
        }
        if base.is_multiple_of(4 * crate::rng::BLOCK) {
            self.waiting_at(arrival);
            self.forget_past();
        }
    }

    /// Gives the memory of starts back that are over, when they are most of all.
    fn forget_past(&mut self) {
        if self.head > 1 << 16 && self.head * 2 > self.at.len() {
            self.at.drain(..self.head);
            self.head = 0;
        }
    }

    /// Adds many starts with their arrivals, likewise.
    fn extend(&mut self, starts: &[u64], arrivals: &[u64]) {
        self.forget_past();
        let base = self.at.len();
        self.at.extend_from_slice(starts);
        if self.may_be_longer(base, arrivals) {
            self.lengthen(base, arrivals);
        }
        if self.head + 4 * crate::rng::BLOCK < base
            && let Some(&last) = arrivals.last()
        {
            // Nothing that started before the last arrival is asked for again.
            self.waiting_at(last);
        }
    }

    /// Whether one of these arrivals finds as many waiting as the longest line so far; without a branch for each.
    fn may_be_longer(&self, base: usize, arrivals: &[u64]) -> bool {
        if base < self.head + self.peak {
            return true;
        }
        let ahead = &self.at[base - self.peak..base - self.peak + arrivals.len()];
        ahead.iter().zip(arrivals).fold(false, |longer, (start, arrival)| longer | (start > arrival))
    }

    fn lengthen(&mut self, base: usize, arrivals: &[u64]) {
        let mut peak = self.peak;
        for (i, &arrival) in arrivals.iter().enumerate() {
            // With this one, `peak + 1` wait if the one `peak` places ahead of it has not started.
            while base + i >= self.head + peak && self.at[base + i - peak] > arrival {
                peak += 1;
            }
        }
        self.peak = peak;
    }

    /// How many wait at an instant not before the last one asked for.
    pub(super) fn waiting_at(&mut self, at: u64) -> u64 {
        // From the end in growing steps: few wait, however many have started since.
        let (open, mut reach) = (&self.at[self.head..], 4);
        while reach < open.len() && open[open.len() - reach] > at {
            reach *= 4;
        }
        let started = open.len().saturating_sub(reach);
        self.head += started + open[started..].partition_point(|&start| start <= at);
        (self.at.len() - self.head) as u64
    }

    /// How long those who wait at the instant last asked for will wait on, altogether.
    pub(super) fn to_wait(&self, at: u64) -> u128 {
        self.at[self.head..].iter().map(|&start| u128::from(start - at)).sum()
    }

    /// Whether the `n`-th start from the end lies after an instant.
    fn nth_from_end_is_after(&self, n: u64, at: u64) -> bool {
        let open = self.at.len() - self.head;
        usize::try_from(n).is_ok_and(|n| n <= open && self.at[self.at.len() - n] > at)
    }
}

impl Out {
    /// Makes room for so many rows.
    fn begin(&mut self, rows: usize) {
        self.rows = 0;
        if self.taken.len() < rows {
            self.taken.resize(rows, 0);
            self.finished.resize(rows, 0);
        }
        self.consumer.clear();
    }

    /// Adds starts and ends when every message is accepted and servers are alike; the sums of waits and of demands.
    fn extend(&mut self, pool: &mut Pool, sent: &[u64], demand: &[u64]) -> (u64, u64) {
        let rows = self.rows..self.rows + sent.len();
        self.rows = rows.end;
        let (taken, finished) = (&mut self.taken[rows.clone()], &mut self.finished[rows]);
        if pool.unlimited {
            for i in 0..sent.len() {
                (taken[i], finished[i]) = (sent[i], sent[i] + demand[i]);
                pool.engage_another(sent[i], finished[i]);
            }
            return (0, demand.iter().sum());
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
                let mut sums = (0, 0);
                for i in 0..sent.len() {
                    let start = sent[i].max(pool.first().0.at);
                    (taken[i], finished[i]) = (start, start + demand[i]);
                    pool.engage(finished[i]);
                    sums = (sums.0 + (start - sent[i]), sums.1 + demand[i]);
                }
                sums
            }
        }
    }
}

/// The recursion over an ascending list of free instants, kept in registers: no branch depends on the data.
fn sorted<const C: usize>(pool: &mut Pool, sent: &[u64], demand: &[u64], taken: &mut [u64], finished: &mut [u64]) -> (u64, u64) {
    let mut free: [u64; C] = pool.sorted();
    // The sums cost nothing here, where each step waits for the one before it.
    let (mut waited, mut worked) = (0, 0);
    let rows = sent.iter().zip(demand).zip(taken.iter_mut().zip(finished.iter_mut()));
    for ((&arrival, &work), (start, end)) in rows {
        *start = arrival.max(free[0]);
        *end = *start + work;
        waited += *start - arrival;
        worked += work;
        let mut carried = *end;
        for k in 1..C {
            let (low, high) = (carried.min(free[k]), carried.max(free[k]));
            (free[k - 1], carried) = (low, high);
        }
        free[C - 1] = carried;
    }
    pool.restore(&free);
    (waited, worked)
}

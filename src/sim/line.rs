//! First in, first out with an explicit line of waiting messages: for queues that throw out their oldest message.
//!
//! Here a message's fate is not known when it arrives, so it is kept until a server takes it or a newer one pushes it out.

use super::servers::Pool;
use super::{Looks, Station, Totals};
use crate::message::{Level, Message, Outcome, Record, Recorder};
use crate::workload::Blocks;
use std::collections::VecDeque;

/// Plays a plan through one first-in-first-out queue with an explicit line.
pub struct Line<S> {
    source: S,
    station: Station,
    pool: Pool,
    cursor: usize,
    looks: Option<Looks>,
    waiting: VecDeque<Waiting>,
    /// Demands of the waiting messages, one for each group of the station in turn.
    demands: VecDeque<u64>,
    totals: Totals,
    waited: u128,
    worked: u128,
    peak: u64,
}

#[derive(Clone, Copy)]
struct Waiting {
    id: u64,
    due: u64,
    sent: u64,
    producer: u32,
}

impl<S: Blocks> Line<S> {
    /// An empty queue of a station, with the plan that it is to play.
    pub fn new(station: &Station, source: S, looks: Option<Looks>) -> Self {
        Line {
            source,
            station: station.clone(),
            pool: Pool::new(station),
            cursor: 0,
            looks,
            waiting: VecDeque::new(),
            demands: VecDeque::new(),
            totals: Totals::default(),
            waited: 0,
            worked: 0,
            peak: 0,
        }
    }

    /// Plays so many further messages (fewer if the plan ends) and says how many.
    pub fn advance(&mut self, messages: u64, recorder: &mut impl Recorder) -> u64 {
        for played in 0..messages {
            if !self.arrival(recorder) {
                return played;
            }
        }
        messages
    }

    /// Plays on until every message offered so far has left; at the plan's end the servers empty the line.
    pub fn settle(&mut self, recorder: &mut impl Recorder) {
        let last = self.totals.offered;
        while self.waiting.front().is_some_and(|w| w.id < last) {
            if !self.arrival(recorder) {
                self.take_until(u64::MAX, recorder);
            }
        }
    }

    /// The next message arrives; false if there is none.
    fn arrival(&mut self, recorder: &mut impl Recorder) -> bool {
        if self.cursor >= self.source.block().len() {
            if !self.source.draw() {
                return false;
            }
            self.cursor = 0;
        }
        let (block, row) = (self.source.block(), self.cursor);
        let new = Waiting { id: block.first + row as u64, due: block.due[row], sent: block.sent[row], producer: block.producer_of(row) };
        while let Some(at) = self.looks.map(|l| l.next).filter(|&at| at < new.sent) {
            self.take_until(at, recorder);
            let busy = self.pool.busy_at(at);
            recorder.level(&Level { at, queue: self.station.queue, waiting: self.waiting.len() as u64, busy });
            if let Some(looks) = &mut self.looks {
                looks.pass();
            }
        }
        self.take_until(new.sent, recorder);
        self.cursor += 1;
        self.totals.at = new.sent;
        self.totals.offered = new.id + 1;
        let idle = self.pool.unlimited || self.pool.first().0.at <= new.sent;
        let full = !idle && self.station.room.is_some_and(|room| self.waiting.len() as u64 >= room);
        if full && (!self.station.drop_head || self.waiting.is_empty()) {
            self.lose(new, new.sent, Outcome::Rejected, recorder);
            return true;
        }
        if full && let Some(oldest) = self.waiting.pop_front() {
            self.demands.drain(..self.station.groups.len());
            self.waited += u128::from(new.sent - oldest.sent);
            self.lose(oldest, new.sent, Outcome::Dropped, recorder);
        }
        let block = self.source.block();
        self.demands.extend(self.station.groups.iter().map(|g| block.demand[g.0 as usize][row]));
        self.waiting.push_back(new);
        self.take_until(new.sent, recorder);
        self.peak = self.peak.max(self.waiting.len() as u64);
        true
    }

    /// Servers take from the head of the line as they become free, up to an instant.
    fn take_until(&mut self, now: u64, recorder: &mut impl Recorder) {
        while let Some(&head) = self.waiting.front() {
            let (free, group) = if self.pool.unlimited { (super::servers::Free { at: 0, server: 0 }, 0) } else { self.pool.first() };
            if free.at > now {
                break;
            }
            let start = free.at.max(head.sent);
            let end = start + self.demands[group as usize];
            if self.pool.unlimited {
                self.pool.engage_another(start, end);
            } else {
                self.pool.engage(end);
            }
            self.waiting.pop_front();
            self.demands.drain(..self.station.groups.len());
            self.waited += u128::from(start - head.sent);
            self.worked += u128::from(end - start);
            recorder.record(&Record {
                taken: start,
                finished: end,
                consumer: self.station.groups[group as usize].0,
                server: free.server,
                deliveries: 1,
                outcome: Outcome::Served,
                ..self.untaken(head, start)
            });
        }
    }

    fn lose(&self, message: Waiting, at: u64, outcome: Outcome, recorder: &mut impl Recorder) {
        recorder.record(&Record { outcome, ..self.untaken(message, at) });
    }

    fn untaken(&self, w: Waiting, at: u64) -> Record {
        Record {
            message: Message { id: w.id, due: w.due, producer: w.producer, ..Message::default() },
            sent: w.sent,
            taken: at,
            finished: at,
            queue: self.station.queue,
            consumer: 0,
            server: 0,
            deliveries: 0,
            outcome: Outcome::Unfinished,
        }
    }

    /// The running totals at the present instant.
    pub fn totals(&mut self) -> Totals {
        let at = self.totals.at;
        let so_far: u128 = self.waiting.iter().map(|w| u128::from(at - w.sent)).sum();
        Totals {
            waiting: self.waiting.len() as u64,
            busy: self.pool.busy_at(at),
            waiting_area: self.waited + so_far,
            busy_area: self.worked - self.pool.left_at(at),
            ..self.totals
        }
    }

    /// The most messages that waited at once since [`Line::forget_peak`].
    pub fn peak(&self) -> u64 {
        self.peak
    }

    /// Begins a new search for the longest line.
    pub fn forget_peak(&mut self) {
        self.peak = self.waiting.len() as u64;
    }
}

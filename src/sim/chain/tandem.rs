//! One producer's messages through queues in a row that have one server each, but for the last.

use super::*;
use crate::message::{Exit, Served};
use crate::sim::columns::ServedColumns;

/// So many messages, about, pass one queue before the next is looked at.
const STRETCH: usize = 4096;

/// Plays what a [`Chain`] plays, to the nanosecond, where messages keep their order all the way: many of them
/// pass one queue after the other, in columns, and what is known of a queue stays at hand meanwhile.
pub struct Tandem<S> {
    source: S,
    cursor: usize,
    producer: Producer,
    /// In the order in which they are passed.
    stops: Vec<Stop>,
    inside: Inside,
    /// The position in the plan of the first message of all.
    first_number: u64,
    work: Vec<u64>,
    out: ServedColumns,
    sampler: Option<LevelSampler>,
    /// Instants at which not all stages have been looked at.
    looks: Vec<u64>,
    at: u64,
    offered: u64,
    /// Messages that have not passed the first queue.
    new: usize,
}

/// A queue with its group, and when messages come to it that have not come yet.
struct Stop {
    stage: Stage,
    arrivals: Vec<u64>,
    /// How many of the arrivals are over.
    over: usize,
    /// What messages bring to it if it is not the first.
    work: Option<PredrawnWork>,
}

/// Messages that have not left the last queue, and before them some that have: a column for each thing that
/// is told when they leave.
#[derive(Default)]
struct Inside {
    first: u64,
    due: Vec<u64>,
    entered: Vec<u64>,
    /// Nanoseconds of work in the queues that they have passed.
    worked: Vec<u64>,
}

impl<S: Blocks> Tandem<S> {
    /// The row of queues that a scenario consists of; `None` if it is anything else.
    pub fn new(
        scenario: &Scenario,
        source: impl FnOnce() -> S,
        run: Key,
        sampler: Option<LevelSampler>,
    ) -> Option<Self> {
        let ([producer], true) = (&scenario.producers[..], scenario.queues.len() > 1) else { return None };
        if producer.is_closed() || !scenario.simulation.overheads.delivers_at_once() {
            return None;
        }
        let depths: Vec<u32> = depths(scenario, |_| true).into_iter().collect::<Option<_>>()?;
        let mut order: Vec<usize> = (0..depths.len()).collect();
        order.sort_by_key(|q| depths[*q]);
        let groups_of = groups_of(scenario);
        let mut stops = Vec::new();
        for (place, &q) in order.iter().enumerate() {
            let (g, consumer, servers) = only_group(scenario, q, &groups_of[q])?;
            let depth = depths[q];
            if depth as usize != place || (servers != 1 && place + 1 < order.len()) {
                return None;
            }
            let draws = Draws::new(run, TimeScale::REAL);
            stops.push(Stop {
                stage: Stage::new(q as u32, g as u32, servers, 0, None, None),
                arrivals: Vec::new(),
                over: 0,
                work: (depth > 0).then(|| PredrawnWork::new(consumer, draws, depth)),
            });
        }
        Some(Tandem {
            source: source(),
            cursor: 0,
            producer: producer.clone(),
            stops,
            inside: Inside::default(),
            first_number: 0,
            work: Vec::new(),
            out: ServedColumns::default(),
            sampler,
            looks: Vec::new(),
            at: 0,
            offered: 0,
            new: 0,
        })
    }

    /// Takes so many rows of the block.
    fn take(&mut self, rows: usize) {
        let (block, rows) = (self.source.block(), self.cursor..self.cursor + rows);
        let first = &mut self.stops[0];
        let (sent, last) = (&block.sent[rows.clone()], block.sent[rows.end - 1]);
        if self.offered == 0 {
            self.first_number = block.first + rows.start as u64;
        }
        self.inside.due.extend_from_slice(&block.due[rows.clone()]);
        self.inside.entered.extend_from_slice(sent);
        self.inside.worked.extend_from_slice(&block.work_for(first.stage.group as usize)[rows.clone()]);
        first.arrivals.extend_from_slice(sent);
        if let Some(sampler) = &mut self.sampler {
            while sampler.next < last {
                self.looks.push(sampler.next);
                sampler.pass();
            }
        }
        self.new += rows.len();
        self.offered += rows.len() as u64;
        (self.cursor, self.at) = (rows.end, last);
    }

    /// Lets all messages arrive that get to a queue by an instant.
    fn pass_on<R: Recorder>(&mut self, until: u64, recorder: &mut R) {
        self.new = 0;
        for place in 0..self.stops.len() {
            while self.pass_stretch(place, until, recorder) {}
        }
        self.inside.forget(self.stops.last().map_or(0, |stop| stop.stage.offered));
    }

    /// Lets some of them arrive at one queue; false if there are none.
    fn pass_stretch<R: Recorder>(&mut self, place: usize, until: u64, recorder: &mut R) -> bool {
        let (before, after) = self.stops.split_at_mut(place + 1);
        let Stop { stage, arrivals, over, work } = &mut before[place];
        let sent = &arrivals[*over..];
        let sent = &sent[..sent.len().min(2 * STRETCH)];
        let sent = &sent[..sent.partition_point(|sent| *sent <= until)];
        if sent.is_empty() {
            return false;
        }
        let first = stage.offered;
        let start = (first - self.inside.first) as usize;
        let rows = start..start + sent.len();
        let worked = &mut self.inside.worked[rows.clone()];
        let own = match work {
            None => &*worked,
            Some(law) => {
                self.work.resize(sent.len(), 0);
                law.draw_into(self.first_number + first, &mut self.work);
                worked.iter_mut().zip(&self.work).for_each(|(all, own)| *all += own);
                &self.work
            }
        };
        stage.take_all(sent, own, &mut self.out, &self.looks, recorder);
        if stage.group > 0 {
            self.out.consumer.resize(sent.len(), stage.group);
        }
        let finished = &self.out.finished[..sent.len()];
        recorder.stays(&Served {
            queue: stage.queue,
            first,
            due: &self.inside.due[rows.clone()],
            sent,
            taken: &self.out.taken[..sent.len()],
            finished,
            producer: &[],
            consumer: &self.out.consumer,
        });
        match after.first_mut() {
            Some(next) => next.arrivals.extend_from_slice(finished),
            None => {
                for (row, &finished) in rows.zip(finished) {
                    recorder.left(&self.inside.exit(row, &self.producer, finished, Outcome::Served));
                }
            }
        }
        *over += sent.len();
        if *over > STRETCH && 2 * *over > arrivals.len() {
            arrivals.drain(..std::mem::take(over));
        }
        true
    }

    /// Looks at all stages for all instants that have passed.
    fn look_at_all<R: Recorder>(&mut self, recorder: &mut R) {
        for Stop { stage, .. } in &mut self.stops {
            stage.look(&self.looks, u64::MAX, recorder);
            stage.looked = 0;
        }
        self.looks.clear();
    }

    /// How many messages have left the last queue, or are known to.
    fn ended(&self) -> u64 {
        self.stops.last().map_or(0, |stop| stop.stage.offered)
    }
}

impl Inside {
    /// The end of the message in a row.
    fn exit(&self, row: usize, producer: &Producer, finished: u64, outcome: Outcome) -> Exit {
        let Producer { size, priority, .. } = *producer;
        let message =
            Message { id: self.first + row as u64, due: self.due[row], producer: 0, size, priority };
        Exit { message, sent: self.entered[row], held: 0, finished, worked: self.worked[row], outcome }
    }

    /// Gives the memory of the messages before one back, when they are most of all.
    fn forget(&mut self, before: u64) {
        let gone = (before - self.first) as usize;
        if gone > STRETCH && 2 * gone > self.due.len() {
            for column in [&mut self.due, &mut self.entered, &mut self.worked] {
                column.drain(..gone);
            }
            self.first = before;
        }
    }
}

impl<S: Blocks> Engine for Tandem<S> {
    fn name(&self) -> &'static str {
        QUEUE_BY_QUEUE
    }

    /// When the plan ends, all messages are played to their ends.
    fn advance(&mut self, messages: u64, recorder: &mut impl Recorder) -> u64 {
        let (mut left, mut ends) = (messages, false);
        while left > 0 {
            if self.cursor == self.source.block().len() {
                if !self.source.draw() {
                    ends = true;
                    break;
                }
                self.cursor = 0;
            }
            let rest = (self.source.block().len() - self.cursor).min(STRETCH);
            let rows = rest.min(usize::try_from(left).unwrap_or(usize::MAX));
            self.take(rows);
            left -= rows as u64;
            if self.new >= STRETCH || self.looks.len() > MOST_LOOKS {
                self.pass_on(self.at, recorder);
            }
            if self.looks.len() > MOST_LOOKS {
                self.look_at_all(recorder);
            }
        }
        self.pass_on(if ends { u64::MAX } else { self.at }, recorder);
        if ends {
            self.at = self.stops.iter().map(|stop| stop.stage.last).fold(self.at, u64::max);
        }
        self.look_at_all(recorder);
        messages - left
    }

    fn settle(&mut self, recorder: &mut impl Recorder) {
        self.sampler = None;
        let mark = self.offered;
        let last = mark.saturating_mul(2).max(10_000);
        while self.ended() < mark && self.offered < last && self.advance(64, recorder) > 0 {}
        for id in self.ended()..mark {
            let row = (id - self.inside.first) as usize;
            recorder.left(&self.inside.exit(row, &self.producer, self.at, Outcome::Unfinished));
        }
    }

    fn totals(&mut self) -> Totals {
        let at = self.at;
        let (mut queues, mut groups) = (Vec::new(), Vec::new());
        for Stop { stage, .. } in &mut self.stops {
            let (queue, group) = stage.totals(at);
            queues.push((stage.queue, queue));
            groups.push((stage.group, group));
        }
        let (queues, groups) = (in_order(queues), in_order(groups));
        Totals { at, offered: self.offered, done: None, queues, groups }
    }

    fn forget_peaks(&mut self) {
        self.stops.iter_mut().for_each(|stop| stop.stage.starts.peak = 0);
    }
}

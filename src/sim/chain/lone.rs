//! A queue that has nothing to do with any other: one producer's messages come to it, and leave when they are
//! served.

use super::*;
use crate::message::Served;
use crate::sim::columns::ServedColumns;

/// Plays one queue of many as a [`Chain`] of all of them plays it, to the nanosecond, without the others:
/// what belongs to it stays at hand. Whoever plays it says when time has passed in which only others'
/// messages came.
pub struct LoneQueue<'a, S> {
    stage: Stage,
    source: S,
    cursor: usize,
    out: ServedColumns,
    /// The instants at which levels are looked at, the same for all queues.
    looks: &'a [u64],
    at: u64,
    offered: u64,
}

impl<'a, S: Blocks> LoneQueue<'a, S> {
    /// The only queue of a scenario; `None` where a chain does not play it.
    pub fn new(scenario: &Scenario, source: S, looks: &'a [u64]) -> Option<Self> {
        let stage = Stage::new(0, 0, only_queue(scenario)?, 0, None, None);
        Some(LoneQueue { stage, source, cursor: 0, out: ServedColumns::default(), looks, at: 0, offered: 0 })
    }

    /// Lets time pass in which none of its messages comes.
    pub fn wait_until(&mut self, instant: u64, recorder: &mut impl Recorder) {
        self.stage.look(self.looks, instant, recorder);
        self.at = self.at.max(instant);
    }

    fn play(&mut self, rows: usize, recorder: &mut impl Recorder) {
        let block = self.source.block();
        let played = self.cursor..self.cursor + rows;
        let (sent, work) = (&block.sent[played.clone()], &block.work_for(0)[played.clone()]);
        self.stage.take_all(sent, work, &mut self.out, self.looks, recorder);
        recorder.passed_all(&Served {
            queue: 0,
            first: block.first + played.start as u64,
            due: &block.due[played],
            sent,
            taken: &self.out.taken[..rows],
            finished: &self.out.finished[..rows],
            producer: &[],
            consumer: &[],
        });
        self.cursor += rows;
        self.at = block.sent[self.cursor - 1];
        self.offered += rows as u64;
    }
}

/// Whether a scenario is one queue that a [`LoneQueue`] plays.
pub fn is_lone_queue(scenario: &Scenario) -> bool {
    only_queue(scenario).is_some()
}

/// How many servers it has.
fn only_queue(scenario: &Scenario) -> Option<u32> {
    let ([producer], [_]) = (&scenario.producers[..], &scenario.queues[..]) else { return None };
    let groups: Vec<(usize, &Consumer)> = scenario.consumers.iter().enumerate().collect();
    let (_, group, servers) = only_group(scenario, 0, &groups)?;
    let open = !producer.is_closed() && scenario.simulation.overheads.delivers_at_once();
    let ends = group.to.is_empty() && group.own_routes.is_empty() && scenario.backlog() == 0;
    (open && ends).then_some(servers)
}

impl<S: Blocks> Engine for LoneQueue<'_, S> {
    fn name(&self) -> &'static str {
        QUEUE_BY_QUEUE
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
            self.play(rows, recorder);
            left -= rows as u64;
        }
        messages - left
    }

    /// Every message's end is told of when it arrives.
    fn settle(&mut self, _: &mut impl Recorder) {}

    fn totals(&mut self) -> Totals {
        let (queue, group) = self.stage.totals(self.at);
        Totals { at: self.at, offered: self.offered, done: None, queues: vec![queue], groups: vec![group] }
    }

    fn forget_peaks(&mut self) {
        self.stage.starts.peak = 0;
    }
}

//! The plan of a measurement: as it is meant, as it is played, and as it was really played.

use super::figures::BATCHES;
use super::kept::KeptRun;
use crate::answer::Reason;
use crate::behaviour::Role;
use crate::message::{Happened, Outcome, Record};
use crate::rng::Key;
use crate::scenario::{Durability, Queue, Scenario};
use crate::units::{nanos, significant};
use crate::workload::Block;

/// The most messages that a measurement keeps.
const MOST_MESSAGES: u64 = 20_000_000;

/// The plan of a measurement: the scenario's own, for as long as it is to last.
///
/// # Errors
/// Why there is none: too many messages to keep, or too few to tell anything.
pub(in crate::study) fn planned(scenario: &Scenario) -> Result<Block, Reason> {
    let lasts = scenario.measurement.duration * scenario.measurement.speed;
    let expected = scenario.producers.iter().map(|p| p.rate).sum::<f64>() * lasts;
    if expected > MOST_MESSAGES as f64 {
        let most = significant(MOST_MESSAGES as f64, 3);
        return Err(format!(
            "{} messages are more than the {most} that a measurement keeps; shorten [measurement] duration",
            significant(expected, 3)
        )
        .into());
    }
    let plan = scenario.open_plan(scenario.seed, 0)?;
    let until = nanos(lasts).ok_or("the measurement lasts longer than can be timed")?;
    let block = plan.take_until(until);
    if (block.len() as u64) < 2 * BATCHES && !scenario.is_closed() {
        return Err(format!(
            "only {} messages fall into its {lasts} s; lengthen [measurement] duration",
            block.len()
        )
        .into());
    }
    Ok(block)
}

/// A plan with all times multiplied.
pub(super) fn scaled(block: &Block, factor: f64) -> Block {
    if factor == 1.0 {
        return block.clone();
    }
    let scale = |column: &Vec<u64>| column.iter().map(|&t| (t as f64 * factor).round() as u64).collect();
    Block {
        first: block.first,
        due: scale(&block.due),
        sent: scale(&block.sent),
        producer: block.producer.clone(),
        demand: block.demand.iter().map(scale).collect(),
        columns: block.columns.clone(),
    }
}

/// What happened in a run that was played faster, in the scenario's own time.
pub(super) fn slowed(mut happened: Happened, speed: f64) -> Happened {
    if speed != 1.0 {
        happened.overruns.iter_mut().for_each(|o| o.nanos = (o.nanos as f64 * speed).round() as i64);
        happened.hand_offs.iter_mut().for_each(|h| h.nanos = (h.nanos as f64 * speed).round() as u64);
        happened.commits.iter_mut().flatten().for_each(|t| *t = (*t as f64 * speed).round() as u64);
    }
    happened
}

/// What group commits take in a rehearsal: as before the run, in an order by chance, for each queue that is
/// durable.
pub(super) fn commits(scenario: &Scenario, syncs: &[u64], messages: usize) -> Vec<Vec<u64>> {
    let run = Key::new(scenario.seed, 0);
    let draw = |queue: &Queue| {
        let (key, most) = (
            Role::Commit.key(run, &queue.name),
            if queue.durability == Durability::Fsync { messages } else { 0 },
        );
        let speed = scenario.measurement.speed;
        let one = |i: usize| {
            syncs
                .get((key.uniform_at(i as u64, 0) * syncs.len() as f64) as usize)
                .map(|&t| (t as f64 * speed) as u64)
        };
        (0..most).filter_map(one).collect()
    };
    scenario.queues.iter().map(draw).collect()
}

/// The plan with the instants at which its messages were really sent. With `batches`, what was planned to be
/// sent together counts as sent when the last of it was: a real consumer that takes batches wakes after
/// microseconds and finds all of it, an ideal one would take the first alone.
pub(super) fn really_sent(measured: &KeptRun, planned: &Block, batches: bool) -> Block {
    let mut out = planned.clone();
    let sent = measured.arrivals();
    // The plan's messages are the last: a backlog comes before them.
    let from = sent.len().saturating_sub(planned.len());
    let mut last = 0;
    for ((row, due), real) in out.sent.iter_mut().zip(&out.due).zip(&sent[from..]) {
        // One generator sends them in their order; what was rounded at another speed was due no later than it
        // was sent.
        last = last.max(*real).max(*due);
        *row = last;
    }
    if batches {
        for row in (1..out.sent.len()).rev().filter(|&row| planned.sent[row - 1] == planned.sent[row]) {
            out.sent[row - 1] = out.sent[row];
        }
    }
    out
}

/// A plan made of what was really sent when, and how long each service really took; the planned work of what
/// was not served.
pub(super) fn really_happened(records: &[Record], planned: &Block, groups: usize) -> Block {
    let mut order: Vec<&Record> = records.iter().collect();
    order.sort_by_key(|r| (r.sent, r.message.id));
    let several = order.iter().any(|r| r.message.producer > 0);
    let mut out = Block { demand: vec![Vec::with_capacity(order.len()); groups], ..Block::default() };
    for r in order {
        out.due.push(r.message.due);
        out.sent.push(r.sent);
        if several {
            out.producer.push(r.message.producer);
        }
        for (group, column) in out.demand.iter_mut().enumerate() {
            let planned = planned.work_for(group).get(r.message.id as usize).copied().unwrap_or(0);
            // Another group would have worked as planned.
            let real = r.outcome == Outcome::Served && r.consumer as usize == group;
            column.push(if real { r.finished - r.taken } else { planned });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_together_is_replayed_together_where_consumers_take_batches() {
        let planned = Block { due: vec![5, 5, 9], sent: vec![5, 5, 9], ..Block::default() };
        let record = |id: u64, sent: u64| Record {
            message: crate::message::Message {
                id,
                due: planned.due[id as usize],
                ..crate::message::Message::default()
            },
            sent,
            taken: sent,
            finished: sent + 1,
            queue: 0,
            consumer: 0,
            server: 0,
            deliveries: 1,
            outcome: Outcome::Served,
        };
        let stays = vec![record(0, 6), record(1, 8), record(2, 11)];
        let told = KeptRun::measured(stays.clone(), stays.iter().map(Record::exit).collect());
        assert_eq!(really_sent(&told, &planned, false).sent, [6, 8, 11]);
        assert_eq!(really_sent(&told, &planned, true).sent, [8, 8, 11]);
    }
}

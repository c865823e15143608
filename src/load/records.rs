//! From what the threads wrote down to records, and to the evidence for the gates.

use super::gates::Evidence;
use super::lives::{Lives, Past, Who};
use super::playable::fed_by_producers_alone;
use super::score::Score;
use super::targets::Lost;
use crate::message::{Message, Outcome, Record};
use crate::scenario::{Destination, Scenario};
use std::collections::HashMap;

/// What was seen from outside while the run lasted. Times are nanoseconds, all but `start` from the start.
#[derive(Debug, Default)]
pub struct Watched {
    /// By the run's clock.
    pub start: u64,
    pub ended: u64,
    pub cut_short: bool,
    /// Instants and messages inside by the target's own count.
    pub levels: Vec<(u64, u64)>,
}

/// All that a run leaves, in order.
#[derive(Debug, Default)]
pub struct Aftermath {
    pub records: Vec<Record>,
    pub evidence: Evidence,
}

impl Aftermath {
    pub fn gather(scenario: &Scenario, score: &Score<'_>, lives: &Lives, lost: &[Lost], watched: &Watched) -> Self {
        let ended: HashMap<(usize, usize), Lost> =
            lost.iter().map(|l| ((l.queue, l.message as usize), Lost { at: l.at.saturating_sub(watched.start), ..*l })).collect();
        let mut after = Aftermath::default();
        let (mut entered, mut left) = (Vec::new(), Vec::new());
        // A queue that nobody consumes, such as one for dead letters, is where messages leave the run.
        for queue in (0..score.queues()).filter(|&queue| score.first_group(queue).is_some()) {
            let direct = scenario.producers.iter().any(|p| p.to == Destination::Queue(queue));
            let dead: Vec<usize> = score.dead_from(queue).collect();
            for message in 0..score.len() {
                let mut past = lives.past(queue * score.len() + message);
                // A dead letter reaches its queue when it leaves the other.
                let dying = dead.iter().find_map(|&q| ended.get(&(q, message)));
                past.sent = past.sent.or(dying.map(|l| l.at));
                if past.sent.is_none() && !(direct && score.destination(message) == Destination::Queue(queue)) {
                    continue;
                }
                let stay = Stay { queue, message, past, lost: ended.get(&(queue, message)), planned: dying.is_none() };
                let record = after.record(scenario, score, &stay, watched);
                if record.outcome != Outcome::Rejected && past.sent.is_some() {
                    entered.push(record.sent);
                    left.push(if record.outcome == Outcome::Unfinished { u64::MAX } else { record.finished });
                }
                after.records.push(record);
            }
        }
        after.evidence.inside = inside(&watched.levels, entered, left);
        after
    }

    /// One stay's record; adds to the evidence.
    fn record(&mut self, scenario: &Scenario, score: &Score<'_>, stay: &Stay<'_>, watched: &Watched) -> Record {
        let Stay { queue, message, past, lost, .. } = *stay;
        let evidence = &mut self.evidence;
        // What was never sent reaches the queue after all is over.
        let sent = past.sent.unwrap_or(watched.ended.max(score.sent(message)));
        let nobody = Who { group: score.first_group(queue).unwrap_or(0) as u32, server: 0, deliveries: 0 };
        let who = past.taken.map_or(nobody, |(_, who)| who);

        // Only what the generator sends has an instant to be late for.
        let generated = stay.planned && fed_by_producers_alone(scenario, queue);
        evidence.planned += u64::from(generated && score.sent(message) <= watched.ended);
        if past.sent.is_some() {
            evidence.sent += u64::from(generated);
            evidence.accepted += u64::from(!past.refused);
            evidence.lateness.extend(generated.then(|| sent.saturating_sub(score.sent(message))));
        }
        let (taken, finished, outcome) = match (past.refused, lost, past.taken, past.finished) {
            (true, ..) => (sent, sent, Outcome::Rejected),
            (_, Some(lost), ..) => (lost.at.saturating_sub(past.worked).max(sent), lost.at.max(sent), lost.outcome),
            (_, _, Some((taken, _)), Some(finished)) => {
                evidence.served += 1;
                // A single one makes the run invalid; the record is put in order so that nobody meets a negative time.
                evidence.inversions += u64::from(taken < sent || finished < taken);
                let finished = finished.max(taken).max(sent);
                // What was in service several times has done all its waiting first, as in the simulation.
                let taken = if who.deliveries > 1 { finished.saturating_sub(past.worked) } else { taken }.max(sent);
                evidence.latency.push(finished.saturating_sub(score.due(message)));
                (taken, finished, Outcome::Served)
            }
            (_, _, taken, _) => {
                evidence.unfinished += u64::from(past.sent.is_some());
                evidence.lost += u64::from(past.sent.is_some() && taken.is_none() && !watched.cut_short);
                let end = watched.ended.max(sent);
                (taken.map_or(end, |(at, _)| at), end, Outcome::Unfinished)
            }
        };
        let producer = score.plan.producer_of(message);
        let from = &scenario.producers[producer as usize];
        let id = score.plan.first + message as u64;
        let message = Message { id, due: score.due(message), producer, size: from.size, priority: from.priority };
        let (consumer, server) = (who.group, who.server);
        let deliveries = lost.map_or(who.deliveries, |l| l.deliveries);
        Record { message, sent, taken, finished, queue: queue as u32, consumer, server, deliveries, outcome }
    }
}

/// A message in a queue, as the threads and the target told of it.
struct Stay<'a> {
    queue: usize,
    message: usize,
    past: Past,
    lost: Option<&'a Lost>,
    /// Whether it was sent there rather than thrown.
    planned: bool,
}

/// Messages inside on average over the instants at which the target was asked: by its count, and by the records.
fn inside(levels: &[(u64, u64)], mut entered: Vec<u64>, mut left: Vec<u64>) -> Option<(f64, f64)> {
    entered.sort_unstable();
    left.sort_unstable();
    let until = |instants: &[u64], at: u64| instants.partition_point(|&i| i <= at) as u64;
    let stamped: u64 = levels.iter().map(|&(at, _)| until(&entered, at).saturating_sub(until(&left, at))).sum();
    let counted: u64 = levels.iter().map(|&(_, inside)| inside).sum();
    let looks = levels.len() as f64;
    (looks > 0.0).then(|| (counted as f64 / looks, stamped as f64 / looks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Block;
    use crate::workload::laws::Law;

    #[test]
    fn every_end_of_a_message_is_told() {
        let scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 1);
        let mut due: Vec<u64> = (0..7).map(|i| i * 100).collect();
        due[6] = 540;
        let plan = Block { sent: due.clone(), demand: vec![vec![25; 7]], due, ..Block::default() };
        let score = Score::new(&scenario, &plan).expect("the scenario is the simplest there is");
        let (lives, who) = (Lives::new(7), Who { group: 0, server: 0, deliveries: 1 });
        for i in 0..5 {
            lives.send(i, i as u64 * 100 + 1);
        }
        lives.take(0, 5, who);
        lives.finish(0, 31);
        lives.refuse(1);
        lives.take(3, 310, who);
        lives.send(6, 540);
        lives.take(6, 539, who);
        lives.finish(6, 541);
        let watched = Watched { start: 1_000, ended: 550, cut_short: true, levels: vec![(100, 1), (320, 2)] };
        let lost = Lost { queue: 0, message: 2, at: 1_250, outcome: Outcome::Dropped, deliveries: 0 };
        let after = Aftermath::gather(&scenario, &score, &lives, &[lost], &watched);
        let told: Vec<_> = after.records.iter().map(|r| (r.sent, r.taken, r.finished, r.outcome)).collect();
        assert_eq!(
            told,
            [
                (1, 5, 31, Outcome::Served),
                (101, 101, 101, Outcome::Rejected),
                (201, 250, 250, Outcome::Dropped),
                (301, 310, 550, Outcome::Unfinished),
                (401, 550, 550, Outcome::Unfinished),
                (550, 550, 550, Outcome::Unfinished),
                (540, 540, 541, Outcome::Served),
            ]
        );
        let e = &after.evidence;
        assert_eq!((e.planned, e.sent, e.accepted, e.served, e.unfinished, e.lost), (7, 6, 5, 2, 2, 0));
        assert_eq!(e.latency.as_slice(), &[31, 1][..]);
        assert_eq!(e.inversions, 1, "the last was taken before it was sent");
        assert_eq!(e.inside, Some((1.5, 0.5)));
    }
}

//! Records of messages and evidence for the gates, from the log of visits.

use super::gates::Evidence;
use super::hand_offs::HandOffs;
use super::playable::fed_by_producers_alone;
use super::run_plan::RunPlan;
use super::targets::LostMessage;
use super::visit_log::{ServedBy, VisitLog, VisitOrigin, VisitTrace};
use crate::message::{Message, Outcome, Record};
use std::collections::HashMap;

/// What the watching thread saw of a run. Times are nanoseconds, all but `start` from the start.
#[derive(Debug, Default)]
pub(super) struct Observation {
    /// By the run's clock.
    pub start: u64,
    pub ended: u64,
    pub cut_short: bool,
    /// Instants and messages inside by the target's own count.
    pub levels: Vec<(u64, u64)>,
    /// The same by a broker's own count, where it was asked for it.
    pub by_broker: Vec<(u64, u64)>,
}

/// A visit and its record. A queue that nobody consumes, such as one for dead letters, is where messages
/// leave the run: it has visits and no records of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct VisitRecord {
    pub origin: VisitOrigin,
    pub record: Record,
    /// Nanoseconds for which its sender waited for room before it began.
    pub held: u64,
}

/// The records of a run, and the evidence for its gates.
#[derive(Debug, Default)]
pub(super) struct RunRecords {
    /// By visit; those that were never begun come last.
    pub by_visit: Vec<VisitRecord>,
    pub evidence: Evidence,
    /// By producer: nanoseconds from a sending to the broker's confirm.
    pub confirms: Vec<Vec<u64>>,
}

impl RunRecords {
    pub(super) fn gather(
        run_plan: &RunPlan<'_>,
        visits: &VisitLog,
        lost: &[LostMessage],
        observed: &Observation,
    ) -> Self {
        let ended = ends(run_plan, visits, lost, observed);
        let generated: Vec<bool> =
            (0..run_plan.queues()).map(|queue| fed_by_producers_alone(run_plan.scenario, queue)).collect();
        let confirms = vec![Vec::new(); run_plan.scenario.producers.len()];
        let mut run_records = RunRecords { confirms, ..RunRecords::default() };
        let (mut entered, mut left) = (Vec::new(), Vec::new());
        let mut sent = vec![false; run_plan.len()];
        for visit in 0..visits.len() {
            let origin = *visits.origin(visit).expect("a visit that has begun has an origin");
            if origin.copy.planned {
                sent[origin.copy.identity.number as usize] = true;
            }
            let trace = visits.trace(visit);
            let seen = ObservedVisit {
                origin,
                trace,
                lost: ended.get(&visit).copied(),
                generated: generated[origin.queue as usize],
            };
            let record = run_records.record(run_plan, &seen, observed);
            let held = record.sent.saturating_sub(trace.sent.unwrap_or(record.sent));
            let consumed = run_plan.first_group(origin.queue as usize).is_some();
            if consumed && record.outcome != Outcome::Rejected {
                entered.push(record.sent);
                left.push(if record.outcome == Outcome::Unfinished { u64::MAX } else { record.finished });
            }
            // The broker itself throws a dead letter into the next queue.
            let unconfirmed = trace.confirmed.is_none() && !trace.refused && !origin.dead;
            run_records.evidence.unconfirmed += u64::from(unconfirmed);
            let confirms = run_records.confirms.get_mut(record.message.producer as usize);
            // What consumers send on is not the producer's sending.
            if let Some((confirms, at)) = confirms.zip(trace.confirmed).filter(|_| origin.before.is_none()) {
                confirms.push(at.saturating_sub(record.sent));
            }
            run_records.by_visit.push(VisitRecord { origin, record, held });
        }
        for message in (0..run_plan.len()).filter(|&message| !sent[message]) {
            run_records.unsent(run_plan, message, observed);
        }
        entered.sort_unstable();
        left.sort_unstable();
        run_records.evidence.inside = inside(&observed.levels, &entered, &left);
        let by_broker: Vec<_> =
            observed.by_broker.iter().filter(|(at, _)| *at <= observed.ended).copied().collect();
        run_records.evidence.inside_broker = inside(&by_broker, &entered, &left);
        run_records.evidence.hand_offs =
            HandOffs::of(run_plan, run_records.by_visit.iter().map(|v| &v.record));
        run_records
    }

    /// The records, queue by queue and in the order of the messages.
    pub(super) fn records(&self, run_plan: &RunPlan<'_>) -> Vec<Record> {
        let consumed = |t: &&VisitRecord| run_plan.first_group(t.origin.queue as usize).is_some();
        let mut records: Vec<Record> = self.by_visit.iter().filter(consumed).map(|t| t.record).collect();
        records.sort_by_key(|r| (r.queue, r.message.id, r.sent));
        records
    }

    /// A message that was never sent reaches its queues after all is over.
    fn unsent(&mut self, run_plan: &RunPlan<'_>, message: usize, observed: &Observation) {
        let id = run_plan.waiting() + run_plan.block.first + message as u64;
        let origin = VisitOrigin::new(id, run_plan.due(message), run_plan.copy_of(message));
        let mut queues = Vec::new();
        run_plan.each_copy(run_plan.destination(message), |queue| queues.push(queue));
        for queue in queues {
            let origin = VisitOrigin { queue: queue as u32, ..origin };
            let seen = ObservedVisit {
                origin,
                trace: VisitTrace::default(),
                lost: None,
                generated: fed_by_producers_alone(run_plan.scenario, queue),
            };
            let record = self.record(run_plan, &seen, observed);
            self.by_visit.push(VisitRecord { origin, record, held: 0 });
        }
    }

    /// One visit's record; adds to the evidence.
    fn record(&mut self, run_plan: &RunPlan<'_>, seen: &ObservedVisit, observed: &Observation) -> Record {
        let ObservedVisit { origin, trace, lost, generated } = *seen;
        let queue = origin.queue as usize;
        let evidence = &mut self.evidence;
        let planned = origin.copy.planned.then(|| run_plan.sent(origin.copy.identity.number as usize));
        // What was never sent reaches the queue after all is over.
        let begun = trace.sent.unwrap_or(observed.ended.max(planned.unwrap_or(0)));
        let sent = if run_plan.blocks(queue) { reached(&trace, begun) } else { begun };
        let nobody =
            ServedBy { group: run_plan.first_group(queue).unwrap_or(0) as u32, server: 0, deliveries: 0 };
        let latest = trace.taken.map_or(nobody, |(_, served_by)| served_by);
        let served_by = trace.finisher.unwrap_or(latest);

        // Only what the generator sends at an instant that was planned can be late.
        if let Some(planned) = planned.filter(|_| generated) {
            evidence.planned += u64::from(planned <= observed.ended);
            evidence.sent += u64::from(trace.sent.is_some());
            evidence.lateness.extend(trace.sent.map(|sent| sent.saturating_sub(planned)));
        }
        evidence.repeated += repeated(run_plan, seen, observed.ended);
        evidence.accepted +=
            u64::from(trace.sent.is_some() && !trace.refused && run_plan.first_group(queue).is_some());
        let (taken, finished, outcome) = match (trace.refused, lost, trace.taken, trace.finished) {
            (true, ..) => (sent, sent, Outcome::Rejected),
            (_, Some(lost), _, None) => {
                (lost.at.saturating_sub(trace.worked).max(sent), lost.at.max(sent), lost.outcome)
            }
            (_, _, Some((taken, _)), Some(finished)) if trace.failed => {
                (taken.min(finished).max(sent), finished.max(sent), Outcome::Dropped)
            }
            (_, _, Some((taken, _)), Some(finished)) => {
                evidence.served += 1;
                // A single one makes the run invalid; the record is put in order so that nobody meets a
                // negative time. What was delivered again may have been taken again after its end.
                evidence.inversions += u64::from(taken < sent || finished < taken && latest.deliveries <= 1);
                let finished = finished.max(sent);
                // What was in service several times has done all its waiting first, as in the simulation.
                let taken = if served_by.deliveries > 1 {
                    finished.saturating_sub(trace.worked)
                } else {
                    taken.min(finished)
                }
                .max(sent);
                evidence.latency.push(finished.saturating_sub(origin.due));
                (taken, finished, Outcome::Served)
            }
            _ if run_plan.first_group(queue).is_none() && trace.sent.is_some() => {
                (sent, sent, Outcome::DeadLettered)
            }
            (_, _, taken, _) => {
                evidence.unfinished += u64::from(trace.sent.is_some());
                evidence.lost += u64::from(trace.sent.is_some() && taken.is_none() && !observed.cut_short);
                let end = observed.ended.max(sent);
                (taken.map_or(end, |(at, _)| at), end, Outcome::Unfinished)
            }
        };
        let producer = origin.copy.producer;
        let from = run_plan.scenario.producers.get(producer as usize);
        let (size, priority) = from.map_or((0, 0), |p| (p.size, p.priority));
        let message = Message { id: origin.id, due: origin.due, producer, size, priority };
        let (consumer, server) = (served_by.group, served_by.server);
        let deliveries = lost.map_or(served_by.deliveries, |l| l.deliveries);
        Record { message, sent, taken, finished, queue: origin.queue, consumer, server, deliveries, outcome }
    }
}

/// When a message that was sent at an instant reached a queue whose senders wait for room. It may be taken
/// before its sender has noticed.
fn reached(trace: &VisitTrace, begun: u64) -> u64 {
    let taken = trace.taken.map(|(at, _)| at);
    trace.accepted.into_iter().chain(taken).min().unwrap_or(begun).max(begun)
}

/// Redeliveries of a message that neither a negative acknowledgement nor a visibility timeout explains.
fn repeated(run_plan: &RunPlan<'_>, seen: &ObservedVisit, ended: u64) -> u64 {
    let ObservedVisit { origin, trace, .. } = *seen;
    let Some((_, latest)) = trace.taken else { return 0 };
    let last = trace.finisher.map_or(latest.deliveries, |served_by| served_by.deliveries);
    let there = trace.finished.unwrap_or(ended).saturating_sub(trace.sent.unwrap_or(0));
    let lease = run_plan.first_group(origin.queue as usize).and_then(|group| run_plan.groups[group].lease);
    let over = lease.map_or(0, |lease| there / lease.max(1));
    u64::from(latest.deliveries - last) + u64::from(last).saturating_sub(1 + trace.returned + over)
}

/// All that is known of a visit, from the threads and from the target.
#[derive(Clone, Copy)]
struct ObservedVisit {
    origin: VisitOrigin,
    trace: VisitTrace,
    lost: Option<LostMessage>,
    /// Whether all that its queue gets comes from the generator.
    generated: bool,
}

/// By visit: how it was lost, if it was. A dead letter that no server ever had begins its visit here.
fn ends(
    run_plan: &RunPlan<'_>,
    visits: &VisitLog,
    lost: &[LostMessage],
    observed: &Observation,
) -> HashMap<usize, LostMessage> {
    let mut ended = HashMap::with_capacity(lost.len());
    // In the order of time, so that a message is lost in one queue before it is in the next.
    let mut lost: Vec<LostMessage> =
        lost.iter().map(|l| LostMessage { at: l.at.saturating_sub(observed.start), ..*l }).collect();
    lost.sort_by_key(|l| l.at);
    for one in lost {
        let mut visit = one.message as usize;
        let Some(mut origin) = visits.origin(visit).copied() else { continue };
        // What was lost here may have come as a dead letter from elsewhere.
        while origin.queue as usize != one.queue {
            let Some(next) = visits.trace(visit).dead_letter_visit else { break };
            let Some(further) = visits.origin(next) else { break };
            (visit, origin) = (next, *further);
        }
        ended.insert(visit, one);
        if let Some(dead) = run_plan.scenario.queues[one.queue].dead_letter {
            let origin = origin.thrown(dead as u32, visit);
            let next = visits.dead_letter_visit(visit, || visits.begin(origin, one.at));
            // A server that had it could not know since when it was there.
            next.into_iter().for_each(|next| visits.set_sent(next, one.at));
        }
    }
    ended
}

/// Messages inside on average over the instants at which the target was asked: by its count, and by the
/// records, whose instants are in order.
fn inside(levels: &[(u64, u64)], entered: &[u64], left: &[u64]) -> Option<(f64, f64)> {
    let until = |instants: &[u64], at: u64| instants.partition_point(|&i| i <= at) as u64;
    let stamped: u64 = levels.iter().map(|&(at, _)| until(entered, at).saturating_sub(until(left, at))).sum();
    let counted: u64 = levels.iter().map(|&(_, inside)| inside).sum();
    let looks = levels.len() as f64;
    (looks > 0.0).then(|| (counted as f64 / looks, stamped as f64 / looks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use crate::workload::Block;
    use crate::workload::laws::Law;

    /// Two deliveries of a message sent at 0, the second done at an instant, with so many given back, the
    /// time to settle it (if any), and the delivery whose acknowledgement was accepted.
    fn repeated_in(finished: u64, returned: u64, lease: Option<f64>, accepted: u32) -> u64 {
        let mut scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 2);
        scenario.queues[0].visibility_timeout = lease;
        let plan = Block { due: vec![0], sent: vec![0], demand: vec![vec![0]], ..Block::default() };
        let run_plan = RunPlan::new(&scenario, &plan).expect("it can be played");
        let (visits, served_by) =
            (VisitLog::new(1, 1), |deliveries| ServedBy { group: 0, server: deliveries, deliveries });
        let visit = visits.begin(VisitOrigin::new(0, 0, run_plan.copy_of(0)), 0).expect("room");
        (0..returned).for_each(|_| visits.give_back(visit));
        // The first waited in a window for so long that its work begins after all.
        assert!(visits.take(visit, 60, served_by(2)) && visits.take(visit, finished + 10, served_by(1)));
        visits.finish(visit, finished, served_by(accepted));
        let observed = Observation { ended: 1_000, ..Observation::default() };
        let run_records = RunRecords::gather(&run_plan, &visits, &[], &observed);
        assert_eq!(run_records.evidence.inversions, 0);
        let record = run_records.records(&run_plan)[0];
        assert_eq!((record.finished, record.deliveries, record.server), (finished, accepted, accepted));
        run_records.evidence.repeated
    }

    #[test]
    fn a_second_delivery_needs_an_end_of_the_first() {
        assert_eq!(repeated_in(90, 0, Some(50e-9), 2), 0, "it was not settled within 50 ns");
        assert_eq!(repeated_in(90, 1, None, 2), 0, "it was given back");
        assert_eq!(repeated_in(90, 0, None, 2), 1, "no reason");
        assert_eq!(repeated_in(90, 0, Some(100e-9), 2), 1, "there were 10 ns left");
        assert_eq!(
            repeated_in(90, 0, Some(50e-9), 1),
            1,
            "it came again after its acknowledgement was accepted"
        );
    }

    #[test]
    fn every_end_of_a_message_is_recorded() {
        let scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 1);
        let mut due: Vec<u64> = (0..7).map(|i| i * 100).collect();
        due[6] = 540;
        let plan = Block { sent: due.clone(), demand: vec![vec![25; 7]], due, ..Block::default() };
        let run_plan = RunPlan::new(&scenario, &plan).expect("the scenario is the simplest there is");
        let (visits, served_by) = (VisitLog::new(7, 7), ServedBy { group: 0, server: 0, deliveries: 1 });
        for i in 0..5 {
            visits
                .begin(VisitOrigin::new(i, plan.due[i as usize], run_plan.copy_of(i as usize)), i * 100 + 1)
                .expect("room");
        }
        visits.take(0, 5, served_by);
        visits.finish(0, 31, served_by);
        visits.refuse(1);
        visits.take(3, 310, served_by);
        let sixth = visits.begin(VisitOrigin::new(6, 540, run_plan.copy_of(6)), 540).expect("room");
        visits.take(sixth, 539, served_by);
        visits.finish(sixth, 541, served_by);
        let observed = Observation {
            start: 1_000,
            ended: 550,
            cut_short: true,
            levels: vec![(100, 1), (320, 2)],
            by_broker: vec![(320, 1), (600, 9)],
        };
        let lost = LostMessage { queue: 0, message: 2, at: 1_250, outcome: Outcome::Dropped, deliveries: 0 };
        let run_records = RunRecords::gather(&run_plan, &visits, &[lost], &observed);
        let recorded: Vec<_> =
            run_records.records(&run_plan).iter().map(|r| (r.sent, r.taken, r.finished, r.outcome)).collect();
        assert_eq!(
            recorded,
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
        let e = &run_records.evidence;
        assert_eq!((e.planned, e.sent, e.accepted, e.served, e.unfinished, e.lost), (7, 6, 5, 2, 2, 0));
        assert_eq!(e.latency.as_slice(), &[31, 1][..]);
        assert_eq!(e.inversions, 1, "the last was taken before it was sent");
        assert_eq!(e.hand_offs, HandOffs { count: 2, nanos: 4, idle: 2, idle_nanos: 4 });
        assert_eq!(e.inside, Some((1.5, 0.5)));
        assert_eq!(e.inside_broker, Some((1.0, 1.0)), "what it said after the end is not looked at");
    }
}

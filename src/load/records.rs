//! From what the threads wrote down to records, and to the evidence for the gates.

use super::gates::Evidence;
use super::playable::fed_by_producers_alone;
use super::score::Score;
use super::stays::{Origin, Past, Stays, Who};
use super::targets::Lost;
use crate::message::{Message, Outcome, Record};
use std::collections::HashMap;

/// What was seen from outside while the run lasted. Times are nanoseconds, all but `start` from the start.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// By the run's clock.
    pub start: u64,
    pub ended: u64,
    pub cut_short: bool,
    /// Instants and messages inside by the target's own count.
    pub levels: Vec<(u64, u64)>,
}

/// A stay and its record. A queue that nobody consumes, such as one for dead letters, is where messages leave the run: it has stays
/// and no records of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub origin: Origin,
    pub record: Record,
    /// Nanoseconds for which its sender waited for room before it began.
    pub held: u64,
}

/// All that a run leaves.
#[derive(Debug, Default)]
pub(super) struct Aftermath {
    /// By stay; those that were never begun come last.
    pub told: Vec<Told>,
    pub evidence: Evidence,
}

impl Aftermath {
    pub(super) fn gather(score: &Score<'_>, stays: &Stays, lost: &[Lost], watched: &Watched) -> Self {
        let ended = ends(score, stays, lost, watched);
        let generated: Vec<bool> = (0..score.queues()).map(|queue| fed_by_producers_alone(score.scenario, queue)).collect();
        let mut after = Aftermath::default();
        let (mut entered, mut left) = (Vec::new(), Vec::new());
        let mut sent = vec![false; score.len()];
        for stay in 0..stays.len() {
            let origin = *stays.origin(stay).expect("a stay that has begun has an origin");
            if origin.copy.planned {
                sent[origin.copy.identity.number as usize] = true;
            }
            let past = stays.past(stay);
            let seen = Seen { origin, past, lost: ended.get(&stay).copied(), generated: generated[origin.queue as usize] };
            let record = after.record(score, &seen, watched);
            let held = record.sent.saturating_sub(past.sent.unwrap_or(record.sent));
            let consumed = score.first_group(origin.queue as usize).is_some();
            if consumed && record.outcome != Outcome::Rejected {
                entered.push(record.sent);
                left.push(if record.outcome == Outcome::Unfinished { u64::MAX } else { record.finished });
            }
            after.told.push(Told { origin, record, held });
        }
        for message in (0..score.len()).filter(|&message| !sent[message]) {
            after.unsent(score, message, watched);
        }
        after.evidence.inside = inside(&watched.levels, entered, left);
        after.evidence.hand_offs = HandOffs::of(score, &after.told);
        after
    }

    /// The records, queue by queue and in the order of the messages.
    pub(super) fn records(&self, score: &Score<'_>) -> Vec<Record> {
        let consumed = |t: &&Told| score.first_group(t.origin.queue as usize).is_some();
        let mut records: Vec<Record> = self.told.iter().filter(consumed).map(|t| t.record).collect();
        records.sort_by_key(|r| (r.queue, r.message.id, r.sent));
        records
    }

    /// A message that was never sent reaches its queues after all is over.
    fn unsent(&mut self, score: &Score<'_>, message: usize, watched: &Watched) {
        let id = score.waiting() + score.plan.first + message as u64;
        let origin = Origin::new(id, score.due(message), score.copy_of(message));
        let mut queues = Vec::new();
        score.each_copy(score.destination(message), |queue| queues.push(queue));
        for queue in queues {
            let origin = Origin { queue: queue as u32, ..origin };
            let seen = Seen { origin, past: Past::default(), lost: None, generated: fed_by_producers_alone(score.scenario, queue) };
            let record = self.record(score, &seen, watched);
            self.told.push(Told { origin, record, held: 0 });
        }
    }

    /// One stay's record; adds to the evidence.
    fn record(&mut self, score: &Score<'_>, seen: &Seen, watched: &Watched) -> Record {
        let Seen { origin, past, lost, generated } = *seen;
        let queue = origin.queue as usize;
        let evidence = &mut self.evidence;
        let planned = origin.copy.planned.then(|| score.sent(origin.copy.identity.number as usize));
        // What was never sent reaches the queue after all is over.
        let begun = past.sent.unwrap_or(watched.ended.max(planned.unwrap_or(0)));
        let sent = if score.blocks(queue) { reached(&past, begun) } else { begun };
        let nobody = Who { group: score.first_group(queue).unwrap_or(0) as u32, server: 0, deliveries: 0 };
        let latest = past.taken.map_or(nobody, |(_, who)| who);
        let who = past.finisher.unwrap_or(latest);

        // Only what the generator sends at an instant that was planned can be late.
        if let Some(planned) = planned.filter(|_| generated) {
            evidence.planned += u64::from(planned <= watched.ended);
            evidence.sent += u64::from(past.sent.is_some());
            evidence.lateness.extend(past.sent.map(|sent| sent.saturating_sub(planned)));
        }
        evidence.repeated += repeated(score, seen, watched.ended);
        evidence.accepted += u64::from(past.sent.is_some() && !past.refused && score.first_group(queue).is_some());
        let (taken, finished, outcome) = match (past.refused, lost, past.taken, past.finished) {
            (true, ..) => (sent, sent, Outcome::Rejected),
            (_, Some(lost), _, None) => (lost.at.saturating_sub(past.worked).max(sent), lost.at.max(sent), lost.outcome),
            (_, _, Some((taken, _)), Some(finished)) if past.failed => {
                (taken.min(finished).max(sent), finished.max(sent), Outcome::Dropped)
            }
            (_, _, Some((taken, _)), Some(finished)) => {
                evidence.served += 1;
                // A single one makes the run invalid; the record is put in order so that nobody meets a negative time.
                evidence.inversions += u64::from(taken < sent || finished < taken && who.deliveries <= 1);
                let finished = finished.max(sent);
                // What was in service several times has done all its waiting first, as in the simulation.
                let taken = if who.deliveries > 1 { finished.saturating_sub(past.worked) } else { taken.min(finished) }.max(sent);
                evidence.latency.push(finished.saturating_sub(origin.due));
                (taken, finished, Outcome::Served)
            }
            _ if score.first_group(queue).is_none() && past.sent.is_some() => (sent, sent, Outcome::DeadLettered),
            (_, _, taken, _) => {
                evidence.unfinished += u64::from(past.sent.is_some());
                evidence.lost += u64::from(past.sent.is_some() && taken.is_none() && !watched.cut_short);
                let end = watched.ended.max(sent);
                (taken.map_or(end, |(at, _)| at), end, Outcome::Unfinished)
            }
        };
        let producer = origin.copy.producer;
        let from = score.scenario.producers.get(producer as usize);
        let (size, priority) = from.map_or((0, 0), |p| (p.size, p.priority));
        let message = Message { id: origin.id, due: origin.due, producer, size, priority };
        let (consumer, server) = (who.group, who.server);
        let deliveries = lost.map_or(who.deliveries, |l| l.deliveries);
        Record { message, sent, taken, finished, queue: origin.queue, consumer, server, deliveries, outcome }
    }
}

/// When a message that was sent at an instant reached a queue whose senders wait for room. It may be taken before its sender has noticed.
fn reached(past: &Past, begun: u64) -> u64 {
    let taken = past.taken.map(|(at, _)| at);
    past.accepted.into_iter().chain(taken).min().unwrap_or(begun).max(begun)
}

/// How often a message was delivered although its delivery before had not ended, or had been its last: one ends when the message is given
/// back, or when it is not settled in the time that there is for that.
fn repeated(score: &Score<'_>, seen: &Seen, ended: u64) -> u64 {
    let Seen { origin, past, .. } = *seen;
    let Some((_, latest)) = past.taken else { return 0 };
    let last = past.finisher.map_or(latest.deliveries, |who| who.deliveries);
    let there = past.finished.unwrap_or(ended).saturating_sub(past.sent.unwrap_or(0));
    let lease = score.first_group(origin.queue as usize).and_then(|group| score.groups[group].lease);
    let over = lease.map_or(0, |lease| there / lease.max(1));
    u64::from(latest.deliveries - last) + u64::from(last).saturating_sub(1 + past.returned + over)
}

/// How long messages waited that a free server could have taken: wake-ups, and the way from one message to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct HandOffs {
    pub count: u64,
    pub nanos: u64,
    /// Those of them that came to a server that had nothing to do.
    pub idle: u64,
    pub idle_nanos: u64,
}

impl HandOffs {
    /// Those of the servers whose every service is told, and who take a message as soon as they can.
    fn of(score: &Score<'_>, told: &[Told]) -> Self {
        let plain: Vec<bool> = (0..score.groups.len()).map(|group| score.takes_at_once(group)).collect();
        let served = |t: &&Told| t.record.outcome == Outcome::Served && plain[t.record.consumer as usize];
        let mut services: Vec<&Record> = told.iter().filter(served).map(|t| &t.record).collect();
        services.sort_unstable_by_key(|r| (r.consumer, r.server, r.taken));
        let (mut out, mut server, mut free) = (HandOffs::default(), None, 0);
        for r in services {
            if server.replace((r.consumer, r.server)) != Some((r.consumer, r.server)) {
                free = 0;
            }
            let took = r.taken.saturating_sub(free.max(r.sent));
            (out.count, out.nanos) = (out.count + 1, out.nanos + took);
            if r.sent > free {
                (out.idle, out.idle_nanos) = (out.idle + 1, out.idle_nanos + took);
            }
            free = r.finished;
        }
        out
    }

    /// Seconds a message.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.nanos as f64 / self.count as f64 / 1e9)
    }

    /// The share of the messages that came to an idle server, and seconds that each waited for it.
    pub(super) fn woken(&self) -> Option<(f64, f64)> {
        (self.idle > 0).then(|| (self.idle as f64 / self.count as f64, self.idle_nanos as f64 / self.idle as f64 / 1e9))
    }
}

/// A stay, as the threads and the target told of it.
#[derive(Clone, Copy)]
struct Seen {
    origin: Origin,
    past: Past,
    lost: Option<Lost>,
    /// Whether all that its queue gets comes from the generator.
    generated: bool,
}

/// By stay: how it was lost, if it was. A dead letter that no server ever had begins its stay here.
fn ends(score: &Score<'_>, stays: &Stays, lost: &[Lost], watched: &Watched) -> HashMap<usize, Lost> {
    let mut ended = HashMap::with_capacity(lost.len());
    // In the order of time, so that a message is lost in one queue before it is in the next.
    let mut lost: Vec<Lost> = lost.iter().map(|l| Lost { at: l.at.saturating_sub(watched.start), ..*l }).collect();
    lost.sort_by_key(|l| l.at);
    for one in lost {
        let mut stay = one.message as usize;
        let Some(mut origin) = stays.origin(stay).copied() else { continue };
        // What was lost here may have come as a dead letter from elsewhere.
        while origin.queue as usize != one.queue {
            let Some(next) = stays.past(stay).afterlife else { break };
            let Some(further) = stays.origin(next) else { break };
            (stay, origin) = (next, *further);
        }
        ended.insert(stay, one);
        if let Some(dead) = score.scenario.queues[one.queue].dead_letter {
            let origin = origin.thrown(dead as u32, stay);
            let next = stays.afterlife(stay, || stays.begin(origin, one.at));
            // A server that had it could not know since when it was there.
            next.into_iter().for_each(|next| stays.set_sent(next, one.at));
        }
    }
    ended
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
    use crate::scenario::Scenario;
    use crate::workload::Block;
    use crate::workload::laws::Law;

    #[test]
    fn a_hand_off_begins_when_message_and_server_are_there() {
        let scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 2);
        let plan = Block { due: vec![0; 4], sent: vec![0; 4], demand: vec![vec![0; 4]], ..Block::default() };
        let score = Score::new(&scenario, &plan).expect("the scenario is the simplest there is");
        let told = |(server, sent, taken, finished): (u32, u64, u64, u64)| {
            let message = Message::default();
            let (queue, consumer, deliveries, outcome) = (0, 0, 1, Outcome::Served);
            let record = Record { message, sent, taken, finished, queue, consumer, server, deliveries, outcome };
            Told { origin: Origin::new(0, 0, score.copy_of(0)), record, held: 0 }
        };
        // Two came to an idle server, one waited for its turn and one just missed the end of the service before.
        let all = [(0, 120, 202, 300), (0, 1, 10, 100), (1, 60, 65, 90), (0, 50, 103, 200)].map(told);
        assert_eq!(HandOffs::of(&score, &all), HandOffs { count: 4, nanos: 9 + 5 + 3 + 2, idle: 2, idle_nanos: 9 + 5 });
        let mut retries = scenario.clone();
        retries.consumers[0].failure = 0.1;
        let score = Score::new(&retries, &plan).expect("retries are played");
        assert_eq!(HandOffs::of(&score, &all).count, 0, "what failed kept a server busy, too");
    }

    /// Two deliveries of a message sent at 0, the second done at an instant, with so many given back, the time to settle it (if any), and the
    /// delivery whose acknowledgement was accepted.
    fn told_twice(finished: u64, returned: u64, lease: Option<f64>, accepted: u32) -> u64 {
        let mut scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 2);
        scenario.queues[0].visibility_timeout = lease;
        let plan = Block { due: vec![0], sent: vec![0], demand: vec![vec![0]], ..Block::default() };
        let score = Score::new(&scenario, &plan).expect("it can be played");
        let (stays, who) = (Stays::new(1, 1), |deliveries| Who { group: 0, server: deliveries, deliveries });
        let stay = stays.begin(Origin::new(0, 0, score.copy_of(0)), 0).expect("room");
        (0..returned).for_each(|_| stays.give_back(stay));
        // The first waited in a window for so long that its work begins after all.
        assert!(stays.take(stay, 60, who(2)) && stays.take(stay, finished + 10, who(1)));
        stays.finish(stay, finished, who(accepted));
        let watched = Watched { ended: 1_000, ..Watched::default() };
        let after = Aftermath::gather(&score, &stays, &[], &watched);
        assert_eq!(after.evidence.inversions, 0);
        let record = after.records(&score)[0];
        assert_eq!((record.finished, record.deliveries, record.server), (finished, accepted, accepted));
        after.evidence.repeated
    }

    #[test]
    fn a_second_delivery_needs_an_end_of_the_first() {
        assert_eq!(told_twice(90, 0, Some(50e-9), 2), 0, "it was not settled within 50 ns");
        assert_eq!(told_twice(90, 1, None, 2), 0, "it was given back");
        assert_eq!(told_twice(90, 0, None, 2), 1, "no reason");
        assert_eq!(told_twice(90, 0, Some(100e-9), 2), 1, "there were 10 ns left");
        assert_eq!(told_twice(90, 0, Some(50e-9), 1), 1, "it came again after its acknowledgement was accepted");
    }

    #[test]
    fn every_end_of_a_message_is_told() {
        let scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 1);
        let mut due: Vec<u64> = (0..7).map(|i| i * 100).collect();
        due[6] = 540;
        let plan = Block { sent: due.clone(), demand: vec![vec![25; 7]], due, ..Block::default() };
        let score = Score::new(&scenario, &plan).expect("the scenario is the simplest there is");
        let (stays, who) = (Stays::new(7, 7), Who { group: 0, server: 0, deliveries: 1 });
        for i in 0..5 {
            stays.begin(Origin::new(i, plan.due[i as usize], score.copy_of(i as usize)), i * 100 + 1).expect("room");
        }
        stays.take(0, 5, who);
        stays.finish(0, 31, who);
        stays.refuse(1);
        stays.take(3, 310, who);
        let sixth = stays.begin(Origin::new(6, 540, score.copy_of(6)), 540).expect("room");
        stays.take(sixth, 539, who);
        stays.finish(sixth, 541, who);
        let watched = Watched { start: 1_000, ended: 550, cut_short: true, levels: vec![(100, 1), (320, 2)] };
        let lost = Lost { queue: 0, message: 2, at: 1_250, outcome: Outcome::Dropped, deliveries: 0 };
        let after = Aftermath::gather(&score, &stays, &[lost], &watched);
        let told: Vec<_> = after.records(&score).iter().map(|r| (r.sent, r.taken, r.finished, r.outcome)).collect();
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
        assert_eq!(e.hand_offs, HandOffs { count: 2, nanos: 4, idle: 2, idle_nanos: 4 });
        assert_eq!(e.inside, Some((1.5, 0.5)));
    }
}

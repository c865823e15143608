//! The measurement's three answers: what was measured, the same plan on a perfect host, and what really happened replayed.
//!
//! A measurement is one plan. The *rehearsal* simulates that very plan, so that no sampling error lies between the two; the
//! *replay* simulates the sends and service times that really happened, so that the host's share of the difference is
//! told apart from the queue's.

use super::measured::{Grids, Told};
use super::transient;
use super::watch::Watch;
use crate::answer::{Answer, Distribution, Estimate, Method, Moment, PERCENTILES, Reason, Unanswered, path, share_of};
use crate::behaviour::Role;
use crate::load::{self, LoadError};
use crate::message::{Happened, Keep, Outcome, Record};
use crate::rng::Key;
use crate::scenario::{Arrivals, Consumer, Discipline, Durability, Overflow, Queue, Scenario, circle, waits};
use crate::sim::{Engine, Station};
use crate::stats::{Collector, Levels, Places, Span, Summary, combine, levels_of};
use crate::units::{Time, nanos, seconds, significant};
use crate::workload::{Block, Kept};

/// The share of a measurement's messages that is left out at its start.
const WARMUP: f64 = 0.05;
/// Batches that the rest is cut into for intervals.
const BATCHES: u64 = 20;
/// Nanoseconds that a hand-off between threads takes: a shorter wait is none. The same for all three, which are compared.
const AT_ONCE: u64 = 100_000;
/// Messages that must lie beyond a percentile.
const LEAST_BEYOND: f64 = 10.0;
/// The last share of a run that was cut short in which nothing happens if it is a deadlock that ended it.
const STILL: f64 = 0.2;
/// Points of a timeline.
const GRID: usize = 500;
/// By whom the simulated answers are.
const REHEARSAL: &str = "simulation of the very plan that was measured";
const REPLAY: &str = "simulation of the sends and service times that really happened";
/// The most messages that a measurement keeps.
const MOST_MESSAGES: u64 = 20_000_000;

/// A scenario measured.
pub(super) struct Measured {
    /// Rehearsal, measurement and replay.
    pub answers: Vec<Answer>,
    /// Seconds, in the scenario's time, until a message reached a consumer that had nothing to do; `None` if none had.
    pub hand_off: Option<f64>,
    /// Nanoseconds of group commits before the run, where messages are durable.
    pub syncs: Vec<u64>,
}

/// Rehearsal, measurement and replay of a scenario, or why there is none.
///
/// # Errors
/// A refusal that says why: what the target cannot do, or a load beyond the host.
pub(super) fn measure(scenario: &Scenario, watch: &dyn Watch) -> Result<Vec<Answer>, Unanswered> {
    measured(scenario, watch).map(|measured| measured.answers)
}

/// The plan of a measurement simulated, whatever the scenario says that a host adds, with group commits as they were seen.
///
/// # Errors
/// A refusal that says why.
pub(super) fn rehearsed(scenario: &Scenario, syncs: &[u64]) -> Result<Answer, Unanswered> {
    let refuse = |why: String| Reason::from(why).by(Method::Rehearsal);
    let planned = planned(scenario).map_err(refuse)?;
    let before = scenario.backlog();
    let messages = before + planned.len() as u64;
    let host = Happened { commits: commits(scenario, syncs, planned.len()), ..Happened::default() };
    let told = Told::replay(scenario, &planned, &host, messages).map_err(refuse)?;
    let summaries = Summaries::new(scenario, messages as usize, |window| told.summary(scenario, window, GRID));
    Ok(answer(scenario, Method::Rehearsal, REHEARSAL, &summaries))
}

/// Measures a scenario, with what the run showed of the host.
///
/// # Errors
/// A refusal that says why: what the target cannot do, or a load beyond the host.
pub(super) fn measured(scenario: &Scenario, watch: &dyn Watch) -> Result<Measured, Unanswered> {
    let refuse = |reason: Reason| reason.by(Method::Measurement);
    let closed = is_closed(scenario);
    let station = Station::of(scenario).ok().filter(|_| !closed);
    // Messages that are there before the first of the plan.
    let before = scenario.backlog();
    let loads = crate::theory::explain(scenario).loads;
    if let Some(rho) = loads.first().filter(|load| station.is_some() && load.grows()).and_then(|load| load.fullest()) {
        return Err(refuse(Reason::Unstable(format!("rho = {}, the backlog only grows", significant(rho, 4)))));
    }
    let speed = scenario.measurement.speed;
    let planned = planned(scenario).map_err(|why| refuse(why.into()))?;
    let played = scaled(&planned, 1.0 / speed);
    let progress = |done: f64| watch.says("measurement", done, &format!("{} messages", planned.len()));
    let control = load::Control { progress: &progress, stopped: &|| watch.stopped() };
    let run = load::measure(scenario, &played, &control).map_err(|e| refuse(reason(e)))?;
    let happened = slowed(run.happened, speed);
    let mut measured = Told::measured(run.records, run.exits);
    measured.stretch(speed);
    let mut caveats = run.caveats;
    let stuck = deadlock(scenario, &measured, run.cut_short, run.ended as f64 * speed);
    let planned = if run.cut_short {
        let due = before + planned.sent.partition_point(|&at| at <= (run.ended as f64 * speed) as u64) as u64;
        caveats.extend(censored(measured.finished(), due));
        finished(planned, &mut measured, before)
    } else {
        planned
    };
    caveats.extend(stuck.clone());
    if measured.messages() < 2 * BATCHES {
        let stuck = stuck.map_or(String::new(), |stuck| format!("{stuck}; "));
        let few = format!("{stuck}only {} messages were finished when the run was cut short", measured.messages());
        return Err(refuse(Reason::Failed(few)));
    }
    let mut answers = match station {
        Some(station) => single(scenario, &station, &planned, &run.by, &measured.stays),
        None => {
            let commits = commits(scenario, &run.syncs, planned.len());
            network(scenario, &planned, &run.by, &measured, &[Happened { commits, ..Happened::default() }, happened])
        }
    };
    for measurement in answers.iter_mut().filter(|a| a.method == Method::Measurement) {
        measurement.gates.clone_from(&run.gates);
        measurement.host.clone_from(&run.host);
        measurement.caveats.extend(caveats.iter().cloned());
        measurement.caveats.extend(late_expiry(scenario));
        if transient::applies(scenario) {
            measurement.caveats.push(
                "there is no steady state: figures are over the whole run, of which there is one, so that they have no intervals".into(),
            );
        }
    }
    Ok(Measured { answers, hand_off: run.hand_off.map(|nanos| nanos * speed / 1e9), syncs: run.syncs })
}

fn reason(refused: LoadError) -> Reason {
    match refused {
        LoadError::NoDisk { .. } | LoadError::NoThread { .. } => Reason::Failed(refused.to_string()),
        _ => Reason::Unsupported(refused.to_string()),
    }
}

/// That consumers wait for room in a circle, if that is why a run had to be cut short (at an instant in nanoseconds).
fn deadlock(scenario: &Scenario, measured: &Told, cut_short: bool, ended: f64) -> Option<String> {
    let circle = circle(scenario);
    if !cut_short || circle.is_empty() {
        return None;
    }
    let served = measured.stays.iter().filter(|r| r.outcome == Outcome::Served && circle.contains(&(r.queue as usize)));
    let last = served.map(|r| r.finished).max().unwrap_or(0) as f64;
    (last < (1.0 - STILL) * ended).then(|| {
        let (since, waits) = (Time(last / 1e9), waits(scenario, &circle));
        format!("deadlock: after {since} nobody went on, as {waits}; use another overflow than \"block\" in this circle")
    })
}

/// Where the real queue throws out later than the simulation what has waited too long: at the head of the line, as brokers do.
fn late_expiry(scenario: &Scenario) -> Option<String> {
    let late = |q: &&Queue| q.message_ttl.as_ref().is_some_and(|ttl| ttl.scv() > 0.0 || q.discipline != Discipline::Fifo);
    let queue = &scenario.queues.iter().find(late)?.name;
    Some(format!(
        "what has expired in `{queue}` is thrown out when it comes to the head of the line, and at once in the simulation: the same messages are \
         served, but the measured line is longer"
    ))
}

fn is_closed(scenario: &Scenario) -> bool {
    scenario.producers.iter().any(|p| matches!(p.arrivals, Arrivals::Closed { .. }))
}

/// The one queue of closed loops, if it is of the kind that needs no more than sends and services to be played again.
fn looped(scenario: &Scenario) -> Option<Station> {
    Station::of(scenario).ok().filter(|station| is_closed(scenario) && station.room.is_none())
}

/// What a run that was cut short says of the messages that were due by then, if only the first of them were finished: the others took
/// longer, and percentiles beyond their share are bounds.
fn censored(finished: u64, due: u64) -> Option<String> {
    let missing = (due > finished).then(|| 1.0 - finished as f64 / due as f64)?;
    let bounds: Vec<&str> = PERCENTILES.iter().filter(|(_, share)| missing > 1.0 - share).map(|(name, _)| *name).collect();
    let bounds = if bounds.is_empty() { String::new() } else { format!(": of all that were due, {} ≥ what is told", bounds.join(", ")) };
    Some(format!("all answers are about the first {finished} of {due} messages that were due, which were finished{bounds}"))
}

/// What was finished of a run that was cut short: the plan up to the first message that was not, and what was told of that part.
/// The others would be compared with a rehearsal that goes on.
fn finished(mut planned: Block, measured: &mut Told, before: u64) -> Block {
    let whole = measured.finished();
    measured.retain_below(whole);
    let rows = (whole.saturating_sub(before) as usize).min(planned.len());
    let producers = planned.producer.len().min(rows);
    planned.due.truncate(rows);
    planned.sent.truncate(rows);
    planned.producer.truncate(producers);
    planned.demand.iter_mut().for_each(|column| column.truncate(rows));
    planned
}

/// One first-in-first-out queue: rehearsed, measured, replayed.
fn single(scenario: &Scenario, station: &Station, planned: &Block, by: &str, measured: &[Record]) -> Vec<Answer> {
    let rehearsed = simulate(station, planned);
    let replayed = simulate(station, &really_happened(measured, planned, scenario.consumers.len()));
    let places = Places { at_once: (AT_ONCE as f64 * scenario.measurement.speed) as u64, ..super::places(scenario) };
    let each = |method, by: &str, records: &[Record]| {
        let summaries = Summaries::new(scenario, planned.len(), |window| {
            let (summary, grid) = summary(&places, records, window);
            (summary, vec![(places.queue.clone(), grid)])
        });
        answer(scenario, method, by, &summaries)
    };
    vec![each(Method::Rehearsal, REHEARSAL, &rehearsed), each(Method::Measurement, by, measured), each(Method::Replay, REPLAY, &replayed)]
}

/// Anything else: rehearsed on an ideal host, whose disk is the real one, and replayed, by events.
fn network(scenario: &Scenario, planned: &Block, by: &str, measured: &Told, [ideal, happened]: &[Happened; 2]) -> Vec<Answer> {
    let messages = measured.messages();
    let each = |method, by: &str, told: &Told| {
        let mut summaries = Summaries::new(scenario, messages as usize, |window| told.summary(scenario, window, GRID));
        // A hand-off between threads is a wait in a measurement and none in a simulation.
        summaries.whole.values.retain(|path, _| !path.ends_with(".delayed"));
        for c in &scenario.consumers {
            let unknown: &[&str] = match (scenario.queues[c.from].visibility_timeout.is_some(), c.autoscale.is_some()) {
                // What was worked on for nothing after its delivery had timed out is in no record, nor how many servers there were.
                (true, _) => &["count", "utilization", "busy", "throughput"],
                (false, true) => &["count", "utilization"],
                (false, false) => continue,
            };
            let queue = format!("queues.{}.utilization", scenario.queues[c.from].name);
            let of: Vec<String> = unknown.iter().map(|quantity| format!("consumers.{}.{quantity}", c.name)).collect();
            summaries.whole.values.retain(|path, _| *path != queue && !of.iter().any(|of| path.starts_with(of)));
        }
        answer(scenario, method, by, &summaries)
    };
    let batches = scenario.consumers.iter().any(|c| c.batch.is_some());
    let really = if is_closed(scenario) { planned.clone() } else { really_sent(measured, planned, batches) };
    let mut measurement = each(Method::Measurement, by, measured);
    let played = |plan, host| Told::replay(scenario, plan, host, messages);
    let replay = || match looped(scenario) {
        // When the clients of a loop send follows from their answers, but when they sent is known.
        Some(station) => Ok(Told::of_one_queue(simulate(&station, &really_happened(&measured.stays, planned, scenario.consumers.len())))),
        None => played(&really, happened),
    };
    match played(planned, ideal).and_then(|told| Ok((told, replay()?))) {
        Ok((rehearsed, replayed)) => {
            vec![each(Method::Rehearsal, REHEARSAL, &rehearsed), measurement, each(Method::Replay, REPLAY, &replayed)]
        }
        Err(why) => {
            measurement.caveats.push(format!("measured without a rehearsal: {why}"));
            vec![measurement]
        }
    }
}

/// What group commits take in a rehearsal: as before the run, in an order by chance, for each queue that is durable.
fn commits(scenario: &Scenario, syncs: &[u64], messages: usize) -> Vec<Vec<u64>> {
    let run = Key::new(scenario.seed, 0);
    let draw = |queue: &Queue| {
        let (key, most) = (Role::Commit.key(run, &queue.name), if queue.durability == Durability::Fsync { messages } else { 0 });
        let speed = scenario.measurement.speed;
        let one = |i: usize| syncs.get((key.uniform_at(i as u64, 0) * syncs.len() as f64) as usize).map(|&t| (t as f64 * speed) as u64);
        (0..most).filter_map(one).collect()
    };
    scenario.queues.iter().map(draw).collect()
}

/// The plan with the instants at which its messages were really sent. With `batches`, what was planned to be sent together counts as sent
/// when the last of it was: a real consumer that takes batches wakes after microseconds and finds all of it, an ideal one would take
/// the first alone.
fn really_sent(measured: &Told, planned: &Block, batches: bool) -> Block {
    let mut out = planned.clone();
    let sent = measured.arrivals();
    // The plan's messages are the last: a backlog comes before them.
    let from = sent.len().saturating_sub(planned.len());
    let mut last = 0;
    for ((row, due), real) in out.sent.iter_mut().zip(&out.due).zip(&sent[from..]) {
        // One generator sends them in their order; what was rounded at another speed was due no later than it was sent.
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

/// The plan of a measurement: the scenario's own, for as long as it is to last.
///
/// # Errors
/// Why there is none: too many messages to keep, or too few to tell anything.
pub(super) fn planned(scenario: &Scenario) -> Result<Block, String> {
    let lasts = scenario.measurement.duration * scenario.measurement.speed;
    let expected = scenario.producers.iter().map(|p| p.rate).sum::<f64>() * lasts;
    if expected > MOST_MESSAGES as f64 {
        let most = significant(MOST_MESSAGES as f64, 3);
        return Err(format!(
            "{} messages are more than the {most} that a measurement keeps; shorten [measurement] duration",
            significant(expected, 3)
        ));
    }
    let plan = scenario.open_plan(scenario.seed, 0).map_err(|e| e.to_string())?;
    let until = nanos(lasts).ok_or("the measurement lasts longer than can be timed")?;
    let block = plan.take_until(until);
    if (block.len() as u64) < 2 * BATCHES && !is_closed(scenario) {
        return Err(format!("only {} messages fall into its {lasts} s; lengthen [measurement] duration", block.len()));
    }
    Ok(block)
}

/// A plan with all times multiplied.
fn scaled(block: &Block, factor: f64) -> Block {
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
    }
}

/// What happened in a run that was played faster, in the scenario's own time.
fn slowed(mut happened: Happened, speed: f64) -> Happened {
    if speed != 1.0 {
        happened.overruns.iter_mut().for_each(|o| o.nanos = (o.nanos as f64 * speed).round() as i64);
        happened.commits.iter_mut().flatten().for_each(|t| *t = (*t as f64 * speed).round() as u64);
    }
    happened
}

/// A plan made of what was really sent when, and how long each service really took; the planned work of what was not served.
fn really_happened(records: &[Record], planned: &Block, groups: usize) -> Block {
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
            let planned = planned.demand[group].get(r.message.id as usize).copied().unwrap_or(0);
            // Another group would have worked as planned.
            let real = r.outcome == Outcome::Served && r.consumer as usize == group;
            column.push(if real { r.finished - r.taken } else { planned });
        }
    }
    out
}

/// The records of an ideal queue that plays a plan.
fn simulate(station: &Station, plan: &Block) -> Vec<Record> {
    let mut keep = Keep(Vec::with_capacity(plan.len()));
    let mut engine = Engine::new(station, Kept::new(plan), None);
    engine.advance(plan.len() as u64, &mut keep);
    engine.settle(&mut keep);
    keep.0.sort_by_key(|r| r.message.id);
    keep.0
}

/// The whole window, and the window in batches; where there is no steady state all of the run, and no batches that were alike.
struct Summaries {
    whole: Summary,
    batches: Vec<Summary>,
    grids: Grids,
}

impl Summaries {
    /// Of so many planned messages, each window summed up by `summary`.
    fn new(scenario: &Scenario, messages: usize, mut summary: impl FnMut(std::ops::Range<u64>) -> (Summary, Grids)) -> Self {
        let (warmup, batches) = if transient::applies(scenario) { (0.0, 0) } else { (WARMUP, BATCHES) };
        let (from, to) = ((messages as f64 * warmup) as u64, messages as u64);
        let (whole, grids) = summary(from..to);
        let length = to - from;
        let batches = (0..batches).map(|i| summary(from + length * i / BATCHES..from + length * (i + 1) / BATCHES).0).collect();
        Summaries { whole, batches, grids }
    }
}

/// One window of a kept run as numbers. Records are in order of id.
fn summary(places: &Places, records: &[Record], window: std::ops::Range<u64>) -> (Summary, Vec<(u64, u64, u64)>) {
    use crate::message::Recorder;
    let mut collector = Collector::new(places, window.clone());
    let inside = &records[window.start as usize..window.end as usize];
    records[..window.start as usize].iter().for_each(|r| collector.record(r));
    inside.iter().for_each(|r| collector.record(r));
    let sent = |id: u64| records[id as usize].sent;
    let time = window.start.checked_sub(1).map_or(0, sent)..sent(window.end - 1);
    let levels = levels_of(records, 0, time.clone(), GRID);
    let (waiting, waiting_p99, peak) = Levels::mean_p99_max(&levels.waiting).unwrap_or_default();
    let (in_system, in_system_p99, most) = Levels::mean_p99_max(&levels.in_system).unwrap_or_default();
    let at = |when: u64| records.iter().filter(|r| r.sent <= when && r.finished > when).count() as f64;
    let span = Span {
        lasted: seconds(time.end - time.start).max(1e-9),
        waiting,
        busy: in_system - waiting,
        began: seconds(time.start),
        before: at(time.start),
        after: at(time.end),
        offered: inside.len() as u64,
        peak: peak as u64,
    };
    let mut out = collector.summary(&span);
    let queue = format!("queues.{}", places.queue);
    for (key, statistic, value) in [("queue_length", "p99", waiting_p99), ("in_system", "p99", in_system_p99), ("in_system", "max", most)] {
        out.values.insert(crate::answer::path(&queue, key, statistic), value);
    }
    (out, levels.grid)
}

/// The most messages that can wait in a queue at once, if its bound is one of all that wait: what is given back, what is handed out ahead
/// and who waits for room are beyond it.
fn most_waiting(scenario: &Scenario, queue: usize) -> Option<u64> {
    let q = &scenario.queues[queue];
    let given_back = scenario.producers.iter().any(|p| p.failure.is_some()) || q.visibility_timeout.is_some();
    let beyond = |c: &Consumer| c.failure > 0.0 || c.prefetch > 1 || c.outages.is_some();
    let all = q.overflow != Overflow::Block && !given_back && !scenario.consumers_of(queue).any(|(_, c)| beyond(c));
    q.max_length.filter(|_| all).map(|room| room.max(q.initial_backlog))
}

/// Whether ten messages lie beyond a percentile; other statistics need none.
fn enough_beyond(whole: &Summary, path: &str) -> bool {
    let (stem, statistic) = path.rsplit_once('.').unwrap_or((path, ""));
    let share = share_of(statistic);
    let counted = whole.counts.get(stem).map(|c| c.total() as f64);
    share.zip(counted).is_none_or(|(share, counted)| share.min(1.0 - share) * counted >= LEAST_BEYOND)
}

fn answer(scenario: &Scenario, method: Method, by: &str, summaries: &Summaries) -> Answer {
    let combined = (!summaries.batches.is_empty()).then(|| combine(&summaries.batches, scenario.simulation.confidence));
    let mut out = Answer::new(method, by);
    for (path, &value) in &summaries.whole.values {
        // The value is that of the whole window; the batches say how uncertain it is, where they can. It is told even where
        // they cannot, for all three answers are about one plan, and are held against one another rather than the truth.
        if enough_beyond(&summaries.whole, path) {
            let batches = combined.as_ref().and_then(|combined| combined.metrics.get(path));
            // What was not seen in this one plan did not happen in it.
            let estimate = batches.filter(|e| e.ends.is_none() || value > 0.0);
            let ends = estimate.and_then(|e| e.ends).map(|(low, high)| (low.min(value), high.max(value)));
            out.metrics.insert(path.clone(), Estimate { ends, ..Estimate::with(value, estimate.and_then(|e| e.half_width)) });
        }
    }
    for (index, queue) in scenario.queues.iter().enumerate() {
        // A queue keeps its bound under its lock. Stamps are taken outside of it, and may tell of a message that comes before they
        // tell of the one that made room for it.
        let longest = out.metrics.get_mut(&path(&format!("queues.{}", queue.name), "queue_length", "max"));
        if let (Some(Estimate { value: Some(longest), .. }), Some(room)) = (longest, most_waiting(scenario, index)) {
            *longest = longest.min(room as f64);
        }
    }
    out.latency = summaries.whole.counts.get("total.latency").map(|c| Distribution::Histogram(c.to_hdr()));
    for (queue, grid) in &summaries.grids {
        let moments = grid.iter().map(|&(at, waiting, in_system)| Moment {
            at: seconds(at),
            waiting: waiting as f64,
            in_system: in_system as f64,
            half_width: None,
        });
        out.timelines.insert(queue.clone(), moments.collect());
    }
    if summaries.whole.unfinished > 0 {
        out.caveats.push(format!("{} messages were unfinished at the end and are in no latency", summaries.whole.unfinished));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_wait_than_have_room_but_for_what_comes_back() {
        let mut scenario = Scenario::mgc(100.0, crate::workload::laws::Law::exponential(0.001), 1);
        assert_eq!(most_waiting(&scenario, 0), None);
        (scenario.queues[0].max_length, scenario.queues[0].overflow) = (Some(3), Overflow::DropHead);
        assert_eq!(most_waiting(&scenario, 0), Some(3));
        let told = |scenario: &Scenario| {
            let mut summaries = Summaries::new(scenario, 40, |_| (Summary::default(), Vec::new()));
            summaries.whole.values.insert(path("queues.queue", "queue_length", "max"), 5.0);
            answer(scenario, Method::Measurement, "test", &summaries).get("queues.queue.queue_length.max").and_then(|e| e.value)
        };
        assert_eq!(told(&scenario), Some(3.0));
        scenario.consumers[0].failure = 0.1;
        assert_eq!(told(&scenario), Some(5.0));
    }

    #[test]
    fn what_was_sent_together_is_replayed_together_where_consumers_take_batches() {
        let planned = Block { due: vec![5, 5, 9], sent: vec![5, 5, 9], ..Block::default() };
        let record = |id: u64, sent: u64| Record {
            message: crate::message::Message { id, due: planned.due[id as usize], ..crate::message::Message::default() },
            sent,
            taken: sent,
            finished: sent + 1,
            queue: 0,
            consumer: 0,
            server: 0,
            deliveries: 1,
            outcome: Outcome::Served,
        };
        let told = Told::of_one_queue(vec![record(0, 6), record(1, 8), record(2, 11)]);
        assert_eq!(really_sent(&told, &planned, false).sent, [6, 8, 11]);
        assert_eq!(really_sent(&told, &planned, true).sent, [8, 8, 11]);
    }

    #[test]
    fn a_deadlock_is_told_where_a_run_stood_still() {
        let mut scenario = Scenario::mgc(100.0, crate::workload::laws::Law::exponential(0.001), 1);
        (scenario.queues[0].max_length, scenario.queues[0].overflow) = (Some(1), Overflow::Block);
        let stay = Record {
            message: crate::message::Message::default(),
            sent: 0,
            taken: 0,
            finished: 1_000_000_000,
            queue: 0,
            consumer: 0,
            server: 0,
            deliveries: 1,
            outcome: Outcome::Served,
        };
        let told = Told::measured(vec![stay], Vec::new());
        assert_eq!(deadlock(&scenario, &told, true, 10e9), None);
        let to = crate::scenario::Destination::Queue(0);
        scenario.consumers[0].to = vec![crate::scenario::Route { to, probability: 0.4 }];
        let said = deadlock(&scenario, &told, true, 10e9).expect("it stood still for nine seconds");
        assert!(said.starts_with("deadlock: after 1.00 s nobody went on, as consumers of `queue` wait for room in `queue`"), "{said}");
        assert_eq!((deadlock(&scenario, &told, false, 10e9), deadlock(&scenario, &told, true, 1.1e9)), (None, None));
    }

    #[test]
    fn percentiles_beyond_the_share_of_the_unfinished_are_bounds() {
        assert_eq!(censored(1_000, 1_000), None);
        let told = censored(970, 1_000).expect("thirty are missing");
        assert!(told.ends_with("of all that were due, p99, p999 ≥ what is told"), "{told}");
        assert!(censored(9_995, 10_000).is_some_and(|told| told.ends_with("finished")));
    }
}

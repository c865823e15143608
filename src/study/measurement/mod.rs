//! The measurement's three answers: what was measured, the same plan on a perfect host, and what really
//! happened replayed.
//!
//! A measurement is one plan. The *rehearsal* simulates that very plan, so that no sampling error lies
//! between the two; the *replay* simulates the sends and service times that really happened, so that the
//! host's share of the difference is told apart from the queue's.

mod broker;
mod cut_short;
mod figures;
mod kept;
mod plan;
mod readings;

pub(super) use plan::planned;

use super::places::places;
use super::rulers::Reading;
use super::transient;
use super::watch::Watch;
use crate::answer::{Answer, Caveat, Growth, MeasurementCaveat, Method, Quantity, Reason, Unanswered};
use crate::load::{self, LoadError};
use crate::message::Happened;
use crate::scenario::{Consumer, Discipline, Expiry, Queue, Scenario};
use crate::sim::{Engine, FifoStation, Recursion};
use crate::stats::Places;
use crate::units::Time;
use crate::workload::laws::Law;
use crate::workload::{Block, Kept};
pub(super) use broker::as_brokers_do;
use cut_short::{censored, deadlock, finished};
use figures::{BATCHES, Summaries, answer};
use kept::KeptRun;
use plan::{commits, really_happened, really_sent, scaled, slowed};
use readings::readings;

/// Nanoseconds that a hand-off between threads takes: a shorter wait is none. The same for all three, which
/// are compared.
const AT_ONCE: u64 = 100_000;
/// Points of a timeline.
const GRID: usize = 500;
/// By whom the simulated answers are.
const REHEARSAL: &str = "simulation of the very plan that was measured";
const REPLAY: &str = "simulation of the sends and service times that really happened";

/// A scenario measured.
pub(super) struct MeasurementResult {
    /// Rehearsal, measurement and replay.
    pub answers: Vec<Answer>,
    /// Time, of the scenario, until a message reached a consumer that had nothing to do; `None` if none had.
    pub hand_off: Option<Law>,
    /// Time from the end of a service until a consumer of a broker had the next message, likewise.
    pub turnaround: Option<Law>,
    /// Nanoseconds of group commits before the run, where messages are durable.
    pub syncs: Vec<u64>,
    /// Why it was ended, if what was measured failed.
    pub failed: Option<Unanswered>,
    /// The measurement by the rulers of other tools, if that was asked for.
    pub readings: Vec<Reading>,
}

/// Rehearsal, measurement and replay of a scenario, or why there is none.
///
/// # Errors
/// A refusal that says why: what the target cannot do, a load beyond the host, or a target that failed.
pub(super) fn measure(scenario: &Scenario, watch: &dyn Watch) -> Result<Vec<Answer>, Unanswered> {
    let measured = measured(scenario, watch)?;
    measured.failed.map_or(Ok(measured.answers), Err)
}

/// The plan of a measurement simulated, whatever the scenario says that a host adds, with group commits as
/// they were seen.
///
/// # Errors
/// A refusal that says why.
pub(super) fn rehearsed(scenario: &Scenario, syncs: &[u64]) -> Result<Answer, Unanswered> {
    let refuse = |why: Reason| why.by(Method::Rehearsal);
    let planned = planned(scenario).map_err(refuse)?;
    let before = scenario.backlog();
    let messages = before + planned.len() as u64;
    let host = Happened { commits: commits(scenario, syncs, planned.len()), ..Happened::default() };
    let told = KeptRun::replay(scenario, &planned, &host, messages).map_err(refuse)?;
    let summaries = Summaries::new(scenario, messages as usize, |window| {
        told.summary(scenario, &places(scenario), window, GRID)
    });
    Ok(answer(scenario, Method::Rehearsal, REHEARSAL, &summaries))
}

/// Measures a scenario, with what the run showed of the host.
///
/// # Errors
/// A refusal that says why: what the target cannot do, or a load beyond the host.
pub(super) fn measured(scenario: &Scenario, watch: &dyn Watch) -> Result<MeasurementResult, Unanswered> {
    measured_beside(scenario, ReadOff::default(), watch)
}

/// What is read off a measurement beside its answers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReadOff {
    /// What the rulers of other tools show.
    pub rulers: bool,
    /// How slow messages were by when they were due.
    pub latency_map: bool,
}

/// The same with more that is read off it.
///
/// # Errors
/// As [`measured`].
pub(super) fn measured_beside(
    scenario: &Scenario,
    beside: ReadOff,
    watch: &dyn Watch,
) -> Result<MeasurementResult, Unanswered> {
    let refuse = |reason: Reason| reason.by(Method::Measurement);
    let closed = scenario.is_closed();
    let station = FifoStation::of(scenario).filter(|_| !closed);
    // Messages that are there before the first of the plan.
    let before = scenario.backlog();
    let loads = crate::theory::loads(scenario);
    if let Some(rho) =
        loads.first().filter(|load| station.is_some() && load.grows()).and_then(|load| load.fullest())
    {
        return Err(refuse(Growth::Planned { rho }.into()));
    }
    let speed = scenario.measurement.speed;
    let planned = planned(scenario).map_err(&refuse)?;
    let played = scaled(&planned, 1.0 / speed);
    if let Some(warning) = takes_long(scenario, &played) {
        watch.warns(&warning);
    }
    let progress = |done: f64| watch.says("measurement", done, &format!("{} messages", planned.len()));
    let control = load::Control { progress: &progress, stopped: &|| watch.stopped() };
    let run = load::measure(scenario, &played, &control).map_err(|e| refuse(reason(e)))?;
    let happened = slowed(run.happened, speed);
    let mut measured = KeptRun::measured(run.records, run.exits);
    measured.scaled = run.scaled;
    measured.stretch(speed);
    let mut caveats = run.caveats;
    let stuck = deadlock(scenario, &measured, run.cut_short, run.ended as f64 * speed);
    let planned = if run.cut_short {
        let due = before + planned.sent.partition_point(|&at| at <= (run.ended as f64 * speed) as u64) as u64;
        caveats.extend(censored(measured.finished(), due).map(Caveat::from));
        finished(planned, &mut measured, before)
    } else {
        planned
    };
    caveats.extend(stuck.clone().map(Caveat::from));
    if measured.messages() < 2 * BATCHES {
        let stuck = stuck.map_or(String::new(), |stuck| format!("{stuck}; "));
        let few = run.failed.unwrap_or_else(|| {
            format!("{stuck}only {} messages were finished when the run was cut short", measured.messages())
        });
        return Err(refuse(Reason::Failed(few)));
    }
    let ideal = Happened { commits: commits(scenario, &run.syncs, planned.len()), ..Happened::default() };
    let load = loads.first().and_then(|load| load.fullest());
    let hosts = run.broker.as_ref().map(|times| broker::hosts(scenario, times));
    let hosts = hosts.as_ref();
    let station = station.filter(|_| hosts.is_none());
    let mut answers =
        answers(scenario, station.as_ref(), &planned, &run.by, &measured, [&ideal, &happened], hosts);
    run.broker.iter().for_each(|times| broker::tell(&mut answers, scenario, times, load));
    for measurement in answers.iter_mut().filter(|a| a.method == Method::Measurement) {
        measurement.gates.clone_from(&run.gates);
        measurement.host.clone_from(&run.host);
        measurement.caveats.extend(caveats.iter().cloned());
        measurement.caveats.extend(late_expiry(scenario).filter(|_| run.broker.is_none()));
        if transient::applies(scenario) {
            measurement.caveats.push(MeasurementCaveat::WholeRun.into());
        }
        measurement.latency_map = beside.latency_map.then(|| measured.latency_map()).flatten();
    }
    let by_other_rulers = match beside.rulers {
        true => {
            let host = hosts.map_or(scenario, |[_, meanwhile]| meanwhile);
            readings(scenario, station.as_ref(), host, &planned, &measured, &happened)
        }
        false => Vec::new(),
    };
    let own = run.broker.map(|times| times.own);
    Ok(MeasurementResult {
        answers,
        hand_off: match &own {
            Some(own) => Some(own.idle_hop.scaled(speed)),
            None => run.hand_off.map(|nanos| Law::deterministic(nanos * speed / 1e9)),
        },
        turnaround: own.map(|own| own.turnaround.scaled(speed)),
        syncs: run.syncs,
        failed: run.failed.map(|why| refuse(Reason::Failed(why))),
        readings: by_other_rulers,
    })
}

/// A measurement is told of that takes so many times as long as it sends, and so many seconds longer.
const TAKES_LONG: f64 = 2.0;
const LONGER: f64 = 2.0;

/// How long a measurement takes that goes on long after its last message was sent, and what can be done about
/// that.
fn takes_long(scenario: &Scenario, played: &Block) -> Option<String> {
    let duration = scenario.measurement.duration;
    let likely = load::likely_time(scenario, played).ok()? as f64 / 1e9;
    (likely > TAKES_LONG * duration && likely > duration + LONGER).then(|| {
        format!(
            "the measurement sends for {} and then works off all that was sent: it takes about {}. Ctrl-C ends \
             it, and what is finished by then is reported; to make it shorter, lower the rate, add consumers, or \
             play it faster with --set measurement.speed=10",
            Time(duration),
            Time(likely)
        )
    })
}

fn reason(refused: LoadError) -> Reason {
    match refused {
        LoadError::NoDisk { .. }
        | LoadError::NoThread { .. }
        | LoadError::Broker { .. }
        | LoadError::WarmUp { .. } => Reason::Failed(refused.to_string()),
        _ => Reason::Unsupported(refused.to_string()),
    }
}

/// Where the real queue throws out later than the simulation what has waited too long: at the head of the
/// line, as brokers do.
fn late_expiry(scenario: &Scenario) -> Option<Caveat> {
    let late = |q: &&Queue| {
        q.expiry == Expiry::Anywhere
            && q.message_ttl.as_ref().is_some_and(|ttl| ttl.scv() > 0.0 || q.discipline != Discipline::Fifo)
    };
    let queue = scenario.queues.iter().find(late)?.name.clone();
    Some(MeasurementCaveat::LateExpiry { queue }.into())
}

/// The one queue of closed loops, if it is of the kind that needs no more than sends and services to be
/// played again.
fn looped(scenario: &Scenario) -> Option<FifoStation> {
    FifoStation::of(scenario).filter(|station| scenario.is_closed() && station.room.is_none())
}

/// Three answers about one plan: rehearsed on an ideal host, whose disk is the real one, measured, and
/// replayed as it really happened. By way of a broker there are two hosts, for the rehearsal and for the
/// replay.
fn answers(
    scenario: &Scenario,
    station: Option<&FifoStation>,
    planned: &Block,
    by: &str,
    measured: &KeptRun,
    [ideal, happened]: [&Happened; 2],
    hosts: Option<&[Scenario; 2]>,
) -> Vec<Answer> {
    let messages = measured.messages();
    let at_once = if station.is_some() { (AT_ONCE as f64 * scenario.measurement.speed) as u64 } else { 0 };
    let places = Places { at_once, ..places(scenario) };
    let each = |method, by: &str, run: &KeptRun| {
        let mut summaries = Summaries::new(scenario, messages as usize, |window| {
            run.summary(scenario, &places, window, GRID)
        });
        if station.is_none() {
            // A hand-off between threads is a wait in a measurement and none in a simulation.
            summaries.whole.values.retain(|path, _| !Quantity::Delayed.is_of(path));
        }
        for path in unrecorded(scenario) {
            summaries.whole.values.remove(&path);
        }
        answer(scenario, method, by, &summaries)
    };
    let mut measurement = each(Method::Measurement, by, measured);
    let [before, meanwhile] = hosts.map_or([scenario; 2], |[before, meanwhile]| [before, meanwhile]);
    let by_events =
        |host: &Scenario, plan: &Block, happened: &Happened| KeptRun::replay(host, plan, happened, messages);
    let rehearse = || {
        station.map_or_else(
            || by_events(before, planned, ideal),
            |station| by_station(scenario, station, planned),
        )
    };
    let replay = || match station.cloned().or_else(|| looped(meanwhile)) {
        // When the clients of a loop send follows from their answers, but when they sent is known.
        Some(station) => by_station(
            scenario,
            &station,
            &really_happened(&measured.stays, planned, scenario.consumers.len()),
        ),
        None if scenario.is_closed() => by_events(meanwhile, planned, happened),
        None => {
            let batches = scenario.consumers.iter().any(|c| c.batch.is_some());
            by_events(meanwhile, &really_sent(measured, planned, batches), happened)
        }
    };
    match rehearse().and_then(|rehearsed| Ok((rehearsed, replay()?))) {
        Ok((rehearsed, replayed)) => {
            vec![
                each(Method::Rehearsal, REHEARSAL, &rehearsed),
                measurement,
                each(Method::Replay, REPLAY, &replayed),
            ]
        }
        Err(why) => {
            measurement.caveats.push(MeasurementCaveat::NotRehearsed { why }.into());
            vec![measurement]
        }
    }
}

/// Metrics, by how their paths begin, of which no record tells: what was worked on for nothing after its
/// delivery had timed out, and how many servers there were.
fn unrecorded(scenario: &Scenario) -> Vec<String> {
    let of = |c: &Consumer| {
        let quantities: &[&str] = match (
            scenario.queues[c.from].visibility_timeout.is_some(),
            c.autoscale.is_some() || !c.shifts.is_empty(),
        ) {
            (true, _) => &["count", "utilization", "busy", "throughput"],
            (false, true) => &["count", "utilization"],
            (false, false) => return Vec::new(),
        };
        let queue = format!("queues.{}.utilization", scenario.queues[c.from].name);
        quantities.iter().map(|quantity| format!("consumers.{}.{quantity}", c.name)).chain([queue]).collect()
    };
    scenario.consumers.iter().flat_map(of).collect()
}

/// What an ideal first-in-first-out queue makes of a plan.
fn by_station(scenario: &Scenario, station: &FifoStation, plan: &Block) -> Result<KeptRun, Reason> {
    if !station.is_recursive() {
        return KeptRun::replay(scenario, plan, &Happened::default(), plan.len() as u64);
    }
    let mut run = KeptRun::default();
    Recursion::new(station, Kept::new(plan), None).advance(plan.len() as u64, &mut run);
    Ok(run)
}

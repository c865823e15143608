//! One measured run: what is asked, what it leaves, and how far it can be believed.

use super::clock::Monotonic;
use super::context::{RunContext, RunState};
use super::delivery_sample::{self, DeliverySample};
use super::exits::exits;
use super::gates::BrokerEvidence;
use super::interference::ProcessorShares;
use super::records::RunRecords;
use super::run_plan::RunPlan;
use super::runner::Runner;
use super::targets::TroubleKind;
use super::visit_log::VisitLog;
use super::{DeliveryTimes, LoadError, calibrate, connected, gates, host, system, targets};
use crate::answer::{Caveat, Facts, Gate, MeasurementCaveat};
use crate::message::{Exit, Happened, Record};
use crate::scenario::{Durability, Scenario};
use crate::units::{Time, seconds, significant};
use crate::workload::Block;

/// Commits that are timed before a run, so that a rehearsal knows the disk, and nanoseconds between them.
const SYNCS: usize = 200;
const SYNC_GAP: u64 = 3_000_000;

/// How long after the last message verdicts are waited for that have not come, in nanoseconds.
const VERDICTS: u64 = 1_000_000_000;

/// Messages of the null run before each run.
const NULL_MESSAGES: usize = 50_000;

/// How much of a plan a broker plays before the run, in nanoseconds, and at least so many messages of it;
/// what is delivered before a broker has settled into it is not learnt from.
const PILOT: u64 = 6_000_000_000;
const PILOT_MESSAGES: usize = 200;
const SETTLED: u64 = 2_000_000_000;

/// Visits beyond which a run is cut short: about 150 bytes each.
const MOST_VISITS: usize = 8_000_000;

/// How the caller stops a run and hears of its progress; both are called a few times a second by the thread
/// that called [`measure`].
#[derive(Clone, Copy)]
pub(crate) struct Control<'a> {
    /// Told the share of the planned time that has passed.
    pub progress: &'a dyn Fn(f64),
    /// Whether the run is to end now; what was finished is returned.
    pub stopped: &'a dyn Fn() -> bool,
}

/// What a broker added to a run.
#[derive(Debug, Clone)]
pub(crate) struct BrokerTimes {
    /// How long deliveries took before the run.
    pub learnt: DeliveryTimes,
    /// How long they took in it.
    pub own: DeliveryTimes,
    /// Nanoseconds of real time that each took, by the metric's path without its statistic.
    pub each: Vec<(String, Vec<u64>)>,
}

/// What a run leaves. Times are nanoseconds from the start, in real time.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// Every visit of a message in a queue, queue by queue, in the order of the plan.
    pub records: Vec<Record>,
    /// Every message's end.
    pub exits: Vec<Exit>,
    /// Groups by number, and when their autoscalers started servers or let some go.
    pub scaled: Vec<(u32, u64)>,
    /// What the host added to it, to play it again.
    pub happened: Happened,
    /// What a broker added, where one was measured.
    pub broker: Option<BrokerTimes>,
    /// Nanoseconds of group commits before the run, sorted, where messages are durable on this machine's
    /// disk.
    pub syncs: Vec<u64>,
    /// How long a message waited that came to an idle server, on average; `None` if none did.
    pub hand_off: Option<f64>,
    /// Against what, and how.
    pub by: String,
    /// How far the run can be believed.
    pub gates: Vec<Gate>,
    /// What keeps the figures from being taken at face value, beyond the gates.
    pub caveats: Vec<Caveat>,
    /// When it ended.
    pub ended: u64,
    /// Whether it was ended before all was served: by the caller, because time was up, or because the target
    /// failed.
    pub cut_short: bool,
    /// Why it ended, as a sentence, if the target failed.
    pub failed: Option<String>,
    /// The machine and the program, by name.
    pub host: Facts,
}

/// Plays a plan against the scenario's target and the real clock. The plan is in real time:
/// `measurement.speed` is the caller's to apply.
///
/// # Errors
/// A scenario that cannot be played here, and why. A host that cannot keep up is no error: the gates tell.
pub(crate) fn measure(scenario: &Scenario, plan: &Block, control: &Control<'_>) -> Result<Run, LoadError> {
    let learnt = pilot(scenario, plan, control)?;
    let mut run = play(scenario, plan, 0, control)?;
    run.failed = run.failed.map(|why| format!("{why}; what was finished by then is reported"));
    if let (Some(times), Some(learnt)) = (&mut run.broker, learnt) {
        times.learnt = learnt;
    }
    Ok(run)
}

/// How long a measurement is likely to take, in nanoseconds, the pilot before it included.
///
/// # Errors
/// The scenario cannot be played here.
pub(crate) fn likely_time(scenario: &Scenario, plan: &Block) -> Result<u64, LoadError> {
    let pilot = match has_pilot(scenario, plan) {
        true => RunPlan::new(scenario, &beginning(plan))?.likely_time(),
        false => 0,
    };
    Ok(RunPlan::new(scenario, plan)?.likely_time().saturating_add(pilot))
}

/// Whether a broker plays the beginning of a plan before it.
fn has_pilot(scenario: &Scenario, plan: &Block) -> bool {
    let works = plan.demand.iter().flatten().any(|&work| work > 0);
    targets::is_broker(scenario) && (works || scenario.consumers.iter().any(|c| !c.to.is_empty()))
}

/// What of a plan is played before it.
fn beginning(plan: &Block) -> Block {
    let rows = plan.sent.partition_point(|&at| at < PILOT).max(PILOT_MESSAGES).min(plan.len());
    let mut beginning = Block { first: plan.first, ..plan.empty_like() };
    beginning.append(plan, rows);
    beginning
}

/// The beginning of a plan played against a broker, as the whole plan will be: how long deliveries take at
/// the run's own rates and work. Nothing where the target is no broker, or where messages are no work, so
/// that there is no rehearsal to speak of.
fn pilot(
    scenario: &Scenario,
    plan: &Block,
    control: &Control<'_>,
) -> Result<Option<DeliveryTimes>, LoadError> {
    if !has_pilot(scenario, plan) {
        return Ok(None);
    }
    let mut alone = scenario.clone();
    alone.queues.iter_mut().for_each(|queue| queue.initial_backlog = 0);
    let silent = Control { progress: &|_| (), stopped: control.stopped };
    let played = play(&alone, &beginning(plan), SETTLED, &silent)?;
    match played.failed {
        Some(why) => {
            let target = scenario.measurement.target.clone();
            Err(LoadError::Broker { target, why: format!("in the pilot before the run, {why}") })
        }
        None => Ok(played.broker.map(|times| times.own)),
    }
}

/// The same without a pilot: how long deliveries take before it is then known from the warm-up alone, and in
/// it from those after `settled` nanoseconds.
///
/// # Errors
/// As [`measure`].
pub(super) fn play(
    scenario: &Scenario,
    plan: &Block,
    settled: u64,
    control: &Control<'_>,
) -> Result<Run, LoadError> {
    let run_plan = RunPlan::new(scenario, plan)?;
    let expected = run_plan.expected();
    let state = RunState::new(&run_plan, VisitLog::new(expected, MOST_VISITS.max(expected)));
    let target = targets::open(&state.opening(&run_plan))?;
    let mut facts = host::host();
    let margin = calibrate::margin(&Monotonic);
    // Without it the run has one gate less.
    let null_rate = calibrate::null_rate(NULL_MESSAGES).ok();
    let durable = scenario.queues.iter().any(|q| q.durability == Durability::Fsync);
    let syncs = if durable && target.warm_up() == 0 {
        calibrate::syncs(SYNCS, SYNC_GAP).map_err(|e| LoadError::NoDisk { why: e.to_string() })?
    } else {
        Vec::new()
    };
    let servers = if target.warm_up() > 0 { connected::servers() } else { Vec::new() };
    let ticks = system::processor_ticks(&servers);
    let output =
        Runner::new(RunContext::new(&run_plan, target.as_ref(), &state), scenario.measurement.work, margin)
            .run(control)?;
    target.await_verdicts(system::monotonic() + VERDICTS);
    let shares = ProcessorShares::between(ticks, system::processor_ticks(&servers));
    let observed = &output.observed;
    let run_records = RunRecords::gather(&run_plan, &state.visits, &state.listener.take_lost(), observed);
    let records = run_records.records(&run_plan);
    let exits = exits(scenario, &run_records.by_visit);
    let troubles = state.listener.troubles();
    let failed = troubles.iter().find_map(|trouble| match &trouble.kind {
        TroubleKind::Disconnected { why } => Some(format!(
            "{} was lost after {}: {why}",
            scenario.measurement.target,
            Time(seconds(trouble.at.saturating_sub(observed.start)))
        )),
        _ => None,
    });
    let confirms = scenario.measurement.broker.confirm && target.confirms();
    let unconfirmed = confirms.then_some(run_records.evidence.unconfirmed);
    let broker = (target.warm_up() > 0).then(|| BrokerEvidence::of(&troubles, unconfirmed));
    let mut evidence = gates::Evidence {
        interference: output.interference,
        meter: output.generator,
        inversions: run_records.evidence.inversions + output.inversions,
        totals: output.totals,
        lasted: observed.ended,
        server_time: observed.ended * run_plan.servers(),
        spun: output.spun,
        processors: std::thread::available_parallelism().ok().map(|n| n.get() as u64),
        queue_threads: target.threads(),
        rate: run_records.evidence.accepted.max(run_plan.len() as u64) as f64
            / seconds(run_plan.span()).max(1e-3),
        null_rate,
        shares,
        broker,
        ..run_records.evidence
    };
    facts.extend(target.facts());
    facts.extend(host::load_average().map(|load| ("load average after".into(), load)));
    facts.extend(shares.map(|shares| {
        let share = |of: f64| significant(100.0 * of, 2);
        let broker = if servers.is_empty() {
            String::new()
        } else {
            format!("{} % by the broker, ", share(shares.servers))
        };
        let (own, others) = (share(shares.own), share(shares.others));
        ("processor time".into(), format!("{own} % by this program, {broker}{others} % by others"))
    }));
    facts.insert("spun before a deadline".into(), Time(seconds(margin)).to_string());
    facts.insert("clock read".into(), Time(calibrate::clock_read() / 1e9).to_string());
    facts.extend(
        null_rate.map(|rate| ("null rate".into(), format!("{} messages a second", significant(rate, 3)))),
    );
    let cut_short =
        observed.cut_short.then(|| MeasurementCaveat::CutShort { lasted: seconds(observed.ended) });
    let otherwise =
        if target.warm_up() > 0 { targets::entry(scenario)?.caveats(scenario) } else { Vec::new() };
    Ok(Run {
        records,
        exits,
        scaled: state.scaled(),
        happened: Happened {
            overruns: output.overruns,
            hand_offs: output.samples.iter().map(|sample| sample.hand_off).collect(),
            commits: (0..run_plan.queues()).map(|queue| target.commits(queue)).collect(),
        },
        broker: output
            .learnt
            .map(|learnt| broker_times(scenario, learnt, &output.samples, settled, run_records.confirms)),
        syncs,
        hand_off: evidence.hand_offs.woken().map(|(_, mean)| mean * 1e9),
        by: match run_plan.servers() {
            1 => format!("{}, 1 server thread", scenario.measurement.target),
            servers => format!("{}, {servers} server threads", scenario.measurement.target),
        },
        gates: gates::gates(&mut evidence),
        caveats: cut_short
            .into_iter()
            .chain(evidence.broker.as_ref().and_then(BrokerEvidence::reconnected))
            .chain(gates::rest(&evidence))
            .chain(otherwise)
            .map(Caveat::from)
            .collect(),
        ended: observed.ended,
        cut_short: observed.cut_short,
        failed,
        host: facts,
    })
}

/// What a broker added to a run whose deliveries took so long before it; those before an instant do not
/// count.
fn broker_times(
    scenario: &Scenario,
    learnt: DeliveryTimes,
    samples: &[DeliverySample],
    settled: u64,
    confirms: Vec<Vec<u64>>,
) -> BrokerTimes {
    let producers = scenario.producers.iter().map(|p| format!("producers.{}.confirm", p.name)).zip(confirms);
    let each = delivery_sample::by_metric(scenario, samples).into_iter().chain(producers);
    BrokerTimes {
        own: delivery_sample::times(samples, settled, &learnt),
        learnt,
        each: each.filter(|(_, times)| !times.is_empty()).collect(),
    }
}

#[cfg(test)]
mod tests;

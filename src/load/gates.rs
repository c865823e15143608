//! Whether a run can be believed: what the host and the harness did, each figure beside the limit that it
//! should keep.
//!
//! The limits are such that an otherwise idle machine keeps them at millisecond services and a busy one does
//! not. Nothing is corrected by them; a run that fails is marked.

mod broker;

pub(super) use broker::BrokerEvidence;

use super::hand_offs::HandOffs;
use super::interference::{ProcessorShares, SchedulerInterference};
use super::pacing::Meter;
use super::server::ServerTotals;
use crate::answer::{Gate, MeasurementCaveat, Trust, Unit};
use crate::units::{Time, significant};

/// What is judged. Times are nanoseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// Messages that were due while the run lasted.
    pub planned: u64,
    pub sent: u64,
    pub accepted: u64,
    pub served: u64,
    /// Accepted, but neither served nor dropped when the run ended.
    pub unfinished: u64,
    /// Accepted messages that the target has lost without a word, once all is drained.
    pub lost: u64,
    /// Due to really sent, of each sent message.
    pub lateness: Vec<u64>,
    /// Due to done, of each served message.
    pub latency: Vec<u64>,
    /// How long the run lasted, and what all servers together had of it.
    pub lasted: u64,
    pub server_time: u64,
    /// Of all threads, looking at the clock, and how many processors there are for that.
    pub spun: u64,
    pub processors: Option<u64>,
    /// Messages a second that were to be sent, and that the harness passes on without a queue.
    pub rate: f64,
    pub null_rate: Option<f64>,
    /// How long messages waited that a free server could have taken.
    pub hand_offs: HandOffs,
    /// Of all threads.
    pub interference: SchedulerInterference,
    /// Of the generator.
    pub meter: Meter,
    /// Stamps in the wrong order, and clocks seen running backwards.
    pub inversions: u64,
    pub totals: ServerTotals,
    /// Deliveries of messages whose delivery before had not ended, or had been the last.
    pub repeated: u64,
    /// Threads of this program that are the queue's own.
    pub queue_threads: usize,
    /// Who had the processors meanwhile.
    pub shares: Option<ProcessorShares>,
    /// Messages inside, on average over the instants at which the target was asked: by its own count, and by
    /// the records.
    pub inside: Option<(f64, f64)>,
    /// The same by a broker's own count, where it says.
    pub inside_broker: Option<(f64, f64)>,
    /// Messages that no broker has confirmed.
    pub unconfirmed: u64,
    /// What only a broker can do wrong, where one was measured.
    pub broker: Option<BrokerEvidence>,
}

/// How often threads wake up for a message that goes by way of a broker on the same machine.
const BROKER_WAKE_UPS: f64 = 6.0;

/// Judges a figure that should stay below a limit; far beyond it the run is worthless.
fn below(name: &'static str, value: f64, limit: f64, worthless: f64, unit: Unit, meaning: &str) -> Gate {
    let trust = match value {
        v if v <= limit => Trust::Valid,
        v if v <= worthless => Trust::Degraded,
        _ => Trust::Invalid,
    };
    Gate { name: name.into(), value, limit, unit, trust, meaning: meaning.into() }
}

fn none_of(name: &'static str, count: u64, meaning: &str) -> Gate {
    below(name, count as f64, 0.0, 0.0, Unit::Messages, meaning)
}

/// All gates for which there is evidence. Sorts the times.
pub(super) fn gates(evidence: &mut Evidence) -> Vec<Gate> {
    evidence.lateness.sort_unstable();
    evidence.latency.sort_unstable();
    let mut gates = vec![unsent(evidence)];
    gates.extend(lateness(evidence));
    gates.extend(limit(evidence));
    gates.extend(service(evidence));
    gates.extend(stationarity(evidence));
    gates.extend(hand_off(evidence));
    gates.extend(host(evidence));
    gates.extend(accounting(evidence));
    gates.extend(little(evidence));
    gates.extend(broker_count(evidence));
    gates.extend(evidence.broker.iter().flat_map(BrokerEvidence::gates));
    gates.push(tail(evidence));
    gates
}

/// The checks that fail by what other work on the machine, or under it, did: in a later run they may pass.
pub(crate) const DISTURBANCES: [&str; 5] =
    ["lateness", "run-queue wait", "stalls", "steal", "other programs"];

fn unsent(e: &Evidence) -> Gate {
    let share = if e.planned == 0 { 0.0 } else { 1.0 - e.sent as f64 / e.planned as f64 };
    below("unsent", share, 0.0, 0.01, Unit::Ratio, "share of the due messages that were never sent")
}

fn lateness(e: &Evidence) -> Option<Gate> {
    let (late, latency) = (quantile(&e.lateness, 0.99)?, quantile(&e.latency, 0.5)?);
    let meaning = "99th percentile of the sends' lateness, as a share of the median latency";
    Some(below("lateness", late as f64 / latency.max(1) as f64, 0.1, 0.5, Unit::Ratio, meaning))
}

/// The harness must not be what is measured.
fn limit(e: &Evidence) -> Option<Gate> {
    let meaning =
        "messages a second that were to be sent, as a share of what the harness passes on without a queue";
    Some(below(
        "generator's limit",
        e.rate / e.null_rate.filter(|&rate| rate > 0.0)?,
        0.5,
        1.0,
        Unit::Ratio,
        meaning,
    ))
}

fn service(e: &Evidence) -> Option<Gate> {
    let limit = overrun_limit(e);
    let meaning = "by how much the services really took longer than planned, on average; the fuller the \
        servers, the less they may";
    Some(below(
        "service overrun",
        e.totals.service_time().overrun()?,
        limit,
        5.0 * limit,
        Unit::Ratio,
        meaning,
    ))
}

/// Near saturation a wait grows by overrun / (1 − rho): what is harmless at rho 0.5 is not at 0.95.
fn overrun_limit(e: &Evidence) -> f64 {
    let spare = 1.0 - e.totals.service_time().planned as f64 / e.server_time.max(1) as f64;
    (0.1 * spare).clamp(0.005, 0.05)
}

/// A host that changes while it is measured is two hosts.
fn stationarity(e: &Evidence) -> Option<Gate> {
    let [first, second] = e.totals.halves;
    let tells = |half: u64| half as f64 > 0.1 * e.totals.service_time().planned as f64;
    let change = (second.overrun()? - first.overrun()?).abs();
    let limit = overrun_limit(e);
    let meaning = "by how much the services' overrun changed from the first half of the run to the second";
    (tells(first.planned) && tells(second.planned))
        .then(|| below("stationarity", change, limit, 5.0 * limit, Unit::Ratio, meaning))
}

/// What the replay, which has the services as they were, does not have, where it is a hundredth of the
/// latency or more.
pub(super) fn rest(e: &Evidence) -> Option<MeasurementCaveat> {
    let (mean, latency) = (e.hand_offs.mean()?, mean(&e.latency) / 1e9);
    let stalled = (e.meter.stalls > 0 && e.lasted > 0).then(|| {
        let stalls = e.meter.stalls as f64;
        (stalls * 1e9 / e.lasted as f64, e.meter.stalled as f64 / stalls / 1e9)
    });
    (mean >= 0.01 * latency).then(|| MeasurementCaveat::HandOffs { mean, share: mean / latency, stalled })
}

fn mean(times: &[u64]) -> f64 {
    times.iter().sum::<u64>() as f64 / times.len().max(1) as f64
}

/// The resolution of measured waits: one is not known better than a hand-off takes, and what is not ten times
/// as long is mostly hand-off.
fn hand_off(e: &Evidence) -> Option<Gate> {
    let (mean, latency) = (e.hand_offs.mean()?, mean(&e.latency));
    let woken = e.hand_offs.woken().map_or(String::new(), |(share, mean)| {
        format!(
            "; {} % came to an idle server and waited {} for it",
            significant(100.0 * share, 2),
            Time(mean)
        )
    });
    let meaning = format!(
        "{} in which a free server could have had a message, as a share of the mean latency{woken}",
        Time(mean)
    );
    Some(below("hand-off", 1e9 * mean / latency.max(1.0), 0.1, f64::INFINITY, Unit::Ratio, &meaning))
}

/// What other work on the machine, or under it, took from the run.
fn host(e: &Evidence) -> Vec<Gate> {
    let mut gates = Vec::new();
    let total: u64 = e.latency.iter().sum();
    if let Some(wait) = e.interference.run_queue_wait.filter(|_| total > 0) {
        let meaning = "time for which a thread of the run was ready and had no processor, as a share of the \
            sum of latencies";
        gates.push(below("run-queue wait", wait as f64 / total as f64, 0.02, 0.1, Unit::Ratio, meaning));
    }
    if let Some(switches) = e.interference.switches.filter(|_| e.served > 0) {
        let meaning = "how often a thread of the run was put off its processor, per message";
        gates.push(below(
            "involuntary switches",
            switches as f64 / e.served as f64,
            if e.broker.is_some() { 0.5 * BROKER_WAKE_UPS } else { 0.5 },
            f64::INFINITY,
            Unit::Ratio,
            meaning,
        ));
    }
    if e.meter.spun > 0 {
        let share = e.meter.stalled as f64 / e.meter.spun as f64;
        let each = e.meter.stalled as f64 / e.meter.stalls.max(1) as f64;
        let meaning = format!(
            "share of the generator's spinning in which the clock jumped by more than 5 µs: {} times, {} on \
                average",
            e.meter.stalls,
            Time(each / 1e9)
        );
        gates.push(below("stalls", share, 0.2, 0.6, Unit::Ratio, &meaning));
    }
    if let Some(processors) = e.processors.filter(|_| e.lasted > 0) {
        let meaning = "processors spent busy-waiting by the run's threads; with more than there are, they \
            delayed one another";
        let (busy, limit) = (e.spun as f64 / e.lasted as f64, processors as f64);
        gates.push(below("spinning", busy, limit, 2.0 * limit, Unit::Processors, meaning));
    }
    if let Some(shares) = e.shares {
        let meaning = "share of the processors' time that the hypervisor gave to others";
        gates.push(below("steal", shares.stolen, 0.01, 0.05, Unit::Ratio, meaning));
        if e.broker.is_some() || e.queue_threads > 0 {
            let of = |part: f64| significant(100.0 * part / shares.used().max(f64::MIN_POSITIVE), 2);
            let broker = match shares.servers {
                0.0 => String::new(),
                servers => format!(" and {} % by the broker", of(servers)),
            };
            let meaning = format!(
                "share of the processors' time in use, {} % of it by this program{broker}: what is full delays \
                    {} and its consumers, which its users' machines may not",
                of(shares.own),
                if e.broker.is_some() { "the broker" } else { "the queue's own threads" }
            );
            gates.push(below("processors", shares.used(), 0.9, 0.99, Unit::Ratio, &meaning));
            if shares.servers > 0.0 {
                let meaning =
                    "share of the processors' time that neither this program nor the broker used, but others";
                gates.push(below("other programs", shares.others, 0.1, f64::INFINITY, Unit::Ratio, meaning));
            }
        }
    }
    gates
}

/// Every message must be accounted for, once and in order.
fn accounting(e: &Evidence) -> Vec<Gate> {
    let share = e.unfinished as f64 / e.accepted.max(1) as f64;
    // What was delivered by a connection that was lost is settled by nobody, and comes again.
    let explained = e.broker.as_ref().is_some_and(BrokerEvidence::is_reconnected);
    let worthless = if explained { f64::INFINITY } else { 0.0 };
    let redelivered =
        |name, count: u64, meaning: &str| below(name, count as f64, 0.0, worthless, Unit::Messages, meaning);
    let unfinished =
        "share of the accepted messages still inside at the end: percentiles beyond it are lower bounds";
    vec![
        below("unfinished", share, 0.001, f64::INFINITY, Unit::Ratio, unfinished),
        none_of("lost", e.lost, "accepted messages that never came out of the drained queue"),
        redelivered(
            "duplicated",
            e.totals.duplicated + e.repeated,
            "messages that came once more though no delivery had ended, or were done twice",
        ),
        redelivered(
            "disordered",
            e.totals.disordered,
            "first deliveries after a later message of the same queue, at one consumer",
        ),
        redelivered("unsettled", e.totals.unsettled, "acknowledgements that the target rejected"),
        none_of("clock inversions", e.inversions, "stamps in the wrong order, or a clock that ran backwards"),
    ]
}

/// Little's law from two independent counts: the queue's own counters and the threads' timestamps.
fn little(e: &Evidence) -> Option<Gate> {
    let (counted, stamped) = e.inside?;
    // Below a message or so a single one in flight between stamp and counter is all that is seen.
    let difference = (counted - stamped).abs() / stamped.max(1.0);
    let meaning = "Little's law: messages inside by the target's own count against those by the records";
    Some(below("Little's law", difference, 0.02, 0.1, Unit::Ratio, meaning))
}

/// What a broker counts itself against what the records of its clients say.
fn broker_count(e: &Evidence) -> Option<Gate> {
    let (counted, stamped) = e.inside_broker?;
    // Of a few messages, one that is on its way is seen; it is asked fifty times in ten seconds.
    let difference = (counted - stamped).abs() / stamped.max(FEW_INSIDE);
    let meaning = format!(
        "messages inside by the broker's own count, {} on average, against those by the records, {}",
        significant(counted, 3),
        significant(stamped, 3)
    );
    // At high rates what is settled is deleted a while later, and no figure is the worse for it.
    Some(below("broker's count", difference, 0.05, f64::INFINITY, Unit::Ratio, &meaning))
}

/// Messages inside below which a broker's count is held against this many.
const FEW_INSIDE: f64 = 10.0;

fn tail(e: &Evidence) -> Gate {
    let beyond = e.latency.len() as f64 * 0.01;
    let trust = if beyond >= 10.0 { Trust::Valid } else { Trust::Degraded };
    let meaning = "samples beyond the 99th percentile; with fewer than the limit it says little".to_string();
    Gate {
        name: "samples beyond p99".into(),
        value: beyond.floor(),
        limit: 10.0,
        unit: Unit::Messages,
        trust,
        meaning,
    }
}

/// By nearest rank, of sorted values.
fn quantile(sorted: &[u64], share: f64) -> Option<u64> {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests;

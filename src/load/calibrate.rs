//! Calibration of this host: what a look at the clock, a sleep and a hand-off between threads cost, and how
//! often it stalls.

use super::clock::{Clock, Monotonic};
use super::context::{RunContext, RunState};
use super::generator::generate;
use super::pacing::{Pacer, STALL};
use super::run_plan::{RunPlan, ServerId};
use super::server::{Server, ServerHandles};
use super::visit_log::VisitLog;
use super::work::Worker;
use super::{LoadError, system, targets};
use crate::queue::{Queue, Settings, log};
use crate::scenario::{Scenario, Work};
use crate::workload::Block;
use crate::workload::laws::Law;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// The figures of this host.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Calibration {
    figures: Vec<CalibrationFigure>,
}

/// One figure in SI units.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CalibrationFigure {
    pub name: &'static str,
    pub value: f64,
    pub unit: &'static str,
    /// What it means for a measurement, in a phrase.
    pub meaning: &'static str,
}

impl Calibration {
    /// With further ones.
    pub(crate) fn and(mut self, more: Vec<CalibrationFigure>) -> Self {
        self.figures.extend(more);
        self
    }

    /// In the order in which they are shown.
    pub(crate) fn figures(&self) -> &[CalibrationFigure] {
        &self.figures
    }
}

/// Takes about five seconds, in which two threads keep two cores busy at times. What cannot be measured here
/// is left out.
pub(crate) fn calibrate() -> Calibration {
    system::exact_sleeps();
    let mut figures = Vec::new();
    let mut figure = |name, value: Option<f64>, unit, meaning| {
        figures.extend(value.map(|value| CalibrationFigure { name, value, unit, meaning }));
    };
    let seconds = |sorted: &[u64], share| (!sorted.is_empty()).then(|| at(sorted, share) / 1e9);

    figure("clock read", Some(clock_read() / 1e9), "s", "a look at the clock: no interval is known better");
    let sleeps = oversleep(&Monotonic, 500, 1_000_000);
    figure("sleep late p50", seconds(&sleeps, 0.5), "s", "how late a sleep of 1 ms returns");
    figure(
        "sleep late p99",
        seconds(&sleeps, 0.99),
        "s",
        "how late one sleep in a hundred returns, at least",
    );
    let fast = paced(10_000, 50_000);
    figure(
        "pacing at 100 k/s p99",
        seconds(&fast, 0.99),
        "s",
        "how late a send is at worst but one in a hundred, spinning",
    );
    let slow = paced(1_000_000, 1_000);
    figure("pacing at 1 k/s p99", seconds(&slow, 0.99), "s", "the same, sleeping until shortly before");
    // On a single core the one who looks would keep the one who sends from sending.
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let spinning =
        if cores > 1 { hand_off(u32::MAX, 10_000, 20_000).unwrap_or_default() } else { Vec::new() };
    figure(
        "hand-off spinning p50",
        seconds(&spinning, 0.5),
        "s",
        "from a send to a consumer that looks for it: the shortest wait",
    );
    let parked = hand_off(0, 500, 1_000_000).unwrap_or_default();
    figure(
        "hand-off parked p50",
        seconds(&parked, 0.5),
        "s",
        "from a send to a consumer that sleeps: the shortest wait at low rates",
    );
    figure("hand-off parked p99", seconds(&parked, 0.99), "s", "the same, one time in a hundred");
    let (stalls, lost) = stalls(500_000_000);
    figure(
        "stalls",
        Some(stalls),
        "1/s",
        "times a second that a busy thread loses the processor for more than 5 µs",
    );
    figure("stalled", Some(lost), "ratio", "share of a busy thread's time lost in them");
    let syncs = syncs(100, 0).unwrap_or_default();
    let mean = (!syncs.is_empty()).then(|| syncs.iter().sum::<u64>() as f64 / syncs.len() as f64 / 1e9);
    figure("sync mean", mean, "s", "the same on average: simulation.sync");
    figure(
        "sync p50",
        seconds(&syncs, 0.5),
        "s",
        "from a durable publish to its confirmation, in the folder for temporary files",
    );
    figure("sync p99", seconds(&syncs, 0.99), "s", "the same, one time in a hundred");
    let meaning = "messages a second through the harness without a queue: offer at most half";
    figure("null rate", null_rate(200_000).ok(), "1/s", meaning);
    Calibration { figures }
}

/// How long before a deadline a thread should stop sleeping, in nanoseconds: later than nine sleeps in ten,
/// within reason.
pub(super) fn margin(clock: &impl Clock) -> u64 {
    system::exact_sleeps();
    let late = oversleep(clock, 50, 400_000);
    (at(&late, 0.9) as u64 + 15_000).clamp(50_000, 200_000)
}

/// How late so many sleeps returned, in nanoseconds, sorted.
fn oversleep(clock: &impl Clock, count: usize, nap: u64) -> Vec<u64> {
    let mut late: Vec<u64> = (0..count)
        .map(|_| {
            let wake = clock.now() + nap;
            clock.sleep_until(wake);
            clock.now().saturating_sub(wake)
        })
        .collect();
    late.sort_unstable();
    late
}

/// How late the generator's way of waiting is for so many instants a gap apart, in nanoseconds, sorted.
fn paced(gap: u64, count: u64) -> Vec<u64> {
    let never = AtomicBool::new(false);
    let mut pacer = Pacer::new(&Monotonic, &never, super::pacing::MARGIN);
    let start = pacer.now() + gap;
    let mut late: Vec<u64> =
        (0..count).map(|i| pacer.wait_until(start + i * gap).saturating_sub(start + i * gap)).collect();
    late.sort_unstable();
    late
}

/// A quantile of sorted nanoseconds, by nearest rank.
fn at(sorted: &[u64], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map_or(0.0, |&ns| ns as f64)
}

/// What a look at the clock costs, in nanoseconds, on average.
pub(super) fn clock_read() -> f64 {
    const LOOKS: u32 = 100_000;
    let from = Monotonic.now();
    let last = (0..LOOKS).fold(0, |_, _| std::hint::black_box(Monotonic.now()));
    last.saturating_sub(from) as f64 / f64::from(LOOKS)
}

/// How often and for what share of the time a thread that never sleeps is held up.
fn stalls(lasts: u64) -> (f64, f64) {
    let never = AtomicBool::new(false);
    let mut pacer = Pacer::new(&Monotonic, &never, u64::MAX);
    pacer.wait_until(Monotonic.now() + lasts);
    let spun = pacer.meter.spun.max(STALL) as f64;
    (pacer.meter.stalls as f64 * 1e9 / spun, pacer.meter.stalled as f64 / spun)
}

/// From a send to its receipt by a consumer that looks so often before it parks, in nanoseconds, sorted.
fn hand_off(spins: u32, count: u64, gap: u64) -> Result<Vec<u64>, LoadError> {
    let queue: Queue<u64> = Queue::new(Settings { spins, ..Settings::default() }, || 0, |_| {});
    let ready = AtomicU64::new(0);
    thread::scope(|scope| {
        let consumer = thread::Builder::new().spawn_scoped(scope, || {
            let (mut hand, mut waits) = (Vec::with_capacity(1), Vec::with_capacity(count as usize));
            ready.store(1, Ordering::Release);
            while queue.consume(1, &mut hand) {
                let now = Monotonic.now();
                for delivery in hand.drain(..) {
                    waits.push(now.saturating_sub(delivery.body));
                    // What was just delivered can be settled.
                    let _settled = queue.ack(delivery.tag);
                }
            }
            waits
        });
        let consumer = consumer.map_err(|error| LoadError::NoThread { why: error.to_string() })?;
        while ready.load(Ordering::Acquire) == 0 {
            thread::yield_now();
        }
        let never = AtomicBool::new(false);
        let mut pacer = Pacer::new(&Monotonic, &never, super::pacing::MARGIN);
        let start = pacer.now();
        for i in 1..=count {
            let now = pacer.wait_until(start + i * gap);
            // An open queue without bound refuses nothing.
            let _accepted = queue.publish(now);
        }
        queue.close();
        let mut waits = consumer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        waits.sort_unstable();
        Ok(waits)
    })
}

/// From a durable publish to its confirmation, in nanoseconds, sorted; so long after the last one.
pub(super) fn syncs(count: usize, gap: u64) -> Result<Vec<u64>, log::LogError> {
    let folder = std::env::temp_dir().join(format!("queuelab-calibrate-{}", std::process::id()));
    let (log, _) = log::Log::open(Box::new(log::Folder::open(&folder)?), 1 << 20)?;
    let mut times = Vec::with_capacity(count);
    // The first makes the segment.
    for i in 0..=count {
        Monotonic.sleep_until(Monotonic.now() + gap);
        let from = Monotonic.now();
        let (_, position) = log.publish(vec![0; 100])?;
        log.commit(position)?;
        times.extend((i > 0).then(|| Monotonic.now().saturating_sub(from)));
    }
    drop(log);
    // What cannot be removed is for the system to clear away.
    let _removed = std::fs::remove_dir_all(&folder);
    times.sort_unstable();
    Ok(times)
}

/// Messages a second through generator, null target and one server without work.
pub(super) fn null_rate(messages: usize) -> Result<f64, LoadError> {
    let mut scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 1);
    scenario.measurement.target = "null".into();
    let plan = Block {
        due: vec![0; messages],
        sent: vec![0; messages],
        demand: vec![vec![0; messages]],
        ..Block::default()
    };
    let run_plan = RunPlan::new(&scenario, &plan)?;
    let (state, never) =
        (RunState::new(&run_plan, VisitLog::new(messages, messages)), AtomicBool::new(false));
    let target = targets::open(&state.opening(&run_plan))?;
    let context = RunContext::new(&run_plan, target.as_ref(), &state);
    let handles = ServerHandles {
        receiver: target.receiver(run_plan.subscription_of(0, 0))?,
        others: Vec::new(),
        publisher: None,
    };
    let mut publisher = target.publisher()?;
    let start = Monotonic.now();
    thread::scope(|scope| {
        let server = thread::Builder::new().spawn_scoped(scope, || {
            let mut worker = Worker::new(Pacer::new(&Monotonic, &never, 0), &Monotonic, Work::Spin);
            let server_id = ServerId { group: 0, server: 0 };
            Server::new(&mut worker, context, handles, start, server_id, messages).serve();
        });
        let server = server.map_err(|error| LoadError::NoThread { why: error.to_string() })?;
        generate(&mut Pacer::new(&Monotonic, &never, 0), &context, publisher.as_mut(), start);
        target.halt();
        server.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok(messages as f64 * 1e9 / (Monotonic.now() - start).max(1) as f64)
    })
}

#[cfg(test)]
mod tests {
    use super::super::clock::Fake;
    use super::*;

    #[test]
    fn the_margin_follows_the_host_within_reason() {
        let late = |oversleep| margin(&Fake { read: 20, oversleep, ..Fake::default() });
        assert_eq!(late(1_000), 50_000);
        assert_eq!(late(79_980), 95_000);
        assert_eq!(late(5_000_000), 200_000);
    }
}

//! How long a simulation is beside the time that its queues need to forget where they began: whether its
//! intervals can be taken as they are, and which percentiles can be told at all. Both follow from load and
//! length, not from what the runs happened to show.

use super::lanes;
use super::stopping::{RELAXATIONS, variability};
use crate::answer::{Caveat, Estimate, MetricId, PERCENTILES, PlaceId, Quantity, SimulationCaveat};
use crate::scenario::Scenario;
use crate::stats::Combined;
use crate::theory;
use std::collections::BTreeMap;

/// Independent messages that must lie beyond a percentile before it is told.
const LEAST_BEYOND: f64 = 4.0;
/// Messages that tell as much as an independent one, as a share of those in which the start is forgotten
/// [`RELAXATIONS`] times over.
const ALIKE: f64 = 2.0 / RELAXATIONS;
/// Replications that are shorter than needed by more than this factor are said to be.
const SHORT: f64 = 4.0;

/// What a scenario's load asks of the length of its replications.
#[derive(Debug, Clone, Default)]
pub(super) struct Settling {
    queues: BTreeMap<String, SettlingQueue>,
    /// The one that needs most.
    worst: Option<SettlingQueue>,
    replications: f64,
    /// Of one replication, of all producers.
    messages: f64,
}

/// A queue, and of one in partitions its busiest.
#[derive(Debug, Clone)]
struct SettlingQueue {
    name: String,
    rho: f64,
    /// How many times longer a replication should be.
    short: f64,
}

impl Settling {
    /// Of replications of so many messages, `rate` of them a second.
    pub(super) fn of(
        scenario: &Scenario,
        loads: &[theory::Load],
        messages: u64,
        rate: f64,
        replications: u32,
    ) -> Self {
        let varies = variability(scenario);
        let queue = |load: &theory::Load| {
            let lane = lanes::busiest(load);
            let rho = lane
                .map(|lane| lane.rho)
                .or(load.at_least)
                .filter(|rho| !load.bounded && (0.0..1.0).contains(rho))?;
            let share = load.arrival_rate.map_or(1.0, |own| own / rate) * lane.map_or(1.0, |lane| lane.share);
            let needed = RELAXATIONS * varies / (1.0 - rho).powi(2);
            let short = needed / (messages as f64 * share);
            short.is_finite().then_some(SettlingQueue { name: load.queue.clone(), rho, short })
        };
        let queues: Vec<SettlingQueue> = loads.iter().filter_map(queue).collect();
        let worst = queues.iter().max_by(|a, b| a.short.total_cmp(&b.short)).cloned();
        let queues = queues.into_iter().map(|queue| (queue.name.clone(), queue)).collect();
        Settling { queues, worst, replications: f64::from(replications), messages: messages as f64 }
    }

    fn worst(&self) -> Option<&SettlingQueue> {
        self.worst.as_ref()
    }

    /// How much longer the replications should be for what a metric tells; `None` where no queue's load bears
    /// on it.
    fn short(&self, MetricId { place, quantity, .. }: &MetricId<'_>) -> Option<f64> {
        use Quantity::{Delayed, InSystem, Latency, QueueLength, Wait};
        let queue = match place {
            PlaceId::Queue(name) if matches!(quantity, Wait | QueueLength | InSystem | Delayed) => {
                self.queues.get(*name)
            }
            PlaceId::Total | PlaceId::Producer(_) if matches!(quantity, Wait | Latency) => self.worst(),
            _ => None,
        };
        queue.map(|q| q.short)
    }

    /// Widens the intervals of what a short run shows too little of, and tells a percentile if, and only if,
    /// enough lies beyond it.
    ///
    /// # Formula
    /// √(1 + k S/L) for replications of L messages that need S: found by playing M/M/1 queues 400 times each
    /// with S/L from 2 to 250, where the plain intervals of a mean cover 94 to 60 % and those of a p99 91 to
    /// 24 % (`benches/coverage.md`).
    pub(super) fn apply(&self, combined: &mut Combined) {
        // Whether a path's percentile is told; `None` where nothing here decides about it.
        let told = |path: &String| {
            let id = MetricId::parse(path)?;
            let (share, short) = (share(&id)?, self.short(&id)?);
            Some((1.0 - share) * self.replications / (ALIKE * short) >= LEAST_BEYOND)
        };
        let that_are = |paths: &BTreeMap<String, Estimate>, now: bool| -> Vec<String> {
            paths.keys().filter(|path| told(path) == Some(now)).cloned().collect()
        };
        let (hidden, shown) = (that_are(&combined.metrics, false), that_are(&combined.withheld, true));
        let pass = |paths: Vec<String>, from: &mut BTreeMap<_, _>, to: &mut BTreeMap<_, _>| {
            to.extend(paths.into_iter().filter_map(|path| from.remove_entry(&path)));
        };
        pass(hidden, &mut combined.metrics, &mut combined.withheld);
        pass(shown, &mut combined.withheld, &mut combined.metrics);
        for (path, estimate) in &mut combined.metrics {
            let Some(id) = MetricId::parse(path) else { continue };
            if let Some(short) = self.short(&id) {
                let factor = (1.0 + missing(&id) * short).sqrt();
                estimate.half_width = estimate.half_width.map(|half| half * factor);
                if let (Some(value), Some((low, high))) = (estimate.value, estimate.ends) {
                    estimate.ends = Some((
                        (value - (value - low) * factor).max(0.0),
                        (value + (high - value) * factor).min(1.0),
                    ));
                }
            }
        }
    }

    /// What is to be said of replications that are much too short.
    pub(super) fn caveat(&self) -> Option<Caveat> {
        let SettlingQueue { name, rho, .. } = self.worst().filter(|queue| queue.short > SHORT)?;
        let (queue, needed) = (name.clone(), self.needed()?);
        Some(SimulationCaveat::ShortForLoad { queue, rho: *rho, needed }.into())
    }

    /// What is to be said of percentiles that are the mean of each replication's own, where a replication is
    /// too short to have one.
    pub(super) fn caveat_of_own(&self) -> Option<Caveat> {
        let SettlingQueue { name, rho, .. } = self.worst().filter(|queue| queue.short > 1.0)?;
        let (queue, messages, needed) = (name.clone(), self.messages, self.needed()?);
        Some(SimulationCaveat::ShortForPercentiles { messages, queue, rho: *rho, needed }.into())
    }

    /// Messages of a replication that would be long enough.
    fn needed(&self) -> Option<f64> {
        let needed = (self.messages * self.worst()?.short).min(1e18);
        let digits = 10f64.powf(needed.log10().floor() - 1.0);
        Some((needed / digits).ceil() * digits)
    }
}

/// What part of the messages lies below a percentile; `None` for other statistics.
fn share(id: &MetricId<'_>) -> Option<f64> {
    let share = id.statistic.share()?;
    PERCENTILES.iter().map(|usual| usual.1).find(|usual| *usual == share)
}

/// How much a short run's interval misses, the k of [`Settling::apply`]: far percentiles are seen least.
fn missing(id: &MetricId<'_>) -> f64 {
    match share(id) {
        Some(share) if share >= 0.99 => 0.3,
        Some(share) if share > 0.9 => 0.1,
        _ => 0.045,
    }
}

//! Scenarios so slow that the clock of whole nanoseconds would end before they are played: played faster, and
//! told as they are.

use crate::answer::{Answer, Distribution, Estimate, MetricId, Statistic, Unanswered, Unit, metric_of};
use crate::scenario::{Length, Producer, Scenario, Warmup};
use crate::units::{MAX_NANOS, NANOS_PER_SECOND, plain};
use std::collections::BTreeMap;

/// A run that is planned to take more than this share of what the clock holds, 292 years, is played on a
/// coarser one.
const SHARE: f64 = 0.9;
/// With a warm-up that is found by itself a run is so many times as long at most, and a cycle is covered so
/// many times.
const ALLOWANCE: f64 = 2.0;
const CYCLES: f64 = 20.0;
/// Points of a distribution that is told on the scenario's own clock.
const POINTS: u32 = 2000;

/// A scenario that fits the clock, and how many times as fast it is as the one that was asked for.
pub(super) struct Faster {
    pub scenario: Scenario,
    factor: f64,
}

impl Faster {
    /// By how much a metric of the one that was asked for is larger.
    fn scale(&self, path: &str) -> f64 {
        match metric_of(path).map(|metric| metric.unit) {
            Some(Unit::Seconds) => self.factor,
            Some(Unit::PerSecond | Unit::PerHour) => 1.0 / self.factor,
            _ => 1.0,
        }
    }

    /// What a replication of it gave, as figures of the one that was asked for.
    pub(super) fn values(&self, found: BTreeMap<String, f64>) -> BTreeMap<String, f64> {
        let told = |(path, value): (String, f64)| {
            (!of_this_clock(&path)).then(|| (path.clone(), value * self.scale(&path)))
        };
        found.into_iter().filter_map(told).collect()
    }
}

/// Whether a metric names a time or an instant, which the faster scenario is not to be held against.
fn of_this_clock(path: &str) -> bool {
    MetricId::parse(path).is_some_and(|id| matches!(id.statistic, Statistic::Within(_) | Statistic::At(_)))
}

/// The scenario made faster if the clock does not hold it as it is.
pub(super) fn beyond(scenario: &Scenario) -> Option<Faster> {
    if super::transient::applies(scenario) {
        // It lasts as long as its timetable or its backlog, whatever its messages.
        return None;
    }
    let rate: f64 = scenario.producers.iter().map(Producer::played_rate).sum();
    let time = |messages: u64| if rate > 0.0 { messages as f64 / rate } else { 0.0 };
    let run = match scenario.simulation.length {
        Length::Messages(n) => time(n),
        Length::Duration(s) => s,
        Length::Auto => time(super::stopping::planned(scenario)),
    };
    let warmup = match scenario.simulation.warmup {
        Warmup::Messages(n) => time(n),
        Warmup::Duration(s) => s,
        Warmup::Auto => 0.0,
    };
    let cycle = scenario.cycle().map_or(0.0, |cycle| cycle.lasts * CYCLES);
    let all = (ALLOWANCE * run + warmup).max(cycle) * NANOS_PER_SECOND / MAX_NANOS as f64;
    // A power of two changes no digit of any time.
    (all > SHARE)
        .then(|| (all / SHARE).log2().ceil().exp2())
        .map(|factor| Faster { scenario: scenario.faster(factor), factor })
}

/// What was found of the faster scenario, as figures of the one that was asked for.
pub(super) fn slowed(faster: &Faster, found: Result<Answer, Unanswered>) -> Result<Answer, Unanswered> {
    let mut answer =
        found.map_err(|refusal| Unanswered { reason: refusal.reason.slowed(faster.factor), ..refusal })?;
    let factor = faster.factor;
    answer.metrics.retain(|path, _| !of_this_clock(path));
    for (path, estimate) in &mut answer.metrics {
        let scale = faster.scale(path);
        *estimate = Estimate {
            value: estimate.value.map(|v| v * scale),
            half_width: estimate.half_width.map(|h| h * scale),
            ends: estimate.ends.map(|(low, high)| (low * scale, high * scale)),
        };
    }
    answer.latency = answer.latency.as_ref().map(|latency| stretched(latency, factor));
    for moment in answer.timelines.values_mut().flatten() {
        moment.at *= factor;
        moment.oldest = moment.oldest.map(|age| age * factor);
    }
    answer.unstable = answer.unstable.map(|reason| reason.slowed(factor));
    answer.caveats = answer.caveats.into_iter().map(|caveat| caveat.slowed(factor)).collect();
    answer.by += &format!(", played {} times faster, for the clock holds 292 years", plain(factor, 12));
    Ok(answer)
}

fn stretched(latency: &Distribution, factor: f64) -> Distribution {
    let share = |i: u32| f64::from(i) / f64::from(POINTS);
    let near_the_end = (1..=4).map(|k| 1.0 - 0.1_f64.powi(k + 3));
    let shares = (0..POINTS).map(share).chain(near_the_end);
    Distribution::Quantiles(
        shares.filter_map(|share| Some((share, latency.quantile(share)? * factor))).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{NoProgress, simulation::simulate};
    use crate::workload::laws::Law;

    /// The same queue in years and in seconds: the same figures but for the unit.
    #[test]
    fn what_takes_longer_than_the_clock_is_told_all_the_same() {
        let year = 365.25 * 86_400.0;
        let of = |unit: f64| {
            let mut scenario = Scenario::mgc(0.5 / unit, Law::exponential(unit), 1);
            (scenario.simulation.length, scenario.simulation.replications) = (Length::Messages(20_000), 4);
            simulate(&scenario, &NoProgress).expect("it is played")
        };
        let (slow, quick) = (of(year), of(1.0));
        for (path, unit) in [
            ("total.latency.mean", year),
            ("total.throughput", 1.0 / year),
            ("queues.queue.utilization", 1.0),
        ] {
            let [slow, quick] =
                [&slow, &quick].map(|answer| answer.get(path).and_then(|e| e.value).expect("known"));
            assert!((slow / unit / quick - 1.0).abs() < 0.02, "{path}: {slow} and {quick}");
        }
        assert!(slow.by.contains("times faster") && !quick.by.contains("times faster"), "{}", slow.by);
        let median = slow.latency.expect("a distribution").quantile(0.5).expect("some");
        assert!((median / year / 1.386 - 1.0).abs() < 0.1, "{median}");
    }
}

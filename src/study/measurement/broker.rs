//! What a broker adds to a measurement: the time that deliveries take, in the rehearsal as before the run and
//! in the replay as in it, and what that does to the consumers.

use crate::answer::{
    Answer, Caveat, DeliveriesSeen, Estimate, MeasurementCaveat, Method, Statistics, metric_of, share_of,
};
use crate::load::{BrokerTimes, DeliveryTimes, prefetches_by};
use crate::scenario::{Durability, PrefetchBy, Scenario, clashes};

/// The share of a service below which what a delivery adds to it is not worth a sentence.
const NEGLIGIBLE: f64 = 0.01;

/// Samples that must lie beyond a percentile.
const LEAST_BEYOND: f64 = 10.0;

/// The scenario on the broker as it was before the run, and as it was in the run.
pub(super) fn hosts(scenario: &Scenario, times: &BrokerTimes) -> [Scenario; 2] {
    [&times.learnt, &times.own].map(|times| host(scenario, times))
}

fn host(scenario: &Scenario, times: &DeliveryTimes) -> Scenario {
    let (mut out, speed) = (scenario.clone(), scenario.measurement.speed);
    out.simulation.overheads.hand_off = times.idle_hop.scaled(speed);
    out.simulation.overheads.turnaround = times.turnaround.scaled(speed);
    as_brokers_do(&mut out);
    out
}

/// What a broker does otherwise than the queue of the scenario: one that has a disk to write to delivers
/// without waiting for it, and some give consumers what they hold otherwise than in turn.
pub(in crate::study) fn as_brokers_do(scenario: &mut Scenario) {
    scenario.queues.iter_mut().for_each(|queue| queue.durability = Durability::None);
    if let Some(by) = prefetches_by(scenario) {
        let mut told = scenario.clone();
        told.consumers.iter_mut().for_each(|consumer| consumer.prefetch_by = by);
        // What does not go with that is simulated in turn.
        if clashes(&told).is_empty() {
            *scenario = told;
        }
    }
}

/// Adds what only a broker has to the measurement's answer, and what it says of the rehearsal's host.
/// `load` is that of the servers without the broker, where it is known.
pub(super) fn tell(answers: &mut [Answer], scenario: &Scenario, times: &BrokerTimes, load: Option<f64>) {
    let speed = scenario.measurement.speed;
    for answer in answers {
        match answer.method {
            Method::Measurement => {
                for (path, each) in &times.each {
                    figures(answer, path, each, speed / 1e9);
                }
                answer.caveats.extend(turnarounds(scenario, &times.own, load).into_iter().map(Caveat::from));
            }
            Method::Rehearsal => answer.caveats.push(laws(&times.learnt, speed, DeliveriesSeen::Before)),
            Method::Replay => answer.caveats.push(laws(&times.own, speed, DeliveriesSeen::Meanwhile)),
            _ => {}
        }
    }
}

fn laws(times: &DeliveryTimes, speed: f64, seen: DeliveriesSeen) -> Caveat {
    let [idle_hop, turnaround] = [&times.idle_hop, &times.turnaround].map(|law| law.mean() * speed);
    MeasurementCaveat::Deliveries { seen, idle_hop, turnaround }.into()
}

/// The statistics of times, in order or not.
fn figures(answer: &mut Answer, path: &str, times: &[u64], unit: f64) {
    let (mut sorted, count) = (times.to_vec(), times.len() as f64);
    sorted.sort_unstable();
    let mean = sorted.iter().map(|&t| t as f64).sum::<f64>() / count;
    let variance = sorted.iter().map(|&t| (t as f64 - mean).powi(2)).sum::<f64>() / count;
    let of = |statistic: &str| match statistic {
        "mean" => Some(mean),
        "sd" => Some(variance.sqrt()),
        "max" => sorted.last().map(|&t| t as f64),
        _ => {
            let share = share_of(statistic)?;
            let rank = ((count * share).ceil() as usize).max(1) - 1;
            (share.min(1.0 - share) * count >= LEAST_BEYOND).then(|| sorted[rank] as f64)
        }
    };
    debug_assert!(metric_of(&format!("{path}.mean")).is_some(), "{path} is no metric");
    for statistic in Statistics::Times.names() {
        if let Some(value) = of(statistic) {
            answer.metrics.insert(format!("{path}.{statistic}"), Estimate::with(value * unit, None));
        }
    }
}

/// What the turnaround takes from the consumers, group by group.
fn turnarounds(scenario: &Scenario, times: &DeliveryTimes, load: Option<f64>) -> Vec<MeasurementCaveat> {
    let turnaround = times.turnaround.mean() * scenario.measurement.speed;
    let of = |consumer: &crate::scenario::Consumer| {
        let work = consumer.mean_service();
        if consumer.batch.is_some() || turnaround < NEGLIGIBLE * work || work <= 0.0 {
            return None;
        }
        // Of several groups nobody knows which is meant.
        let load = load.filter(|_| scenario.consumers.len() == 1);
        let (one, by) = (consumer.prefetch <= 1, prefetches_by(scenario));
        Some(MeasurementCaveat::Turnaround {
            group: consumer.name.clone(),
            prefetch: consumer.prefetch.max(1),
            hides: one && by.is_some_and(|by| by != PrefetchBy::Demand),
            of_two: (one && by == Some(PrefetchBy::Demand)).then(|| 1.0 / (work + 0.5 * turnaround)),
            rate: 1.0 / (work + turnaround),
            alone: 1.0 / work,
            loads: load.map(|load| (load * (work + turnaround) / work, load)),
        })
    };
    scenario.consumers.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::laws::Law;

    #[test]
    fn the_turnaround_is_told_where_it_takes_something() {
        let scenario = Scenario::mgc(100.0, Law::exponential(0.004), 1);
        let times = |turnaround| DeliveryTimes {
            idle_hop: Law::deterministic(5e-4),
            turnaround: Law::deterministic(turnaround),
        };
        let told = turnarounds(&scenario, &times(445e-6), Some(0.9));
        assert_eq!(
            told.iter().map(MeasurementCaveat::to_string).collect::<Vec<_>>(),
            ["with prefetch 1 this broker lets a server of `consumers` do 225/s of the 250/s that its work \
                 allows: its load is 1.00 instead of 0.900, so that its backlog grows; prefetch 2 hides it"]
        );
        assert_eq!(turnarounds(&scenario, &times(1e-5), None), []);
        // Who reads several at once when it has none left pays once for all of them.
        let mut on_redis = scenario.clone();
        on_redis.measurement.target = "redis".into();
        let told = turnarounds(&on_redis, &times(1e-3), None)[0].to_string();
        assert!(told.ends_with("prefetch 2 does not hide it but halves it, to 222/s, as a server fetches when it has nothing left"), "{told}");
        assert_eq!(host(&scenario, &times(4e-4)).simulation.overheads.turnaround, Law::deterministic(4e-4));
    }

    #[test]
    fn percentiles_need_samples_beyond_them() {
        let mut answer = Answer::new(Method::Measurement, "test");
        figures(&mut answer, "queues.queue.hop", &(1..=200).collect::<Vec<u64>>(), 1.0);
        let value =
            |statistic: &str| answer.get(&format!("queues.queue.hop.{statistic}")).and_then(|e| e.value);
        assert_eq!(
            (value("mean"), value("p95"), value("p99"), value("max")),
            (Some(100.5), Some(190.0), None, Some(200.0))
        );
    }
}

//! A queue in partitions: messages of a key go to one partition, and a partition to one server, so that every
//! server has a queue of its own.

use super::Mismatch;
use super::mg1::Mg1;
use super::{
    Feature, LevelSummary, ModelError, QueueModel, Station, StationStream, SteadyState, TimeDistribution,
};
use crate::answer::{Growth, TheoryCaveat};
use crate::scenario::hash_spread;
use crate::units::near_one;

/// A partition whose load is above the average by more than this share of it is named.
pub(crate) const UNEVEN: f64 = 0.02;

/// The shares of a stream's messages that each server gets: partition i of those that the queue has goes to
/// server i mod their number.
fn shares(station: &Station<'_>, stream: &StationStream<'_>, servers: u32) -> Vec<f64> {
    let queue =
        station.scenario.queues.iter().position(|queue| std::ptr::eq(queue, station.queue)).unwrap_or(0);
    let mut sums = vec![0.0; servers as usize];
    for (partition, share) in station.scenario.direct(stream.producer, queue).into_iter().enumerate() {
        sums[partition % servers as usize] += share;
    }
    let all: f64 = sums.iter().sum();
    sums.into_iter().map(|sum| if all > 0.0 { sum / all } else { 0.0 }).collect()
}

/// The adapter: each server is M/G/1.
#[derive(Debug)]
pub struct PartitionedQueue;

impl PartitionedQueue {
    /// Messages a second of every stream at every server.
    fn rates(station: &Station<'_>) -> Result<Vec<Vec<f64>>, Mismatch> {
        super::requires::poisson(station)?;
        let partitions = station.queue.partitions.ok_or("needs a queue with partitions")?;
        let servers = station.servers.ok_or("needs a limited number of servers")?;
        if station.groups.len() > 1 {
            return Err("needs one consumer group".into());
        }
        let lanes = partitions.min(servers);
        let of_stream = |stream: &StationStream<'_>| {
            shares(station, stream, lanes).into_iter().map(|share| share * stream.rate).collect()
        };
        let by_stream: Vec<Vec<f64>> = station.streams.iter().map(of_stream).collect();
        Ok((0..lanes as usize).map(|lane| by_stream.iter().map(|rates| rates[lane]).collect()).collect())
    }
}

/// In how many partitions a queue is, and how busy the busiest one's server is: what its load as a whole does
/// not show.
pub fn busiest(station: &Station<'_>) -> Option<String> {
    let partitions = station.queue.partitions.filter(|p| *p > 1)?;
    let lanes = partitions.min(station.servers?);
    let mut loads = vec![0.0; lanes as usize];
    for (i, stream) in station.streams.iter().enumerate() {
        let work = stream.rate * station.service.moment_of(i, 1);
        loads.iter_mut().zip(shares(station, stream, lanes)).for_each(|(load, share)| *load += share * work);
    }
    let most = loads.into_iter().fold(0.0, f64::max);
    Some(format!(
        " in {partitions} partitions ({lanes} servers have one, the busiest at rho = {})",
        near_one(most)
    ))
}

impl QueueModel for PartitionedQueue {
    const NAME: &'static str = "partitions, M/G/1 each";
    const KNOWS: &'static [Feature] = &[Feature::Partitions];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        Self::rates(station).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let lanes = Self::rates(station)?;
        let load = |rates: &[f64]| {
            rates.iter().enumerate().map(|(i, rate)| rate * station.service.moment_of(i, 1)).sum::<f64>()
        };
        let worst = lanes.iter().map(|rates| load(rates)).fold(0.0, f64::max);
        if worst >= 1.0 - 1e-12 {
            let grows = |rates: &Vec<f64>| rates.iter().sum::<f64>() * (1.0 - 1.0 / load(rates)).max(0.0);
            let growth = lanes.iter().filter(|rates| load(rates) > 0.0).map(grows).sum();
            return Err(Growth::Partition { rho: worst, growth }.into());
        }
        let (mut parts, mut waiting, mut delayed) = (Vec::new(), 0.0, 0.0);
        for rates in lanes.iter().filter(|rates| rates.iter().any(|rate| *rate > 0.0)) {
            let mut own = station.clone();
            own.servers = Some(1);
            own.streams.iter_mut().zip(rates).for_each(|(stream, rate)| stream.rate = *rate);
            own.service = station.service.weighted(rates);
            let figures = Mg1.figures(&own)?;
            let rate: f64 = rates.iter().sum();
            waiting += figures.queue_length.mean;
            delayed += rate * figures.delayed.unwrap_or(0.0);
            parts.push((rate, figures.wait));
        }
        let mut figures = SteadyState::lossless(
            station,
            Some(delayed / station.lambda()),
            TimeDistribution::mixture(&parts),
        );
        figures.queue_length = LevelSummary { mean: waiting, p99: None };
        figures.in_system = LevelSummary { mean: waiting + station.offered_load(), p99: None };
        let average = station.offered_load() / lanes.len() as f64;
        if worst > average * (1.0 + UNEVEN) {
            figures.caveats.push(TheoryCaveat::UnevenPartitions { rho: worst, average }.into());
        }
        if let [stream] = station.streams.as_slice()
            && let Some((low, high)) = hash_spread(
                stream.producer.keys.as_ref(),
                station.queue.partitions.unwrap_or(1),
                lanes.len() as u32,
            )
            && high * station.offered_load() > worst * (1.0 + UNEVEN)
        {
            let (low, high) = (low * station.offered_load(), high * station.offered_load());
            figures.caveats.push(TheoryCaveat::KeysByHash { low, high, dealt: worst }.into());
        }
        Ok(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Keys, Scenario};
    use crate::workload::laws::Law;

    #[test]
    fn partitions_beyond_the_servers_are_dealt_out_in_turn() {
        let mut s = Scenario::mgc(1.0, Law::exponential(0.1), 4);
        let of = |s: &Scenario, servers| {
            let station = Station::of(s).expect("one queue");
            shares(&station, &station.streams[0], servers)
        };
        s.queues[0].partitions = Some(6);
        let even = of(&s, 4);
        assert!(
            even.iter()
                .zip([2.0 / 6.0, 2.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0])
                .all(|(a, b): (&f64, f64)| (a - b).abs() < 1e-15),
            "{even:?}"
        );
        s.queues[0].partitions = Some(4);
        s.producers[0].keys = Some(Keys::Uniform { count: 2 });
        assert_eq!(of(&s, 4), [0.5, 0.5, 0.0, 0.0]);
        // Zipf: 1, 1/2, 1/3 and 1/4 to two partitions.
        s.queues[0].partitions = Some(2);
        s.producers[0].keys = Some(Keys::Zipf { count: 4, exponent: 1.0 });
        assert!((of(&s, 2)[0] - (4.0 / 3.0) / (25.0 / 12.0)).abs() < 1e-15);
    }
}

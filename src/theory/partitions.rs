//! A queue in partitions: messages of a key go to one partition, and a partition to one server, so that every server has a queue of its
//! own.

use super::mg1::Mg1;
use super::{Feature, Figures, Level, QueueModel, Refusal, Station, Times};
use crate::scenario::Keys;
use crate::units::significant;

/// More keys than this are not counted one by one.
const MOST_KEYS: u32 = 1 << 20;

/// The share of the messages that has a key k (from 0) with k mod `partitions` mod `lanes` = i, for every i.
///
/// ```
/// use queuelab::{scenario::Keys, theory::partitions::shares};
/// // Zipf: 1, 1/2, 1/3 and 1/4 to two partitions.
/// let shares = shares(Some(&Keys::Zipf { count: 4, exponent: 1.0 }), 2, 2).expect("few keys");
/// assert!((shares[0] - (4.0 / 3.0) / (25.0 / 12.0)).abs() < 1e-15);
/// ```
pub fn shares(keys: Option<&Keys>, partitions: u32, lanes: u32) -> Option<Vec<f64>> {
    let weight = |key: u32| match keys {
        Some(Keys::Zipf { exponent, .. }) => (f64::from(key) + 1.0).powf(-exponent),
        _ => 1.0,
    };
    let count = match keys {
        // One without keys is dealt out evenly.
        None => partitions,
        Some(Keys::Uniform { count } | Keys::Zipf { count, .. }) => *count,
    };
    if count > MOST_KEYS {
        return None;
    }
    let mut sums = vec![0.0; lanes as usize];
    (0..count).for_each(|key| sums[(key % partitions % lanes) as usize] += weight(key));
    let total: f64 = sums.iter().sum();
    Some(sums.into_iter().map(|sum| sum / total).collect())
}

/// The adapter: each server is M/G/1.
#[derive(Debug)]
pub struct Partitioned;

impl Partitioned {
    /// Messages a second of every stream at every server.
    fn rates(station: &Station<'_>) -> Result<Vec<Vec<f64>>, String> {
        super::mginf::poisson(station)?;
        let partitions = station.queue.partitions.ok_or("the queue has no partitions")?;
        let servers = station.servers.ok_or("servers are without limit")?;
        if station.groups.len() > 1 {
            return Err("there are several consumer groups".into());
        }
        let lanes = partitions.min(servers);
        let of_stream = |stream: &super::Stream<'_>| {
            let shares = shares(stream.producer.keys.as_ref(), partitions, lanes).ok_or("there are too many keys")?;
            Ok(shares.into_iter().map(|share| share * stream.rate).collect())
        };
        let by_stream: Vec<Vec<f64>> = station.streams.iter().map(of_stream).collect::<Result<_, &str>>()?;
        Ok((0..lanes as usize).map(|lane| by_stream.iter().map(|rates| rates[lane]).collect()).collect())
    }
}

/// In how many partitions a queue is, and how busy the busiest one's server is: what its load as a whole does not show.
pub fn busiest(station: &Station<'_>) -> Option<String> {
    let partitions = station.queue.partitions.filter(|p| *p > 1)?;
    let lanes = partitions.min(station.servers?);
    let mut loads = vec![0.0; lanes as usize];
    for (i, stream) in station.streams.iter().enumerate() {
        let work = stream.rate * station.service.moment_of(i, 1);
        let shares = shares(stream.producer.keys.as_ref(), partitions, lanes)?;
        loads.iter_mut().zip(shares).for_each(|(load, share)| *load += share * work);
    }
    let most = loads.into_iter().fold(0.0, f64::max);
    Some(format!(" in {partitions} partitions ({lanes} servers have one, the busiest at rho = {})", super::number(most)))
}

impl QueueModel for Partitioned {
    const NAME: &'static str = "partitions, M/G/1 each";
    const KNOWS: &'static [Feature] = &[Feature::Partitions];

    fn fits(&self, station: &Station<'_>) -> Result<(), String> {
        Self::rates(station).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<Figures, Refusal> {
        let lanes = Self::rates(station).map_err(Refusal::Other)?;
        let load = |rates: &[f64]| rates.iter().enumerate().map(|(i, rate)| rate * station.service.moment_of(i, 1)).sum::<f64>();
        let worst = lanes.iter().map(|rates| load(rates)).fold(0.0, f64::max);
        if worst >= 1.0 - 1e-12 {
            let grows = |rates: &Vec<f64>| rates.iter().sum::<f64>() * (1.0 - 1.0 / load(rates)).max(0.0);
            return Err(Refusal::Other(format!(
                "unstable: the busiest partition has rho = {}, its backlog grows by {} messages/s",
                super::number(worst),
                significant(lanes.iter().filter(|rates| load(rates) > 0.0).map(grows).sum::<f64>(), 3)
            )));
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
        let mut figures = Figures::lossless(station, Some(delayed / station.lambda()), Times::mixture(&parts));
        figures.queue_length = Level { mean: waiting, p99: None };
        figures.in_system = Level { mean: waiting + station.offered_load(), p99: None };
        figures.caveats.push(format!("the busiest partition's server has rho = {}", super::number(worst)));
        Ok(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_beyond_the_servers_are_dealt_out_in_turn() {
        let even = shares(None, 6, 4).expect("few keys");
        assert_eq!(even, [2.0 / 6.0, 2.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0]);
        assert_eq!(shares(Some(&Keys::Uniform { count: 2 }), 4, 4), Some(vec![0.5, 0.5, 0.0, 0.0]));
    }
}

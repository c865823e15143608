//! One server that keeps what failed until it has tried it again: M/G/1 with all of a message's deliveries
//! and the delays between them as its service.

use super::Mismatch;
use super::retries::{Deliveries, delays};
use super::{Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, mg1};
use crate::scenario::{Ack, RetryDelay};

/// Mean and second moment of the time for which a message has its server, from the mean and variance of a
/// delivery's work.
///
/// # Formula
/// Of n deliveries, n services and the n − 1 delays after the first, second, … of them: mean n m + Σ d_k,
/// variance n v (or n² v, where the work stays the same) and a forty-eighth of the square of each delay that
/// has jitter. The number of deliveries is geometric, cut off at the limit.
/// # Source
/// Kleinrock I, section 5.7, for a compound service.
///
/// ```
/// use queuelab::{scenario::RetryDelay, theory::{held_retries::time_with_server, retries::Deliveries}};
/// // Ten deliveries of 10 ms and nine delays of 1 s.
/// let ten = Deliveries { failure: 1.0, limit: Some(10), same: false };
/// let [m1, m2] = time_with_server(&ten, &RetryDelay { min: 1.0, max: 1.0, jitter: false }, [0.01, 0.0]);
/// assert!((m1 - 9.1).abs() < 1e-12 && (m2 - 9.1 * 9.1).abs() < 1e-10);
/// ```
pub fn time_with_server(deliveries: &Deliveries, retry: &RetryDelay, [mean, variance]: [f64; 2]) -> [f64; 2] {
    let (mut moments, mut kept, mut spread) = ([0.0; 2], 0.0, 0.0);
    for (n, share) in (1_u32..).zip(deliveries.shares(false)) {
        let times = f64::from(n);
        let all = times * mean + kept;
        let work = if deliveries.same { times * times } else { times } * variance;
        moments[0] += share * all;
        moments[1] += share * (all * all + work + spread);
        kept += retry.mean(n);
        spread += if retry.jitter { retry.longest(n).powi(2) / 48.0 } else { 0.0 };
    }
    moments
}

/// The adapter.
#[derive(Debug)]
pub struct HeldRetries;

impl HeldRetries {
    fn parts(station: &Station<'_>) -> Result<(Deliveries, RetryDelay), Mismatch> {
        super::requires::poisson(station)?;
        let [group] = station.groups.as_slice() else { return Err("needs one consumer group".into()) };
        if station.servers != Some(1) {
            return Err("needs one server".into());
        }
        if !station.has(Feature::BlockingRetry) {
            return Err("needs servers that keep what failed".into());
        }
        if group.ack == Ack::Auto {
            return Err("what fails is lost (ack = auto)".into());
        }
        let limit = station.queue.delivery_limit;
        if group.failure >= 1.0 {
            return Err("every delivery fails".into());
        }
        if !station.service.is_alike() {
            return Err("producers bring work of different laws".into());
        }
        let same = station
            .repeats_work()
            .ok_or("some messages are the same work at each delivery and others are not")?;
        let retry = group.retry_delay.unwrap_or(RetryDelay { min: 0.0, max: 0.0, jitter: false });
        Ok((Deliveries { failure: group.failure, limit, same }, retry))
    }
}

impl QueueModel for HeldRetries {
    const NAME: &'static str = "M/G/1 with retries in place";
    const KNOWS: &'static [Feature] = &[Feature::Failures, Feature::BlockingRetry];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        Self::parts(station).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let (deliveries, retry) = Self::parts(station)?;
        let (lambda, mean) = (station.lambda(), station.service.mean());
        let variance = station.service.moment(2) - mean * mean;
        let [m1, m2] = time_with_server(&deliveries, &retry, [mean, variance]);
        super::enough(lambda, 1.0 / m1)?;
        let line = mg1::wait_mean(lambda, m1, m2);
        let (all, served) = (delays(&deliveries, &retry, false), delays(&deliveries, &retry, true));
        let (each, loss) = (deliveries.mean(), deliveries.loss());
        let tries: f64 = (1_u32..).zip(deliveries.shares(true)).map(|(n, share)| f64::from(n) * share).sum();
        // What waits to be tried again waits, although it has its server.
        Ok(SteadyState {
            loss,
            throughput: lambda * (1.0 - loss),
            attempts: each,
            busy: Some(lambda * each * mean),
            queue_length: LevelSummary { mean: lambda * (line + all), p99: None },
            in_system: LevelSummary { mean: lambda * (line + m1), p99: None },
            service: Some(TimeDistribution::moments(tries * mean, None)),
            sojourn: Some(TimeDistribution::moments(line + served + tries * mean, None)),
            ..SteadyState::lossless(station, None, TimeDistribution::moments(line + served, None))
        })
    }
}

//! Servers without limit behind a token bucket.

use super::Mismatch;
use super::mdc::MdcWait;
use super::quadrature::gauss;
use super::{
    Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, enough, requires,
};
use crate::scenario::{LimitScope, RateLimit};

/// The wait for a token, in the times between two tokens: mean, standard deviation, and the probability that
/// it is longer than so many. `None` too near saturation.
///
/// # Formula
/// A bucket of one token gives them as an M/D/1 queue serves, so that who comes waits for its work V. One of
/// b tokens holds b − 1 in advance: the wait is (V − (b − 1))⁺.
/// # Domain
/// `load` < 1: tokens that are wanted for each that comes.
/// # Source
/// Berger & Whitt, *The Brownian approximation for rate-control throttles and the G/G/1/C queue*, Discrete
/// Event Dynamic Systems 2 (1992), for the equivalence.
///
/// ```
/// use queuelab::theory::token_bucket::token_wait;
/// // M/D/1 at 0.8: two services.
/// let (mean, sd, _) = token_wait(0.8, 1).expect("not near saturation");
/// assert!((mean - 2.0).abs() < 1e-10 && (sd * sd - (4.0 + 0.8 / 0.6)).abs() < 1e-9);
/// ```
pub fn token_wait(load: f64, burst: u32) -> Option<(f64, f64, impl Fn(f64) -> f64 + Send + Sync + 'static)> {
    let law = MdcWait::new(load, 1)?;
    let ahead = f64::from(burst - 1);
    let (mut mean, mut square, mut from) = (0.0, 0.0, 0.0);
    // The tail has kinks at whole numbers alone.
    while law.wait_tail(ahead + from) > 1e-17 && from < 1e6 {
        mean += gauss(from, from + 1.0, |t| law.wait_tail(ahead + t));
        square += gauss(from, from + 1.0, |t| 2.0 * t * law.wait_tail(ahead + t));
        from += 1.0;
    }
    let tail = move |t: f64| law.wait_tail(ahead + t);
    Some((mean, (square - mean * mean).max(0.0).sqrt(), tail))
}

/// The adapter.
#[derive(Debug)]
pub struct TokenBucketQueue;

impl TokenBucketQueue {
    fn limit(station: &Station<'_>) -> Result<RateLimit, Mismatch> {
        requires::poisson(station)?;
        let [group] = station.groups.as_slice() else { return Err("needs one consumer group".into()) };
        let limit = group.rate_limit.ok_or("needs a rate_limit")?;
        if limit.by != LimitScope::Group {
            return Err("each server has a limit of its own".into());
        }
        if station.servers.is_some() {
            return Err("messages wait for tokens and for servers".into());
        }
        Ok(limit)
    }
}

impl QueueModel for TokenBucketQueue {
    const NAME: &'static str = "M/G/∞ behind a token bucket";
    const KNOWS: &'static [Feature] = &[Feature::RateLimit];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        Self::limit(station).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let limit = Self::limit(station)?;
        let lambda = station.lambda();
        enough(lambda, limit.rate)?;
        let (mean, sd, tail) = token_wait(lambda / limit.rate, limit.burst)
            .ok_or_else(|| ModelError::Other("it is too near saturation to be tabulated".into()))?;
        let (rate, delayed) = (limit.rate, tail(0.0));
        let wait = TimeDistribution::law(mean / rate, sd / rate, move |t| tail(t * rate));
        Ok(SteadyState {
            queue_length: LevelSummary { mean: lambda * wait.mean, p99: None },
            in_system: LevelSummary { mean: lambda * wait.mean + station.offered_load(), p99: None },
            ..SteadyState::lossless(station, Some(delayed), wait)
        })
    }
}

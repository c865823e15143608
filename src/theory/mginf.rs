//! Nobody waits: servers without limit (M/G/∞), or no place to wait (M/G/c/c, the Erlang loss system).

use super::Mismatch;
use super::erlang::erlang_b;
use super::figures::service_times;
use super::requires::poisson;
use super::{
    Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, levels, spread,
};
use crate::answer::Growth;

/// The smallest n with P(N ≤ n) ≥ `share`, N Poisson with mean `a`: the number busy in M/G/∞.
///
/// # Source
/// Insensitivity: Takács, *Introduction to the Theory of Queues* (1962), chapter 3.
///
/// ```
/// use queuelab::theory::mginf;
/// // Mean 10: P(N ≤ 15) = 0.951, P(N ≤ 14) = 0.917.
/// assert_eq!(mginf::busy_quantile(0.95, 10.0), 15.0);
/// ```
pub fn busy_quantile(share: f64, a: f64) -> f64 {
    let mean_and_more = a + 12.0 * a.sqrt() + 30.0;
    super::levels::first_below(1.0 - share, |n| {
        if n as f64 > mean_and_more {
            0.0
        } else {
            levels::poisson_average(a, |m| if m > n { 1.0 } else { 0.0 })
        }
    })
}

/// The adapter of M/G/∞.
#[derive(Debug)]
pub struct Unlimited;

impl QueueModel for Unlimited {
    const NAME: &'static str = "M/G/∞";
    // Nothing ever waits, so room and time to live do not matter.
    const KNOWS: &'static [Feature] =
        &[Feature::Room, Feature::DropHead, Feature::TimeToLive, Feature::Prefetch];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        if station.servers.is_some() {
            return Err("needs unlimited servers".into());
        }
        poisson(station)
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let a = station.offered_load();
        if !a.is_finite() {
            return Err(Growth::EndlessService { limited: false }.into());
        }
        Ok(SteadyState {
            in_system: LevelSummary { mean: a, p99: Some(busy_quantile(0.99, a)) },
            queue_length: LevelSummary { mean: 0.0, p99: Some(0.0) },
            sojourn: Some(service_times(station)),
            spread: Some([0.0, a.sqrt()]),
            ..SteadyState::lossless(station, Some(0.0), TimeDistribution::constant(0.0))
        })
    }
}

/// The adapter of M/G/c/c.
#[derive(Debug)]
pub struct ErlangLoss;

impl QueueModel for ErlangLoss {
    const NAME: &'static str = "M/G/c/c (Erlang loss)";
    const KNOWS: &'static [Feature] = &[Feature::Room, Feature::TimeToLive];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        if station.room() != Some(0) {
            return Err("needs a queue without room to wait".into());
        }
        if station.servers.is_none() {
            return Err("needs a limited number of servers".into());
        }
        poisson(station)
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let (lambda, a, c) = (station.lambda(), station.offered_load(), station.servers.unwrap_or(u32::MAX));
        if !a.is_finite() {
            return Err(ModelError::Other(
                "the mean service time is infinite, so in the end every message is lost".into(),
            ));
        }
        let loss = erlang_b(c, a);
        let p99 = levels::quantile(0.99, c, a, loss, |_| 0.0);
        Ok(SteadyState {
            throughput: lambda * (1.0 - loss),
            loss,
            spread: Some(spread::of_chain(c, a, 1.0 - loss, std::iter::once(loss))),
            in_system: LevelSummary { mean: a * (1.0 - loss), p99: Some(p99) },
            queue_length: LevelSummary { mean: 0.0, p99: Some(0.0) },
            sojourn: Some(service_times(station)),
            ..SteadyState::lossless(station, Some(0.0), TimeDistribution::constant(0.0))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_servers_without_a_queue_are_servers_without_limit() {
        assert_eq!(busy_quantile(0.99, 10.0), levels::quantile(0.99, 60, 10.0, erlang_b(60, 10.0), |_| 0.0));
        assert_eq!(busy_quantile(0.99, 0.001), 0.0);
    }
}

//! M/M^\[1,b\]/1: one consumer that takes up to b messages at a time and works on them together.

use super::Mismatch;
use super::levels::first_below;
use super::phase_type::is_exponential;
use super::requires::poisson;
use super::{Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution};
use crate::answer::Growth;
use crate::scenario::Servers;

/// The root r in (0, 1) of μr^(b+1) − (λ + μ)r + λ = 0.
///
/// # Formula
/// While a batch is being worked on, the number waiting is geometric: P(busy, n waiting) = P(idle) (λ/μ) rⁿ.
/// # Domain
/// λ < bμ.
/// # Source
/// Bailey (1954); Gross & Harris, section 3.2.
/// # Numerics
/// Divided by r − 1 and solved for 1 − r, which keeps its digits near saturation.
///
/// ```
/// use queuelab::theory::bulk::root;
/// assert!((root(1.5, 1.0, 2) - 0.8228756555322954).abs() < 1e-14);
/// ```
pub fn root(lambda: f64, mu: f64, most: u32) -> f64 {
    // λ(1 − r) = μ r (1 − rᵇ), as 1 − r = δ: −expm1(b ln(1 − δ)) μ(1 − δ) = λδ.
    let excess =
        |delta: f64| -(f64::from(most) * (-delta).ln_1p()).exp_m1() * mu * (1.0 - delta) - lambda * delta;
    let mut low = 0.5;
    while excess(low) < 0.0 && low > 1e-15 {
        low *= 0.5;
    }
    1.0 - super::times::root(excess, low, 1.0)
}

/// Mean number in the system where messages may join the batch at work while it is not full; after Bailey and
/// Chaudhry.
///
/// # Formula
/// P(N = n) = (1 − r) rⁿ, with the same r.
///
/// ```
/// use queuelab::theory::bulk::joining;
/// assert!((joining(3.0, 1.0, 5) - 5.035827447929238).abs() < 1e-12);
/// ```
pub fn joining(lambda: f64, mu: f64, most: u32) -> f64 {
    let r = root(lambda, mu, most);
    r / (1.0 - r)
}

/// Which batches are at work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bulk {
    /// P(nobody is there).
    pub idle: f64,
    /// The root by which the tail of the number waiting falls.
    pub root: f64,
    /// Mean number waiting.
    pub waiting: f64,
    /// Messages taken at a time.
    pub batch: f64,
    /// The wait is zero, or exponential at this rate.
    pub rate: f64,
}

/// Batches that nobody joins once they are taken.
pub fn frozen(lambda: f64, mu: f64, most: u32) -> Bulk {
    let root = root(lambda, mu, most);
    let idle = 1.0 / (1.0 + lambda / mu / (1.0 - root));
    let waiting = idle * lambda / mu * root / (1.0 - root).powi(2);
    // Who finds n waiting waits for ⌊n/b⌋ + 1 batches, a geometric number.
    let rate = -mu * (f64::from(most) * root.ln()).exp_m1();
    Bulk { idle, root, waiting, batch: lambda / (mu * (1.0 - idle)), rate }
}

/// The adapter.
#[derive(Debug)]
pub struct ConsumerBatches;

impl QueueModel for ConsumerBatches {
    const NAME: &'static str = "M/M^[1,b]/1";
    const KNOWS: &'static [Feature] = &[Feature::ConsumerBatches];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        poisson(station)?;
        let [group] = station.groups.as_slice() else {
            return Err("needs one consumer group".into());
        };
        if group.count != Servers::Count(1) {
            return Err("needs one server".into());
        }
        match group.batch {
            None => Err("needs consumers that take batches".into()),
            Some(batch) if batch.linger > 0.0 => Err("consumers wait for their batch to fill".into()),
            _ if !group.service_time_per_message.is_zero() => {
                Err("batches take longer the larger they are".into())
            }
            _ if station.streams.iter().any(|s| s.producer.service_time.is_some()) => {
                Err("producers bring their own work".into())
            }
            _ if !is_exponential(&group.service_time) => Err("batches do not take exponential times".into()),
            Some(_) => Ok(()),
        }
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let most = station.groups[0].batch.map_or(1, |b| b.max);
        let (lambda, mu) = (station.lambda(), 1.0 / station.service.mean());
        let rho = lambda / (f64::from(most) * mu);
        if rho >= 1.0 {
            return Err(Growth::Load { rho, growth: lambda - f64::from(most) * mu }.into());
        }
        let law = frozen(lambda, mu, most);
        let delayed = 1.0 - law.idle;
        let wait = TimeDistribution::delayed_exponential(delayed, law.rate);
        let above = move |k: u64| delayed * law.root.powf(k as f64 + 1.0);
        Ok(SteadyState {
            queue_length: LevelSummary { mean: law.waiting, p99: Some(first_below(0.01, above)) },
            busy: Some(delayed),
            batch: Some(law.batch),
            ..SteadyState::lossless(station, Some(delayed), wait)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_of_one_are_m_m_1() {
        let law = frozen(0.7, 1.0, 1);
        assert!(
            (law.root - 0.7).abs() < 1e-14
                && (law.idle - 0.3).abs() < 1e-14
                && (law.rate - 0.3).abs() < 1e-14
        );
        assert!((law.waiting - 0.49 / 0.3).abs() < 1e-13 && (law.batch - 1.0).abs() < 1e-14);
    }

    #[test]
    fn littles_law_holds_and_saturation_keeps_its_digits() {
        for (lambda, most) in [(1.5, 2), (3.0, 5), (4.999_99, 5), (1e-6, 3)] {
            let law = frozen(lambda, 1.0, most);
            let wait = (1.0 - law.idle) / law.rate;
            assert!((lambda * wait / law.waiting - 1.0).abs() < 1e-9, "{lambda} {most}");
        }
    }
}

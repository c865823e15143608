//! M^X/G/1: messages that arrive in batches at Poisson instants, and are served one by one.

use super::Mismatch;
use super::invert::Transform;
use super::{Feature, Gaps, ModelError, QueueModel, Station, SteadyState, TimeDistribution, mg1, stable};
use crate::workload::arrivals::Batch;
use num_complex::Complex64;

/// E\[X\], E\[X(X − 1)\] and E\[X(X − 1)(X − 2)\] of a batch's size.
pub fn factorial_moments(batch: &Batch) -> [f64; 3] {
    if let Batch::Geometric { mean } = batch {
        let tail = mean - 1.0;
        return [*mean, 2.0 * mean * tail, 6.0 * mean * tail * tail];
    }
    let mut sums = [0.0; 3];
    for (size, weight) in sizes(batch) {
        sums[0] += weight * size;
        sums[1] += weight * size * (size - 1.0);
        sums[2] += weight * size * (size - 1.0) * (size - 2.0);
    }
    sums
}

/// Sizes and their probabilities, for batches of bounded size.
fn sizes(batch: &Batch) -> Vec<(f64, f64)> {
    match batch {
        Batch::Fixed(n) => vec![(f64::from(*n), 1.0)],
        Batch::Uniform { min, max } => {
            (*min..=*max).map(|n| (f64::from(n), 1.0 / (f64::from(max - min) + 1.0))).collect()
        }
        Batch::Values { values, weights } => {
            let total: f64 = weights.iter().sum();
            values.iter().zip(weights).map(|(v, w)| (f64::from(*v), w / total)).collect()
        }
        Batch::Geometric { .. } => Vec::new(),
    }
}

/// E\[zˣ\] of a batch's size.
pub fn generating(batch: &Batch, z: Complex64) -> Complex64 {
    match batch {
        Batch::Geometric { mean } => z / (mean - (mean - 1.0) * z),
        _ => sizes(batch).into_iter().map(|(size, weight)| z.powf(size) * weight).sum(),
    }
}

/// The wait of any message of a batch, first two moments and transform.
///
/// # Formula
/// The first of a batch waits as in M/G/1 with the batch's whole work as one service; a message also waits
/// for those before it in its batch, of which there are j with probability P(X > j)/E\[X\].
/// # Source
/// Burke, *Delays in single-server queues with batch input*, Operations Research 23 (1975).
///
/// ```
/// use queuelab::{theory::batches::wait_mean, workload::arrivals::Batch};
/// // Four at a time, 0.2 batches/s, exponential services of 1 s.
/// assert!((wait_mean(0.2, &Batch::Fixed(4), [1.0, 2.0]) - 11.5).abs() < 1e-12);
/// ```
pub fn wait_mean(batches: f64, batch: &Batch, service: [f64; 2]) -> f64 {
    let [x1, x2, _] = factorial_moments(batch);
    let [m1, m2] = service;
    mg1::wait_mean(batches, x1 * m1, x1 * m2 + x2 * m1 * m1) + x2 / (2.0 * x1) * m1
}

/// Its variance, from three moments of the service time.
pub fn wait_variance(batches: f64, batch: &Batch, [m1, m2, m3]: [f64; 3]) -> f64 {
    let [x1, x2, x3] = factorial_moments(batch);
    let work = [x1 * m1, x1 * m2 + x2 * m1 * m1, x1 * m3 + 3.0 * x2 * m1 * m2 + x3 * m1.powi(3)];
    // The number ahead in the batch has factorial moments x2/2x1 and x3/3x1.
    let (ahead, ahead2) = (x2 / (2.0 * x1), x3 / (3.0 * x1));
    let within = ahead * (m2 - m1 * m1) + (ahead2 + ahead - ahead * ahead) * m1 * m1;
    mg1::wait_variance(batches, work[0], work[1], work[2]) + within
}

fn wait_transform(batches: f64, batch: &Batch, m1: f64, service: &Transform) -> Transform {
    let size = batch.mean();
    let (of_batch, own, kind, marks) = (batch.clone(), service.clone(), batch.clone(), service.clone());
    let work = Transform::new(move |s| generating(&of_batch, own.at(s))).like(service);
    let first = mg1::wait_transform(batches, size * m1, work);
    let service = service.clone();
    Transform::new(move |s| {
        let z = service.at(s);
        first.at(s) * (1.0 - generating(&kind, z)) / (size * (1.0 - z))
    })
    .like(&marks)
}

/// The adapter.
#[derive(Debug)]
pub struct BatchArrivals;

impl QueueModel for BatchArrivals {
    const NAME: &'static str = "M^X/G/1";
    const KNOWS: &'static [Feature] = &[Feature::ArrivalBatches];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        match station.streams.as_slice() {
            [stream] if stream.producer.batch.is_single() => {
                return Err("needs messages that arrive in batches".into());
            }
            [stream] if stream.gaps == Gaps::Poisson => {}
            [_] => return Err("needs batches that arrive at Poisson instants".into()),
            _ => return Err("needs batches of one producer".into()),
        }
        if !station.streams[0].producer.send_time.is_zero()
            && station.streams[0].producer.send_time.scv() > 0.0
        {
            return Err("random send times tear batches apart".into());
        }
        (station.servers == Some(1)).then_some(()).ok_or_else(|| "needs one server".into())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let (batch, service) = (&station.streams[0].producer.batch, &station.service);
        let rate = station.lambda() / batch.mean();
        let [m1, m2, m3] = [1, 2, 3].map(|n| service.moment(n));
        let (mean, sd) = (wait_mean(rate, batch, [m1, m2]), wait_variance(rate, batch, [m1, m2, m3]).sqrt());
        // Only the first of a batch that finds nobody does not wait.
        let delayed = 1.0 - (1.0 - station.rho()) / batch.mean();
        let wait = TimeDistribution::transformed(
            mean,
            sd,
            delayed,
            wait_transform(rate, batch, m1, &service.transform()),
        );
        Ok(SteadyState::lossless(station, Some(delayed), wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_of_one_are_no_batches() {
        let one = Batch::Values { values: vec![1], weights: vec![3.0] };
        assert!((wait_mean(0.8, &one, [1.0, 2.0]) - 4.0).abs() < 1e-13);
        assert!(
            (wait_variance(0.8, &one, [1.0, 2.0, 6.0]) - mg1::wait_variance(0.8, 1.0, 2.0, 6.0)).abs()
                < 1e-12
        );
        assert!((wait_mean(0.8, &Batch::Geometric { mean: 1.0 }, [1.0, 2.0]) - 4.0).abs() < 1e-13);
    }

    /// Batches of geometric size in M^X/M/1: a sum of geometrically many exponential services is exponential,
    /// so the first of a batch waits as in M/M/1.
    #[test]
    fn geometric_batches() {
        let (rate, size) = (0.2, 4.0);
        let first = rate * size / (1.0 / size - rate);
        let mean = wait_mean(rate, &Batch::Geometric { mean: size }, [1.0, 2.0]);
        assert!((mean - (first + size - 1.0)).abs() < 1e-11, "{mean}");
    }
}

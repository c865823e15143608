//! Deliveries that fail and are repeated, M/G/1 and M/M/c, with or without a limit.

use super::invert::Transform;
use super::{Feature, Figures, Level, QueueModel, Refusal, Station, Times, mg1, mmc};

/// The work of all deliveries of a message.
///
/// # Formula
/// Deliveries are geometric, cut off at the limit L: E\[D\] = (1 − pᴸ)/(1 − p).
/// # Source
/// A message that is redelivered at once in its old place keeps its server: M/G/1 with a compound service (Kleinrock I, section 5.7).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deliveries {
    pub failure: f64,
    pub limit: Option<u32>,
}

impl Deliveries {
    /// P(D > n).
    fn beyond(&self, n: u32) -> f64 {
        if self.limit.is_some_and(|limit| n >= limit) { 0.0 } else { self.failure.powi(n as i32) }
    }

    /// Share that fails every time.
    pub fn loss(&self) -> f64 {
        self.limit.map_or(0.0, |limit| self.failure.powf(f64::from(limit)))
    }

    /// Mean number.
    ///
    /// ```
    /// use queuelab::theory::retries::Deliveries;
    /// assert!((Deliveries { failure: 0.4, limit: None }.mean() - 1.6666666666666667).abs() < 1e-15);
    /// assert!((Deliveries { failure: 0.5, limit: Some(2) }.mean() - 1.5).abs() < 1e-15);
    /// ```
    pub fn mean(&self) -> f64 {
        (1.0 - self.loss()) / (1.0 - self.failure)
    }

    /// E\[D(D − 1)\] and E\[D(D − 1)(D − 2)\], over all messages or those that succeed.
    fn factorials(&self, succeeded: bool) -> [f64; 3] {
        let (p, mut sums) = (self.failure, [0.0; 3]);
        let success = 1.0 - self.loss();
        for n in 1..100_000u32 {
            let last = self.limit == Some(n);
            let here = self.failure.powi(n as i32 - 1);
            let weight = if succeeded { here * (1.0 - p) / success } else { here * if last { 1.0 } else { 1.0 - p } };
            let k = f64::from(n);
            sums[0] += weight * k;
            sums[1] += weight * k * (k - 1.0);
            sums[2] += weight * k * (k - 1.0) * (k - 2.0);
            if last || self.beyond(n) * k.powi(3) < 1e-18 {
                break;
            }
        }
        sums
    }

    /// Three moments of the compound time.
    fn moments(&self, succeeded: bool, [m1, m2, m3]: [f64; 3]) -> [f64; 3] {
        let [d1, d2, d3] = self.factorials(succeeded);
        [d1 * m1, d1 * m2 + d2 * m1 * m1, d1 * m3 + 3.0 * d2 * m1 * m2 + d3 * m1.powi(3)]
    }

    /// The transform of the compound time.
    fn transform(self, succeeded: bool, service: &Transform) -> Transform {
        let (own, p, success) = (service.clone(), self.failure, 1.0 - self.loss());
        Transform::new(move |s| {
            let z = own.at(s);
            // Σ (1 − p) pⁿ⁻¹ zⁿ up to the limit, and what fails for good.
            let last = self.limit.map(|limit| (z * p).powu(limit));
            let done = (1.0 - p) * z * (1.0 - last.unwrap_or_default()) / (1.0 - p * z);
            if succeeded { done / success } else { done + last.unwrap_or_default() }
        })
        .like(service)
    }
}

/// The adapter.
#[derive(Debug)]
pub struct Retries;

impl Retries {
    fn deliveries(station: &Station<'_>) -> Result<Deliveries, String> {
        super::mginf::poisson(station)?;
        let [group] = station.groups.as_slice() else { return Err("there are several consumer groups".into()) };
        if group.failure <= 0.0 {
            return Err("no delivery fails".into());
        }
        if group.retry_delay.is_some_and(|d| d.max > 0.0) {
            return Err("what failed waits before it is delivered again".into());
        }
        let limit = station.queue.delivery_limit;
        if group.failure >= 1.0 && limit.is_none() {
            return Err("every delivery fails, for ever".into());
        }
        match station.servers {
            Some(1) => Ok(Deliveries { failure: group.failure, limit }),
            Some(_) if limit.is_none() && station.service.is_exponential() => Ok(Deliveries { failure: group.failure, limit }),
            Some(_) => Err("there is more than one server, and a limit to deliveries or a service that is not exponential".into()),
            None => Err("servers are without limit".into()),
        }
    }
}

impl QueueModel for Retries {
    const NAME: &'static str = "M/G/1 and M/M/c with retries";
    const KNOWS: &'static [Feature] = &[Feature::Failures];

    fn fits(&self, station: &Station<'_>) -> Result<(), String> {
        Self::deliveries(station).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<Figures, Refusal> {
        let deliveries = Self::deliveries(station).map_err(Refusal::Other)?;
        let (lambda, c) = (station.lambda(), station.servers.unwrap_or(1));
        let each = [1, 2, 3].map(|n| station.service.moment(n));
        let [m1, m2, m3] = deliveries.moments(false, each);
        let rho = lambda * m1 / f64::from(c);
        if rho >= 1.0 {
            return Err(Refusal::Unstable { rho, growth: lambda - f64::from(c) / m1 });
        }
        let service = station.service.transform();
        let all = deliveries.transform(false, &service);
        let (delayed, wait) = if c == 1 {
            let sd = mg1::wait_variance(lambda, m1, m2, m3).sqrt();
            (rho, Times::transformed(mg1::wait_mean(lambda, m1, m2), sd, rho, mg1::wait_transform(lambda, m1, all)))
        } else {
            let delayed = super::erlang::erlang_c(c, lambda * m1);
            (delayed, Times::delayed_exponential(delayed, f64::from(c) / m1 - lambda))
        };
        debug_assert!(c == 1 || (mmc::wait_mean(lambda, 1.0 / m1, c) / wait.mean - 1.0).abs() < 1e-6 || wait.mean == 0.0);
        let [s1, s2, _] = deliveries.moments(true, each);
        let served = Times::transformed(s1, (s2 - s1 * s1).max(0.0).sqrt(), 1.0, deliveries.transform(true, &service));
        let loss = deliveries.loss();
        let mut figures = Figures::lossless(station, Some(delayed), wait.clone());
        figures.loss = loss;
        figures.throughput = lambda * (1.0 - loss);
        figures.attempts = deliveries.mean();
        figures.busy = Some(lambda * m1);
        figures.queue_length = Level { mean: lambda * wait.mean, p99: None };
        figures.in_system = Level { mean: lambda * (wait.mean + m1), p99: None };
        figures.service = Some(served);
        Ok(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_geometrically_many_exponentials_are_exponential() {
        let plain = Deliveries { failure: 0.4, limit: None };
        let [m1, m2, m3] = plain.moments(false, [1.0, 2.0, 6.0]);
        let mean = 1.0 / 0.6;
        assert!((m1 - mean).abs() < 1e-14 && (m2 - 2.0 * mean * mean).abs() < 1e-13 && (m3 - 6.0 * mean.powi(3)).abs() < 1e-12);
        // Success or not, a limit that is never reached does not matter.
        let far = Deliveries { failure: 0.4, limit: Some(200) };
        assert!((far.moments(true, [1.0, 2.0, 6.0])[2] - m3).abs() < 1e-12);
    }

    #[test]
    fn no_failure_is_one_delivery() {
        let one = Deliveries { failure: 1e-300, limit: Some(3) };
        assert_eq!(one.moments(true, [1.0, 2.0, 6.0]), [1.0, 2.0, 6.0]);
    }
}

//! Deliveries that fail and are repeated, M/G/1 and M/M/c, with or without a limit.

use super::Mismatch;
use super::invert::Transform;
use super::phase_type::is_constant;
use super::{
    Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, mg1, mmc,
};
use crate::answer::Growth;
use crate::scenario::{Ack, RetryDelay};
use crate::workload::laws::{Empirical, Law};
use num_complex::Complex64;

/// The work of all deliveries of a message.
///
/// # Formula
/// Deliveries are geometric, cut off at the limit L: E\[D\] = (1 − pᴸ)/(1 − p). Work that is drawn again at
/// each makes a sum of D independent times; work that stays the same makes D·S, D and S independent:
/// E\[(DS)ⁿ\] = E\[Dⁿ\] E\[Sⁿ\], with the transform Σ P(D = n) S*(ns).
/// # Source
/// A message that is redelivered at once in its old place keeps its server: M/G/1 with a compound service
/// (Kleinrock I, section 5.7).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deliveries {
    /// Probability that a delivery fails.
    pub failure: f64,
    /// The most deliveries; `None` is without limit.
    pub limit: Option<u32>,
    /// Whether a message is the same work at each delivery.
    pub same: bool,
}

/// Deliveries whose share is below this are left out of sums.
const NEGLIGIBLE: f64 = 1e-16;

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
    /// assert!((Deliveries { failure: 0.4, limit: None, same: false }.mean() - 1.6666666666666667).abs() < 1e-15);
    /// assert!((Deliveries { failure: 0.5, limit: Some(2), same: false }.mean() - 1.5).abs() < 1e-15);
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
            let weight =
                if succeeded { here * (1.0 - p) / success } else { here * if last { 1.0 } else { 1.0 - p } };
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

    /// P(D = n) for n = 1, 2, …, over all messages or those that succeed.
    pub(super) fn shares(&self, succeeded: bool) -> Vec<f64> {
        let (p, success) = (self.failure, 1.0 - self.loss());
        let mut shares = Vec::new();
        let mut here = 1.0;
        while here > NEGLIGIBLE {
            let last = self.limit == Some(shares.len() as u32 + 1);
            shares.push(match (succeeded, last) {
                (true, _) => here * (1.0 - p) / success,
                (false, true) => here,
                (false, false) => here * (1.0 - p),
            });
            if last {
                break;
            }
            here *= p;
        }
        shares
    }

    /// Three moments of the compound time.
    fn moments(&self, succeeded: bool, [m1, m2, m3]: [f64; 3]) -> [f64; 3] {
        let [d1, d2, d3] = self.factorials(succeeded);
        if self.same {
            return [d1 * m1, (d2 + d1) * m2, (d3 + 3.0 * d2 + d1) * m3];
        }
        [d1 * m1, d1 * m2 + d2 * m1 * m1, d1 * m3 + 3.0 * d2 * m1 * m2 + d3 * m1.powi(3)]
    }

    /// The law of the compound time of services that all take `each`: so many times as there are deliveries.
    /// `None` if it has more than a few hundred values that matter.
    fn constants(&self, succeeded: bool, each: f64) -> Option<TimeDistribution> {
        const MOST: u32 = 200;
        let (p, success) = (self.failure, 1.0 - self.loss());
        let (mut values, mut weights) = (Vec::new(), Vec::new());
        for n in 1..=MOST {
            let last = self.limit == Some(n);
            let here = p.powi(n as i32 - 1);
            let weight =
                if succeeded { here * (1.0 - p) / success } else { here * if last { 1.0 } else { 1.0 - p } };
            values.push(f64::from(n) * each);
            weights.push(weight);
            if last || self.beyond(n) < 1e-15 {
                return Empirical::new(&values, &weights)
                    .map(|law| TimeDistribution::of(&Law::Empirical(law)));
            }
        }
        None
    }

    /// The transform of the compound time.
    fn transform(self, succeeded: bool, service: &Transform) -> Transform {
        let (own, p, success) = (service.clone(), self.failure, 1.0 - self.loss());
        if self.same {
            let shares = self.shares(succeeded);
            let each = move |s: Complex64| {
                shares.iter().zip(1_u32..).map(|(share, n)| own.at(s * f64::from(n)) * *share).sum()
            };
            return Transform::new(each).like(service);
        }
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
    fn deliveries(station: &Station<'_>) -> Result<Deliveries, Mismatch> {
        super::requires::poisson(station)?;
        let [group] = station.groups.as_slice() else { return Err("needs one consumer group".into()) };
        if group.failure <= 0.0 {
            return Err("needs deliveries that fail".into());
        }
        if group.retry_delay.is_some_and(|d| d.max > 0.0) {
            return Err("what failed waits before it is delivered again".into());
        }
        let limit = station.queue.delivery_limit;
        if group.failure >= 1.0 {
            return Err("every delivery fails".into());
        }
        if !station.service.is_alike() {
            return Err(
                "producers bring work of different laws, and all deliveries of a message are of its own"
                    .into(),
            );
        }
        let same = station
            .repeats_work()
            .ok_or("some messages are the same work at each delivery and others are not")?;
        match station.servers {
            Some(1) => Ok(Deliveries { failure: group.failure, limit, same }),
            Some(_) if same => Err("there is more than one server, and a message is the same work at each \
                delivery"
                .into()),
            Some(_) if limit.is_none() && station.service.is_exponential() => {
                Ok(Deliveries { failure: group.failure, limit, same })
            }
            Some(_) => Err("there is more than one server, and a limit to deliveries or a service that is \
                not exponential"
                .into()),
            None => Err("needs a limited number of servers".into()),
        }
    }
}

impl QueueModel for Retries {
    const NAME: &'static str = "M/G/1 and M/M/c with retries";
    const KNOWS: &'static [Feature] = &[Feature::Failures];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        Self::deliveries(station).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let deliveries = Self::deliveries(station)?;
        let (lambda, c) = (station.lambda(), station.servers.unwrap_or(1));
        let each = [1, 2, 3].map(|n| station.service.moment(n));
        let [m1, m2, m3] = deliveries.moments(false, each);
        let rho = lambda * m1 / f64::from(c);
        if rho >= 1.0 {
            return Err(Growth::Load { rho, growth: lambda - f64::from(c) / m1 }.into());
        }
        let service = station.service.transform();
        let all = deliveries.transform(false, &service);
        let (delayed, wait) = if c == 1 {
            let sd = mg1::wait_variance(lambda, m1, m2, m3).sqrt();
            (
                rho,
                TimeDistribution::transformed(
                    mg1::wait_mean(lambda, m1, m2),
                    sd,
                    rho,
                    mg1::wait_transform(lambda, m1, all),
                ),
            )
        } else {
            let delayed = super::erlang::erlang_c(c, lambda * m1);
            (delayed, TimeDistribution::delayed_exponential(delayed, f64::from(c) / m1 - lambda))
        };
        debug_assert!(
            c == 1
                || (mmc::wait_mean(lambda, 1.0 / m1, c) / wait.mean - 1.0).abs() < 1e-6
                || wait.mean == 0.0
        );
        let [s1, s2, _] = deliveries.moments(true, each);
        let constant = station.service.law().filter(|law| is_constant(law)).map(Law::mean);
        let served = constant.and_then(|each| deliveries.constants(true, each)).unwrap_or_else(|| {
            TimeDistribution::transformed(
                s1,
                (s2 - s1 * s1).max(0.0).sqrt(),
                1.0,
                deliveries.transform(true, &service),
            )
        });
        let loss = deliveries.loss();
        let mut figures = SteadyState::lossless(station, Some(delayed), wait.clone());
        figures.loss = loss;
        figures.throughput = lambda * (1.0 - loss);
        figures.attempts = deliveries.mean();
        figures.busy = Some(lambda * m1);
        figures.queue_length = LevelSummary { mean: lambda * wait.mean, p99: None };
        figures.in_system = LevelSummary { mean: lambda * (wait.mean + m1), p99: None };
        figures.service = Some(served);
        Ok(figures)
    }
}

/// What comes back only after a while: the mean of all delays of a message, in seconds.
///
/// # Formula
/// Σ dₙ P(the n-th delivery fails and is not the last), dₙ = min·2ⁿ⁻¹ up to max, three quarters of it with
/// jitter.
///
/// ```
/// use queuelab::{scenario::RetryDelay, theory::retries::{Deliveries, delays}};
/// let half = Deliveries { failure: 0.5, limit: None, same: false };
/// // 1, 2, 4, 4, … s, half as likely each time.
/// assert!((delays(&half, &RetryDelay { min: 1.0, max: 4.0, jitter: false }, false) - 2.0).abs() < 1e-12);
/// ```
pub fn delays(deliveries: &Deliveries, retry: &RetryDelay, succeeded: bool) -> f64 {
    let (mut sum, mut before) = (0.0, 0.0);
    let success = 1.0 - deliveries.loss();
    for n in 1..100_000u32 {
        let last = deliveries.limit == Some(n);
        let (here, p) = (deliveries.failure.powi(n as i32 - 1), deliveries.failure);
        // Who ends with this delivery has waited for all delays before it.
        let weight =
            if succeeded { here * (1.0 - p) / success } else { here * if last { 1.0 } else { 1.0 - p } };
        sum += weight * before;
        if last || deliveries.beyond(n) * (before + retry.max) < 1e-16 * sum {
            break;
        }
        before += retry.mean(n);
    }
    sum
}

/// The adapter for what waits before it is delivered again, or finds servers without limit.
///
/// # Formula
/// Services and delays form a network of product form: the queue holds as many as M/M/c with all deliveries
/// as arrivals, delays hold λ E\[delays\].
/// # Source
/// Baskett, Chandy, Muntz & Palacios, *Open, closed, and mixed networks of queues with different classes of
/// customers*, Journal of the ACM 22 (1975).
#[derive(Debug)]
pub struct BackOff;

impl BackOff {
    fn parts(station: &Station<'_>) -> Result<(Deliveries, RetryDelay), Mismatch> {
        super::requires::poisson(station)?;
        let [group] = station.groups.as_slice() else { return Err("needs one consumer group".into()) };
        if group.failure <= 0.0 {
            return Err("needs deliveries that fail".into());
        }
        let limit = station.queue.delivery_limit;
        if group.failure >= 1.0 && limit.is_none() {
            return Err("every delivery fails, for ever".into());
        }
        if group.ack == Ack::Auto {
            return Err("what fails is lost (ack = auto)".into());
        }
        if !station.service.is_alike() {
            return Err(
                "producers bring work of different laws, and all deliveries of a message are of its own"
                    .into(),
            );
        }
        let retry = group.retry_delay.unwrap_or(RetryDelay { min: 0.0, max: 0.0, jitter: false });
        let same = station
            .repeats_work()
            .ok_or("some messages are the same work at each delivery and others are not")?;
        match station.servers {
            None => {}
            Some(_) if same => return Err("a message is the same work at each delivery".into()),
            Some(_) if retry.min <= 0.0 => return Err("what failed is delivered again at once".into()),
            Some(_) if limit.is_some() => {
                return Err(
                    "there is a limit to deliveries, which the order at their return depends on".into()
                );
            }
            Some(_) if !station.service.is_exponential() => {
                return Err("needs exponential service times".into());
            }
            Some(_) => {}
        }
        Ok((Deliveries { failure: group.failure, limit, same }, retry))
    }
}

impl QueueModel for BackOff {
    const NAME: &'static str = "M/M/c and M/G/∞ with back-off";
    const KNOWS: &'static [Feature] = &[Feature::Failures];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        Self::parts(station).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let (deliveries, retry) = Self::parts(station)?;
        let (lambda, m1, each) = (station.lambda(), station.service.mean(), deliveries.mean());
        let visit = match station.servers {
            None => 0.0,
            Some(c) => {
                let (rate, capacity) = (lambda * each, f64::from(c) / m1);
                if rate >= capacity {
                    return Err(
                        Growth::Load { rho: rate / capacity, growth: lambda - capacity / each }.into()
                    );
                }
                mmc::wait_mean(rate, 1.0 / m1, c)
            }
        };
        let loss = deliveries.loss();
        let (all, served) = (delays(&deliveries, &retry, false), delays(&deliveries, &retry, true));
        let [tries, ..] = deliveries.factorials(true);
        let mut figures =
            SteadyState::lossless(station, None, TimeDistribution::moments(tries * visit + served, None));
        figures.loss = loss;
        figures.throughput = lambda * (1.0 - loss);
        figures.attempts = each;
        figures.busy = Some(lambda * each * m1);
        figures.queue_length = LevelSummary { mean: lambda * (each * visit + all), p99: None };
        figures.in_system = LevelSummary { mean: lambda * (each * (visit + m1) + all), p99: None };
        figures.service = Some(TimeDistribution::moments(tries * m1, None));
        figures.sojourn = Some(TimeDistribution::moments(tries * (visit + m1) + served, None));
        Ok(figures)
    }
}

#[cfg(test)]
mod tests;

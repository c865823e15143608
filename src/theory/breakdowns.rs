//! Servers that break down and are repaired, M/M/c and M/G/1.

use super::Mismatch;
use super::invert::Transform;
use super::matrix::Matrix;
use super::phase_type::is_exponential;
use super::qbd::Qbd;
use super::{Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, mg1};
use crate::answer::Growth;
use crate::scenario::Outages;
use num_complex::Complex64;

/// Three moments of the time from being taken to being done, when the server breaks at a rate while it works
/// and resumes after repair.
///
/// # Formula
/// C = S + D₁ + … + D_N with N Poisson of mean ξS.
/// # Source
/// Gaver, *A waiting line with interrupted service*, Journal of the Royal Statistical Society B 24 (1962).
///
/// ```
/// use queuelab::theory::{breakdowns::completion, mg1};
/// // λ = 0.5, μ = 1, ξ = 0.1, repairs of 2.5 s: the mean time in the system is 25/6 s.
/// let [m1, m2, _] = completion([1.0, 2.0, 6.0], 0.1, [2.5, 12.5, 93.75]);
/// assert!((mg1::wait_mean(0.5, m1, m2) + m1 - 25.0 / 6.0).abs() < 1e-13);
/// ```
pub fn completion([m1, m2, m3]: [f64; 3], rate: f64, [d1, d2, d3]: [f64; 3]) -> [f64; 3] {
    let slower = 1.0 + rate * d1;
    [
        m1 * slower,
        m2 * slower * slower + m1 * rate * d2,
        m3 * slower.powi(3) + 3.0 * m2 * slower * rate * d2 + m1 * rate * d3,
    ]
}

fn outages<'a>(station: &Station<'a>) -> Result<&'a Outages, Mismatch> {
    super::requires::poisson(station)?;
    let [group] = station.groups.as_slice() else { return Err("needs one consumer group".into()) };
    let outages = group.outages.as_ref().ok_or("needs consumers that break down")?;
    if !is_exponential(&outages.up) {
        return Err("needs exponential times between breakdowns".into());
    }
    if outages.redeliver && station.queue.delivery_limit.is_some() {
        return Err("what a breakdown interrupts too often is lost (delivery_limit)".into());
    }
    Ok(outages)
}

/// The adapter for one server that breaks only while it works and resumes.
#[derive(Debug)]
pub struct Interrupted;

impl QueueModel for Interrupted {
    const NAME: &'static str = "M/G/1 with breakdowns while busy";
    const KNOWS: &'static [Feature] = &[Feature::Outages];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        let outages = outages(station)?;
        if !outages.only_busy {
            return Err("needs servers that break while busy alone".into());
        }
        if outages.redeliver && station.repeats_work() != Some(false) {
            return Err("work that is begun anew is the same again (redelivery_work)".into());
        }
        if outages.redeliver && !station.service.is_exponential() {
            return Err("interrupted services start again".into());
        }
        if !station.service.is_alike() {
            return Err(
                "producers bring work of different laws, and the longer are interrupted more often".into()
            );
        }
        (station.servers == Some(1)).then_some(()).ok_or_else(|| "needs one server".into())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let outages = outages(station)?;
        let (lambda, rate) = (station.lambda(), 1.0 / outages.up.mean());
        let [m1, m2, m3] = completion(
            [1, 2, 3].map(|n| station.service.moment(n)),
            rate,
            [1, 2, 3].map(|n| outages.down.moment(n)),
        );
        let rho = lambda * m1;
        if rho >= 1.0 {
            return Err(Growth::Load { rho, growth: lambda - 1.0 / m1 }.into());
        }
        let (service, down) = (station.service.transform(), TimeDistribution::of(&outages.down));
        let repair =
            down.transform().cloned().unwrap_or_else(|| Transform::new(|_| Complex64::new(f64::NAN, 0.0)));
        let (own, marks) = (service.clone(), repair.clone());
        let whole =
            Transform::new(move |s| own.at(s + rate * (1.0 - repair.at(s)))).like(&service).like(&marks);
        let sd = mg1::wait_variance(lambda, m1, m2, m3).sqrt();
        let wait = TimeDistribution::transformed(
            mg1::wait_mean(lambda, m1, m2),
            sd,
            rho,
            mg1::wait_transform(lambda, m1, whole.clone()),
        );
        let taken = TimeDistribution::transformed(m1, (m2 - m1 * m1).max(0.0).sqrt(), 1.0, whole);
        let mut figures = SteadyState::lossless(station, Some(rho), wait.clone());
        figures.in_system = LevelSummary { mean: lambda * (wait.mean + m1), p99: None };
        figures.sojourn = Some(wait.plus(&taken));
        if outages.redeliver {
            // What was interrupted waits again.
            figures.attempts = 1.0 + rate * station.service.mean();
            figures.wait = TimeDistribution::moments(wait.mean + m1 - station.service.mean(), None);
            figures.queue_length = LevelSummary { mean: lambda * figures.wait.mean, p99: None };
            figures.delayed = None;
        } else {
            figures.service = Some(taken);
            figures.busy = Some(lambda * station.service.mean());
        }
        Ok(figures)
    }
}

/// The chain of M/M/c with servers that break and are repaired each by itself: the phase is the number that
/// works.
///
/// # Source
/// Mitrany & Avi-Itzhak, *A many-server queue with service interruptions*, Operations Research 16 (1968);
/// Neuts & Lucantoni (1979).
pub fn chain(lambda: f64, mu: f64, servers: u32, failure: f64, repair: f64, only_busy: bool) -> Qbd {
    let c = servers as usize;
    let busy = |n: usize, up: usize| n.min(up) as f64;
    let local = |n: usize| {
        let mut rates = Matrix::zero(c + 1, c + 1);
        for up in 0..=c {
            let breaks = failure * if only_busy { busy(n, up) } else { up as f64 };
            let mends = repair * (c - up) as f64;
            if up > 0 {
                rates[(up, up - 1)] = breaks;
            }
            if up < c {
                rates[(up, up + 1)] = mends;
            }
            rates[(up, up)] = -breaks - mends - lambda - mu * busy(n, up);
        }
        rates
    };
    let down = |n: usize| Matrix::diagonal(&(0..=c).map(|up| mu * busy(n, up)).collect::<Vec<_>>());
    let up = Matrix::identity(c + 1).scaled(lambda);
    Qbd {
        ups: vec![up.clone(); c],
        locals: (0..c).map(local).collect(),
        downs: (1..=c).map(down).collect(),
        up,
        local: local(c),
        down: down(c),
    }
}

/// The chain of M/M/c whose servers break and are repaired all together: the phase is whether they work.
///
/// # Source
/// Yechiali & Naor, *Queuing problems with heterogeneous arrivals and service*, Operations Research 19
/// (1971): a queue in an environment of two states.
pub fn chain_together(lambda: f64, mu: f64, servers: u32, failure: f64, repair: f64) -> Qbd {
    let c = servers as usize;
    let done = |n: usize| Matrix::diagonal(&[0.0, mu * n.min(c) as f64]);
    let local = |n: usize| {
        let mut rates = Matrix::zero(2, 2);
        (rates[(0, 1)], rates[(1, 0)]) = (repair, failure);
        (rates[(0, 0)], rates[(1, 1)]) = (-repair - lambda, -failure - lambda - mu * n.min(c) as f64);
        rates
    };
    let up = Matrix::identity(2).scaled(lambda);
    Qbd {
        ups: vec![up.clone(); c],
        locals: (0..c).map(local).collect(),
        downs: (1..=c).map(done).collect(),
        up,
        local: local(c),
        down: done(c),
    }
}

/// The adapter for several exponential servers.
#[derive(Debug)]
pub struct MmcBreakdowns;

impl QueueModel for MmcBreakdowns {
    const NAME: &'static str = "M/M/c with breakdowns";
    const KNOWS: &'static [Feature] = &[Feature::Outages, Feature::GroupOutages];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        let outages = outages(station)?;
        if !is_exponential(&outages.down) {
            return Err("needs exponential repair times".into());
        }
        super::requires::poisson_and_exponential(station)?;
        if outages.redeliver && station.repeats_work() != Some(false) {
            return Err("work that is begun anew is the same again (redelivery_work)".into());
        }
        match station.servers {
            Some(c) if c > 1 && !outages.redeliver && !outages.together => {
                Err("broken consumers keep their messages, which others could take".into())
            }
            Some(c) if c <= 120 => Ok(()),
            Some(_) => Err("there are more than 120 servers that break down".into()),
            None => Err("needs a limited number of servers".into()),
        }
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let outages = outages(station)?;
        let (lambda, m1, c) = (station.lambda(), station.service.mean(), station.servers.unwrap_or(1));
        let (failure, repair) = (1.0 / outages.up.mean(), 1.0 / outages.down.mean());
        let capacity = f64::from(c) / m1 * repair / (failure + repair);
        if lambda >= capacity {
            return Err(Growth::Load { rho: lambda / capacity, growth: lambda - capacity }.into());
        }
        let chain = match outages.together {
            true => chain_together(lambda, 1.0 / m1, c, failure, repair),
            false => chain(lambda, 1.0 / m1, c, failure, repair, outages.only_busy),
        };
        let law = chain.stationary();
        let (mean, busy) = (law.mean(), lambda * m1);
        let latency = mean / lambda;
        let mut figures = SteadyState::lossless(station, None, TimeDistribution::moments(latency - m1, None));
        figures.in_system = LevelSummary { mean, p99: Some(law.quantile(0.01, 0)) };
        figures.queue_length = LevelSummary { mean: mean - busy, p99: None };
        figures.sojourn = Some(TimeDistribution::moments(latency, None));
        if !outages.redeliver {
            // A server keeps its message while it is repaired.
            let taken = m1 * (1.0 + failure / repair);
            figures.wait = TimeDistribution::moments(latency - taken, None);
            figures.queue_length = LevelSummary { mean: mean - lambda * taken, p99: None };
            figures.service = Some(TimeDistribution::moments(taken, None));
            figures.busy = Some(lambda * m1);
        } else {
            figures.attempts = 1.0 + failure * m1;
        }
        Ok(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One server that breaks while it works: the chain and the compound service agree.
    #[test]
    fn two_ways_agree() {
        let law = chain(0.5, 1.0, 1, 0.1, 0.4, true).stationary();
        assert!((law.mean() - 2.083333333333331).abs() < 1e-11);
        let three = chain(2.0, 1.0, 3, 0.05, 0.5, false).stationary();
        assert!((three.mean() - 3.914953208373176).abs() < 1e-10);
        // One server is together with itself.
        let (alone, one) = (
            chain(0.5, 1.0, 1, 0.1, 0.4, false).stationary(),
            chain_together(0.5, 1.0, 1, 0.1, 0.4).stationary(),
        );
        assert!((alone.mean() / one.mean() - 1.0).abs() < 1e-12);
        // Repairs at once: M/M/c.
        let fast = chain(2.0, 1.0, 3, 1e-9, 10.0, false).stationary();
        assert!((fast.mean() - crate::theory::jackson::in_system(2.0, 1.0, 3)).abs() < 1e-6);
    }
}

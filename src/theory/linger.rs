//! Batches by size or time: a consumer takes a batch when it has so many messages, or when its first has
//! waited for so long.

use super::Mismatch;
use super::levels::first_below;
use super::quadrature::gauss;
use super::requires::poisson;
use super::{Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, erlang};
use crate::answer::TheoryCaveat;
use crate::scenario::{Batching, Consumer};
use crate::workload::laws::Law;
use statrs::function::gamma::gamma_ur;

/// Batches of Poisson arrivals of which none waits for a server: `most` messages, or what has come `linger`
/// after the first.
///
/// # Formula
/// Let K be the number of Poisson arrivals in the linger T after the first message, and J = min(K, N − 1). A
/// batch has 1 + J messages; each begins its wait at the first message's instant or at one of J Poisson
/// instants, so that, a batch being full at N, the waits have the density λ P(K(w) ≤ N − 2)/E\[1 + J\] on (0,
/// T), with P(K ≥ N − 1)/E\[1 + J\] at zero (who fills a batch) and P(K ≤ N − 2)/E\[1 + J\] at T (the first
/// of a batch that is not full), where K(w) is Poisson of mean λw. The mean is E\[J(J + 1)\]/(2λE\[1 + J\]).
/// # Source
/// Wald's identity and the renewal theorem, batches being independent and alike: Wolff, *Stochastic Modeling
/// and the Theory of Queues* (1989), sections 2.3 and 3.4.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SizeOrTimeLaw {
    lambda: f64,
    most: u32,
    linger: f64,
    /// Mean messages of a batch.
    pub batch: f64,
}

impl SizeOrTimeLaw {
    /// ```
    /// use queuelab::theory::linger::SizeOrTimeLaw;
    /// let law = SizeOrTimeLaw::new(1000.0, 10, 0.005);
    /// assert!((law.batch - 5.9460).abs() < 5e-5 && (law.wait_mean() - 2.8464e-3).abs() < 5e-8);
    /// ```
    pub fn new(lambda: f64, most: u32, linger: f64) -> Self {
        let law = SizeOrTimeLaw { lambda, most, linger, batch: 1.0 };
        SizeOrTimeLaw { batch: 1.0 + law.joined(linger, law.room()), ..law }
    }

    /// Messages that may join the first.
    fn room(&self) -> f64 {
        f64::from(self.most) - 1.0
    }

    /// E\[min(K(t), n)\].
    fn joined(&self, t: f64, n: f64) -> f64 {
        let x = self.lambda * t;
        x * up_to(n - 2.0, x) + n * (1.0 - up_to(n - 1.0, x))
    }

    /// P(K(t) ≤ N − 2): a batch is not full yet t after its first message.
    fn open(&self, t: f64) -> f64 {
        up_to(self.room() - 1.0, self.lambda * t)
    }

    /// E\[J(J + 1)\].
    fn joined_square(&self) -> f64 {
        let (x, n) = (self.lambda * self.linger, self.room());
        x * x * up_to(n - 3.0, x) + 2.0 * x * up_to(n - 2.0, x) + n * (n + 1.0) * (1.0 - up_to(n - 1.0, x))
    }

    /// Mean size of the batch that a message is in.
    pub fn own_batch(&self) -> f64 {
        // (1 + J)² = 1 + J + J(J + 1).
        1.0 + self.joined_square() / self.batch
    }

    /// Mean wait for a batch to be full or for its time to be over.
    pub fn wait_mean(&self) -> f64 {
        self.joined_square() / (2.0 * self.lambda * self.batch)
    }

    /// Standard deviation of the wait.
    pub fn wait_sd(&self) -> f64 {
        let (x, n, t) = (self.lambda * self.linger, self.room(), self.linger);
        // λ ∫ w² P(K(w) ≤ N − 2) dw = E[r(r + 1)(r + 2)] / (3λ²), r = min(K − 2, N − 1) where that is
        // positive.
        let cubes = x.powi(3) * up_to(n - 1.0, x) + n * (n + 1.0) * (n + 2.0) * (1.0 - up_to(n + 2.0, x));
        let square = (cubes / (3.0 * self.lambda * self.lambda) + t * t * self.open(t)) / self.batch;
        (square - self.wait_mean().powi(2)).max(0.0).sqrt()
    }

    /// P(wait > w).
    pub fn wait_tail(&self, w: f64) -> f64 {
        if w >= self.linger {
            return 0.0;
        }
        let rest = self.joined(self.linger, self.room()) - self.joined(w, self.room());
        ((rest + self.open(self.linger)) / self.batch).clamp(0.0, 1.0)
    }

    /// P(more than n wait), at any instant.
    pub fn waiting_above(&self, n: u64) -> f64 {
        let all = self.joined(self.linger, self.room());
        ((all - self.joined(self.linger, (n as f64).min(self.room()))) / self.batch).max(0.0)
    }

    /// P(wait and an independent service > t), from the service's tail, which is to be smooth.
    fn sojourn_tail(&self, t: f64, service: &TimeDistribution) -> f64 {
        let tail = |s: f64| if s < 0.0 { 1.0 } else { service.tail(s).unwrap_or(1.0) };
        let full = (1.0 - self.open(self.linger)) / self.batch;
        let mut sum = full * tail(t)
            + if t < self.linger {
                self.wait_tail(t)
            } else {
                self.open(self.linger) / self.batch * tail(t - self.linger)
            };
        let end = t.min(self.linger);
        // Pieces short against the linger and against what filling a batch varies by.
        let pieces = (end / self.linger * (8.0 + 2.0 * (self.lambda * self.linger).sqrt()))
            .ceil()
            .clamp(1.0, 400.0) as u32;
        let width = end / f64::from(pieces);
        for i in 0..pieces {
            let from = f64::from(i) * width;
            sum += gauss(from, from + width, |w| self.lambda * self.open(w) / self.batch * tail(t - w));
        }
        sum
    }
}

/// P(K ≤ n) of a Poisson number of mean x.
fn up_to(n: f64, x: f64) -> f64 {
    match (n < 0.0, x <= 0.0) {
        (true, _) => 0.0,
        (_, true) => 1.0,
        _ => gamma_ur(n + 1.0, x),
    }
}

/// The adapter.
#[derive(Debug)]
pub struct SizeOrTime;

/// The share of batches that may find all servers busy, were they to come by chance, up to which their waits
/// are left out, and up to which no figure's digits show that.
const RARE: f64 = 1e-3;
const NEVER: f64 = 1e-12;

impl SizeOrTime {
    fn parts<'a>(station: &'a Station<'_>) -> Result<(&'a Consumer, Batching), Mismatch> {
        let [group] = station.groups.as_slice() else {
            return Err("needs one consumer group".into());
        };
        match group.batch {
            None => Err("needs consumers that take batches".into()),
            Some(batch) if batch.linger == 0.0 => {
                Err("consumers take what there is, and wait for no more".into())
            }
            _ if station.streams.iter().any(|s| s.producer.service_time.is_some()) => {
                Err("producers bring their own work".into())
            }
            Some(batch) => Ok((group, batch)),
        }
    }

    /// Mean time of a batch.
    fn batch_time(group: &Consumer, law: &SizeOrTimeLaw) -> f64 {
        group.service_time.mean() + group.service_time_per_message.mean() * law.batch
    }

    /// Of batches that came by chance, the share that would find all servers busy; zero for servers without
    /// limit.
    fn delayed(station: &Station<'_>, group: &Consumer, law: &SizeOrTimeLaw) -> f64 {
        let erlangs = station.lambda() / law.batch * Self::batch_time(group, law);
        match station.servers {
            None => 0.0,
            Some(c) if erlangs < f64::from(c) => erlang::erlang_c(c, erlangs),
            Some(_) => 1.0,
        }
    }
}

/// Whether a law's tail has neither jump nor kink, so that sums with it can be integrated.
fn is_smooth(law: &Law) -> bool {
    matches!(law, Law::Exponential(_) | Law::Erlang(_) | Law::Hyperexponential(_) | Law::Lognormal(_))
}

impl QueueModel for SizeOrTime {
    const NAME: &'static str = "batches by size or time";
    const KNOWS: &'static [Feature] = &[Feature::ConsumerBatches];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        let (group, batch) = Self::parts(station)?;
        poisson(station)?;
        if station.queue.blocks() {
            return Err("senders wait for room while a batch waits for more".into());
        }
        if station.queue.visibility_timeout.is_some() {
            return Err(Feature::VisibilityTimeout.into());
        }
        let law = SizeOrTimeLaw::new(station.lambda(), batch.max, batch.linger);
        let delayed = Self::delayed(station, group, &law);
        if delayed > RARE || !Self::batch_time(group, &law).is_finite() {
            return Err("batches that wait for more may have to wait for a server, too".into());
        }
        Ok(())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let (group, batch) = Self::parts(station)?;
        let lambda = station.lambda();
        let law = SizeOrTimeLaw::new(lambda, batch.max, batch.linger);
        let wait = TimeDistribution::law(law.wait_mean(), law.wait_sd(), move |t| law.wait_tail(t));
        let by_size = !group.service_time_per_message.is_zero();
        let service = if by_size {
            // Larger batches take longer, and more messages are in them.
            TimeDistribution::moments(
                group.service_time.mean() + group.service_time_per_message.mean() * law.own_batch(),
                None,
            )
        } else {
            TimeDistribution::of(&group.service_time)
        };
        let sojourn = if !by_size && is_smooth(&group.service_time) {
            let (mean, sd) = (
                wait.mean + service.mean,
                wait.sd.zip(service.sd).map_or(f64::INFINITY, |(a, b)| a.hypot(b)),
            );
            let own = service.clone();
            TimeDistribution::law(mean, sd, move |t| law.sojourn_tail(t, &own))
        } else if by_size {
            // A batch's size decides its time and, with its wait, its messages'.
            TimeDistribution::moments(wait.mean + service.mean, None)
        } else {
            wait.plus(&service)
        };
        let mut figures = SteadyState {
            queue_length: LevelSummary {
                mean: lambda * wait.mean,
                p99: Some(first_below(0.01, |n| law.waiting_above(n))),
            },
            in_system: LevelSummary { mean: lambda * sojourn.mean, p99: None },
            sojourn: Some(sojourn),
            service: Some(service),
            busy: Some(lambda / law.batch * Self::batch_time(group, &law)),
            batch: Some(law.batch),
            ..SteadyState::lossless(station, Some(law.wait_tail(0.0)), wait)
        };
        let delayed = Self::delayed(station, group, &law);
        if delayed > NEVER {
            figures.exact = false;
            figures.caveats.push(TheoryCaveat::FreeServers { share: delayed }.into());
        }
        Ok(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-3), "{a} is not {b}");
    }

    /// Σ over K of a Poisson mean 5: E\[min(K, 9)\] = 4.9460, and the waits of each batch summed up by its
    /// number of messages.
    #[test]
    fn a_thousand_a_second_in_tens_or_5_ms() {
        let law = SizeOrTimeLaw::new(1000.0, 10, 0.005);
        close(law.batch, 5.945_984_342_146_601);
        assert!((law.wait_mean() - 2.8464e-3).abs() < 5e-8);
        // The same mean and variance from the tail.
        let mean: f64 =
            (0..100).map(|i| gauss(5e-5 * f64::from(i), 5e-5 * f64::from(i + 1), |w| law.wait_tail(w))).sum();
        let square: f64 = (0..100)
            .map(|i| gauss(5e-5 * f64::from(i), 5e-5 * f64::from(i + 1), |w| 2.0 * w * law.wait_tail(w)))
            .sum();
        close(law.wait_mean(), mean);
        close(law.wait_sd(), (square - mean * mean).sqrt());
    }

    /// Without a bound the first waits for the linger and the others for half of it on average; without time
    /// for a second, nobody's batch has one; and where the time is ample, batches are full and wait for (N −
    /// 1)/2 gaps on average.
    #[test]
    fn the_limits_of_size_and_time() {
        let by_time = SizeOrTimeLaw::new(100.0, 1_000_000, 0.1);
        close(by_time.batch, 11.0);
        close(by_time.wait_mean(), (0.1 + 10.0 * 0.05) / 11.0);
        let short = SizeOrTimeLaw::new(1e-6, 10, 1.0);
        close(short.batch, 1.0 + 1e-6);
        close(short.wait_mean(), (1.0 + 0.5e-6) / (1.0 + 1e-6));
        let by_size = SizeOrTimeLaw::new(1000.0, 10, 10.0);
        close(by_size.batch, 10.0);
        close(by_size.wait_mean(), 4.5e-3);
        assert_eq!(by_size.waiting_above(9), 0.0);
        close(by_size.waiting_above(8), 0.1);
    }

    /// A service of no time but that of chance: the sum's mean from its tail.
    #[test]
    fn the_wait_and_the_service_together() {
        let (law, service) =
            (SizeOrTimeLaw::new(1000.0, 10, 0.005), TimeDistribution::of(&Law::exponential(0.002)));
        let mean: f64 = (0..8000)
            .map(|i| gauss(1e-5 * f64::from(i), 1e-5 * f64::from(i + 1), |t| law.sojourn_tail(t, &service)))
            .sum();
        close(mean, law.wait_mean() + 0.002);
        close(law.sojourn_tail(0.0, &service), 1.0);
    }
}

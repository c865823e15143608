//! M/M/c/K: bounded room. What does not fit is rejected, or pushes out the oldest message that waits.

use super::Mismatch;
use super::erlang::erlang_b;
use super::requires::poisson_and_exponential;
use super::{
    Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, levels, spread,
};

/// More room than this is not tabulated.
const MOST_ROOM: u64 = 1_000_000;

/// The stationary law of the number in M/M/c/K, K = c + room.
///
/// # Formula
/// pₙ ∝ aⁿ/n! up to c, then p_{c+j} = p_c ρʲ.
/// # Domain
/// Any load: bounded room is always stable.
/// # Source
/// Gross & Harris, section 2.5.
/// # Numerics
/// Weights are relative to the largest of the states with all servers busy; those below c come from Erlang B
/// as one sum. Nothing is 0/0 at ρ = 1 and nothing overflows.
///
/// ```
/// use queuelab::theory::mmck::BoundedRoom;
/// // At ρ = 1 all eleven states of M/M/1/10 are alike.
/// assert!((BoundedRoom::new(1.0, 1, 9).loss() - 1.0 / 11.0).abs() < 1e-15);
/// ```
#[derive(Debug, Clone)]
pub struct BoundedRoom {
    servers: u32,
    offered: f64,
    /// P(N < c).
    idle: f64,
    /// P(N = c + j) for j from 0 to the room.
    waiting: Vec<f64>,
    /// P(N ≠ K), added up from the others.
    accepted: f64,
}

impl BoundedRoom {
    /// For an offered load of `a` erlangs.
    pub fn new(a: f64, servers: u32, room: u64) -> Self {
        let rho = a / f64::from(servers);
        // Beyond this the weights are below 1e-20 of the first.
        let needed =
            if rho < 1.0 { (46.0 / -rho.ln()).ceil().max(1.0).min(room as f64) as u64 } else { room };
        let from = if rho > 1.0 { needed as f64 } else { 0.0 };
        let mut waiting: Vec<f64> = (0..=needed).map(|j| rho.powf(j as f64 - from)).collect();
        let b = erlang_b(servers, a);
        let mut idle = waiting[0] * (1.0 / b - 1.0);
        if !idle.is_finite() {
            (idle, waiting) = (1.0, vec![0.0; waiting.len()]);
        }
        let but_last: f64 = idle + waiting[..waiting.len() - 1].iter().sum::<f64>();
        let total = but_last + waiting[waiting.len() - 1];
        waiting.iter_mut().for_each(|w| *w /= total);
        BoundedRoom { servers, offered: a, idle: idle / total, waiting, accepted: but_last / total }
    }

    /// Probability that a message finds no room.
    pub fn loss(&self) -> f64 {
        self.waiting[self.waiting.len() - 1]
    }

    /// Mean number waiting.
    pub fn queue_length(&self) -> f64 {
        self.waiting.iter().enumerate().map(|(j, p)| j as f64 * p).sum()
    }

    /// Mean number of busy servers.
    pub fn busy(&self) -> f64 {
        self.offered * self.accepted
    }

    /// Probability that an accepted message waits, when others are rejected.
    pub fn delayed(&self) -> f64 {
        self.accepted_ahead().sum()
    }

    /// The probability that an accepted message finds all servers busy and j others waiting, for each j.
    fn accepted_ahead(&self) -> impl Iterator<Item = f64> + '_ {
        self.waiting[..self.waiting.len() - 1].iter().map(|p| p / self.accepted)
    }

    /// P(N > c + k), for each k.
    fn above(&self) -> Vec<f64> {
        suffix_sums(self.waiting.iter().skip(1).copied().collect())
    }

    /// The 99th percentiles of the numbers waiting and in the system.
    fn percentiles(&self) -> (f64, f64) {
        let above = self.above();
        let tail = |k: u64| above.get(k as usize).copied().unwrap_or(0.0);
        (
            super::levels::first_below(0.01, tail),
            levels::quantile(0.99, self.servers, self.offered, self.waiting[0], tail),
        )
    }

    /// The wait of the accepted in units of mean service time, when others are rejected.
    ///
    /// # Formula
    /// A message that finds j others waiting waits j + 1 departures of rate c: P(W_q > t) = Σₘ Poisson(m; ct)
    /// P(j ≥ m).
    pub fn wait(&self, service: f64) -> TimeDistribution {
        let ahead: Vec<f64> = self.accepted_ahead().collect();
        let rate = f64::from(self.servers) / service;
        let mean: f64 = ahead.iter().enumerate().map(|(j, q)| q * (j as f64 + 1.0)).sum::<f64>() / rate;
        let square: f64 =
            ahead.iter().enumerate().map(|(j, q)| q * (j as f64 + 1.0) * (j as f64 + 2.0)).sum::<f64>()
                / rate
                / rate;
        let at_least = suffix_sums(ahead);
        TimeDistribution::law(mean, (square - mean * mean).max(0.0).sqrt(), move |t| {
            levels::poisson_average(rate * t, |m| at_least.get(m as usize).copied().unwrap_or(0.0))
        })
    }

    /// Wait and service together.
    ///
    /// # Numerics
    /// The message's remaining stages, looked at at the epochs of a Poisson process of rate cμ: a waiting
    /// stage ends at every epoch, the service at every c-th on average. All terms are positive.
    pub fn sojourn(&self, service: f64) -> TimeDistribution {
        let wait = self.wait(service);
        let ahead: Vec<f64> = self.accepted_ahead().collect();
        let rate = f64::from(self.servers) / service;
        let keep = 1.0 - 1.0 / f64::from(self.servers);
        // in_service[m]: P(being served after m epochs).
        let mut in_service = vec![self.idle / self.accepted];
        for q in &ahead {
            in_service.push(in_service[in_service.len() - 1] * keep + q);
        }
        let at_least = suffix_sums(ahead);
        let (last, latest) = (in_service.len() - 1, in_service[in_service.len() - 1]);
        let inside = move |m: u64| match in_service.get(m as usize) {
            Some(serving) => serving + at_least.get(m as usize).copied().unwrap_or(0.0),
            None => latest * keep.powf((m - last as u64) as f64),
        };
        let sd = wait.sd.unwrap_or(0.0).hypot(service);
        TimeDistribution::law(wait.mean + service, sd, move |t| levels::poisson_average(rate * t, &inside))
    }

    /// Mean and standard deviation of the wait of the served when a newcomer pushes out the oldest of `room`
    /// waiting messages.
    ///
    /// # Formula
    /// A message with i ahead of it and j behind moves at rate cμ to i − 1 and at rate λ to j + 1, or, when
    /// i + j + 1 = room, to (i − 1, j + 1) because the head is dropped; from i = 0 it is served or dropped.
    /// First-step analysis of E\[Wⁿ; served\], n ≤ 2.
    pub fn drop_head_wait(&self, service: f64) -> (f64, f64) {
        let (serve, arrive) = (f64::from(self.servers) / service, self.offered / service);
        let room = self.waiting.len() - 1;
        let total = serve + arrive;
        let (down, up) = (serve / total, arrive / total);
        let step = |next: [[f64; 3]; 2]| {
            let mut sum = [0.0; 3];
            for (p, [h, g, s]) in [down, up].into_iter().zip(next) {
                sum[0] += p * h;
                sum[1] += p * (g + h / total);
                sum[2] += p * (s + 2.0 * g / total + 2.0 * h / total / total);
            }
            sum
        };
        let (mut served, mut before) = ([self.idle, 0.0, 0.0], Vec::new());
        for i in 0..room {
            let mut layer = vec![[0.0; 3]; room - i];
            for j in (0..room - i).rev() {
                let ahead = |k: usize, at_head: f64| if i == 0 { [at_head, 0.0, 0.0] } else { before[k] };
                let next = [ahead(j, 1.0), if i + j + 1 < room { layer[j + 1] } else { ahead(j + 1, 0.0) }];
                layer[j] = step(next);
            }
            // The last place is taken by who finds one other place or none.
            let weight = self.waiting[i] + if i + 1 == room { self.waiting[room] } else { 0.0 };
            served.iter_mut().zip(layer[0]).for_each(|(sum, x)| *sum += weight * x);
            before = layer;
        }
        let mean = served[1] / served[0];
        (mean, (served[2] / served[0] - mean * mean).max(0.0).sqrt())
    }

    fn figures(
        &self,
        station: &Station<'_>,
        wait: TimeDistribution,
        sojourn: Option<TimeDistribution>,
        delayed: f64,
    ) -> SteadyState {
        let (waiting, inside) = self.percentiles();
        let lambda = station.lambda();
        SteadyState {
            throughput: lambda * self.accepted,
            loss: self.loss(),
            queue_length: LevelSummary { mean: self.queue_length(), p99: Some(waiting) },
            in_system: LevelSummary { mean: self.queue_length() + self.busy(), p99: Some(inside) },
            sojourn,
            spread: Some(spread::of_chain(
                self.servers,
                self.offered,
                self.idle,
                self.waiting.iter().copied(),
            )),
            ..SteadyState::lossless(station, Some(delayed), wait)
        }
    }
}

/// sums\[k\] = Σ_{j ≥ k} values\[j\].
fn suffix_sums(mut values: Vec<f64>) -> Vec<f64> {
    for k in (1..values.len()).rev() {
        values[k - 1] += values[k];
    }
    values
}

fn bounded(station: &Station<'_>, at_most: u64) -> Result<(u64, u32), Mismatch> {
    let room = station.room().ok_or("needs a bound on the queue's length")?;
    let servers = station.servers.ok_or("needs a limited number of servers")?;
    poisson_and_exponential(station)?;
    (room <= at_most)
        .then_some((room, servers))
        .ok_or_else(|| format!("there is room for more than {at_most} messages").into())
}

/// The adapter for `reject-publish`.
#[derive(Debug)]
pub struct Mmck;

impl QueueModel for Mmck {
    const NAME: &'static str = "M/M/c/K";
    const KNOWS: &'static [Feature] = &[Feature::Room];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        bounded(station, MOST_ROOM).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let (room, servers) = bounded(station, MOST_ROOM)?;
        let (law, service) =
            (BoundedRoom::new(station.offered_load(), servers, room), station.service.mean());
        Ok(law.figures(station, law.wait(service), Some(law.sojourn(service)), law.delayed()))
    }
}

/// The adapter for `drop-head`.
#[derive(Debug)]
pub struct DropHead;

impl QueueModel for DropHead {
    const NAME: &'static str = "M/M/c/K, oldest dropped";
    const KNOWS: &'static [Feature] = &[Feature::DropHead];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        // The wait's chain has room² states.
        bounded(station, 3_000).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let (room, servers) = bounded(station, 3_000)?;
        let law = BoundedRoom::new(station.offered_load(), servers, room);
        let (mean, sd) = law.drop_head_wait(station.service.mean());
        let figures = law.figures(station, TimeDistribution::moments(mean, Some(sd)), None, 1.0 - law.idle);
        // All are accepted, and those that are dropped are never delivered.
        Ok(SteadyState { attempts: 1.0 - figures.loss, ..figures })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::mmc;

    fn close(a: f64, b: f64, relative: f64) {
        assert!((a - b).abs() <= relative * b.abs(), "{a} is not {b}");
    }

    #[test]
    fn much_room_is_unbounded_room() {
        let law = BoundedRoom::new(3.2, 4, 100_000);
        let wait = law.wait(1.0);
        close(wait.mean, mmc::wait_mean(3.2, 1.0, 4), 1e-12);
        close(wait.sd.expect("known"), mmc::wait_sd(3.2, 1.0, 4), 1e-11);
        let delayed = crate::theory::erlang::erlang_c(4, 3.2);
        close(wait.tail(5.0).expect("known"), mmc::wait_tail(5.0, delayed, 3.2, 1.0, 4), 1e-12);
        close(
            law.sojourn(1.0).tail(5.0).expect("known"),
            mmc::sojourn_tail(5.0, delayed, 3.2, 1.0, 4),
            1e-12,
        );
    }

    #[test]
    fn no_room_is_erlang_b_and_huge_loads_are_fine() {
        close(BoundedRoom::new(25.0, 30, 0).loss(), erlang_b(30, 25.0), 1e-14);
        close(BoundedRoom::new(1e6, 1, 500).loss(), 1.0 - 1e-6, 1e-12);
        assert_eq!(BoundedRoom::new(20.0, 2_000, 5).loss(), 0.0);
    }

    #[test]
    fn littles_law_holds_for_the_accepted() {
        for (a, c, room) in [(0.8, 1, 9), (12.0, 10, 40), (9.0, 10, 3)] {
            let law = BoundedRoom::new(a, c, room);
            close(law.wait(1.0).mean * a * law.accepted, law.queue_length(), 1e-12);
        }
    }

    #[test]
    fn dropping_the_head_serves_as_many_and_keeps_the_served_fresher() {
        for (a, c, room) in [(1.5, 1, 4), (0.8, 1, 9), (12.0, 10, 40)] {
            let law = BoundedRoom::new(a, c, room);
            let (mean, sd) = law.drop_head_wait(1.0);
            assert!(mean < law.wait(1.0).mean && sd > 0.0);
        }
        // With room for one: served unless another comes first, so the wait of who waits is Exp(cμ + λ) in
        // any case.
        let law = BoundedRoom::new(2.0, 1, 1);
        let waits = 1.0 - law.idle;
        let served = law.idle + waits / 3.0;
        close(served, law.accepted, 1e-14);
        close(law.drop_head_wait(1.0).0, waits / 3.0 / 3.0 / served, 1e-14);
    }
}

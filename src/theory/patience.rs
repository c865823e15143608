//! M/M/c+G: messages that expire while they wait (time to live, impatience), exponentially, at a fixed age or
//! by any law.

use super::Mismatch;
use super::erlang::erlang_b;
use super::quadrature::gauss;
use super::requires::poisson_and_exponential;
use super::{Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution};
use crate::workload::laws::Law;

/// The stationary wait that an infinitely patient message would have, and what follows from it.
///
/// # Formula
/// Its density on x > 0 is λ p_{c−1} exp(λH(x) − cμx) with H(x) = ∫₀ˣ P(patience > u) du; P(V = 0) =
/// p_{c−1}/B(c − 1, a).
/// # Domain
/// Any load, if patience ends; λ P(patience = ∞) < cμ otherwise.
/// # Source
/// Baccelli & Hebuterne, *On queues with impatient customers*, Performance '81; for exponential patience it
/// is Palm's Erlang A.
/// # Numerics
/// Gauss–Legendre on pieces as long as the density changes little, relative to its largest value.
#[derive(Debug, Clone)]
pub struct Patience {
    lambda: f64,
    full: f64,
    law: Law,
    pieces: Vec<WaitPiece>,
    /// The logarithm of the largest density.
    top: f64,
    /// The weight of not having to wait.
    idle: f64,
    /// Of the density with all messages, and with those that are still patient.
    all: f64,
    served: f64,
}

/// A stretch of waits, with what lies beyond it.
#[derive(Debug, Clone, Copy)]
struct WaitPiece {
    from: f64,
    to: f64,
    /// H at its start.
    patient: f64,
    /// ∫ density · P(patience > x) from its end on.
    beyond: f64,
}

impl Patience {
    /// For Poisson arrivals, exponential services and patience of a law; `None` if patience is so long that
    /// the queue is not tabulated.
    pub fn new(lambda: f64, mu: f64, servers: u32, law: &Law) -> Option<Self> {
        let full = f64::from(servers) * mu;
        let mut this = Patience {
            lambda,
            full,
            law: law.clone(),
            pieces: Vec::new(),
            top: 0.0,
            idle: 0.0,
            all: 0.0,
            served: 0.0,
        };
        let spread = (lambda / law.mean().max(1e-12 / full)).sqrt();
        let jumps = jumps(law);
        let (mut x, mut h) = (0.0, 0.0);
        loop {
            let slope = lambda * (1.0 - law.cdf(x)) - full;
            let length = 1.0 / (slope.abs() + spread + 0.05 * full);
            let next = jumps.iter().copied().find(|j| *j > x * (1.0 + 1e-12)).unwrap_or(f64::INFINITY);
            let to = if x + length * 1.5 > next { next } else { x + length };
            this.pieces.push(WaitPiece { from: x, to, patient: h, beyond: 0.0 });
            h += gauss(x, to, |u| 1.0 - law.cdf(u));
            x = to;
            let exponent = lambda * h - full * x;
            this.top = this.top.max(exponent);
            if exponent < this.top - 45.0 {
                break;
            }
            if this.pieces.len() > 20_000 {
                return None;
            }
        }
        let blocked = if servers == 1 { 1.0 } else { erlang_b(servers - 1, lambda / mu) };
        this.idle = (-this.top).exp() / blocked;
        for i in (0..this.pieces.len()).rev() {
            let piece = this.pieces[i];
            this.pieces[i].beyond = this.served;
            this.served += this.still_patient(&piece, piece.from);
            this.all += gauss(piece.from, piece.to, |x| this.density(&piece, x));
        }
        this.served *= lambda;
        this.all *= lambda;
        this.pieces.iter_mut().for_each(|piece| piece.beyond *= lambda);
        Some(this)
    }

    /// H(x) within a piece.
    fn patient(&self, piece: &WaitPiece, x: f64) -> f64 {
        piece.patient + gauss(piece.from, x, |u| 1.0 - self.law.cdf(u))
    }

    fn density(&self, piece: &WaitPiece, x: f64) -> f64 {
        (self.lambda * self.patient(piece, x) - self.full * x - self.top).exp()
    }

    /// ∫ density · P(patience > x) from `x` to the end of its piece.
    fn still_patient(&self, piece: &WaitPiece, x: f64) -> f64 {
        gauss(x, piece.to, |u| self.density(piece, u) * (1.0 - self.law.cdf(u)))
    }

    fn total(&self) -> f64 {
        self.idle + self.all
    }

    /// Share of the messages that expire.
    pub fn loss(&self) -> f64 {
        ((self.all - self.served) / self.total()).max(0.0)
    }

    /// Share of the messages that have to wait.
    pub fn delayed(&self) -> f64 {
        self.all / self.total()
    }

    /// Mean number waiting, λ E\[min(V, patience)\] = λ E\[H(V)\].
    pub fn queue_length(&self) -> f64 {
        let sum: f64 = self
            .pieces
            .iter()
            .map(|p| gauss(p.from, p.to, |x| self.density(p, x) * self.patient(p, x)))
            .sum();
        self.lambda * self.lambda * sum / self.total()
    }

    /// The n-th moment of the wait of the served.
    pub fn served_moment(&self, n: i32) -> f64 {
        let part =
            |p: &WaitPiece| gauss(p.from, p.to, |x| x.powi(n) * self.density(p, x) * (1.0 - self.law.cdf(x)));
        self.lambda * self.pieces.iter().map(part).sum::<f64>() / (self.idle + self.served)
    }

    /// P(W_q > t) of the served.
    pub fn served_tail(&self, t: f64) -> f64 {
        let i = self.pieces.partition_point(|p| p.to <= t);
        let Some(piece) = self.pieces.get(i) else { return 0.0 };
        (self.lambda * self.still_patient(piece, t) + piece.beyond) / (self.idle + self.served)
    }
}

/// Ages at which the share of patient messages jumps or bends.
fn jumps(law: &Law) -> Vec<f64> {
    match law {
        Law::Deterministic(d) => vec![d.value],
        Law::Uniform(u) => vec![u.min, u.max],
        Law::Pareto(p) => vec![p.min],
        Law::Empirical(e) => e.points().map(|(value, _)| value).collect(),
        _ => Vec::new(),
    }
}

/// The adapter.
#[derive(Debug)]
pub struct TimeToLive;

impl TimeToLive {
    fn law(station: &Station<'_>) -> Result<Patience, Mismatch> {
        poisson_and_exponential(station)?;
        if station.queue.blocks() {
            // Who waits for room does not age yet.
            return Err(Feature::Block.into());
        }
        let patience = station.queue.message_ttl.as_ref().ok_or("needs messages that expire")?;
        let servers = station.servers.ok_or("needs a limited number of servers")?;
        Patience::new(station.lambda(), 1.0 / station.service.mean(), servers, patience)
            .ok_or_else(|| "messages expire too late to be tabulated".into())
    }
}

impl QueueModel for TimeToLive {
    const NAME: &'static str = "M/M/c+G (time to live)";
    const KNOWS: &'static [Feature] = &[Feature::TimeToLive];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        Self::law(station).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let law = Self::law(station)?;
        let (mean, square) = (law.served_moment(1), law.served_moment(2));
        let (loss, delayed, waiting) = (law.loss(), law.delayed(), law.queue_length());
        let throughput = station.lambda() * (1.0 - loss);
        let wait =
            TimeDistribution::law(mean, (square - mean * mean).max(0.0).sqrt(), move |t| law.served_tail(t));
        Ok(SteadyState {
            throughput,
            loss,
            // What expires is never delivered.
            attempts: 1.0 - loss,
            queue_length: LevelSummary { mean: waiting, p99: None },
            in_system: LevelSummary { mean: waiting + throughput * station.service.mean(), p99: None },
            ..SteadyState::lossless(station, Some(delayed), wait)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, relative: f64) {
        assert!((a - b).abs() <= relative * b.abs(), "{a} is not {b}");
    }

    /// Little's law, the flow of the served, and long patience.
    #[test]
    fn it_is_consistent() {
        for law in
            [Law::exponential(2.0), Law::deterministic(0.5), Law::erlang(1.0, 3), Law::uniform(0.5, 2.0)]
        {
            let found = Patience::new(12.0, 1.0, 10, &law).expect("tabulated");
            // All servers are busy while V > 0: the served leave at rate cμ then.
            let busy_rate = 12.0 * found.served / found.total();
            let density_at_zero = 12.0 * (-found.top).exp() / found.total();
            close(busy_rate, 10.0 * found.delayed() - density_at_zero, 1e-10);
            close(found.served_tail(0.0), found.served / (found.idle + found.served), 1e-12);
        }
        let patient = Patience::new(3.0, 1.0, 4, &Law::deterministic(200.0)).expect("tabulated");
        close(patient.served_moment(1), crate::theory::mmc::wait_mean(3.0, 1.0, 4), 1e-11);
    }
}

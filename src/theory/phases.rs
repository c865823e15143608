//! Times and arrivals as Markov chains with phases: phase-type laws and Markovian arrival processes.

use super::Mismatch;
use super::matrix::{Matrix, stationary};
use super::service::is_exponential;
use super::station::{Gaps, Stream};
use crate::scenario::Arrivals;
use crate::workload::laws::Law;

/// A phase-type law: where it starts, and the rates among its phases; what is missing in a row is the rate of ending.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseType {
    /// Probabilities of the first phase.
    pub start: Vec<f64>,
    /// Rates from phase to phase, minus the rate of leaving on the diagonal.
    pub rates: Matrix,
}

impl PhaseType {
    /// A law of the workload that has phases: exponential, Erlang, hyperexponential, and gamma with a whole 1/scv.
    pub fn of(law: &Law) -> Option<Self> {
        let stages = |k: u32| {
            let rate = f64::from(k) / law.mean();
            let n = k as usize;
            let mut rates = Matrix::diagonal(&vec![-rate; n]);
            (1..n).for_each(|i| rates[(i - 1, i)] = rate);
            PhaseType { start: (0..n).map(|i| f64::from(u8::from(i == 0))).collect(), rates }
        };
        match law {
            _ if law.is_zero() || !law.mean().is_finite() => None,
            _ if is_exponential(law) => Some(stages(1)),
            Law::Erlang(e) if e.k <= 200 => Some(stages(e.k)),
            Law::Gamma(g) if (1.0 / g.scv - (1.0 / g.scv).round()).abs() < 1e-12 && g.scv > 0.005 => {
                Some(stages((1.0 / g.scv).round() as u32))
            }
            Law::Hyperexponential(h) if h.branches.iter().all(|b| b.1 > 0.0) => Some(PhaseType {
                start: h.branches.iter().map(|b| b.0).collect(),
                rates: Matrix::diagonal(&h.branches.iter().map(|b| -1.0 / b.1).collect::<Vec<_>>()),
            }),
            _ => None,
        }
    }

    /// One of several laws by chance; weights sum to one.
    pub fn mixture(kinds: &[(f64, PhaseType)]) -> Self {
        let n = kinds.iter().map(|(_, k)| k.start.len()).sum();
        let (mut start, mut rates, mut at) = (Vec::new(), Matrix::zero(n, n), 0);
        for (weight, kind) in kinds {
            start.extend(kind.start.iter().map(|p| weight * p));
            for i in 0..kind.start.len() {
                for j in 0..kind.start.len() {
                    rates[(at + i, at + j)] = kind.rates[(i, j)];
                }
            }
            at += kind.start.len();
        }
        PhaseType { start, rates }
    }

    /// Number of phases.
    pub fn size(&self) -> usize {
        self.start.len()
    }

    /// The rate at which it ends in each phase.
    pub fn ends(&self) -> Vec<f64> {
        self.rates.row_sums().iter().map(|sum| -sum).collect()
    }
}

/// A Markovian arrival process: changes of phase without and with an arrival.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkovArrivals {
    /// Diagonal included.
    pub silent: Matrix,
    /// One for each stream that was put together.
    pub arrivals: Vec<Matrix>,
}

impl MarkovArrivals {
    /// One producer's messages.
    ///
    /// # Errors
    /// Why they have no phases.
    pub fn of(stream: &Stream<'_>) -> Result<Self, Mismatch> {
        if let Arrivals::Mmpp { rates, dwell } = &stream.producer.arrivals {
            if !super::service::is_constant(&stream.producer.send_time) {
                return Err("random send times change the arrivals".into());
            }
            if dwell.iter().all(|d| *d > 0.0) {
                return Ok(Self::modulated(rates, dwell));
            }
        }
        match &stream.gaps {
            Gaps::Poisson => Ok(Self::of_gaps(&PhaseType { start: vec![1.0], rates: Matrix::diagonal(&[-stream.rate]) })),
            Gaps::Renewal(law) => PhaseType::of(law).map(|law| Self::of_gaps(&law)).ok_or_else(|| "the gaps have no phases".into()),
            Gaps::Other(reason) => Err((*reason).into()),
        }
    }

    /// Independent gaps of a law.
    pub fn of_gaps(law: &PhaseType) -> Self {
        let ends = law.ends();
        let mut arrivals = Matrix::zero(law.size(), law.size());
        (0..law.size()).for_each(|i| (0..law.size()).for_each(|j| arrivals[(i, j)] = ends[i] * law.start[j]));
        MarkovArrivals { silent: law.rates.clone(), arrivals: vec![arrivals] }
    }

    fn modulated(rates: &[f64], dwell: &[f64]) -> Self {
        let n = rates.len();
        let mut silent = Matrix::zero(n, n);
        for i in 0..n {
            silent[(i, (i + 1) % n)] += 1.0 / dwell[i];
            silent[(i, i)] -= rates[i] + 1.0 / dwell[i];
        }
        MarkovArrivals { silent, arrivals: vec![Matrix::diagonal(rates)] }
    }

    /// Independent streams together.
    #[must_use]
    pub fn and(&self, other: &MarkovArrivals) -> Self {
        let (mine, theirs) = (Matrix::identity(self.silent.rows), Matrix::identity(other.silent.rows));
        let silent = self.silent.kronecker(&theirs).plus(&mine.kronecker(&other.silent));
        let arrivals = self.arrivals.iter().map(|a| a.kronecker(&theirs)).chain(other.arrivals.iter().map(|b| mine.kronecker(b))).collect();
        MarkovArrivals { silent, arrivals }
    }

    /// All arrivals, of whatever stream.
    pub fn all(&self) -> Matrix {
        self.arrivals.iter().fold(Matrix::zero(self.silent.rows, self.silent.rows), |sum, a| sum.plus(a))
    }

    /// Arrivals a second of each stream.
    pub fn rates(&self) -> Vec<f64> {
        let phases = stationary(&self.silent.plus(&self.all()));
        self.arrivals.iter().map(|a| phases.iter().zip(a.row_sums()).map(|(p, r)| p * r).sum()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_streams_are_kept() {
        let erlang = MarkovArrivals::of_gaps(&PhaseType::of(&Law::erlang(0.5, 3)).expect("phases"));
        let both = erlang.and(&MarkovArrivals::modulated(&[1.0, 7.0], &[2.0, 1.0]));
        let rates = both.rates();
        assert!((rates[0] - 2.0).abs() < 1e-13 && (rates[1] - 3.0).abs() < 1e-13);
    }
}

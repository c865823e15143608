//! Arrivals as Markov chains with phases: Markovian arrival processes of phase-type gaps.

use super::Mismatch;
pub use super::phase_type::PhaseType;

use super::matrix::{Matrix, stationary};
use super::phase_type::is_constant;
use super::station::{Gaps, StationStream};
use crate::scenario::Arrivals;

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
    pub fn of(stream: &StationStream<'_>) -> Result<Self, Mismatch> {
        if let Arrivals::Mmpp { rates, dwell } = &stream.producer.arrivals {
            if !is_constant(&stream.producer.send_time) {
                return Err("random send times change the arrivals".into());
            }
            if dwell.iter().all(|d| *d > 0.0) {
                return Ok(Self::modulated(rates, dwell));
            }
        }
        match &stream.gaps {
            Gaps::Poisson => {
                Ok(Self::of_gaps(&PhaseType { start: vec![1.0], rates: Matrix::diagonal(&[-stream.rate]) }))
            }
            Gaps::Renewal(law) => PhaseType::of(law)
                .map(|law| Self::of_gaps(&law))
                .ok_or_else(|| "the gaps have no phases".into()),
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
        let arrivals = self
            .arrivals
            .iter()
            .map(|a| a.kronecker(&theirs))
            .chain(other.arrivals.iter().map(|b| mine.kronecker(b)))
            .collect();
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
    use crate::workload::laws::Law;

    #[test]
    fn rates_of_streams_are_kept() {
        let erlang = MarkovArrivals::of_gaps(&PhaseType::of(&Law::erlang(0.5, 3)).expect("phases"));
        let both = erlang.and(&MarkovArrivals::modulated(&[1.0, 7.0], &[2.0, 1.0]));
        let rates = both.rates();
        assert!((rates[0] - 2.0).abs() < 1e-13 && (rates[1] - 3.0).abs() < 1e-13);
    }
}

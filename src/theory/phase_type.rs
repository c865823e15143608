//! Laws that are exponential, constant, or made of exponential phases.

use super::matrix::Matrix;
use crate::workload::laws::Law;

/// Whether a law is the exponential one, under whatever name.
pub(super) fn is_exponential(law: &Law) -> bool {
    match law {
        Law::Exponential(_) => true,
        Law::Erlang(e) => e.k == 1,
        Law::Gamma(g) => g.scv == 1.0,
        Law::Weibull(w) => w.shape == 1.0,
        // Branches of one mean, to the rounding of their making.
        Law::Hyperexponential(_) => (law.scv() - 1.0).abs() < 1e-14,
        _ => false,
    }
}

/// Whether a law is a constant, under whatever name.
pub(super) fn is_constant(law: &Law) -> bool {
    law.scv() < 1e-14
}

/// A phase-type law: where it starts, and the rates among its phases; what is missing in a row is the rate of
/// ending.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseType {
    /// Probabilities of the first phase.
    pub start: Vec<f64>,
    /// Rates from phase to phase, minus the rate of leaving on the diagonal.
    pub rates: Matrix,
}

impl PhaseType {
    /// A law of the workload that has phases: exponential, Erlang, hyperexponential, and gamma with a whole
    /// 1/scv.
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

//! Quasi-birth-and-death chains: levels with phases that go up and down by one, alike from some level on.

use super::matrix::{Matrix, stationary};

/// The rates of a chain. Levels below `ups.len()` have blocks of their own; from there on they are alike.
#[derive(Debug, Clone)]
pub struct Qbd {
    /// From level n to n + 1, for the lower levels.
    pub ups: Vec<Matrix>,
    /// Within level n, diagonal included.
    pub locals: Vec<Matrix>,
    /// From level n + 1 to n, the last from the first of the alike levels.
    pub downs: Vec<Matrix>,
    /// Of the alike levels.
    pub up: Matrix,
    /// Within one of the alike levels, diagonal included.
    pub local: Matrix,
    /// From one of the alike levels to the one below.
    pub down: Matrix,
}

/// The stationary law: vectors for the lower levels and the first of the alike ones, x_{B+k} = x_B Rᵏ.
#[derive(Debug, Clone)]
pub struct Stationary {
    /// For the levels 0 to B.
    pub levels: Vec<Vec<f64>>,
    /// Neuts' matrix R.
    pub rate: Matrix,
    /// (I − R)⁻¹.
    pub sum: Matrix,
}

impl Qbd {
    /// The stationary law of a stable chain.
    ///
    /// # Source
    /// R by logarithmic reduction: Latouche & Ramaswami, Journal of Applied Probability 30 (1993); lower
    /// levels by block elimination from the top: Gaver, Jacobs & Latouche (1984).
    pub fn stationary(&self) -> Stationary {
        let m = self.up.rows;
        let rate = self.rate_matrix();
        let mut inner = self.local.plus(&rate.times(&self.down));
        // Steps up, from the top down: x_{n+1} = x_n · step_n.
        let mut steps = Vec::new();
        for n in (0..self.ups.len()).rev() {
            // up · (−inner)⁻¹, solved from the right.
            let step = inner.scaled(-1.0).transposed().solve(&self.ups[n].transposed()).transposed();
            inner = self.locals[n].plus(&step.times(&self.downs[n]));
            steps.push(step);
        }
        let mut levels = vec![stationary(&inner)];
        for step in steps.iter().rev() {
            levels.push(step.left(levels.last().expect("there is a lowest level")));
        }
        let sum = Matrix::identity(m).plus(&rate.scaled(-1.0)).solve(&Matrix::identity(m));
        let last = levels.len() - 1;
        let total: f64 =
            levels[..last].iter().flatten().sum::<f64>() + sum.left(&levels[last]).iter().sum::<f64>();
        levels.iter_mut().flatten().for_each(|x| *x /= total);
        Stationary { levels, rate, sum }
    }

    /// The minimal solution of A₀ + R A₁ + R² A₂ = 0.
    fn rate_matrix(&self) -> Matrix {
        let m = self.up.rows;
        let identity = Matrix::identity(m);
        let outflow = self.local.scaled(-1.0);
        let (mut high, mut low) = (outflow.solve(&self.up), outflow.solve(&self.down));
        let (mut first, mut path) = (low.clone(), high.clone());
        for _ in 0..60 {
            let rest = identity.plus(&high.times(&low).plus(&low.times(&high)).scaled(-1.0));
            (high, low) = (rest.solve(&high.times(&high)), rest.solve(&low.times(&low)));
            first = first.plus(&path.times(&low));
            path = path.times(&high);
            if path.row_sums().iter().all(|sum| *sum < 1e-16) {
                break;
            }
        }
        let inner = self.local.plus(&self.up.times(&first)).scaled(-1.0);
        inner.transposed().solve(&self.up.transposed()).transposed()
    }
}

impl Stationary {
    /// The first of the alike levels.
    pub fn first(&self) -> usize {
        self.levels.len() - 1
    }

    /// Σ_k x_{B+k}.
    pub fn upper(&self) -> Vec<f64> {
        self.sum.left(&self.levels[self.first()])
    }

    /// Mean level above the first of the alike ones, Σ k x_{B+k} 1.
    pub fn mean_above(&self) -> f64 {
        self.sum.left(&self.rate.left(&self.upper())).iter().sum()
    }

    /// Mean level.
    pub fn mean(&self) -> f64 {
        let below: f64 = self.levels[..self.first()]
            .iter()
            .enumerate()
            .map(|(n, x)| n as f64 * x.iter().sum::<f64>())
            .sum();
        below + self.first() as f64 * self.upper().iter().sum::<f64>() + self.mean_above()
    }

    /// The smallest n ≥ `from` with P(level > n) ≤ `left`, less `from`.
    pub fn quantile(&self, left: f64, from: usize) -> f64 {
        let left = left * (1.0 + 1e-12);
        let upper: f64 = self.upper().iter().sum();
        let mut tail = 1.0 - self.levels[..self.first()].iter().take(from + 1).flatten().sum::<f64>();
        for n in from..self.first() {
            if tail <= left {
                return (n - from) as f64;
            }
            tail -= self.levels.get(n + 1).filter(|_| n + 1 < self.first()).map_or(0.0, |x| x.iter().sum());
        }
        let mut x = self.upper();
        let mut n = self.first();
        loop {
            x = self.rate.left(&x);
            let tail: f64 = x.iter().sum();
            if n >= from && tail <= left || tail <= 1e-12 * upper {
                return (n - from.min(n)) as f64;
            }
            n += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M/M/2 as a chain with one phase.
    #[test]
    fn one_phase_is_birth_and_death() {
        let number = |x: f64| Matrix::diagonal(&[x]);
        let lambda = 1.5;
        let chain = Qbd {
            ups: vec![number(lambda), number(lambda)],
            locals: vec![number(-lambda), number(-lambda - 1.0)],
            downs: vec![number(1.0), number(2.0)],
            up: number(lambda),
            local: number(-lambda - 2.0),
            down: number(2.0),
        };
        let law = chain.stationary();
        assert!((law.rate[(0, 0)] - 0.75).abs() < 1e-14);
        let waiting = lambda * crate::theory::mmc::wait_mean(lambda, 1.0, 2);
        assert!((law.mean_above() - waiting).abs() < 1e-13 && (law.mean() - waiting - lambda).abs() < 1e-13);
        let delayed = crate::theory::erlang::erlang_c(2, lambda);
        let above = |n: i32| delayed * 0.75f64.powi(n - 1);
        let n = law.quantile(0.01, 0) as i32;
        assert!(above(n) <= 0.01 && above(n - 1) > 0.01);
        assert_eq!(law.quantile(0.01, 2), f64::from(n - 2));
    }
}

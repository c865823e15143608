//! A Markov-modulated Poisson process with two states, by maximum likelihood from its gaps.

/// Two states: messages a second in each, and how often a second each is left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mmpp {
    pub rates: [f64; 2],
    pub leave: [f64; 2],
}

/// The search turns each parameter by such a factor, and ever smaller ones.
const FIRST_STEP: f64 = 0.4;
const LAST_STEP: f64 = 0.005;

impl Mmpp {
    /// The likeliest process near this one: each parameter is turned up and down, by ever smaller factors.
    pub(super) fn likeliest(self, gaps: &[f64]) -> Mmpp {
        let (mut best, mut step) = (self, FIRST_STEP);
        let mut likelihood = best.log_likelihood(gaps);
        while step > LAST_STEP {
            let before = likelihood;
            for turned in (0..8).map(|i| (i / 2, if i % 2 == 0 { step } else { -step })) {
                let other = best.turned(turned.0, turned.1.exp());
                let its = other.log_likelihood(gaps);
                if its > likelihood {
                    (best, likelihood) = (other, its);
                }
            }
            if likelihood <= before {
                step *= 0.5;
            }
        }
        best
    }

    fn turned(mut self, parameter: usize, factor: f64) -> Mmpp {
        match parameter {
            0 | 1 => self.rates[parameter] *= factor,
            _ => self.leave[parameter - 2] *= factor,
        }
        self
    }

    /// The logarithm of the density of these gaps one after the other.
    ///
    /// # Formula
    /// π ∏ exp((Q − Λ)x) Λ 1, with the matrix exponential of two states written out by its eigenvalues m ± d.
    ///
    /// # Source
    /// Rydén (1996), *An EM algorithm for estimation in Markov-modulated Poisson processes*, eq. 2.
    ///
    /// # Numerics
    /// The row is scaled to sum 1 after each gap.
    fn log_likelihood(&self, gaps: &[f64]) -> f64 {
        let ([l0, l1], [q0, q1]) = (self.rates, self.leave);
        // The matrix Q − Λ.
        let (a, b, c, e) = (-q0 - l0, q0, q1, -q1 - l1);
        let m = 0.5 * (a + e);
        let d = (0.25 * (a - e).powi(2) + b * c).sqrt();
        let all = q0 + q1;
        let mut row = [q1 / all, q0 / all];
        let mut log = 0.0;
        for x in gaps {
            let (up, down) = (((m + d) * x).exp(), ((m - d) * x).exp());
            let (even, odd) = (0.5 * (up + down), 0.5 * (up - down) / d);
            let next = [
                (row[0] * (even + odd * (a - m)) + row[1] * odd * c) * l0,
                (row[0] * odd * b + row[1] * (even + odd * (e - m))) * l1,
            ];
            let sum = next[0] + next[1];
            if sum <= 0.0 || !sum.is_finite() {
                return f64::NEG_INFINITY;
            }
            log += sum.ln();
            row = [next[0] / sum, next[1] / sum];
        }
        log
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Equal rates are Poisson arrivals, whatever the states do.
    #[test]
    fn equal_rates_have_the_likelihood_of_poisson_arrivals() {
        let process = Mmpp { rates: [3.0, 3.0], leave: [0.5, 2.0] };
        let gaps = [0.1, 0.7, 0.02, 1.5];
        let poisson: f64 = gaps.iter().map(|x| 3f64.ln() - 3.0 * x).sum();
        assert!((process.log_likelihood(&gaps) - poisson).abs() < 1e-12);
    }

    /// One silent state makes gaps independent and hyperexponential: an interrupted Poisson process (Kuczura
    /// 1973).
    #[test]
    fn a_silent_state_makes_gaps_of_two_branches() {
        let (rate, off, on) = (5.0, 0.8, 0.3);
        let process = Mmpp { rates: [rate, 0.0], leave: [off, on] };
        let root = ((rate + off + on).powi(2) - 4.0 * rate * on).sqrt();
        let branches = [0.5 * (rate + off + on + root), 0.5 * (rate + off + on - root)];
        let share = (rate - branches[1]) / (branches[0] - branches[1]);
        let density = |x: f64| {
            share * branches[0] * (-branches[0] * x).exp()
                + (1.0 - share) * branches[1] * (-branches[1] * x).exp()
        };
        // A first message tells the state; what follows is a gap of the law.
        let after = |x: f64| process.log_likelihood(&[0.4, x]) - process.log_likelihood(&[0.4]);
        for x in [0.01, 0.3, 2.0] {
            assert!((after(x) - density(x).ln()).abs() < 1e-9, "{x}");
        }
    }
}

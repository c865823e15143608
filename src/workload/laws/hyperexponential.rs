//! The hyperexponential law: an exponential time of a mean chosen by chance, Kendall's H_k.

use super::{Arguments, Parameter, Shape, positive_mean};
use crate::rng::{BLOCK, Stream};
use crate::workload::math;
use multiversion::multiversion;
use num_complex::Complex64;
use std::borrow::Cow;

/// With probability `p` exponential of mean `m`, for every branch (p, m).
#[derive(Debug, Clone, PartialEq)]
pub struct Hyperexponential {
    /// Probabilities, which sum to 1, and means in seconds.
    pub branches: Vec<(f64, f64)>,
    /// The scv that it was asked for, if by mean and scv.
    pub scv: Option<f64>,
}

impl Hyperexponential {
    /// The law of two branches with *balanced means*, p₁m₁ = p₂m₂, for an `scv` of at least 1.
    ///
    /// # Source
    /// Tijms (2003), A First Course in Stochastic Models, appendix B.
    pub fn balanced(mean: f64, scv: f64) -> Self {
        let share = 0.5 * (1.0 + ((scv - 1.0) / (scv + 1.0)).sqrt());
        // 1 − share without its cancellation: the product of both is 1/(2(scv + 1)).
        let rest = 0.5 / ((scv + 1.0) * share);
        Hyperexponential {
            branches: vec![(share, 0.5 * mean / share), (rest, 0.5 * mean / rest)],
            scv: Some(scv),
        }
    }
}

impl Shape for Hyperexponential {
    const NAME: &'static str = "hyperexponential";
    const PARAMETERS: &'static [&'static str] = &["scv", "branches"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![
            (
                Hyperexponential::balanced(0.004, 4.0),
                [0.0010933642302270036, 0.007500241414317535, 0.0006479156393241195],
            ),
            (
                Hyperexponential { branches: vec![(0.5, 0.01), (0.3, 0.0), (0.2, 0.05)], scv: None },
                [0.0, 0.027539026895780295, 0.0],
            ),
        ]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        if arguments.has("branches") {
            return branches(arguments);
        }
        let (mean, scv) = (positive_mean(arguments), arguments.number("scv"));
        let (mean, scv) = (mean?, scv?);
        if scv >= 1.0 {
            return Some(Hyperexponential::balanced(mean, scv));
        }
        arguments.refuse(
            "scv",
            "no hyperexponential law has an scv below 1",
            "take law = \"gamma\" or \"erlang\" for less variable times",
        );
        None
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        match self.scv {
            Some(scv) => vec![("mean", Parameter::Seconds(self.moment(1))), ("scv", Parameter::Number(scv))],
            None => vec![("branches", Parameter::Branches(self.branches.clone()))],
        }
    }

    fn kendall(&self) -> Cow<'static, str> {
        format!("H{}", self.branches.len()).into()
    }

    fn moment(&self, n: u32) -> f64 {
        self.branches.iter().map(|(p, m)| p * (1..=n).map(|k| f64::from(k) * m).product::<f64>()).sum()
    }

    fn scaled(&self, factor: f64) -> Self {
        Hyperexponential {
            branches: self.branches.iter().map(|(p, m)| (*p, m * factor)).collect(),
            scv: self.scv,
        }
    }

    fn cdf(&self, x: f64) -> f64 {
        let below = |m: f64| if m == 0.0 { 1.0 } else { -(-x / m).exp_m1() };
        if x >= 0.0 { self.branches.iter().map(|(p, m)| p * below(*m)).sum() } else { 0.0 }
    }

    fn transform(&self, s: Complex64) -> Option<Complex64> {
        Some(self.branches.iter().map(|(p, m)| *p / (1.0 + s * *m)).sum())
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        stream.uniform(out);
        draw(&self.branches, out);
    }

    fn quantile(&self, _: f64) -> Option<f64> {
        None
    }
}

/// One uniform number a variate: where it falls among the probabilities chooses the branch, and where it
/// falls within its branch, stretched to (0, 1], is the uniform number of the exponential time.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn draw(branches: &[(f64, f64)], out: &mut [f64; BLOCK]) {
    const WIDTH: usize = 16;
    for some in out.as_chunks_mut::<WIDTH>().0 {
        let (mut start, mut width, mut mean) = ([0.0; WIDTH], [1.0; WIDTH], [0.0; WIDTH]);
        let mut sum = 0.0;
        for &(p, m) in branches {
            for i in 0..WIDTH {
                let reached = some[i] > sum;
                start[i] = if reached { sum } else { start[i] };
                width[i] = if reached { p } else { width[i] };
                mean[i] = if reached { m } else { mean[i] };
            }
            sum += p;
        }
        for i in 0..WIDTH {
            let within = (some[i] - start[i]) / width[i];
            // The sum of the probabilities may be off by a rounding: never below zero time.
            let within = if within < 1.0 { within } else { 1.0 };
            some[i] = -mean[i] * math::ln(within);
        }
    }
}

/// Reads `branches = [{ probability, mean }, …]`.
fn branches(arguments: &mut dyn Arguments) -> Option<Hyperexponential> {
    let mut branches = arguments.branches("branches")?;
    branches.retain(|(p, _)| *p != 0.0);
    let sum: f64 = branches.iter().map(|b| b.0).sum();
    // Ten decimals by hand are enough; the rest is made up for.
    if branches.iter().all(|(p, m)| *p > 0.0 && *m >= 0.0) && (sum - 1.0).abs() < 1e-9 {
        branches.iter_mut().for_each(|b| b.0 /= sum);
        return Some(Hyperexponential { branches, scv: None });
    }
    arguments.refuse(
        "branches",
        &format!("the probabilities sum to {sum}"),
        "write positive probabilities that sum to 1",
    );
    None
}

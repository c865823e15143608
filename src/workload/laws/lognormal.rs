//! The lognormal law, the usual shape of service times that people or networks take part in.

use super::{Arguments, Parameter, Shape, positive_mean};
use crate::rng::{BLOCK, Stream};
use crate::workload::math;
use multiversion::multiversion;
use num_complex::Complex64;
use statrs::function::erf::erfc;
use std::borrow::Cow;

/// e to the power of a normal number; given by its own mean and scv, not the normal number's.
#[derive(Debug, Clone, PartialEq)]
pub struct Lognormal {
    /// In seconds, positive.
    pub mean: f64,
    /// Var / mean², positive.
    pub scv: f64,
}

impl Lognormal {
    /// Mean and standard deviation of the logarithm: σ² = ln(1 + scv), μ = ln mean − σ²/2.
    fn logarithm(&self) -> (f64, f64) {
        let square = self.scv.ln_1p();
        (self.mean.ln() - 0.5 * square, square.sqrt())
    }
}

impl Shape for Lognormal {
    const NAME: &'static str = "lognormal";
    const PARAMETERS: &'static [&'static str] = &["scv"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![(
            Lognormal { mean: 20.0, scv: 1.0 },
            [15.579169519876016, 3.0199835072218004, 20.19410101082369],
        )]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        let (mean, scv) = (positive_mean(arguments), arguments.number("scv"));
        Some(Lognormal { mean: mean?, scv: scv? })
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        vec![("mean", Parameter::Seconds(self.mean)), ("scv", Parameter::Number(self.scv))]
    }

    fn kendall(&self) -> Cow<'static, str> {
        "LN".into()
    }

    /// meanⁿ (1 + scv)^(n(n−1)/2).
    fn moment(&self, n: u32) -> f64 {
        let n = f64::from(n);
        self.mean.powf(n) * (1.0 + self.scv).powf(0.5 * n * (n - 1.0))
    }

    fn scaled(&self, factor: f64) -> Self {
        Lognormal { mean: self.mean * factor, scv: self.scv }
    }

    fn cdf(&self, x: f64) -> f64 {
        let (mu, sigma) = self.logarithm();
        if x > 0.0 { 0.5 * erfc((mu - x.ln()) / (sigma * std::f64::consts::SQRT_2)) } else { 0.0 }
    }

    fn transform(&self, _: Complex64) -> Option<Complex64> {
        None
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        stream.uniform(out);
        let (mu, sigma) = self.logarithm();
        draw(mu, sigma, out);
    }

    fn quantile(&self, u: f64) -> Option<f64> {
        let (mu, sigma) = self.logarithm();
        Some(if u < 1.0 { (mu + sigma * math::normal_quantile(u)).exp() } else { f64::INFINITY })
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn draw(mu: f64, sigma: f64, out: &mut [f64; BLOCK]) {
    for x in out.iter_mut() {
        *x = value(mu, sigma, *x);
    }
}

/// The variate of a uniform number from (0, 1], which stands for the middle of its cell of width 2⁻⁵².
#[inline(always)]
fn value(mu: f64, sigma: f64, u: f64) -> f64 {
    math::exp(mu + sigma * math::normal_quantile(u - 0.5 * f64::EPSILON))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;

    #[test]
    fn vectors_and_scalars_give_the_same_bits() {
        let law = Lognormal { mean: 0.02, scv: 2.0 };
        let (mut block, mut uniform) = ([0.0; BLOCK], [0.0; BLOCK]);
        law.fill(&mut Stream::new(Key::new(3, 0)), &mut block);
        Stream::new(Key::new(3, 0)).uniform(&mut uniform);
        let (mu, sigma) = law.logarithm();
        assert_eq!(uniform.map(|u| value(mu, sigma, u).to_bits()), block.map(f64::to_bits));
    }

    #[test]
    fn the_extreme_uniform_numbers_give_times() {
        for u in [f64::EPSILON, 1.0] {
            assert!(value(0.0, 1.0, u).is_finite() && value(0.0, 1.0, u) > 0.0);
        }
    }
}

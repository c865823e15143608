//! The exponential law: without memory, Kendall's M.

use super::{Arguments, Parameter, Shape, positive_mean};
use crate::rng::{BLOCK, Stream};
use crate::workload::math;
use num_complex::Complex64;
use std::borrow::Cow;

/// P(X > x) = e^(−x/mean).
#[derive(Debug, Clone, PartialEq)]
pub struct Exponential {
    /// In seconds, positive.
    pub mean: f64,
}

impl Shape for Exponential {
    const NAME: &'static str = "exponential";
    const PARAMETERS: &'static [&'static str] = &[];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![(
            Exponential { mean: 0.004 },
            [0.0024185765694255887, 0.0137881994805519, 0.0016280849836910187],
        )]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        positive_mean(arguments).map(|mean| Exponential { mean })
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        vec![("mean", Parameter::Seconds(self.mean))]
    }

    fn kendall(&self) -> Cow<'static, str> {
        "M".into()
    }

    fn moment(&self, n: u32) -> f64 {
        (1..=n).map(|k| f64::from(k) * self.mean).product()
    }

    fn scaled(&self, factor: f64) -> Self {
        Exponential { mean: self.mean * factor }
    }

    fn cdf(&self, x: f64) -> f64 {
        if x > 0.0 { -(-x / self.mean).exp_m1() } else { 0.0 }
    }

    fn transform(&self, s: Complex64) -> Option<Complex64> {
        Some(1.0 / (1.0 + s * self.mean))
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        stream.uniform(out);
        math::scaled_ln(out, -self.mean);
    }

    fn quantile(&self, u: f64) -> Option<f64> {
        Some(-self.mean * (-u).ln_1p())
    }
}

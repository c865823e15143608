//! The constant, Kendall's D.

use super::{Arguments, Parameter, Shape};
use crate::rng::{BLOCK, Stream};
use num_complex::Complex64;
use std::borrow::Cow;

/// Always the same time.
#[derive(Debug, Clone, PartialEq)]
pub struct Deterministic {
    /// In seconds, not negative.
    pub value: f64,
}

impl Shape for Deterministic {
    const NAME: &'static str = "deterministic";
    const PARAMETERS: &'static [&'static str] = &[];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![(Deterministic { value: 0.004 }, [0.004, 0.004, 0.004])]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        arguments.mean().map(|value| Deterministic { value })
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        vec![("mean", Parameter::Seconds(self.value))]
    }

    fn kendall(&self) -> Cow<'static, str> {
        "D".into()
    }

    fn moment(&self, n: u32) -> f64 {
        self.value.powi(n as i32)
    }

    fn scaled(&self, factor: f64) -> Self {
        Deterministic { value: self.value * factor }
    }

    fn cdf(&self, x: f64) -> f64 {
        if x >= self.value { 1.0 } else { 0.0 }
    }

    fn transform(&self, s: Complex64) -> Option<Complex64> {
        Some((-s * self.value).exp())
    }

    fn fill(&self, _: &mut Stream, out: &mut [f64; BLOCK]) {
        out.fill(self.value);
    }

    fn quantile(&self, _: f64) -> Option<f64> {
        Some(self.value)
    }
}

//! The gamma law: Erlang's with any real number of stages.

use super::{Arguments, Parameter, Shape, positive_mean};
use crate::rng::{BLOCK, Stream};
use num_complex::Complex64;
use rand_distr::Distribution;
use statrs::function::gamma::gamma_lr;
use std::borrow::Cow;

/// The gamma law of shape 1/`scv` and scale `mean` · `scv`.
#[derive(Debug, Clone, PartialEq)]
pub struct Gamma {
    /// In seconds, positive.
    pub mean: f64,
    /// Var / mean², positive.
    pub scv: f64,
}

impl Shape for Gamma {
    const NAME: &'static str = "gamma";
    const PARAMETERS: &'static [&'static str] = &["scv"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![
            (
                Gamma { mean: 0.004, scv: 0.3 },
                [0.0062451851953281125, 0.0016215443684140809, 0.0010746967337565028],
            ),
            (
                Gamma { mean: 0.004, scv: 2.5 },
                [0.002336614263594587, 0.006139644878647956, 0.001372870466318585],
            ),
        ]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        let (mean, scv) = (positive_mean(arguments), arguments.number("scv"));
        Some(Gamma { mean: mean?, scv: scv? })
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        vec![("mean", Parameter::Seconds(self.mean)), ("scv", Parameter::Number(self.scv))]
    }

    fn kendall(&self) -> Cow<'static, str> {
        "Gamma".into()
    }

    /// The product of mean · (1 + i · scv), i = 0 … n − 1.
    fn moment(&self, n: u32) -> f64 {
        (0..n).map(|i| self.mean * (1.0 + f64::from(i) * self.scv)).product()
    }

    fn scaled(&self, factor: f64) -> Self {
        Gamma { mean: self.mean * factor, scv: self.scv }
    }

    fn cdf(&self, x: f64) -> f64 {
        if x > 0.0 { gamma_lr(1.0 / self.scv, x / (self.mean * self.scv)) } else { 0.0 }
    }

    fn transform(&self, s: Complex64) -> Option<Complex64> {
        Some((1.0 + s * (self.mean * self.scv)).powf(-1.0 / self.scv))
    }

    /// Marsaglia & Tsang's rejection (2000), which takes as many random numbers as it needs.
    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        match rand_distr::Gamma::new(1.0 / self.scv, self.mean * self.scv) {
            Ok(sampler) => out.fill_with(|| sampler.sample(stream)),
            // A scale or a shape too small for a number: the law of a constant.
            Err(_) => out.fill(self.mean),
        }
    }

    fn quantile(&self, _: f64) -> Option<f64> {
        None
    }
}

//! The uniform law on an interval, Kendall's U.

use super::{Arguments, Parameter, Shape};
use crate::rng::{BLOCK, Stream};
use num_complex::Complex64;
use std::borrow::Cow;

/// Every time from `min` to `max` alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Uniform {
    /// In seconds, not negative.
    pub min: f64,
    /// In seconds, more than `min`.
    pub max: f64,
}

impl Shape for Uniform {
    const NAME: &'static str = "uniform";
    const PARAMETERS: &'static [&'static str] = &["min", "max"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![(
            Uniform { min: 0.001, max: 0.01 },
            [0.005916419073806341, 0.0012865548556832242, 0.00699067043404033],
        )]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        let (min, max) = (arguments.time("min"), arguments.time("max"));
        let (min, max) = (min?, max?);
        if min < max {
            return Some(Uniform { min, max });
        }
        arguments.refuse(
            "max",
            "`max` is not above `min`",
            "write a longer time, or law = \"deterministic\" for a constant",
        );
        None
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        vec![("min", Parameter::Seconds(self.min)), ("max", Parameter::Seconds(self.max))]
    }

    fn kendall(&self) -> Cow<'static, str> {
        "U".into()
    }

    /// (Σ minⁱ maxⁿ⁻ⁱ, i = 0 … n) / (n + 1): the integral of xⁿ without its cancellation.
    fn moment(&self, n: u32) -> f64 {
        let n = n as i32;
        (0..=n).map(|i| self.min.powi(i) * self.max.powi(n - i)).sum::<f64>() / f64::from(n + 1)
    }

    fn scaled(&self, factor: f64) -> Self {
        Uniform { min: self.min * factor, max: self.max * factor }
    }

    fn cdf(&self, x: f64) -> f64 {
        ((x - self.min) / (self.max - self.min)).clamp(0.0, 1.0)
    }

    /// e^(−s(a+b)/2) · sinh h / h with h = s(b − a)/2, by series where the closed form cancels.
    fn transform(&self, s: Complex64) -> Option<Complex64> {
        let h = s * (0.5 * (self.max - self.min));
        if h.norm() > 0.3 {
            return Some((-s * self.min).exp() * (1.0 - (-2.0 * h).exp()) / (2.0 * h));
        }
        let t = h * h;
        let series = [110.0, 72.0, 42.0, 20.0, 6.0].iter().fold(Complex64::ONE, |sum, &d| 1.0 + t / d * sum);
        Some((-s * (0.5 * (self.min + self.max))).exp() * series)
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        stream.uniform(out);
        let width = self.max - self.min;
        for x in out.iter_mut() {
            *x = self.min + width * *x;
        }
    }

    fn quantile(&self, u: f64) -> Option<f64> {
        Some(self.min + (self.max - self.min) * u)
    }
}

//! The Weibull law, the usual shape of lifetimes.

use super::{Arguments, Parameter, Shape, positive_mean};
use crate::rng::{BLOCK, Stream};
use crate::workload::math;
use multiversion::multiversion;
use num_complex::Complex64;
use statrs::function::gamma::gamma;
use std::borrow::Cow;

/// P(X > x) = e^(−(x/scale)^shape), with scale = mean / Γ(1 + 1/shape).
#[derive(Debug, Clone, PartialEq)]
pub struct Weibull {
    /// In seconds, positive.
    pub mean: f64,
    /// Below 1 for a tail heavier than exponential, above 1 for a lighter one.
    pub shape: f64,
}

impl Weibull {
    fn scale(&self) -> f64 {
        self.mean / gamma(1.0 + 1.0 / self.shape)
    }
}

impl Shape for Weibull {
    const NAME: &'static str = "weibull";
    const PARAMETERS: &'static [&'static str] = &["shape"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![
            (
                Weibull { mean: 3600.0, shape: 0.8 },
                [1694.1279844468181, 14923.849553625703, 1032.9819984895933],
            ),
            (
                Weibull { mean: 0.004, shape: 3.0 },
                [0.003787783198952959, 0.006766556081211212, 0.0033196389875330156],
            ),
        ]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        let (mean, shape) = (positive_mean(arguments), arguments.number("shape"));
        let (mean, shape) = (mean?, shape?);
        // Γ(1 + 1/shape) is a number up to Γ(171).
        if shape > 0.01 {
            return Some(Weibull { mean, shape });
        }
        arguments.refuse(
            "shape",
            "a shape this small has moments too large for numbers",
            "write more than 0.01",
        );
        None
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        vec![("mean", Parameter::Seconds(self.mean)), ("shape", Parameter::Number(self.shape))]
    }

    fn kendall(&self) -> Cow<'static, str> {
        "W".into()
    }

    /// scaleⁿ Γ(1 + n/shape).
    fn moment(&self, n: u32) -> f64 {
        if n == 1 { self.mean } else { self.scale().powi(n as i32) * gamma(1.0 + f64::from(n) / self.shape) }
    }

    fn scaled(&self, factor: f64) -> Self {
        Weibull { mean: self.mean * factor, shape: self.shape }
    }

    fn cdf(&self, x: f64) -> f64 {
        if x > 0.0 { -(-(x / self.scale()).powf(self.shape)).exp_m1() } else { 0.0 }
    }

    fn transform(&self, _: Complex64) -> Option<Complex64> {
        None
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        stream.uniform(out);
        draw(self.scale(), 1.0 / self.shape, out);
    }

    fn quantile(&self, u: f64) -> Option<f64> {
        Some(self.scale() * (-(-u).ln_1p()).powf(1.0 / self.shape))
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn draw(scale: f64, power: f64, out: &mut [f64; BLOCK]) {
    for x in out.iter_mut() {
        *x = value(scale, power, *x);
    }
}

/// scale · (−ln u)^power. The number 1 stands for the middle of its cell of width 2⁻⁵², as 0 has no
/// logarithm.
#[inline(always)]
fn value(scale: f64, power: f64, u: f64) -> f64 {
    let log = -math::ln(u);
    let positive = if log > 0.0 { log } else { 0.5 * f64::EPSILON };
    scale * math::exp(power * math::ln(positive))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;

    #[test]
    fn vectors_and_scalars_give_the_same_bits() {
        let law = Weibull { mean: 0.02, shape: 0.7 };
        let (mut block, mut uniform) = ([0.0; BLOCK], [0.0; BLOCK]);
        law.fill(&mut Stream::new(Key::new(3, 0)), &mut block);
        Stream::new(Key::new(3, 0)).uniform(&mut uniform);
        assert_eq!(uniform.map(|u| value(law.scale(), 1.0 / 0.7, u).to_bits()), block.map(f64::to_bits));
        assert!(value(1.0, 1.0, 1.0) > 0.0);
    }
}

//! The log-logistic law: a body like a lognormal's and a power tail, as response times often have it.

use super::{Arguments, Parameter, Shape, positive_mean};
use crate::rng::{BLOCK, Stream};
use crate::workload::math;
use multiversion::multiversion;
use num_complex::Complex64;
use std::borrow::Cow;
use std::f64::consts::PI;

/// P(X > x) = 1/(1 + (x/median)^shape), with median = mean · sin(π/shape)/(π/shape).
#[derive(Debug, Clone, PartialEq)]
pub struct LogLogistic {
    /// In seconds, positive.
    pub mean: f64,
    /// The tail's exponent, above 1: moments exist below it.
    pub shape: f64,
}

impl LogLogistic {
    /// The median, in seconds.
    pub fn median(&self) -> f64 {
        let angle = PI / self.shape;
        self.mean * angle.sin() / angle
    }
}

impl Shape for LogLogistic {
    const NAME: &'static str = "log-logistic";
    const PARAMETERS: &'static [&'static str] = &["shape"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![(
            LogLogistic { mean: 0.004, shape: 6.0 },
            [0.0037033669969232384, 0.006748310572541219, 0.003405627107217921],
        )]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        let (mean, shape) = (positive_mean(arguments), arguments.number("shape"));
        let (mean, shape) = (mean?, shape?);
        if shape > 1.0 {
            return Some(LogLogistic { mean, shape });
        }
        let why = "a shape of 1 or less has an infinite mean";
        arguments.refuse("shape", why, "write more than 1");
        None
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        vec![("mean", Parameter::Seconds(self.mean)), ("shape", Parameter::Number(self.shape))]
    }

    fn kendall(&self) -> Cow<'static, str> {
        "LL".into()
    }

    /// medianⁿ (nπ/shape)/sin(nπ/shape), infinite from the shape on.
    fn moment(&self, n: u32) -> f64 {
        let angle = f64::from(n) * PI / self.shape;
        match n {
            1 => self.mean,
            _ if f64::from(n) < self.shape => self.median().powi(n as i32) * angle / angle.sin(),
            _ => f64::INFINITY,
        }
    }

    fn scaled(&self, factor: f64) -> Self {
        LogLogistic { mean: self.mean * factor, shape: self.shape }
    }

    fn cdf(&self, x: f64) -> f64 {
        if x > 0.0 { 1.0 / (1.0 + (self.median() / x).powf(self.shape)) } else { 0.0 }
    }

    fn transform(&self, _: Complex64) -> Option<Complex64> {
        None
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        stream.uniform(out);
        draw(self.median(), 1.0 / self.shape, out);
    }

    fn quantile(&self, u: f64) -> Option<f64> {
        Some(self.median() * (u / (1.0 - u)).powf(1.0 / self.shape))
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn draw(median: f64, power: f64, out: &mut [f64; BLOCK]) {
    for x in out.iter_mut() {
        *x = value(median, power, *x);
    }
}

/// median · ((1 − u)/u)^power. The number 1 stands for the middle of its cell of width 2⁻⁵².
#[inline(always)]
fn value(median: f64, power: f64, u: f64) -> f64 {
    let rest = 1.0 - u;
    let rest = if rest > 0.0 { rest } else { 0.5 * f64::EPSILON };
    median * math::exp(power * (math::ln(rest) - math::ln(u)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;

    #[test]
    fn vectors_and_scalars_give_the_same_bits() {
        let law = LogLogistic { mean: 0.02, shape: 2.5 };
        let (mut block, mut uniform) = ([0.0; BLOCK], [0.0; BLOCK]);
        law.fill(&mut Stream::new(Key::new(3, 0)), &mut block);
        Stream::new(Key::new(3, 0)).uniform(&mut uniform);
        let scalar = uniform.map(|u| value(law.median(), 1.0 / 2.5, u).to_bits());
        assert_eq!(scalar, block.map(f64::to_bits));
        assert!(value(1.0, 1.0, 1.0).is_finite());
    }

    /// Shape 2: the mean is median · π/2, and the variance is infinite.
    #[test]
    fn half_of_the_messages_are_below_the_median() {
        let law = LogLogistic { mean: 0.5 * PI, shape: 2.0 };
        assert!((law.median() - 1.0).abs() < 1e-15 && (law.cdf(1.0) - 0.5).abs() < 1e-15);
        assert_eq!(law.moment(2), f64::INFINITY);
    }
}

//! The Pareto law of type I: a least time and a power tail, whose moments need not exist.

use super::{Arguments, Parameter, Shape, positive_mean};
use crate::rng::{BLOCK, Stream};
use crate::workload::math;
use multiversion::multiversion;
use num_complex::Complex64;
use std::borrow::Cow;

/// P(X > x) = (min/x)^alpha for x ≥ min.
#[derive(Debug, Clone, PartialEq)]
pub struct Pareto {
    /// The least time, in seconds, positive.
    pub min: f64,
    /// The tail's exponent, positive: moments exist below it.
    pub alpha: f64,
}

impl Pareto {
    /// From the mean, which only exists for an `alpha` above 1.
    pub fn of_mean(mean: f64, alpha: f64) -> Self {
        Pareto { min: mean * (alpha - 1.0) / alpha, alpha }
    }
}

impl Shape for Pareto {
    const NAME: &'static str = "pareto";
    const PARAMETERS: &'static [&'static str] = &["alpha", "min"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![(
            Pareto::of_mean(0.004, 6.0),
            [0.0036867555924467053, 0.005920856491300102, 0.0035673023955030037],
        )]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        let alpha = arguments.number("alpha");
        if arguments.has("min") {
            let min = arguments.time("min")?;
            if min > 0.0 {
                return Some(Pareto { min, alpha: alpha? });
            }
            arguments.refuse("min", "the least time is zero", "write the least time, such as \"1ms\"");
            return None;
        }
        if alpha.is_some_and(|a| a <= 1.0) {
            arguments.refuse(
                "alpha",
                "an alpha of 1 or less has an infinite mean",
                "write the least time as `min` instead of a mean, or a larger alpha",
            );
            return None;
        }
        let mean = positive_mean(arguments);
        Some(Pareto::of_mean(mean?, alpha?))
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        let size = if self.alpha > 1.0 { ("mean", self.moment(1)) } else { ("min", self.min) };
        vec![(size.0, Parameter::Seconds(size.1)), ("alpha", Parameter::Number(self.alpha))]
    }

    fn kendall(&self) -> Cow<'static, str> {
        "Par".into()
    }

    /// minⁿ · alpha/(alpha − n), infinite from alpha on.
    fn moment(&self, n: u32) -> f64 {
        let order = f64::from(n);
        if order < self.alpha {
            self.min.powi(n as i32) * (self.alpha / (self.alpha - order))
        } else {
            f64::INFINITY
        }
    }

    fn scaled(&self, factor: f64) -> Self {
        Pareto { min: self.min * factor, alpha: self.alpha }
    }

    fn cdf(&self, x: f64) -> f64 {
        if x > self.min { -(self.alpha * (self.min / x).ln()).exp_m1() } else { 0.0 }
    }

    fn transform(&self, _: Complex64) -> Option<Complex64> {
        None
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        stream.uniform(out);
        draw(self.min, -1.0 / self.alpha, out);
    }

    fn quantile(&self, u: f64) -> Option<f64> {
        Some(self.min * (-(-u).ln_1p() / self.alpha).exp())
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn draw(min: f64, power: f64, out: &mut [f64; BLOCK]) {
    for x in out.iter_mut() {
        *x = value(min, power, *x);
    }
}

/// min · u^power.
#[inline(always)]
fn value(min: f64, power: f64, u: f64) -> f64 {
    min * math::exp(power * math::ln(u))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;

    #[test]
    fn vectors_and_scalars_give_the_same_bits() {
        let law = Pareto { min: 0.02, alpha: 1.5 };
        let (mut block, mut uniform) = ([0.0; BLOCK], [0.0; BLOCK]);
        law.fill(&mut Stream::new(Key::new(3, 0)), &mut block);
        Stream::new(Key::new(3, 0)).uniform(&mut uniform);
        assert_eq!(uniform.map(|u| value(0.02, -1.0 / 1.5, u).to_bits()), block.map(f64::to_bits));
    }

    #[test]
    fn moments_from_alpha_on_do_not_exist() {
        let law = Pareto::of_mean(3.0, 2.0);
        assert_eq!((law.moment(1), law.moment(2)), (3.0, f64::INFINITY));
        assert_eq!(Pareto { min: 1.0, alpha: 1.0 }.moment(1), f64::INFINITY);
    }
}

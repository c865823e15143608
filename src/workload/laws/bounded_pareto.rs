//! The Pareto law cut off at a longest time: a power tail with all moments, as sizes of files and jobs have
//! it.

use super::{Arguments, Parameter, Shape};
use crate::rng::{BLOCK, Stream};
use crate::workload::math;
use multiversion::multiversion;
use num_complex::Complex64;
use std::borrow::Cow;

/// P(X > x) = ((min/x)^alpha − r)/(1 − r) for min ≤ x ≤ max, with r = (min/max)^alpha.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundedPareto {
    /// The least time, in seconds, positive.
    pub min: f64,
    /// The longest time, in seconds, more than `min`.
    pub max: f64,
    /// The exponent, positive.
    pub alpha: f64,
}

impl BoundedPareto {
    /// r: the share of the law without a bound that lies beyond it.
    pub fn beyond(&self) -> f64 {
        (self.alpha * (self.min / self.max).ln()).exp()
    }
}

impl Shape for BoundedPareto {
    const NAME: &'static str = "bounded-pareto";
    const PARAMETERS: &'static [&'static str] = &["alpha", "min", "max"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![(
            BoundedPareto { min: 0.001, max: 0.05, alpha: 1.5 },
            [0.0014941115303962922, 0.009421826322898775, 0.0013104897937137817],
        )]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        let (alpha, min, max) = (arguments.number("alpha"), arguments.time("min"), arguments.time("max"));
        let (alpha, min, max) = (alpha?, min?, max?);
        if min <= 0.0 {
            arguments.refuse("min", "the least time is zero", "write the least time, such as \"1ms\"");
            return None;
        }
        if min >= max {
            let instead = "write a longer time, or law = \"deterministic\" for a constant";
            arguments.refuse("max", "`max` is not above `min`", instead);
            return None;
        }
        let law = BoundedPareto { min, max, alpha };
        // What is left between the bounds must be more than rounding.
        if law.beyond() < 1.0 - 1e-6 {
            return Some(law);
        }
        let why = "between bounds this close an alpha this small makes no difference";
        arguments.refuse("alpha", why, "write law = \"uniform\", or a larger alpha");
        None
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        vec![
            ("min", Parameter::Seconds(self.min)),
            ("max", Parameter::Seconds(self.max)),
            ("alpha", Parameter::Number(self.alpha)),
        ]
    }

    fn kendall(&self) -> Cow<'static, str> {
        "BP".into()
    }

    /// alpha/(1 − r) · minⁿ (1 − (min/max)^(alpha − n))/(alpha − n), whose last factor is ln(max/min) where
    /// alpha = n (Harchol-Balter, *Performance Modeling and Design of Computer Systems*, 2013, chapter 20).
    fn moment(&self, n: u32) -> f64 {
        let (ratio, off) = ((self.min / self.max).ln(), self.alpha - f64::from(n));
        let part = if off == 0.0 { -ratio } else { -(off * ratio).exp_m1() / off };
        self.alpha * self.min.powi(n as i32) * part / -(self.alpha * ratio).exp_m1()
    }

    fn scaled(&self, factor: f64) -> Self {
        BoundedPareto { min: self.min * factor, max: self.max * factor, alpha: self.alpha }
    }

    fn cdf(&self, x: f64) -> f64 {
        if x <= self.min {
            0.0
        } else if x >= self.max {
            1.0
        } else {
            (self.alpha * (self.min / x).ln()).exp_m1() / (self.alpha * (self.min / self.max).ln()).exp_m1()
        }
    }

    fn transform(&self, _: Complex64) -> Option<Complex64> {
        None
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        stream.uniform(out);
        draw(self.min, -1.0 / self.alpha, self.beyond(), out);
    }

    fn quantile(&self, u: f64) -> Option<f64> {
        let share = (self.alpha * (self.min / self.max).ln()).exp_m1();
        Some(self.min * (-(u * share).ln_1p() / self.alpha).exp())
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn draw(min: f64, power: f64, beyond: f64, out: &mut [f64; BLOCK]) {
    for x in out.iter_mut() {
        *x = value(min, power, beyond, *x);
    }
}

/// min · (r + (1 − r) u)^power.
#[inline(always)]
fn value(min: f64, power: f64, beyond: f64, u: f64) -> f64 {
    min * math::exp(power * math::ln(beyond + (1.0 - beyond) * u))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;

    #[test]
    fn vectors_and_scalars_give_the_same_bits() {
        let law = BoundedPareto { min: 0.02, max: 3.0, alpha: 1.1 };
        let (mut block, mut uniform) = ([0.0; BLOCK], [0.0; BLOCK]);
        law.fill(&mut Stream::new(Key::new(3, 0)), &mut block);
        Stream::new(Key::new(3, 0)).uniform(&mut uniform);
        let scalar = uniform.map(|u| value(0.02, -1.0 / 1.1, law.beyond(), u).to_bits());
        assert_eq!(scalar, block.map(f64::to_bits));
    }

    /// Without a bound the mean is min · alpha/(alpha − 1).
    #[test]
    fn far_bounds_make_no_difference_to_moments_that_exist() {
        let law = BoundedPareto { min: 1.0, max: 1e12, alpha: 3.0 };
        assert!((law.mean() - 1.5).abs() < 1e-12);
        let law = BoundedPareto { min: 1.0, max: std::f64::consts::E, alpha: 1.0 };
        // alpha = n: ln(max/min) / (1 − min/max).
        assert!((law.mean() - 1.0 / (1.0 - (-1f64).exp())).abs() < 1e-14);
    }
}

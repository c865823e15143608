//! The normal law, cut off at zero: times that vary a little around their mean.

use super::{Arguments, Parameter, Shape, positive_mean};
use crate::rng::{BLOCK, Stream};
use crate::workload::math;
use multiversion::multiversion;
use num_complex::Complex64;
use statrs::function::erf::erfc;
use std::borrow::Cow;
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// The bell curve without what lies below zero; given by the mean and scv of the times that are left, which
/// are those of the whole bell curve as long as the scv is small.
#[derive(Debug, Clone, PartialEq)]
pub struct Normal {
    /// In seconds, positive.
    pub mean: f64,
    /// Var / mean², positive and below [`Normal::MOST_SCV`].
    pub scv: f64,
    /// Where zero lies, in standard deviations from the top of the bell curve.
    cut: f64,
}

impl Normal {
    /// Next to the exponential law, of scv 1, little is left of a bell curve.
    pub const MOST_SCV: f64 = 0.9;

    /// Below this, nothing is cut off that a number could tell.
    const WHOLE: f64 = -38.0;

    /// Of a mean in seconds and an scv.
    pub fn of(mean: f64, scv: f64) -> Self {
        let (mut low, mut high) = (Normal::WHOLE, 12.0);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if Normal::scv_at(middle) < scv { low = middle } else { high = middle }
        }
        let cut = if scv < Normal::scv_at(Normal::WHOLE) { -1.0 / scv.sqrt() } else { 0.5 * (low + high) };
        Normal { mean, scv, cut }
    }

    /// The normal density over its tail (the hazard), φ/(1 − Φ).
    fn hazard(at: f64) -> f64 {
        (2.0 / PI).sqrt() * (-0.5 * at * at).exp() / erfc(at * FRAC_1_SQRT_2)
    }

    /// (1 + αh − h²)/(h − α)² with the hazard h at the cut α.
    fn scv_at(cut: f64) -> f64 {
        let hazard = Normal::hazard(cut);
        (1.0 + cut * hazard - hazard * hazard) / (hazard - cut).powi(2)
    }

    /// Of the whole bell curve: its top and its standard deviation.
    pub(crate) fn bell(&self) -> (f64, f64) {
        let sd = self.mean / (Normal::hazard(self.cut) - self.cut);
        (-self.cut * sd, sd)
    }

    /// The share of the bell curve that is left.
    fn left(&self) -> f64 {
        0.5 * erfc(self.cut * FRAC_1_SQRT_2)
    }

    /// Where zero lies, in standard deviations from the top of the bell curve.
    pub(crate) fn cut(&self) -> f64 {
        self.cut
    }
}

impl Shape for Normal {
    const NAME: &'static str = "normal";
    const PARAMETERS: &'static [&'static str] = &["scv", "sd"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![
            (Normal::of(0.02, 0.04), [0.01953503436863616, 0.027417708819538943, 0.01828847755946332]),
            (Normal::of(0.02, 0.5), [0.01584482950978581, 0.050796653032132835, 0.011613466764120875]),
        ]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        let own_mean = arguments.has("mean") || arguments.has("rate");
        let mean = positive_mean(arguments);
        let by_sd = arguments.has("sd") && !arguments.has("scv");
        let spread = if by_sd { arguments.time("sd") } else { arguments.number("scv") };
        let (mean, spread) = (mean?, spread?);
        if by_sd && !own_mean {
            let instead = "write scv, the square of the standard deviation over the mean";
            arguments.refuse("sd", "needs the mean beside it, which follows from elsewhere here", instead);
            return None;
        }
        let scv = if by_sd { (spread / mean).powi(2) } else { spread };
        if scv > 0.0 && scv <= Normal::MOST_SCV {
            return Some(Normal::of(mean, scv));
        }
        let (key, why) = if scv > 0.0 {
            (if by_sd { "sd" } else { "scv" }, "is too large: cut off at zero, no bell curve is left of it")
        } else {
            ("sd", "is zero")
        };
        let instead =
            "write an scv of at most 0.9; gamma and lognormal have any, deterministic is for a constant";
        arguments.refuse(key, why, instead);
        None
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        vec![("mean", Parameter::Seconds(self.mean)), ("scv", Parameter::Number(self.scv))]
    }

    fn kendall(&self) -> Cow<'static, str> {
        "N".into()
    }

    /// mₙ = μ mₙ₋₁ + (n − 1) σ² mₙ₋₂ of the bell curve's μ and σ.
    fn moment(&self, n: u32) -> f64 {
        let (top, sd) = self.bell();
        let (mut before, mut moment) = (1.0, self.mean);
        for k in 1..n {
            (before, moment) = (moment, top * moment + f64::from(k) * sd * sd * before);
        }
        moment
    }

    fn scaled(&self, factor: f64) -> Self {
        Normal { mean: self.mean * factor, ..*self }
    }

    fn cdf(&self, x: f64) -> f64 {
        let (top, sd) = self.bell();
        if x > 0.0 { 1.0 - 0.5 * erfc((x - top) / sd * FRAC_1_SQRT_2) / self.left() } else { 0.0 }
    }

    fn transform(&self, _: Complex64) -> Option<Complex64> {
        None
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        stream.uniform(out);
        let (top, sd) = self.bell();
        draw(top, sd, self.left(), out);
    }

    fn quantile(&self, u: f64) -> Option<f64> {
        let (top, sd) = self.bell();
        Some(if u < 1.0 {
            (top - sd * math::normal_quantile((1.0 - u) * self.left())).max(0.0)
        } else {
            f64::INFINITY
        })
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn draw(top: f64, sd: f64, left: f64, out: &mut [f64; BLOCK]) {
    for x in out.iter_mut() {
        *x = value(top, sd, left, *x);
    }
}

/// The variate beyond which a share lies, a uniform number from (0, 1] that stands for the middle of its cell
/// of width 2⁻⁵².
#[inline(always)]
fn value(top: f64, sd: f64, left: f64, u: f64) -> f64 {
    let x = top - sd * math::normal_quantile((u - 0.5 * f64::EPSILON) * left);
    if x > 0.0 { x } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half of a bell curve: the mean is σ √(2/π), the scv π/2 − 1. A narrow one is whole.
    #[test]
    fn half_a_bell_curve_and_a_whole_one_are_known() {
        let half = Normal::of((2.0 / PI).sqrt(), 0.5 * PI - 1.0);
        let (top, sd) = half.bell();
        assert!(top.abs() < 1e-9 && (sd - 1.0).abs() < 1e-9 && (half.moment(2) - 1.0).abs() < 1e-9);
        let narrow = Normal::of(10.0, 1e-4);
        let (top, sd) = narrow.bell();
        assert!((top - 10.0).abs() < 1e-12 && (sd - 0.1).abs() < 1e-12);
    }
}

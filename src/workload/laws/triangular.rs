//! The triangular law: a least time, a most frequent one and a longest one, as people estimate work.

use super::{Arguments, Parameter, Shape};
use crate::rng::{BLOCK, Stream};
use num_complex::Complex64;
use std::borrow::Cow;

/// A density that rises in a straight line from `min` to `mode` and falls in one to `max`.
#[derive(Debug, Clone, PartialEq)]
pub struct Triangular {
    /// In seconds, not negative.
    pub min: f64,
    /// The most frequent time, from `min` to `max`.
    pub mode: f64,
    /// In seconds, more than `min`.
    pub max: f64,
}

impl Triangular {
    /// P(X ≤ mode).
    fn rising(&self) -> f64 {
        (self.mode - self.min) / (self.max - self.min)
    }

    fn value(&self, u: f64) -> f64 {
        let (width, rising) = (self.max - self.min, self.rising());
        if u < rising {
            self.min + width * (u * rising).sqrt()
        } else {
            self.max - width * ((1.0 - u) * (1.0 - rising)).sqrt()
        }
    }
}

impl Shape for Triangular {
    const NAME: &'static str = "triangular";
    const PARAMETERS: &'static [&'static str] = &["min", "mode", "max"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![
            (
                Triangular { min: 0.001, mode: 0.002, max: 0.01 },
                [0.0042843506572263134, 0.0015353081875734988, 0.005093408868911394],
            ),
            (
                Triangular { min: 0.0, mode: 0.01, max: 0.01 },
                [0.007390999837494805, 0.0017843606252449962, 0.008158615374110386],
            ),
        ]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        let (min, mode, max) = (arguments.time("min"), arguments.time("mode"), arguments.time("max"));
        let (min, mode, max) = (min?, mode?, max?);
        if min >= max {
            let instead = "write a longer time, or law = \"deterministic\" for a constant";
            arguments.refuse("max", "`max` is not above `min`", instead);
            return None;
        }
        if !(min..=max).contains(&mode) {
            let why = "`mode` is not between `min` and `max`";
            arguments.refuse("mode", why, "write the most frequent time, such as `min` itself");
            return None;
        }
        Some(Triangular { min, mode, max })
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        vec![
            ("min", Parameter::Seconds(self.min)),
            ("mode", Parameter::Seconds(self.mode)),
            ("max", Parameter::Seconds(self.max)),
        ]
    }

    fn kendall(&self) -> Cow<'static, str> {
        "Tri".into()
    }

    /// 2/((n + 1)(n + 2)) Σ minⁱ modeʲ maxᵏ, i + j + k = n: a second divided difference of xⁿ⁺² without its
    /// cancellation.
    fn moment(&self, n: u32) -> f64 {
        let n = n as i32;
        let two = |j: i32| (0..=j).map(|i| self.min.powi(i) * self.mode.powi(j - i)).sum::<f64>();
        let sum: f64 = (0..=n).map(|k| self.max.powi(k) * two(n - k)).sum();
        2.0 * sum / f64::from((n + 1) * (n + 2))
    }

    fn scaled(&self, factor: f64) -> Self {
        Triangular { min: self.min * factor, mode: self.mode * factor, max: self.max * factor }
    }

    fn cdf(&self, x: f64) -> f64 {
        let width = self.max - self.min;
        if x <= self.min {
            0.0
        } else if x >= self.max {
            1.0
        } else if x < self.mode {
            (x - self.min) / width * ((x - self.min) / (self.mode - self.min))
        } else {
            1.0 - (self.max - x) / width * ((self.max - x) / (self.max - self.mode))
        }
    }

    /// The longer of two uniform times up to the mode, and the shorter of two after it.
    fn transform(&self, s: Complex64) -> Option<Complex64> {
        let (rising, falling) = (self.mode - self.min, self.max - self.mode);
        let (up, down) = ((-s * self.min).exp(), (-s * self.mode).exp());
        let share = self.rising();
        Some(share * up * longer(s * rising) + (1.0 - share) * down * shorter(s * falling))
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        stream.uniform(out);
        for x in out.iter_mut() {
            *x = self.value(*x);
        }
    }

    fn quantile(&self, u: f64) -> Option<f64> {
        Some(self.value(u))
    }
}

/// Where the closed forms cancel, series take their place, which have this many terms.
const TERMS: i32 = 24;

/// E\[e^(−z max(U, V))\] = 2 (1 − (1 + z) e^(−z))/z², U and V uniform on (0, 1); by Σ 2 (−z)ⁿ/(n! (n + 2)).
fn longer(z: Complex64) -> Complex64 {
    if z.norm() > 1.0 {
        return 2.0 * (1.0 - (1.0 + z) * (-z).exp()) / (z * z);
    }
    let mut term = Complex64::ONE;
    let mut sum = Complex64::ONE;
    for n in 1..TERMS {
        term *= -z / f64::from(n);
        sum += term * (2.0 / f64::from(n + 2));
    }
    sum
}

/// E\[e^(−z min(U, V))\] = 2 (z − 1 + e^(−z))/z²; by Σ 2 (−z)ⁿ/(n + 2)!.
fn shorter(z: Complex64) -> Complex64 {
    if z.norm() > 1.0 {
        return 2.0 * (z - 1.0 + (-z).exp()) / (z * z);
    }
    let mut term = Complex64::ONE;
    let mut sum = Complex64::ONE;
    for n in 1..TERMS {
        term *= -z / f64::from(n + 2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean (a + b + c)/3 and variance (a² + b² + c² − ab − ac − bc)/18: any textbook of statistics.
    #[test]
    fn mean_and_variance_are_the_textbooks() {
        let law = Triangular { min: 1.0, mode: 2.0, max: 6.0 };
        assert!((law.mean() - 3.0).abs() < 1e-14);
        assert!((law.moment(2) - 9.0 - 21.0 / 18.0).abs() < 1e-13);
    }

    #[test]
    fn both_forms_of_the_transform_meet() {
        for z in [Complex64::new(1.0, 0.0), Complex64::new(0.6, 0.8)] {
            for part in [longer, shorter] {
                assert!((part(z * 1.000_001) - part(z * 0.999_999)).norm() < 1e-5);
            }
        }
    }
}

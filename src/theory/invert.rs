//! Laws from their Laplace transforms: the tail P(T > t) by Fourier series whose nodes a whole octave of
//! times shares.

use num_complex::Complex64;
use statrs::function::erf::erfc;
use std::collections::HashMap;
use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What a value of a transform costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TransformCost {
    /// Nanoseconds.
    Quick,
    /// Microseconds.
    Slow,
    /// So much that nobody wants to wait for the law.
    Endless,
}

/// E\[e^(−sT)\] of a time T ≥ 0, with what its inversion needs to know.
#[derive(Clone)]
pub struct Transform {
    function: Arc<dyn Fn(Complex64) -> Complex64 + Send + Sync>,
    /// What a value costs.
    pub effort: TransformCost,
}

impl Transform {
    /// A transform whose values are cheap.
    pub fn new(function: impl Fn(Complex64) -> Complex64 + Send + Sync + 'static) -> Self {
        Transform { function: Arc::new(function), effort: TransformCost::Quick }
    }

    /// With what a value costs.
    #[must_use]
    pub fn costing(self, effort: TransformCost) -> Self {
        Transform { effort, ..self }
    }

    /// At least as costly as another, of which it is made.
    #[must_use]
    pub fn like(self, other: &Transform) -> Self {
        Transform { effort: self.effort.max(other.effort), ..self }
    }

    /// The same, but where a value is costly it is remembered: all times that are made of this one are read
    /// at the same nodes.
    #[must_use]
    pub fn remembered(self) -> Self {
        if self.effort == TransformCost::Quick {
            return self;
        }
        let (effort, known) = (self.effort, Mutex::new(HashMap::<[u64; 2], Complex64>::new()));
        let recall = move |s: Complex64| {
            let key = [s.re.to_bits(), s.im.to_bits()];
            let found = known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
            found.unwrap_or_else(|| {
                let value = self.at(s);
                known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value);
                value
            })
        };
        Transform::new(recall).costing(effort)
    }

    /// The value at `s`.
    pub fn at(&self, s: Complex64) -> Complex64 {
        (self.function)(s)
    }

    /// Of the sum of two independent times.
    #[must_use]
    pub fn times(&self, other: &Transform) -> Transform {
        let (a, b) = (self.clone(), other.clone());
        Transform::new(move |s| a.at(s) * b.at(s)).like(self).like(other)
    }

    /// P(T > t) for t > 0, ready to be asked for many times.
    pub fn inverse(&self) -> Inverse {
        self.inverse_of(1.0)
    }

    /// ∫ P(T > u) du over (0, t), of a time with a mean.
    pub fn integral(&self) -> Inverse {
        Inverse { integrated: true, ..self.inverse() }
    }

    /// Likewise of a transform that is `mass` at s = 0: that of a time which is finite with this probability,
    /// of which it is the tail.
    pub fn inverse_of(&self, mass: f64) -> Inverse {
        Inverse {
            transform: self.clone(),
            mass,
            integrated: false,
            octaves: (0..OCTAVES).map(|_| OnceLock::new()).collect(),
        }
    }
}

/// Octaves of time that are told apart: from 2⁻¹²⁷ to 2¹²⁷ s.
const OCTAVES: usize = 255;

/// A tail, read from values of its transform.
///
/// # Formula
/// Poisson's summation formula for e^(−at)P(T > t), whose transform is (1 − E\[e^(−(s+a)T)\])/(s + a): P(T >
/// t) is the Fourier series e^(at)/L · (F₀/2 + Σ Re Fₖ e^(ikπt/L)), Fₖ the transform at a + ikπ/L, less P(T >
/// t + 2L)e^(−2aL) + …
/// # Source
/// Abate & Whitt, *Numerical inversion of Laplace transforms of probability distributions*, ORSA Journal on
/// Computing 7 (1995); with round-off control as in Choudhury, Lucantoni & Whitt, Annals of Applied
/// Probability 4 (1994).
/// # Numerics
/// L is twice the end of the octave that t lies in, so that an octave shares its nodes. What is left out has
/// a weight of 2e-12 and rounding is magnified to about 2e-13. Where the transform is smooth, 80 terms and
/// Euler's summation of the rest add less than 4e-12; jumps and kinks need up to thousands of terms and a
/// smooth window, and are blurred over about t/500.
pub struct Inverse {
    transform: Transform,
    mass: f64,
    /// Whether it is the tail's integral that is read.
    integrated: bool,
    octaves: Vec<OnceLock<Octave>>,
}

/// The series of one octave.
struct Octave {
    /// a and π/L.
    damping: f64,
    step: f64,
    /// Fₖ/L, the first halved.
    terms: Vec<Complex64>,
    /// Forward differences of the next terms, for Euler's summation; none if the terms fade out under a
    /// window.
    differences: Vec<Complex64>,
}

/// 2aL.
const DAMPING: f64 = 27.0;

/// Terms before Euler's summation, and differences in it: few, for they magnify the rounding of the
/// transform.
const PLAIN: usize = 80;
const EULER: usize = 10;

impl Inverse {
    /// P(T > t) for t > 0.
    pub fn tail(&self, t: f64) -> f64 {
        let octave = t.log2().ceil();
        let index = (octave + (OCTAVES / 2) as f64).clamp(0.0, OCTAVES as f64 - 1.0) as usize;
        let octave = self.octaves[index].get_or_init(|| {
            Octave::new(
                &self.transform,
                self.mass,
                self.integrated,
                2f64.powi(index as i32 - OCTAVES as i32 / 2),
            )
        });
        octave.tail(t).clamp(0.0, if self.integrated { f64::INFINITY } else { self.mass })
    }
}

impl Octave {
    /// For times from half of `end` to `end`.
    fn new(transform: &Transform, mass: f64, integrated: bool, end: f64) -> Self {
        let length = 2.0 * end;
        let (damping, step) = (DAMPING / (2.0 * length), PI / length);
        let term = |k: usize| {
            let s = Complex64::new(damping, k as f64 * step);
            let tail = (mass - transform.at(s)) / (s * length) * if k == 0 { 0.5 } else { 1.0 };
            if integrated { tail / s } else { tail }
        };
        let most = if transform.effort == TransformCost::Quick { 4096 } else { 1024 };
        let mut octave = Octave { damping, step, terms: Vec::new(), differences: Vec::new() };
        let mut plain = PLAIN;
        while plain + EULER <= most {
            octave.terms.extend((octave.terms.len()..plain + EULER).map(term));
            octave.differences = differences(&octave.terms[plain..]);
            let enough = if integrated { 4e-12 * end } else { 4e-12 };
            if octave.left(end) < enough && octave.left(0.5 * end) < enough {
                octave.terms.truncate(plain);
                return octave;
            }
            plain *= 2;
        }
        octave.terms.extend((octave.terms.len()..most).map(term));
        octave.differences.clear();
        let (middle, width) = (0.55 * most as f64, most as f64 / 14.0);
        let fade = |k: usize| 0.5 * erfc((k as f64 - middle) / width * FRAC_1_SQRT_2);
        octave.terms.iter_mut().enumerate().for_each(|(k, value)| *value *= fade(k));
        octave
    }

    /// e^(iπt/L) and what Euler's summation multiplies with from one difference to the next.
    fn turns(&self, t: f64) -> (Complex64, Complex64) {
        let turn = Complex64::from_polar(1.0, self.step * t);
        (turn, turn / (1.0 - turn))
    }

    /// The size of the last difference's part: of what Euler's summation leaves out.
    fn left(&self, t: f64) -> f64 {
        let (_, ratio) = self.turns(t);
        self.differences
            .last()
            .map_or(0.0, |last| (self.damping * t).exp() * ratio.norm().powi(EULER as i32) * last.norm())
    }

    fn tail(&self, t: f64) -> f64 {
        let (turn, ratio) = self.turns(t);
        let rest =
            self.differences.iter().rev().fold(Complex64::ZERO, |sum, d| sum * ratio + d) / (1.0 - turn);
        let sum = self.terms.iter().rev().fold(rest, |sum, term| sum * turn + term);
        (self.damping * t).exp() * sum.re
    }
}

/// The first of the terms, their first difference, and so on.
fn differences(terms: &[Complex64]) -> Vec<Complex64> {
    let mut row = terms.to_vec();
    (0..terms.len())
        .map(|_| {
            let first = row[0];
            row = row.windows(2).map(|pair| pair[1] - pair[0]).collect();
            first
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_laws_come_back() {
        let exponential = Transform::new(|s| 1.0 / (1.0 + s));
        let erlang = exponential.times(&exponential);
        let (one, two) = (exponential.inverse(), erlang.inverse());
        for t in [0.001, 0.01, 0.26, 0.3, 0.5, 0.7, 1.0, 5.0, 8.0, 8.01, 12.0, 25.0] {
            assert!((one.tail(t) - f64::exp(-t)).abs() < 5e-12, "{t}: {}", one.tail(t) - f64::exp(-t));
            assert!(
                (two.tail(t) - (1.0 + t) * f64::exp(-t)).abs() < 5e-12,
                "{t}: {}",
                two.tail(t) - (1.0 + t) * f64::exp(-t)
            );
        }
    }

    /// Heavy tails, and nearly constant times whose transform swings.
    #[test]
    fn tails_far_out_and_steep_ones_come_back() {
        let many = Transform::new(|s| (1.0 + s / 400.0).powi(-400)).inverse();
        let gamma = |t: f64| statrs::function::gamma::gamma_ur(400.0, 400.0 * t);
        for t in [0.5, 0.9, 1.0, 1.02, 1.1, 1.2] {
            // The power alone is rounded by 400 ε.
            assert!((many.tail(t) - gamma(t)).abs() < 1e-10, "{t}: {}", many.tail(t) - gamma(t));
        }
        // E\[e^(−sT)\] = e^(−√(2s)): a time of Lévy's law has P(T > t) = erf(1/√(2t)).
        let levy = Transform::new(|s| (-(2.0 * s).sqrt()).exp()).inverse();
        for (t, exact) in [
            (0.1, 0.9984345977419975),
            (1.0, 0.6826894921370859),
            (100.0, 0.07965567455405796),
            (1e6, 0.0007978844278221252),
        ] {
            assert!((levy.tail(t) - exact).abs() < 5e-12, "{t}: {}", levy.tail(t) - exact);
        }
    }

    #[test]
    fn jumps_are_blurred_and_no_more() {
        let constant = Transform::new(|s: Complex64| (-s).exp()).inverse();
        for t in [0.5, 0.9, 0.97, 1.03, 1.1, 1.9, 3.0] {
            assert!(
                (constant.tail(t) - f64::from(u8::from(t < 1.0))).abs() < 1e-9,
                "{t}: {}",
                constant.tail(t)
            );
        }
    }
}

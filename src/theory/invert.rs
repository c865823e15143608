//! Laws from their Laplace transforms: the tail P(T > t) by Fourier series, summed after Euler.

use num_complex::Complex64;
use std::f64::consts::PI;
use std::sync::{Arc, OnceLock};

/// E\[e^(−sT)\] of a time T ≥ 0, with what its inversion needs to know.
#[derive(Clone)]
pub struct Transform {
    function: Arc<dyn Fn(Complex64) -> Complex64 + Send + Sync>,
    /// The law has jumps or kinks, near which the series needs many terms.
    pub rough: bool,
    /// A value costs microseconds.
    pub slow: bool,
}

impl Transform {
    pub fn new(function: impl Fn(Complex64) -> Complex64 + Send + Sync + 'static) -> Self {
        Transform { function: Arc::new(function), rough: false, slow: false }
    }

    /// With what its inversion needs to know.
    #[must_use]
    pub fn marked(self, rough: bool, slow: bool) -> Self {
        Transform { rough, slow, ..self }
    }

    /// As rough and as slow as another, of which it is made.
    #[must_use]
    pub fn like(self, other: &Transform) -> Self {
        Transform { rough: self.rough || other.rough, slow: self.slow || other.slow, ..self }
    }

    pub fn at(&self, s: Complex64) -> Complex64 {
        (self.function)(s)
    }

    /// Of the sum of two independent times.
    #[must_use]
    pub fn times(&self, other: &Transform) -> Transform {
        let (a, b) = (self.clone(), other.clone());
        Transform::new(move |s| a.at(s) * b.at(s)).like(self).like(other)
    }

    /// P(T > t) for t > 0.
    ///
    /// # Formula
    /// The Poisson summation formula for e^(−At/..)P(T > t), whose transform is (1 − E\[e^(−sT)\])/s.
    /// # Source
    /// Abate & Whitt, *Numerical inversion of Laplace transforms of probability distributions*, ORSA Journal on Computing 7 (1995);
    /// with round-off control as in Choudhury, Lucantoni & Whitt, Annals of Applied Probability 4 (1994).
    /// # Numerics
    /// The error of the discretisation is below e^(−A) = 2e-12, that of rounding about e^(A/4) ε = 2e-13; where the law is smooth,
    /// Euler's summation adds less than that.
    pub fn tail(&self, t: f64) -> f64 {
        const A: f64 = 27.0;
        let (plain, averaged) = if self.rough { (300, 24) } else { (24, 16) };
        let tail = |s: Complex64| (1.0 - self.at(s)) / s;
        let base = A / (4.0 * t);
        let half = |j: u32| {
            let s = Complex64::new(base, f64::from(j) * PI / (2.0 * t));
            // e^(ijπ/2), j = 1 or 2 of every pair.
            if j % 2 == 1 { -tail(s).im } else { -tail(s).re }
        };
        let term = |k: u32| {
            let pair = half(2 * k + 1) + half(2 * k + 2);
            if k.is_multiple_of(2) { pair } else { -pair }
        };
        let mut partial: f64 = (0..plain).map(term).sum();
        // The binomial average of the next partial sums.
        let (mut weight, mut sum) = (0.5f64.powi(averaged as i32), 0.0);
        for m in 0..=averaged {
            sum += weight * partial;
            partial += term(plain + m);
            weight *= f64::from(averaged - m) / f64::from(m + 1);
        }
        (A / 4.0).exp() / (4.0 * t) * (tail(Complex64::new(base, 0.0)).re + 2.0 * sum)
    }
}

/// Nodes of a piece.
const NODES: usize = 14;

/// A smooth tail that is costly to evaluate, interpolated in pieces that are computed when they are first asked for.
///
/// # Numerics
/// The logarithm of the tail at Chebyshev's points of pieces that double in length; the error is about 1e-9 of the tail.
pub struct Tabulated {
    tail: Box<dyn Fn(f64) -> f64 + Send + Sync>,
    first: f64,
    pieces: Vec<OnceLock<[f64; NODES]>>,
}

impl Tabulated {
    /// `scale` is a time at which something happens, such as the mean.
    pub fn new(scale: f64, tail: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Self {
        Tabulated { tail: Box::new(tail), first: scale / 16.0, pieces: (0..90).map(|_| OnceLock::new()).collect() }
    }

    /// P(T > t) for t > 0.
    pub fn tail(&self, t: f64) -> f64 {
        let piece = if t <= self.first { 0 } else { 1 + (t / self.first).log2().floor() as usize };
        let Some(cell) = self.pieces.get(piece) else { return 0.0 };
        let low = if piece == 0 { 0.0 } else { self.first * 2f64.powi(piece as i32 - 1) };
        let width = if piece == 0 { self.first } else { low };
        let angle = |j: usize| PI * (2 * j + 1) as f64 / (2 * NODES) as f64;
        let values =
            cell.get_or_init(|| std::array::from_fn(|j| (self.tail)(low + width * 0.5 * (1.0 + angle(j).cos())).clamp(1e-14, 1.0).ln()));
        let x = 2.0 * (t - low) / width - 1.0;
        let (mut above, mut below) = (0.0, 0.0);
        for (j, value) in values.iter().enumerate() {
            let gap = x - angle(j).cos();
            if gap == 0.0 {
                return value.exp();
            }
            let weight = if j % 2 == 0 { angle(j).sin() } else { -angle(j).sin() } / gap;
            above += weight * value;
            below += weight;
        }
        (above / below).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_laws_come_back() {
        let exponential = Transform::new(|s| 1.0 / (1.0 + s));
        let erlang = exponential.times(&exponential);
        for t in [0.01, 0.3, 1.0, 5.0, 12.0] {
            assert!((exponential.tail(t) - f64::exp(-t)).abs() < 5e-12, "{t}");
            assert!((erlang.tail(t) - (1.0 + t) * f64::exp(-t)).abs() < 5e-12, "{t}");
        }
    }

    #[test]
    fn a_table_is_as_good_as_what_it_tabulates() {
        let table = Tabulated::new(1.0, |t| (1.0 + t).powf(-1.5));
        for i in 1..400 {
            let t = f64::from(i * i) * 1e-2;
            assert!((table.tail(t) / (1.0 + t).powf(-1.5) - 1.0).abs() < 1e-9, "{t}: {} {}", table.tail(t), (1.0 + t).powf(-1.5));
        }
    }
}

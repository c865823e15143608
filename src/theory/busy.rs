//! Busy periods of M/G/1, and times that are stretched by the busy periods of others.

use super::invert::Transform;
use num_complex::Complex64;

/// E\[e^(−sB)\] of the busy period that one service starts.
///
/// # Formula
/// The root of η = S*(s + λ − λη).
/// # Domain
/// Re s > 0; λ E\[S\] < 1.
/// # Source
/// Kendall & Takács; Kleinrock I, eq. 5.137.
/// # Numerics
/// Secants, from plain fixed-point steps; where they leave the unit circle, in which the root lies, a plain
/// step again.
pub fn busy_period(lambda: f64, service: &Transform, s: Complex64) -> Complex64 {
    let excess = |eta: Complex64| service.at(s + lambda - lambda * eta) - eta;
    let mut old = Complex64::ZERO;
    let mut gap = excess(old);
    let mut eta = gap;
    for _ in 0..200 {
        let here = excess(eta);
        let step = here * (eta - old) / (gap - here);
        let next = if step.is_finite() && (eta + step).norm() <= 1.0 { eta + step } else { eta + here };
        let done = here.norm() <= 4e-16 || (next - eta).norm() <= 1e-15 * eta.norm();
        (old, gap, eta) = (eta, here, next);
        if done {
            break;
        }
    }
    eta
}

/// What work of others does to a time: while it lasts others come, and each brings a busy period.
#[derive(Clone)]
pub struct Others {
    /// Messages a second.
    pub rate: f64,
    /// The transform of their work.
    pub service: Transform,
    /// Its mean.
    pub m1: f64,
    /// Its second moment.
    pub m2: f64,
}

impl Others {
    /// The s at which a transform has to be read for its time to be stretched.
    pub fn stretched(&self, s: Complex64) -> Complex64 {
        if self.rate == 0.0 { s } else { s + self.rate * (1.0 - busy_period(self.rate, &self.service, s)) }
    }

    /// Mean and variance of a stretched time, from its own.
    pub fn stretch(&self, mean: f64, variance: f64) -> (f64, f64) {
        let free = 1.0 - self.rate * self.m1;
        (mean / free, variance / free.powi(2) + mean * self.rate * self.m2 / free.powi(3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_services_have_a_quadratic() {
        let service = Transform::new(|s| 1.0 / (1.0 + s));
        for s in [Complex64::new(1e-6, 0.0), Complex64::new(0.1, 3.0), Complex64::new(0.01, 0.2)] {
            for lambda in [0.1, 0.8, 0.99] {
                let sum = 1.0 + lambda + s;
                let exact = (sum - (sum * sum - 4.0 * lambda).sqrt()) / (2.0 * lambda);
                assert!((busy_period(lambda, &service, s) - exact).norm() < 1e-11, "{s} {lambda}");
            }
        }
    }
}

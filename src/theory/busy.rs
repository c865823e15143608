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
/// Fixed-point steps, accelerated after Steffensen.
pub fn busy_period(lambda: f64, service: &Transform, s: Complex64) -> Complex64 {
    let image = |eta: Complex64| service.at(s + lambda - lambda * eta);
    let mut eta = Complex64::ZERO;
    for _ in 0..100 {
        let first = image(eta);
        let second = image(first);
        let (step, change) = (first - eta, second - 2.0 * first + eta);
        let jump = eta - step * step / change;
        // The root lies within the unit circle, as the plain steps do.
        let next = if change.norm() > 1e-30 && jump.norm() <= 1.0 { jump } else { second };
        let done = (next - eta).norm() <= 1e-15 && (second - first).norm() <= 1e-14;
        eta = next;
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
    pub service: Transform,
    pub m1: f64,
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

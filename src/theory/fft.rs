//! The discrete Fourier transform of a power of two of numbers.

use num_complex::Complex64;
use std::f64::consts::PI;

/// Replaces xₙ by Σ xₙ e^(−2πikn/N), N a power of two (Cooley & Tukey, 1965).
pub(super) fn transform(x: &mut [Complex64]) {
    let n = x.len();
    assert!(n.is_power_of_two(), "the length is a power of two");
    for i in 1..n {
        let j = i.reverse_bits() >> (usize::BITS - n.trailing_zeros());
        if i < j {
            x.swap(i, j);
        }
    }
    let mut half = 1;
    while half < n {
        let roots: Vec<Complex64> =
            (0..half).map(|k| Complex64::from_polar(1.0, -PI * k as f64 / half as f64)).collect();
        for block in x.chunks_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for ((a, b), root) in low.iter_mut().zip(high).zip(&roots) {
                let turned = *b * root;
                (*a, *b) = (*a + turned, *a - turned);
            }
        }
        half *= 2;
    }
}

/// The coefficients of a probability generating function, from its values at the N-th roots of unity
/// e^(2πik/N). What lies beyond N is folded back, so N must reach into the negligible tail.
pub(super) fn coefficients(n: usize, generating: impl Fn(Complex64) -> Complex64) -> Vec<f64> {
    // The coefficients are real: the values on the lower half circle are the conjugates of those on the
    // upper.
    let mut values = vec![Complex64::ONE; n];
    for k in 1..=n / 2 {
        values[k] = generating(Complex64::from_polar(1.0, 2.0 * PI * k as f64 / n as f64));
        values[n - k] = values[k].conj();
    }
    transform(&mut values);
    // What is below the rounding is noise.
    values.iter().map(|z| z.re / n as f64).map(|p| if p > 1e-16 { p } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_geometric_law_comes_back() {
        for (k, p) in coefficients(128, |z| 0.5 / (1.0 - 0.5 * z)).iter().enumerate().take(40) {
            assert!((p - 0.5f64.powi(k as i32 + 1)).abs() < 1e-15);
        }
    }
}

//! Student's confidence interval.

use statrs::distribution::{ContinuousCDF, StudentsT};
use std::cell::Cell;

thread_local! {
    /// The quantile that was asked for last, by the bits of the confidence and the degrees of freedom: that
    /// of one metric is that of the next, and it takes far longer than all else about an interval.
    static LAST: Cell<(u64, u64, f64)> = const { Cell::new((0, 0, 0.0)) };
}

/// The quantile of Student's t for a two-sided confidence and so many degrees of freedom, at least 1.
///
/// ```
/// // Abramowitz & Stegun, table 26.10: 9 degrees of freedom, 95 % two-sided.
/// assert!((queuelab::stats::t_quantile(0.95, 9) - 2.262).abs() < 5e-4);
/// ```
pub fn t_quantile(confidence: f64, degrees: u64) -> f64 {
    let (known_confidence, known_degrees, known) = LAST.get();
    if (known_confidence, known_degrees) == (confidence.to_bits(), degrees) && degrees > 0 {
        return known;
    }
    let t = StudentsT::new(0.0, 1.0, degrees as f64).expect("degrees of freedom are positive");
    let quantile = t.inverse_cdf(0.5 + confidence / 2.0);
    LAST.set((confidence.to_bits(), degrees, quantile));
    quantile
}

/// Mean of independent values and half the width of its confidence interval (`None` for fewer than two
/// values).
pub fn half_width(values: &[f64], confidence: f64) -> (f64, Option<f64>) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 {
        return (mean, None);
    }
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, Some(t_quantile(confidence, values.len() as u64 - 1) * (variance / n).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_that_is_known_is_the_one_that_was_found() {
        let of = |confidence: f64, degrees: u64| {
            let law = StudentsT::new(0.0, 1.0, degrees as f64).expect("degrees of freedom are positive");
            law.inverse_cdf(0.5 + confidence / 2.0)
        };
        for (confidence, degrees) in [(0.95, 9), (0.95, 9), (0.95, 8), (0.99, 8), (0.95, 9), (0.95, 9)] {
            assert_eq!(t_quantile(confidence, degrees).to_bits(), of(confidence, degrees).to_bits());
        }
    }

    #[test]
    fn intervals_of_a_known_sample() {
        // Mean 3, standard deviation sqrt(2.5), t(4) = 2.776445.
        let (mean, half) = half_width(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95);
        assert_eq!(mean, 3.0);
        assert!((half.expect("five values") - 2.776_445 * 2.5_f64.sqrt() / 5.0_f64.sqrt()).abs() < 1e-5);
        assert_eq!(half_width(&[7.0], 0.95), (7.0, None));
    }
}

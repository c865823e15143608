//! When the start of a run no longer shows: the marginal standard error rule.

/// How many of a series' first values to leave out, by MSER-5; `None` if the series is too short to say.
///
/// The series is cut into batches of five; of all truncations that leave at least half, the one is taken
/// whose remaining batch means have the least variance over the square of their number.
///
/// # Source
/// White, Cobb & Spratt, *A comparison of five steady-state truncation heuristics for simulation* (2000),
/// MSER-5: minimise Σ(Z_j − Z̄)² / (k − d)² over d.
pub fn mser5(series: &[f64]) -> Option<usize> {
    let batches: Vec<f64> = series.chunks_exact(5).map(|five| five.iter().sum::<f64>() / 5.0).collect();
    let k = batches.len();
    let (mut sum, mut square, mut best) = (0.0, 0.0, (f64::INFINITY, k));
    // Backwards, so that the sums are those of what remains.
    for d in (0..k).rev() {
        sum += batches[d];
        square += batches[d] * batches[d];
        let n = (k - d) as f64;
        let spread = (square - sum * sum / n).max(0.0) / (n * n);
        if k - d >= 5 && spread <= best.0 {
            best = (spread, d);
        }
    }
    // A minimum in the second half means that the series has not settled.
    (k >= 10 && best.1 <= k / 2).then_some(best.1 * 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transient_is_cut_off() {
        let noise = |i: usize| ((i * 7919) % 101) as f64 / 101.0;
        let series: Vec<f64> = (0..2000).map(|i| 100.0 * (-(i as f64) / 50.0).exp() + noise(i)).collect();
        let cut = mser5(&series).expect("long enough");
        assert!((150..600).contains(&cut), "{cut}");
    }

    #[test]
    fn a_steady_series_keeps_nearly_all() {
        let series: Vec<f64> = (0..2000).map(|i| ((i * 7919) % 101) as f64).collect();
        assert!(mser5(&series).is_some_and(|cut| cut < 300));
    }

    #[test]
    fn a_trend_or_a_short_series_is_refused() {
        let ramp: Vec<f64> = (0..1000).map(f64::from).collect();
        assert_eq!(mser5(&ramp), None);
        assert_eq!(mser5(&ramp[..30]), None);
    }
}

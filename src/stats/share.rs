//! Intervals around the share of messages to which something rare happens: how many are lost, how many had to
//! wait.

use super::interval::t_quantile;
use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

/// From so many independent events on, their number is as good as normal, and Student's interval over the
/// runs is taken.
const MANY: f64 = 100.0;

/// The ends of the interval around a share from that of each run, all runs equally long and of `messages` in
/// all together; `None` where it is seen often enough for Student's interval, or never changes.
///
/// Rare events come in clusters: a full line turns several messages away, one after the other. What counts is
/// therefore not how many there were but how many of them were independent, which is told by how much the
/// runs differ. Where none was seen, the share is at most what would show itself with the stated confidence
/// (for independent ones: three in all at 95 %), in clusters of `bunch`.
///
/// # Formula
/// With a mean p and a variance s² of R runs there were k = R p²/s² independent events, uncertain by what
/// Student's law with k + 2 degrees of freedom is wider than the normal one; the ends are p χ²(2k)/2k and p
/// χ²(2k + 2)/2k at the two quantiles.
///
/// # Source
/// Garwood (1936), *Fiducial limits for the Poisson distribution*; effective counts as in Fay & Feuer (1997),
/// *Confidence intervals for directly standardized rates*, Statistics in Medicine 16; the rule of three:
/// Hanley & Lippman-Hand (1983), JAMA 249.
pub(super) fn ends(values: &[f64], messages: f64, bunch: f64, confidence: f64) -> Option<(f64, f64)> {
    let runs = values.len() as f64;
    let mean = values.iter().sum::<f64>() / runs;
    if mean <= 0.0 {
        return (messages > 0.0)
            .then(|| (0.0, (-(1.0 - confidence).ln() * bunch.max(1.0) / messages).min(1.0)));
    }
    if values.len() < 2 {
        return None;
    }
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (runs - 1.0);
    let seen = runs * mean * mean / variance;
    if !seen.is_finite() || seen > MANY {
        return None;
    }
    let degrees = ((seen + 2.0) as u64).min(values.len() as u64 - 1);
    let wider = t_quantile(confidence, degrees) / Normal::standard().inverse_cdf(0.5 + 0.5 * confidence);
    let independent = (seen / (wider * wider)).min(mean * messages);
    let quantile = |share: f64, events: f64| {
        ChiSquared::new(2.0 * events).map_or(0.0, |law| law.inverse_cdf(share)) / (2.0 * independent)
    };
    let outside = 0.5 * (1.0 - confidence);
    Some((
        mean * quantile(outside, independent),
        (mean * quantile(1.0 - outside, independent + 1.0)).min(1.0),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;

    #[test]
    fn none_seen_is_the_rule_of_three() {
        let (low, high) = ends(&[0.0; 10], 200_000.0, 1.0, 0.95).expect("an interval");
        assert!(low == 0.0 && (high - 2.996e-6 * 5.0).abs() < 1e-8, "{high}");
        assert!((ends(&[0.0; 10], 200_000.0, 5.0, 0.95).expect("an interval").1 / high - 5.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_seen_often_is_students() {
        assert_eq!(ends(&[0.1, 0.101, 0.099, 0.1], 1e6, 1.0, 0.95), None);
        assert_eq!(ends(&[0.25; 10], 1e6, 1.0, 0.95), None);
    }

    /// Clusters of geometrically many (5 in the mean) come by chance, so many of them in ten runs together.
    #[test]
    fn intervals_cover_clusters() {
        let key = Key::new(7, 0);
        let mut at = 0;
        let mut uniform = || {
            at += 1;
            key.uniform_at(1, at)
        };
        for clusters in [0.5, 4.0, 20.0] {
            let (messages, share) = (200_000.0, 5.0 * clusters / 200_000.0);
            let mut covered = 0;
            for _ in 0..200 {
                let mut run = || {
                    let (mut lost, mut left) = (0.0, clusters / 10.0 + uniform().ln());
                    while left > 0.0 {
                        lost += 1.0 + (uniform().ln() / 0.8_f64.ln()).floor();
                        left += uniform().ln();
                    }
                    lost / 20_000.0
                };
                let values: Vec<f64> = (0..10).map(|_| run()).collect();
                let (low, high) = ends(&values, messages, 5.0, 0.95).unwrap_or_else(|| {
                    let (mean, half) = super::super::half_width(&values, 0.95);
                    (mean - half.unwrap_or(0.0), mean + half.unwrap_or(0.0))
                });
                assert!(low >= 0.0 && high > low);
                covered += u32::from((low..=high).contains(&share));
            }
            // 95 % of 200 with four standard errors below; where hardly any is seen, nearly all cover.
            assert!(covered >= 177, "{clusters} clusters: {covered} of 200");
        }
    }
}

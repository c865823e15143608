//! A sample of bounded size in which old values fade, as monitoring libraries keep it.
//!
//! Forward decay (Cormode, Shkapenyuk, Srivastava & Xu 2009) as in Dropwizard Metrics'
//! `ExponentiallyDecayingReservoir`: 1 028 values, each by a weight that grows with e^(0.015 t), so that a
//! value of five minutes ago weighs a ninetieth of one of now. Of every value a priority, its weight divided
//! by a uniform number, decides whether it is kept.

use crate::rng::Key;

/// As many as are kept.
pub(super) const SIZE: usize = 1028;
/// How fast old ones fade, a second.
const ALPHA: f64 = 0.015;

/// What was kept: shares of the weight below each value, and the values, both increasing.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    values: Vec<(f64, u64)>,
    mean: f64,
}

impl Snapshot {
    /// Of values that came at whole seconds.
    pub(super) fn of(values: impl Iterator<Item = (u64, u64)>, key: Key) -> Self {
        let prioritized = |(number, (second, value)): (usize, (u64, u64))| {
            let weight = ALPHA * second as f64;
            (weight - key.uniform_at(number as u64, 0).ln(), weight, value)
        };
        let mut kept: Vec<(f64, f64, u64)> = values.enumerate().map(prioritized).collect();
        if kept.len() > SIZE {
            kept.select_nth_unstable_by(SIZE, |a, b| b.0.total_cmp(&a.0));
            kept.truncate(SIZE);
        }
        kept.sort_unstable_by(|a, b| a.2.cmp(&b.2).then(a.0.total_cmp(&b.0)));
        // Weights are logarithms so far: a run of a day would be too large a number.
        let newest = kept.iter().map(|k| k.1).fold(0.0, f64::max);
        let weights: Vec<f64> = kept.iter().map(|k| (k.1 - newest).exp()).collect();
        let total: f64 = weights.iter().sum();
        let mut below = 0.0;
        let mut values = Vec::with_capacity(kept.len());
        for ((.., value), weight) in kept.iter().zip(&weights) {
            values.push((below, *value));
            below += weight / total;
        }
        let mean = kept.iter().zip(&weights).map(|(k, weight)| k.2 as f64 * weight).sum::<f64>() / total;
        Snapshot { values, mean }
    }

    /// The value of which the weight below is the last that is no more than a share.
    pub(super) fn quantile(&self, share: f64) -> Option<u64> {
        let after = self.values.partition_point(|(below, _)| *below <= share);
        Some(self.values.get(after.saturating_sub(1))?.1)
    }

    /// The largest that is still there.
    pub(super) fn max(&self) -> Option<u64> {
        self.values.last().map(|v| v.1)
    }

    /// By weight.
    pub(super) fn mean(&self) -> Option<f64> {
        (!self.values.is_empty()).then_some(self.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many values, one every so many seconds, from a second on.
    fn steady(value: u64, count: u64, from: u64, every: u64) -> impl Iterator<Item = (u64, u64)> {
        (0..count).map(move |i| (from + i * every, value))
    }

    fn snapshot(values: impl Iterator<Item = (u64, u64)>) -> Snapshot {
        Snapshot::of(values, Key::new(1, 0))
    }

    /// The cases of Dropwizard Metrics' own tests of its reservoir.
    #[test]
    fn it_gives_what_the_library_gives() {
        // Forty of weight 1 and ten of weight 6: 40 against 60.
        let weighted = snapshot(steady(177, 40, 0, 0).chain(steady(9999, 10, 120, 0)));
        assert_eq!((weighted.quantile(0.5), weighted.quantile(0.75)), (Some(9999), Some(9999)));
        let lift = snapshot(steady(177, 1200, 0, 6).chain(steady(9999, 100, 7200, 6)));
        assert_eq!(lift.quantile(0.5), Some(9999));
        let fall = snapshot(steady(9998, 1200, 0, 6).chain(steady(178, 100, 7200, 6)));
        assert_eq!(fall.quantile(0.95), Some(178));
    }

    #[test]
    fn few_are_all_kept_and_many_are_a_sample() {
        let few = snapshot((1..=128).map(|value| (0, value)));
        assert_eq!((few.values.len(), few.quantile(0.5), few.max()), (128, Some(65), Some(128)));
        assert!((few.mean().expect("some") - 64.5).abs() < 1e-9);
        let many = snapshot((0..100_000).map(|value| (0, value)));
        assert_eq!(many.values.len(), SIZE);
        // Five standard errors of the median of a sample of that size.
        let median = many.quantile(0.5).expect("some") as f64 / 100_000.0;
        assert!((median - 0.5).abs() < 2.5 / (SIZE as f64).sqrt(), "{median}");
        assert_eq!(snapshot(std::iter::empty()).quantile(0.5), None);
    }
}

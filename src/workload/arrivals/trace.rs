//! Arrivals that really happened.

use super::ArrivalProcess;
use crate::rng::BLOCK;
use crate::units;
use std::sync::Arc;

/// Instants from a file, in order of time.
pub(super) struct Trace {
    /// In seconds, ascending.
    instants: Arc<Vec<f64>>,
    /// How many of them were told.
    told: usize,
}

impl Trace {
    /// From instants in seconds, in any order; those that are no times (negative, beyond 292 years) are left
    /// out, which whoever reads the file reports.
    pub(super) fn new(seconds: &Arc<Vec<f64>>) -> Self {
        let mut instants = seconds.clone();
        if !instants.is_sorted() {
            Arc::make_mut(&mut instants).sort_by(f64::total_cmp);
        }
        Trace { instants, told: 0 }
    }
}

/// The rate of arrivals at ascending instants: intervals between them by the time from the first to the last,
/// so that one every 10 ms is 100 a second however many there are. A lone one is an interval from the start.
pub fn rate_of(instants: &[f64]) -> f64 {
    let (Some(&first), Some(&last)) = (instants.first(), instants.last()) else { return 0.0 };
    let (intervals, lasted) = match last > first {
        true => (instants.len() - 1, last - first),
        false => (instants.len(), last),
    };
    if lasted > 0.0 { intervals as f64 / lasted } else { 0.0 }
}

impl ArrivalProcess for Trace {
    fn next(&mut self, out: &mut Vec<u64>) {
        out.clear();
        while let Some(left) =
            self.instants.get(self.told..).filter(|left| !left.is_empty() && out.len() < BLOCK)
        {
            let next = &left[..left.len().min(BLOCK - out.len())];
            self.told += next.len();
            out.extend(next.iter().filter_map(|at| units::nanos(*at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_counts_intervals() {
        assert_eq!(rate_of(&[0.0, 0.5, 1.0]), 2.0);
        assert_eq!(rate_of(&[0.5, 1.0, 1.5]), 2.0);
        assert_eq!(
            (rate_of(&[0.25]), rate_of(&[0.0]), rate_of(&[0.0, 0.0]), rate_of(&[])),
            (4.0, 0.0, 0.0, 0.0)
        );
    }

    #[test]
    fn instants_come_once_and_in_order() {
        let seconds: Vec<f64> = (0..3000).rev().map(|i| f64::from(i) * 0.001).collect();
        let (mut trace, mut out, mut all) = (Trace::new(&Arc::new(seconds)), Vec::new(), Vec::new());
        for _ in 0..4 {
            trace.next(&mut out);
            all.extend_from_slice(&out);
        }
        assert!(
            out.is_empty()
                && all.iter().enumerate().all(|(i, t)| *t == i as u64 * 1_000_000)
                && all.len() == 3000
        );
    }
}

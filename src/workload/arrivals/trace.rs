//! Arrivals that really happened.

use super::ArrivalProcess;
use crate::rng::BLOCK;
use crate::units;

/// Instants from a file, in order of time.
pub(super) struct Trace {
    instants: std::vec::IntoIter<u64>,
}

impl Trace {
    /// From instants in seconds, in any order; those that are no times (negative, beyond 292 years) are left
    /// out, which whoever reads the file reports.
    pub(super) fn new(seconds: &[f64]) -> Self {
        let mut instants: Vec<u64> = seconds.iter().filter_map(|s| units::nanos(*s)).collect();
        instants.sort_unstable();
        Trace { instants: instants.into_iter() }
    }
}

impl ArrivalProcess for Trace {
    fn next(&mut self, out: &mut Vec<u64>) {
        out.clear();
        out.extend(self.instants.by_ref().take(BLOCK));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_come_once_and_in_order() {
        let seconds: Vec<f64> = (0..3000).rev().map(|i| f64::from(i) * 0.001).collect();
        let (mut trace, mut out, mut all) = (Trace::new(&seconds), Vec::new(), Vec::new());
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

//! Independent gaps of one law, the Poisson process among them, and the gap that is always the same.

use super::ArrivalProcess;
use crate::rng::{BLOCK, Key, Stream};
use crate::workload::instants::Instants;
use crate::workload::laws::Law;

/// A renewal process; the first instant comes after a gap, as all do.
pub(super) struct Renewal {
    /// In nanoseconds.
    gap: Law,
    stream: Stream,
    now: Instants,
    gaps: Box<[f64; BLOCK]>,
    ended: bool,
}

impl Renewal {
    /// From the law of the gaps in nanoseconds.
    pub(super) fn new(key: Key, gap: Law) -> Self {
        Renewal {
            gap,
            stream: Stream::new(key),
            now: Instants::default(),
            gaps: Box::new([0.0; BLOCK]),
            ended: false,
        }
    }
}

impl ArrivalProcess for Renewal {
    fn next(&mut self, out: &mut Vec<u64>) {
        if self.ended {
            return out.clear();
        }
        self.gap.fill(&mut self.stream, &mut self.gaps);
        self.now.after(&mut self.gaps, out);
        self.ended = out.len() < BLOCK;
    }
}

/// Equal gaps.
pub(super) struct Periodic {
    /// In nanoseconds.
    gap: f64,
    now: Instants,
    ended: bool,
}

impl Periodic {
    pub(super) fn new(gap: f64) -> Self {
        Periodic { gap, now: Instants::default(), ended: false }
    }
}

impl ArrivalProcess for Periodic {
    fn next(&mut self, out: &mut Vec<u64>) {
        if self.ended {
            return out.clear();
        }
        self.now.after(&mut [self.gap; BLOCK], out);
        self.ended = out.len() < BLOCK;
    }
}

//! Bounds of traffic: from lines that bound what leaves each queue to bounds of what arrives.

use super::range::SAME;
use crate::linear::{self, SparseRows};
use std::collections::BTreeMap;

/// A line is better than another only if it is by more than this.
const CLEARLY: f64 = 1e-12;

/// Messages a second, as a linear function of those that arrive.
#[derive(Debug, Clone, Copy)]
pub(super) struct LinearRate {
    pub slope: f64,
    pub rest: f64,
}

impl LinearRate {
    pub(super) const NOTHING: LinearRate = LinearRate { slope: 0.0, rest: 0.0 };

    pub(super) fn share(slope: f64) -> LinearRate {
        LinearRate { slope, rest: 0.0 }
    }

    pub(super) fn at(self, arriving: f64) -> f64 {
        // All of infinitely many, none of them, or a rate of its own.
        if self.slope == 0.0 { self.rest } else { self.slope * arriving + self.rest }
    }
}

/// Where the messages of a queue go: bounds that hold one by one, so that the best may be taken.
pub(super) struct DepartureBounds {
    /// To each queue, of a message that is served: at least, and at most.
    pub onward: [BTreeMap<usize, f64>; 2],
    pub dead: Option<usize>,
    pub served: [Vec<LinearRate>; 2],
    pub died: [Vec<LinearRate>; 2],
}

/// The lower and the upper bound, as places in an array.
pub(super) const LEAST: usize = 0;
pub(super) const MOST: usize = 1;

/// The least or the most that can arrive: for each queue the best of its lines, which is a linear system each
/// time.
pub(super) fn bound(leaving: &[DepartureBounds], outside: &[f64], side: usize) -> Vec<f64> {
    let n = leaving.len();
    let mut chosen = vec![(0, 0); n];
    let mut best = rates(leaving, outside, side, &chosen);
    for _ in 0..n + 8 {
        let better = |lines: &[LinearRate], now: usize, arriving: f64| {
            let value = |i: usize| lines[i].at(arriving);
            let beats = |i: usize, j: usize| {
                if side == LEAST { value(i) > value(j) + CLEARLY } else { value(i) < value(j) - CLEARLY }
            };
            (0..lines.len()).fold(now, |best, i| if beats(i, best) { i } else { best })
        };
        let next: Vec<(usize, usize)> = (0..n)
            .map(|q| {
                (
                    better(&leaving[q].served[side], chosen[q].0, best[q]),
                    better(&leaving[q].died[side], chosen[q].1, best[q]),
                )
            })
            .collect();
        if next == chosen {
            break;
        }
        chosen = next;
        // Each choice of lines is a bound of its own.
        let again = rates(leaving, outside, side, &chosen);
        best = best
            .into_iter()
            .zip(again)
            .map(|(a, b)| if side == LEAST { a.max(b) } else { a.min(b) })
            .collect();
    }
    best
}

/// lambda = external + Pᵀ lambda, for one choice of lines; infinite if messages circulate for ever.
fn rates(leaving: &[DepartureBounds], outside: &[f64], side: usize, chosen: &[(usize, usize)]) -> Vec<f64> {
    let n = leaving.len();
    let (mut system, mut rates): (SparseRows, _) = (vec![Vec::new(); n], outside.to_vec());
    for (from, (leaving, &(served, died))) in leaving.iter().zip(chosen).enumerate() {
        let (served, died) = (leaving.served[side][served], leaving.died[side][died]);
        for (&to, chance) in &leaving.onward[side] {
            system[to].push((from, chance * served.slope));
            rates[to] += chance * served.rest;
        }
        if let Some(to) = leaving.dead {
            system[to].push((from, died.slope));
            rates[to] += died.rest;
        }
    }
    // Rounding may leave a little less than nothing.
    let least = -SAME * outside.iter().sum::<f64>();
    match linear::fixed_point(&system, &rates) {
        Some(rates) if side == LEAST || rates.iter().all(|rate| *rate >= least) => rates,
        _ => vec![f64::INFINITY; n],
    }
}

//! The Markov-modulated Poisson process: a rate that jumps between states.

use super::modulated::{Modulated, RatePiece};
use super::{ArrivalProcess, Never};
use crate::rng::{BLOCK, Key, Stream};
use crate::units::NANOS_PER_SECOND;
use crate::workload::laws::{Exponential, Shape};

/// Batches, of `size` messages each on average, at rates that take turns after exponential sojourns. It
/// begins in steady state: in each state with the share of time that it has in the long run.
pub(super) fn mmpp(key: Key, rates: &[f64], dwell: &[f64], size: f64) -> Box<dyn ArrivalProcess> {
    let states: Vec<(f64, f64)> = rates
        .iter()
        .zip(dwell)
        .map(|(rate, dwell)| (rate / size / NANOS_PER_SECOND, dwell * NANOS_PER_SECOND))
        .collect();
    if !states.iter().any(|(rate, dwell)| rate * dwell > 0.0) {
        return Box::new(Never);
    }
    let state = start(&states, key.role("state", "").uniform_at(0, 0));
    let (stream, units) = (Stream::new(key.role("dwell", "")), Box::new([0.0; BLOCK]));
    Box::new(Modulated::new(key, Sojourns { states, state, stream, units, used: BLOCK }))
}

/// The state whose share of the time a uniform number falls into.
fn start(states: &[(f64, f64)], u: f64) -> usize {
    let all: f64 = states.iter().map(|s| s.1).sum();
    let mut left = u * all;
    for (i, (_, dwell)) in states.iter().enumerate() {
        left -= dwell;
        if left <= 0.0 {
            return i;
        }
    }
    states.len() - 1
}

/// The sojourns in the states, one after another.
struct Sojourns {
    /// Rates per nanosecond and mean sojourns in nanoseconds.
    states: Vec<(f64, f64)>,
    state: usize,
    stream: Stream,
    units: Box<[f64; BLOCK]>,
    used: usize,
}

impl Iterator for Sojourns {
    type Item = RatePiece;

    fn next(&mut self) -> Option<RatePiece> {
        if self.used == BLOCK {
            Exponential { mean: 1.0 }.fill(&mut self.stream, &mut self.units);
            self.used = 0;
        }
        let (rate, dwell) = self.states[self.state];
        let lasts = dwell * self.units[self.used];
        self.used += 1;
        self.state = (self.state + 1) % self.states.len();
        Some(RatePiece { lasts, from: rate, to: rate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: Fischer & Meier-Hellstern (1993), the variance of counts of a two-state MMPP: over long times
    /// Var N(t) ≈ t (λ + 2 q₁q₂ (λ₁ − λ₂)² / (q₁ + q₂)³) with jump rates q₁, q₂.
    #[test]
    fn counts_have_the_mean_and_dispersion_of_the_process() {
        let (rates, dwell) = ([30.0, 5.0], [2.0, 3.0]);
        let (q1, q2) = (1.0 / 2.0, 1.0 / 3.0_f64);
        let mean = (30.0 * 2.0 + 5.0 * 3.0) / 5.0;
        let dispersion = mean + 2.0 * q1 * q2 * 25.0 * 25.0 / (q1 + q2).powi(3);
        let mut process = mmpp(Key::new(1, 0), &rates, &dwell, 1.0);
        let (mut out, mut counts) = (Vec::new(), vec![0.0; 1000]);
        'all: loop {
            process.next(&mut out);
            assert_eq!(out.len(), BLOCK);
            for instant in &out {
                // Windows of 100 s are long: some 80 relaxation times.
                match counts.get_mut((instant / 100_000_000_000) as usize) {
                    Some(count) => *count += 1.0,
                    None => break 'all,
                }
            }
        }
        let n = counts.len() as f64;
        let seen = counts.iter().sum::<f64>() / n / 100.0;
        let spread = counts.iter().map(|c| (c - 100.0 * mean).powi(2)).sum::<f64>() / n / 100.0;
        // Five standard errors; of a variance √(2/n), and 2 % for the end effects of windows.
        assert!((seen - mean).abs() < 5.0 * (dispersion / (100.0 * n)).sqrt(), "{seen} {mean}");
        assert!((spread / dispersion - 1.0).abs() < 5.0 * (2.0 / n).sqrt() + 0.02, "{spread} {dispersion}");
    }

    #[test]
    fn it_begins_in_steady_state() {
        let states = [(1.0, 2.0), (1.0, 3.0)];
        assert_eq!([1e-9, 0.4, 0.41, 1.0].map(|u| start(&states, u)), [0, 0, 1, 1]);
        let mut out = vec![1];
        mmpp(Key::new(1, 0), &[0.0, 5.0], &[1.0, 0.0], 1.0).next(&mut out);
        assert!(out.is_empty());
    }
}

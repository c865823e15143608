//! A timetable of rates.

use super::modulated::{Modulated, RatePiece};
use super::{ArrivalProcess, Never, Step};
use crate::rng::Key;
use crate::units::NANOS_PER_SECOND;

/// The non-homogeneous Poisson process of batches, of `size` messages each on average, at a scheduled rate.
pub(super) fn schedule(
    key: Key,
    steps: &[Step],
    repeat: bool,
    ramp: bool,
    size: f64,
) -> Box<dyn ArrivalProcess> {
    let pieces = pieces(steps, repeat, ramp, size);
    let Some(last) = steps.last() else { return Box::new(Never) };
    if repeat {
        // A day without arrivals would be searched for one forever.
        let any = pieces.iter().any(|p| p.lasts > 0.0 && p.from + p.to > 0.0);
        return if any { Box::new(Modulated::new(key, pieces.into_iter().cycle())) } else { Box::new(Never) };
    }
    let rate = last.rate / size / NANOS_PER_SECOND;
    let forever = RatePiece { lasts: f64::INFINITY, from: rate, to: rate };
    Box::new(Modulated::new(key, pieces.into_iter().chain([forever])))
}

fn pieces(steps: &[Step], repeat: bool, ramp: bool, size: f64) -> Vec<RatePiece> {
    let rate = |step: &Step| step.rate / size / NANOS_PER_SECOND;
    let after = |i: usize| match steps.get(i + 1) {
        Some(next) => rate(next),
        None if repeat => rate(&steps[0]),
        None => rate(&steps[i]),
    };
    let piece = |(i, step): (usize, &Step)| RatePiece {
        lasts: step.lasts * NANOS_PER_SECOND,
        from: rate(step),
        to: if ramp { after(i) } else { rate(step) },
    };
    steps.iter().enumerate().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [Step; 3] = [
        Step { lasts: 10.0, rate: 1000.0 },
        Step { lasts: 5.0, rate: 0.0 },
        Step { lasts: 5.0, rate: 2000.0 },
    ];

    /// Arrivals in windows of a second.
    fn counts(mut process: Box<dyn ArrivalProcess>, seconds: usize) -> Vec<f64> {
        let (mut counts, mut out) = (vec![0.0; seconds], Vec::new());
        loop {
            process.next(&mut out);
            for instant in &out {
                match counts.get_mut((instant / 1_000_000_000) as usize) {
                    Some(count) => *count += 1.0,
                    None => return counts,
                }
            }
            if out.is_empty() {
                return counts;
            }
        }
    }

    /// Five standard deviations of Poisson counts: one false alarm in 1.7 million each.
    fn assert_counts(seen: &[f64], expected: impl Fn(usize) -> f64) {
        for (i, seen) in seen.iter().enumerate() {
            assert!(
                (seen - expected(i)).abs() <= 5.0 * expected(i).sqrt(),
                "second {i}: {seen} {}",
                expected(i)
            );
        }
    }

    #[test]
    fn counts_follow_the_timetable() {
        let steps = |i| [1000.0, 1000.0, 0.0, 2000.0][(i % 20) / 5];
        assert_counts(&counts(schedule(Key::new(1, 0), &STEPS, true, false, 1.0), 60), steps);
        let stays = |i| if i < 20 { steps(i) } else { 2000.0 };
        assert_counts(&counts(schedule(Key::new(1, 0), &STEPS, false, false, 1.0), 30), stays);
        assert_counts(&counts(schedule(Key::new(1, 0), &STEPS, true, false, 4.0), 60), |i| steps(i) / 4.0);
    }

    #[test]
    fn ramps_are_straight() {
        let middle = |i: usize| {
            let t = (i % 20) as f64 + 0.5;
            if t < 10.0 {
                1000.0 - 100.0 * t
            } else if t < 15.0 {
                400.0 * (t - 10.0)
            } else {
                2000.0 - 200.0 * (t - 15.0)
            }
        };
        assert_counts(&counts(schedule(Key::new(1, 0), &STEPS, true, true, 1.0), 60), middle);
        assert_counts(&counts(schedule(Key::new(2, 0), &STEPS, false, true, 1.0), 30), |i| {
            if i < 15 { middle(i) } else { 2000.0 }
        });
    }

    #[test]
    fn without_a_rate_it_ends() {
        let idle = [Step { lasts: 1.0, rate: 0.0 }];
        for steps in [&idle[..], &[]] {
            for repeat in [true, false] {
                assert_eq!(counts(schedule(Key::new(1, 0), steps, repeat, true, 1.0), 3), [0.0; 3]);
            }
        }
        let burst = [Step { lasts: 1.0, rate: 500.0 }, Step { lasts: 1.0, rate: 0.0 }];
        assert_counts(&counts(schedule(Key::new(1, 0), &burst, false, false, 1.0), 9), |i| {
            if i == 0 { 500.0 } else { 0.0 }
        });
    }
}

//! Timetables: the rate by time of day or week where the file covers it twice, else piece by piece.

use super::{arrivals::ArrivalStream, rounded};
use crate::scenario::{Arrivals, Step};

pub(super) const DAY: f64 = 86_400.0;
pub(super) const WEEK: f64 = 7.0 * DAY;
/// How many steps a timetable may have, the more the better as long as each has so many messages.
const STEPS: [usize; 6] = [4, 6, 12, 24, 48, 96];
const MESSAGES: f64 = 100.0;

/// A timetable that repeats, from the first instant on; `None` if the file does not cover it twice.
pub(super) fn repeating(instants: &[f64], stream: &ArrivalStream, period: f64) -> Option<Arrivals> {
    let cycles = stream.lasted / period;
    if cycles < 2.0 {
        return None;
    }
    // A step of a week's timetable is as fine as one of a day's.
    let parts = (period / DAY).round().max(1.0);
    let steps = steps(stream.count as f64 / parts)? * parts as usize;
    Some(table(instants, stream, period, steps, true))
}

/// The file's rate piece by piece, once.
pub(super) fn piecewise(instants: &[f64], stream: &ArrivalStream) -> Option<Arrivals> {
    Some(table(instants, stream, stream.lasted, steps(stream.count as f64)?, false))
}

fn steps(messages: f64) -> Option<usize> {
    STEPS.into_iter().rev().find(|steps| messages / *steps as f64 >= MESSAGES)
}

fn table(instants: &[f64], stream: &ArrivalStream, period: f64, steps: usize, repeat: bool) -> Arrivals {
    let (first, lasts) = (instants[0], period / steps as f64);
    let mut counts = vec![0.0; steps];
    // The first message begins the file: it belongs to no gap.
    for at in &instants[1..] {
        let step = ((at - first) / lasts) as usize;
        counts[if repeat { step % steps } else { step.min(steps - 1) }] += 1.0;
    }
    // How long the file was within each step.
    let (whole, rest) = ((stream.lasted / period + 1e-9).floor(), stream.lasted / period);
    let covered = |i: usize| whole * lasts + ((rest - whole) * period - i as f64 * lasts).clamp(0.0, lasts);
    let step = |(i, count): (usize, f64)| Step { lasts: exact(lasts), rate: rounded(count / covered(i)) };
    Arrivals::Schedule { steps: counts.into_iter().enumerate().map(step).collect(), repeat, ramp: false }
}

/// To nine digits: steps that add up to a day.
fn exact(value: f64) -> f64 {
    format!("{value:.9e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::super::{arrivals::stream, traffic::Traffic};
    use super::*;
    use crate::workload::laws::Law;

    #[test]
    fn the_rate_by_time_of_day_is_found_again() {
        let rate = |hour: usize| if (8..20).contains(&hour) { 2.0 } else { 0.2 };
        let steps: Vec<Step> = (0..24).map(|hour| Step { lasts: 3600.0, rate: rate(hour) }).collect();
        let made = Arrivals::Schedule { steps, repeat: true, ramp: false };
        // Two days and a half: 0.2 and 2 a second by turns of half a day.
        let at = Traffic::drawn(&made, 1.1, &Law::ZERO, 0, 190_000 + 4_000).at;
        let stream = stream(&at);
        let Some(Arrivals::Schedule { steps, repeat: true, .. }) = repeating(&at, &stream, DAY) else {
            panic!("{}", stream.lasted)
        };
        assert!((steps.iter().map(|s| s.lasts).sum::<f64>() - DAY).abs() < 1e-3);
        for (i, step) in steps.iter().enumerate() {
            let expected = rate(i * 24 / steps.len());
            // At least 360 messages a step, but where the file begins and ends: five standard errors.
            assert!((step.rate / expected - 1.0).abs() < 0.27, "{i}: {step:?}");
        }
        assert!(
            repeating(&at, &stream, WEEK).is_none()
                && piecewise(&at[..300], &super::super::arrivals::stream(&at[..300])).is_none()
        );
    }
}

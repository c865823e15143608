//! Stamps that were rounded to a unit are spread within it: messages of one second did not come at one
//! instant.

use super::compact::AscendingStamps;
use super::{Finding, Weight};
use crate::rng::Key;
use crate::units::{Time, plain};

/// Units to which clocks and programs round, in nanoseconds.
const UNITS: [i128; 12] = [
    86_400_000_000_000,
    3_600_000_000_000,
    60_000_000_000,
    1_000_000_000,
    100_000_000,
    10_000_000,
    1_000_000,
    100_000,
    10_000,
    1_000,
    100,
    10,
];
/// Below this share of the mean gap rounding changes nothing.
const FINE: f64 = 1e-3;
/// Equal stamps that are told apart by less, in nanoseconds, are of one instant.
const LEAST: i128 = 1_000;
/// From this share on it is told of, even where no two stamps are equal.
const COARSE: f64 = 0.1;
/// From this share on, figures depend on where the stamps were spread.
const ROUGH: f64 = 0.02;
/// Of so many equal stamps as Poisson arrivals would have, the least share for which rounding is the reason.
const EXPECTED: f64 = 0.1;

/// Spreads ascending stamps within the unit to which they are rounded, each where chance puts it, in their
/// order; the unit is at most `coarsest`. Returns it if it did.
pub(super) fn spread(
    stamps: &mut AscendingStamps,
    coarsest: i128,
    heading: &str,
    findings: &mut Vec<Finding>,
) -> Option<i128> {
    let AscendingStamps { base, after: stamps } = stamps;
    let (Some(&first), Some(&last)) = (stamps.first(), stamps.last()) else { return None };
    let count = stamps.len();
    let equal = stamps.windows(2).filter(|w| w[0] == w[1]).count();
    // Zeros alone are multiples of every unit.
    if count < 2 || *base == 0 && last == 0 {
        return None;
    }
    let unit = UNITS
        .into_iter()
        .filter(|unit| *unit <= coarsest)
        .find(|unit| {
            // No sum is beyond twice 292 years.
            let (unit, from) = (*unit as u64, base.rem_euclid(*unit) as u64);
            stamps.iter().all(|at| (at + from).is_multiple_of(unit))
        })
        .unwrap_or(1);
    // Of stamps that are all equal, no more is known than that they came within the unit.
    let gap = if first == last { unit as f64 } else { (last - first) as f64 } / (count - 1) as f64;
    let share = unit as f64 / gap;
    let name = Time(unit as f64 / 1e9);
    let counts = format!(
        "{} of {} stamps of `{heading}` equal the one before",
        plain(equal as f64, 9),
        plain(count as f64, 9)
    );
    let by_rounding = equal as f64 / count as f64 >= EXPECTED * -(-share).exp_m1();
    if equal == 0 || share < FINE || unit < LEAST || !by_rounding {
        let text = match equal {
            0 if share >= COARSE => {
                format!("the stamps of `{heading}` are multiples of {name}: gaps are known to ± {name}")
            }
            0 => return None,
            _ => format!("{counts}, to {name}: taken for messages that came together"),
        };
        findings.push(Finding { weight: Weight::Note, text });
        return None;
    }
    let key = Key::new(1, 0).role("spread", "stamps");
    let mut at = 0;
    while at < count {
        let value = stamps[at];
        let end = at + stamps[at..].partition_point(|s| *s == value);
        for (i, stamp) in stamps[at..end].iter_mut().enumerate() {
            // From (0, 1]: the last nanosecond of the unit at most.
            let offset = (key.uniform_at((at + i) as u64, 0) * unit as f64).ceil() as i128 - 1;
            *stamp = value + offset.clamp(0, unit - 1) as u64;
        }
        stamps[at..end].sort_unstable();
        at = end;
    }
    let text = format!(
        "{counts}, to {name}: they are rounded, and were spread within it by chance; what happens within \
            {name} is not known from the file"
    );
    let weight = if share >= ROUGH { Weight::Caveat } else { Weight::Note };
    findings.push(Finding { weight, text });
    Some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i128 = 1_000_000_000;

    fn spread(
        stamps: &mut [i128],
        coarsest: i128,
        heading: &str,
        findings: &mut Vec<Finding>,
    ) -> Option<i128> {
        let base = stamps[0];
        let after = stamps.iter().map(|at| (at - base) as u64).collect();
        let mut ascending = AscendingStamps { base, after };
        let unit = super::spread(&mut ascending, coarsest, heading, findings);
        stamps.iter_mut().zip(ascending.after).for_each(|(at, after)| *at = base + i128::from(after));
        unit
    }

    /// Times that cannot be told from what they were before rounding: gaps of a Poisson process have a
    /// standard deviation as large as their mean (0.2 s), and five standard errors of 5000 are 7 %.
    #[test]
    fn rounded_stamps_are_spread_and_others_are_left() {
        let key = Key::new(3, 0).role("test", "gaps");
        let mut at = 1_700_000_000_000_000_000;
        let exact: Vec<i128> =
            (0..5000).map(|i| (at += (-2e8 * key.uniform_at(i, 0).ln()) as i128, at).1).collect();
        let mut findings = Vec::new();
        let mut rounded: Vec<i128> = exact.iter().map(|at| at / 1_000_000_000 * 1_000_000_000).collect();
        assert_eq!(spread(&mut rounded, SECOND, "ts", &mut findings), Some(1_000_000_000));
        assert!(
            rounded.is_sorted()
                && rounded.iter().zip(&exact).all(|(a, b)| a / 1_000_000_000 == b / 1_000_000_000)
        );
        let gaps: Vec<f64> = rounded.windows(2).map(|w| (w[1] - w[0]) as f64 / 2e8).collect();
        let mean = gaps.iter().sum::<f64>() / 4999.0;
        let scv = gaps.iter().map(|g| (g / mean - 1.0).powi(2)).sum::<f64>() / 4999.0;
        assert!((scv - 1.0).abs() < 0.14, "{scv}");
        assert!(findings[0].text.contains("rounded") && findings[0].weight == Weight::Caveat, "{findings:?}");
        let mut fine = exact.clone();
        assert_eq!(spread(&mut fine, SECOND, "ts", &mut findings), None);
        assert_eq!((fine, findings.len()), (exact, 1));
        // One a minute and a second is no rounding, though all are whole minutes or seconds.
        let mut steady: Vec<i128> = (0..500).map(|i| i * 60_000_000_000).collect();
        assert_eq!(spread(&mut steady, SECOND, "ts", &mut findings), None);
        assert_eq!(steady[7], 420_000_000_000);
        // Ten on each full minute are a batch, not rounded to minutes: they stay within their second.
        let mut batches: Vec<i128> = (0..500).map(|i| i / 10 * 60 * SECOND).collect();
        assert_eq!(spread(&mut batches, SECOND, "ts", &mut findings), Some(SECOND));
        assert!(batches.iter().enumerate().all(|(i, at)| at / SECOND == i as i128 / 10 * 60));
        let mut one = vec![1_700_000_000_000_000_000; 50];
        assert_eq!(spread(&mut one, SECOND, "ts", &mut findings), Some(SECOND));
        assert!(one.windows(2).all(|w| w[0] < w[1]) && one[49] - one[0] < SECOND);
        // A pair that came together, to the nanosecond.
        let mut pair = vec![0, 1_000_000_007, 1_000_000_007, 3_000_000_001];
        assert_eq!(spread(&mut pair, SECOND, "ts", &mut findings), None);
        assert!(findings.last().is_some_and(|f| f.text.contains("came together")), "{findings:?}");
    }
}

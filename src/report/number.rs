//! Numbers for people: one unit for a whole row, and no more digits than the interval justifies.

use crate::answer::{Estimate, Unit};
use crate::units::{fixed, significant, time_scale};

/// What is shown where nothing is known; never zero.
pub(super) const UNKNOWN: &str = "–";

/// An interval of this share of its value is the arithmetic's, not the method's.
pub(super) use crate::units::NOTHING;
/// A value this much smaller than its unit is zero but for the arithmetic.
const ZERO: f64 = 1e-12;

/// The unit that a row is shown in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// Its size in the metric's SI unit.
    pub size: f64,
    /// Its name; empty for counts, whose row already says what is counted.
    pub unit: &'static str,
}

impl Scale {
    /// The unit in which the largest of these values (SI) reads best.
    pub(super) fn of(unit: Unit, values: impl Iterator<Item = f64>) -> Self {
        let largest = values.filter(|v| v.is_finite()).fold(0.0, |a: f64, b| a.max(b.abs()));
        let (size, unit) = match unit {
            Unit::Seconds => time_scale(largest),
            Unit::PerSecond if largest >= 1e8 => (1e6, "M/s"),
            Unit::PerSecond if largest >= 1e5 => (1e3, "k/s"),
            Unit::PerSecond => (1.0, "/s"),
            Unit::PerHour => (1.0, "/h"),
            Unit::Ratio => (0.01, "%"),
            Unit::Messages | Unit::Servers | Unit::Processors | Unit::Deliveries => (1.0, ""),
        };
        Scale { size, unit }
    }

    /// An estimate in this unit, without the unit's name: `12.4 ±0.2`, `∞`, `–`; `0.012 (0.003–0.041)` and `0
    /// (≤ 0.0015)` where its interval has ends of its own.
    pub(super) fn show(&self, estimate: Option<&Estimate>) -> String {
        let Some(estimate) = estimate else { return UNKNOWN.into() };
        let Some(value) = estimate.value else { return "∞".into() };
        if let Some((low, high)) = estimate.ends {
            let [value, low, high] = [value, low, high].map(|v| figures(v / self.size, None).0);
            return if estimate.value == Some(0.0) {
                format!("0 (≤ {high})")
            } else {
                format!("{value} ({low}–{high})")
            };
        }
        let value = if value.abs() < ZERO * self.size && estimate.half_width.is_none() { 0.0 } else { value };
        let (value, half_width) = figures(value / self.size, estimate.half_width.map(|h| h / self.size));
        half_width.map_or(value.clone(), |h| format!("{value} ±{h}"))
    }

    /// The same with the unit's name.
    pub(super) fn show_with_unit(&self, estimate: Option<&Estimate>) -> String {
        let text = self.show(estimate);
        let bare = estimate.is_none_or(|e| e.value.is_none()) || self.unit.is_empty();
        let gap = if self.unit.starts_with('/') { "" } else { " " };
        if bare { text } else { format!("{text}{gap}{}", self.unit) }
    }
}

/// A value and its half-width with the digits that the half-width justifies, four at most; three where it is
/// not known.
///
/// The half-width is rounded up: an interval may look wider than it is, never narrower.
pub(super) fn figures(value: f64, half_width: Option<f64>) -> (String, Option<String>) {
    // What is left of equal numbers after adding them up is no interval.
    let told = |half: &f64| half.is_finite() && *half > NOTHING * value.abs();
    let Some(half) = half_width.filter(told) else { return (three(value), None) };
    let magnitude = half.log10().floor();
    let kept = if half / 10f64.powf(magnitude) < 2.0 { 1.0 } else { 0.0 };
    let most = if value == 0.0 { 6.0 } else { 3.0 - value.abs().log10().floor() };
    let decimals = (kept - magnitude).min(most).max(0.0);
    if decimals > 7.0 {
        return (format!("{value:.2e}"), Some(format!("{half:.0e}")));
    }
    let step = 10f64.powf(decimals);
    // A whisker below the next step is that step: 0.2 must not become 0.3 because it is stored as 0.2000…01.
    let rounded = (half * step - 1e-9).ceil().max(1.0) / step;
    (fixed(value, decimals as usize), Some(fixed(rounded, decimals as usize)))
}

/// Three significant digits; an exponent only where zeros would bury them.
pub(super) fn three(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-5 { format!("{value:.1e}") } else { significant(value, 3) }
}

/// A relative difference for people, such as `+12 %`.
pub(super) fn relative(difference: f64) -> String {
    let percent = difference * 100.0;
    match percent.abs() {
        p if !p.is_finite() => UNKNOWN.into(),
        p if p < 0.05 => "0 %".into(),
        p if p < 9.95 => format!("{percent:+.1} %"),
        p if p < 999.5 => format!("{percent:+.0} %"),
        _ => format!("×{}", significant(1.0 + difference, 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_follow_the_interval() {
        for (value, half, expected) in [
            (12.3456, 0.2, "12.3 ±0.2"),
            (12.3456, 0.0134, "12.35 ±0.02"),
            (12.3456, 0.000_01, "12.35 ±0.01"),
            (899.87, 1.3, "899.9 ±1.3"),
            (0.0, 0.3, "0.0 ±0.3"),
            (12345.6, 300.0, "12\u{202f}346 ±300"),
            (5.0, 12.0, "5 ±12"),
        ] {
            let (value, half) = figures(value, Some(half));
            assert_eq!(format!("{value} ±{}", half.unwrap_or_default()), expected);
        }
        assert_eq!(figures(12.3456, None), ("12.3".into(), None));
        assert_eq!(figures(1.0, Some(1.6e-16)), ("1.00".into(), None));
        assert_eq!(figures(1.0, Some(1e-8)), ("1.000".into(), Some("0.001".into())));
        assert_eq!(figures(1.0, Some(1e-10)), ("1.00".into(), None));
        assert_eq!(figures(3e-9, None).0, "3.0e-9");
    }

    #[test]
    fn a_row_has_one_unit_and_the_unknown_stays_unknown() {
        let scale = Scale::of(Unit::Seconds, [0.0004, 0.012].into_iter());
        assert_eq!(scale.show_with_unit(Some(&Estimate::exact(0.0004))), "0.400 ms");
        assert_eq!(scale.show_with_unit(Some(&Estimate::infinite())), "∞");
        assert_eq!(scale.show_with_unit(None), "–");
        assert_eq!(
            Scale::of(Unit::Seconds, [3.3e-63].into_iter()).show(Some(&Estimate::exact(3.3e-63))),
            "0"
        );
        let percent = Scale::of(Unit::Ratio, [0.9].into_iter());
        assert_eq!(percent.show_with_unit(Some(&Estimate::between(0.0, 0.0, 1.5e-5))), "0 (≤ 0.00150) %");
        assert_eq!(percent.show(Some(&Estimate::between(0.001, 0.0004, 0.0021))), "0.100 (0.0400–0.210)");
        assert_eq!(
            Scale::of(Unit::Ratio, [0.9].into_iter()).show_with_unit(Some(&Estimate::exact(0.9))),
            "90.0 %"
        );
    }

    #[test]
    fn differences_are_signed() {
        assert_eq!(relative(0.1234), "+12 %");
        assert_eq!(relative(-0.0123), "-1.2 %");
        assert_eq!(relative(1e-9), "0 %");
    }
}

//! A difference between two configurations in words and figures.

use super::number::{Scale, relative, three};
use crate::answer::{Estimate, Unit, metric_of};
use crate::study::compare::{ComparedBy, Difference};
use crate::units::significant;

/// Figures that are so many times apart are told in units of their own.
const FAR: f64 = 20.0;

/// A difference of so many per cent is told as a multiple.
const MUCH: f64 = 999.5;

/// Both figures, as `103 → 461 ms`.
pub(super) fn figures(row: &Difference) -> String {
    let [a, b] = [row.a, row.b].map(Estimate::exact);
    let (of_a, of_b) = (scale_of(row, row.a), scale_of(row, row.b));
    let far = row.a > FAR * row.b || row.b > FAR * row.a;
    match far && of_a != of_b {
        true => format!("{} → {}", of_a.show_with_unit(Some(&a)), of_b.show_with_unit(Some(&b))),
        false => format!("{} → {}", scale(row).show(Some(&a)), scale(row).show_with_unit(Some(&b))),
    }
}

/// The difference as a share of the first figure.
pub(super) fn by(row: &Difference) -> String {
    match row.relative() {
        Some(share) if share < 1.0 / FAR - 1.0 && row.b > 0.0 => {
            format!("÷{}", significant(row.a / row.b, 2))
        }
        share => share.map_or("from nothing".into(), relative),
    }
}

/// The difference as a share of the first figure, with its interval: `+5.0 ±0.4 %`.
pub(super) fn share(row: &Difference) -> String {
    let half =
        row.half_width.filter(|half| row.a != 0.0 && *half > 0.0).map(|half| 100.0 * half / row.a.abs());
    let percent = row.relative().map(|share| 100.0 * share);
    match (percent, half) {
        (Some(percent), Some(half)) if percent.abs() < MUCH && row.b.abs() * FAR > row.a.abs() => {
            let (value, half) = super::number::figures(percent, Some(half));
            let nothing = value.trim_start_matches('-').chars().all(|c| c == '0' || c == '.');
            let sign = if percent > 0.0 && !nothing { "+" } else { "" };
            half.map_or_else(|| by(row), |half| format!("{sign}{value} ±{half} %"))
        }
        _ => by(row),
    }
}

pub(super) fn could_be(row: &Difference) -> String {
    row.could_be()
        .map_or("neither has any".into(), |share| format!("it could be ±{} %", three(share * 100.0)))
}

/// The unit in which both figures are shown.
pub(super) fn scale(row: &Difference) -> Scale {
    scale_of(row, row.a.abs().max(row.b.abs()))
}

/// The unit that fits one figure.
pub(super) fn scale_of(row: &Difference, value: f64) -> Scale {
    let unit = metric_of(&row.metric).map_or(Unit::Messages, |m| m.unit);
    Scale::of(unit, std::iter::once(value))
}

/// How the figures were made.
pub(super) fn by_what(by: &ComparedBy) -> String {
    match by {
        ComparedBy::Simulation { replications } => {
            format!("simulated on the same random numbers, {replications} replications")
        }
        ComparedBy::Theory(models) if models.is_empty() => "theory".into(),
        ComparedBy::Theory(models) => format!("theory ({})", models.join(" and ")),
        ComparedBy::Measurement { rounds } => format!("measured in turns A B B A, {rounds} times"),
        ComparedBy::Saved(method) => format!("{} as saved", method.name()),
    }
}

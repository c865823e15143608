//! A column of times becomes seconds.

use super::cell::Cell;
use super::column::{FileColumn, Why};
use super::compact::{LineNumbers, SecondsColumn};
use super::decimal::sentinel;
use super::refusal::TimesFileError;
use super::{ColumnRole, Finding, Weight};
use crate::units::{self, Time, plain};

/// Seconds from which on half of a column's times are no seconds without a word.
const SURELY: f64 = 1000.0;
/// Half of the times above a day are told of, whatever the heading says.
const LONG: f64 = 86_400.0;
/// From this share of zeros on they are told of.
const ZEROS: f64 = 0.1;
/// The least time above zero that is not rounded to it.
const LEAST: f64 = 0.5e-9;

/// Seconds, row by row; what is none is counted in the column.
pub(super) fn seconds(
    column: &mut FileColumn,
    lines: &LineNumbers,
    role: ColumnRole,
    findings: &mut Vec<Finding>,
) -> Result<SecondsColumn, TimesFileError> {
    let cells = std::mem::take(&mut column.cells);
    let united = cells.iter().any(|cell| matches!(cell, Cell::Lasting(_)));
    let per_second = column.unit.map_or(1.0, |unit| unit.per_second());
    let mut out = SecondsColumn::default();
    for (row, cell) in cells.iter().enumerate() {
        let read = match cell {
            Cell::Nothing => {
                out.push(None);
                continue;
            }
            Cell::Moment(_) => Err(Why::NoTime),
            Cell::Lasting(seconds) => held(seconds),
            Cell::Number(number) => {
                let value = number.value();
                match sentinel(value) {
                    Some(what) => Err(Why::Sentinel(what)),
                    None if value != 0.0 && united && column.unit.is_none() => Err(Why::Unitless),
                    // What is divided may come out as zero.
                    None if value > 0.0 && value / per_second < LEAST => Err(Why::TooShort),
                    None => held(value / per_second),
                }
            }
        };
        match read {
            Ok(seconds) => out.push(Some(seconds)),
            Err(why) => {
                out.push(None);
                column.leave_out(why, lines.of(row), || cell.to_string());
            }
        }
    }
    let median = median(&out).ok_or_else(|| column.timeless())?;
    let zeros = out.iter().flatten().filter(|seconds| *seconds == 0.0).count();
    let known = out.iter().flatten().count();
    if zeros < known && zeros as f64 >= ZEROS * known as f64 && role != ColumnRole::Gap {
        let text = format!(
            "{} of {} times of `{}` are 0 and count as such: were they not measured, or rounded?",
            plain(zeros as f64, 9),
            plain(known as f64, 9),
            column.heading
        );
        findings.push(Finding { weight: Weight::Caveat, text });
    }
    if column.unit.is_none() && !united {
        if median >= SURELY {
            return Err(TimesFileError::Unitless { role, heading: column.heading.clone(), median });
        }
        let text = format!(
            "`{}` has no unit in its name: taken for seconds; write _s, _ms, _us or _ns",
            column.heading
        );
        findings.push(Finding { weight: Weight::Caveat, text });
    } else if median >= LONG {
        let text = format!(
            "half of the times of `{}` are above {}: is its unit right?",
            column.heading,
            Time(median)
        );
        findings.push(Finding { weight: Weight::Caveat, text });
    }
    Ok(out)
}

fn held(seconds: f64) -> Result<f64, Why> {
    match seconds {
        s if s < 0.0 => Err(Why::Negative),
        s if s > 0.0 && s < LEAST => Err(Why::TooShort),
        s if units::nanos(s).is_none() => Err(Why::TooLong),
        s => Ok(s),
    }
}

fn median(values: &SecondsColumn) -> Option<f64> {
    let mut known: Vec<f64> = values.iter().flatten().collect();
    let middle = known.len() / 2;
    (!known.is_empty()).then(|| *known.select_nth_unstable_by(middle, f64::total_cmp).1)
}

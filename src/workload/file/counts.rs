//! Rows that stand for many messages: a second of a load test each.

use super::Finding;
use super::cell::Cell;
use super::compact::{AscendingStamps, RowOrder};
use super::refusal::TimesFileError;
use super::rows::TableRows;
use crate::rng::Key;
use crate::units::{Time, plain};

/// Messages that rows may stand for in all.
const MOST: f64 = 2e7;
/// The share of steps that have to be equal for rows to be a summary of equal times.
const REGULAR: f64 = 0.8;
/// Fewer rows do not show it.
const FEW: usize = 3;

/// The messages of rows that are equally far apart, spread evenly at random over the time of each, and that
/// time; `None` if the rows are not: then each is a message.
pub(super) fn spread(
    rows: &TableRows,
    column: usize,
    rate: bool,
    order: &RowOrder,
    stamps: &AscendingStamps,
    findings: &mut Vec<Finding>,
) -> Result<Option<(AscendingStamps, i128)>, TimesFileError> {
    let AscendingStamps { base, after } = stamps;
    let Some(column) = rows.columns.get(&column).filter(|_| after.len() >= FEW) else { return Ok(None) };
    // The rows without an instant come last.
    let stamped = || order.rows().take(after.len());
    let mut steps: Vec<u64> = after.windows(2).map(|w| w[1] - w[0]).collect();
    let middle = steps.len() / 2;
    let step = *steps.select_nth_unstable(middle).1;
    let regular = steps.iter().filter(|s| **s == step).count();
    if step == 0 || (regular as f64) < REGULAR * steps.len() as f64 {
        return Ok(None);
    }
    let each = if rate { step as f64 / 1e9 } else { 1.0 };
    let count = |row: usize| match column.cells.get(row) {
        Cell::Number(number) => (number.value() * each).max(0.0),
        _ => 0.0,
    };
    let total: f64 = stamped().map(count).sum();
    if total.is_nan() || total > MOST {
        let why = format!(
            "`{}` says that its rows stand for {} messages, more than {MOST}",
            column.heading,
            plain(total, 3)
        );
        return Err(TimesFileError::Other(why, "give a shorter part of it".into()));
    }
    if total < 0.5 {
        return Err(TimesFileError::Other(
            format!("`{}` counts no messages", column.heading),
            "leave the column out if each row is a message".into(),
        ));
    }
    let negative = stamped()
        .filter(|row| matches!(column.cells.get(*row), Cell::Number(number) if number.value() < 0.0))
        .count();
    if negative > 0 {
        let text = format!(
            "`{}`: {} counts are negative and taken for none",
            column.heading,
            plain(negative as f64, 9)
        );
        findings.push(Finding::caveat(text));
    }
    let key = Key::new(1, 0).role("spread", "counts");
    let (mut out, mut owed) = (Vec::with_capacity(total as usize), 0.0);
    for (row, at) in stamped().zip(after) {
        owed += count(row);
        let from = out.len();
        // What is left of a broken count is the next row's.
        while owed >= 0.5 {
            owed -= 1.0;
            let offset = (key.uniform_at(out.len() as u64, 0) * step as f64) as u64;
            out.push(at + offset.min(step - 1));
        }
        out[from..].sort_unstable();
    }
    let text = format!(
        "each row stands for many messages: `{}` counts {}, spread evenly by chance over the {} of each; \
            bursts within that are not known",
        column.heading,
        plain(out.len() as f64, 9),
        Time(step as f64 / 1e9)
    );
    findings.push(Finding::caveat(text));
    Ok(Some((AscendingStamps { base: *base, after: out }, step.into())))
}

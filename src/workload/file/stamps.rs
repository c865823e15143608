//! A column of instants becomes nanoseconds in order: their unit by name or size, and those that lie far from
//! all others.

use super::cell::Cell;
use super::column::{FileColumn, Why};
use super::compact::{CompactCells, LineNumbers, NanoColumn};
use super::decimal::{TimeUnit, sentinel};
use super::refusal::TimesFileError;
use super::{Finding, Weight};
use crate::units::{MAX_NANOS, Time, plain};

/// The year 2200, in nanoseconds since 1970: later ones are of another unit.
const LATEST: i128 = 7_258_118_400 * 1_000_000_000;
/// The year 1973: numbers beyond it are of dates, and 0 is none.
const EARLIEST: f64 = 1e17;
/// So many times as long as all the rest lasts is far from it.
const FAR: i128 = 10;
/// Fewer stamps than this do not say which of them are the odd ones.
const FEW: usize = 20;
/// The share of rows that may go back before a file is one that has no order.
const ODD: f64 = 0.01;

/// Nanoseconds, row by row; `None` where a cell holds none or one that cannot be.
pub(super) fn nanos(
    column: &mut FileColumn,
    lines: &LineNumbers,
    findings: &mut Vec<Finding>,
) -> Result<NanoColumn, TimesFileError> {
    let cells = std::mem::take(&mut column.cells);
    let dates = cells.iter().filter(|cell| matches!(cell, Cell::Moment(_))).count();
    let numbers = cells.iter().filter(|cell| matches!(cell, Cell::Number(_))).count();
    let dated = dates >= numbers;
    let size = size(&cells);
    let unit = if dated { TimeUnit::Second } else { unit(column, size, findings) };
    let since_1970 = size * unit.nanos() as f64 >= EARLIEST;
    if dated && cells.iter().any(|cell| matches!(cell, Cell::Moment(m) if !m.zoned)) {
        let text = format!("`{}` names no zone: taken for UTC", column.heading);
        findings.push(Finding { weight: Weight::Note, text });
    }
    let mut out = NanoColumn::with_capacity(cells.len());
    for (row, cell) in cells.iter().enumerate() {
        let read = match cell {
            Cell::Nothing => {
                out.push(None);
                continue;
            }
            Cell::Moment(moment) if dated => Ok(moment.nanos),
            Cell::Number(number) if !dated => {
                match sentinel(number.value()).filter(|_| number.nanos(unit).is_none_or(|at| at > LATEST)) {
                    Some(what) => Err(Why::Sentinel(what)),
                    None if since_1970 && number.value() == 0.0 => Err(Why::Sentinel("0")),
                    None => number.nanos(unit).ok_or(Why::TooLong),
                }
            }
            Cell::Lasting(_) => Err(Why::Span),
            _ => Err(Why::NoTime),
        };
        out.push(read.ok());
        if let Err(why) = read {
            column.leave_out(why, lines.of(row), || cell.to_string());
        }
    }
    leave_far_out(column, &mut out, (&cells, lines), findings)?;
    let (Some(first), Some(last)) = (out.known().min(), out.known().max()) else {
        return Err(column.timeless());
    };
    if last - first > i128::from(MAX_NANOS) {
        let why = format!(
            "the instants of `{}` reach over more than 292 years, which whole nanoseconds cannot hold",
            column.heading
        );
        return Err(TimesFileError::Other(why, "leave out those that are none, or say their unit".into()));
    }
    Ok(out)
}

/// The longest unit to which stamps of a column can have been rounded: what stands beyond the last place that
/// is written may be a batch on the full minute, but no rounding.
pub(super) fn coarsest(column: &FileColumn) -> i128 {
    column.grain.or(column.unit).unwrap_or(TimeUnit::Second).max(TimeUnit::Second).nanos()
}

/// The middle of the numbers that are not 0, which many programs write for no time.
fn size(cells: &CompactCells) -> f64 {
    let size = |cell: Cell| if let Cell::Number(number) = cell { Some(number.value().abs()) } else { None };
    let mut sizes: Vec<f64> = cells.iter().filter_map(size).filter(|size| *size > 0.0).collect();
    let middle = sizes.len() / 2;
    if sizes.is_empty() { 0.0 } else { *sizes.select_nth_unstable_by(middle, f64::total_cmp).1 }
}

/// The unit of numbers: what the heading says, unless dates would then be beyond 2200; without a word, by
/// their size.
fn unit(column: &FileColumn, size: f64, findings: &mut Vec<Finding>) -> TimeUnit {
    // Since September 2001 seconds have ten digits, milliseconds thirteen, and so on.
    let by_size = match size {
        s if s >= 1e17 => Some(TimeUnit::Nanosecond),
        s if s >= 1e14 => Some(TimeUnit::Microsecond),
        s if s >= 1e11 => Some(TimeUnit::Millisecond),
        s if s >= 1e8 => Some(TimeUnit::Second),
        _ => None,
    };
    let (weight, unit, text) = match (column.unit, by_size) {
        (Some(named), Some(unit)) if size * named.nanos() as f64 > LATEST as f64 => (
            Weight::Caveat,
            unit,
            format!(
                "`{}` counts {} since 1970, by the size of its numbers; its name says {}",
                column.heading,
                unit.words(),
                named.words()
            ),
        ),
        (Some(named), _) => return named,
        (None, Some(unit)) => (
            Weight::Note,
            unit,
            format!("`{}` counts {} since 1970, by the size of its numbers", column.heading, unit.words()),
        ),
        (None, None) => (
            Weight::Caveat,
            TimeUnit::Second,
            format!(
                "`{}` has no unit in its name: taken for seconds; write _s, _ms, _us or _ns",
                column.heading
            ),
        ),
    };
    findings.push(Finding { weight, text });
    unit
}

/// Leaves out the few stamps that lie far from all others.
fn leave_far_out(
    column: &mut FileColumn,
    out: &mut NanoColumn,
    (cells, lines): (&CompactCells, &LineNumbers),
    findings: &mut Vec<Finding>,
) -> Result<(), TimesFileError> {
    let heading = column.heading.as_str();
    let kept = out.sorted(|at, count| without_far(at, count, heading, findings))?;
    let Some((first, last)) = kept else { return Ok(()) };
    for row in 0..out.len() {
        if out.get(row).is_some_and(|at| at < first || at > last) {
            out.clear(row);
            column.leave_out(Why::Far, lines.of(row), || cells.get(row).to_string());
        }
    }
    Ok(())
}

/// The first and the last of so many ascending stamps that do not lie far from all others; tells of a long
/// silence between many and many.
fn without_far(
    at: &dyn Fn(usize) -> i128,
    count: usize,
    heading: &str,
    findings: &mut Vec<Finding>,
) -> Result<Option<(i128, i128)>, TimesFileError> {
    let (mut low, mut high) = (0, count);
    while high - low >= FEW {
        let gap = |i: &usize| at(*i) - at(*i - 1);
        let Some(cut) = (low + 1..high).max_by_key(gap) else { break };
        let span = |from: usize, to: usize| at(to - 1) - at(from);
        let (silence, longest) =
            (gap(&cut), span(low, cut).max(span(cut, high)).max(TimeUnit::Second.nanos()));
        if silence <= FAR * longest {
            break;
        }
        let (before, after) = (cut - low, high - cut);
        if before.min(after) > ((high - low) / 100).max(1) {
            if mixed(at(low + before / 2), at(cut + after / 2)) {
                let why = format!("`{heading}` holds {before} stamps in one unit and {after} in another");
                return Err(TimesFileError::Other(why, "write all of them in one unit".into()));
            }
            let text = format!("`{heading}` has {} without any row in it", Time(silence as f64 / 1e9));
            findings.push(Finding { weight: Weight::Caveat, text });
            break;
        }
        if before < after { low = cut } else { high = cut }
    }
    Ok((high > low).then(|| (at(low), at(high - 1))))
}

/// Whether two groups of stamps are one in two units, by the middle of each: they are a thousand, a million or
/// a billion times apart.
fn mixed(low: i128, high: i128) -> bool {
    let ratio = high as f64 / low as f64;
    [1e3, 1e6, 1e9].iter().any(|k| (0.8..1.25).contains(&(ratio / k)))
}

/// Tells of rows that go back in time.
pub(super) fn order(heading: &str, at: &NanoColumn, findings: &mut Vec<Finding>) {
    let back = || at.steps().map(|(before, after)| before - after).filter(|back| *back > 0);
    let Some(most) = back().max() else { return };
    let (back, rows) = (back().count(), at.known().count());
    let few = (back as f64) <= (ODD * rows as f64).max(1.0) && rows >= FEW;
    let clock = if few { "; if a clock was set back, rows overlap that did not" } else { "" };
    let text = format!(
        "`{heading}` goes back in {} of {} rows, by up to {}: it was sorted{clock}",
        plain(back as f64, 9),
        plain(rows as f64, 9),
        Time(most as f64 / 1e9)
    );
    findings.push(Finding { weight: if few { Weight::Caveat } else { Weight::Note }, text });
}

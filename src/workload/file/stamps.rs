//! A column of instants becomes nanoseconds in order: their unit by name or size, and those that lie far from
//! all others.

use super::cell::Cell;
use super::column::{FileColumn, Why};
use super::decimal::{Decimal, TimeUnit, sentinel};
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
    lines: &[u64],
    findings: &mut Vec<Finding>,
) -> Result<Vec<Option<i128>>, TimesFileError> {
    let dates = column.cells.iter().filter(|cell| matches!(cell, Cell::Moment(_))).count();
    let numbers: Vec<Decimal> = column
        .cells
        .iter()
        .filter_map(|cell| if let Cell::Number(n) = cell { Some(*n) } else { None })
        .collect();
    let dated = dates >= numbers.len();
    let size = size(&numbers);
    let unit = if dated { TimeUnit::Second } else { unit(column, size, findings) };
    let since_1970 = size * unit.nanos() as f64 >= EARLIEST;
    if dated && column.cells.iter().any(|cell| matches!(cell, Cell::Moment(m) if !m.zoned)) {
        let text = format!("`{}` names no zone: taken for UTC", column.heading);
        findings.push(Finding { weight: Weight::Note, text });
    }
    let mut out = Vec::with_capacity(column.cells.len());
    for (i, &line) in lines.iter().enumerate() {
        let cell = column.cells[i];
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
            column.leave_out(why, line, || cell.to_string());
        }
    }
    leave_far_out(column, &mut out, lines, findings)?;
    let known = || out.iter().flatten();
    let (Some(first), Some(last)) = (known().min(), known().max()) else { return Err(column.timeless()) };
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
    let grain = |cell: &Cell| if let Cell::Moment(moment) = cell { Some(moment.grain) } else { None };
    column
        .cells
        .iter()
        .filter_map(grain)
        .min()
        .or(column.unit)
        .unwrap_or(TimeUnit::Second)
        .max(TimeUnit::Second)
        .nanos()
}

/// The middle of the numbers that are not 0, which many programs write for no time.
fn size(numbers: &[Decimal]) -> f64 {
    let mut sizes: Vec<f64> = numbers.iter().map(|n| n.value().abs()).filter(|size| *size > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(0.0)
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

/// Leaves out the few stamps that lie far from all others, and tells of a long silence between many and many.
fn leave_far_out(
    column: &mut FileColumn,
    out: &mut [Option<i128>],
    lines: &[u64],
    findings: &mut Vec<Finding>,
) -> Result<(), TimesFileError> {
    let mut sorted: Vec<i128> = out.iter().flatten().copied().collect();
    sorted.sort_unstable();
    let (mut low, mut high) = (0, sorted.len());
    while high - low >= FEW {
        let kept = &sorted[low..high];
        let Some(cut) = (1..kept.len()).max_by_key(|i| kept[*i] - kept[*i - 1]) else { break };
        let (before, after) = kept.split_at(cut);
        let span = |part: &[i128]| part[part.len() - 1] - part[0];
        let (silence, longest) = (
            after[0] - before[before.len() - 1],
            span(before).max(span(after)).max(TimeUnit::Second.nanos()),
        );
        if silence <= FAR * longest {
            break;
        }
        let fewer = before.len().min(after.len());
        if fewer > (kept.len() / 100).max(1) {
            if mixed(before, after) {
                let why = format!(
                    "`{}` holds {} stamps in one unit and {} in another",
                    column.heading,
                    before.len(),
                    after.len()
                );
                return Err(TimesFileError::Other(why, "write all of them in one unit".into()));
            }
            let text =
                format!("`{}` has {} without any row in it", column.heading, Time(silence as f64 / 1e9));
            findings.push(Finding { weight: Weight::Caveat, text });
            break;
        }
        if before.len() < after.len() { low += cut } else { high = low + cut }
    }
    let (Some(first), Some(last)) = (sorted.get(low).copied(), sorted.get(high.wrapping_sub(1)).copied())
    else {
        return Ok(());
    };
    for (i, at) in out.iter_mut().enumerate() {
        if at.is_some_and(|at| at < first || at > last) {
            *at = None;
            let cell = column.cells[i];
            column.leave_out(Why::Far, lines[i], || cell.to_string());
        }
    }
    Ok(())
}

/// Whether two groups of stamps are one in two units: their sizes are a thousand, a million or a billion
/// times apart.
fn mixed(low: &[i128], high: &[i128]) -> bool {
    let middle = |part: &[i128]| part[part.len() / 2] as f64;
    let ratio = middle(high) / middle(low);
    [1e3, 1e6, 1e9].iter().any(|k| (0.8..1.25).contains(&(ratio / k)))
}

/// Tells of rows that go back in time.
pub(super) fn order(heading: &str, out: &[Option<i128>], findings: &mut Vec<Finding>) {
    let known: Vec<i128> = out.iter().flatten().copied().collect();
    let back: Vec<i128> = known.windows(2).map(|w| w[0] - w[1]).filter(|back| *back > 0).collect();
    let Some(most) = back.iter().max() else { return };
    let rows = known.len();
    let few = (back.len() as f64) <= (ODD * rows as f64).max(1.0) && rows >= FEW;
    let clock = if few { "; if a clock was set back, rows overlap that did not" } else { "" };
    let text = format!(
        "`{heading}` goes back in {} of {} rows, by up to {}: it was sorted{clock}",
        plain(back.len() as f64, 9),
        plain(rows as f64, 9),
        Time(*most as f64 / 1e9)
    );
    findings.push(Finding { weight: if few { Weight::Caveat } else { Weight::Note }, text });
}

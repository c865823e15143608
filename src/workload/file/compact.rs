//! Columns of a file in as little room as they need: there are files of ten million rows.

use super::cell::Cell;
use super::dates::ParsedDate;
use super::decimal::{Decimal, TimeUnit};
use std::collections::BTreeMap;

/// Kinds of cells that are no number; a number's kind is its exponent.
const NOTHING: i8 = i8::MIN;
const LASTING: i8 = i8::MIN + 1;
const ELSEWHERE: i8 = i8::MIN + 2;
const MOMENT: i8 = 100;
/// The largest exponent of a number, to either side.
const MOST: i32 = 90;
/// Units by their place in the order of [`TimeUnit`].
const UNITS: [TimeUnit; 7] = [
    TimeUnit::Nanosecond,
    TimeUnit::Microsecond,
    TimeUnit::Millisecond,
    TimeUnit::Second,
    TimeUnit::Minute,
    TimeUnit::Hour,
    TimeUnit::Day,
];

/// The cells of a column, in nine bytes each.
#[derive(Debug, Default)]
pub(super) struct CompactCells {
    /// A number's digits, a moment's nanoseconds, or the bits of a span's seconds.
    values: Vec<i64>,
    kinds: Vec<i8>,
    /// Those that need more room, by row.
    elsewhere: BTreeMap<usize, Cell>,
}

impl CompactCells {
    pub(super) fn push(&mut self, cell: Cell) {
        let narrow = |value: i128| i64::try_from(value).ok();
        let held = match cell {
            Cell::Nothing => Some((0, NOTHING)),
            Cell::Lasting(seconds) => Some((seconds.to_bits() as i64, LASTING)),
            Cell::Number(number) if number.exponent.abs() <= MOST => {
                narrow(number.mantissa).map(|digits| (digits, number.exponent as i8))
            }
            Cell::Number(_) => None,
            Cell::Moment(moment) => narrow(moment.nanos)
                .map(|nanos| (nanos, MOMENT + 7 * i8::from(moment.zoned) + moment.grain as i8)),
        };
        let (value, kind) = held.unwrap_or_else(|| {
            self.elsewhere.insert(self.kinds.len(), cell);
            (0, ELSEWHERE)
        });
        self.values.push(value);
        self.kinds.push(kind);
    }

    pub(super) fn get(&self, row: usize) -> Cell {
        let value = self.values[row];
        match self.kinds[row] {
            NOTHING => Cell::Nothing,
            LASTING => Cell::Lasting(f64::from_bits(value as u64)),
            ELSEWHERE => self.elsewhere.get(&row).copied().unwrap_or(Cell::Nothing),
            kind @ MOMENT.. => Cell::Moment(ParsedDate {
                nanos: value.into(),
                zoned: kind - MOMENT >= 7,
                grain: UNITS[(kind - MOMENT) as usize % UNITS.len()],
            }),
            exponent => Cell::Number(Decimal { mantissa: value.into(), exponent: exponent.into() }),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.kinds.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Cell> {
        (0..self.len()).map(|row| self.get(row))
    }
}

/// No instant.
const NONE: i64 = i64::MIN;
/// An instant that needs more room.
const WIDE: i64 = i64::MIN + 1;

/// Instants in nanoseconds row by row, in eight bytes each; some rows have none.
#[derive(Debug, Clone, Default)]
pub(super) struct NanoColumn {
    narrow: Vec<i64>,
    /// Those that need more room, by row.
    wide: BTreeMap<usize, i128>,
}

impl NanoColumn {
    pub(super) fn with_capacity(rows: usize) -> Self {
        NanoColumn { narrow: Vec::with_capacity(rows), wide: BTreeMap::new() }
    }

    pub(super) fn push(&mut self, at: Option<i128>) {
        let held = match at.map(|at| i64::try_from(at).ok().filter(|at| *at > WIDE).ok_or(at)) {
            None => NONE,
            Some(Ok(at)) => at,
            Some(Err(at)) => {
                self.wide.insert(self.narrow.len(), at);
                WIDE
            }
        };
        self.narrow.push(held);
    }

    pub(super) fn get(&self, row: usize) -> Option<i128> {
        match self.narrow[row] {
            NONE => None,
            WIDE => self.wide.get(&row).copied(),
            at => Some(at.into()),
        }
    }

    /// A row has no instant after all.
    pub(super) fn clear(&mut self, row: usize) {
        self.narrow[row] = NONE;
        self.wide.remove(&row);
    }

    pub(super) fn len(&self) -> usize {
        self.narrow.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Option<i128>> {
        (0..self.len()).map(|row| self.get(row))
    }

    /// All instants, in the order of their rows.
    pub(super) fn known(&self) -> impl Iterator<Item = i128> {
        self.iter().flatten()
    }

    /// Each instant with the one before.
    pub(super) fn steps(&self) -> impl Iterator<Item = (i128, i128)> {
        self.known().zip(self.known().skip(1))
    }

    /// What `see` makes of all instants in ascending order; they are copied only where they are in none.
    pub(super) fn sorted<T>(&self, see: impl FnOnce(&dyn Fn(usize) -> i128, usize) -> T) -> T {
        if self.wide.is_empty() {
            if self.narrow.first().is_none_or(|first| *first > WIDE) && self.narrow.is_sorted() {
                return see(&|i| self.narrow[i].into(), self.narrow.len());
            }
            let mut sorted: Vec<i64> = self.narrow.iter().copied().filter(|at| *at > WIDE).collect();
            sorted.sort_unstable();
            return see(&|i| sorted[i].into(), sorted.len());
        }
        let mut sorted: Vec<i128> = self.known().collect();
        sorted.sort_unstable();
        see(&|i| sorted[i], sorted.len())
    }
}

impl FromIterator<Option<i128>> for NanoColumn {
    fn from_iter<I: IntoIterator<Item = Option<i128>>>(instants: I) -> Self {
        let mut out = NanoColumn::default();
        instants.into_iter().for_each(|at| out.push(at));
        out
    }
}

/// Ascending instants in nanoseconds, none of them more than 292 years after the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AscendingStamps {
    /// From which all of them count.
    pub base: i128,
    pub after: Vec<u64>,
}

impl AscendingStamps {
    /// The instants of a column in their order.
    pub(super) fn of(column: NanoColumn, order: &RowOrder) -> Self {
        let mut instants = order.rows().filter_map(|row| column.get(row));
        let base = instants.next().unwrap_or(0);
        if let (RowOrder::File(_), true, Ok(base)) = (order, column.wide.is_empty(), i64::try_from(base)) {
            drop(instants);
            // Both fit, and so does what is between them.
            let after = column.narrow.into_iter().map(|at| at.wrapping_sub(base) as u64).collect();
            return AscendingStamps { base: base.into(), after };
        }
        let after = std::iter::once(base).chain(instants).map(|at| (at - base) as u64);
        let some = column.known().next().is_some();
        AscendingStamps { base, after: if some { after.collect() } else { Vec::new() } }
    }
}

/// In which order the rows of a file are taken.
#[derive(Debug)]
pub(super) enum RowOrder {
    /// As they are in the file, which has so many.
    File(usize),
    Other(Vec<u32>),
}

impl RowOrder {
    /// That of the instants, those of one instant as in the file, and behind them the rows that have none.
    pub(super) fn of(column: &NanoColumn) -> Self {
        let rows = column.len();
        if column.known().count() == rows && column.steps().all(|(before, after)| before <= after) {
            return RowOrder::File(rows);
        }
        let (mut order, without): (Vec<u32>, Vec<u32>) =
            (0..rows as u32).partition(|row| column.get(*row as usize).is_some());
        order.sort_by_key(|row| column.get(*row as usize));
        order.extend(without);
        RowOrder::Other(order)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        let (all, other) = match self {
            RowOrder::File(rows) => (0..*rows, &[][..]),
            RowOrder::Other(rows) => (0..0, rows.as_slice()),
        };
        all.chain(other.iter().map(|row| *row as usize))
    }
}

/// Seconds row by row, in eight bytes each; some rows have none.
#[derive(Debug, Clone, Default)]
pub(super) struct SecondsColumn(Vec<f64>);

impl SecondsColumn {
    pub(super) fn push(&mut self, seconds: Option<f64>) {
        self.0.push(seconds.unwrap_or(f64::NAN));
    }

    pub(super) fn get(&self, row: usize) -> Option<f64> {
        Some(self.0[row]).filter(|seconds| !seconds.is_nan())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Option<f64>> {
        (0..self.0.len()).map(|row| self.get(row))
    }

    /// Those that there are, in the order of their rows.
    pub(super) fn known(mut self) -> Vec<f64> {
        self.0.retain(|seconds| !seconds.is_nan());
        self.0
    }
}

impl FromIterator<Option<f64>> for SecondsColumn {
    fn from_iter<I: IntoIterator<Item = Option<f64>>>(seconds: I) -> Self {
        let mut out = SecondsColumn::default();
        seconds.into_iter().for_each(|seconds| out.push(seconds));
        out
    }
}

/// The line of each row. Most rows are on the line after the one before.
#[derive(Debug, Default)]
pub(super) struct LineNumbers {
    /// Rows that are not, each with its line.
    breaks: Vec<(usize, u64)>,
    rows: usize,
}

impl LineNumbers {
    pub(super) fn push(&mut self, line: u64) {
        let next = self.breaks.last().map(|(row, at)| at + (self.rows - row) as u64);
        if next != Some(line) {
            self.breaks.push((self.rows, line));
        }
        self.rows += 1;
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    pub(super) fn of(&self, row: usize) -> u64 {
        let before = self.breaks.partition_point(|(first, _)| *first <= row);
        let (first, line) = self.breaks[before - 1];
        line + (row - first) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::file::cell;

    #[test]
    fn what_is_kept_in_little_room_is_what_it_was() {
        let texts = [
            "1732730709.007826432",
            "-0.05",
            "1e12",
            "1e95",
            "123456789012345678901234567890",
            "2024-11-27T18:05:09.25Z",
            "2024-11-27 18:05",
            "2024-02-29",
            "12.5ms",
            "x",
            "",
        ];
        let mut cells = CompactCells::default();
        let read: Vec<Cell> = texts.iter().map(|text| cell::read(text, b',')).collect();
        read.iter().for_each(|cell| cells.push(*cell));
        assert_eq!(cells.iter().collect::<Vec<_>>(), read);
        let instants = [Some(3), None, Some(i128::from(i64::MIN)), Some(1 << 100), Some(-7)];
        let mut column: NanoColumn = instants.into_iter().collect();
        assert_eq!(column.iter().collect::<Vec<_>>(), instants);
        let all = |at: &dyn Fn(usize) -> i128, count| (0..count).map(at).collect::<Vec<_>>();
        assert_eq!(column.sorted(all), [i64::MIN.into(), -7, 3, 1 << 100]);
        column.clear(2);
        column.clear(3);
        let order = RowOrder::of(&column);
        assert_eq!(order.rows().collect::<Vec<_>>(), [4, 0, 1, 2, 3]);
        assert_eq!(column.sorted(all), [-7, 3]);
        assert_eq!(AscendingStamps::of(column, &order), AscendingStamps { base: -7, after: vec![0, 10] });
        let ascending: NanoColumn = [Some(5), Some(5), Some(9)].into_iter().collect();
        let order = RowOrder::of(&ascending);
        assert!(matches!(order, RowOrder::File(3)));
        assert_eq!(AscendingStamps::of(ascending, &order), AscendingStamps { base: 5, after: vec![0, 0, 4] });
        let mut lines = LineNumbers::default();
        [2, 3, 7, 8, 9].into_iter().for_each(|line| lines.push(line));
        assert_eq!(
            ((0..5).map(|row| lines.of(row)).collect::<Vec<_>>(), lines.len()),
            (vec![2, 3, 7, 8, 9], 5)
        );
    }
}

//! Counts of messages by when they were due and how long they took, in a bounded number of cells.

use super::histogram::{bounds, bucket};
use crate::answer::LatencyMap;
use crate::message::{Exit, Outcome, Record, Recorder, Served};
use crate::units::seconds;

/// Columns of time at most; of more, two become one.
const MOST_COLUMNS: usize = 192;
/// Buckets of a histogram in a row: an octave has eight rows.
const BUCKETS: u32 = 7;
/// Rows that any latency falls into.
const ROWS: usize = 448;
/// The first columns last 2¹⁶ ns.
const FIRST_WIDTH: u32 = 16;

/// Listens to the ends of messages from the start of a run.
#[derive(Debug, Clone)]
pub struct LatencyCells {
    /// Of a column, in nanoseconds as a power of two.
    width: u32,
    /// Column by column.
    counts: Vec<u64>,
    /// Who was due at this instant or later does not count.
    until: u64,
    /// When the last that counts was due.
    last: u64,
}

impl Default for LatencyCells {
    fn default() -> Self {
        LatencyCells { width: FIRST_WIDTH, counts: Vec::new(), until: u64::MAX, last: 0 }
    }
}

impl LatencyCells {
    /// What is watched ends at an instant: who is due later does not count.
    pub fn ends(&mut self, at: u64) {
        self.until = at;
    }

    /// A message that was due and done at two instants.
    pub fn add(&mut self, due: u64, done: u64) {
        if due >= self.until {
            return;
        }
        while (due >> self.width) as usize >= MOST_COLUMNS {
            self.halve();
        }
        let column = (due >> self.width) as usize;
        if self.counts.len() <= column * ROWS {
            self.counts.resize((column + 1) * ROWS, 0);
        }
        self.last = self.last.max(due);
        self.counts[column * ROWS + (bucket(done.saturating_sub(due)) >> BUCKETS)] += 1;
    }

    /// Each two columns become one.
    fn halve(&mut self) {
        let columns = self.counts.chunks(2 * ROWS);
        self.counts = columns
            .flat_map(|two| {
                let (first, second) = two.split_at(ROWS.min(two.len()));
                (0..ROWS).map(|row| first[row] + second.get(row).copied().unwrap_or(0))
            })
            .collect();
        self.width += 1;
    }

    /// What was counted; `None` if nothing was.
    pub fn map(&self) -> Option<LatencyMap> {
        let used = |row: &usize| self.counts.iter().skip(*row).step_by(ROWS).any(|count| *count > 0);
        let (first, last) = ((0..ROWS).find(used)?, (0..ROWS).rfind(used)?);
        let edge = |row: usize| seconds(bounds(row << BUCKETS).0);
        let end = if self.until == u64::MAX { self.last + 1 } else { self.until };
        Some(LatencyMap {
            width: seconds(1 << self.width),
            end: seconds(end),
            edges: (first..=last + 1).map(edge).collect(),
            columns: self.counts.chunks(ROWS).map(|column| column[first..=last].to_vec()).collect(),
        })
    }
}

impl Recorder for LatencyCells {
    fn record(&mut self, _: &Record) {}

    fn served(&mut self, run: &Served<'_>) {
        run.due.iter().zip(run.finished).for_each(|(due, done)| self.add(*due, *done));
    }

    fn left(&mut self, exit: &Exit) {
        if exit.outcome == Outcome::Served {
            self.add(exit.message.due, exit.finished);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_has_its_cell_however_long_the_run_is() {
        let mut cells = LatencyCells::default();
        let ms = 1_000_000;
        // A message a millisecond for 100 s, done within 1 ms in the first half, in the second within 9 ms.
        for i in 0..100_000 {
            let took = if i < 50_000 { ms } else { 9 * ms };
            cells.add(i * ms, i * ms + took);
        }
        let map = cells.map().expect("messages");
        assert!((MOST_COLUMNS / 2..=MOST_COLUMNS).contains(&map.columns.len()), "{}", map.columns.len());
        assert_eq!(map.columns.iter().flatten().sum::<u64>(), 100_000);
        assert!((map.end - 99.999).abs() < 1e-6 && map.width * map.columns.len() as f64 >= map.end);
        let column = |at: f64| (at / map.width) as usize;
        for (at, took) in [(10.0, 0.001), (90.0, 0.009)] {
            let median = map.quantile(column(at), 0.5).expect("many");
            assert!((median / took - 1.0).abs() < 0.125, "{median} for {took}");
        }
        // An octave has eight rows: three and a bit of them lie between 1 ms and 9 ms.
        assert!((24..=28).contains(&(map.edges.len() - 1)), "{}", map.edges.len());
    }

    #[test]
    fn who_is_due_after_the_end_does_not_count() {
        let mut cells = LatencyCells::default();
        cells.ends(1000);
        cells.add(10, 20);
        cells.add(1000, 2000);
        let map = cells.map().expect("one");
        assert_eq!((map.columns.iter().flatten().sum::<u64>(), map.end), (1, 1e-6));
        assert_eq!(LatencyCells::default().map(), None);
    }
}

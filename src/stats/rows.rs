//! Instants of single messages, kept until there are enough to be counted together.

/// Rows that are counted together: few enough to stay in the nearest cache.
pub(super) const ROWS: usize = 256;

/// A column for each of `N` instants in a message's life, in nanoseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct InstantColumns<const N: usize> {
    /// None before the first row: many are never used.
    columns: Option<Box<[[u64; ROWS]; N]>>,
    filled: usize,
}

impl<const N: usize> InstantColumns<N> {
    /// Adds a row. Says whether there is no room for another, so that they are to be taken out.
    #[inline(always)]
    pub(super) fn push(&mut self, row: [u64; N]) -> bool {
        let at = self.filled % ROWS;
        let columns = self.columns.get_or_insert_with(|| Box::new([[0; ROWS]; N]));
        for (column, value) in columns.iter_mut().zip(row) {
            column[at] = value;
        }
        self.filled = at + 1;
        self.filled == ROWS
    }

    /// Adds rows as far as there is room for them: how many, and whether all are to be taken out then.
    pub(super) fn fill(&mut self, rows: [&[u64]; N]) -> (usize, bool) {
        let at = self.filled % ROWS;
        let count = rows[0].len().min(ROWS - at);
        let columns = self.columns.get_or_insert_with(|| Box::new([[0; ROWS]; N]));
        for (column, values) in columns.iter_mut().zip(rows) {
            column[at..at + count].copy_from_slice(&values[..count]);
        }
        self.filled = at + count;
        (count, self.filled == ROWS)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// All rows, by column; there are none from now on.
    pub(super) fn take(&mut self) -> [&[u64]; N] {
        let filled = std::mem::take(&mut self.filled);
        match &self.columns {
            Some(columns) => columns.each_ref().map(|column| &column[..filled]),
            None => [&[]; N],
        }
    }
}

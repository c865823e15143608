//! The table in a text: what stands between its cells, whether its first line names them, and its rows one by
//! one.

use super::cell::{self, Cell};
use super::formats;
use super::names::Heading;
use super::refusal::TimesFileError;

/// A text taken for a table.
pub(super) struct TextTable<'t> {
    body: &'t str,
    pub delimiter: u8,
    pub headings: Vec<Heading>,
    /// Its first line is a heading.
    pub named: bool,
    /// Lines before the body.
    skipped: u64,
    /// `vegeta` wrote it.
    pub vegeta: bool,
}

impl<'t> TextTable<'t> {
    pub(super) fn of(text: &'t str) -> Result<TextTable<'t>, TimesFileError> {
        // Excel's first line may say what stands between the cells.
        let (said, body, skipped) = match text.split_once('\n') {
            Some((first, rest)) => match first.trim().strip_prefix("sep=").map(str::as_bytes) {
                Some([delimiter]) => (Some(*delimiter), rest, 1),
                _ => (None, text, 0),
            },
            None => (None, text, 0),
        };
        let delimiter = said.unwrap_or_else(|| delimiter(body));
        let mut table =
            TextTable { body, delimiter, headings: Vec::new(), named: false, skipped, vegeta: false };
        let mut reader = table.reader();
        let first = match reader.records().next() {
            Some(first) => {
                first.map_err(|e| TimesFileError::Other(e.to_string(), "write the table as CSV".into()))?
            }
            None => return Err(TimesFileError::Empty),
        };
        let cells: Vec<&str> = first.iter().collect();
        table.vegeta = formats::vegeta(&cells);
        // A heading may be called `5m`, but it is no number, and not every heading is such.
        let read: Vec<Cell> = cells.iter().map(|cell| cell::read(cell, delimiter)).collect();
        let number = |cell: &Cell| matches!(cell, Cell::Number(_) | Cell::Moment(_));
        table.named = !table.vegeta && !read.iter().any(number) && read.contains(&Cell::Nothing);
        table.headings = match (table.vegeta, table.named) {
            (true, _) => formats::vegeta_headings(cells.len()),
            (_, true) => cells.iter().map(|cell| Heading::new(cell)).collect(),
            (_, false) => (1..=cells.len()).map(Heading::numbered).collect(),
        };
        Ok(table)
    }

    fn reader(&self) -> csv::Reader<&'t [u8]> {
        csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .comment(Some(b'#'))
            .from_reader(self.body.as_bytes())
    }

    /// Each row below the heading, with its line in the file.
    pub(super) fn rows(&self, mut each: impl FnMut(u64, &csv::StringRecord)) -> Result<(), TimesFileError> {
        let mut reader = self.reader();
        let mut record = csv::StringRecord::new();
        let mut heading = self.named;
        loop {
            let more = reader
                .read_record(&mut record)
                .map_err(|e| TimesFileError::Other(e.to_string(), "write the table as CSV".into()))?;
            if !more {
                return Ok(());
            }
            let line = record.position().map_or(0, csv::Position::line) + self.skipped;
            if !std::mem::take(&mut heading) {
                each(line, &record);
            }
        }
    }

    /// The index of a column by its heading or, from 1, its number.
    pub(super) fn find(&self, asked: &str) -> Option<usize> {
        let same = |exact: bool| {
            self.headings
                .iter()
                .position(|h| if exact { h.text == asked } else { h.text.eq_ignore_ascii_case(asked.trim()) })
        };
        let number =
            || asked.parse::<usize>().ok().filter(|n| (1..=self.headings.len()).contains(n)).map(|n| n - 1);
        same(true).or_else(|| same(false)).or_else(number)
    }

    /// The numbers, from 1, of the columns with just this heading.
    pub(super) fn alike(&self, asked: &str) -> Vec<usize> {
        (1..).zip(&self.headings).filter(|(_, h)| h.text == asked).map(|(number, _)| number).collect()
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.headings.iter().map(|h| h.text.clone()).collect()
    }
}

/// What stands between the cells of the first line: what it has most of, a semicolon before a tab and that
/// before a comma, which may be in its numbers.
fn delimiter(text: &str) -> u8 {
    let first =
        text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
    let mut quoted = false;
    let mut counts = [(b';', 0), (b'\t', 0), (b'|', 0), (b',', 0)];
    for byte in first.bytes() {
        quoted ^= byte == b'"';
        counts.iter_mut().filter(|c| c.0 == byte && !quoted).for_each(|c| c.1 += 1);
    }
    // Numbers alone: commas beside a semicolon are in them.
    let numbers = first.bytes().all(|c| c.is_ascii_digit() || matches!(c, b';' | b',' | b'.' | b'-' | b' '));
    if numbers && counts[0].1 > 0 {
        return b';';
    }
    counts.into_iter().rev().filter(|c| c.1 > 0).max_by_key(|c| c.1).map_or(b',', |c| c.0)
}

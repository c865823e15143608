//! The table in a text: what stands between its cells, whether its first line names them, and its rows one by
//! one.

use super::cell::{self, Cell};
use super::formats;
use super::names::Heading;
use super::refusal::TimesFileError;
use super::text::{Text, readable, refused};
use std::io::Read;

/// A text taken for a table.
pub(super) struct TextTable {
    pub delimiter: u8,
    pub headings: Vec<Heading>,
    /// Its first line is a heading.
    pub named: bool,
    /// `vegeta` wrote it.
    pub vegeta: bool,
}

/// The rows of a table, read one by one.
pub(super) struct Records<'r> {
    reader: csv::Reader<Box<dyn Read + 'r>>,
    /// Its first, unless that is a heading.
    first: Option<(u64, csv::StringRecord)>,
    /// Lines before the table.
    skipped: u64,
}

impl TextTable {
    pub(super) fn of(mut text: Text<'_>) -> Result<(TextTable, Records<'_>), TimesFileError> {
        let mut ended = false;
        let (delimiter, skipped) = loop {
            match beginning(&text.head, ended) {
                Some(known) => break known,
                // The first line of cells is longer than what was read so far.
                None => ended = !text.more()?,
            }
        };
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .buffer_capacity(1 << 16)
            .from_reader(text.after(skipped));
        let mut records = Records { reader, first: None, skipped: u64::from(skipped > 0) };
        let mut first = csv::StringRecord::new();
        let line = records.next(&mut first)?.ok_or(TimesFileError::Empty)?;
        let cells: Vec<&str> = first.iter().collect();
        let vegeta = formats::vegeta(&cells);
        // A heading may be called `5m`, but it is no number, and not every heading is such.
        let read: Vec<Cell> = cells.iter().map(|cell| cell::read(cell, delimiter)).collect();
        let number = |cell: &Cell| matches!(cell, Cell::Number(_) | Cell::Moment(_));
        let named = !vegeta && !read.iter().any(number) && read.contains(&Cell::Nothing);
        let headings = match (vegeta, named) {
            (true, _) => formats::vegeta_headings(cells.len()),
            (_, true) => cells.iter().map(|cell| Heading::new(cell)).collect(),
            (_, false) => (1..=cells.len()).map(Heading::numbered).collect(),
        };
        records.first = (!named).then_some((line, first));
        Ok((TextTable { delimiter, headings, named, vegeta }, records))
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

impl Records<'_> {
    /// Reads the next row and says its line in the file.
    fn next(&mut self, record: &mut csv::StringRecord) -> Result<Option<u64>, TimesFileError> {
        let mut bytes = std::mem::take(record).into_byte_record();
        let more = self.reader.read_byte_record(&mut bytes).map_err(|e| {
            let why = e.to_string();
            match e.into_kind() {
                csv::ErrorKind::Io(e) => refused(e),
                _ => TimesFileError::Other(why, "write the table as CSV".into()),
            }
        })?;
        let line = bytes.position().map_or(0, csv::Position::line) + self.skipped;
        *record = csv::StringRecord::from_byte_record(bytes)
            .unwrap_or_else(|e| e.into_byte_record().iter().map(readable).collect());
        record.trim();
        Ok(more.then_some(line))
    }

    /// Each row below the heading, with its line in the file.
    pub(super) fn each(
        mut self,
        mut each: impl FnMut(u64, &csv::StringRecord),
    ) -> Result<(), TimesFileError> {
        if let Some((line, record)) = self.first.take() {
            each(line, &record);
        }
        let mut record = csv::StringRecord::new();
        while let Some(line) = self.next(&mut record)? {
            each(line, &record);
        }
        Ok(())
    }
}

/// What stands between the cells of a text, and how many of its bytes are before the table; `None` if more of
/// it has to be known.
fn beginning(head: &[u8], ended: bool) -> Option<(u8, usize)> {
    // Excel's first line may say what stands between the cells.
    if let Some(end) = head.iter().position(|b| *b == b'\n') {
        let first = String::from_utf8_lossy(&head[..end]);
        if let Some([delimiter]) = first.trim().strip_prefix("sep=").map(str::as_bytes) {
            return Some((*delimiter, end + 1));
        }
    }
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split_inclusive('\n');
    let first = lines.find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
    (ended || first.ends_with('\n')).then(|| (delimiter(first.lines().next().unwrap_or_default()), 0))
}

/// What stands between the cells of the first line: what it has most of, a semicolon before a tab and that
/// before a comma, which may be in its numbers.
fn delimiter(first: &str) -> u8 {
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

//! The columns that are read, row by row, and what they mean in seconds and nanoseconds.

use super::choose::{Chosen, Coming, Lasting};
use super::column::FileColumn;
use super::compact::{LineNumbers, NanoColumn, SecondsColumn};
use super::formats::Format;
use super::refusal::TimesFileError;
use super::table::{Records, TextTable};
use super::{ColumnRole, Finding, stamps, times};
use crate::units::{self, plain};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The share of steps back from which on a column with a vague name is no clock.
const NO_CLOCK: f64 = 0.25;

/// The rows of a table.
pub(super) struct TableRows {
    /// Lines of the file.
    pub lines: LineNumbers,
    /// By index.
    pub columns: BTreeMap<usize, FileColumn>,
    /// What was worked out already.
    seconds: BTreeMap<usize, Rc<SecondsColumn>>,
    nanos: BTreeMap<usize, Rc<NanoColumn>>,
}

/// Whether a row that begins with this sums up those above it: programs write such below a table.
fn is_summary(cell: &str) -> bool {
    if !cell.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return false;
    }
    let word = cell.trim_end_matches(':').to_ascii_lowercase();
    ["total", "totals", "sum", "average", "avg", "mean", "median", "min", "max", "summary"]
        .contains(&word.as_str())
}

/// Lines within quotes that look like rows: a quote that was never closed takes in all up to the next.
#[derive(Default)]
struct Swallowed {
    lines: usize,
    first: Option<u64>,
}

impl Swallowed {
    fn look(&mut self, line: u64, record: &csv::StringRecord, delimiter: u8, width: usize) {
        if !record.as_slice().contains('\n') {
            return;
        }
        let cells = |text: &str| text.bytes().filter(|b| *b == delimiter).count() + 1;
        let within = record
            .iter()
            .flat_map(|cell| cell.split('\n').skip(1))
            .filter(|text| width > 1 && cells(text) >= width)
            .count();
        if within > 0 {
            self.lines += within;
            self.first.get_or_insert(line);
        }
    }

    fn finding(&self) -> Option<Finding> {
        let (line, lines) = (self.first?, plain(self.lines as f64, 9));
        Some(Finding::caveat(format!(
            "{lines} lines that look like rows are within quotes and were not read (from line {line} on): \
                is a quote never closed?"
        )))
    }
}

/// Times of a role, row by row.
pub(super) struct RoleColumn {
    pub heading: String,
    pub name: String,
    pub seconds: Rc<SecondsColumn>,
}

/// Arrivals, row by row.
pub(super) struct ArrivalColumn {
    pub heading: String,
    pub name: String,
    /// Nanoseconds.
    pub at: Rc<NanoColumn>,
    /// The longest unit to which they can have been rounded.
    pub coarsest: i128,
}

impl TableRows {
    pub(super) fn of(
        table: &TextTable,
        records: Records<'_>,
        chosen: &Chosen,
        format: Option<&Format>,
        findings: &mut Vec<Finding>,
    ) -> Result<TableRows, TimesFileError> {
        let mut lines = LineNumbers::default();
        let mut columns: BTreeMap<usize, FileColumn> =
            chosen.columns().into_iter().map(|i| (i, FileColumn::new(&table.headings[i]))).collect();
        let only = format.and_then(|f| f.only).and_then(|(name, value)| {
            let column = table.headings.iter().position(|h| h.bare() == name)?;
            Some((column, value))
        });
        let (mut others, mut long) = (0_usize, 0_usize);
        let mut example = None;
        let width = table.headings.len();
        let (mut swallowed, mut summaries) = (Swallowed::default(), Vec::new());
        let dated = table.named && table.headings[0].role.is_some();
        records.each(|line, record| {
            swallowed.look(line, record, table.delimiter, width);
            if dated && record.get(0).is_some_and(is_summary) {
                summaries.push((line, record.get(0).unwrap_or_default().to_string()));
            } else if only.is_some_and(|(column, value)| record.get(column) != Some(value)) {
                others += 1;
            } else if table.named && record.iter().skip(width).any(|cell| !cell.is_empty()) {
                // A number was written with a comma, or a text was not quoted: which cell is whose is not
                // known.
                long += 1;
                let whole = || {
                    record.iter().collect::<Vec<_>>().join(char::from(table.delimiter).to_string().as_str())
                };
                example.get_or_insert_with(|| (line, whole()));
            } else {
                lines.push(line);
                for (index, column) in &mut columns {
                    column.push(record.get(*index).unwrap_or(""), line, table.delimiter);
                }
            }
        })?;
        if let Some((line, text)) = example {
            let text = super::column::short(&text);
            let long = plain(long as f64, 9);
            findings.push(Finding::caveat(format!(
                "rows with more cells than there are headings are left out: {long} of them (line {line}: \
                    `{text}`)"
            )));
        }
        findings.extend(swallowed.finding());
        if let Some((line, word)) = summaries.first() {
            let count = plain(summaries.len() as f64, 9);
            findings.push(Finding::caveat(format!(
                "rows that sum up others are left out: {count} of them (line {line}: `{word}`)"
            )));
        }
        if let Some((column, value)) = only.filter(|_| others > 0) {
            let (heading, others) = (&table.headings[column].text, plain(others as f64, 9));
            findings.push(Finding::note(format!(
                "only rows whose `{heading}` is {value} are read; {others} others are not"
            )));
        }
        match (lines.len(), long) {
            (1.., _) if u32::try_from(lines.len()).is_err() => Err(TimesFileError::Other(
                format!("it has more than {} rows", u32::MAX),
                "give a shorter part of it".into(),
            )),
            (1.., _) => Ok(TableRows { lines, columns, seconds: BTreeMap::new(), nanos: BTreeMap::new() }),
            (0, 0) => Err(TimesFileError::Empty),
            (0, _) => Err(TimesFileError::Other(
                "every row has more cells than there are headings".into(),
                "quote texts with commas in them".into(),
            )),
        }
    }

    fn heading(&self, index: usize) -> (String, String) {
        self.columns
            .get(&index)
            .map(|column| (column.heading.clone(), column.name.clone()))
            .unwrap_or_default()
    }

    fn seconds(
        &mut self,
        index: usize,
        role: ColumnRole,
        findings: &mut Vec<Finding>,
    ) -> Result<Rc<SecondsColumn>, TimesFileError> {
        if let Some(known) = self.seconds.get(&index) {
            return Ok(known.clone());
        }
        let Some(column) = self.columns.get_mut(&index) else { return Ok(Rc::default()) };
        let read = Rc::new(times::seconds(column, &self.lines, role, findings)?);
        self.seconds.insert(index, read.clone());
        Ok(read)
    }

    fn nanos(&mut self, index: usize, findings: &mut Vec<Finding>) -> Result<Rc<NanoColumn>, TimesFileError> {
        if let Some(known) = self.nanos.get(&index) {
            return Ok(known.clone());
        }
        let Some(column) = self.columns.get_mut(&index) else { return Ok(Rc::default()) };
        let read = Rc::new(stamps::nanos(column, &self.lines, findings)?);
        self.nanos.insert(index, read.clone());
        Ok(read)
    }

    /// Lets go what was worked out for several uses, after the last of them.
    pub(super) fn forget(&mut self) {
        (self.seconds, self.nanos) = (BTreeMap::new(), BTreeMap::new());
    }

    /// How long something took.
    pub(super) fn lasting(
        &mut self,
        lasting: Option<Lasting>,
        role: ColumnRole,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<RoleColumn>, TimesFileError> {
        Ok(match lasting {
            None => None,
            Some(Lasting::Column(index)) => {
                let seconds = self.seconds(index, role, findings)?;
                let (heading, name) = self.heading(index);
                Some(RoleColumn { heading, name, seconds })
            }
            Some(Lasting::Between { from, to }) => {
                let (starts, ends) = (self.nanos(from, findings)?, self.nanos(to, findings)?);
                let heading = format!("{} − {}", self.heading(to).0, self.heading(from).0);
                let between = || starts.iter().zip(ends.iter()).map(|(from, to)| Some(to? - from?));
                let back = between().flatten().filter(|d| *d < 0).count();
                if back > 0 {
                    let text = format!(
                        "`{heading}`: {} rows end before they begin and have no time",
                        plain(back as f64, 9)
                    );
                    findings.push(Finding::caveat(text));
                }
                let seconds: SecondsColumn =
                    between().map(|d| u64::try_from(d?).ok()).map(|d| d.map(units::seconds)).collect();
                if seconds.iter().all(|seconds| seconds.is_none()) {
                    let why = (back > 0).then(|| "end before they begin".into());
                    return Err(TimesFileError::Timeless { heading, why, example: None });
                }
                findings.push(Finding::note(format!("{} is `{heading}`", role.meaning())));
                Some(RoleColumn { heading, name: role.word().into(), seconds: Rc::new(seconds) })
            }
        })
    }

    /// When messages came.
    pub(super) fn coming(
        &mut self,
        chosen: &Chosen,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<ArrivalColumn>, TimesFileError> {
        let Some(coming) = chosen.arrivals else { return Ok(None) };
        let (index, at) = match coming {
            Coming::Stamps(index) => (index, self.nanos(index, findings)?),
            Coming::Gaps(index) => {
                let gaps = self.seconds(index, ColumnRole::Gap, findings)?;
                let mut at = 0;
                let later =
                    |gap: Option<f64>| gap.and_then(units::nanos).map(|gap| (at += i128::from(gap), at).1);
                (index, Rc::new(gaps.iter().map(later).collect()))
            }
            Coming::Before { end, lasted } => {
                let (ends, lasted) =
                    (self.nanos(end, findings)?, self.seconds(lasted, ColumnRole::Service, findings)?);
                let (text, minus) = (self.heading(end).0, chosen.service.or(chosen.latency));
                let minus =
                    if let Some(Lasting::Column(i)) = minus { self.heading(i).0 } else { String::new() };
                findings.push(Finding::note(format!("messages came at `{text}` less `{minus}`")));
                let before = |(end, lasted): (Option<i128>, Option<f64>)| {
                    Some(end? - i128::from(units::nanos(lasted?)?))
                };
                (end, Rc::new(ends.iter().zip(lasted.iter()).map(before).collect()))
            }
        };
        let (heading, name) = self.heading(index);
        let (Some(first), Some(last)) = (at.known().min(), at.known().max()) else {
            return Err(TimesFileError::Timeless { heading, why: None, example: None });
        };
        if last - first > i128::from(units::MAX_NANOS) {
            let why =
                format!("`{heading}` reaches over more than 292 years, which whole nanoseconds cannot hold");
            return Err(TimesFileError::Other(why, "leave out what is no time, or say its unit".into()));
        }
        let back = at.steps().filter(|(before, after)| after < before).count();
        let known = at.known().count() as f64;
        if chosen.weak && !chosen.asked.contains(&index) && back as f64 > NO_CLOCK * known {
            return Err(TimesFileError::Vague { heading });
        }
        stamps::order(&heading, &at, findings);
        let coarsest = self.columns.get(&index).map_or(1, stamps::coarsest);
        Ok(Some(ArrivalColumn { heading, name, at, coarsest }))
    }
}

//! The cells of one column, row by row, and those that hold no time.

use super::cell::{self, Cell};
use super::compact::CompactCells;
use super::decimal::TimeUnit;
use super::names::Heading;
use super::refusal::TimesFileError;
use super::{BadCell, Finding, Weight};
use std::collections::BTreeMap;

/// Bad cells that are kept to be shown.
const KEPT: usize = 1000;
/// Of each kind, how many are quoted in a sentence.
const QUOTED: usize = 3;

/// Why a cell is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    Empty,
    NoTime,
    Negative,
    Sentinel(&'static str),
    TooLong,
    TooShort,
    Unitless,
    /// A span where an instant is expected.
    Span,
    /// Far from all others.
    Far,
}

impl Why {
    fn words(self) -> String {
        match self {
            Why::Empty => "are empty".into(),
            Why::NoTime => "hold no time".into(),
            Why::Negative => "are negative".into(),
            Why::Sentinel(what) => format!("hold {what}, which stands for no time"),
            Why::TooLong => "are beyond 292 years".into(),
            Why::TooShort => "are above zero and below half a nanosecond, the least time that is kept".into(),
            Why::Unitless => "have no unit while others have one".into(),
            Why::Span => "say how long, or an hour of no day, and not when".into(),
            Why::Far => {
                "lie far from all others, as if in another unit or from a clock that was not set".into()
            }
        }
    }
}

/// One column that is read.
#[derive(Debug)]
pub(super) struct FileColumn {
    pub heading: String,
    pub name: String,
    pub unit: Option<TimeUnit>,
    /// Until they are read as times.
    pub cells: CompactCells,
    rows: usize,
    /// The last place that dates in it have.
    pub grain: Option<TimeUnit>,
    pub out: BTreeMap<Why, LeftOut>,
}

/// Cells that are left out for one reason.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    count: usize,
    /// The first of them: line and text.
    examples: Vec<(u64, String)>,
}

impl FileColumn {
    pub(super) fn new(heading: &Heading) -> Self {
        FileColumn {
            heading: heading.text.clone(),
            name: heading.name.clone(),
            unit: heading.unit,
            cells: CompactCells::default(),
            rows: 0,
            grain: None,
            out: BTreeMap::new(),
        }
    }

    /// Takes the next cell, as it is written.
    pub(super) fn push(&mut self, text: &str, line: u64, delimiter: u8) {
        let cell = cell::read(text, delimiter);
        if cell == Cell::Nothing {
            let why = if text.is_empty() { Why::Empty } else { Why::NoTime };
            self.leave_out(why, line, || text.into());
        }
        if let Cell::Moment(moment) = cell {
            self.grain = Some(self.grain.map_or(moment.grain, |grain| grain.min(moment.grain)));
        }
        self.rows += 1;
        self.cells.push(cell);
    }

    /// Counts a cell that is left out.
    pub(super) fn leave_out(&mut self, why: Why, line: u64, text: impl FnOnce() -> String) {
        let left = self.out.entry(why).or_default();
        left.count += 1;
        if left.examples.len() < KEPT {
            left.examples.push((line, text()));
        }
    }

    pub(super) fn bad(&self) -> impl Iterator<Item = BadCell> {
        self.out.values().flat_map(|left| &left.examples).map(|(line, text)| BadCell {
            line: *line,
            column: self.heading.clone(),
            text: text.clone(),
        })
    }

    /// A sentence for each reason for which cells are left out.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let rows = self.rows;
        let of = |(why, LeftOut { count, examples }): (&Why, &LeftOut)| {
            let shown: Vec<String> =
                examples.iter().take(QUOTED).map(|(line, text)| shown(*line, text)).collect();
            let more = if *count > QUOTED { ", …" } else { "" };
            let text = format!(
                "`{}`: {count} of {rows} cells {} and are left out ({}{more})",
                self.heading,
                why.words(),
                shown.join(", ")
            );
            Finding { weight: Weight::Caveat, text }
        };
        self.out.iter().map(of).collect()
    }

    /// That nothing is left of it.
    pub(super) fn timeless(&self) -> TimesFileError {
        let example =
            self.out.values().flat_map(|left| &left.examples).min_by_key(|example| example.0).cloned();
        let most = self
            .out
            .iter()
            .max_by_key(|out| out.1.count)
            .map(|(why, _)| *why)
            .filter(|why| *why != Why::NoTime);
        let why = most.map(Why::words);
        TimesFileError::Timeless {
            why,
            heading: self.heading.clone(),
            example: example.map(|(line, text)| (line, short(&text))),
        }
    }
}

fn shown(line: u64, text: &str) -> String {
    if text.is_empty() { format!("line {line}") } else { format!("line {line}: `{}`", short(text)) }
}

/// Text of a file on its way into a sentence.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 40;
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST).collect();
    if text.chars().count() > MOST { format!("{clean}…") } else { clean }
}

//! Files of measured times: one reader for `fit`, for `process = "trace"` and for the law `empirical`.
//!
//! Bytes become a `text`, the text a `table` of `cell`s; its headings' `names`, or the program that wrote it
//! (`formats`), say which column plays which role (`choose`); `stamps` and `times` become nanoseconds and
//! seconds; stamps that are rounded are spread (`resolution`). Whatever was taken for granted, left out or
//! changed is a [`Finding`].

mod cell;
mod choose;
mod column;
mod compact;
mod counts;
mod dates;
mod decimal;
mod formats;
mod load_rows;
mod names;
mod read;
mod refusal;
mod resolution;
mod rows;
mod stamps;
mod table;
mod text;
mod times;

pub use choose::Want;
pub use load_rows::{LoadRow, read_load_rows};
pub use names::Heading;
pub use read::read;
pub use refusal::{By, TimesFileError};

/// What a column of times tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColumnRole {
    /// When messages came.
    Arrival,
    /// Between one arrival and the next.
    Gap,
    /// How long the work took.
    Service,
    /// From arrival to done, waiting included.
    Latency,
    /// When the work began.
    Start,
    /// When it was done.
    End,
    /// How many messages a row stands for.
    Count,
}

impl ColumnRole {
    /// Every role.
    pub const ALL: [ColumnRole; 7] = [
        ColumnRole::Arrival,
        ColumnRole::Gap,
        ColumnRole::Service,
        ColumnRole::Latency,
        ColumnRole::Start,
        ColumnRole::End,
        ColumnRole::Count,
    ];

    /// As a person writes it.
    pub fn word(self) -> &'static str {
        match self {
            ColumnRole::Arrival => "arrival",
            ColumnRole::Gap => "gap",
            ColumnRole::Service => "service",
            ColumnRole::Latency => "latency",
            ColumnRole::Start => "start",
            ColumnRole::End => "end",
            ColumnRole::Count => "count",
        }
    }

    /// For sentences.
    pub fn meaning(self) -> &'static str {
        match self {
            ColumnRole::Arrival => "when messages came",
            ColumnRole::Gap => "the gap between two messages",
            ColumnRole::Service => "how long the work took",
            ColumnRole::Latency => "the time from arrival to done",
            ColumnRole::Start => "when the work began",
            ColumnRole::End => "when it was done",
            ColumnRole::Count => "how many messages a row stands for",
        }
    }
}

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileContent {
    /// Rows below the heading.
    pub rows: usize,
    /// When messages came, if it says so.
    pub arrivals: Option<Stamps>,
    /// How long their work took, if it says so.
    pub service: Option<TimesColumn>,
    /// How long they took from arrival to done, if it says so.
    pub latency: Option<TimesColumn>,
    /// Each arrival has the service time at its place in the list.
    pub paired: bool,
    /// What was taken for granted, left out or changed: all of it is to be said.
    pub findings: Vec<Finding>,
    /// The first cells without a time where one was expected.
    pub bad: Vec<BadCell>,
}

/// When messages came.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamps {
    /// The column's heading as the file writes it.
    pub heading: String,
    /// The heading in small letters without its unit, fit for the name of a file.
    pub name: String,
    /// Seconds, ascending; from the first one, or where the file holds gaps, from its beginning.
    pub instants: Vec<f64>,
    /// The file holds gaps.
    pub gaps: bool,
    /// The unit in seconds to which the file rounds, if the instants were spread within it.
    pub spread: Option<f64>,
}

/// How long something took.
#[derive(Debug, Clone, PartialEq)]
pub struct TimesColumn {
    /// The column's heading as the file writes it.
    pub heading: String,
    /// The heading in small letters without its unit, fit for the name of a file.
    pub name: String,
    /// Seconds, in the order of the arrivals if the file has any, else in its own.
    pub values: Vec<f64>,
}

/// Something that whoever reads the figures has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much depends on it.
    pub weight: Weight,
    /// A sentence without its stop.
    pub text: String,
}

impl Finding {
    fn note(text: String) -> Self {
        Finding { weight: Weight::Note, text }
    }

    fn caveat(text: String) -> Self {
        Finding { weight: Weight::Caveat, text }
    }
}

/// How much depends on a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// How the file was understood.
    Note,
    /// The figures depend on it: it stands above them.
    Caveat,
}

/// A cell without a time where one was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCell {
    /// Line of the file, from 1.
    pub line: u64,
    /// The column's heading.
    pub column: String,
    /// What the cell holds.
    pub text: String,
}

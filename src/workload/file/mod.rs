//! Files of measured times: one reader for `fit`, for `process = "trace"` and for the law `empirical`.

/// What a column of times tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
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

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured {
    /// Rows below the heading.
    pub rows: usize,
    pub arrivals: Option<Stamps>,
    pub service: Option<Times>,
    pub latency: Option<Times>,
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
pub struct Times {
    pub heading: String,
    pub name: String,
    /// Seconds, in the order of the arrivals if the file has any, else in its own.
    pub values: Vec<f64>,
}

/// Something that whoever reads the figures has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub weight: Weight,
    /// A sentence without its stop.
    pub text: String,
}

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
    pub column: String,
    pub text: String,
}

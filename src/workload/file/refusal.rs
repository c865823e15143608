//! Why a file cannot be used, and what to write instead.

use super::{ColumnRole, Heading};
use crate::units::Time;
use std::fmt;

/// Why a file of measured times is refused.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TimesFileError {
    /// It has no rows.
    Empty,
    /// Its first line is a row like any other and has so many cells.
    Nameless(usize),
    /// Several columns could have one role.
    Several {
        /// The role.
        role: ColumnRole,
        /// The columns' headings.
        headings: Vec<String>,
    },
    /// Several columns of one name could have one role: their numbers, from 1.
    Alike {
        /// The role.
        role: ColumnRole,
        /// The heading.
        heading: String,
        /// The columns' numbers, from 1.
        numbers: Vec<usize>,
    },
    /// No column is known to have a role that is needed.
    Unknown {
        /// Any of these would do.
        roles: Vec<ColumnRole>,
        /// The headings that there are.
        headings: Vec<String>,
    },
    /// A column was asked for that is not there.
    Absent {
        /// What was asked for.
        asked: String,
        /// The headings that there are.
        headings: Vec<String>,
    },
    /// The times of a column lack their unit and are too long to be seconds without a word.
    Unitless {
        /// What the column measures.
        role: ColumnRole,
        /// Its heading.
        heading: String,
        /// The median of its numbers.
        median: f64,
    },
    /// A column whose name may mean an instant, and whose cells are in no order.
    Vague {
        /// Its heading.
        heading: String,
    },
    /// Not one cell of a column holds a time.
    Timeless {
        /// Its heading.
        heading: String,
        /// What is wrong with a cell, where that is known.
        why: Option<String>,
        /// A line of the file and what stands there.
        example: Option<(u64, String)>,
    },
    /// Why, and what to do.
    Other(String, String),
}

/// How the person who is refused can say which column is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// `--column service=NAME`
    Flag,
    /// `column = "NAME"`
    Setting,
}

impl By {
    fn say(self, role: ColumnRole, heading: &str) -> String {
        match self {
            By::Flag => format!("`--column '{}={heading}'`", role.word()),
            By::Setting => format!("column = \"{}\"", heading.replace('"', "\\\"")),
        }
    }
}

impl std::error::Error for TimesFileError {}

impl fmt::Display for TimesFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TimesFileError::Empty => write!(f, "the file has no rows"),
            TimesFileError::Nameless(count) => {
                write!(f, "its first line names no columns, and there are {count}")
            }
            TimesFileError::Several { role, headings } => {
                write!(f, "{} could each be {}", quoted(headings), role.meaning())
            }
            TimesFileError::Alike { role, heading, numbers } => {
                let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
                write!(
                    f,
                    "columns {} are all called `{heading}`, and each could be {}",
                    numbers.join(", "),
                    role.meaning()
                )
            }
            TimesFileError::Unknown { roles, headings } => {
                let roles: Vec<&str> = roles.iter().map(|r| r.meaning()).collect();
                write!(
                    f,
                    "no column's name says that it is {} (it has {})",
                    roles.join(", or "),
                    quoted(headings)
                )
            }
            TimesFileError::Absent { asked, headings } => {
                write!(f, "there is no column `{asked}` (it has {})", quoted(headings))
            }
            TimesFileError::Unitless { heading, median, .. } => {
                write!(
                    f,
                    "`{heading}` has no unit in its name, and in seconds half of its times were above {}",
                    Time(*median)
                )
            }
            TimesFileError::Vague { heading } => {
                write!(f, "`{heading}` has no order: it may say how long something took instead of when")
            }
            TimesFileError::Timeless { heading, why, example } => {
                write!(f, "not one cell of `{heading}` holds a time")?;
                why.iter().try_for_each(|why| write!(f, ": they {why}"))?;
                example.iter().try_for_each(|(line, text)| write!(f, "; line {line} is `{text}`"))
            }
            TimesFileError::Other(why, _) => write!(f, "{why}"),
        }
    }
}

impl TimesFileError {
    /// What to write instead.
    pub fn instead(&self, by: By) -> String {
        match self {
            TimesFileError::Empty => {
                "write a heading, such as timestamp_ms,service_ms, and a row for each message".into()
            }
            TimesFileError::Nameless(_) => {
                let unit = if by == By::Flag { "1:ns" } else { "2:ns" };
                let (role, word) = if by == By::Flag {
                    (ColumnRole::Arrival, "a first line such as timestamp_ns,service_ns")
                } else {
                    (ColumnRole::Service, "a first line with names")
                };
                format!("write {word}, or {}: the number of a column, and its unit", by.say(role, unit))
            }
            TimesFileError::Several { role, headings } => {
                format!(
                    "say which one is: {}",
                    by.say(*role, headings.first().map_or("NAME", String::as_str))
                )
            }
            TimesFileError::Alike { role, numbers, .. } => {
                let number = numbers.first().copied().unwrap_or(1).to_string();
                format!("say which one is, by its number: {}", by.say(*role, &number))
            }
            TimesFileError::Unknown { headings, .. } if matches!(headings.as_slice(), [one] if are_several(one)) => {
                "write commas, semicolons or tabs between its cells, not blanks".into()
            }
            TimesFileError::Unknown { roles, headings } => {
                let role = roles.first().copied().unwrap_or(ColumnRole::Service);
                let example = by.say(role, headings.first().map_or("NAME", String::as_str));
                format!(
                    "say which one is, such as {example}, or name a column timestamp, gap, service or \
                        latency, with _s, _ms, _us or _ns"
                )
            }
            TimesFileError::Absent { .. } => "write one of these names, or its number".into(),
            TimesFileError::Unitless { role, heading, .. } => {
                let asked = by.say(*role, &format!("{heading}:ms"));
                format!("put its unit into its name (_s, _ms, _us, _ns), or write {asked} (or :s, :us, :ns)")
            }
            TimesFileError::Vague { heading } => match by {
                By::Flag => format!(
                    "say which it is: {} or {}",
                    by.say(ColumnRole::Arrival, heading),
                    by.say(ColumnRole::Service, heading)
                ),
                By::Setting => format!("write {} if it is an instant", by.say(ColumnRole::Arrival, heading)),
            },
            TimesFileError::Timeless { .. } => {
                "times are numbers, numbers with a unit (12ms), or dates such as 2026-11-27T18:05:09Z".into()
            }
            TimesFileError::Other(_, instead) => instead.clone(),
        }
    }
}

/// Whether the only heading is several with blanks between them.
fn are_several(heading: &str) -> bool {
    heading.split_whitespace().filter(|word| Heading::new(word).role.is_some()).count() > 1
}

/// Names in a sentence; of very many the first.
pub(super) fn quoted(names: &[String]) -> String {
    const MOST: usize = 60;
    let mut out: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    if let Some(more @ 1..) = names.len().checked_sub(MOST) {
        out.push(format!("{more} more"));
    }
    match out.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => out.concat(),
    }
}
